//! From text to digits and exponent.

use super::{Digits, Exact, Exponent, SMALL};

/// Whether `text` is a decimal string of the policy specification, section 2: no exponent, no sign but `-`.
pub(super) fn is_decimal_string(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let mut parts = text.splitn(2, |byte| *byte == b'.');
    let whole = parts.next().unwrap_or_default();
    let digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    digits(whole) && (whole.len() == 1 || whole.first() != Some(&b'0')) && parts.next().is_none_or(digits)
}

/// The value of a text that follows the grammar of a JSON number.
pub(super) fn decimal(text: &[u8]) -> Exact {
    let (negative, text) = text.strip_prefix(b"-").map_or((false, text), |text| (true, text));
    if let Some((digits, count, first)) = short(text) {
        return Exact {
            negative,
            digits: Digits::Small(digits.into(), count),
            exponent: Exponent::Small(first),
        };
    }
    let mut scan = Scan::default();
    let mut bytes = text.iter();
    for byte in bytes.by_ref() {
        match byte {
            b'.' => scan.point = true,
            b'e' | b'E' => break,
            digit => scan.digit(digit.wrapping_sub(b'0')),
        }
    }
    let exponent = bytes.as_slice();
    if scan.count == 0 {
        return Exact { negative, ..Exact::ZERO };
    }
    let first = scan.first();
    let exponent = match exponent {
        [] => Exponent::Small(first),
        [b'-', digits @ ..] => Exponent::new(true, digits, first),
        [b'+', digits @ ..] | digits => Exponent::new(false, digits, first),
    };
    let digits = if scan.count > SMALL { many(text) } else { scan.digits() };
    Exact { negative, digits, exponent }
}

/// Digits, their count and the power of ten of the first, of a text without exponent that fits 64 bits: nearly all are.
fn short(text: &[u8]) -> Option<(u64, u8, i64)> {
    if text.len() > 19 {
        return None;
    }
    let (mut digits, mut fraction, mut point) = (0_u64, 0_i64, false);
    for byte in text {
        match byte {
            b'.' => point = true,
            b'0'..=b'9' => {
                digits = digits.wrapping_mul(10).wrapping_add(u64::from(byte.wrapping_sub(b'0')));
                fraction = fraction.wrapping_add(i64::from(point));
            }
            _ => return None,
        }
    }
    let last = digits.checked_ilog10()?;
    let mut count = u8::try_from(last).ok()?.wrapping_add(1);
    while digits.is_multiple_of(10) {
        (digits, count) = (digits.wrapping_div(10), count.wrapping_sub(1));
    }
    Some((digits, count, i64::from(last).wrapping_sub(fraction)))
}

#[derive(Default)]
struct Scan {
    point: bool,
    /// Digits from the first that is not zero on.
    count: usize,
    /// Those of them before the point.
    whole: i64,
    /// Zeros after the point, before the first digit that is not zero.
    zeros: i64,
    /// The first 19 digits: they fit 64 bits, which are several times cheaper than 128.
    high: u64,
    low: u64,
}

impl Scan {
    fn digit(&mut self, digit: u8) {
        if self.count == 0 && digit == 0 {
            self.zeros = self.zeros.wrapping_add(i64::from(self.point));
            return;
        }
        self.count = self.count.wrapping_add(1);
        self.whole = self.whole.wrapping_add(i64::from(!self.point));
        // Beyond SMALL digits the two are not read.
        let part = if self.count <= 19 { &mut self.high } else { &mut self.low };
        *part = part.wrapping_mul(10).wrapping_add(u64::from(digit));
    }

    const fn first(&self) -> i64 {
        if self.whole > 0 { self.whole.wrapping_sub(1) } else { self.zeros.wrapping_add(1).wrapping_neg() }
    }

    fn digits(&self) -> Digits {
        let (mut digits, mut count) = (u128::from(self.high), self.count);
        if count > 19 {
            digits = digits.wrapping_mul(super::power(count.wrapping_sub(19))).wrapping_add(self.low.into());
            while digits.is_multiple_of(10) {
                (digits, count) = (digits.wrapping_div(10), count.wrapping_sub(1));
            }
        } else {
            let mut short = self.high;
            while short.is_multiple_of(10) {
                (short, count) = (short.wrapping_div(10), count.wrapping_sub(1));
            }
            digits = short.into();
        }
        Digits::Small(digits, u8::try_from(count).unwrap_or(u8::MAX))
    }
}

/// Digits of any count.
fn many(text: &[u8]) -> Digits {
    let end = text.iter().position(|byte| matches!(byte, b'e' | b'E')).unwrap_or(text.len());
    let digits = text.iter().take(end).filter(|byte| **byte != b'.').copied();
    from_ascii(digits.skip_while(|digit| *digit == b'0').collect())
}

/// Digits without leading zeros, in ASCII; trailing zeros are dropped.
pub(super) fn from_ascii(mut digits: Vec<u8>) -> Digits {
    while digits.last() == Some(&b'0') {
        digits.pop();
    }
    match u8::try_from(digits.len()) {
        Ok(count) if usize::from(count) <= SMALL => {
            let value = digits.iter().fold(0_u128, |sum, digit| {
                sum.wrapping_mul(10).wrapping_add(u128::from(digit.wrapping_sub(b'0')))
            });
            Digits::Small(value, count)
        }
        _ => Digits::Large(digits.into()),
    }
}
