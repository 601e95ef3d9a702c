//! Numbers at the border: what a binary double becomes, and which strings are decimals.

use super::{CanonicalError, INTEGER_MAX, Refusal};
use serde_json::Value;

/// A binary double as a canonical value: an integer when it is integral and safe, else the decimal string of its
/// shortest digits that read back to it, without exponent. Python and Node do the same, so all three give equal bytes.
///
/// # Errors
/// `ledger.canonical.not_finite`.
///
/// ```
/// use finops_ledger::event::canonical::border_number;
///
/// assert_eq!(border_number(2.0)?, 2);
/// assert_eq!(border_number(1e-7)?, "0.0000001");
/// # Ok::<(), finops_ledger::event::canonical::CanonicalError>(())
/// ```
pub fn border_number(number: f64) -> Result<Value, CanonicalError> {
    if !number.is_finite() {
        return Err(CanonicalError::here(Refusal::NotFinite));
    }
    // Rust writes the shortest digits that read back, never an exponent, and an integral double without a fraction.
    let text = number.to_string();
    match text.parse::<i64>() {
        Ok(integer) if integer.unsigned_abs() <= INTEGER_MAX.unsigned_abs() => Ok(Value::from(integer)),
        _ => Ok(Value::from(text)),
    }
}

/// Is `text` a decimal in normal form: `^-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?$` and not `-0`?
///
/// ```
/// use finops_ledger::event::canonical::is_decimal;
///
/// assert!(is_decimal("-0.5"));
/// assert!(!is_decimal("0.50"));
/// ```
#[must_use]
pub fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (unsigned, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(|fraction| digits(fraction) && !fraction.ends_with('0'))
        && text != "-0"
}
