//! Exact fractions that stay in machine integers while they fit and grow beyond them when they must.

use num_bigint::{BigInt, Sign};
use std::{cmp::Ordering, fmt};

/// The powers of ten that fit.
const POWERS: [u64; 20] = [
    1,
    10,
    100,
    1000,
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    100_000_000,
    1_000_000_000,
    10_000_000_000,
    100_000_000_000,
    1_000_000_000_000,
    10_000_000_000_000,
    100_000_000_000_000,
    1_000_000_000_000_000,
    10_000_000_000_000_000,
    100_000_000_000_000_000,
    1_000_000_000_000_000_000,
    10_000_000_000_000_000_000,
];
/// Digits and exponents beyond which text is no number of an inventory: doubles reach 1e308 and 5e-324.
const EXPONENT_MAX: i64 = 400;
/// Characters of the longest number read.
const CHARS_MAX: usize = 400;

/// An exact fraction.
///
/// ```
/// use finops_core::waste::Ratio;
/// let third = Ratio::new(1, 3).ok_or("no denominator")?;
/// assert!(third > Ratio::parse("0.3333").ok_or("no number")?);
/// assert_eq!(third.times(&Ratio::from(3)), Ratio::from(1));
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone)]
pub struct Ratio(Repr);

#[derive(Debug, Clone)]
enum Repr {
    /// Numerator and denominator; the denominator is above 0.
    Small(i128, i128),
    /// The same where they do not fit.
    Big(Box<(BigInt, BigInt)>),
}

fn gcd(mut one: u128, mut other: u128) -> u128 {
    while let Some(rest) = one.checked_rem(other) {
        (one, other) = (other, rest);
    }
    one
}

fn reduced(n: i128, d: i128) -> (i128, i128) {
    let common = i128::try_from(gcd(n.unsigned_abs(), d.unsigned_abs())).unwrap_or(1);
    (n.checked_div(common).unwrap_or(n), d.checked_div(common).unwrap_or(d))
}

/// `10^exponent` where it fits.
const fn power_of_ten(exponent: u32) -> Option<i128> {
    10_i128.checked_pow(exponent)
}

/// The quotient of the floor division and whether something is left.
fn floor_division(n: i128, d: i128) -> (i128, i128) {
    (n.div_euclid(d), n.rem_euclid(d))
}

impl Ratio {
    /// 0.
    pub const ZERO: Self = Self(Repr::Small(0, 1));
    /// 1.
    pub const ONE: Self = Self(Repr::Small(1, 1));

    /// `numerator / denominator`; `None` when the denominator is not above 0.
    #[must_use]
    pub const fn new(numerator: i128, denominator: i128) -> Option<Self> {
        if denominator > 0 { Some(Self(Repr::Small(numerator, denominator))) } else { None }
    }

    /// `thousandths / 1000`: the constants of specifications.
    #[must_use]
    pub const fn thousandths(thousandths: i128) -> Self {
        Self(Repr::Small(thousandths, 1000))
    }

    /// `nanos / 10^9`.
    #[must_use]
    pub const fn nanos(nanos: i128) -> Self {
        Self(Repr::Small(nanos, 1_000_000_000))
    }

