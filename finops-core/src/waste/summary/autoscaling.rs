//! Autoscalers that keep too many replicas or wait too long.

use super::{Autoscaler, ClusterData, Judged, WINDOW_NOT_STATED, Workload, refused, whole};
use crate::{
    error::Fault,
    waste::{
        Assessment, ClaimKind, Component, Confidence, Context, Detector, Estimate, Evidence, OpportunityType,
        Ratio, Reason, Risk, Setting, Subject, Value,
    },
};
use std::sync::Arc;

pub(super) struct MinReplicas;
pub(super) struct SlowScaleUp;

fn judged(detector: &'static str, autoscaler: &Autoscaler) -> Judged {
    Judged {
        detector,
        opportunity: OpportunityType::MisconfiguredAutoscaling,
        subject: Subject::summary_autoscaler(&autoscaler.namespace, &autoscaler.workload),
    }
}

/// The workload that an autoscaler scales; records come sorted by namespace and name.
fn target<'a>(autoscaler: &Autoscaler, data: &'a ClusterData) -> Option<Workload<'a>> {
    let found = data.workloads.find(&autoscaler.namespace, &autoscaler.workload);
    found.filter(|workload| !workload.is_repeated())
}

fn team(autoscaler: &Autoscaler, data: &ClusterData) -> Option<Arc<str>> {
    let of_workload = || target(autoscaler, data).and_then(Workload::team);
    autoscaler.team.as_deref().or_else(of_workload).map(Arc::from)
}

impl Detector for MinReplicas {
    fn id(&self) -> &'static str {
        "k8s.hpa_min_replicas"
    }

    fn settings(&self) -> &'static [Setting] {
        const {
            &[
                Setting::number("usage_threshold", "0.3", "share of the CPU in use; established default"),
                Setting::number("headroom", "1.2", "times the share that stays; established default"),
            ]
        }
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let Some(data) = cx.summary() else { return Ok(Vec::new()) };
        let (threshold, headroom) =
            (cx.config.number(self, "usage_threshold"), cx.config.number(self, "headroom"));
        let judge = |autoscaler| Assessment {
            team: team(autoscaler, data),
            ..self.judge(autoscaler, &threshold, &headroom, data, cx)
        };
        Ok(data.autoscalers.iter().map(judge).collect())
    }
}

impl MinReplicas {
    fn judge(
        &self,
        autoscaler: &Autoscaler,
        threshold: &Ratio,
        headroom: &Ratio,
        data: &ClusterData,
        cx: &Context<'_>,
    ) -> Assessment {
        let judged = judged(self.id(), autoscaler);
        if let Some(path) = refused(autoscaler.repeated, &autoscaler.workload, &[&autoscaler.min]) {
            return judged.invalid(path);
        }
        // Kubernetes' own minimum where none is given is 1.
        let Some(min) = autoscaler.min.known().map_or(Some(1), whole) else {
            return judged.invalid(&autoscaler.workload);
        };
        if min <= 1 {
            return judged.inapplicable(Reason::MinimumIsOne);
        }
        if let Some(path) = refused(false, "", &[&autoscaler.cpu, &autoscaler.current]) {
            return judged.invalid(path);
        }
        let Some(cpu) = autoscaler.cpu.known() else { return judged.undetermined(Reason::NoUsage) };
        let evidence = Evidence::from_source("cluster_data.hpa_configs")
            .observed("cpu_utilization", cpu.clone())
            .threshold("usage_threshold", threshold.clone());
        if cpu >= threshold {
            return Assessment { evidence, ..judged.ok(Reason::UtilizationAtOrAboveThreshold) };
        }
        let after = Ratio::from(min).times(cpu).times(headroom).floor().unwrap_or(min).max(1);
        if after >= min {
            return Assessment { evidence, ..judged.ok(Reason::NoReduction) };
        }
        let estimate = estimate(min, after, autoscaler, data, cx);
        // 0.75 and 0.3: the established figures of this detector (specification, section 3).
        let (confidence, risk) =
            (Confidence::stated(Ratio::thousandths(750)), Risk::base(Ratio::thousandths(300)));
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            evidence,
            estimate,
            confidence,
            risk,
        );
        let count = |replicas: i128| Value::Count(i64::try_from(replicas).unwrap_or(i64::MAX));
        finding.before = vec![("min_replicas", count(min))];
        finding.after = vec![("min_replicas", count(after))];
        finding
    }
}

