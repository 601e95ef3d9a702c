//! Training runs whose work was lost, and runs whose GPUs wait.

use super::{Index, TrainingRun, index::Saving};
use crate::{
    error::Fault,
    waste::{
        Assessment, ClaimKind, Component, Confidence, Context, Detector, Estimate, Evidence, OpportunityType,
        Ratio, Reason, Risk, Setting, Subject, SubjectKind, judged::Judged, summary::refused,
    },
};

pub(super) struct Failed;
pub(super) struct Stalls;

fn open(detector: &'static str, run: &TrainingRun) -> Result<Judged, Assessment> {
    let judged = Judged {
        detector,
        opportunity: OpportunityType::TrainingWaste,
        subject: Subject::named(SubjectKind::TrainingRun, &run.run),
    };
    let numbers = [&run.hourly_cost, &run.hours, &run.hours_since_checkpoint, &run.stall_share];
    match refused(run.repeated, &run.run, &numbers).or_else(|| run.status.bad()) {
        Some(path) => Err(judged.invalid(path)),
        None => Ok(judged),
    }
}

fn either(verdict: Result<Assessment, Assessment>) -> Assessment {
    match verdict {
        Ok(assessment) | Err(assessment) => assessment,
    }
}

/// A share of what a run cost.
fn estimate(
    index: &Index<'_>,
    run: &TrainingRun,
    formula: &'static str,
    lost: Option<&Ratio>,
    operand: (&'static str, Option<Ratio>),
) -> Estimate {
    let hourly = run.hourly_cost.known();
    let sum = match (hourly, lost) {
        (Some(hourly), Some(lost)) => Ok(hourly.times(lost)),
        (None, _) => Err(Reason::NoPrice),
        (_, None) => Err(Reason::NoUsage),
    };
    let whole = hourly.zip(run.hours.known()).map(|(hourly, hours)| hourly.times(hours));
    index.estimate(Saving {
        sum,
        formula,
        operands: vec![("hourly_cost", hourly.cloned().into()), (operand.0, operand.1.into())],
        priced_by: ("training_runs.hourly_cost".into(), None),
        resource: format!("training_run/{}", run.run),
        component: Component::Gpu,
        base: whole.as_ref(),
        kind: ClaimKind::Resize,
        exclusive: false,
    })
}

fn finding(judged: Judged, evidence: Evidence, estimate: Estimate) -> Assessment {
    Assessment::finding(
        judged.detector,
        judged.opportunity,
        judged.subject,
        evidence,
        estimate,
        Confidence::estimate(),
        Risk::base(Ratio::thousandths(100)),
    )
}

impl Detector for Failed {
    fn id(&self) -> &'static str {
        "ai.failed_training"
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let Some(index) = cx.ai() else { return Ok(Vec::new()) };
        Ok(index.inventory.training_runs.iter().map(|run| either(self.judge(index, run))).collect())
    }
}

impl Failed {
    fn judge(&self, index: &Index<'_>, run: &TrainingRun) -> Result<Assessment, Assessment> {
        let judged = open(self.id(), run)?;
        match run.status.known().map(String::as_str) {
            None => return Err(judged.undetermined(Reason::NoUsage)),
            Some("running") => return Err(judged.inapplicable(Reason::StillRunning)),
            Some("succeeded") => return Err(judged.ok(Reason::Succeeded)),
            Some(_) => {}
        }
        let hours = run.hours.known();
        // Without a checkpoint the whole run is lost; no more than the whole can be.
        let lost = match (run.hours_since_checkpoint.known(), hours) {
            (Some(since), Some(hours)) => Some(since.clone().min(hours.clone())),
            (Some(since), None) => Some(since.clone()),
            (None, hours) => hours.cloned(),
        };
        let evidence = Evidence::from_source("training_runs")
            .observed("status", run.status.known().cloned())
            .observed("hours", hours.cloned())
            .observed("hours_since_checkpoint", run.hours_since_checkpoint.known().cloned())
            .over(index.inventory.window);
        if lost.as_ref().is_some_and(Ratio::is_zero) {
            return Err(Assessment { evidence, ..judged.ok(Reason::NoSaving) });
        }
        let formula = "hourly_cost * hours_lost * month_hours / window_hours";
        let estimate = estimate(index, run, formula, lost.as_ref(), ("hours_lost", lost.clone()));
        Ok(finding(judged, evidence, estimate))
    }
}

impl Detector for Stalls {
    fn id(&self) -> &'static str {
        "ai.training_stalls"
    }

    fn settings(&self) -> &'static [Setting] {
        const {
            &[Setting::number(
                "stall_share",
                "0.2",
                "share of the step time with idle GPUs above which a run stalls",
            )]
        }
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let Some(index) = cx.ai() else { return Ok(Vec::new()) };
        let threshold = cx.config.number(self, "stall_share");
        Ok(index
            .inventory
            .training_runs
            .iter()
            .map(|run| either(self.judge(index, run, &threshold)))
            .collect())
    }
}

impl Stalls {
    fn judge(
        &self,
        index: &Index<'_>,
        run: &TrainingRun,
        threshold: &Ratio,
    ) -> Result<Assessment, Assessment> {
        let judged = open(self.id(), run)?;
        let Some(share) = run.stall_share.known() else {
            return Err(judged.undetermined(Reason::NoGpuData));
        };
        let evidence = Evidence::from_source("training_runs")
            .observed("stall_share", share.clone())
            .observed("hours", run.hours.known().cloned())
            .threshold("stall_share", threshold.clone())
            .over(index.inventory.window);
        if share <= threshold {
            return Err(Assessment { evidence, ..judged.ok(Reason::FewStalls) });
        }
        let lost = run.hours.known().map(|hours| hours.times(share));
        let formula = "hourly_cost * hours * stall_share * month_hours / window_hours";
        let operand = ("hours_stalled", lost.clone());
        let estimate = estimate(index, run, formula, lost.as_ref(), operand);
        Ok(finding(judged, evidence, estimate))
    }
}
