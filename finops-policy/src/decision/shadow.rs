//! A candidate policy beside the active one: what it would have answered, and how many decisions it would flip.

use super::{Decision, Gate, Outcome, Violation, log::Recorded};
use crate::Json;
use std::collections::{BTreeMap, BTreeSet};

/// What the candidate would have answered. It never changes the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shadow {
    /// The candidate's decision.
    pub decision: Outcome,
    /// Whether it is another one.
    pub changed: bool,
    /// Violations, rule and subject, that only the candidate has; sorted.
    pub added: Vec<(String, Option<String>)>,
    /// Violations that only the active policy has; sorted.
    pub removed: Vec<(String, Option<String>)>,
}

impl Shadow {
    /// Compares two answers to one input; violations are one when rule and subject are, whatever their action.
    #[must_use]
    pub fn compare(active: (Outcome, &[Violation]), candidate: (Outcome, &[Violation])) -> Self {
        let (before, after) = (keys(active.1), keys(candidate.1));
        Self {
            decision: candidate.0,
            changed: active.0 != candidate.0,
            added: after.difference(&before).cloned().collect(),
            removed: before.difference(&after).cloned().collect(),
        }
    }

    /// `{decision, changed, added, removed}`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let pairs = |pairs: &[(String, Option<String>)]| {
            Json::array(pairs.iter().map(|(rule, subject)| {
                Json::array([Json::from(rule.as_str()), Json::from(subject.as_deref())])
            }))
        };
        Json::object([
            ("decision", Json::from(self.decision.as_str())),
            ("changed", Json::from(self.changed)),
            ("added", pairs(&self.added)),
            ("removed", pairs(&self.removed)),
        ])
    }
}

fn keys(violations: &[Violation]) -> BTreeSet<(String, Option<String>)> {
    violations.iter().map(|violation| (violation.rule.to_string(), violation.subject.clone())).collect()
}

/// What a candidate would have done to recorded decisions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Impact {
    /// Events given.
    pub events: usize,
    /// Events decided again.
    pub evaluated: usize,
    /// Of these, those with another decision.
    pub changed: usize,
    /// How often, by decision before and after; only where they differ.
    pub flips: BTreeMap<(Outcome, Outcome), usize>,
    /// Rules that fired more often, with how often more.
    pub added: BTreeMap<String, usize>,
    /// Rules that no longer fired, with how often.
    pub removed: BTreeMap<String, usize>,
    /// Events that could not be decided again, by code.
    pub skipped: BTreeMap<&'static str, usize>,
}

impl Impact {
    /// `{events, evaluated, changed, flips: [[before, after, count]], added: {rule: count}, removed, skipped: {code: count}}`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let counts = |counts: &BTreeMap<String, usize>| {
            Json::object(counts.iter().map(|(rule, count)| (rule.as_str(), Json::from(*count))))
        };
        let flips = self.flips.iter().map(|((before, after), count)| {
            Json::array([Json::from(before.as_str()), Json::from(after.as_str()), Json::from(*count)])
        });
        let skipped = self.skipped.iter().map(|(code, count)| (*code, Json::from(*count)));
        Json::object([
            ("events", Json::from(self.events)),
            ("evaluated", Json::from(self.evaluated)),
            ("changed", Json::from(self.changed)),
            ("flips", Json::array(flips)),
            ("added", counts(&self.added)),
            ("removed", counts(&self.removed)),
            ("skipped", Json::object(skipped)),
        ])
    }
}

/// Decides the inputs of recorded `events` again with `candidate` and counts what would change.
///
/// An event whose input was masked says nothing about the candidate: it is counted as skipped.
#[must_use]
pub fn impact(events: &[Json], candidate: &Gate) -> Impact {
    let mut impact = Impact { events: events.len(), ..Impact::default() };
    for event in events {
        let recorded = match Recorded::read(event) {
            Ok(recorded) => recorded,
            Err(error) => {
                count(&mut impact.skipped, error.code());
                continue;
            }
        };
        let answer: Decision = candidate.decide_recorded(&recorded);
        impact.evaluated = impact.evaluated.saturating_add(1);
        let before = recorded.violation_keys();
        let after = keys(&answer.violations);
        for (rule, _) in after.difference(&before) {
            count(&mut impact.added, rule.clone());
        }
        for (rule, _) in before.difference(&after) {
            count(&mut impact.removed, rule.clone());
        }
        if recorded.outcome != answer.decision {
            impact.changed = impact.changed.saturating_add(1);
            count(&mut impact.flips, (recorded.outcome, answer.decision));
        }
    }
    impact
}

fn count<K: Ord>(counts: &mut BTreeMap<K, usize>, key: K) {
    let count = counts.entry(key).or_default();
    *count = count.saturating_add(1);
}
