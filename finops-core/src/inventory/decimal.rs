//! Decimal text to integer units, without a float in between.

use crate::money::div_half_even;
use rust_decimal::Decimal;

/// Why text gives no integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Irregular {
    /// `NaN`.
    NotANumber,
    /// `+Inf`, `-Inf`, or beyond what 64 bits hold.
    TooLarge,
    /// No decimal number.
    Invalid,
}

/// `text * 10^scale` rounded half-even, exactly: `1.5e-05` at scale 9 is 15,000.
pub(super) fn scaled(text: &[u8], scale: i64) -> Result<i64, Irregular> {
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let (mut mantissa, mut kept, mut sticky) = (0_u64, 0_u32, false);
    // Digits after the point, less digits that were dropped before it.
    let (mut places, mut point, mut digits) = (0_i64, false, false);
    let mut rest = text.iter();
    let mut exponent = None;
    for byte in rest.by_ref() {
        match byte {
            b'0'..=b'9' => {
                digits = true;
                let digit = byte.wrapping_sub(b'0');
                if kept < 19 {
                    // Below 10^19, which 64 bits hold.
                    mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
                    kept = kept.saturating_add(u32::from(mantissa != 0));
                    places = places.saturating_add(i64::from(point));
                } else {
                    sticky |= digit != 0;
                    places = places.saturating_sub(i64::from(!point));
                }
            }
            b'.' if !point => point = true,
            b'e' | b'E' if digits => {
                exponent = Some(exponent_of(rest.as_slice()).ok_or(Irregular::Invalid)?);
                break;
            }
            _ => return Err(special(text)),
        }
    }
    if !digits {
        return Err(special(text));
    }
    let shift = scale.saturating_add(exponent.unwrap_or(0)).saturating_sub(places);
    let value = shifted(mantissa, shift, sticky).ok_or(Irregular::TooLarge)?;
    let value = i64::try_from(value).map_err(|_| Irregular::TooLarge)?;
    Ok(if negative { value.saturating_neg() } else { value })
}

fn shifted(mantissa: u64, shift: i64, sticky: bool) -> Option<u64> {
    if mantissa == 0 {
        return Some(0);
    }
    let power = u32::try_from(shift.unsigned_abs()).ok().and_then(|power| 10_u64.checked_pow(power));
    if shift >= 0 {
        return mantissa.checked_mul(power?);
    }
    // No power beyond 10^19 fits, and any 64-bit number is less than half of one.
    let Some(power) = power else { return Some(0) };
    let (whole, rest) = (mantissa.checked_div(power)?, mantissa.checked_rem(power)?);
    let up = match rest.cmp(&power.saturating_sub(rest)) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => sticky || whole & 1 == 1,
    };
    whole.checked_add(u64::from(up))
}

fn special(text: &[u8]) -> Irregular {
    if text.eq_ignore_ascii_case(b"nan") {
        Irregular::NotANumber
    } else if text.eq_ignore_ascii_case(b"inf") || text.eq_ignore_ascii_case(b"infinity") {
        Irregular::TooLarge
    } else {
        Irregular::Invalid
    }
}

fn exponent_of(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    if digits.is_empty() {
        return None;
    }
    let value = digits.iter().try_fold(0_i64, |value, byte| {
        let digit = byte.is_ascii_digit().then(|| i64::from(byte.wrapping_sub(b'0')))?;
        Some(value.saturating_mul(10).saturating_add(digit).min(1_000_000))
    })?;
    Some(if negative { value.saturating_neg() } else { value })
}

/// `value * 10^scale` rounded half-even; `None` beyond 128 bits.
pub(super) fn scaled_decimal(value: Decimal, scale: u32) -> Option<i128> {
    let value = value.normalize();
    match scale.checked_sub(value.scale()) {
        Some(up) => value.mantissa().checked_mul(10_i128.checked_pow(up)?),
        None => div_half_even(value.mantissa(), 10_i128.checked_pow(value.scale().saturating_sub(scale))?),
    }
}

/// `value / 10^places` as plain text without trailing zeros.
pub(super) fn text(value: i128, places: u32) -> String {
    let digits = value.unsigned_abs().to_string();
    let width = usize::try_from(places).unwrap_or(0);
    let padded = format!("{digits:0>width$}", width = width.saturating_add(1));
    let (whole, fraction) = padded.split_at(padded.len().saturating_sub(width));
    let fraction = fraction.trim_end_matches('0');
    let sign = if value < 0 { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decimals_are_read_exactly() {
        for (text, scale, value) in [
            ("0.25", 9, 250_000_000),
            ("1.5e-05", 9, 15_000),
            ("4.294967296e+09", 0, 4_294_967_296),
            ("1048576.5", 0, 1_048_576),
            ("1048577.5", 0, 1_048_578),
            ("37.5", 4, 375_000),
            ("-0.5", 0, 0),
            ("-1.5", 0, -2),
            ("5e-1", 0, 0),
            ("5.00000000000000000000000000001e-1", 0, 1),
            ("0.0000000000000000000000000000001e31", 0, 1),
            ("9223372036854775807", 0, i64::MAX),
            ("1e-999999999999", 9, 0),
            ("0e999999999999", 9, 0),
            (".5", 1, 5),
            ("5.", 1, 50),
            ("+1", 0, 1),
        ] {
            assert_eq!(scaled(text.as_bytes(), scale), Ok(value), "{text}");
        }
        for (text, why) in [
            ("NaN", Irregular::NotANumber),
            ("+Inf", Irregular::TooLarge),
            ("-Inf", Irregular::TooLarge),
            ("9223372036854775808", Irregular::TooLarge),
            ("1e300", Irregular::TooLarge),
            ("", Irregular::Invalid),
            (".", Irregular::Invalid),
            ("1e", Irregular::Invalid),
            ("1.2.3", Irregular::Invalid),
            ("1 ", Irregular::Invalid),
            ("0x1", Irregular::Invalid),
        ] {
            assert_eq!(scaled(text.as_bytes(), 0), Err(why), "{text}");
        }
        assert_eq!(
            (text(-1_500, 3), text(5, 9), text(0, 9)),
            ("-1.5".into(), "0.000000005".into(), "0".into())
        );
    }

    proptest! {
        #[test]
        fn text_reads_back(value in any::<i64>(), places in 0_u32..12) {
            prop_assert_eq!(scaled(text(value.into(), places).as_bytes(), places.into()).ok(), (value != i64::MIN).then_some(value));
        }

        #[test]
        fn both_ways_agree(whole in 0_u64..1_000_000_000, fraction in "[0-9]{1,15}", scale in 0_u32..10) {
            let text = format!("{whole}.{fraction}");
            let decimal = crate::money::decimal::parse(&text).unwrap();
            prop_assert_eq!(scaled(text.as_bytes(), scale.into()).ok().map(i128::from), scaled_decimal(decimal, scale));
        }
    }
}
