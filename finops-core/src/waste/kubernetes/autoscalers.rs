//! Autoscalers that keep more replicas than are needed, or cannot do their work.

use super::{
    common::{Verdict, cost_of_requests, count, evidence_of, open, risk_of, settle, team},
    figures::{Figures, in_window, nearest_rank},
    index::{Index, TWO_WEEKS, Work},
    price::sample_nano,
};
use crate::{
    error::Fault,
    inventory::{Autoscaler, Metric, Resources, UsageSubject},
    waste::{
        Assessment, ClaimKind, Confidence, Context, Detector, Estimate, Evidence, Measured, OpportunityType,
        Outcome, Ratio, Reason, Risk, RiskFactor, Setting, Subject, SubjectKind, Value, judged::Judged,
    },
};
use std::collections::BTreeMap;

const OPPORTUNITY: OpportunityType = OpportunityType::MisconfiguredAutoscaling;

pub(super) struct MinReplicas;
pub(super) struct Ineffective;

/// Autoscalers that change the number of replicas.
fn horizontal<'a>(index: &Index<'a>) -> impl Iterator<Item = &'a Autoscaler> {
    let all = index.inventory.autoscalers.iter().flatten();
    all.filter(|scaler| scaler.kind == "HorizontalPodAutoscaler")
}

fn target<'i, 'a>(index: &'i Index<'a>, scaler: &Autoscaler) -> Option<&'i Work<'a>> {
    let target = scaler.target.as_ref()?;
    index.find(&scaler.namespace, &target.kind, &target.name)
}

fn begin(
    detector: &'static str,
    index: &Index<'_>,
    scaler: &Autoscaler,
    work: Option<&Work<'_>>,
) -> Result<Judged, Assessment> {
    let subject = Subject::namespaced(SubjectKind::Autoscaler, &scaler.namespace, &scaler.name);
    let excluded: Option<(Outcome, Reason)> = match work {
        Some(work) => work.excluded,
        None => index.excluded(&scaler.namespace, None),
    };
    open(detector, OPPORTUNITY, &subject, excluded)
}

impl Detector for MinReplicas {
    fn id(&self) -> &'static str {
        "k8s.hpa_min_replicas"
    }

    fn settings(&self) -> &'static [Setting] {
        const {
            &[
                Setting::number(
                    "minimum_samples",
                    "100",
                    "samples; AWS Compute Optimizer's minimum evidence",
                ),
                Setting::number("minimum_hours", "30", "hours; AWS Compute Optimizer's minimum evidence"),
            ]
        }
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let Some(index) = cx.cluster() else { return Ok(Vec::new()) };
        let samples = cx.config.count(self, "minimum_samples");
        let span = cx.config.count(self, "minimum_hours").saturating_mul(3600);
        Ok(horizontal(index).map(|scaler| settle(self.judge(index, scaler, samples, span))).collect())
    }
}

/// The replicas that were needed at each instant: `ceil(sum of use / (request * target))`.
///
/// Only series of pods add up; a workload's own series is the maximum over its pods.
fn needed(index: &Index<'_>, work: &Work<'_>, request: i128, percent: u32) -> Vec<i64> {
    let mut sums: BTreeMap<i64, i128> = BTreeMap::new();
    for series in index.all_series(work, Metric::CpuUsage) {
        if matches!(series.subject, UsageSubject::Pod { .. }) {
            for sample in in_window(series, index.as_of, TWO_WEEKS) {
                let sum = sums.entry(sample.at).or_default();
                *sum = sum.saturating_add(sample_nano(series, sample.value));
            }
        }
    }
    let per_replica = request.saturating_mul(i128::from(percent));
    let replicas = |used: i128| {
        let scaled = used.max(0).unsigned_abs().saturating_mul(100);
        i64::try_from(scaled.div_ceil(per_replica.max(1).unsigned_abs())).unwrap_or(i64::MAX)
    };
    sums.into_values().map(replicas).collect()
}

