//! Exact decimals of any length: compared, rounded outwards to a double, shown in normal form.

mod double;
mod exponent;
mod parse;
mod sum;

pub(super) use double::{double_of_parts, double_of_text, write_double};

use crate::json::{Json, Number};
use exponent::Exponent;
use std::{borrow::Cow, cmp::Ordering};

/// A decimal number of any length, exactly.
///
/// ```
/// use finops_policy::gate::Exact;
/// let exact = |text| Exact::from_text(text).unwrap();
/// assert!(exact("0.30000000000000001") > exact("0.3"));
/// assert_eq!(exact("0.30").normal_form(), "0.3");
/// assert_eq!(exact("0.30000000000000001").up(), Some(0.30000000000000004));
/// assert_eq!(exact("0.30000000000000001").down(), Some(0.3));
/// ```
#[derive(Debug, Clone)]
pub struct Exact {
    /// Kept for zero too: `-0` rounds to `-0.0`.
    negative: bool,
    /// Neither leading nor trailing zeros; zero has none at all.
    digits: Digits,
    /// The power of ten of the first digit; 0 for zero.
    exponent: Exponent,
}

/// The significant digits.
#[derive(Debug, Clone)]
enum Digits {
    /// Up to [`SMALL`] of them as an integer, with their count.
    Small(u128, u8),
    /// More, in ASCII.
    Large(Box<[u8]>),
}

/// Every number of so many digits fits 128 bits: 10^38 < 2^127.
const SMALL: usize = 38;

/// Sums take numbers of at most so many characters in fixed form (policy specification, section 2).
const SUMMED_CHARACTERS: u64 = 1000;

/// Normal form is fixed up to so many characters (policy specification, section 2).
const FIXED_CHARACTERS: u64 = 40;

impl Exact {
    /// Zero.
    pub const ZERO: Self =
        Self { negative: false, digits: Digits::Small(0, 0), exponent: Exponent::Small(0) };

    /// Ten to the power `exponent`, or its negative.
    pub(crate) const fn power_of_ten(negative: bool, exponent: i64) -> Self {
        Self { negative, digits: Digits::Small(1, 1), exponent: Exponent::Small(exponent) }
    }

    /// The value of a JSON number.
    #[must_use]
    pub fn from_number(number: &Number) -> Self {
        parse::decimal(number.text().as_bytes())
    }

