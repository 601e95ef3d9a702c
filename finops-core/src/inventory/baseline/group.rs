//! Baselines of an inventory: each container, and the sums of workloads, services, namespaces and nodes.

use super::{
    super::{ClusterInventory, Metric, Name, Pod, Quantity, UsageData, UsageSeries, UsageSubject},
    Statistics, UsageBaseline,
    statistics::profile,
};
use std::collections::BTreeMap;

/// Whose usage a baseline is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BaselineSubject {
    /// A container of a pod, a claim, or another subject of one series.
    Series(UsageSubject),
    /// The pods of a workload.
    Workload {
        /// Namespace.
        namespace: Name,
        /// Kind.
        kind: Name,
        /// Name.
        name: Name,
    },
    /// The pods that are ready behind a service.
    Service {
        /// Namespace.
        namespace: Name,
        /// Name.
        name: Name,
    },
    /// The pods of a namespace.
    Namespace(Name),
    /// The pods on a node.
    Node(Name),
}

/// Metrics that add up over pods.
const ADDITIVE: [Metric; 4] =
    [Metric::CpuUsage, Metric::MemoryWorkingSet, Metric::NetworkReceive, Metric::NetworkTransmit];

/// Values at times in seconds, sorted by time.
pub(super) type Values = Vec<(i64, i128)>;

/// The samples of one subject, and what is known of it.
#[derive(Debug, Default, Clone)]
pub(super) struct Known {
    pub(super) values: Values,
    step_seconds: u32,
    covered_seconds: u64,
    running_seconds: Option<u64>,
    request: Option<i128>,
    limit: Option<i128>,
}

/// The baselines of everything with samples, by subject and metric.
#[must_use]
pub fn baselines(inventory: &ClusterInventory) -> Vec<UsageBaseline> {
    let usage = inventory.usage.as_deref().unwrap_or_default();
    let pods = inventory.pods.as_deref().unwrap_or_default();
    let mut all = Vec::new();
    for series in usage {
        let known = of_series(inventory, series);
        all.extend(baseline(BaselineSubject::Series(series.subject.clone()), series.metric, &known, None));
    }
    let behind = services_of_pods(inventory);
    for metric in ADDITIVE {
        let mut groups: BTreeMap<BaselineSubject, Vec<Known>> = BTreeMap::new();
        for pod in pods {
            let Some(known) = of_pod(inventory, pod, metric) else { continue };
            for subject in groups_of(pod, &behind) {
                groups.entry(subject).or_default().push(known.clone());
            }
        }
        for (subject, members) in groups {
            let per_pod = matches!(subject, BaselineSubject::Workload { .. }).then(|| {
                let each = members.iter().filter_map(|known| Statistics::of(&known.values));
                each.reduce(|one, other| one.larger(&other))
            });
            all.extend(baseline(subject, metric, &together(members), per_pod.flatten()));
        }
    }
    all.sort_by(|one, other| one.subject.cmp(&other.subject).then(one.metric.cmp(&other.metric)));
    all
}

fn baseline(
    subject: BaselineSubject,
    metric: Metric,
    known: &Known,
    per_pod: Option<Statistics>,
) -> Option<UsageBaseline> {
    let statistics = Statistics::of(&known.values)?;
    let (first, last) = (known.values.first()?.0, known.values.last()?.0);
    let span = last.checked_sub(first)?.checked_add(known.step_seconds.into())?;
    Some(UsageBaseline {
        subject,
        metric,
        statistics,
        per_pod,
        span_seconds: u64::try_from(span).ok()?,
        covered_seconds: known.covered_seconds,
        running_seconds: known.running_seconds,
        profile: profile(&known.values, known.step_seconds),
        request: known.request,
        limit: known.limit,
    })
}

fn of_series(inventory: &ClusterInventory, series: &UsageSeries) -> Known {
    let UsageData::Samples { step_seconds, samples } = &series.data else { return Known::default() };
    let values: Values = samples.iter().map(|sample| (sample.at, series.nano(*sample))).collect();
    let mut known = Known {
        covered_seconds: u64::try_from(values.len()).unwrap_or(0).saturating_mul((*step_seconds).into()),
        values,
        step_seconds: *step_seconds,
        ..Known::default()
    };
    if let UsageSubject::Pod { namespace, pod, container: Some(name), .. } = &series.subject {
        let pods = inventory.pods_of(namespace);
        let pod = pods.binary_search_by(|known| known.name.cmp(pod)).ok().and_then(|at| pods.get(at));
        let container = pod.and_then(|pod| pod.containers.iter().find(|container| container.name == *name));
        if let (Some(pod), Some(container), Some(resource)) = (pod, container, resource(series.metric)) {
            known.request = container.request(resource).map(Quantity::nano);
            known.limit =
                container.limits.as_ref().and_then(|limits| limits.get(resource)).map(Quantity::nano);
            known.running_seconds = running(inventory, pod, |of| of.name == *name, &known);
        }
    }
    known
}

/// The resource that a metric is the usage of.
const fn resource(metric: Metric) -> Option<&'static str> {
    match metric {
        Metric::CpuUsage => Some("cpu"),
        Metric::MemoryWorkingSet => Some("memory"),
        _ => None,
    }
}