impl MinReplicas {
    fn judge(&self, index: &Index<'_>, scaler: &Autoscaler, samples: u64, span: u64) -> Verdict {
        let work = target(index, scaler);
        let judged = begin(self.id(), index, scaler, work)?;
        let min = i64::from(scaler.min.unwrap_or(1));
        if min <= 1 {
            return Err(judged.inapplicable(Reason::MinimumIsOne));
        }
        let Some(work) = work else { return Err(judged.undetermined(Reason::NoWorkloadData)) };
        let metrics = scaler.metrics.iter().flatten();
        let target =
            metrics.filter(|metric| metric.resource == "cpu").find_map(|metric| metric.target_utilization);
        // Replicas that follow another metric cannot be counted from CPU.
        let Some(percent) = target.filter(|percent| *percent > 0) else {
            return Err(judged.inapplicable(Reason::WrongKind));
        };
        let requests = work.parts.iter().filter_map(|part| part.record.requests.as_ref()?.cpu());
        let request = requests.map(|cores| cores.nano()).fold(0, i128::saturating_add);
        if request <= 0 {
            return Err(judged.inapplicable(Reason::NoRequest));
        }
        let mut needed = needed(index, work, request, percent);
        let of_pods = index.all_series(work, Metric::CpuUsage);
        let of_pods = of_pods.filter(|series| matches!(series.subject, UsageSubject::Pod { .. }));
        let figures = Figures::of(of_pods.filter(|one| one.summary().is_none()), index.as_of, TWO_WEEKS);
        let (Some(figures), Some(demand)) = (figures, nearest_rank(&mut needed, 95)) else {
            return Err(judged.undetermined(Reason::NoUsage));
        };
        let protected = index.has_budget(work) == Some(true);
        let least = demand.max(if protected { 2 } else { 1 });
        let evidence = evidence_of("cpu_usage", &figures, TWO_WEEKS)
            .observed("needed_p95", count(demand))
            .observed("min", count(min))
            .observed("target_utilization", count(percent));
        if !figures.suffices(samples, span) {
            return Err(Assessment { evidence, ..judged.undetermined(Reason::NotEnoughSamples) });
        }
        if least >= min {
            return Err(Assessment { evidence, ..judged.ok(Reason::NoReduction) });
        }
        let measured = Measured::Below(Ratio::from(least), Ratio::from(min));
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            evidence,
            self.estimate(index, work, min, least),
            Confidence::metric(&[measured]).covered(&figures.coverage(TWO_WEEKS)),
            risk_of(index, work, Ratio::thousandths(300), None),
        );
        finding.before = vec![("min_replicas", count(min))];
        finding.after = vec![("min_replicas", count(least))];
        finding.team = team(work);
        Ok(finding)
    }

    fn estimate(&self, index: &Index<'_>, work: &Work<'_>, min: i64, least: i64) -> Estimate {
        let hours = &index.config.month_hours;
        // The minimum holds even where fewer replicas are reported: a claim is never above its base.
        let replicas = index.replicas(work).unwrap_or_default().max(Ratio::from(min));
        let Some(cost) = cost_of_requests(index, work, &replicas) else {
            return Estimate::unknown(Reason::NoPodCost, hours);
        };
        let removed = Ratio::from(min.saturating_sub(least));
        let share = removed.over(&replicas).unwrap_or_default();
        let pod = cost.monthly.over(&replicas).unwrap_or_default();
        cost.saving(&share, ClaimKind::Replicas, hours).by(
            "removed_replicas * pod_monthly_cost",
            vec![("removed_replicas", removed.into()), ("pod_monthly_cost", pod.into())],
        )
    }
}

