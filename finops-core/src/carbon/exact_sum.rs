//! Totals that do not depend on the order of their parts.

use super::CarbonError;

/// A total of f64 values that is the same in any order and grouping.
///
/// Each value times 2^64 is rounded half to even to an i128 and added exactly; the total reads back as i128 times
/// 2^-64. Totals merge, so shards and threads may be summed in any order.
///
/// ```
/// use finops_core::carbon::ExactSum;
/// let mut sum = ExactSum::default();
/// for _ in 0..10 {
///     sum.add(0.1)?;
/// }
/// assert_eq!(sum.value(), 1.0);
/// assert_eq!(sum.add(f64::NAN).unwrap_err().code(), "carbon.bad_number");
/// # Ok::<(), finops_core::carbon::CarbonError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExactSum(i128);

impl ExactSum {
    /// Adds `value`, which may be negative.
    ///
    /// # Errors
    /// `carbon.bad_number` when not finite, `carbon.total_overflow` beyond ±2^63. The total is then unchanged.
    #[inline]
    pub fn add(&mut self, value: f64) -> Result<(), CarbonError> {
        match whole(value).and_then(|value| self.0.checked_add(value)) {
            Some(sum) => {
                self.0 = sum;
                Ok(())
            }
            None => self.add_any(value),
        }
    }

    #[inline(never)]
    fn add_any(&mut self, value: f64) -> Result<(), CarbonError> {
        self.0 = self.0.checked_add(fixed(value)?).ok_or_else(overflow)?;
        Ok(())
    }

    /// Takes `value` back out.
    ///
    /// # Errors
    /// As [`ExactSum::add`].
    pub fn subtract(&mut self, value: f64) -> Result<(), CarbonError> {
        self.0 = self.0.checked_sub(fixed(value)?).ok_or_else(overflow)?;
        Ok(())
    }

    /// Adds the total `other`.
    ///
    /// # Errors
    /// `carbon.total_overflow`. The total is then unchanged.
    pub fn merge(&mut self, other: Self) -> Result<(), CarbonError> {
        self.0 = self.0.checked_add(other.0).ok_or_else(overflow)?;
        Ok(())
    }

    /// The f64 nearest to the total.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "rounding once, to nearest, is the definition")]
    pub fn value(self) -> f64 {
        // 2^-64 is a power of two: the product is exact.
        self.0 as f64 * (1.0 / 18_446_744_073_709_551_616.0)
    }

    /// The total as a whole number of 2^-64.
    #[must_use]
    pub const fn raw(self) -> i128 {
        self.0
    }

    /// The total that [`ExactSum::raw`] gave.
    #[must_use]
    pub const fn from_raw(raw: i128) -> Self {
        Self(raw)
    }
}

#[cold]
fn overflow() -> CarbonError {
    CarbonError::TotalOverflow { path: "total".to_owned() }
}

/// `value` × 2^64 for values from 2^-12 to 2^63, which need no rounding; `None` for all others.
#[inline]
fn whole(value: f64) -> Option<i128> {
    let bits = value.to_bits();
    // The sign bit makes negative values too large an exponent.
    let shift = (bits >> 52).wrapping_sub(1011);
    let mantissa = (bits & ((1 << 52) - 1)) | 1 << 52;
    if shift > 74 { None } else { Some(i128::from(mantissa) << shift) }
}

/// `value` × 2^64, half to even.
fn fixed(value: f64) -> Result<i128, CarbonError> {
    if !value.is_finite() {
        return Err(CarbonError::bad_number("value", value));
    }
    let bits = value.to_bits();
    let exponent = i64::from((bits >> 52) as u32 & 0x7ff);
    let fraction = i128::from(bits & ((1 << 52) - 1));
    // value = mantissa × 2^(exponent - 1075); a subnormal has no hidden bit and exponent 1.
    let (mantissa, exponent) = if exponent == 0 { (fraction, 1) } else { (fraction | 1 << 52, exponent) };
    let shift = exponent.saturating_sub(1075).saturating_add(64);
    let magnitude = if shift >= 0 {
        // The mantissa has 53 bits: up to 74 further ones leave the sign bit free.
        if shift > 74 && mantissa != 0 {
            return Err(overflow());
        }
        mantissa << shift.min(74)
    } else if shift < -54 {
        0
    } else {
        let right = shift.unsigned_abs();
        let floor = mantissa >> right;
        let rest = mantissa & ((1_i128 << right).wrapping_sub(1));
        let half = 1_i128 << right.saturating_sub(1);
        let up = rest > half || (rest == half && floor & 1 == 1);
        floor.saturating_add(i128::from(up))
    };
    Ok(if value.is_sign_negative() { magnitude.saturating_neg() } else { magnitude })
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the sums are exact by definition")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sum(values: &[f64]) -> ExactSum {
        let mut sum = ExactSum::default();
        values.iter().for_each(|v| sum.add(*v).unwrap());
        sum
    }

    #[test]
    fn the_fixed_point_is_rounded_half_to_even() {
        let unit = 2f64.powi(-64);
        for (value, raw) in [
            (0.0, 0),
            (-0.0, 0),
            (unit, 1),
            (unit / 2.0, 0),
            (unit * 1.5, 2),
            (unit * 2.5, 2),
            (-unit * 1.5, -2),
            (unit * 0.75, 1),
            (5e-324, 0),
            (1.0, 1 << 64),
        ] {
            assert_eq!(fixed(value).unwrap(), raw, "{value:e}");
            assert_eq!(sum(&[value]).raw(), raw, "{value:e}");
        }
        assert_eq!(fixed(2f64.powi(63)).unwrap_err().code(), "carbon.total_overflow");
        assert!(fixed(2f64.powi(62)).is_ok());
        let mut full = sum(&[2f64.powi(62)]);
        assert_eq!(full.add(2f64.powi(62)).unwrap_err().code(), "carbon.total_overflow");
        assert_eq!(full.value(), 2f64.powi(62), "a refused addition changes nothing");
    }

    proptest! {
        #[test]
        fn any_order_and_grouping_gives_the_same_bits(
            mut values in prop::collection::vec(-1e12_f64..1e12, 0..40), cut in 0_usize..40
        ) {
            let forwards = sum(&values);
            let (left, right) = values.split_at(cut.min(values.len()));
            let mut grouped = sum(right);
            grouped.merge(sum(left)).unwrap();
            values.sort_by(f64::total_cmp);
            prop_assert_eq!(forwards, grouped);
            prop_assert_eq!(forwards, sum(&values));
            prop_assert_eq!(ExactSum::from_raw(forwards.raw()).value().to_bits(), forwards.value().to_bits());
        }

        #[test]
        fn the_short_way_gives_what_the_long_way_does(bits: u64, exponent in 1000_u64..1100) {
            for value in [f64::from_bits(bits), f64::from_bits(bits & ((1 << 52) - 1) | exponent << 52)] {
                if let Some(raw) = whole(value) {
                    prop_assert_eq!(raw, fixed(value).unwrap());
                }
            }
        }

        #[test]
        fn what_was_added_can_be_taken_out(value in -1e12_f64..1e12, other in -1e12_f64..1e12) {
            let mut total = sum(&[value, other]);
            total.subtract(value).unwrap();
            prop_assert_eq!(total, sum(&[other]));
        }
    }
}