/// What a pod requests of CPU and memory for a month; `None` where a request or the number of pods is not known.
fn pod_cost(autoscaler: &Autoscaler, data: &ClusterData, cx: &Context<'_>) -> Option<(Ratio, Ratio, Ratio)> {
    let workload = target(autoscaler, data)?;
    let own = workload.replicas();
    let replicas = own.known().or_else(|| autoscaler.current.known())?;
    let replicas = replicas.is_positive().then_some(replicas)?;
    let monthly =
        |request: &Ratio, rate: &Ratio| request.times(rate).times(&cx.config.month_hours).over(replicas);
    let cpu = monthly(workload.cpu_request().known()?, &cx.config.summary_rates.0)?;
    let memory = monthly(workload.memory_request().known()?, &cx.config.summary_rates.1)?;
    Some((cpu, memory, replicas.clone()))
}

fn estimate(
    min: i128,
    after: i128,
    autoscaler: &Autoscaler,
    data: &ClusterData,
    cx: &Context<'_>,
) -> Estimate {
    let hours = &cx.config.month_hours;
    let Some((cpu, memory, replicas)) = pod_cost(autoscaler, data, cx) else {
        let mut estimate = Estimate::unknown(Reason::NoPodCost, hours);
        estimate.assumptions.push(WINDOW_NOT_STATED);
        return estimate;
    };
    let removed = Ratio::from(min.saturating_sub(after));
    let pod = cpu.plus(&memory);
    // The minimum holds even where fewer replicas are reported: a claim is never above its base.
    let pods = replicas.max(Ratio::from(min));
    let resource: Arc<str> =
        Subject::summary_workload(&autoscaler.namespace, &autoscaler.workload).id().into();
    let mut estimate = Estimate::saving(&removed.times(&pod), hours)
        .by(
            "removed_replicas * pod_monthly_cost",
            vec![("removed_replicas", removed.clone().into()), ("pod_monthly_cost", pod.into())],
        )
        .priced_by("config.summary_rates", None)
        .claiming(
            Arc::clone(&resource),
            Component::Cpu,
            &pods.times(&cpu),
            &removed.times(&cpu),
            ClaimKind::Replicas,
        )
        .claiming(
            resource,
            Component::Memory,
            &pods.times(&memory),
            &removed.times(&memory),
            ClaimKind::Replicas,
        );
    estimate.assumptions.push(WINDOW_NOT_STATED);
    estimate
}

impl Detector for SlowScaleUp {
    fn id(&self) -> &'static str {
        "k8s.hpa_slow_scale_up"
    }

    fn settings(&self) -> &'static [Setting] {
        const {
            &[
                Setting::number("delay_seconds", "300", "seconds that it may wait; established default"),
                Setting::number("after_seconds", "60", "seconds that are proposed; established default"),
            ]
        }
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let Some(data) = cx.summary() else { return Ok(Vec::new()) };
        let (limit, after) =
            (cx.config.number(self, "delay_seconds"), cx.config.number(self, "after_seconds"));
        let judge = |autoscaler| Assessment {
            team: team(autoscaler, data),
            ..self.judge(autoscaler, &limit, &after, &cx.config.month_hours)
        };
        Ok(data.autoscalers.iter().map(judge).collect())
    }
}

impl SlowScaleUp {
    fn judge(&self, autoscaler: &Autoscaler, limit: &Ratio, after: &Ratio, hours: &Ratio) -> Assessment {
        let judged = judged(self.id(), autoscaler);
        let delay = &autoscaler.scale_up_delay;
        if let Some(path) = refused(autoscaler.repeated, &autoscaler.workload, &[delay]) {
            return judged.invalid(path);
        }
        let Some(delay) = delay.known() else { return judged.undetermined(Reason::NoScaleUpDelay) };
        let evidence = Evidence::from_source("cluster_data.hpa_configs")
            .observed("scale_up_delay", delay.clone())
            .threshold("delay_seconds", limit.clone());
        if delay <= limit {
            return Assessment { evidence, ..judged.ok(Reason::ScaleUpDelayWithinLimit) };
        }
        // 0.65 and 0.2: the established figures of this detector (specification, section 3).
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            evidence,
            Estimate::governance(hours),
            Confidence::stated(Ratio::thousandths(650)),
            Risk::base(Ratio::thousandths(200)),
        );
        finding.reason = Some(Reason::SlowScaleUp);
        finding.before = vec![("scale_up_delay", delay.clone().into())];
        finding.after = vec![("scale_up_delay", after.clone().into())];
        finding
    }
}
