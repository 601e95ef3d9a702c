//! Exact decimals of the guardrails: fixed point where it fits, any length where it does not.
//!
//! What people write fits 18 digits before and after the point and is compared without an allocation.

use std::cmp::Ordering;

use crate::{Json, gate::number::Exact};

/// Units in one: 18 digits after the point.
const ONE: i128 = 1_000_000_000_000_000_000;

/// Units in a nano-dollar.
const NANO: i128 = 1_000_000_000;

/// A decimal of any length.
#[derive(Debug, Clone)]
pub(super) enum Quantity {
    /// In units of 10^-18.
    Fixed(i128),
    /// What fixed point does not hold; apart, so that what it does hold is moved about in a few words.
    Exact(Box<Exact>),
}

impl Quantity {
    /// A whole number.
    pub const fn whole(value: i64) -> Self {
        // Below 2^63 times 10^18, which is below 2^127.
        Self::Fixed((value as i128).wrapping_mul(ONE))
    }

    /// `value` tenths.
    pub const fn tenths(value: i64) -> Self {
        Self::Fixed((value as i128).wrapping_mul(ONE / 10))
    }

    fn exactly(exact: Exact) -> Self {
        Self::Exact(Box::new(exact))
    }

    /// A JSON number or a decimal text; `None` for anything else.
    pub fn read(value: &Json) -> Option<Self> {
        let (text, exact): (&str, fn(&Json) -> Option<Exact>) = match value {
            Json::Number(number) => (number.text(), |v| v.as_number().map(Exact::from_number)),
            Json::String(text) => (text, |v| v.as_str().and_then(Exact::from_text)),
            _ => return None,
        };
        match fixed(text) {
            Some(units) => Some(Self::Fixed(units)),
            None => exact(value).map(Self::exactly),
        }
    }

    /// An integer number of nanos, or its digits as text, in whole units; `None` for anything else.
    pub fn read_nanos(value: &Json) -> Option<Self> {
        let text = match value {
            Json::Number(number) => number.text(),
            Json::String(text) => text,
            _ => return None,
        };
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (nanos, length, rest) = run(unsigned.as_bytes());
        let is_integer = rest.is_empty() && length > 0 && (length == 1 || !unsigned.starts_with('0'));
        if is_integer && length <= 18 {
            // Below 10^18 times 10^9.
            let units = i128::from(nanos).wrapping_mul(NANO);
            return Some(Self::Fixed(if unsigned.len() < text.len() {
                units.saturating_neg()
            } else {
                units
            }));
        }
        let exact = match value {
            Json::Number(number) => Exact::from_number(number),
            _ if is_integer => Exact::from_text(text)?,
            _ => return None,
        };
        exact.is_integer().then(|| Self::exactly(exact.shifted(-9)))
    }

    /// The value as an exact decimal.
    pub fn exact(&self) -> Exact {
        match self {
            // The text of a fixed point value is a decimal text.
            Self::Fixed(units) => Exact::from_text(&fixed_text(*units)).unwrap_or(Exact::ZERO),
            Self::Exact(exact) => exact.as_ref().clone(),
        }
    }

    /// Whether the value is short enough to be summed: at most 1,000 characters without an exponent.
    pub fn is_summable(&self) -> bool {
        match self {
            Self::Fixed(_) => true,
            Self::Exact(exact) => exact.is_summable(),
        }
    }

    /// The value without its sign.
    pub fn abs(self) -> Self {
        match self {
            Self::Fixed(units) => Self::Fixed(units.saturating_abs()),
            Self::Exact(exact) => Self::exactly(exact.abs()),
        }
    }

    /// The exact sum; `None` beyond the lengths that sums take.
    pub fn checked_add(&self, other: &Self) -> Option<Self> {
        if let (Self::Fixed(a), Self::Fixed(b)) = (self, other)
            && let Some(sum) = a.checked_add(*b)
        {
            return Some(Self::Fixed(sum));
        }
        self.exact().checked_add(&other.exact()).map(Self::exactly)
    }

    #[cold]
    fn cmp_exact(&self, other: &Self) -> Ordering {
        self.exact().cmp(&other.exact())
    }

    /// The normal form, as messages show it.
    pub fn text(&self) -> String {
        match self {
            Self::Fixed(units) => fixed_text(*units),
            Self::Exact(exact) => exact.normal_form(),
        }
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Fixed(a), Self::Fixed(b)) => a.cmp(b),
            _ => self.cmp_exact(other),
        }
    }
}