/// The sum over the containers of a pod, or its own series where there is none of a container.
pub(super) fn of_pod(inventory: &ClusterInventory, pod: &Pod, metric: Metric) -> Option<Known> {
    let usage = inventory.usage.as_deref().unwrap_or_default();
    let (mut containers, mut whole) = (Vec::new(), Vec::new());
    let key = (&pod.namespace, &pod.name);
    let start =
        usage.partition_point(|series| pod_of(series).is_none_or(|of| of < key) && !after_pods(series));
    for series in usage.get(start..).unwrap_or_default() {
        if pod_of(series) != Some(key) {
            break;
        }
        if series.metric == metric && !series.samples().is_empty() {
            let own = matches!(series.subject, UsageSubject::Pod { container: Some(_), .. });
            if own { &mut containers } else { &mut whole }.push(of_series(inventory, series));
        }
    }
    let members = if containers.is_empty() { whole } else { containers };
    if members.is_empty() {
        return None;
    }
    let mut known = together(members);
    if let Some(resource) = resource(metric) {
        known.request = pod.effective_request(resource);
        let limits = pod.containers.iter().map(|container| container.limits.as_ref()?.get(resource));
        known.limit = limits
            .map(|limit| limit.map(Quantity::nano))
            .try_fold(0_i128, |sum, limit| sum.checked_add(limit?));
    }
    Some(known)
}

fn pod_of(series: &UsageSeries) -> Option<(&Name, &Name)> {
    match &series.subject {
        UsageSubject::Pod { namespace, pod, .. } => Some((namespace, pod)),
        _ => None,
    }
}

/// In the canonical order nodes stand before pods, and every other subject after them.
const fn after_pods(series: &UsageSeries) -> bool {
    !matches!(series.subject, UsageSubject::Node(_) | UsageSubject::Pod { .. })
}

fn services_of_pods(inventory: &ClusterInventory) -> BTreeMap<(&Name, &Name), Vec<&Name>> {
    let mut behind: BTreeMap<(&Name, &Name), Vec<&Name>> = BTreeMap::new();
    for service in inventory.services.iter().flatten() {
        for pod in service.ready_endpoints.iter().flatten() {
            behind.entry((&service.namespace, pod)).or_default().push(&service.name);
        }
    }
    behind
}

fn groups_of(pod: &Pod, behind: &BTreeMap<(&Name, &Name), Vec<&Name>>) -> Vec<BaselineSubject> {
    let namespace = || pod.namespace.clone();
    let mut groups = vec![BaselineSubject::Namespace(namespace())];
    groups.extend(pod.owner.as_deref().map(|owner| BaselineSubject::Workload {
        namespace: namespace(),
        kind: owner.kind.clone(),
        name: owner.name.clone(),
    }));
    groups.extend(pod.node.clone().map(BaselineSubject::Node));
    let services = behind.get(&(&pod.namespace, &pod.name)).into_iter().flatten();
    groups.extend(
        services.map(|name| BaselineSubject::Service { namespace: namespace(), name: (*name).clone() }),
    );
    groups
}

/// The sum at each time.
pub(super) fn together(members: Vec<Known>) -> Known {
    let mut all = Known { running_seconds: Some(0), request: None, limit: Some(0), ..Known::default() };
    let mut values: Values = Vec::new();
    let add = |one: Option<i128>, other: Option<i128>| match (one, other) {
        (None, other) => other,
        (one, None) => one,
        (Some(one), Some(other)) => Some(one.saturating_add(other)),
    };
    for member in members {
        values.extend(&member.values);
        all.step_seconds = all.step_seconds.max(member.step_seconds);
        all.covered_seconds = all.covered_seconds.saturating_add(member.covered_seconds);
        all.running_seconds =
            all.running_seconds.zip(member.running_seconds).map(|(one, other)| one.saturating_add(other));
        all.request = add(all.request, member.request);
        all.limit = all.limit.zip(member.limit).map(|(one, other)| one.saturating_add(other));
    }
    values.sort_unstable();
    values.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 = kept.1.saturating_add(next.1);
        }
        same
    });
    all.values = values;
    all
}

/// Seconds in which containers ran, within the window of the inventory or else the span of the samples.
fn running(
    inventory: &ClusterInventory,
    pod: &Pod,
    wanted: impl Fn(&super::super::Container) -> bool,
    known: &Known,
) -> Option<u64> {
    let second = |ms: i64| ms.div_euclid(1000);
    let (start, end) = match inventory.window {
        Some(window) => (second(window.start.ms()), second(window.end.ms())),
        None => (known.values.first()?.0.saturating_sub(known.step_seconds.into()), known.values.last()?.0),
    };
    let now = second(pod.end.map_or(inventory.as_of, |end| end.min(inventory.as_of)).ms());
    let mut total = 0_u64;
    for container in pod.containers.iter().filter(|container| wanted(container)) {
        for (from, to) in container.running.as_deref()? {
            let from = second(from.ms()).max(start);
            let to = to.map_or(now, |to| second(to.ms())).min(end);
            total = total.saturating_add(u64::try_from(to.saturating_sub(from)).unwrap_or(0));
        }
    }
    Some(total)
}
