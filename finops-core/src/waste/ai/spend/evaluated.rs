//! Changes that an evaluation must prove: smaller contexts and cheaper models.

use super::{Change, Group, Verdict, judge_all};
use crate::{
    error::Fault,
    waste::{
        Assessment, ClaimKind, Confidence, Context, Detector, Evidence, Ratio, Reason, Risk, Setting,
        ai::{Evaluation, Index, RoutedSignal, call_waste, calls::SignalType, index::WEEK},
        judged::Judged,
        summary::refused,
    },
};

pub(in crate::waste::ai) struct OversizedContext;
pub(in crate::waste::ai) struct CheaperModel;

/// Signals of a cheaper model: a what-if, until an evaluation has proved the model.
pub(super) fn proved(
    detector: &'static str,
    index: &Index<'_>,
    route: &str,
    signals: &[&RoutedSignal],
) -> Verdict {
    let least = index.config.number(&CheaperModel, "cases");
    let of_route = || index.inventory.evaluations.iter().filter(|one| one.route == route);
    let mut best: Option<Assessment> = None;
    let mut refusal = None;
    for routed in signals {
        let to = routed.signal.to.as_deref();
        let own = of_route().filter(|one| one.candidate.known().map(String::as_str) == to);
        match passed(call_waste::judged(detector, route), own, &least) {
            Ok(_) => {
                let mut found =
                    call_waste::finding(detector, index, route, &[*routed], ClaimKind::PriceClass, true);
                if found.estimate.is_some() {
                    found.confidence = Some(Confidence::estimate().covered(&index.coverage(WEEK)));
                    found.risk = Some(Risk::base(Ratio::thousandths(400)));
                    found.after = vec![("model", to.map(str::to_owned).into())];
                }
                if best.as_ref().is_none_or(|best| best.gross() < found.gross()) {
                    best = Some(found);
                }
            }
            Err(assessment) => refusal = refusal.or(Some(assessment)),
        }
    }
    let none = || call_waste::judged(detector, route).undetermined(Reason::NoEvaluation);
    best.ok_or_else(|| refusal.unwrap_or_else(none))
}

/// The evaluation that passed, of those of a route; else what is wrong with the best of them.
fn passed<'a>(
    judged: Judged,
    evaluations: impl Iterator<Item = &'a Evaluation>,
    least: &Ratio,
) -> Result<(Judged, &'a Evaluation), Assessment> {
    let mut reason = Reason::NoEvaluation;
    let mut found = None;
    for one in evaluations {
        if let Some(path) = refused(false, "", &[&one.n, &one.lower_bound, &one.margin, &one.budget_tokens]) {
            return Err(judged.invalid(path));
        }
        let (Some(n), Some(lower), Some(margin)) =
            (one.n.known(), one.lower_bound.known(), one.margin.known())
        else {
            continue;
        };
        if n < least {
            if reason == Reason::NoEvaluation {
                reason = Reason::EvaluationTooSmall;
            }
        } else if *lower >= margin.negated() {
            // Of several budgets the largest: it promises least.
            let larger = |found: &&Evaluation| found.budget_tokens.known() < one.budget_tokens.known();
            if found.as_ref().is_none_or(larger) {
                found = Some(one);
            }
        } else {
            reason = Reason::CandidateNotGoodEnough;
        }
    }
    match (found, reason) {
        (Some(found), _) => Ok((judged, found)),
        (None, Reason::CandidateNotGoodEnough) => Err(judged.ok(reason)),
        (None, _) => Err(judged.undetermined(reason)),
    }
}

const CASES: Setting = Setting::number("cases", "100", "cases that an evaluation needs");

impl Detector for OversizedContext {
    fn id(&self) -> &'static str {
        "ai.oversized_context"
    }

    fn settings(&self) -> &'static [Setting] {
        const { &[CASES] }
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let Some(index) = cx.ai() else { return Ok(Vec::new()) };
        let least = cx.config.number(self, "cases");
        Ok(judge_all(self.id(), index, None, |group| self.judge(group, &least)))
    }
}