impl Detector for Ineffective {
    fn id(&self) -> &'static str {
        "k8s.hpa_ineffective"
    }

    fn settings(&self) -> &'static [Setting] {
        const {
            &[
                Setting::number(
                    "at_maximum_share",
                    "0.9",
                    "share of samples at the largest number of replicas",
                ),
                Setting::number(
                    "stabilization_seconds",
                    "300",
                    "seconds that it may wait before it scales up",
                ),
            ]
        }
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let Some(index) = cx.cluster() else { return Ok(Vec::new()) };
        let share = cx.config.number(self, "at_maximum_share");
        let wait = cx.config.number(self, "stabilization_seconds");
        let mut replicas = BTreeMap::new();
        for series in index.inventory.usage.iter().flatten().filter(|one| one.metric == Metric::Replicas) {
            if let UsageSubject::Autoscaler { namespace, name } = &series.subject {
                replicas.insert((namespace.as_str(), name.as_str()), series);
            }
        }
        let judge = |scaler: &Autoscaler| {
            let series = replicas.get(&(scaler.namespace.as_str(), scaler.name.as_str()));
            let samples = series.map_or(&[][..], |series| in_window(series, index.as_of, TWO_WEEKS));
            let max = i64::from(scaler.max.unwrap_or(u32::MAX));
            let at_max = samples.iter().filter(|sample| sample.value >= max).count();
            let at_max =
                Ratio::new(i128::try_from(at_max).unwrap_or(0), i128::try_from(samples.len()).unwrap_or(0));
            settle(self.judge(index, scaler, at_max, &share, &wait))
        };
        Ok(horizontal(index).map(judge).collect())
    }
}

impl Ineffective {
    fn judge(
        &self,
        index: &Index<'_>,
        scaler: &Autoscaler,
        at_maximum: Option<Ratio>,
        share: &Ratio,
        wait: &Ratio,
    ) -> Verdict {
        let work = target(index, scaler);
        let judged = begin(self.id(), index, scaler, work)?;
        let delay = scaler.behavior.as_ref().and_then(|behavior| behavior.scale_up_stabilization_seconds);
        let min = scaler.min.unwrap_or(1);
        let reason = if scaler.max == Some(min) {
            Reason::MinEqualsMax
        } else if at_maximum.as_ref().is_some_and(|found| found > share) {
            Reason::AtMaximum
        } else if work.is_some_and(|work| lacks_request(scaler, work)) {
            Reason::TargetResourceWithoutRequest
        } else if work.is_none() && index.inventory.workloads.is_some() && scaler.target.is_some() {
            Reason::TargetNotFound
        } else if delay.is_some_and(|delay| Ratio::from(i64::from(delay)) > *wait) {
            Reason::SlowScaleUp
        } else if work.is_none() {
            return Err(judged.undetermined(Reason::NoWorkloadData));
        } else {
            return Err(judged.ok(Reason::Effective));
        };
        let evidence = Evidence::from_source("autoscalers")
            .observed("min", count(min))
            .observed("max", scaler.max.map(|max| Ratio::from(i64::from(max))))
            .observed("at_maximum_share", at_maximum.map(Value::Share))
            .observed("stabilization_seconds", delay.map(|delay| Ratio::from(i64::from(delay))))
            .threshold("at_maximum_share", share.clone())
            .threshold("stabilization_seconds", wait.clone());
        let base = Ratio::thousandths(200);
        let risk = match work {
            Some(work) => risk_of(index, work, base, None),
            None => {
                let mut risk = Risk::base(base);
                risk.consider(RiskFactor::Production, index.is_production(&scaler.namespace, &[]));
                risk
            }
        };
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            evidence,
            Estimate::governance(&index.config.month_hours),
            Confidence::fact(),
            risk,
        );
        finding.reason = Some(reason);
        if reason == Reason::SlowScaleUp {
            finding.before = vec![("scale_up_stabilization_seconds", count(delay.unwrap_or(0)))];
            // A minute: the established proposal of the summary form.
            finding.after = vec![("scale_up_stabilization_seconds", count(60_i64))];
        }
        finding.team = work.and_then(team);
        Ok(finding)
    }
}

/// Whether an autoscaler watches the use of a resource that a container of its target does not request: Kubernetes then
/// computes no utilisation at all.
fn lacks_request(scaler: &Autoscaler, work: &Work<'_>) -> bool {
    let watched = scaler.metrics.iter().flatten().filter(|metric| metric.target_utilization.is_some());
    let mut watched = watched.filter(|metric| metric.resource == "cpu" || metric.resource == "memory");
    watched.any(|metric| {
        let has = |resources: Option<&Resources>| {
            resources.and_then(|all| all.get(&metric.resource)).is_some_and(|amount| amount.nano() > 0)
        };
        let mut parts = work.parts.iter();
        parts.any(|part| !has(part.record.requests.as_ref()) && !has(part.record.limits.as_ref()))
    })
}
