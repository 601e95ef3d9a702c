//! Quantities as Kubernetes writes them: `500m`, `1.5Gi`, `12e6`.
//!
//! Grammar and canonical form: kubernetes/apimachinery `pkg/api/resource/quantity.go`. Where Kubernetes caps a value at
//! 2^63 - 1 silently, this reader refuses it.

use crate::error::{Fault, shorten};
use num_bigint::BigUint;
use std::{fmt, str::FromStr};

/// The largest magnitude in whole units (`quantity.go`: `maxAllowed`), in 1e-9 units.
const NANO_MAX: i128 = 9_223_372_036_854_775_807 * 1_000_000_000;
const NANO: i128 = 1_000_000_000;
/// 1,024 units.
const KIBI: u128 = 1024 * 1_000_000_000;
/// More letters than any value in range needs; it bounds the work for one text.
const TEXT_MAX: usize = 1000;

/// How a quantity was written, and so how it is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Powers of 1,000: `n u m k M G T P E`, or nothing.
    #[default]
    DecimalSi,
    /// Powers of 1,024: `Ki Mi Gi Ti Pi Ei`.
    BinarySi,
    /// `e` with an integer.
    DecimalExponent,
}

/// An amount of a resource in 1e-9 units, and the format it was written in.
///
/// ```
/// use finops_core::inventory::Quantity;
/// let memory: Quantity = "1.5Ki".parse()?;
/// assert_eq!((memory.nano(), memory.to_string().as_str()), (1_536_000_000_000, "1536"));
/// assert_eq!("1K".parse::<Quantity>().unwrap_err().code(), "quantity.invalid");
/// # Ok::<(), finops_core::error::Fault>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity {
    nano: i128,
    format: Format,
}

impl Quantity {
    /// `nano` times 1e-9 units; `None` beyond 2^63 - 1 units.
    #[must_use]
    pub const fn from_nano(nano: i128, format: Format) -> Option<Self> {
        if nano > NANO_MAX || nano < -NANO_MAX { None } else { Some(Self { nano, format }) }
    }

    /// The amount in 1e-9 units: nanocores, or bytes times 1e9.
    #[must_use]
    pub const fn nano(self) -> i128 {
        self.nano
    }

    /// How it was written.
    #[must_use]
    pub const fn format(self) -> Format {
        self.format
    }

    /// Whole units, rounded away from zero: bytes, devices, pods.
    #[must_use]
    pub fn whole(self) -> i64 {
        // In range by construction: the magnitude is at most 2^63 - 1 units.
        i64::try_from(div_away(self.nano, NANO)).unwrap_or(i64::MAX)
    }

    /// Whether the amount is below 0.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.nano < 0
    }

    /// The sum in the format of `self`; `None` beyond 2^63 - 1 units.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Self::from_nano(self.nano.checked_add(other.nano)?, self.format)
    }

    /// Reads an amount that may not be below 0: requests, limits, capacities.
    ///
    /// # Errors
    /// `quantity.negative`, and those of reading.
    pub fn parse_unsigned(text: &str) -> Result<Self, Fault> {
        let value: Self = text.parse()?;
        if value.is_negative() {
            let problem = format!("`{}` is below 0", shorten(text));
            return Err(Fault::new("quantity.negative", "", problem, "give 0 or more"));
        }
        Ok(value)
    }
}

impl FromStr for Quantity {
    type Err = Fault;

    /// Reads a quantity; finer than 1e-9 is rounded away from zero.
    ///
    /// # Errors
    /// `quantity.invalid` with the byte at which the text stops being one, `quantity.out_of_range` beyond 2^63 - 1.
    fn from_str(text: &str) -> Result<Self, Fault> {
        let invalid = |at: usize| {
            let problem = format!("`{}` is no quantity: byte {at} does not belong", shorten(text));
            Fault::new("quantity.invalid", "", problem, "write it as Kubernetes does, like `500m` or `1.5Gi`")
        };
        if text.len() > TEXT_MAX {
            return Err(invalid(TEXT_MAX));
        }
        let parts = Parts::split(text.as_bytes()).map_err(invalid)?;
        let range = || {
            let problem = format!("`{}` is beyond 9223372036854775807", shorten(text));
            Fault::new("quantity.out_of_range", "", problem, "give an amount of at most 2^63 - 1")
        };
        let nano = parts.nano().filter(|nano| *nano <= NANO_MAX).ok_or_else(range)?;
        Ok(Self { nano: if parts.negative { nano.saturating_neg() } else { nano }, format: parts.format })
    }
}

