//! The power of ten of the first digit, of any size.

use std::{
    cmp::Ordering,
    fmt::{self, Display, Formatter},
};

/// An integer; `Large` only if it does not fit `Small`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Exponent {
    /// Of 64 bits.
    Small(i64),
    /// Beyond, in ASCII without leading zeros.
    Large {
        /// Below zero.
        negative: bool,
        /// The magnitude.
        digits: Box<str>,
    },
}

impl Exponent {
    /// The integer of `digits`, which are ASCII digits, plus `offset`.
    pub(super) fn new(negative: bool, digits: &[u8], offset: i64) -> Self {
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        let digits = digits.get(zeros..).unwrap_or_default();
        // 18 digits and an offset of less than 2^62 fit 64 bits.
        if digits.len() <= 18 {
            let magnitude = digits.iter().fold(0_i64, |sum, digit| {
                sum.wrapping_mul(10).wrapping_add(i64::from(digit.wrapping_sub(b'0')))
            });
            let value = if negative { magnitude.wrapping_neg() } else { magnitude };
            return Self::Small(value.saturating_add(offset));
        }
        Self::sum(negative, digits, offset)
    }

    pub(super) fn plus(&self, offset: i64) -> Self {
        match self {
            Self::Small(value) => match value.checked_add(offset) {
                Some(sum) => Self::Small(sum),
                None => Self::sum(*value < 0, value.unsigned_abs().to_string().as_bytes(), offset),
            },
            Self::Large { negative, digits } => Self::sum(*negative, digits.as_bytes(), offset),
        }
    }

    pub(super) const fn is_negative(&self) -> bool {
        match self {
            Self::Small(value) => *value < 0,
            Self::Large { negative, .. } => *negative,
        }
    }

    /// Digit by digit; the magnitude is larger than the offset, so the sign stays.
    fn sum(negative: bool, digits: &[u8], offset: i64) -> Self {
        let mut carry = if negative { offset.saturating_neg() } else { offset };
        let mut reversed: Vec<u8> = Vec::with_capacity(digits.len().saturating_add(1));
        for digit in digits.iter().rev() {
            let sum = carry.saturating_add(i64::from(digit.wrapping_sub(b'0')));
            reversed.push(u8::try_from(sum.rem_euclid(10)).unwrap_or(0));
            carry = sum.div_euclid(10);
        }
        while carry > 0 {
            reversed.push(u8::try_from(carry.rem_euclid(10)).unwrap_or(0));
            carry = carry.div_euclid(10);
        }
        while reversed.last() == Some(&0) {
            reversed.pop();
        }
        let digits: String =
            reversed.iter().rev().map(|digit| char::from(digit.saturating_add(b'0'))).collect();
        let sign = if negative { "-" } else { "" };
        match format!("{sign}{digits}").parse() {
            Ok(value) => Self::Small(value),
            Err(_) => Self::Large { negative, digits: digits.into() },
        }
    }
}

impl Ord for Exponent {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |negative: &bool| if *negative { Ordering::Less } else { Ordering::Greater };
        match (self, other) {
            (Self::Small(a), Self::Small(b)) => a.cmp(b),
            (Self::Small(_), Self::Large { negative, .. }) => sign(negative).reverse(),
            (Self::Large { negative, .. }, Self::Small(_)) => sign(negative),
            (Self::Large { negative: a, digits: x }, Self::Large { negative: b, digits: y }) => {
                match (a, b) {
                    (false, true) => Ordering::Greater,
                    (true, false) => Ordering::Less,
                    (false, false) => x.len().cmp(&y.len()).then_with(|| x.cmp(y)),
                    (true, true) => y.len().cmp(&x.len()).then_with(|| y.cmp(x)),
                }
            }
        }
    }
}

impl PartialOrd for Exponent {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Display for Exponent {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Small(value) => value.fmt(f),
            Self::Large { negative, digits } => write!(f, "{}{digits}", if *negative { "-" } else { "" }),
        }
    }
}