    /// Reads decimal digits with an optional sign, point and exponent (`0.3`, `1e-3`, `+5`); `None` for any other text
    /// and beyond 400 digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > CHARS_MAX {
            return None;
        }
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (text, 0),
        };
        if exponent.abs() > EXPONENT_MAX {
            return None;
        }
        let (negative, unsigned) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let digits_only = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let lone_point = unsigned.contains('.') && fraction.is_empty();
        if whole.is_empty() || lone_point || !digits_only(whole) || !digits_only(fraction) {
            return None;
        }
        let scale = i64::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        let small = small_digits(whole, fraction).and_then(|digits| {
            let digits = if negative { digits.checked_neg()? } else { digits };
            if scale >= 0 {
                Self::new(digits, power_of_ten(u32::try_from(scale).ok()?)?)
            } else {
                let factor = power_of_ten(u32::try_from(scale.checked_neg()?).ok()?)?;
                Self::new(digits.checked_mul(factor)?, 1)
            }
        });
        if small.is_some() {
            return small;
        }
        let digits = BigInt::parse_bytes([whole, fraction].concat().as_bytes(), 10)?;
        let digits = if negative { big_negated(digits) } else { digits };
        let power = BigInt::from(10_u8).pow(u32::try_from(scale.unsigned_abs()).ok()?);
        Some(if scale >= 0 {
            Self::from_big(digits, power)
        } else {
            Self::from_big(big_times(&digits, &power), BigInt::from(1))
        })
    }

    /// Digits and places of one of at least 0, where it was written as a decimal and both fit.
    pub(super) fn decimal(&self) -> Option<(u64, u8)> {
        let (n, d) = self.small()?;
        let d = u64::try_from(d).ok()?;
        let places = u8::try_from(d.checked_ilog10()?).ok()?;
        if POWERS.get(usize::from(places)) != Some(&d) {
            return None;
        }
        Some((u64::try_from(n).ok()?, places))
    }

    /// `digits / 10^places`; `None` beyond 19 places.
    pub(super) fn from_decimal(digits: u64, places: u64) -> Option<Self> {
        let power = POWERS.get(usize::try_from(places).ok()?)?;
        Some(Self(Repr::Small(i128::from(digits), i128::from(*power))))
    }

    fn from_big(n: BigInt, d: BigInt) -> Self {
        match (i128::try_from(&n), i128::try_from(&d)) {
            (Ok(n), Ok(d)) => Self(Repr::Small(n, d)),
            _ => Self(Repr::Big(Box::new((n, d)))),
        }
    }

    fn big(&self) -> (BigInt, BigInt) {
        match &self.0 {
            Repr::Small(n, d) => (BigInt::from(*n), BigInt::from(*d)),
            Repr::Big(parts) => (parts.0.clone(), parts.1.clone()),
        }
    }

    /// The parts in lowest terms where they fit machine integers.
    fn small(&self) -> Option<(i128, i128)> {
        match &self.0 {
            Repr::Small(n, d) => Some((*n, *d)),
            Repr::Big(_) => None,
        }
    }

    fn with(
        &self,
        other: &Self,
        fast: impl Fn(i128, i128, i128, i128) -> Option<(i128, i128)>,
        slow: impl Fn(&BigInt, &BigInt, &BigInt, &BigInt) -> (BigInt, BigInt),
    ) -> Self {
        if let (Some((a, b)), Some((c, d))) = (self.small(), other.small()) {
            if let Some((n, d)) = fast(a, b, c, d) {
                return Self(Repr::Small(n, d));
            }
            let ((a, b), (c, d)) = (reduced(a, b), reduced(c, d));
            if let Some((n, d)) = fast(a, b, c, d) {
                return Self(Repr::Small(n, d));
            }
        }
        let ((a, b), (c, d)) = (self.big(), other.big());
        let (n, d) = slow(&a, &b, &c, &d);
        Self::from_big(n, d)
    }

    /// The sum.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        self.with(
            other,
            |a, b, c, d| {
                if b == d {
                    return Some((a.checked_add(c)?, b));
                }
                Some((a.checked_mul(d)?.checked_add(c.checked_mul(b)?)?, b.checked_mul(d)?))
            },
            |a, b, c, d| (big_plus(&big_times(a, d), &big_times(c, b)), big_times(b, d)),
        )
    }

    /// The difference.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        self.plus(&other.negated())
    }

    /// The number with its sign turned.
    #[must_use]
    pub fn negated(&self) -> Self {
        match &self.0 {
            Repr::Small(n, d) if *n != i128::MIN => Self(Repr::Small(n.wrapping_neg(), *d)),
            _ => {
                let (n, d) = self.big();
                Self::from_big(big_negated(n), d)
            }
        }
    }

    /// The product.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        self.with(
            other,
            |a, b, c, d| Some((a.checked_mul(c)?, b.checked_mul(d)?)),
            |a, b, c, d| (big_times(a, c), big_times(b, d)),
        )
    }

    /// The quotient; `None` for division by 0.
    #[must_use]
    pub fn over(&self, other: &Self) -> Option<Self> {
        if other.is_zero() {
            return None;
        }
        let turned = match &other.0 {
            Repr::Small(n, d) if *n > 0 => Self(Repr::Small(*d, *n)),
            _ => {
                let (n, d) = other.big();
                if n.sign() == Sign::Minus {
                    Self::from_big(big_negated(d), big_negated(n))
                } else {
                    Self::from_big(d, n)
                }
            }
        };
        Some(self.times(&turned))
    }

    /// Whether this is 0.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        match &self.0 {
            Repr::Small(n, _) => *n == 0,
            Repr::Big(parts) => parts.0.sign() == Sign::NoSign,
        }
    }

    /// Whether this is below 0.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Repr::Small(n, _) => *n < 0,
            Repr::Big(parts) => parts.0.sign() == Sign::Minus,
        }
    }

    /// Whether this is above 0.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        !self.is_zero() && !self.is_negative()
    }

    /// The largest whole number not above this; `None` beyond 128 bits.
    #[must_use]
    pub fn floor(&self) -> Option<i128> {
        match &self.0 {
            Repr::Small(n, d) => Some(floor_division(*n, *d).0),
            Repr::Big(parts) => i128::try_from(&big_floor(&parts.0, &parts.1).0).ok(),
        }
    }

    /// The smallest whole number not below this; `None` beyond 128 bits.
    #[must_use]
    pub fn ceil(&self) -> Option<i128> {
        self.negated().floor()?.checked_neg()
    }

    /// `self * 10^places` rounded half-even to a whole number; `None` beyond 128 bits.
    #[must_use]
    pub fn scaled(&self, places: u32) -> Option<i128> {
        if let Repr::Small(n, d) = &self.0
            && let Some(n) = power_of_ten(places).and_then(|power| n.checked_mul(power))
        {
            let (whole, rest) = floor_division(n, *d);
            let up = match rest.checked_mul(2).map(|twice| twice.cmp(d)) {
                Some(Ordering::Greater) => true,
                Some(Ordering::Equal) => whole.rem_euclid(2) == 1,
                Some(Ordering::Less) => false,
                None => true,
            };
            return if up { whole.checked_add(1) } else { Some(whole) };
        }
        let (n, d) = self.big();
        let (whole, rest) = big_floor(&big_times(&n, &BigInt::from(10_u8).pow(places)), &d);
        let up = match big_times(&rest, &BigInt::from(2)).cmp(&d) {
            Ordering::Greater => true,
            Ordering::Equal => whole.bit(0),
            Ordering::Less => false,
        };
        let whole = i128::try_from(&whole).ok()?;
        if up { whole.checked_add(1) } else { Some(whole) }
    }

    /// Decimal text with so many places, rounded half-even; empty beyond 128 bits.
    ///
    /// ```
    /// use finops_core::waste::Ratio;
    /// let two_thirds = Ratio::new(2, 3).ok_or("a denominator")?;
    /// assert_eq!((two_thirds.fixed(3), two_thirds.fixed(0)), ("0.667".to_owned(), "1".to_owned()));
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn fixed(&self, places: u32) -> String {
        let Some(scaled) = self.scaled(places) else { return String::new() };
        let width = usize::try_from(places).unwrap_or_default();
        let digits = format!("{:0>width$}", scaled.unsigned_abs(), width = width.saturating_add(1));
        let (whole, rest) = digits.split_at(digits.len().saturating_sub(width));
        let point = if rest.is_empty() { "" } else { "." };
        format!("{}{whole}{point}{rest}", if scaled < 0 { "-" } else { "" })
    }

    /// `self * 10^places` rounded down to a whole number; `None` beyond 128 bits.
    #[must_use]
    pub fn scaled_floor(&self, places: u32) -> Option<i128> {
        self.times(&Self(Repr::Small(power_of_ten(places)?, 1))).floor()
    }

    /// The smaller of two.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        if other < self { other } else { self }
    }

    /// The larger of two.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        if other > self { other } else { self }
    }
}

