//! A price that stands for a while: decided at one call, applied to those that follow.

use super::{Call, Charge, CostPolicy, Prepared, PriceSource, TokenCost, select};
use crate::{
    time::Timestamp,
    usage::{TextUsage, Usage},
};

/// The catalogue's price of calls of one name that ask for nothing special, and the time in which it stands.
///
/// ```
/// use finops_core::{cost::{Call, CostPolicy}, time::Timestamp, usage::{TextUsage, Usage}};
/// let (policy, usage) = (CostPolicy::new(), Usage::new(1000, 500));
/// let at: Timestamp = "2026-11-01T12:00:00Z".parse()?;
/// let call = Call::new("gpt-4o", &usage, at);
/// let standing = policy.standing(&call, &policy.charge(&call)?).unwrap();
/// let cost = standing.price(&TextUsage::new(1000, 500), at).unwrap();
/// assert_eq!((cost.input, cost.output), (2_500_000_000, 5_000_000_000));
/// assert!(standing.price(&TextUsage::new(1000, 500), "2020-01-01T00:00:00Z".parse()?).is_none());
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Standing {
    prepared: Prepared,
    /// Milliseconds since 1970, half-open.
    from: i64,
    to: i64,
}

impl CostPolicy {
    /// The price that `charge`, made of `call` by this policy, had, where calls of the same model and provider have it
    /// too. `None` where more than tokens and time decides.
    #[must_use]
    pub fn standing(&self, call: &Call<'_>, charge: &Charge) -> Option<Standing> {
        let by_row = charge.source == PriceSource::Catalogue && charge.parts.is_none();
        if !by_row || !self.is_standard(call) {
            return None;
        }
        let (from, to) = select::stands(self.catalogue.table(), charge.listed.offering, call.at)?;
        let none = Usage::default();
        let plain = Call { provider: call.provider, ..Call::new(call.model, &none, call.at) };
        Some(Standing { prepared: self.prepare(&plain), from, to })
    }
}

impl Standing {
    /// Exactly what [`CostPolicy::charge`] would find for such a call of `usage` that ended at `at`; `None` where it
    /// must be asked.
    #[must_use]
    #[inline]
    pub fn price(&self, usage: &TextUsage, at: Timestamp) -> Option<TokenCost> {
        if self.covers(at) { self.prepared.price_text(usage) } else { None }
    }

    /// Whether the price stands at `at`.
    #[must_use]
    #[inline]
    pub const fn covers(&self, at: Timestamp) -> bool {
        at.ms() >= self.from && at.ms() < self.to
    }

    /// The price as it stands at any instant that it covers, of calls of whatever duration.
    #[must_use]
    pub fn into_prepared(self) -> Prepared {
        self.prepared
    }

    /// How many prices there are.
    #[must_use]
    pub const fn cases(&self) -> usize {
        self.prepared.cases()
    }

    /// What all calls of that price have in common: see [`Prepared::charge`].
    #[must_use]
    pub fn charge(&self, case: usize) -> Option<&Charge> {
        self.prepared.charge(case)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "tests stop on an overflow")]

    use super::*;
    use crate::{money::Picodollars, price::Catalogue, time::DurationNs};
    use proptest::prelude::*;

    fn tokens() -> impl Strategy<Value = u64> {
        prop_oneof![Just(0_u64), 0_u64..1000, 100_000_u64..600_000, any::<u64>()]
    }

    fn instant(day: i64) -> Timestamp {
        "2022-01-01T00:00:00Z".parse::<Timestamp>().unwrap().saturating_add_ms(day * 43_200_000)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn what_stands_is_what_is_charged(
            name in any::<prop::sample::Index>(), with_provider: bool, first in 0_i64..4_500,
            calls in prop::collection::vec((tokens(), tokens(), tokens(), tokens(), 0_i64..4_500, any::<bool>()), 1..8),
        ) {
            let (catalogue, policy) = (Catalogue::builtin(), CostPolicy::new());
            let offerings: Vec<_> = catalogue.offerings().collect();
            let offering = name.get(&offerings);
            let provider = Some(offering.provider.as_str()).filter(|_| with_provider);
            let usage = Usage::new(10, 10);
            let seen = Call { provider, ..Call::new(&offering.model, &usage, instant(first)) };
            let standing = policy.standing(&seen, &policy.charge(&seen).unwrap());
            for (input, cache_read, cache_write_5m, output, day, near) in calls {
                let text = TextUsage { input, cache_read, cache_write_5m, output, reasoning: 0 };
                let at = instant(if near { first + day % 3 } else { day });
                let Some(cost) = standing.as_ref().and_then(|standing| standing.price(&text, at)) else { continue };
                let usage = Usage::from(text);
                let call = Call { duration: Some(DurationNs::new(5)), at, usage: &usage, ..seen };
                let charged = policy.charge(&call).unwrap();
                let amount = |n: i64| Picodollars::new(n.into());
                let template = standing.as_ref().and_then(|standing| standing.charge(cost.case)).unwrap();
                let charge = template.with_sides(amount(cost.input), amount(cost.output));
                prop_assert_eq!(charge.cost(&usage), charged.cost(&usage));
                prop_assert_eq!((charge.provider(), charge.listed), (charged.provider(), charged.listed));
            }
        }

        #[test]
        fn most_of_the_catalogue_stands(name in any::<prop::sample::Index>()) {
            let (catalogue, policy) = (Catalogue::builtin(), CostPolicy::new());
            let offerings: Vec<_> = catalogue.offerings().collect();
            let offering = name.get(&offerings);
            let usage = Usage::new(10, 0);
            let at = "2026-11-01T12:00:00Z".parse().unwrap();
            let call = Call { provider: Some(&offering.provider), ..Call::new(&offering.model, &usage, at) };
            let charge = policy.charge(&call).unwrap();
            let special = ["bedrock", "vertex", "azure"].contains(&offering.provider.as_str());
            let standing = policy.standing(&call, &charge);
            if special {
                prop_assert!(standing.is_none());
            } else if charge.input().is_some_and(|usd| !usd.is_zero()) && standing.is_some() {
                prop_assert!(standing.unwrap().price(&TextUsage::new(10, 0), at).is_some());
            }
        }
    }
}
