//! What detectors of workloads share: gates, evidence, risk, costs.

use super::{
    figures::{Figures, seconds_between},
    index::{Index, Part, TWO_WEEKS, Work},
    price::{gib, units},
};
use crate::{
    inventory::{Labels, Name, Quantity},
    time::Timestamp,
    waste::{
        Assessment, ClaimKind, Component, Estimate, Evidence, Fact, Frame, OpportunityType, Outcome,
        READINGS, Ratio, Reading, Reason, Risk, RiskFactor, Subject, Value, Walk, judged::Judged,
    },
};
use std::{borrow::Cow, sync::Arc};

/// Starts a judgement, or ends it where the owner or the configuration excludes the subject.
pub(super) fn open(
    detector: &'static str,
    opportunity: OpportunityType,
    subject: &Subject,
    excluded: Option<(Outcome, Reason)>,
) -> Result<Judged, Assessment> {
    let judged = Judged { detector, opportunity, subject: subject.clone() };
    match excluded {
        None => Ok(judged),
        Some((outcome, reason)) => Err(judged.other(outcome, reason)),
    }
}

/// One judgement: `Err` ends it early, both are assessments.
pub(super) type Verdict = Result<Assessment, Assessment>;

/// A walk that judges every workload.
pub(super) fn of_works<'i, 'a>(
    index: &'i Index<'a>,
    mut judge: impl FnMut(&'i Work<'a>) -> Verdict + 'i,
) -> Walk<'i> {
    let works = index.works();
    Walk::new(works.len(), works.len(), true, move |block, out| {
        works.get(block).unwrap_or_default().iter().for_each(|work| out(settle(judge(work))));
    })
}

/// A walk that judges every container, by workload.
pub(super) fn of_parts<'i, 'a>(
    index: &'i Index<'a>,
    mut judge: impl FnMut(&'i Work<'a>, &'i Part<'a>) -> Verdict + 'i,
) -> Walk<'i> {
    let works = index.works();
    let (parts, in_order) = index.parts_of_all();
    Walk::new(works.len(), parts, in_order, move |block, out| {
        for work in works.get(block).unwrap_or_default() {
            work.parts.iter().for_each(|part| out(settle(judge(work, part))));
        }
    })
}

/// Either side of a verdict.
pub(super) fn settle(verdict: Verdict) -> Assessment {
    match verdict {
        Ok(assessment) | Err(assessment) => assessment,
    }
}

/// Evidence of measured figures in a window.
pub(super) fn evidence_of(source: &'static str, figures: &Figures<'_>, window_seconds: u64) -> Evidence {
    let required = window_seconds.checked_div(3600);
    Evidence::from_source(source).over(figures.window()).sampled(Some(figures.samples()), required)
}