    /// The value of a decimal string: `-?(0|[1-9][0-9]*)(\.[0-9]+)?` in ASCII; `None` for any other text.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        parse::is_decimal_string(text.as_bytes()).then(|| parse::decimal(text.as_bytes()))
    }

    /// The value of a JSON number or of a decimal string; `None` for anything else.
    #[must_use]
    pub fn from_json(value: &Json) -> Option<Self> {
        match value {
            Json::Number(number) => Some(Self::from_number(number)),
            Json::String(text) => Self::from_text(text),
            _ => None,
        }
    }

    /// The shortest decimal of a double; `None` for NaN and the infinities.
    #[must_use]
    pub fn from_f64(value: f64) -> Option<Self> {
        // The same digits as a JSON number has that is made of a double.
        value.is_finite().then(|| parse::decimal(zmij::Buffer::new().format_finite(value).as_bytes()))
    }

    /// Whether this is zero.
    #[must_use]
    pub const fn is_zero(&self) -> bool {
        matches!(self.digits, Digits::Small(0, _))
    }

    /// Whether this is below zero.
    #[must_use]
    pub const fn is_negative(&self) -> bool {
        self.negative && !self.is_zero()
    }

    /// Whether this is a whole number.
    #[must_use]
    pub fn is_integer(&self) -> bool {
        self.is_zero() || self.lowest().is_none_or(|lowest| lowest >= 0) && !self.exponent.is_negative()
    }

    /// The whole number, if it is one of 128 bits.
    #[must_use]
    pub fn to_i128(&self) -> Option<i128> {
        let Digits::Small(digits, _) = self.digits else { return None };
        let zeros = u32::try_from(self.lowest()?).ok()?;
        let magnitude = i128::try_from(digits).ok()?.checked_mul(10_i128.checked_pow(zeros)?)?;
        if self.negative { magnitude.checked_neg() } else { Some(magnitude) }
    }

    /// The magnitude.
    #[must_use]
    pub fn abs(mut self) -> Self {
        self.negative = false;
        self
    }

    /// Times ten to the power `places`: a rate in per cent is `shifted(2)`.
    #[must_use]
    pub fn shifted(mut self, places: i32) -> Self {
        if !self.is_zero() {
            self.exponent = self.exponent.plus(places.into());
        }
        self
    }

    /// The sum; `None` if one of the two is longer than 1,000 characters in fixed form.
    #[must_use]
    pub fn checked_add(&self, other: &Self) -> Option<Self> {
        (self.is_summable() && other.is_summable()).then(|| sum::add(self, other))
    }

    /// Whether this is at most 1,000 characters long in fixed form: what sums take.
    #[must_use]
    pub fn is_summable(&self) -> bool {
        self.fixed_characters().is_some_and(|characters| characters <= SUMMED_CHARACTERS)
    }

    /// Fixed, no trailing zeros, `-0` is `0`; over 40 characters `d[.ddd]e<exponent>`.
    #[must_use]
    pub fn normal_form(&self) -> String {
        self.text_within(FIXED_CHARACTERS)
    }

    /// As [`Exact::normal_form`], but fixed up to 400 characters: in custom fields of the canonical input.
    #[must_use]
    pub fn long_form(&self) -> String {
        self.text_within(400)
    }

    /// The nearest double, or the next one above if its shortest decimal is below the value; `None` beyond the largest.
    #[must_use]
    pub fn up(&self) -> Option<f64> {
        if let Some(double) = self.double() {
            return Some(double);
        }
        let nearest = self.nearest();
        if nearest == f64::INFINITY {
            return None;
        }
        let below = Self::from_f64(nearest).is_none_or(|shown| shown < *self);
        Some(if below { nearest.next_up() } else { nearest }).filter(|up| up.is_finite())
    }

    /// The nearest double, or the next one below if its shortest decimal is above the value; `None` beyond the largest.
    #[must_use]
    pub fn down(&self) -> Option<f64> {
        if let Some(double) = self.double() {
            return Some(double);
        }
        let nearest = self.nearest();
        if nearest == f64::NEG_INFINITY {
            return None;
        }
        let above = Self::from_f64(nearest).is_none_or(|shown| shown > *self);
        Some(if above { nearest.next_down() } else { nearest }).filter(|down| down.is_finite())
    }

    /// The nearest double; infinite beyond the largest.
    #[must_use]
    pub fn nearest(&self) -> f64 {
        if let Some(double) = self.double() {
            return double;
        }
        let lowest =
            self.lowest().unwrap_or(if self.exponent.is_negative() { -1_000_000_000 } else { 1_000_000_000 });
        let digits = self.ascii();
        let digits = if digits.is_empty() { "0" } else { std::str::from_utf8(&digits).unwrap_or_default() };
        let sign = if self.negative { "-" } else { "" };
        format!("{sign}{digits}e{lowest}").parse().unwrap_or(f64::NAN)
    }

    /// Whether the shortest decimal of the nearest double equals the value: what a threshold must be.
    #[must_use]
    pub fn on_grid(&self) -> bool {
        Self::from_f64(self.nearest()).is_some_and(|shown| shown == *self)
    }

    /// The double that stands for this, if it is one of those that are known without looking.
    fn double(&self) -> Option<f64> {
        let Digits::Small(digits, count) = self.digits else { return None };
        let Exponent::Small(first) = self.exponent else { return None };
        // A whole number has its zeros back: they are not among the significant digits.
        let zeros =
            usize::try_from(first.saturating_add(1)).map_or(0, |whole| whole.saturating_sub(count.into()));
        let units = i64::try_from(digits.checked_mul(power(zeros.min(SMALL)))?).ok()?;
        let places = i64::from(count).saturating_sub(1).saturating_sub(first).max(0);
        let double = double_of_parts(units, u8::try_from(places).ok()?);
        (!double.is_nan()).then_some(if self.negative { -double } else { double })
    }

    /// How many significant digits there are.
    fn count(&self) -> usize {
        match &self.digits {
            Digits::Small(_, count) => usize::from(*count),
            Digits::Large(digits) => digits.len(),
        }
    }

    /// The significant digits in ASCII.
    fn ascii(&self) -> Cow<'_, [u8]> {
        match &self.digits {
            Digits::Small(0, _) => Cow::Borrowed(&[]),
            Digits::Small(digits, _) => Cow::Owned(digits.to_string().into_bytes()),
            Digits::Large(digits) => Cow::Borrowed(digits),
        }
    }

    /// The power of ten of the last digit, if it is of a size to compute with.
    fn lowest(&self) -> Option<i64> {
        match self.exponent {
            Exponent::Small(first) => {
                first.checked_sub(i64::try_from(self.count()).ok()?.saturating_sub(1).max(0))
            }
            Exponent::Large { .. } => None,
        }
    }

    /// The length of the fixed form, its sign and point included.
    fn fixed_characters(&self) -> Option<u64> {
        if self.is_zero() {
            return Some(1);
        }
        let Exponent::Small(first) = self.exponent else { return None };
        let lowest = self.lowest()?;
        let whole = first.max(0).unsigned_abs().saturating_add(1);
        let fraction = lowest.min(0).unsigned_abs();
        let point = u64::from(fraction > 0);
        Some(whole.saturating_add(fraction).saturating_add(point).saturating_add(u64::from(self.negative)))
    }

    fn text_within(&self, characters: u64) -> String {
        if self.is_zero() {
            return "0".to_owned();
        }
        let digits = self.ascii();
        let digits = std::str::from_utf8(&digits).unwrap_or_default();
        let fixed = self.fixed_characters().filter(|fixed| *fixed <= characters);
        // Short enough to be fixed: its lengths fit a machine word.
        let (Some(_), Exponent::Small(first)) = (fixed, &self.exponent) else {
            return self.scientific(digits);
        };
        let mut text = String::with_capacity(usize::try_from(characters).unwrap_or(0).min(48));
        if self.negative {
            text.push('-');
        }
        let zeros = |text: &mut String, count: u64| (0..count).for_each(|_| text.push('0'));
        if *first < 0 {
            text.push_str("0.");
            zeros(&mut text, first.unsigned_abs().saturating_sub(1));
            text.push_str(digits);
            return text;
        }
        let whole = first.unsigned_abs().saturating_add(1);
        match usize::try_from(whole).ok().and_then(|whole| digits.split_at_checked(whole)) {
            Some((whole, "")) => text.push_str(whole),
            Some((whole, fraction)) => {
                text.push_str(whole);
                text.push('.');
                text.push_str(fraction);
            }
            None => {
                text.push_str(digits);
                zeros(&mut text, whole.saturating_sub(u64::try_from(digits.len()).unwrap_or(whole)));
            }
        }
        text
    }

    fn scientific(&self, digits: &str) -> String {
        let sign = if self.negative { "-" } else { "" };
        let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, ""));
        let point = if rest.is_empty() { "" } else { "." };
        format!("{sign}{first}{point}{rest}e{}", self.exponent)
    }

    #[inline]
    fn cmp_magnitude(&self, other: &Self) -> Ordering {
        if let (Digits::Small(a, count_a), Exponent::Small(first_a)) = (&self.digits, &self.exponent)
            && let (Digits::Small(b, count_b), Exponent::Small(first_b)) = (&other.digits, &other.exponent)
        {
            return match (*a == 0 || *b == 0, first_a.cmp(first_b)) {
                (true, _) => a.cmp(b),
                (false, Ordering::Equal) => cmp_justified((*a, *count_a), (*b, *count_b)),
                (false, order) => order,
            };
        }
        self.cmp_large(other)
    }

    #[cold]
    fn cmp_large(&self, other: &Self) -> Ordering {
        match (self.is_zero(), other.is_zero()) {
            (false, false) => {}
            (a, b) => return b.cmp(&a),
        }
        // Digits stand left-justified: of two where one begins with the other, the longer is the larger.
        self.exponent.cmp(&other.exponent).then_with(|| self.ascii().cmp(&other.ascii()))
    }
}

