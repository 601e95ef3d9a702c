//! What a call would have cost otherwise, at the prices of its instant.

use super::CallFact;
use crate::{
    cost::{Assumption, Call, Charge, CostPolicy, PriceSource, Status},
    money::Picodollars,
    price::Catalogue,
    usage::Usage,
};

pub(super) struct Repricer<'a> {
    catalogue: &'a Catalogue,
    policy: CostPolicy,
}

impl<'a> Repricer<'a> {
    pub(super) fn new(catalogue: &'a Catalogue) -> Self {
        Self { catalogue, policy: CostPolicy::catalogue_only(catalogue) }
    }

    fn charge(&self, call: &Call<'_>) -> Option<Charge> {
        self.policy.charge(call).ok().filter(|charge| charge.price_source() == PriceSource::Catalogue)
    }

    fn call<'b>(call: &'b CallFact, usage: &'b Usage) -> Call<'b> {
        Call {
            provider: call.provider.as_deref(),
            service_tier: call.service_tier.as_deref(),
            ..Call::new(&call.model, usage, call.at)
        }
    }

    /// The list price of the call's answer.
    pub(super) fn output_side(&self, call: &CallFact) -> Option<Picodollars> {
        self.charge(&Self::call(call, &call.usage))?.output()
    }

    /// The list price of the call with `usage` in place of its own, at `tier` in place of its own when given.
    pub(super) fn total(&self, call: &CallFact, usage: &Usage, tier: Option<&str>) -> Option<Picodollars> {
        let of = Self::call(call, usage);
        self.charge(&Call { service_tier: tier.or(of.service_tier), ..of })?.total()
    }

    /// The list price in a batch; `None` when the model has no batch price.
    pub(super) fn batch(&self, call: &CallFact) -> Option<Picodollars> {
        let charge = self.charge(&Call { service_tier: Some("batch"), ..Self::call(call, &call.usage) })?;
        (!charge.assumptions().contains(Assumption::tier_at_standard)).then(|| charge.total()).flatten()
    }

    /// The exact list price at another model: at the same provider, or else wherever the name is known.
    pub(super) fn candidate(&self, call: &CallFact, model: &str) -> Option<Picodollars> {
        let same = Call { model, ..Self::call(call, &call.usage) };
        let charge = self.charge(&same).or_else(|| self.charge(&Call { provider: None, ..same }))?;
        (charge.status() == Status::Priced).then(|| charge.total()).flatten()
    }

    /// The least prefix that the call's model caches.
    pub(super) fn cache_min_tokens(&self, call: &CallFact) -> Option<u64> {
        self.catalogue.offering(call.provider.as_deref(), &call.model)?.cache_min_tokens.map(u64::from)
    }
}