#[expect(clippy::arithmetic_side_effects, reason = "big integers grow; they do not overflow")]
fn big_times(one: &BigInt, other: &BigInt) -> BigInt {
    one * other
}

#[expect(clippy::arithmetic_side_effects, reason = "big integers grow; they do not overflow")]
fn big_plus(one: &BigInt, other: &BigInt) -> BigInt {
    one + other
}

#[expect(clippy::arithmetic_side_effects, reason = "big integers grow; they do not overflow")]
fn big_negated(number: BigInt) -> BigInt {
    -number
}

/// Floor quotient and rest; the denominator is above 0.
#[expect(clippy::arithmetic_side_effects, reason = "big integers grow, and the denominator is above 0")]
fn big_floor(n: &BigInt, d: &BigInt) -> (BigInt, BigInt) {
    let (mut whole, mut rest) = (n / d, n % d);
    if rest.sign() == Sign::Minus {
        whole -= 1;
        rest += d;
    }
    (whole, rest)
}

/// The digits of both parts as one integer where they fit.
fn small_digits(whole: &str, fraction: &str) -> Option<i128> {
    whole.bytes().chain(fraction.bytes()).try_fold(0_i128, |value, byte| {
        value.checked_mul(10)?.checked_add(i128::from(byte.wrapping_sub(b'0')))
    })
}

