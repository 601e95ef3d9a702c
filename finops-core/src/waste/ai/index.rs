//! What detectors of AI workloads share, built once a run: the scale to a month and the signals of single calls.

use super::{
    AiInventory, call_waste,
    calls::{CallFact, SignalConfig, SignalType, signals},
    prices::{Pricer, dollars},
    spend,
};
use super::{RoutedSignal, inventory::Unreadable};
use crate::waste::{
    ClaimKind, Component, Coverage, DetectionConfig, Detector, Estimate, Fact, Ratio, Reason,
};
use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

/// Seconds of a week: the window of calls and of provisioned throughput (specification, section 7).
pub(super) const WEEK: u64 = 7 * 86_400;

/// Everything that detectors of AI workloads look up.
#[derive(Debug)]
pub(in crate::waste) struct Index<'a> {
    pub(super) inventory: &'a AiInventory,
    pub(super) config: &'a DetectionConfig,
    /// Month hours over window hours.
    scale: Option<Ratio>,
    /// Signals of single calls and those that were given.
    pub(super) signals: Vec<Cow<'a, RoutedSignal>>,
    /// Routes of single calls, whether or not they have signals.
    pub(super) routes: Vec<String>,
}

/// A saving over the window, on its way to an estimate.
pub(super) struct Saving<'s> {
    /// Over the window, or why it is not known.
    pub sum: Result<Ratio, Reason>,
    pub formula: &'static str,
    pub operands: Vec<Fact>,
    pub priced_by: (Cow<'static, str>, Option<String>),
    pub resource: String,
    pub component: Component,
    /// What the part of the resource costs over the window; the saving where nothing else is known.
    pub base: Option<&'s Ratio>,
    pub kind: ClaimKind,
    /// Whether it is one of several alternatives for its resource.
    pub exclusive: bool,
}

/// The route of a call: its tag, else its model.
pub(super) fn route_of(call: &CallFact) -> &str {
    call.tags.get("route").filter(|route| !route.is_empty()).unwrap_or(&call.model)
}

fn signal_config(config: &DetectionConfig) -> SignalConfig {
    let number =
        |detector: &dyn Detector, key| u32::try_from(config.count(detector, key)).unwrap_or(u32::MAX);
    SignalConfig {
        retry_s: number(&call_waste::RETRY, "within_seconds"),
        continuation_s: number(&call_waste::TRUNCATED, "continuation_seconds"),
        loop_calls: number(&call_waste::LOOP, "identical_calls"),
        repeated_calls: number(&spend::RepeatedRequests, "signal_calls"),
        repeated_s: number(&spend::RepeatedRequests, "signal_within_seconds"),
        prefix_calls: number(&spend::PromptCache, "signal_calls"),
        prefix_gap_s: number(&spend::PromptCache, "signal_gap_seconds"),
        ..SignalConfig::default()
    }
}

impl<'a> Index<'a> {
    pub(in crate::waste) fn new(inventory: &'a AiInventory, config: &'a DetectionConfig) -> Self {
        let scale = inventory.window_hours().and_then(|hours| config.month_hours.over(&hours));
        let mut of_route: BTreeMap<&str, Vec<CallFact>> = BTreeMap::new();
        for call in &inventory.calls {
            of_route.entry(route_of(call)).or_default().push(call.clone());
        }
        let wishes = signal_config(config);
        let mut found: Vec<Cow<'a, RoutedSignal>> = inventory.signals.iter().map(Cow::Borrowed).collect();
        for (route, calls) in &of_route {
            let costs = calls.iter().filter_map(|call| call.cost_usd).map(dollars);
            let cost = costs.fold(Ratio::ZERO, |sum, cost| sum.plus(&cost));
            for signal in signals(calls, &wishes, &inventory.catalogue) {
                let route = (*route).to_owned();
                found.push(Cow::Owned(RoutedSignal { route, cost: Some(cost.clone()), signal }));
            }
        }
        found.sort_by(|one, other| {
            let key = |routed: &RoutedSignal| {
                (routed.signal.r#type, routed.route.clone(), routed.signal.calls.clone())
            };
            key(one).cmp(&key(other))
        });
        Self {
            inventory,
            config,
            scale,
            signals: found,
            routes: of_route.into_keys().map(str::to_owned).collect(),
        }
    }

    /// Signals of a type by route.
    pub(super) fn signals_of(&self, r#type: SignalType) -> BTreeMap<&str, Vec<&RoutedSignal>> {
        let mut found: BTreeMap<&str, Vec<&RoutedSignal>> = BTreeMap::new();
        for routed in self.signals.iter().filter(|routed| routed.signal.r#type == r#type) {
            found.entry(&routed.route).or_default().push(routed);
        }
        found
    }

    /// What cannot be read and names this type of signal; with `others`, also what names no known type.
    pub(super) fn unreadable(
        &self,
        r#type: SignalType,
        others: bool,
    ) -> impl Iterator<Item = &'a Unreadable> {
        let known = [
            SignalType::Failed,
            SignalType::Retry,
            SignalType::Truncated,
            SignalType::Loop,
            SignalType::Repeated,
            SignalType::UncachedPrefix,
            SignalType::CheaperModel,
            SignalType::BatchEligible,
        ];
        self.inventory.unreadable.iter().filter(move |one| match one.r#type.as_deref() {
            Some(name) if known.iter().any(|known| known.name() == name) => name == r#type.name(),
            _ => others,
        })
    }

    pub(super) fn pricer(&self) -> Pricer<'a> {
        Pricer::new(&self.inventory.prices, &self.inventory.catalogue, self.inventory.as_of)
    }

    /// How much of the time that a detector asks for the window covers.
    pub(super) fn coverage(&self, required_seconds: u64) -> Coverage {
        let seconds = self.inventory.window.map(|(start, end)| {
            u64::try_from(end.ms().saturating_sub(start.ms()).div_euclid(1000)).unwrap_or(0)
        });
        Coverage { span_seconds: seconds.map(|seconds| (seconds, required_seconds)), samples: None }
    }

    /// A saving over the window as one a month, with its claim.
    pub(super) fn estimate(&self, saving: Saving<'_>) -> Estimate {
        let hours = &self.config.month_hours;
        let (sum, scale) = match (saving.sum, &self.scale) {
            (Ok(sum), Some(scale)) => (sum, scale),
            (Err(reason), _) => return Estimate::unknown(reason, hours),
            (Ok(_), None) => return Estimate::unknown(Reason::NoUsage, hours),
        };
        let month = sum.times(scale);
        let base = saving.base.map_or_else(|| month.clone(), |base| base.times(scale));
        let mut operands = saving.operands;
        operands.push(("window_hours", self.inventory.window_hours().into()));
        let claimed = month.clone().min(base.clone());
        let mut estimate = Estimate::saving(&month, hours)
            .by(saving.formula, operands)
            .priced_by(saving.priced_by.0, saving.priced_by.1)
            .claiming(saving.resource, saving.component, &base, &claimed, saving.kind);
        if saving.exclusive {
            for claim in &mut estimate.claims {
                claim.exclusive = Some(Arc::clone(&claim.resource));
            }
        }
        estimate
    }
}
