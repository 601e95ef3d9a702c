//! Calls whose price nobody knows: data quality, not savings.

use super::{
    SignalConfig, SignalType,
    group::{Calls, Draft},
};
use crate::cost::PriceSource;
use std::collections::BTreeMap;

/// One signal a provider and model, when unpriced tokens exceed their share of all.
pub(super) fn find(calls: &Calls<'_>, config: &SignalConfig, found: &mut Vec<Draft>) {
    let (mut all, mut without) = (0_u128, 0_u128);
    let groups = calls.groups(|_, call| {
        let tokens = u128::from(call.usage.total_tokens());
        all = all.saturating_add(tokens);
        let unpriced = call.cost_usd.is_none() || call.price_source == Some(PriceSource::Default);
        unpriced.then(|| {
            without = without.saturating_add(tokens);
            (call.provider.as_deref(), call.model.as_str())
        })
    });
    let share = without.saturating_mul(100);
    if share <= all.saturating_mul(u128::from(config.unpriced_percent)) {
        return;
    }
    for group in groups {
        let tokens = group
            .iter()
            .filter_map(|place| calls.get(*place))
            .fold(0_u64, |sum, call| sum.saturating_add(call.usage.total_tokens()));
        let draft = Draft {
            r#type: SignalType::Unpriced,
            calls: group,
            saving: None,
            confidence: 100,
            to: None,
            evidence: BTreeMap::new(),
        };
        found.push(
            draft.of_model(calls).with("tokens", tokens).with("above_percent", config.unpriced_percent),
        );
    }
}
