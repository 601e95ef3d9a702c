//! Workloads that do nothing, or cannot start.

use super::{
    common::{Verdict, annotation, count, frame, of_works, open, readings_of, risk_of, saving_of, team},
    figures::{Figures, seconds_between},
    index::{Index, WEEK, Work},
};
use crate::{
    inventory::{Metric, Name, Pod, Status, UsageSubject},
    waste::{
        Assessment, ClaimKind, Confidence, Context, Detector, Evidence, Frame, Measured, OpportunityType,
        Ratio, Reading, Reason, Setting, Walk,
    },
};
use std::{collections::BTreeMap, sync::Arc};

const OPPORTUNITY: OpportunityType = OpportunityType::ZombieWorkloads;
const DAY: u64 = 86_400;

pub(super) struct IdleWorkload;
pub(super) struct CrashLooping;

/// Figures over all series of a metric, and the 95th percentile of the busiest pod: the sum over its containers.
fn busiest<'a>(index: &Index<'a>, work: &Work<'_>, metric: Metric) -> Option<(Figures<'a>, i128)> {
    let mut series = index.all_series(work, metric);
    let first = series.next()?;
    if series.next().is_none() {
        let figures = Figures::of(std::iter::once(first), index.as_of, WEEK)?;
        let p95 = figures.p95()?;
        return Some((figures, p95));
    }
    let figures = Figures::of(index.all_series(work, metric), index.as_of, WEEK)?;
    let mut sums: BTreeMap<Option<&Name>, i128> = BTreeMap::new();
    for series in index.all_series(work, metric) {
        let pod = match &series.subject {
            UsageSubject::Pod { pod, .. } => Some(pod),
            _ => None,
        };
        if let Some(p95) = Figures::of(std::iter::once(series), index.as_of, WEEK).and_then(|one| one.p95()) {
            let sum = sums.entry(pod).or_default();
            *sum = sum.saturating_add(p95);
        }
    }
    let largest = sums.into_values().max()?;
    Some((figures, largest))
}

impl Detector for IdleWorkload {
    fn id(&self) -> &'static str {
        "k8s.idle_workload"
    }

    fn settings(&self) -> &'static [Setting] {
        const {
            &[
                Setting::number("network_bytes_per_second", "100", "bytes a second, in and out together"),
                Setting::number("cpu_cores", "0.01", "cores"),
                Setting::number("minimum_samples", "100", "samples"),
                Setting::number("age_days", "7", "days that a workload must have lived"),
            ]
        }
    }

    fn walk<'c>(&'c self, cx: &'c Context<'_>) -> Option<Walk<'c>> {
        let index = cx.cluster()?;
        let (network, cpu) =
            (cx.config.number(self, "network_bytes_per_second"), cx.config.number(self, "cpu_cores"));
        let constants = Constants {
            frame: frame(
                "cpu_usage",
                &["cpu_p95", "network_p95"],
                &[("cpu_cores", &cpu), ("network_bytes_per_second", &network)],
                WEEK,
            ),
            network,
            cpu,
            samples: cx.config.count(self, "minimum_samples"),
            age: cx.config.count(self, "age_days").saturating_mul(DAY),
        };
        Some(of_works(index, move |work| self.judge(index, work, &constants)))
    }
}

/// The constants of one run.
struct Constants {
    network: Ratio,
    cpu: Ratio,
    frame: Arc<Frame>,
    samples: u64,
    age: u64,
}