/// What the text of a quantity consists of: `digits * 10^ten * 2^two`.
struct Parts<'t> {
    negative: bool,
    whole: &'t [u8],
    fraction: &'t [u8],
    ten: i64,
    two: u32,
    format: Format,
}

impl<'t> Parts<'t> {
    /// The parts, or the first byte that does not belong.
    fn split(text: &'t [u8]) -> Result<Self, usize> {
        let digits = |from: usize| {
            let rest = text.get(from..).unwrap_or_default();
            let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            (rest.get(..count).unwrap_or_default(), from.saturating_add(count))
        };
        let start = usize::from(matches!(text.first(), Some(b'+' | b'-')));
        let (whole, mut at) = digits(start);
        let mut fraction: &[u8] = &[];
        if text.get(at) == Some(&b'.') {
            (fraction, at) = digits(at.saturating_add(1));
        }
        if whole.is_empty() && fraction.is_empty() {
            return Err(at.min(text.len()));
        }
        let suffix = text.get(at..).unwrap_or_default();
        let (ten, two, format) = match suffix {
            b"" => (0, 0, Format::DecimalSi),
            b"n" => (-9, 0, Format::DecimalSi),
            b"u" => (-6, 0, Format::DecimalSi),
            b"m" => (-3, 0, Format::DecimalSi),
            b"k" => (3, 0, Format::DecimalSi),
            b"M" => (6, 0, Format::DecimalSi),
            b"G" => (9, 0, Format::DecimalSi),
            b"T" => (12, 0, Format::DecimalSi),
            b"P" => (15, 0, Format::DecimalSi),
            b"E" => (18, 0, Format::DecimalSi),
            b"Ki" => (0, 10, Format::BinarySi),
            b"Mi" => (0, 20, Format::BinarySi),
            b"Gi" => (0, 30, Format::BinarySi),
            b"Ti" => (0, 40, Format::BinarySi),
            b"Pi" => (0, 50, Format::BinarySi),
            b"Ei" => (0, 60, Format::BinarySi),
            [b'e' | b'E', exponent @ ..] => {
                (exponent_of(exponent, at.saturating_add(1))?, 0, Format::DecimalExponent)
            }
            [b'K' | b'M' | b'G' | b'T' | b'P', b'i', ..] => return Err(at.saturating_add(2)),
            [b'n' | b'u' | b'm' | b'k' | b'M' | b'G' | b'T' | b'P', _, ..] => {
                return Err(at.saturating_add(1));
            }
            _ => return Err(at),
        };
        Ok(Self { negative: text.first() == Some(&b'-'), whole, fraction, ten, two, format })
    }

    /// The magnitude in 1e-9 units, rounded up; `None` when far out of range.
    fn nano(&self) -> Option<i128> {
        let significant = || self.whole.iter().chain(self.fraction).skip_while(|digit| **digit == b'0');
        let count = i64::try_from(significant().count()).ok()?;
        if count == 0 {
            return Some(0);
        }
        let ten = self.ten.checked_sub(i64::try_from(self.fraction.len()).ok()?)?.checked_add(9)?;
        // The value has `count + ten` digits before the point, times 2^two of at most 19 digits.
        let places = count.checked_add(ten)?;
        if places > 29 {
            return None;
        }
        if places < -20 {
            return Some(1);
        }
        if count <= 18 {
            let mantissa = significant().try_fold(0_u128, |value, digit| {
                value.checked_mul(10)?.checked_add(u128::from(digit.wrapping_sub(b'0')))
            })?;
            // Below 10^18 * 2^60 < 2^120.
            let scaled = mantissa.checked_shl(self.two)?;
            let power = |exponent: i64| 10_u128.checked_pow(u32::try_from(exponent).ok()?);
            let nano = match ten {
                0.. => scaled.checked_mul(power(ten)?)?,
                _ => match power(ten.checked_neg()?) {
                    Some(divisor) => scaled.div_ceil(divisor),
                    None => 1,
                },
            };
            return i128::try_from(nano).ok();
        }
        let digits: Vec<u8> = significant().copied().collect();
        long(&digits, ten, self.two)
    }
}

