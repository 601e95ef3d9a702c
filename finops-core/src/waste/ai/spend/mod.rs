//! Calls that could be bought cheaper: caching, batches, repeated requests, smaller contexts, cheaper models.
//!
//! All but the smaller context are alternatives for the tokens of a route: the portfolio grants the largest.

mod evaluated;

pub(super) use evaluated::{CheaperModel, OversizedContext};

use super::{
    CallGroup, Evaluation, Index,
    call_waste::{self, resource, unreadable},
    calls::SignalType,
    index::{Saving, WEEK},
};
use crate::{
    error::Fault,
    waste::{
        Assessment, ClaimKind, Component, Confidence, Context, Detector, Estimate, Evidence, Fact, Ratio,
        Reason, Risk, Setting,
        judged::Judged,
        summary::{Field, refused},
    },
};
use std::{borrow::Cow, collections::BTreeMap};

pub(super) struct PromptCache;
pub(super) struct Batch;
pub(super) struct RepeatedRequests;

type Verdict = Result<Assessment, Assessment>;
type Source = (Cow<'static, str>, Option<String>);

/// The calls of one route to one model, and the name that they are judged by.
struct Group<'a> {
    calls: &'a CallGroup,
    /// The route, with its model where it calls several.
    name: Cow<'a, str>,
    index: &'a Index<'a>,
}

fn groups<'a>(index: &'a Index<'_>) -> Vec<Group<'a>> {
    let mut models: BTreeMap<&str, usize> = BTreeMap::new();
    for group in &index.inventory.call_groups {
        let count = models.entry(&group.route).or_default();
        *count = count.saturating_add(1);
    }
    let all = index.inventory.call_groups.iter();
    all.map(|calls| {
        let several = models.get(calls.route.as_str()).is_some_and(|count| *count > 1);
        let name =
            if several { format!("{}#{}", calls.route, calls.model).into() } else { Cow::from(&calls.route) };
        Group { calls, name, index }
    })
    .collect()
}

/// Judges the groups, and the signals of the routes that no group describes.
fn judge_all(
    detector: &'static str,
    index: &Index<'_>,
    signals: Option<SignalType>,
    judge: impl Fn(&Group<'_>) -> Verdict,
) -> Vec<Assessment> {
    let mut found: Vec<Assessment> = groups(index)
        .iter()
        .map(|group| match judge(group) {
            Ok(assessment) | Err(assessment) => assessment,
        })
        .collect();
    let Some(r#type) = signals else { return found };
    found.extend(unreadable(detector, index, r#type, false));
    for (route, signals) in index.signals_of(r#type) {
        if index.inventory.call_groups.iter().any(|group| group.route == route) {
            continue;
        }
        found.push(if r#type == SignalType::CheaperModel {
            match evaluated::proved(detector, index, route, &signals) {
                Ok(assessment) | Err(assessment) => assessment,
            }
        } else {
            call_waste::finding(detector, index, route, &signals, ClaimKind::PriceClass, true)
        });
    }
    found
}

/// What a change would save over the window.
struct Change<'s> {
    sum: Result<Ratio, Reason>,
    formula: &'static str,
    operands: Vec<Fact>,
    priced_by: Source,
    base: Option<&'s Ratio>,
    kind: ClaimKind,
    exclusive: bool,
}

impl<'a> Group<'a> {
    fn open(&self, detector: &'static str, fields: &[&'a Field]) -> Result<Judged, Assessment> {
        let judged = call_waste::judged(detector, &self.name);
        match refused(self.calls.repeated, &self.calls.route, fields) {
            Some(path) => Err(judged.invalid(path)),
            None => Ok(judged),
        }
    }

    fn evidence(&self) -> Evidence {
        let model = (!self.calls.model.is_empty()).then(|| self.calls.model.clone());
        Evidence::from_source("call_groups")
            .over(self.index.inventory.window)
            .observed("model", model)
            .observed("calls", self.calls.calls.known().cloned())
    }

    fn estimate(&self, change: Change<'_>) -> Estimate {
        self.index.estimate(Saving {
            sum: change.sum,
            formula: change.formula,
            operands: change.operands,
            priced_by: change.priced_by,
            resource: resource(&self.name),
            component: Component::Tokens,
            base: change.base,
            kind: change.kind,
            exclusive: change.exclusive,
        })
    }

    fn finding(
        &self,
        judged: Judged,
        evidence: Evidence,
        estimate: Estimate,
        confidence: Confidence,
        risk: i128,
    ) -> Assessment {
        let confidence = confidence.covered(&self.index.coverage(WEEK));
        let risk = Risk::base(Ratio::thousandths(risk));
        let (detector, opportunity) = (judged.detector, judged.opportunity);
        Assessment::finding(detector, opportunity, judged.subject, evidence, estimate, confidence, risk)
    }

    /// Evaluations of the route that compare models, or budgets.
    fn evaluations(&self, budgets: bool) -> impl Iterator<Item = &'a Evaluation> {
        let route = &self.calls.route;
        let all = self.index.inventory.evaluations.iter().filter(move |one| one.route == *route);
        all.filter(move |one| match one.budget_tokens {
            Field::Absent => !budgets,
            Field::Known(_) | Field::Bad(_) => budgets,
        })
    }
}