/// `-?(0|[1-9][0-9]*)(\.[0-9]+)?` with at most 18 digits on either side, in units of 10^-18.
fn fixed(text: &str) -> Option<i128> {
    let bytes = text.as_bytes();
    let unsigned = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let (whole, length, rest) = run(unsigned);
    if length == 0 || length > 18 || length > 1 && unsigned.first() == Some(&b'0') {
        return None;
    }
    let part = match rest {
        [] => 0,
        [b'.', part @ ..] => {
            let (digits, length, rest) = run(part);
            if length == 0 || !rest.is_empty() {
                return None;
            }
            digits.wrapping_mul(*SCALES.get(length)?)
        }
        _ => return None,
    };
    // Below 10^18 times 10^18, and the part behind the point below 10^18: neither leaves its type.
    let units = i128::from(whole).wrapping_mul(ONE).wrapping_add(i128::from(part));
    Some(if unsigned.len() < bytes.len() { units.saturating_neg() } else { units })
}

/// The digits that `text` begins with, how many they are, and what follows; the value of more than 19 digits is none.
#[inline]
fn run(text: &[u8]) -> (u64, usize, &[u8]) {
    let (mut value, mut rest) = (0_u64, text);
    while let [byte @ b'0'..=b'9', after @ ..] = rest {
        value = value.wrapping_mul(10).wrapping_add(u64::from(byte.wrapping_sub(b'0')));
        rest = after;
    }
    (value, text.len().saturating_sub(rest.len()), rest)
}

/// What one is worth behind a point and `n` digits, in units: `10^(18 - n)`.
const SCALES: [u64; 19] = [
    1_000_000_000_000_000_000,
    100_000_000_000_000_000,
    10_000_000_000_000_000,
    1_000_000_000_000_000,
    100_000_000_000_000,
    10_000_000_000_000,
    1_000_000_000_000,
    100_000_000_000,
    10_000_000_000,
    1_000_000_000,
    100_000_000,
    10_000_000,
    1_000_000,
    100_000,
    10_000,
    1_000,
    100,
    10,
    1,
];

/// The normal form of fixed point units: no trailing zeros, no sign on zero.
fn fixed_text(units: i128) -> String {
    let magnitude = units.unsigned_abs();
    let one = ONE.unsigned_abs();
    let (whole, part) = (magnitude.div_euclid(one), magnitude.rem_euclid(one));
    let sign = if units < 0 { "-" } else { "" };
    if part == 0 {
        return format!("{sign}{whole}");
    }
    let digits = format!("{part:018}");
    format!("{sign}{whole}.{}", digits.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Quantity> {
        Quantity::read(&Json::String(text.to_owned()))
    }

    #[test]
    fn what_is_no_decimal_text_is_not_read() {
        for text in ["", "-", ".5", "5.", "05", "-00", "+1", "1e2", "1_0", "٣", " 1", "1.2.3", "0x1", "NaN"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn nanos_are_whole_and_given_in_dollars() {
        let nanos = |text: &str| {
            let value = crate::json::read(text.as_bytes(), &crate::json::Limits::default()).unwrap();
            Quantity::read_nanos(&value).map(|q| q.text())
        };
        for (text, dollars) in [
            ("500000000001", "500.000000001"),
            ("\"-1\"", "-0.000000001"),
            ("1e9", "1"),
            ("1.0", "0.000000001"),
            ("\"1000000000000000000000000000001\"", "1000000000000000000000.000000001"),
        ] {
            assert_eq!(nanos(text).as_deref(), Some(dollars), "{text}");
        }
        for text in ["500.5", "\"500.0\"", "\"\"", "\"-\"", "\"01\"", "true", "1e-1", "[]"] {
            assert_eq!(nanos(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn fixed_point_agrees_with_the_exact_decimal(
            a in "-?(0|[1-9][0-9]{0,17})(\\.[0-9]{1,18})?", b in "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?",
        ) {
            let (x, y) = (Exact::from_text(&a).unwrap(), Exact::from_text(&b).unwrap());
            let (p, q) = (read(&a).unwrap(), read(&b).unwrap());
            proptest::prop_assert!(matches!(p, Quantity::Fixed(_)));
            proptest::prop_assert_eq!(p.text(), x.normal_form());
            proptest::prop_assert_eq!(p.cmp(&q), x.cmp(&y));
            proptest::prop_assert_eq!(p.checked_add(&q).unwrap().text(), x.checked_add(&y).unwrap().normal_form());
            proptest::prop_assert_eq!(p.abs().text(), x.abs().normal_form());
        }
    }
}