impl From<i64> for Ratio {
    fn from(value: i64) -> Self {
        Self(Repr::Small(i128::from(value), 1))
    }
}

impl From<i128> for Ratio {
    fn from(value: i128) -> Self {
        Self(Repr::Small(value, 1))
    }
}

impl From<u64> for Ratio {
    fn from(value: u64) -> Self {
        Self(Repr::Small(i128::from(value), 1))
    }
}

impl From<i32> for Ratio {
    fn from(value: i32) -> Self {
        Self(Repr::Small(i128::from(value), 1))
    }
}

impl From<rust_decimal::Decimal> for Ratio {
    fn from(value: rust_decimal::Decimal) -> Self {
        // A decimal has at most 28 places, so its power of ten always fits.
        Self(Repr::Small(value.mantissa(), power_of_ten(value.scale()).unwrap_or(1)))
    }
}

impl Default for Ratio {
    fn default() -> Self {
        Self::ZERO
    }
}

impl Ord for Ratio {
    fn cmp(&self, other: &Self) -> Ordering {
        if let (Some((a, b)), Some((c, d))) = (self.small(), other.small())
            && let (Some(left), Some(right)) = (a.checked_mul(d), c.checked_mul(b))
        {
            return left.cmp(&right);
        }
        let ((a, b), (c, d)) = (self.big(), other.big());
        big_times(&a, &d).cmp(&big_times(&c, &b))
    }
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ratio {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ratio {}

/// Digits after the point of a number that no decimal holds exactly, and at most printed of any other.
const PLACES: u32 = 12;

impl fmt::Display for Ratio {
    /// Plain decimal digits without trailing zeros, rounded half-even to twelve places where more would follow.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(scaled) = self.scaled(PLACES) else {
            let (n, d) = self.big();
            return write!(f, "{}", big_floor(&n, &d).0);
        };
        write_scaled(f, scaled, PLACES, 0)
    }
}