impl Detector for PromptCache {
    fn id(&self) -> &'static str {
        "ai.prompt_cache"
    }

    fn settings(&self) -> &'static [Setting] {
        const {
            &[
                Setting::number("signal_calls", "3", "single calls that must share an uncached prefix"),
                Setting::number(
                    "signal_gap_seconds",
                    "300",
                    "seconds between them at most; the lifetime of a cache entry on the providers' pages",
                ),
            ]
        }
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let Some(index) = cx.ai() else { return Ok(Vec::new()) };
        Ok(judge_all(self.id(), index, Some(SignalType::UncachedPrefix), |group| self.judge(group)))
    }
}

impl PromptCache {
    fn judge(&self, group: &Group<'_>) -> Verdict {
        let calls = group.calls;
        let fields = [
            &calls.calls,
            &calls.stable_prefix_tokens,
            &calls.cache_windows,
            &calls.saved_by_cache_already,
            &calls.cost,
        ];
        let judged = group.open(self.id(), &fields)?;
        let pricer = group.index.pricer();
        let (provider, model) = (calls.provider.as_deref(), calls.model.as_str());
        let (Some(prefix), Some(minimum)) =
            (calls.stable_prefix_tokens.known(), pricer.minimum_cacheable(provider, model))
        else {
            let reason = if calls.stable_prefix_tokens.known().is_none() {
                Reason::NoUsage
            } else {
                Reason::NoPriceData
            };
            return Err(judged.undetermined(reason));
        };
        let evidence = group
            .evidence()
            .observed("stable_prefix_tokens", prefix.clone())
            .observed("cache_windows", calls.cache_windows.known().cloned())
            .observed("saved_by_cache_already", calls.saved_by_cache_already.known().cloned())
            .threshold("minimum_cacheable_tokens", minimum.clone());
        if *prefix < minimum {
            return Err(Assessment { evidence, ..judged.inapplicable(Reason::PrefixBelowMinimum) });
        }
        let (Some(count), Some(windows)) = (calls.calls.known(), calls.cache_windows.known()) else {
            return Err(Assessment { evidence, ..judged.undetermined(Reason::NoUsage) });
        };
        let prices = (
            pricer.input(provider, model),
            pricer.cache_write(provider, model),
            pricer.cache_read(provider, model),
        );
        let (Some(input), Some(write), Some(read)) = prices else {
            return Err(Assessment { evidence, ..judged.undetermined(Reason::NoPriceData) });
        };
        // No more writes than calls.
        let windows = windows.clone().min(count.clone());
        let now = count.times(&input);
        let cached = windows.times(&write).plus(&count.minus(&windows).times(&read));
        let already = calls.saved_by_cache_already.known().cloned().unwrap_or_default();
        let saving = prefix.times(&now.minus(&cached)).minus(&already);
        if !saving.is_positive() {
            return Err(Assessment { evidence, ..judged.ok(Reason::NoSaving) });
        }
        let stated = pricer.stated();
        let of_input = stated.input.is_some() || stated.cache_write.is_some() || stated.cache_read.is_some();
        // What the prefix costs uncached is the least that the route costs.
        let least = prefix.times(&now);
        let estimate = group.estimate(Change {
            sum: Ok(saving),
            formula: "prefix_tokens * (calls * input - cache_windows * cache_write - (calls - cache_windows) * cache_read) \
                      - saved_by_cache_already",
            operands: vec![
                ("prefix_tokens", prefix.clone().into()),
                ("calls", count.clone().into()),
                ("cache_windows", windows.into()),
                ("input", input.into()),
                ("cache_write", write.into()),
                ("cache_read", read.into()),
                ("saved_by_cache_already", already.into()),
            ],
            priced_by: pricer.source(of_input),
            base: Some(calls.cost.known().unwrap_or(&least)),
            kind: ClaimKind::PriceClass,
            exclusive: true,
        });
        Ok(group.finding(judged, evidence, estimate, Confidence::metric(&[]), 100))
    }
}

