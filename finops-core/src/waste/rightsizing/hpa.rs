//! A request and the utilisation target of its horizontal autoscaler change together or not at all.
//!
//! A lower request alone raises utilisation, and so the number of replicas: repeated runs would ratchet the request down
//! (robusta-dev/krr pull request 80: 1, .8, .64 cores).

use super::{Resource, round};

/// The highest utilisation target that is proposed, in percent.
const TARGET_MAX: u64 = 95;

/// A request and a target that keep the number of replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// Nanocores.
    pub request: u64,
    /// Percent of the request.
    pub target: u64,
}

/// The pair for a lower `recommendation`; `None` where nothing below the present `request` keeps the number of replicas.
#[must_use]
pub fn pair(request: u64, recommendation: u64, target: u64) -> Option<Pair> {
    let work = u128::from(target).checked_mul(u128::from(request))?;
    let wanted = u64::try_from(
        work.checked_add(u128::from(recommendation).checked_sub(1)?)?
            .checked_div(u128::from(recommendation))?,
    )
    .ok()?;
    let pair = if wanted <= TARGET_MAX {
        Pair { request: recommendation, target: wanted }
    } else {
        Pair { request: round::ceil(Resource::Cpu, work, u128::from(TARGET_MAX)), target: TARGET_MAX }
    };
    (pair.request < request).then_some(pair)
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "small numbers of tests")]
mod tests {
    use super::*;
    use crate::waste::rightsizing::round::MILLICORE;
    use proptest::prelude::*;

    #[test]
    fn a_target_above_95_raises_the_request() {
        let m = MILLICORE;
        assert_eq!(pair(1000 * m, 800 * m, 60), Some(Pair { request: 800 * m, target: 75 }));
        assert_eq!(pair(1000 * m, 400 * m, 70), Some(Pair { request: 737 * m, target: 95 }));
        assert_eq!(pair(1000 * m, 900 * m, 95), None);
        assert_eq!(pair(1000 * m, 0, 60), None, "a recommendation of nothing is none");
    }

    proptest! {
        #[test]
        fn no_pair_asks_for_more_replicas(request in 20_u64..100_000, share in 1_u64..100, target in 1_u64..=95) {
            let recommendation = (request * share).div_ceil(100).max(10);
            if let Some(pair) = pair(request * MILLICORE, recommendation * MILLICORE, target) {
                prop_assert!(pair.target <= TARGET_MAX && pair.request < request * MILLICORE);
                // Work that a replica takes before it is scaled: never less than before.
                prop_assert!(u128::from(pair.target) * u128::from(pair.request) >= u128::from(target) * u128::from(request * MILLICORE));
            }
        }
    }
}
