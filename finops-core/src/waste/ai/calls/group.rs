//! Calls in one order, grouped without copying them, and signals on their way.

use super::{CallFact, CallSignal, SignalType, SignalWindow};
use crate::{money::Picodollars, time::Timestamp};
use rust_decimal::Decimal;
use rustc_hash::FxHashMap;
use serde_json::Value;
use std::{collections::BTreeMap, hash::Hash};

/// The place of a call in [`Calls`].
pub(super) type Place = u32;

/// Calls by instant, then id.
pub(super) struct Calls<'a>(Vec<&'a CallFact>);

impl<'a> Calls<'a> {
    pub(super) fn new(calls: &'a [CallFact]) -> Self {
        // Calls beyond 2^32 do not fit in memory.
        let mut sorted: Vec<&CallFact> = calls.iter().take(Place::MAX as usize).collect();
        // Two calls of one instant and id have no order but that of everything else they say.
        let wire = |call: &CallFact| serde_json::to_string(call).unwrap_or_default();
        sorted.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)).then_with(|| wire(a).cmp(&wire(b))));
        Self(sorted)
    }

    pub(super) fn get(&self, place: Place) -> Option<&'a CallFact> {
        self.0.get(place as usize).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    #[expect(clippy::cast_possible_truncation, reason = "`new` takes at most 2^32 calls")]
    pub(super) fn iter(&self) -> impl Iterator<Item = (Place, &'a CallFact)> {
        self.0.iter().enumerate().map(|(place, call)| (place as Place, *call))
    }

    /// Places of the calls that have a key, by key, the groups in the order of their first call.
    pub(super) fn groups<K: Hash + Eq>(
        &self,
        mut key: impl FnMut(Place, &'a CallFact) -> Option<K>,
    ) -> Vec<Vec<Place>> {
        let mut of: FxHashMap<K, usize> = FxHashMap::default();
        let mut groups: Vec<Vec<Place>> = Vec::new();
        for (place, call) in self.iter() {
            if let Some(key) = key(place, call) {
                let next = groups.len();
                let group = *of.entry(key).or_insert(next);
                if group == next {
                    groups.push(Vec::new());
                }
                if let Some(group) = groups.get_mut(group) {
                    group.push(place);
                }
            }
        }
        groups
    }

    /// Whether `next` comes at most `seconds` after `first`.
    pub(super) fn within(&self, first: Place, next: Place, seconds: u32) -> bool {
        match (self.get(first), self.get(next)) {
            (Some(first), Some(next)) => {
                next.at.ms().saturating_sub(first.at.ms()) <= i64::from(seconds).saturating_mul(1000)
            }
            _ => false,
        }
    }
}

/// A signal that still names its calls by place.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) r#type: SignalType,
    pub(super) calls: Vec<Place>,
    pub(super) saving: Option<Picodollars>,
    /// In hundredths.
    pub(super) confidence: i64,
    pub(super) to: Option<String>,
    pub(super) evidence: BTreeMap<String, Value>,
}

impl Draft {
    /// A signal of `calls`, which are in order; `None` when there is nothing to save.
    pub(super) fn new(
        r#type: SignalType,
        calls: Vec<Place>,
        saving: Picodollars,
        confidence: i64,
    ) -> Option<Self> {
        (saving > Picodollars::ZERO && !calls.is_empty()).then(|| Self {
            r#type,
            calls,
            saving: Some(saving),
            confidence,
            to: None,
            evidence: BTreeMap::new(),
        })
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.evidence.insert(name.to_owned(), value.into());
        self
    }

    /// Model and provider of the first call, where all calls have the same.
    pub(super) fn of_model(self, calls: &Calls<'_>) -> Self {
        let Some(first) = self.calls.first().and_then(|place| calls.get(*place)) else { return self };
        let provider = first.provider.clone();
        self.with("model", first.model.as_str()).with("provider", provider)
    }

    pub(super) fn finish(self, calls: &Calls<'_>) -> CallSignal {
        let at = |place: Option<&Place>| place.and_then(|place| calls.get(*place)).map(|call| call.at);
        let epoch = Timestamp::default();
        let window = SignalWindow {
            start: at(self.calls.first()).unwrap_or(epoch),
            end: at(self.calls.last()).unwrap_or(epoch),
        };
        CallSignal {
            r#type: self.r#type,
            window,
            saving_usd: self.saving,
            confidence: Decimal::new(self.confidence, 2).normalize(),
            to: self.to,
            evidence: self.evidence,
            calls: self
                .calls
                .into_iter()
                .filter_map(|place| calls.get(place))
                .map(|call| call.id.clone())
                .collect(),
        }
    }
}

/// The sum, held at the ends of the range: a bill of 1.7e26 dollars is no signal's business.
pub(super) fn add(sum: Picodollars, amount: Picodollars) -> Picodollars {
    Picodollars::new(sum.get().saturating_add(amount.get()))
}

pub(super) fn subtract(sum: Picodollars, amount: Picodollars) -> Picodollars {
    Picodollars::new(sum.get().saturating_sub(amount.get()))
}