impl Detector for Batch {
    fn id(&self) -> &'static str {
        "ai.batch"
    }

    fn settings(&self) -> &'static [Setting] {
        const {
            &[Setting::number(
                "wait_seconds",
                "86400",
                "seconds within which providers answer a batch: a day",
            )]
        }
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let Some(index) = cx.ai() else { return Ok(Vec::new()) };
        let least = cx.config.number(self, "wait_seconds");
        Ok(judge_all(self.id(), index, Some(SignalType::BatchEligible), |group| self.judge(group, &least)))
    }
}

impl Batch {
    fn judge(&self, group: &Group<'_>, least: &Ratio) -> Verdict {
        let calls = group.calls;
        let judged = group.open(self.id(), &[&calls.can_wait_seconds, &calls.cost, &calls.calls])?;
        let Some(wait) = calls.can_wait_seconds.known() else {
            return Err(judged.undetermined(Reason::NoDeadline));
        };
        let evidence = group
            .evidence()
            .observed("can_wait_seconds", wait.clone())
            .observed("cost", calls.cost.known().cloned())
            .threshold("wait_seconds", least.clone());
        if wait < least {
            return Err(Assessment { evidence, ..judged.ok(Reason::AnswerNeededSooner) });
        }
        let pricer = group.index.pricer();
        let multiplier = pricer.batch_multiplier(calls.provider.as_deref(), &calls.model);
        let cost = calls.cost.known();
        let sum = match (&multiplier, cost) {
            (None, _) => Err(Reason::NoBatchPrice),
            (_, None) => Err(Reason::NoPrice),
            (Some(multiplier), Some(cost)) => Ok(cost.times(&Ratio::ONE.minus(multiplier))),
        };
        if sum.as_ref().is_ok_and(|saving| !saving.is_positive()) {
            return Err(Assessment { evidence, ..judged.ok(Reason::NoSaving) });
        }
        let estimate = group.estimate(Change {
            sum,
            formula: "cost * (1 - batch_multiplier) * month_hours / window_hours",
            operands: vec![("cost", cost.cloned().into()), ("batch_multiplier", multiplier.into())],
            priced_by: pricer.source(pricer.stated().batch_multiplier.is_some()),
            base: cost,
            kind: ClaimKind::PriceClass,
            exclusive: true,
        });
        Ok(group.finding(judged, evidence, estimate, Confidence::metric(&[]), 100))
    }
}

impl Detector for RepeatedRequests {
    fn id(&self) -> &'static str {
        "ai.repeated_requests"
    }

    fn settings(&self) -> &'static [Setting] {
        const {
            &[
                Setting::number("signal_calls", "3", "equal single calls that are a repetition"),
                Setting::number("signal_within_seconds", "86400", "seconds within which they are: a day"),
            ]
        }
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let Some(index) = cx.ai() else { return Ok(Vec::new()) };
        Ok(judge_all(self.id(), index, Some(SignalType::Repeated), |group| self.judge(group)))
    }
}

impl RepeatedRequests {
    fn judge(&self, group: &Group<'_>) -> Verdict {
        let calls = group.calls;
        let judged = group.open(self.id(), &[&calls.repeated_calls, &calls.repeated_cost, &calls.cost])?;
        if let Some(path) = calls.cacheable.bad() {
            return Err(judged.invalid(path));
        }
        // Not marked is not cacheable: an answer that must differ would be served twice.
        if calls.cacheable.known() != Some(&true) {
            return Err(judged.inapplicable(Reason::NotCacheable));
        }
        let Some(repeated) = calls.repeated_calls.known() else {
            return Err(judged.undetermined(Reason::NoUsage));
        };
        let evidence = group
            .evidence()
            .observed("repeated_calls", repeated.clone())
            .observed("repeated_cost", calls.repeated_cost.known().cloned());
        if repeated.is_zero() {
            return Err(Assessment { evidence, ..judged.ok(Reason::NoRepeats) });
        }
        let cost = calls.repeated_cost.known();
        if cost.is_some_and(Ratio::is_zero) {
            return Err(Assessment { evidence, ..judged.ok(Reason::NoSaving) });
        }
        let estimate = group.estimate(Change {
            sum: cost.cloned().ok_or(Reason::NoPrice),
            formula: "repeated_cost * month_hours / window_hours",
            operands: vec![("repeated_cost", cost.cloned().into())],
            priced_by: ("call_groups.repeated_cost".into(), None),
            base: calls.cost.known(),
            kind: ClaimKind::PriceClass,
            exclusive: true,
        });
        Ok(group.finding(judged, evidence, estimate, Confidence::metric(&[]), 100))
    }
}
