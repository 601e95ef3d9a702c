//! Amounts of findings: 18 places in an integer of 128 bits, checked.

use std::fmt;

/// Places after the point: `decimal128(38,18)`, which the billing samples of FOCUS need.
const PLACES: i32 = 18;
/// 10^18: one unit of currency.
const ONE: i128 = 1_000_000_000_000_000_000;
/// 1E20 units, the first amount that 38 digits with 18 places do not hold.
const LIMIT: i128 = 100_000_000_000_000_000_000 * ONE;

/// An amount in 10^-18 of its unit, below 1E20 units either way.
///
/// ```
/// use finops_core::finding::Attos;
/// assert_eq!(Attos::parse("120.500")?.to_string(), "120.5");
/// assert_eq!(Attos::parse("1e-19").unwrap_err().code(), "finding.too_precise");
/// # Ok::<(), finops_core::finding::AmountError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Attos(i128);

/// A text that is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not `[+-]digits[.digits][E[+-]digits]`.
    #[error("not a decimal number")]
    Grammar,
    /// A digit other than 0 after the 18th place.
    #[error("more than 18 places")]
    TooPrecise,
    /// 1E20 or more.
    #[error("1E20 or more")]
    Overflow,
}

impl AmountError {
    /// `finding.bad_money`, `finding.too_precise` or `finding.overflow`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Grammar => "finding.bad_money",
            Self::TooPrecise => "finding.too_precise",
            Self::Overflow => "finding.overflow",
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn help(self) -> &'static str {
        match self {
            Self::Grammar => "write a decimal such as `120.50`, without separators or signs of currency",
            Self::TooPrecise => "round the amount to 18 places",
            Self::Overflow => "give an amount below 1E20",
        }
    }
}

impl Attos {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount of `attos` 10^-18; `None` at 1E20 units or more either way.
    #[must_use]
    pub const fn new(attos: i128) -> Option<Self> {
        if attos <= -LIMIT || attos >= LIMIT { None } else { Some(Self(attos)) }
    }

    /// A whole number of units.
    #[must_use]
    #[expect(clippy::arithmetic_side_effects, reason = "2^63 * 10^18 is far below 2^127")]
    pub const fn from_units(units: i64) -> Self {
        // 2^63 is below 1E20.
        Self(units as i128 * ONE)
    }

    /// 10^-18 of the unit.
    #[must_use]
    pub const fn get(self) -> i128 {
        self.0
    }

    /// Whether this is below 0.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The sum; `None` at 1E20 units or more.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).and_then(Self::new)
    }

    /// Reads `[+-]digits[.digits][E[+-]digits]`, white space around it allowed.
    ///
    /// # Errors
    /// `finding.bad_money` for another text, `finding.too_precise` for a digit other than 0 beyond 18 places,
    /// `finding.overflow` from 1E20 on.
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        let text = text.trim_matches(char::is_whitespace);
        let (negative, unsigned) = match text.as_bytes().first() {
            Some(b'-') => (true, text.get(1..).unwrap_or_default()),
            Some(b'+') => (false, text.get(1..).unwrap_or_default()),
            _ => (false, text),
        };
        let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
            Some(at) => {
                let tail = unsigned.get(at.saturating_add(1)..).unwrap_or_default();
                (unsigned.get(..at).unwrap_or_default(), exponent_of(tail)?)
            }
            None => (unsigned, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((_, "")) => return Err(AmountError::Grammar),
            Some(parts) => parts,
            None => (mantissa, ""),
        };
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) {
            return Err(AmountError::Grammar);
        }
        // Where the digit of 10^-18 stands, counted from the first digit; digits behind it must be 0.
        let places = i64::try_from(whole.len()).unwrap_or(i64::MAX);
        let last = places.saturating_add(exponent).saturating_add(i64::from(PLACES));
        let (mut value, mut read) = (0_i128, 0_i64);
        let (mut large, mut fine) = (false, false);
        for byte in whole.bytes().chain(fraction.bytes()) {
            let digit = i128::from(byte.wrapping_sub(b'0'));
            if read >= last {
                fine |= digit != 0;
            } else {
                value = value.saturating_mul(10).saturating_add(digit);
                large |= value >= LIMIT;
            }
            read = read.saturating_add(1);
        }
        if fine {
            return Err(AmountError::TooPrecise);
        }
        while value != 0 && read < last && !large {
            value = value.saturating_mul(10);
            large |= value >= LIMIT;
            read = read.saturating_add(1);
        }
        if large {
            return Err(AmountError::Overflow);
        }
        Ok(Self(if negative { value.saturating_neg() } else { value }))
    }

    /// The text without exponent and trailing zeros, appended to `out`.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        let mut digits = [b'0'; 40];
        let mut rest = self.0.unsigned_abs();
        let mut used = 0_usize;
        // Two halves of 64 bits: division of 128 bits is slow.
        const HALF: u128 = 1_000_000_000_000_000_000;
        let mut push = |mut part: u64, width: usize| {
            for _ in 0..width {
                if let Some(slot) = digits.get_mut(used) {
                    *slot = b'0'.wrapping_add(u8::try_from(part % 10).unwrap_or_default());
                }
                part /= 10;
                used = used.saturating_add(1);
            }
        };
        push(u64::try_from(rest % HALF).unwrap_or_default(), 18);
        rest /= HALF;
        // Below 1E20 units: the first 18 digits, then at most two more.
        push(u64::try_from(rest % HALF).unwrap_or_default(), 18);
        push(u64::try_from(rest / HALF).unwrap_or_default(), 4);
        if self.0 < 0 {
            out.push(b'-');
        }
        let (fraction, whole) = digits.split_at(18);
        let first = whole.iter().rposition(|digit| *digit != b'0').unwrap_or(0);
        out.extend(whole.iter().take(first.saturating_add(1)).rev());
        if let Some(last) = fraction.iter().position(|digit| *digit != b'0') {
            out.push(b'.');
            out.extend(fraction.iter().skip(last).rev());
        }
    }
}