/// What the evidence of a detector that judges every container shares in a run.
pub(super) fn frame(
    source: &'static str,
    names: &'static [&'static str],
    thresholds: &[(&'static str, &Ratio)],
    window_seconds: u64,
) -> Arc<Frame> {
    let thresholds =
        thresholds.iter().map(|(name, value)| -> Fact { (*name, Value::from((*value).clone())) });
    let required_samples = window_seconds.checked_div(3600);
    Arc::new(Frame { source, names, thresholds: thresholds.collect(), required_samples })
}

/// Evidence of figures as such a detector keeps it.
pub(super) fn readings_of(
    frame: &Arc<Frame>,
    figures: &Figures<'_>,
    readings: [Reading; READINGS],
) -> Evidence {
    Evidence::of_readings(frame, readings, Some(figures.samples()), figures.window())
}

/// Named nano-units as a number of cores, bytes or pieces.
pub(super) fn nano(value: Option<i128>) -> Value {
    value.map(Ratio::nanos).into()
}

/// A quantity as Kubernetes prints it.
pub(super) fn quantity(amount: Option<Quantity>) -> Value {
    amount.map(|amount| amount.to_string()).into()
}

/// `{requests: {<resource>: ...}, limits: {<resource>: ...}}`; a limit that is not there is left out.
pub(super) fn resources(resource: &'static str, request: Value, limit: Option<Value>) -> Vec<Fact> {
    let mut state = vec![("requests", Value::Map(vec![(resource, request)]))];
    state.extend(limit.map(|limit| -> Fact { ("limits", Value::Map(vec![(resource, limit)])) }));
    state
}

/// A count as JSON number.
pub(super) fn count(value: impl TryInto<i64>) -> Value {
    Value::Count(value.try_into().unwrap_or(i64::MAX))
}

/// Whether a container of a workload was killed for lack of memory in the window; `None` without pods. With it the
/// memory limit of the killed container in bytes.
pub(super) fn oom_kill(index: &Index<'_>, work: &Work<'_>, container: Option<&Name>) -> Option<bool> {
    index.inventory.pods.as_ref()?;
    let recent = |at: Option<Timestamp>| {
        // A kill without a time is one that the pod's status still shows: it counts.
        at.is_none_or(|at| seconds_between(at, index.as_of) <= TWO_WEEKS)
    };
    let killed = |found: &crate::inventory::Container| {
        container.is_none_or(|name| *name == found.name)
            && found.last_termination.as_ref().is_some_and(|end| {
                end.reason.as_ref().is_some_and(|reason| reason == "OOMKilled") && recent(end.at)
            })
    };
    Some(index.pods(work).iter().any(|pod| pod.containers.iter().any(killed)))
}

/// The memory limit in bytes of a container that was killed for lack of memory in the window.
pub(super) fn oom_limit(index: &Index<'_>, work: &Work<'_>, part: &Part<'_>) -> Option<i128> {
    oom_kill(index, work, Some(part.name)).filter(|killed| *killed)?;
    let of_pods = index.pods(work).iter().flat_map(|pod| pod.containers.iter());
    let limits = of_pods.filter(|found| found.name == *part.name).filter_map(|found| found.limits.as_ref());
    let template = part.record.limits.as_ref();
    limits.chain(template).filter_map(|limits| limits.memory()).map(|bytes| i128::from(bytes.whole())).max()
}

/// The risk of a change to a workload (specification, section 4); `resource` is what an autoscaler may act on too.
pub(super) fn risk_of(index: &Index<'_>, work: &Work<'_>, base: Ratio, resource: Option<&str>) -> Risk {
    let mut risk = Risk::base(base);
    let record = work.record;
    risk.consider(RiskFactor::StatefulSet, Some(record.kind == "StatefulSet"));
    let replicas = index.replicas(work);
    risk.consider(RiskFactor::SingleReplica, replicas.as_ref().map(|count| *count == Ratio::ONE));
    let unprotected = match replicas {
        Some(count) if count <= Ratio::ONE => Some(false),
        Some(_) => index.has_budget(work).map(|has| !has),
        None => None,
    };
    risk.consider(RiskFactor::NoDisruptionBudget, unprotected);
    if let Some(resource) = resource {
        let scales = index.inventory.autoscalers.as_ref().map(|_| scaler(work, resource).is_some());
        risk.consider(RiskFactor::HpaOnResource, scales);
        let throttled = work.parts.iter().filter_map(|part| part.throttled.as_ref()?.mean()).max();
        // A quarter of the periods: what the detector of throttling reports.
        let held_back = throttled.map(|mean| mean.saturating_mul(4) > super::price::NANO);
        let killed = oom_kill(index, work, None);
        let both = match (killed, held_back) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        };
        risk.consider(RiskFactor::OomOrThrottle, both);
    }
    risk.consider(RiskFactor::Production, is_production(index, work));
    risk
}

/// Whether a workload is marked as production or critical.
pub(super) fn is_production(index: &Index<'_>, work: &Work<'_>) -> Option<bool> {
    let record = work.record;
    let of_pod = index.pods(work).first().and_then(|pod| pod.labels.as_ref());
    index.is_production(&record.namespace, &[record.labels.as_ref(), record.pod_labels.as_ref(), of_pod])
}

/// The autoscaler that scales a workload on a resource, with its target in percent.
pub(super) fn scaler(work: &Work<'_>, resource: &str) -> Option<u32> {
    let all = work.autoscalers.iter().filter(|scaler| scaler.kind != "VerticalPodAutoscaler");
    let metrics = all.flat_map(|scaler| scaler.metrics.iter().flatten());
    metrics.filter(|metric| metric.resource == resource).filter_map(|metric| metric.target_utilization).min()
}

/// Whether a vertical autoscaler sets the requests of a workload.
pub(super) fn is_managed(work: &Work<'_>) -> bool {
    work.autoscalers.iter().any(|scaler| {
        scaler.kind == "VerticalPodAutoscaler"
            && scaler.mode.as_ref().is_none_or(|mode| mode == "Auto" || mode == "Recreate")
    })
}

/// The team of a workload, by the fallbacks of allocation.md 5.7.
pub(super) fn team(work: &Work<'_>) -> Option<Arc<str>> {
    let labels = work.record.labels.as_ref().or(work.record.pod_labels.as_ref())?;
    let found = ["team", "owner", "app.kubernetes.io/part-of"].iter().find_map(|name| labels.get(name))?;
    Some(found.shared())
}

/// What a workload costs a month, and which parts of which containers it falls to.
pub(super) struct Cost {
    pub monthly: Ratio,
    parts: Vec<(Subject, Component, Ratio)>,
    source: Cow<'static, str>,
    assumption: Option<&'static str>,
}

