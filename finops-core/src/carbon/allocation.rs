//! Sharing the energy of a metered or modelled window over the requests that it served, `measured-window/1`.

use super::{CarbonError, ModelParams, Serving, TokenCounts, llm};
use rust_decimal::Decimal;

/// Energy of a prefill token over that of an output token when the model's parameters are not known: 390/1400 mWh per
/// 1,000 tokens, Magnus-Gille/claude-code-energy-monitor, rounded.
pub const PREFILL_WEIGHT: Decimal = Decimal::from_parts(28, 0, 0, false, 2);

/// Energy of a prefill token over that of an output token by the central values of `finops-llm/1`, to 9 decimals.
///
/// # Errors
/// `carbon.bad_number` when the ratio is no finite number.
pub fn prefill_weight(params: &ModelParams, serving: &Serving) -> Result<Decimal, CarbonError> {
    let ratio = llm::prefill_decode_ratio(params, serving);
    let exact = Decimal::from_f64_retain(ratio).ok_or_else(|| CarbonError::bad_number("params", ratio))?;
    Ok(exact.round_dp(9).normalize())
}

/// A window's energy, request by request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocation {
    /// Nanojoules of each request, in the order given.
    pub nanojoules: Vec<u64>,
    /// Nanojoules of no request: the whole of a window without tokens.
    pub unallocated: u64,
}

/// Shares `window` nanojoules over `requests` by weight: `prefill_weight`·(input + 0.08·cache_read + cache_write) +
/// output. The shares add up to the window: rounding goes to the largest remainders, ties to the earlier request.
///
/// ```
/// use finops_core::carbon::{TokenCounts, allocation::{allocate, PREFILL_WEIGHT}};
/// let shared = allocate(100, &[TokenCounts::new(0, 1), TokenCounts::new(0, 2)], PREFILL_WEIGHT)?;
/// assert_eq!(shared.nanojoules, [33, 67]);
/// # Ok::<(), finops_core::carbon::CarbonError>(())
/// ```
///
/// # Errors
/// `carbon.bad_number` for a negative weight or one of more than 9 decimals, `carbon.total_overflow` for more than some
/// 10^15 tokens.
pub fn allocate(
    window: u64,
    requests: &[TokenCounts],
    prefill_weight: Decimal,
) -> Result<Allocation, CarbonError> {
    let weights = weights(requests, prefill_weight)?;
    let overflow = || CarbonError::TotalOverflow { path: "requests".to_owned() };
    let total = weights.iter().try_fold(0_u128, |sum, w| sum.checked_add(*w)).ok_or_else(overflow)?;
    if total == 0 {
        return Ok(Allocation { nanojoules: vec![0; requests.len()], unallocated: window });
    }
    let mut nanojoules = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    for (index, weight) in weights.iter().enumerate() {
        let product = u128::from(window).checked_mul(*weight).ok_or_else(overflow)?;
        let share = product.checked_div(total).and_then(|share| u64::try_from(share).ok());
        nanojoules.push(share.ok_or_else(overflow)?);
        remainders.push((product.checked_rem(total).ok_or_else(overflow)?, index));
    }
    let shared = nanojoules.iter().fold(0_u64, |sum, share| sum.saturating_add(*share));
    let mut missing = window.saturating_sub(shared);
    remainders.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, index) in remainders {
        if missing == 0 {
            break;
        }
        if let Some(share) = nanojoules.get_mut(index) {
            *share = share.saturating_add(1);
            missing = missing.saturating_sub(1);
        }
    }
    Ok(Allocation { nanojoules, unallocated: 0 })
}

/// Weights as whole numbers: exact, over a common denominator, with their common divisor taken out.
fn weights(requests: &[TokenCounts], prefill_weight: Decimal) -> Result<Vec<u128>, CarbonError> {
    let weight = prefill_weight.normalize();
    let bad = || CarbonError::bad_number("prefill_weight", prefill_weight);
    let mantissa = u128::try_from(weight.mantissa()).map_err(|_| bad())?;
    if weight.scale() > 9 || mantissa > u128::from(u64::MAX) {
        return Err(bad());
    }
    let unit = 10_u128.checked_pow(weight.scale()).ok_or_else(bad)?;
    // Hundredths hold the 0.08 of cache reads.
    let (input, output) = (mantissa.checked_mul(100), unit.checked_mul(100));
    let (input, read, output) =
        (input.ok_or_else(bad)?, mantissa.checked_mul(8).ok_or_else(bad)?, output.ok_or_else(bad)?);
    let common = gcd(gcd(input, read), output).max(1);
    let part = |weight: u128| weight.checked_div(common).unwrap_or(weight);
    let (input, read, output) = (part(input), part(read), part(output));
    let of = |tokens: &TokenCounts| -> Option<u128> {
        let prefill = u128::from(tokens.input).checked_add(u128::from(tokens.cache_write))?;
        let prefill = prefill.checked_mul(input)?;
        let cached = u128::from(tokens.cache_read).checked_mul(read)?;
        prefill.checked_add(cached)?.checked_add(u128::from(tokens.output).checked_mul(output)?)
    };
    let overflow = || CarbonError::TotalOverflow { path: "requests".to_owned() };
    requests.iter().map(|tokens| of(tokens).ok_or_else(overflow)).collect()
}

fn gcd(a: u128, b: u128) -> u128 {
    let (mut a, mut b) = (a, b);
    while let Some(rest) = a.checked_rem(b) {
        (a, b) = (b, rest);
    }
    a
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "sums of small test data")]
mod tests {
    use super::*;
    use crate::carbon::Range;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn shares_add_up_to_the_window(
            window in 0..u64::MAX,
            counts in prop::collection::vec((0_u64..1_000_000, 0_u64..1_000_000, 0_u64..100_000), 0..20),
            weight in 0_i64..1000,
        ) {
            let requests: Vec<TokenCounts> = counts
                .iter()
                .map(|(input, cache_read, output)| TokenCounts { cache_read: *cache_read, ..TokenCounts::new(*input, *output) })
                .collect();
            let shared = allocate(window, &requests, Decimal::new(weight, 2)).unwrap();
            let sum: u128 = shared.nanojoules.iter().map(|n| u128::from(*n)).sum();
            prop_assert_eq!(sum + u128::from(shared.unallocated), u128::from(window));
        }

        #[test]
        fn who_used_more_gets_no_less(window in 0..u64::MAX, a in 0_u64..1_000_000, b in 0_u64..1_000_000) {
            let shared = allocate(window, &[TokenCounts::new(0, a), TokenCounts::new(0, a + b)], PREFILL_WEIGHT).unwrap();
            if a + b > 0 && b > 0 {
                prop_assert!(shared.nanojoules[0] <= shared.nanojoules[1]);
            }
        }
    }

    #[test]
    fn a_known_model_has_its_own_weight() {
        let size = Range::point(70.0);
        let params = ModelParams::new(size, size).unwrap();
        let weight = prefill_weight(&params, &Serving::default()).unwrap();
        assert!(weight > Decimal::ZERO && weight < Decimal::ONE && weight.scale() <= 9, "{weight}");
    }

    #[test]
    fn a_window_without_tokens_stays_unallocated() {
        let idle = allocate(999, &[TokenCounts::default()], PREFILL_WEIGHT).unwrap();
        assert_eq!((idle.nanojoules, idle.unallocated), (vec![0], 999));
        assert_eq!(allocate(1, &[], Decimal::new(-1, 0)).unwrap_err().code(), "carbon.bad_number");
    }
}
