//! Calls that were paid in vain: signals of single calls as findings, one a route.

use super::{
    Index, RoutedSignal,
    calls::SignalType,
    index::{Saving, WEEK},
    prices::dollars,
};
use crate::{
    error::Fault,
    waste::{
        Assessment, ClaimKind, Component, Confidence, Context, Detector, Evidence, OpportunityType, Ratio,
        Reason, Risk, Setting, Subject, SubjectKind, Value, judged::Judged,
    },
};

/// Signals of one type that cost money outright: no other change saves the same dollar of the same call.
pub(super) struct CallWaste {
    id: &'static str,
    r#type: SignalType,
    settings: &'static [Setting],
}

pub(super) const FAILED: CallWaste =
    CallWaste { id: "ai.call_failed", r#type: SignalType::Failed, settings: &[] };

pub(super) const RETRY: CallWaste = CallWaste {
    id: "ai.call_retry",
    r#type: SignalType::Retry,
    settings: &[Setting::number("within_seconds", "60", "seconds within which the same prompt is a retry")],
};

pub(super) const TRUNCATED: CallWaste = CallWaste {
    id: "ai.call_truncated",
    r#type: SignalType::Truncated,
    settings: &[Setting::number("continuation_seconds", "600", "seconds within which a session goes on")],
};

pub(super) const LOOP: CallWaste = CallWaste {
    id: "ai.call_loop",
    r#type: SignalType::Loop,
    settings: &[Setting::number(
        "identical_calls",
        "5",
        "equal tool calls in a row from which on it is a loop; google-gemini/gemini-cli loopDetectionService.ts",
    )],
};

impl Detector for CallWaste {
    fn id(&self) -> &'static str {
        self.id
    }

    fn settings(&self) -> &'static [Setting] {
        self.settings
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let Some(index) = cx.ai() else { return Ok(Vec::new()) };
        let mut found = unreadable(self.id, index, self.r#type, self.r#type == SignalType::Failed);
        let signals = index.signals_of(self.r#type);
        for (route, signals) in &signals {
            found.push(finding(self.id, index, route, signals, ClaimKind::Resize, false));
        }
        let quiet = index.routes.iter().filter(|route| !signals.contains_key(route.as_str()));
        found.extend(quiet.map(|route| judged(self.id, route).ok(Reason::NoSaving)));
        Ok(found)
    }
}

pub(super) fn judged(detector: &'static str, route: &str) -> Judged {
    let subject = Subject::named(SubjectKind::Route, route);
    Judged { detector, opportunity: OpportunityType::LlmSpend, subject }
}

/// The resource whose tokens claims draw on.
pub(super) fn resource(route: &str) -> String {
    format!("route/{route}")
}

/// Calls and signals that cannot be read, each named by its place.
pub(super) fn unreadable(
    detector: &'static str,
    index: &Index<'_>,
    r#type: SignalType,
    others: bool,
) -> Vec<Assessment> {
    index.unreadable(r#type, others).map(|one| judged(detector, &one.path).invalid(&one.path)).collect()
}

/// Signals of one type and route as a finding: their savings add up, their confidence is the mean by saving.
pub(super) fn finding(
    detector: &'static str,
    index: &Index<'_>,
    route: &str,
    signals: &[&RoutedSignal],
    kind: ClaimKind,
    exclusive: bool,
) -> Assessment {
    let (mut sum, mut weighted, mut calls) = (Ratio::ZERO, Ratio::ZERO, 0_usize);
    let mut window = None;
    for RoutedSignal { signal, .. } in signals {
        let saving = signal.saving_usd.map(dollars).unwrap_or_default();
        weighted = weighted.plus(&saving.times(&Ratio::from(signal.confidence)));
        sum = sum.plus(&saving);
        calls = calls.saturating_add(signal.calls.len());
        window = Some(match window {
            None => (signal.window.start, signal.window.end),
            Some((start, end)) => (signal.window.start.min(start), signal.window.end.max(end)),
        });
    }
    let judged = judged(detector, route);
    let evidence = Evidence::from_source("calls")
        .over(index.inventory.window.or(window))
        .observed("calls", count(calls))
        .observed("signals", count(signals.len()))
        .observed("saving_in_window", sum.clone());
    if !sum.is_positive() {
        return Assessment { evidence, ..judged.ok(Reason::NoSaving) };
    }
    let cost = signals.iter().filter_map(|routed| routed.cost.as_ref()).max();
    let base = cost.cloned().unwrap_or_else(|| sum.clone()).max(sum.clone());
    let confidence = weighted.over(&sum).unwrap_or_default().max(Ratio::ZERO).min(Ratio::ONE);
    let estimate = index.estimate(Saving {
        sum: Ok(sum.clone()),
        formula: "saving_in_window * month_hours / window_hours",
        operands: vec![("saving_in_window", sum.into())],
        priced_by: ("costs of calls".into(), None),
        resource: resource(route),
        component: Component::Tokens,
        base: Some(&base),
        kind,
        exclusive,
    });
    Assessment::finding(
        judged.detector,
        judged.opportunity,
        judged.subject,
        evidence,
        estimate,
        Confidence::stated(confidence).covered(&index.coverage(WEEK)),
        Risk::base(Ratio::thousandths(100)),
    )
}

fn count(number: usize) -> Value {
    Value::Count(i64::try_from(number).unwrap_or(i64::MAX))
}
