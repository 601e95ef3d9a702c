//! Exact numbers: decimals of any length and fractions, rounded half-even where a specification says so. No floats.
#![expect(clippy::arithmetic_side_effects, reason = "big integers grow; they do not overflow")]

mod apportion;

pub use apportion::{apportion, round_rows};

use num_bigint::{BigInt, Sign};
use std::{cmp::Ordering, fmt};

/// Digits that a decimal read from data may have, sign and point included: the store's columns hold 38
/// (`numeric(38,18)` of section 13).
const CHARS_MAX: usize = 64;

/// Digits after the point of money, as in the store's `numeric(38,12)`.
pub const MONEY_DIGITS: u32 = 12;

fn power_of_ten(exponent: u32) -> BigInt {
    BigInt::from(10_u8).pow(exponent)
}

/// `numerator / denominator` (positive) rounded to a whole number, ties to even.
fn divide_half_even(numerator: &BigInt, denominator: &BigInt) -> BigInt {
    let (mut whole, mut rest) = (numerator / denominator, numerator % denominator);
    if rest.sign() == Sign::Minus {
        whole -= 1;
        rest += denominator;
    }
    match (rest * 2_u8).cmp(denominator) {
        Ordering::Greater => whole + 1,
        Ordering::Equal if whole.bit(0) => whole + 1,
        _ => whole,
    }
}

/// A decimal number, exact at any length: an integer divided by a power of ten.
///
/// ```
/// use finops_core::exact::Exact;
/// let sum = Exact::parse("0.1").zip(Exact::parse("0.2")).map(|(a, b)| a.plus(&b));
/// assert_eq!(sum.map(|s| s.to_string()).as_deref(), Some("0.3"));
/// assert_eq!(Exact::parse("0.30"), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Exact {
    digits: BigInt,
    /// Digits after the point; the last one is not 0.
    scale: u32,
}

impl Default for Exact {
    fn default() -> Self {
        Self::zero()
    }
}

impl Exact {
    /// Zero.
    #[must_use]
    pub fn zero() -> Self {
        Self { digits: BigInt::ZERO, scale: 0 }
    }

    /// A whole number.
    #[must_use]
    pub fn from_int(value: i64) -> Self {
        Self { digits: BigInt::from(value), scale: 0 }
    }

    fn new(mut digits: BigInt, mut scale: u32) -> Self {
        let ten = BigInt::from(10_u8);
        while scale > 0 {
            let rest = &digits % &ten;
            if rest.sign() != Sign::NoSign {
                break;
            }
            digits /= &ten;
            scale -= 1;
        }
        Self { digits, scale }
    }

