//! What the provider itself says the call cost.

use super::{Extracted, Lookup, words};
use crate::money::Picodollars;
use rust_decimal::{Decimal, RoundingStrategy};
use std::borrow::Cow;

/// Ticks in one USD, <https://docs.x.ai/developers/cost-tracking>: a tick is 100 picodollars.
const PICODOLLARS_PER_TICK: i128 = 100;

/// Reads the reported cost, and the provider where only one reports it so.
pub(super) fn apply<L: Lookup>(usage: &L, extracted: &mut Extracted) {
    if let Some(ticks) = usage.get("cost_in_usd_ticks") {
        extracted.provider.get_or_insert(Cow::Borrowed("xai"));
        let ticks = ticks.as_u64().map(i128::from);
        extracted.reported_cost =
            ticks.and_then(|ticks| ticks.checked_mul(PICODOLLARS_PER_TICK)).map(Picodollars::new);
        return;
    }
    let Some(cost) = usage.get("cost") else { return };
    if cost.is_object() {
        extracted.provider.get_or_insert(Cow::Borrowed("perplexity"));
        extracted.reported_cost = cost.get("total_cost").and_then(|total| picodollars(total.as_decimal()?));
        return;
    }
    let details = usage.get("cost_details");
    let is_byok = usage.get("is_byok");
    if extracted.provider.is_none() && (details.is_some() || is_byok.is_some()) {
        extracted.provider = Some(Cow::Borrowed("openrouter"));
    }
    // Elsewhere a bare number states no currency.
    if words::is(extracted.provider.as_deref(), "openrouter") {
        let mut total = cost.as_decimal();
        if is_byok.and_then(|flag| flag.as_bool()) == Some(true) {
            let upstream = details.and_then(|details| details.get("upstream_inference_cost"));
            let upstream = upstream.and_then(|cost| cost.as_decimal()).unwrap_or_default();
            total = total.and_then(|total| total.checked_add(upstream));
        }
        extracted.reported_cost = total.and_then(picodollars);
    }
}

/// Half to even at a picodollar: a float that a provider summed up may have more digits.
fn picodollars(usd: Decimal) -> Option<Picodollars> {
    let usd = usd.round_dp_with_strategy(12, RoundingStrategy::MidpointNearestEven);
    Picodollars::from_usd(usd).ok().filter(|cost| cost.get() >= 0)
}