/// The exponent; beyond 2^40 every one is as good as the next.
fn exponent_of(text: &str) -> Result<i64, AmountError> {
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, text.get(1..).unwrap_or_default()),
        Some(b'+') => (false, text.get(1..).unwrap_or_default()),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AmountError::Grammar);
    }
    const FAR: i64 = 1 << 40;
    let value = digits.bytes().fold(0_i64, |value, byte| {
        value.saturating_mul(10).saturating_add(i64::from(byte.wrapping_sub(b'0'))).min(FAR)
    });
    Ok(if negative { value.saturating_neg() } else { value })
}

impl fmt::Display for Attos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(40);
        self.write(&mut text);
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::Exact;
    use proptest::prelude::*;

    fn code(text: &str) -> &'static str {
        Attos::parse(text).map_or_else(AmountError::code, |_| "ok")
    }

    #[test]
    fn amounts_follow_the_grammar() {
        for (text, value) in [
            ("0", "0"),
            ("-0", "0"),
            ("+1.50", "1.5"),
            (" 12 ", "12"),
            ("1e3", "1000"),
            ("1.5E-3", "0.0015"),
            ("1.1000000000000000000", "1.1"),
            ("0.000000000000000001", "0.000000000000000001"),
            ("99999999999999999999.999999999999999999", "99999999999999999999.999999999999999999"),
            ("0e999999", "0"),
            ("0.00e-999999", "0"),
            ("00012", "12"),
            ("1000e-20", "0.00000000000000001"),
        ] {
            assert_eq!(Attos::parse(text).map(|amount| amount.to_string()), Ok(value.to_owned()), "{text}");
        }
        for text in ["", ".5", "5.", "1,000", "$1", "NaN", "Infinity", "0x1", "1e", "1e+", "--1", "١", "1 0"]
        {
            assert_eq!(code(text), "finding.bad_money", "{text}");
        }
        for text in [
            "100000000000000000000",
            "1e20",
            "1e999999",
            "-1e20",
            "999999999999999999999999999999999999999999",
        ] {
            assert_eq!(code(text), "finding.overflow", "{text}");
        }
        for text in ["0.0000000000000000001", "1e-19", "1e-999999", "1.0000000000000000001"] {
            assert_eq!(code(text), "finding.too_precise", "{text}");
        }
        assert_eq!(Attos::from_units(-3).to_string(), "-3");
        assert_eq!(Attos::from_units(i64::MAX).to_string(), "9223372036854775807");
    }

    proptest! {
        /// An amount reads back from its own text, and the text is the normal form.
        #[test]
        fn text_goes_there_and_back(high in -99_999_999_999_999_999_999_i128..=99_999_999_999_999_999_999, low in 0..ONE) {
            let part = if high < 0 { low.saturating_neg() } else { low };
            let amount = high.checked_mul(ONE).and_then(|whole| whole.checked_add(part)).and_then(Attos::new).unwrap();
            let text = amount.to_string();
            prop_assert_eq!(Attos::parse(&text), Ok(amount));
            prop_assert_eq!(Exact::parse(&text).map(|exact| exact.to_string()), Some(text));
        }

        /// No text panics.
        #[test]
        fn any_text_is_read_or_refused(text in "[+-]?[0-9]{0,45}[.]?[0-9]{0,25}([eE][+-]?[0-9]{0,6})?") {
            if let Ok(amount) = Attos::parse(&text) {
                prop_assert_eq!(Attos::parse(&amount.to_string()), Ok(amount));
            }
        }
    }
}