/// Whether `text` is a decimal string of the policy specification, section 2: no exponent, no sign but `-`.
pub(super) fn is_decimal_string(text: &str) -> bool {
    parse::is_decimal_string(text.as_bytes())
}

/// Compares digits of the same first power of ten: the shorter with zeros up to the length of the longer.
#[inline]
fn cmp_justified((a, count_a): (u128, u8), (b, count_b): (u128, u8)) -> Ordering {
    match (count_a.checked_sub(count_b), count_b.checked_sub(count_a)) {
        (Some(0), _) => a.cmp(&b),
        (Some(more), _) => a.cmp(&b.wrapping_mul(power(more.into()))),
        (None, more) => a.wrapping_mul(power(more.unwrap_or(0).into())).cmp(&b),
    }
}

/// Ten to the power `exponent`, at most [`SMALL`].
fn power(exponent: usize) -> u128 {
    #[expect(clippy::indexing_slicing, reason = "computed by the compiler, which checks each index")]
    const POWERS: [u128; SMALL + 1] = {
        let mut powers = [1_u128; SMALL + 1];
        let mut index = 1;
        while index <= SMALL {
            powers[index] = powers[index - 1] * 10;
            index += 1;
        }
        powers
    };
    POWERS.get(exponent).copied().unwrap_or(1)
}

impl Ord for Exact {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.is_negative(), other.is_negative()) {
            (false, false) => self.cmp_magnitude(other),
            (true, true) => other.cmp_magnitude(self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Exact {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Exact {}

impl From<i64> for Exact {
    fn from(value: i64) -> Self {
        parse::decimal(value.to_string().as_bytes())
    }
}

#[cfg(test)]
mod tests;