    /// Reads the normal form: no plus sign, no exponent, no leading or trailing zeros, not `-0`, at most 64 characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > CHARS_MAX {
            return None;
        }
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = match unsigned.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (unsigned, ""),
        };
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || fraction.ends_with('0') {
            return None;
        }
        if (whole.len() > 1 && whole.starts_with('0')) || text == "-0" {
            return None;
        }
        let digits = BigInt::parse_bytes([whole, fraction].concat().as_bytes(), 10)?;
        let scale = u32::try_from(fraction.len()).ok()?;
        Some(Self { digits: if text.starts_with('-') { -digits } else { digits }, scale })
    }

    /// Digits after the point.
    #[must_use]
    pub const fn scale(&self) -> u32 {
        self.scale
    }

    /// Whether this is 0.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.digits.sign() == Sign::NoSign
    }

    /// Whether this is below 0.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.digits.sign() == Sign::Minus
    }

    /// Whether this is above 0.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        self.digits.sign() == Sign::Plus
    }

    /// The digits as an integer at a scale not below this number's own.
    fn at_scale(&self, scale: u32) -> BigInt {
        match scale.saturating_sub(self.scale) {
            0 => self.digits.clone(),
            more => &self.digits * power_of_ten(more),
        }
    }

    /// Both numbers as machine integers at their larger scale, as nearly all money fits them.
    fn aligned(&self, other: &Self) -> Option<(i128, i128, u32)> {
        let scale = self.scale.max(other.scale);
        let at = |number: &Self| {
            let digits = i128::try_from(&number.digits).ok()?;
            digits.checked_mul(10_i128.checked_pow(scale - number.scale)?)
        };
        Some((at(self)?, at(other)?, scale))
    }

    fn from_aligned(mut digits: i128, mut scale: u32) -> Self {
        while scale > 0 && digits % 10 == 0 {
            digits /= 10;
            scale -= 1;
        }
        Self { digits: BigInt::from(digits), scale }
    }

    /// The sum.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        if let Some((a, b, scale)) = self.aligned(other)
            && let Some(sum) = a.checked_add(b)
        {
            return Self::from_aligned(sum, scale);
        }
        let scale = self.scale.max(other.scale);
        Self::new(self.at_scale(scale) + other.at_scale(scale), scale)
    }

    /// The difference.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        self.plus(&other.negated())
    }

    /// The product.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        Self::new(&self.digits * &other.digits, self.scale + other.scale)
    }

    /// The number with its sign turned.
    #[must_use]
    pub fn negated(&self) -> Self {
        Self { digits: -self.digits.clone(), scale: self.scale }
    }

    /// The number without its sign.
    #[must_use]
    pub fn abs(&self) -> Self {
        if self.is_negative() { self.negated() } else { self.clone() }
    }

    /// This number as a fraction.
    #[must_use]
    pub fn fraction(&self) -> Fraction {
        Fraction { numerator: self.digits.clone(), denominator: power_of_ten(self.scale) }
    }

    /// `self / other` as a fraction; `None` for division by 0.
    #[must_use]
    pub fn over(&self, other: &Self) -> Option<Fraction> {
        self.fraction().over(&other.fraction())
    }

    /// The number rounded half-even to `digits` after the point.
    #[must_use]
    pub fn round(&self, digits: u32) -> Self {
        if self.scale <= digits { self.clone() } else { self.fraction().round(digits) }
    }

    /// `count` steps of 10^-`places`.
    fn steps(count: BigInt, places: u32) -> Self {
        Self::new(count, places)
    }

    /// The number with at least two digits after the point and thousands separated by commas, rounded half-even to
    /// `places`: a form for people, never for data.
    #[must_use]
    pub fn display(&self, places: u32) -> String {
        let digits = self.round(places).at_scale(places);
        let text = format!("{:0>width$}", digits.magnitude().to_string(), width = places as usize + 1);
        let (whole, fraction) = text.split_at(text.len() - places as usize);
        let mut out = String::with_capacity(text.len() * 2);
        if digits.sign() == Sign::Minus {
            out.push('-');
        }
        for (i, digit) in whole.chars().enumerate() {
            if i > 0 && (whole.len() - i) % 3 == 0 {
                out.push(',');
            }
            out.push(digit);
        }
        if places > 0 {
            out.push('.');
            out.push_str(fraction);
        }
        out
    }
}

impl Ord for Exact {
    fn cmp(&self, other: &Self) -> Ordering {
        if let Some((a, b, _)) = self.aligned(other) {
            return a.cmp(&b);
        }
        let scale = self.scale.max(other.scale);
        self.at_scale(scale).cmp(&other.at_scale(scale))
    }
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<'a> std::iter::Sum<&'a Self> for Exact {
    fn sum<I: Iterator<Item = &'a Self>>(all: I) -> Self {
        all.fold(Self::zero(), |sum, next| sum.plus(next))
    }
}

impl std::iter::Sum for Exact {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::zero(), |sum, next| sum.plus(&next))
    }
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = self.scale as usize;
        let text = format!("{:0>width$}", self.digits.magnitude().to_string(), width = scale + 1);
        let (whole, fraction) = text.split_at(text.len() - scale);
        let sign = if self.is_negative() { "-" } else { "" };
        let point = if scale > 0 { "." } else { "" };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

/// An exact fraction; its denominator is above 0.
#[derive(Debug, Clone)]
pub struct Fraction {
    numerator: BigInt,
    denominator: BigInt,
}

