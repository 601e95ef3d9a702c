//! The largest remainder method (Hamilton) on integers: shares that add up.

use super::nanos::overflow;
use crate::error::Fault;
use std::cmp::Ordering;

/// Splits `total` in proportion to `weights` so that the parts add up to it: floor of the exact share each, then one
/// unit each to the largest remainders, ties to the smaller key. A negative total is split like its opposite. Linear in
/// the number of weights; `keys` are as many as `weights`.
///
/// ```
/// use finops_core::money::apportion_weights;
/// assert_eq!(apportion_weights(100, &[1, 1, 1], &["b", "a", "c"])?, [33, 34, 33]);
/// assert_eq!(apportion_weights(-1, &[1, 3], &[0, 1])?, [0, -1]);
/// # Ok::<(), finops_core::error::Fault>(())
/// ```
///
/// # Errors
/// `allocation.no_weights` when every weight is 0; `allocation.overflow` beyond 128 bits; `config.invalid` when there
/// are not as many keys as weights.
pub fn apportion_weights<K: Ord>(total: i128, weights: &[u128], keys: &[K]) -> Result<Vec<i128>, Fault> {
    if keys.len() != weights.len() {
        let problem = format!("{} keys for {} weights", keys.len(), weights.len());
        return Err(Fault::new("config.invalid", "keys", problem, "give one key a weight"));
    }
    let mut parts = vec![0; weights.len()];
    let key = |index: u32| usize::try_from(index).ok().and_then(|index| keys.get(index));
    Apportioner::default().split_by(total, weights, &mut parts, |a, b| key(a).cmp(&key(b)))?;
    Ok(parts)
}

/// The room that a split needs, kept from one split to the next.
#[derive(Debug, Default)]
pub(crate) struct Apportioner {
    rests: Vec<(u128, u32)>,
}

impl Apportioner {
    /// As [`apportion_weights`] with the positions as keys; `parts` has one place a weight.
    pub(crate) fn split(&mut self, total: i128, weights: &[u128], parts: &mut [i128]) -> Result<(), Fault> {
        self.split_by(total, weights, parts, |a, b| a.cmp(&b))
    }

    fn split_by(
        &mut self,
        total: i128,
        weights: &[u128],
        parts: &mut [i128],
        tie: impl Fn(u32, u32) -> Ordering,
    ) -> Result<(), Fault> {
        let sum =
            weights.iter().try_fold(0_u128, |sum, weight| sum.checked_add(*weight)).ok_or_else(overflow)?;
        if sum == 0 {
            return Err(no_weights());
        }
        let amount = total.unsigned_abs();
        self.rests.clear();
        self.rests.reserve(weights.len());
        let mut left = amount;
        for (index, (weight, part)) in (0_u32..).zip(weights.iter().zip(parts.iter_mut())) {
            let product = amount.checked_mul(*weight).ok_or_else(overflow)?;
            let (quotient, rest) = divide(product, sum);
            left = left.checked_sub(quotient).ok_or_else(overflow)?;
            *part = i128::try_from(quotient).map_err(|_| overflow())?;
            self.rests.push((rest, index));
        }
        let units = usize::try_from(left).map_err(|_| overflow())?;
        if let Some(last) = units.checked_sub(1) {
            let order = |a: &(u128, u32), b: &(u128, u32)| b.0.cmp(&a.0).then_with(|| tie(a.1, b.1));
            // Fewer units are left than there are weights: each remainder is below the sum of weights.
            if units < self.rests.len() {
                self.rests.select_nth_unstable_by(last, order);
            }
            for (_, index) in self.rests.iter().take(units) {
                let part = usize::try_from(*index).ok().and_then(|index| parts.get_mut(index));
                if let Some(part) = part {
                    *part = part.checked_add(1).ok_or_else(overflow)?;
                }
            }
        }
        if total < 0 {
            for part in parts {
                *part = part.checked_neg().ok_or_else(overflow)?;
            }
        }
        Ok(())
    }
}

/// Quotient and rest; the divisor is above 0. Most amounts fit 64 bits, where division is many times faster.
fn divide(product: u128, divisor: u128) -> (u128, u128) {
    if let (Ok(product), Ok(divisor)) = (u64::try_from(product), u64::try_from(divisor))
        && let (Some(quotient), Some(rest)) = (product.checked_div(divisor), product.checked_rem(divisor))
    {
        return (quotient.into(), rest.into());
    }
    let quotient = product.checked_div(divisor).unwrap_or_default();
    (quotient, product.wrapping_sub(quotient.wrapping_mul(divisor)))
}

fn no_weights() -> Fault {
    let problem = "an amount cannot be split: every weight is 0";
    Fault::new("allocation.no_weights", "weights", problem, "give at least one weight above 0")
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test's numbers are small")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_cannot_be_split_is_refused() {
        let code = |total, weights: &[u128]| {
            let keys: Vec<usize> = (0..weights.len()).collect();
            apportion_weights(total, weights, &keys).unwrap_err().code()
        };
        assert_eq!(code(1, &[0, 0]), "allocation.no_weights");
        assert_eq!(code(1, &[]), "allocation.no_weights");
        assert_eq!(code(2, &[u128::MAX]), "allocation.overflow");
        assert_eq!(code(1, &[u128::MAX, 1]), "allocation.overflow");
        assert_eq!(apportion_weights(1, &[1], &[0, 1]).unwrap_err().code(), "config.invalid");
    }

    proptest! {
        #[test]
        fn parts_add_up_and_stay_within_a_unit_of_the_exact_share(
            total in -1_000_000_000_000_i128..1_000_000_000_000, weights in prop::collection::vec(0_u128..1 << 60, 1..40),
        ) {
            let keys: Vec<usize> = (0..weights.len()).collect();
            let sum: u128 = weights.iter().sum();
            prop_assume!(sum > 0);
            let parts = apportion_weights(total, &weights, &keys).unwrap();
            prop_assert_eq!(parts.iter().sum::<i128>(), total);
            let sum = i128::try_from(sum).unwrap();
            for (part, weight) in parts.iter().zip(&weights) {
                let off = part * sum - total * i128::try_from(*weight).unwrap();
                prop_assert!(off.abs() < sum, "{part} of {weight}");
            }
        }

        #[test]
        fn the_order_of_the_rows_changes_nothing(
            total in 0_i128..1000, rows in prop::collection::vec((0_u128..4, any::<u16>()), 1..30), turn in 0_usize..30,
        ) {
            let mut rows = rows;
            rows.sort_by_key(|row| row.1);
            rows.dedup_by_key(|row| row.1);
            prop_assume!(rows.iter().any(|row| row.0 > 0));
            let split = |rows: &[(u128, u16)]| {
                let (weights, keys): (Vec<u128>, Vec<u16>) = rows.iter().copied().unzip();
                let parts = apportion_weights(total, &weights, &keys).unwrap();
                let mut parts: Vec<(u16, i128)> = keys.into_iter().zip(parts).collect();
                parts.sort_unstable();
                parts
            };
            let straight = split(&rows);
            let len = rows.len();
            rows.rotate_left(turn % len);
            prop_assert_eq!(straight, split(&rows));
        }
    }
}