impl IdleWorkload {
    fn judge(&self, index: &Index<'_>, work: &Work<'_>, constants: &Constants) -> Verdict {
        let record = work.record;
        let judged = open(self.id(), OPPORTUNITY, &work.subject, work.excluded)?;
        if ["Job", "CronJob", "DaemonSet"].iter().any(|kind| record.kind == *kind) {
            return Err(judged.inapplicable(Reason::WrongKind));
        }
        let standby = annotation(record.annotations.as_ref(), "finops/standby");
        if standby.is_some_and(|value| !value.eq_ignore_ascii_case("false")) {
            return Err(judged.inapplicable(Reason::Standby));
        }
        let Some((figures, cpu)) = busiest(index, work, Metric::CpuUsage) else {
            return Err(judged.undetermined(Reason::NoUsage));
        };
        let received = busiest(index, work, Metric::NetworkReceive);
        let (Some((_, received)), Some((_, sent))) =
            (received, busiest(index, work, Metric::NetworkTransmit))
        else {
            return Err(judged.undetermined(Reason::NoNetworkData));
        };
        let network = received.saturating_add(sent);
        let evidence = || {
            let readings = [Reading::nanos(Some(cpu)), Reading::nanos(Some(network)), Reading::Unknown];
            readings_of(&constants.frame, &figures, readings)
        };
        let (cpu, network) = (Ratio::nanos(cpu), Ratio::nanos(network));
        let with = |assessment: Assessment| Assessment { evidence: evidence(), ..assessment };
        if figures.samples() < constants.samples {
            return Err(with(judged.undetermined(Reason::NotEnoughSamples)));
        }
        match index.age(record.created_at) {
            None => return Err(with(judged.undetermined(Reason::NoAge))),
            Some(age) if age <= constants.age => return Err(with(judged.inapplicable(Reason::TooYoung))),
            Some(_) => {}
        }
        if network >= constants.network || cpu >= constants.cpu {
            return Err(with(judged.ok(Reason::Active)));
        }
        let measured = [
            Measured::Below(network, constants.network.clone()),
            Measured::Below(cpu, constants.cpu.clone()),
        ];
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            evidence(),
            saving_of(index, work, &Ratio::ONE, ClaimKind::Delete),
            Confidence::metric(&measured).covered(&figures.coverage(WEEK)),
            risk_of(index, work, Ratio::thousandths(300), None),
        );
        finding.before = vec![("replicas", record.replicas.map(|n| Ratio::from(i64::from(n))).into())];
        finding.after = vec![("replicas", count(0_i64))];
        finding.team = team(work);
        Ok(finding)
    }
}

impl Detector for CrashLooping {
    fn id(&self) -> &'static str {
        "k8s.crash_looping"
    }

    fn settings(&self) -> &'static [Setting] {
        const { &[Setting::number("days", "7", "days that no pod was ready")] }
    }

    fn walk<'c>(&'c self, cx: &'c Context<'_>) -> Option<Walk<'c>> {
        let index = cx.cluster()?;
        let least = cx.config.count(self, "days").saturating_mul(DAY);
        Some(of_works(index, move |work| self.judge(index, work, least)))
    }
}

/// Whether a pod waits because its container crashes or its image cannot be pulled.
fn fails(pod: &Pod) -> bool {
    let waits = |reason: &Name| reason == "CrashLoopBackOff" || reason == "ImagePullBackOff";
    let ready =
        pod.conditions.iter().flatten().any(|one| one.r#type == "Ready" && one.status == Status::True);
    !ready && pod.containers.iter().any(|container| container.waiting.as_ref().is_some_and(waits))
}

/// Since when a pod is not ready.
fn unready_since(pod: &Pod) -> Option<crate::time::Timestamp> {
    let conditions = pod.conditions.iter().flatten();
    conditions.filter(|one| one.r#type == "Ready" && one.status != Status::True).find_map(|one| one.since)
}

impl CrashLooping {
    fn judge(&self, index: &Index<'_>, work: &Work<'_>, least: u64) -> Verdict {
        let judged = open(self.id(), OPPORTUNITY, &work.subject, work.excluded)?;
        if index.inventory.pods.is_none() {
            return Err(judged.undetermined(Reason::NoPodData));
        }
        let ended = |pod: &Pod| pod.phase.as_ref().is_some_and(|phase| phase == "Succeeded");
        let pods: Vec<&Pod> = index.pods(work).iter().copied().filter(|pod| !ended(pod)).collect();
        if pods.is_empty() {
            return Err(judged.inapplicable(Reason::NoPods));
        }
        if !pods.iter().all(|pod| fails(pod)) {
            return Err(judged.ok(Reason::SomePodsRun));
        }
        let since: Option<Vec<_>> = pods.iter().map(|pod| unready_since(pod)).collect();
        let Some(youngest) = since.and_then(|since| since.into_iter().max()) else {
            return Err(judged.undetermined(Reason::NoAge));
        };
        let evidence = Evidence::from_source("pods.conditions")
            .observed("not_ready_since", youngest)
            .observed("pods", count(i64::try_from(pods.len()).unwrap_or(i64::MAX)));
        if seconds_between(youngest, index.as_of) <= least {
            return Err(Assessment { evidence, ..judged.inapplicable(Reason::TooYoung) });
        }
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            evidence,
            super::common::saving_of_requests(index, work),
            Confidence::fact(),
            risk_of(index, work, Ratio::thousandths(200), None),
        );
        finding.before = vec![("replicas", work.record.replicas.map(|n| Ratio::from(i64::from(n))).into())];
        finding.after = vec![("replicas", count(0_i64))];
        finding.team = team(work);
        Ok(finding)
    }
}