impl Fraction {
    /// The sum.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            numerator: &self.numerator * &other.denominator + &other.numerator * &self.denominator,
            denominator: &self.denominator * &other.denominator,
        }
    }

    /// The product.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        Self {
            numerator: &self.numerator * &other.numerator,
            denominator: &self.denominator * &other.denominator,
        }
    }

    /// The quotient; `None` for division by 0.
    #[must_use]
    pub fn over(&self, other: &Self) -> Option<Self> {
        let (numerator, denominator) =
            (&self.numerator * &other.denominator, &self.denominator * &other.numerator);
        match denominator.sign() {
            Sign::NoSign => None,
            Sign::Plus => Some(Self { numerator, denominator }),
            Sign::Minus => Some(Self { numerator: -numerator, denominator: -denominator }),
        }
    }

    /// The fraction rounded half-even to `digits` after the point.
    #[must_use]
    pub fn round(&self, digits: u32) -> Exact {
        Exact::new(divide_half_even(&(&self.numerator * power_of_ten(digits)), &self.denominator), digits)
    }

    /// The largest whole number not above this.
    #[must_use]
    pub fn floor(&self) -> BigInt {
        let (whole, rest) = (&self.numerator / &self.denominator, &self.numerator % &self.denominator);
        if rest.sign() == Sign::Minus { whole - 1 } else { whole }
    }

    /// The square root to the nearest of `digits` after the point (a root is never half-way); 0 for a negative number.
    #[must_use]
    pub fn root(&self, digits: u32) -> Exact {
        if self.numerator.sign() != Sign::Plus {
            return Exact::zero();
        }
        let scaled = &self.numerator * power_of_ten(digits * 2);
        let floor = (&scaled / &self.denominator).sqrt();
        let middle = &floor * 2_u8 + 1_u8;
        let above = &middle * &middle * &self.denominator <= scaled * 4_u8;
        Exact::new(if above { floor + 1 } else { floor }, digits)
    }
}

impl PartialEq for Fraction {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Fraction {}

impl Ord for Fraction {
    fn cmp(&self, other: &Self) -> Ordering {
        (&self.numerator * &other.denominator).cmp(&(&other.numerator * &self.denominator))
    }
}

impl PartialOrd for Fraction {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exact(text: &str) -> Exact {
        Exact::parse(text).unwrap()
    }

    #[test]
    fn only_the_normal_form_is_read() {
        for text in ["0", "-1", "0.5", "-0.000000000001", "1234567890123456789012345678"] {
            assert_eq!(exact(text).to_string(), text);
        }
        for text in ["", "-", "-0", "+1", "01", "1.", ".5", "1.50", "1e3", "0x1", "1.5.5", "٣", " 1"] {
            assert_eq!(Exact::parse(text), None, "{text}");
        }
    }

    #[test]
    fn people_see_thousands_and_fixed_digits() {
        assert_eq!(exact("-1234567.895").display(2), "-1,234,567.90");
        assert_eq!(exact("0.004").display(2), "0.00");
        assert_eq!(exact("999.5").display(0), "1,000");
    }

    proptest! {
        #[test]
        fn sums_and_products_agree_with_integers(a in -1_000_000_i64..1_000_000, b in -1_000_000_i64..1_000_000) {
            let of = |n: i64| Exact::from_int(n).times(&exact("0.001"));
            prop_assert_eq!(of(a).plus(&of(b)), of(a + b));
            prop_assert_eq!(of(a).minus(&of(b)), of(a - b));
            prop_assert_eq!(of(a).cmp(&of(b)), a.cmp(&b));
            prop_assert_eq!(Exact::parse(&of(a).to_string()), Some(of(a)));
        }

        #[test]
        fn long_numbers_follow_the_same_laws(a in "[1-9][0-9]{0,40}", b in "[1-9][0-9]{0,40}", places in 0_usize..12) {
            let of = |text: &str, sign: &str| {
                let (whole, rest) = text.split_at(text.len().saturating_sub(places));
                let whole = if whole.is_empty() { "0" } else { whole };
                let text = format!("{sign}{whole}.{rest}");
                exact(text.trim_end_matches('0').trim_end_matches('.'))
            };
            let (a, b) = (of(&a, ""), of(&b, "-"));
            prop_assert_eq!(a.plus(&b).minus(&b), a.clone());
            prop_assert_eq!(a.plus(&b), b.plus(&a));
            prop_assert_eq!(a.cmp(&b.abs()), a.plus(&b).cmp(&Exact::zero()));
            prop_assert_eq!(Exact::parse(&a.plus(&b).to_string()), Some(a.plus(&b)));
        }

        #[test]
        fn a_root_is_the_nearest(n in 0_i64..1_000_000_000) {
            let root = Exact::from_int(n).fraction().root(6);
            let half = exact("0.0000005");
            let below = root.minus(&half);
            prop_assert!(root.plus(&half).times(&root.plus(&half)) >= Exact::from_int(n));
            prop_assert!(below.is_negative() || below.times(&below) <= Exact::from_int(n));
        }
    }
}