/// `digits * 2^two * 10^ten` rounded up, of more digits than a machine integer holds.
#[expect(clippy::arithmetic_side_effects, reason = "big integers grow; they do not overflow")]
fn long(digits: &[u8], ten: i64, two: u32) -> Option<i128> {
    let scaled = BigUint::parse_bytes(digits, 10)? << two;
    let power = BigUint::from(10_u8).pow(u32::try_from(ten.unsigned_abs()).ok()?);
    let nano = if ten >= 0 { scaled * power } else { (scaled + &power - 1_u8) / power };
    i128::try_from(nano).ok()
}

/// The signed integer of an exponent that starts at byte `at`, held within what any range check needs.
fn exponent_of(text: &[u8], at: usize) -> Result<i64, usize> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    let sign = text.len().saturating_sub(digits.len());
    let start = at.saturating_add(sign);
    if digits.is_empty() {
        return Err(start);
    }
    let mut value = 0_i64;
    for (place, digit) in digits.iter().enumerate() {
        if !digit.is_ascii_digit() {
            return Err(start.saturating_add(place));
        }
        value = value.saturating_mul(10).saturating_add(i64::from(digit.wrapping_sub(b'0'))).min(1_000_000);
    }
    Ok(if negative { value.saturating_neg() } else { value })
}

fn div_away(value: i128, by: i128) -> i128 {
    let (quotient, rest) = (value.checked_div(by).unwrap_or(0), value.checked_rem(by).unwrap_or(0));
    quotient.saturating_add(rest.signum())
}

impl fmt::Display for Quantity {
    /// The canonical form: the largest suffix that leaves an integer.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Below 1,024 or with a fraction, powers of 1,024 print as powers of 1,000 (`CanonicalizeBytes`).
        let whole = self.nano.checked_rem(NANO) == Some(0);
        let large = self.nano.unsigned_abs() >= KIBI;
        if self.format == Format::BinarySi && whole && large {
            let (units, thousands) = strip(self.nano.checked_div(NANO).unwrap_or(0), 1024, 6);
            let suffix = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].get(thousands).copied().unwrap_or_default();
            return write!(f, "{units}{suffix}");
        }
        let (units, thousands) = if self.nano == 0 { (0, 3) } else { strip(self.nano, 1000, 9) };
        if self.format == Format::DecimalExponent {
            let exponent = i64::try_from(thousands).unwrap_or(0).saturating_mul(3).saturating_sub(9);
            return if exponent == 0 { write!(f, "{units}") } else { write!(f, "{units}e{exponent}") };
        }
        let suffixes = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
        write!(f, "{units}{}", suffixes.get(thousands).copied().unwrap_or_default())
    }
}

