//! Sums, exactly.

use super::{Digits, Exact, Exponent, parse, power};

/// The sum of two numbers of bounded length.
pub(super) fn add(a: &Exact, b: &Exact) -> Exact {
    if a.is_zero() {
        return b.clone();
    }
    if b.is_zero() {
        return a.clone();
    }
    add_small(a, b).unwrap_or_else(|| add_large(a, b))
}

/// Both aligned to the lower last digit in 128 bits, if they fit.
fn add_small(a: &Exact, b: &Exact) -> Option<Exact> {
    let (low_a, low_b) = (a.lowest()?, b.lowest()?);
    let lowest = low_a.min(low_b);
    let aligned = |value: &Exact, low: i64| {
        let Digits::Small(digits, count) = value.digits else { return None };
        let zeros = usize::try_from(low.checked_sub(lowest)?).ok()?;
        // One digit less than what fits leaves room for the carry.
        if usize::from(count).checked_add(zeros)? >= super::SMALL {
            return None;
        }
        let magnitude = i128::try_from(digits.checked_mul(power(zeros))?).ok()?;
        if value.negative { magnitude.checked_neg() } else { Some(magnitude) }
    };
    let sum = aligned(a, low_a)?.checked_add(aligned(b, low_b)?)?;
    Some(of_digits(sum < 0, sum.unsigned_abs().to_string().into_bytes(), lowest))
}

/// Column by column.
fn add_large(a: &Exact, b: &Exact) -> Exact {
    let (larger, smaller) = if a.cmp_magnitude(b).is_ge() { (a, b) } else { (b, a) };
    // Both are summable: their exponents are small.
    let lowest = larger.lowest().unwrap_or(0).min(smaller.lowest().unwrap_or(0));
    let (top, bottom) = (columns(larger, lowest), columns(smaller, lowest));
    let subtract = larger.negative != smaller.negative;
    let mut carry = 0_i8;
    let mut digits: Vec<u8> = Vec::with_capacity(top.len().saturating_add(1));
    for (index, digit) in top.iter().enumerate() {
        let other = bottom.get(index).copied().unwrap_or(0);
        let other = if subtract { other.wrapping_neg() } else { other };
        let sum = digit.wrapping_add(other).wrapping_add(carry);
        digits.push(u8::try_from(sum.rem_euclid(10)).unwrap_or(0).wrapping_add(b'0'));
        carry = sum.div_euclid(10);
    }
    if carry > 0 {
        digits.push(b'1');
    }
    digits.reverse();
    of_digits(larger.negative, digits, lowest)
}

/// The digits from the power of ten `lowest` upwards.
fn columns(value: &Exact, lowest: i64) -> Vec<i8> {
    let zeros = value.lowest().unwrap_or(lowest).saturating_sub(lowest);
    let zeros = std::iter::repeat_n(0_i8, usize::try_from(zeros).unwrap_or(0));
    let digits = value.ascii();
    zeros
        .chain(digits.iter().rev().map(|digit| i8::try_from(digit.wrapping_sub(b'0')).unwrap_or(0)))
        .collect()
}

/// The number of these digits, the last of which stands for ten to the power `lowest`.
fn of_digits(negative: bool, digits: Vec<u8>, lowest: i64) -> Exact {
    let significant: Vec<u8> = digits.into_iter().skip_while(|digit| *digit == b'0').collect();
    if significant.is_empty() {
        return Exact::ZERO;
    }
    let places = i64::try_from(significant.len()).unwrap_or(i64::MAX).saturating_sub(1);
    let exponent = Exponent::Small(lowest.saturating_add(places));
    Exact { negative, digits: parse::from_ascii(significant), exponent }
}
