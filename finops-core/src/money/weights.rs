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
    short: Vec<(u64, u32)>,
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
        let left = match (u64::try_from(amount), u64::try_from(sum)) {
            (Ok(amount), Ok(sum)) => self.divide_short(amount, sum, weights, parts),
            _ => None,
        };
        if let Some(left) = left {
            give(left.into(), &mut self.short, parts, tie)?;
        } else {
            let left = self.divide_long(amount, sum, weights, parts)?;
            give(left, &mut self.rests, parts, tie)?;
        }
        if total < 0 {
            for part in parts {
                *part = part.checked_neg().ok_or_else(overflow)?;
            }
        }
        Ok(())
    }

    /// Quotients and rests where amount and sum have 64 bits; what is left of the amount. Every weight is within the sum.
    fn divide_short(&mut self, amount: u64, sum: u64, weights: &[u128], parts: &mut [i128]) -> Option<u64> {
        let divisor = Divisor::new(sum)?;
        self.short.clear();
        self.short.reserve(weights.len());
        let mut left = amount;
        for (index, (weight, part)) in (0_u32..).zip(weights.iter().zip(parts.iter_mut())) {
            let (quotient, rest) = divisor.divide(amount, u64::try_from(*weight).ok()?);
            left = left.checked_sub(quotient)?;
            *part = quotient.into();
            self.short.push((rest, index));
        }
        Some(left)
    }

    fn divide_long(
        &mut self,
        amount: u128,
        sum: u128,
        weights: &[u128],
        parts: &mut [i128],
    ) -> Result<u128, Fault> {
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
        Ok(left)
    }
}

/// Gives the units that are left to the largest rests, one each.
fn give<R: Ord>(
    left: u128,
    rests: &mut [(R, u32)],
    parts: &mut [i128],
    tie: impl Fn(u32, u32) -> Ordering,
) -> Result<(), Fault> {
    let units = usize::try_from(left).map_err(|_| overflow())?;
    let Some(last) = units.checked_sub(1) else { return Ok(()) };
    let order = |a: &(R, u32), b: &(R, u32)| b.0.cmp(&a.0).then_with(|| tie(a.1, b.1));
    // Fewer units are left than there are weights: each remainder is below the sum of weights.
    if units < rests.len() {
        rests.select_nth_unstable_by(last, order);
    }
    for (_, index) in rests.iter().take(units) {
        let part = usize::try_from(*index).ok().and_then(|index| parts.get_mut(index));
        if let Some(part) = part {
            *part = part.checked_add(1).ok_or_else(overflow)?;
        }
    }
    Ok(())
}

/// A divisor of 64 bits that divides many products: by its reciprocal (Möller and Granlund, "Improved division by
/// invariant integers", IEEE Transactions on Computers 60, 2011, algorithm 4), some ten times as fast as 128-bit division.
struct Divisor {
    /// The divisor with its highest bit set.
    shifted: u64,
    shift: u32,
    /// `floor((2^128 - 1) / shifted) - 2^64`.
    reciprocal: u64,
}

impl Divisor {
    /// `None` of 0.
    fn new(divisor: u64) -> Option<Self> {
        let shift = divisor.leading_zeros();
        let shifted = divisor.checked_shl(shift)?;
        let whole = u128::MAX.checked_div(shifted.into())?;
        let reciprocal = u64::try_from(whole.wrapping_sub(1 << 64)).ok()?;
        Some(Self { shifted, shift, reciprocal })
    }

    /// Quotient and rest of `amount * weight`; the weight is at most the divisor, so that the quotient has 64 bits.
    fn divide(&self, amount: u64, weight: u64) -> (u64, u64) {
        let product = u128::from(amount).wrapping_mul(weight.wrapping_shl(self.shift).into());
        let (upper, lower) = halves(product);
        let (mut quotient, fraction) =
            halves(u128::from(self.reciprocal).wrapping_mul(upper.into()).wrapping_add(product));
        quotient = quotient.wrapping_add(1);
        let mut rest = lower.wrapping_sub(quotient.wrapping_mul(self.shifted));
        if rest > fraction {
            quotient = quotient.wrapping_sub(1);
            rest = rest.wrapping_add(self.shifted);
        }
        if rest >= self.shifted {
            quotient = quotient.wrapping_add(1);
            rest = rest.wrapping_sub(self.shifted);
        }
        (quotient, rest.wrapping_shr(self.shift))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "each half has 64 bits")]
const fn halves(product: u128) -> (u64, u64) {
    (product.wrapping_shr(64) as u64, product as u64)
}

/// Quotient and rest; the divisor is above 0.
fn divide(product: u128, divisor: u128) -> (u128, u128) {
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

    /// Numbers of every length, and those at its edges.
    fn bits() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0_u32..64, 0_u8..4).prop_map(|(number, shift, edge)| match edge {
            0 => u64::MAX >> shift,
            1 => 1 << shift,
            _ => number >> shift,
        })
    }

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
        fn a_reciprocal_divides_as_division_does(amount in bits(), divisor in bits(), weight in bits()) {
            prop_assume!(divisor > 0);
            let weight = if weight > divisor { weight % divisor } else { weight };
            let product = u128::from(amount) * u128::from(weight);
            let (quotient, rest) = Divisor::new(divisor).unwrap().divide(amount, weight);
            prop_assert_eq!((u128::from(quotient), u128::from(rest)), divide(product, divisor.into()));
        }

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