/// What the requests of a container cost a month over all pods, by component.
fn request_costs(
    index: &Index<'_>,
    work: &Work<'_>,
    part: &Part<'_>,
    replicas: &Ratio,
) -> Option<Vec<(Component, Ratio)>> {
    let hours = &index.config.month_hours;
    let requests = part.record.requests.as_ref()?;
    let month =
        |amount: Ratio, rate: &Option<Ratio>| Some(amount.times(rate.as_ref()?).times(hours).times(replicas));
    let mut costs = Vec::with_capacity(2);
    if let Some(cores) = requests.cpu() {
        costs.push((Component::Cpu, month(units(cores), &work.rates.cpu_core_hour)?));
    }
    if let Some(bytes) = requests.memory() {
        costs.push((Component::Memory, month(gib(&units(bytes)), &work.rates.memory_gib_hour)?));
    }
    Some(costs)
}

/// What `replicas` pods of a workload cost by their requests; `None` where a price or every request is missing.
pub(super) fn cost_of_requests(index: &Index<'_>, work: &Work<'_>, replicas: &Ratio) -> Option<Cost> {
    let mut parts = Vec::with_capacity(work.parts.len().saturating_mul(2));
    for part in &work.parts {
        let costs = request_costs(index, work, part, replicas)?;
        parts.extend(costs.into_iter().map(|(component, cost)| (part.subject.clone(), component, cost)));
    }
    if parts.is_empty() {
        return None;
    }
    let assumption = Some("cost_of_requests");
    Some(Cost { monthly: sum(&parts), parts, source: "rates of requests".into(), assumption })
}

fn sum(parts: &[(Subject, Component, Ratio)]) -> Ratio {
    parts.iter().fold(Ratio::ZERO, |sum, (_, _, cost)| sum.plus(cost))
}

/// What a workload costs: its known allocation, else its requests.
pub(super) fn cost_of(index: &Index<'_>, work: &Work<'_>) -> Option<Cost> {
    let by_request = index.replicas(work).and_then(|replicas| cost_of_requests(index, work, &replicas));
    let Some(monthly) = index.known_cost(work) else { return by_request };
    let parts = by_request.map(|cost| cost.parts);
    // What the workload was allocated falls to its containers as their requests cost.
    let whole = |monthly: &Ratio| vec![(work.subject.clone(), Component::Cpu, monthly.clone())];
    let parts = parts.and_then(|parts| {
        let scale = monthly.over(&sum(&parts))?;
        Some(parts.into_iter().map(|(subject, part, cost)| (subject, part, cost.times(&scale))).collect())
    });
    let parts = parts.unwrap_or_else(|| whole(&monthly));
    Some(Cost { monthly, parts, source: "allocation".into(), assumption: None })
}

impl Cost {
    /// The saving of a share of the whole, with its claims.
    pub(super) fn saving(&self, share: &Ratio, kind: ClaimKind, hours: &Ratio) -> Estimate {
        let mut estimate = Estimate::saving(&self.monthly.times(share), hours)
            .by(
                "monthly_cost * share",
                vec![("monthly_cost", self.monthly.clone().into()), ("share", share.clone().into())],
            )
            .priced_by(self.source.clone(), None);
        for (subject, component, cost) in &self.parts {
            estimate = estimate.claiming(subject.id(), *component, cost, &cost.times(share), kind);
        }
        estimate.assumptions.extend(self.assumption);
        estimate
    }
}

/// The saving of a share of a workload's cost, or why it is not known.
pub(super) fn saving_of(index: &Index<'_>, work: &Work<'_>, share: &Ratio, kind: ClaimKind) -> Estimate {
    let hours = &index.config.month_hours;
    match cost_of(index, work) {
        Some(cost) => cost.saving(share, kind, hours),
        None => Estimate::unknown(Reason::NoPrice, hours),
    }
}

/// What the requests of a workload cost, which are held though nothing runs.
pub(super) fn saving_of_requests(index: &Index<'_>, work: &Work<'_>) -> Estimate {
    let hours = &index.config.month_hours;
    let cost = index.replicas(work).and_then(|replicas| cost_of_requests(index, work, &replicas));
    match cost {
        Some(cost) => cost.saving(&Ratio::ONE, ClaimKind::Delete, hours),
        None => Estimate::unknown(Reason::NoPrice, hours),
    }
}

/// Whether a name matches a pattern in which `*` stands for any letters.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(rest) = pieces.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let mut rest = rest;
    let mut pieces = pieces.peekable();
    if pieces.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        match rest.split_once(piece) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    true
}

/// The value of an annotation.
pub(super) fn annotation<'a>(annotations: Option<&'a Labels>, name: &str) -> Option<&'a str> {
    annotations.and_then(|all| all.get(name)).map(Name::as_str)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_letters() {
        for (pattern, name, expected) in [
            ("pr-*", "pr-17", true),
            ("pr-*", "apr-17", false),
            ("*", "", true),
            ("*-tmp", "a-tmp", true),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "aXc", false),
            ("exact", "exact", true),
            ("exact", "exactly", false),
            ("a*a", "a", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
