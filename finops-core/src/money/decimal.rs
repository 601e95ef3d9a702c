//! Numbers as people and JSON write them, read exactly.

use rust_decimal::Decimal;

/// Reads decimal text: optional sign, digits, one point, and an exponent (`2.5E-3`).
///
/// `None` when it is no finite number or has more digits than can be held exactly (28): nothing is rounded.
///
/// ```
/// use finops_core::money::decimal;
/// assert_eq!(decimal::parse("2.5E-3").unwrap().to_string(), "0.0025");
/// assert_eq!(decimal::parse("NaN"), None);
/// ```
#[must_use]
pub fn parse(text: &str) -> Option<Decimal> {
    let text = text.trim_ascii();
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        None => (text, 0),
        Some(at) => {
            let (mantissa, rest) = text.split_at(at);
            let digits = rest.get(1..)?;
            let digits = digits.strip_prefix('+').unwrap_or(digits);
            (mantissa, digits.parse::<i32>().ok()?)
        }
    };
    if !mantissa.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+')) {
        return None;
    }
    let value = Decimal::from_str_exact(mantissa).ok()?;
    scale10(value, exponent).map(|d| d.normalize())
}

/// The number whose shortest round-trip text is that of `value`: 0.1 is 0.1.
///
/// `None` for NaN, infinities and what 28 digits cannot hold.
///
/// ```
/// use finops_core::money::decimal;
/// assert_eq!(decimal::from_f64(0.1).unwrap().to_string(), "0.1");
/// assert_eq!(decimal::from_f64(f64::NAN), None);
/// ```
#[must_use]
pub fn from_f64(value: f64) -> Option<Decimal> {
    if !value.is_finite() {
        return None;
    }
    // `{:e}` is the shortest text that reads back as the same f64.
    parse(&format!("{value:e}"))
}

/// Plain text: no exponent, no trailing zeros, `0` and never `-0`.
#[must_use]
pub fn text(value: Decimal) -> String {
    let value = value.normalize();
    if value.is_zero() { "0".to_owned() } else { value.to_string() }
}

/// The f64 nearest to `value`.
#[must_use]
pub fn to_f64(value: Decimal) -> f64 {
    // The standard library's reader is correctly rounded; converting mantissa and scale apart is not.
    text(value).parse().unwrap_or(f64::NAN)
}

fn scale10(value: Decimal, exponent: i32) -> Option<Decimal> {
    if value.is_zero() {
        return Some(Decimal::ZERO);
    }
    let value = value.normalize();
    let scale = i64::from(value.scale()).checked_sub(i64::from(exponent))?;
    if scale >= 0 {
        return Decimal::try_from_i128_with_scale(value.mantissa(), u32::try_from(scale).ok()?).ok();
    }
    let factor = 10_i128.checked_pow(u32::try_from(scale.checked_neg()?).ok()?)?;
    Decimal::try_from_i128_with_scale(value.mantissa().checked_mul(factor)?, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_people_write() {
        for (input, expected) in [
            ("1", "1"),
            (" 0.03 ", "0.03"),
            ("2.5E-3", "0.0025"),
            ("1e3", "1000"),
            ("1E+2", "100"),
            ("-0.0", "0"),
            ("3.50", "3.5"),
            (".5", "0.5"),
        ] {
            assert_eq!(text(parse(input).unwrap()), expected, "{input}");
        }
        for input in ["", "NaN", "inf", "1e", "1e400", "0x10", "1_000", "1,5", "--1", "1e-40", "٣"] {
            assert_eq!(parse(input), None, "{input}");
        }
        assert_eq!(parse("0.00000000000000000000000000001"), None, "29 decimals are not rounded away");
    }

    proptest! {
        #[test]
        fn text_round_trips(mantissa in any::<i64>(), scale in 0_u32..20) {
            let value = Decimal::new(mantissa, scale).normalize();
            prop_assert_eq!(parse(&text(value)).unwrap(), value);
        }

        #[test]
        fn a_float_is_its_shortest_decimal(value in -1e12_f64..1e12) {
            if let Some(exact) = from_f64(value) {
                prop_assert_eq!(to_f64(exact).to_bits(), (value + 0.0).to_bits());
            }
        }
    }
}