/// Writes `value / 10^places` with at least `kept` digits after the point and no trailing zeros beyond them.
pub(super) fn write_scaled(f: &mut fmt::Formatter<'_>, value: i128, places: u32, kept: usize) -> fmt::Result {
    let power = 10_u128.saturating_pow(places);
    let size = value.unsigned_abs();
    let (whole, rest) = (size.checked_div(power).unwrap_or(0), size.checked_rem(power).unwrap_or(0));
    let sign = if value < 0 { "-" } else { "" };
    let width = usize::try_from(places).unwrap_or(0);
    let digits = format!("{rest:0width$}");
    let length = digits.trim_end_matches('0').len().max(kept);
    match digits.get(..length) {
        Some(digits) if length > 0 => write!(f, "{sign}{whole}.{digits}"),
        _ => write!(f, "{sign}{whole}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ratio(text: &str) -> Ratio {
        Ratio::parse(text).unwrap()
    }

    #[test]
    fn text_is_read_exactly() {
        assert_eq!(ratio("0.3"), Ratio::thousandths(300));
        assert_eq!(ratio("1e-3"), Ratio::thousandths(1));
        assert_eq!(ratio("+2.50E2"), Ratio::from(250));
        assert_eq!(ratio("5e-324").times(&ratio("2e324")), Ratio::from(10));
        assert_eq!(ratio("-0.10").to_string(), "-0.1");
        for text in
            ["", "-", ".5", "1.", "NaN", "Infinity", "1e", "0x1", "1_000", " 1", "two", "1e401", "1.5.5"]
        {
            assert!(Ratio::parse(text).is_none(), "{text}");
        }
        assert!(Ratio::parse(&"9".repeat(401)).is_none());
    }

    #[test]
    fn a_large_number_is_printed_whole() {
        assert_eq!(ratio("1e60").to_string(), format!("1{}", "0".repeat(60)));
    }

    #[test]
    fn a_decimal_is_its_digits_and_places() {
        for (text, decimal) in
            [("2.50", Some((250, 2))), ("7", Some((7, 0))), ("0.0000000000000000001", Some((1, 19)))]
        {
            assert_eq!(ratio(text).decimal(), decimal, "{text}");
        }
        for places in 0..20 {
            assert_eq!(Ratio::from_decimal(7, places), Ratio::parse(&format!("7e-{places}")));
        }
        for other in [ratio("-1"), ratio("1e-20"), ratio("18446744073709551616"), Ratio::new(1, 3).unwrap()] {
            assert_eq!(other.decimal(), None, "{other}");
        }
        assert_eq!(Ratio::from_decimal(1, 20), None);
    }

    #[test]
    fn ties_round_to_even() {
        assert_eq!(ratio("0.5").scaled(0), Some(0));
        assert_eq!(ratio("1.5").scaled(0), Some(2));
        assert_eq!(ratio("-0.5").scaled(0), Some(0));
        assert_eq!(Ratio::new(2, 3).unwrap().scaled(4), Some(6667));
        assert_eq!(Ratio::new(2, 3).unwrap().scaled_floor(4), Some(6666));
        assert_eq!((ratio("-1.2").floor(), ratio("-1.2").ceil()), (Some(-2), Some(-1)));
    }

    proptest! {
        #[test]
        fn the_laws_of_fractions_hold(
            a in any::<i128>(), b in 1_i128..i128::MAX, c in any::<i64>(), d in 1_i64..i64::MAX,
        ) {
            let (x, y) = (Ratio::new(a, b).unwrap(), Ratio::new(i128::from(c), i128::from(d)).unwrap());
            prop_assert_eq!(x.plus(&y), y.plus(&x));
            prop_assert_eq!(x.plus(&y).minus(&y), x.clone());
            prop_assert_eq!(x.times(&y), y.times(&x));
            if !y.is_zero() {
                prop_assert_eq!(x.times(&y).over(&y), Some(x.clone()));
            }
            prop_assert_eq!(x.cmp(&y), x.minus(&y).cmp(&Ratio::ZERO));
            let floor = Ratio::from(x.floor().unwrap());
            prop_assert!(floor <= x && x < floor.plus(&Ratio::ONE));
        }
    }
}