/// `value` without its factors of `base`, and how many those were, at most `most`.
fn strip(mut value: i128, base: i128, most: usize) -> (i128, usize) {
    let mut count = 0;
    while count < most && value != 0 && value.checked_rem(base) == Some(0) {
        value = value.checked_div(base).unwrap_or(0);
        count = usize::saturating_add(count, 1);
    }
    (value, count)
}

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_sign_loss,
    reason = "values are within range by construction"
)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(text: &str) -> &'static str {
        text.parse::<Quantity>().map_or_else(|fault| fault.code(), |_| "ok")
    }

    #[test]
    fn a_refusal_names_the_byte() {
        for (text, byte) in [
            ("", 0),
            (" 1", 0),
            ("1K", 1),
            ("1kI", 2),
            ("0.1am", 3),
            (".", 1),
            ("+", 1),
            ("1e", 2),
            ("1e+", 3),
            ("1e3Ki", 3),
            ("1Mi ", 3),
            ("1mi", 2),
            ("1.5.0Gi", 3),
        ] {
            let fault = text.parse::<Quantity>().unwrap_err();
            assert_eq!(fault.code(), "quantity.invalid");
            let place = format!(": byte {byte} does not belong");
            assert!(fault.problem().ends_with(&place), "{text}: {}", fault.problem());
        }
        assert_eq!(code(&"9".repeat(1001)), "quantity.invalid");
    }

    #[test]
    fn the_range_ends_where_kubernetes_caps() {
        for text in ["9223372036854775807", "-9223372036854775807", "7.99Ei", "9.2E", "1e18", "0e1000000"] {
            assert_eq!(code(text), "ok", "{text}");
        }
        for text in ["9223372036854775807.000000001", "9223372036854775808", "8Ei", "1e99999999999", "1e19"] {
            assert_eq!(code(text), "quantity.out_of_range", "{text}");
        }
        assert_eq!(Quantity::parse_unsigned("-1m").unwrap_err().code(), "quantity.negative");
        assert_eq!(Quantity::parse_unsigned("-0").map(Quantity::nano), Ok(0));
    }

    #[test]
    fn finer_than_nano_rounds_away_from_zero() {
        let tiny = format!("0.{}1", "0".repeat(900));
        for (text, nano) in [
            ("0.9n", 1),
            ("1.1n", 2),
            ("-1.1n", -2),
            ("1e-1000000", 1),
            (tiny.as_str(), 1),
            ("1.0000000000000000000000000000", 1_000_000_000),
            ("1.0000000000000000000000000001", 1_000_000_001),
            ("0.00000000000000000000000001Ei", 12),
        ] {
            assert_eq!(text.parse::<Quantity>().unwrap().nano(), nano, "{text}");
        }
        assert_eq!("1.1".parse::<Quantity>().unwrap().whole(), 2);
        assert_eq!("-1n".parse::<Quantity>().unwrap().whole(), -1);
    }

    #[test]
    fn the_printed_form_is_that_of_kubectl() {
        for (text, printed) in [
            ("0", "0"),
            ("0Ki", "0"),
            ("0.5", "500m"),
            ("1.5Ki", "1536"),
            ("0.5Ki", "512"),
            ("1.5Gi", "1536Mi"),
            ("0.1Ki", "102400m"),
            ("2500e-3", "2500e-3"),
            ("12e6", "12e6"),
            ("1300e3", "1300e3"),
            ("1000Ki", "1000Ki"),
            ("1000k", "1M"),
            ("3.001n", "4n"),
            ("-1024Mi", "-1Gi"),
            ("15896872Ki", "15896872Ki"),
        ] {
            assert_eq!(text.parse::<Quantity>().unwrap().to_string(), printed, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(nano in -NANO_MAX..=NANO_MAX, zeros in 0_u32..27, format in 0..3) {
            let format = [Format::DecimalSi, Format::BinarySi, Format::DecimalExponent][format as usize];
            let step = 10_i128.pow(zeros);
            let quantity = Quantity::from_nano(nano / step * step, format).unwrap();
            prop_assert_eq!(quantity.to_string().parse::<Quantity>().unwrap().nano(), quantity.nano());
        }

        #[test]
        fn binary_forms_read_back(units in 1_i64..1 << 20, power in 0_u32..5) {
            let nano = i128::from(units) * 1024_i128.pow(power) * NANO;
            let quantity = Quantity::from_nano(nano, Format::BinarySi).unwrap();
            prop_assert_eq!(quantity.to_string().parse::<Quantity>().unwrap().nano(), nano);
        }

        /// The short way and the long way agree: leading zeros do not change the value.
        #[test]
        fn any_text_is_read_or_refused(text in r"[+-]?[0-9]{0,24}\.?[0-9]{0,24}(n|u|m|k|M|Gi|Ei|e-?[0-9]{1,3})?") {
            match text.parse::<Quantity>() {
                Ok(quantity) => {
                    prop_assert_eq!(quantity.to_string().parse::<Quantity>().unwrap().nano(), quantity.nano());
                }
                Err(fault) => prop_assert!(["quantity.invalid", "quantity.out_of_range"].contains(&fault.code())),
            }
        }
    }
}