impl OversizedContext {
    fn judge(&self, group: &Group<'_>, least: &Ratio) -> Verdict {
        let calls = group.calls;
        let fields = [&calls.p95_input_tokens, &calls.input_tokens_over_budget, &calls.cost];
        let judged = group.open(self.id(), &fields)?;
        let (judged, evaluation) = passed(judged, group.evaluations(true), least)?;
        let (Some(p95), Some(budget)) = (calls.p95_input_tokens.known(), evaluation.budget_tokens.known())
        else {
            return Err(judged.undetermined(Reason::NoUsage));
        };
        let evidence = with_evaluation(group.evidence(), evaluation)
            .observed("p95_input_tokens", p95.clone())
            .observed("input_tokens_over_budget", calls.input_tokens_over_budget.known().cloned())
            .threshold("budget_tokens", budget.clone())
            .threshold("cases", least.clone());
        let Some(tokens) = calls.input_tokens_over_budget.known() else {
            return Err(Assessment { evidence, ..judged.undetermined(Reason::NoUsage) });
        };
        if p95 <= budget {
            return Err(Assessment { evidence, ..judged.ok(Reason::WithinBudget) });
        }
        if tokens.is_zero() {
            return Err(Assessment { evidence, ..judged.ok(Reason::NoSaving) });
        }
        let pricer = group.index.pricer();
        let price = pricer.input(calls.provider.as_deref(), &calls.model);
        let estimate = group.estimate(Change {
            sum: price.as_ref().map(|price| price.times(tokens)).ok_or(Reason::NoPrice),
            formula: "input_tokens_over_budget * input * month_hours / window_hours",
            operands: vec![("input_tokens_over_budget", tokens.clone().into()), ("input", price.into())],
            priced_by: pricer.source(pricer.stated().input.is_some()),
            base: calls.cost.known(),
            kind: ClaimKind::Resize,
            exclusive: false,
        });
        let mut finding = group.finding(judged, evidence, estimate, Confidence::estimate(), 300);
        finding.before = vec![("p95_input_tokens", p95.clone().into())];
        finding.after = vec![("budget_tokens", budget.clone().into())];
        Ok(finding)
    }
}

fn with_evaluation(evidence: Evidence, evaluation: &Evaluation) -> Evidence {
    evidence
        .observed("evaluation_cases", evaluation.n.known().cloned())
        .observed("evaluation_lower_bound", evaluation.lower_bound.known().cloned())
        .threshold("evaluation_margin", evaluation.margin.known().cloned())
}

impl Detector for CheaperModel {
    fn id(&self) -> &'static str {
        "ai.cheaper_model"
    }

    fn settings(&self) -> &'static [Setting] {
        const { &[CASES] }
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let Some(index) = cx.ai() else { return Ok(Vec::new()) };
        let least = cx.config.number(self, "cases");
        Ok(judge_all(self.id(), index, Some(SignalType::CheaperModel), |group| self.judge(group, &least)))
    }
}

impl CheaperModel {
    fn judge(&self, group: &Group<'_>, least: &Ratio) -> Verdict {
        let calls = group.calls;
        let judged = group.open(self.id(), &[&calls.cost, &calls.candidate_cost, &calls.calls])?;
        let (judged, evaluation) = passed(judged, group.evaluations(false), least)?;
        let (Some(cost), Some(instead)) = (calls.cost.known(), calls.candidate_cost.known()) else {
            return Err(judged.undetermined(Reason::NoUsage));
        };
        let evidence = with_evaluation(group.evidence(), evaluation)
            .observed("cost", cost.clone())
            .observed("candidate_cost", instead.clone())
            .threshold("cases", least.clone());
        let saving = cost.minus(instead);
        if !saving.is_positive() {
            return Err(Assessment { evidence, ..judged.ok(Reason::NoSaving) });
        }
        let estimate = group.estimate(Change {
            sum: Ok(saving),
            formula: "(cost - candidate_cost) * month_hours / window_hours",
            operands: vec![("cost", cost.clone().into()), ("candidate_cost", instead.clone().into())],
            priced_by: ("call_groups.candidate_cost".into(), None),
            base: Some(cost),
            kind: ClaimKind::PriceClass,
            exclusive: true,
        });
        let mut finding = group.finding(judged, evidence, estimate, Confidence::estimate(), 400);
        finding.before = vec![("model", calls.model.as_str().into())];
        finding.after = vec![("model", evaluation.candidate.known().cloned().into())];
        Ok(finding)
    }
}
