//! What every workload requests, may use and uses, in two rows a workload: with or without samples.

use super::{
    super::{
        ClusterInventory, Container, Metric, Name, Pod, Quantity, UsageSubject, Workload, decimal,
        effective_request,
    },
    Statistics,
    group::{of_pod, together},
    ratio_ppm,
};
use crate::json::{Json, Object};
use std::collections::BTreeMap;

/// A resource of a workload: 1e-9 of a core or of a byte; `None` is not known, or for a limit also not set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ResourceUse {
    /// What its pods request together.
    pub request: Option<i128>,
    /// What they may use together; `None` where a container has no limit.
    pub limit: Option<i128>,
    /// Mean usage.
    pub mean: Option<i128>,
    /// 95th percentile of usage; only samples tell it.
    pub p95: Option<i128>,
    /// The most that was used; only samples tell it.
    pub max: Option<i128>,
}

impl ResourceUse {
    /// Mean usage of the request in parts per million, rounded half-even; `None` without a request or usage.
    #[must_use]
    pub fn mean_of_request_ppm(&self) -> Option<i128> {
        ratio_ppm(self.mean?, self.request?)
    }

    fn to_json(self) -> Json {
        let amount = |nano: Option<i128>| Json::from(nano.map(|nano| decimal::text(nano, 9)));
        let share = self.mean_of_request_ppm().map(|ppm| decimal::text(ppm, 6));
        Json::object([
            ("request", amount(self.request)),
            ("limit", amount(self.limit)),
            ("mean", amount(self.mean)),
            ("p95", amount(self.p95)),
            ("max", amount(self.max)),
            ("mean_of_request", share.into()),
        ])
    }
}

/// A workload with its requests, limits and usage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkloadUse {
    /// Namespace.
    pub namespace: Name,
    /// Kind; empty where the input names none.
    pub kind: Name,
    /// Name.
    pub name: Name,
    /// Pods that run or wait, else those that are wanted.
    pub pods: Option<u64>,
    /// Cores.
    pub cpu: ResourceUse,
    /// Bytes.
    pub memory: ResourceUse,
}

impl WorkloadUse {
    /// The wire form: cores and bytes as decimals, null for what is not known.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let kind = Some(self.kind.as_str()).filter(|kind| !kind.is_empty());
        let members = [
            ("namespace", Json::from(self.namespace.as_str())),
            ("kind", kind.into()),
            ("name", self.name.as_str().into()),
            ("pods", self.pods.into()),
            ("cpu", self.cpu.to_json()),
            ("memory", self.memory.to_json()),
        ];
        Json::Object(Object::from_unique(members.map(|(name, value)| (name.to_owned(), value)).into()))
    }
}

/// What is known of one workload.
#[derive(Default)]
struct Group<'a> {
    workload: Option<&'a Workload>,
    pods: Vec<&'a Pod>,
}

/// Every workload of an inventory and what controls its pods, by namespace, kind and name. Pods without an owner stand for
/// themselves; what another workload controls is counted there.
#[must_use]
pub fn workload_uses(inventory: &ClusterInventory) -> Vec<WorkloadUse> {
    let mut groups: BTreeMap<(&str, &str, &str), Group<'_>> = BTreeMap::new();
    for workload in inventory.workloads.iter().flatten().filter(|workload| workload.owner.is_none()) {
        let key = (workload.namespace.as_str(), workload.kind.as_str(), workload.name.as_str());
        groups.entry(key).or_default().workload = Some(workload);
    }
    for pod in inventory.pods.iter().flatten() {
        let owner = pod.owner.as_deref();
        let (kind, name) = owner.map_or(("Pod", &pod.name), |owner| (owner.kind.as_str(), &owner.name));
        groups.entry((pod.namespace.as_str(), kind, name.as_str())).or_default().pods.push(pod);
    }
    let row = |((namespace, kind, name), group): (_, Group<'_>)| WorkloadUse {
        namespace: Name::from(namespace),
        kind: Name::from(kind),
        name: Name::from(name),
        pods: count(inventory, &group),
        cpu: of_resource(inventory, &group, "cpu", Metric::CpuUsage),
        memory: of_resource(inventory, &group, "memory", Metric::MemoryWorkingSet),
    };
    groups.into_iter().map(row).collect()
}

/// Whether a pod holds what it requests.
fn is_live(pod: &Pod) -> bool {
    pod.end.is_none() && !matches!(pod.phase.as_ref().map(Name::as_str), Some("Succeeded" | "Failed"))
}

fn count(inventory: &ClusterInventory, group: &Group<'_>) -> Option<u64> {
    match &inventory.pods {
        Some(_) => u64::try_from(group.pods.iter().filter(|pod| is_live(pod)).count()).ok(),
        None => group.workload?.replicas.map(u64::from),
    }
}

fn of_resource(
    inventory: &ClusterInventory,
    group: &Group<'_>,
    resource: &str,
    metric: Metric,
) -> ResourceUse {
    let live: Vec<&Pod> = group.pods.iter().copied().filter(|pod| is_live(pod)).collect();
    let mut found =
        if live.is_empty() { of_template(group.workload, resource) } else { of_pods(&live, resource) };
    let sampled: Vec<_> = group.pods.iter().filter_map(|pod| of_pod(inventory, pod, metric)).collect();
    if sampled.is_empty() {
        found.mean = summed_means(inventory, &live, metric);
    } else if let Some(statistics) = Statistics::of(&together(sampled).values) {
        (found.mean, found.p95, found.max) =
            (Some(statistics.mean), Some(statistics.p95), Some(statistics.max));
    }
    found
}

fn limit(containers: &[Container], resource: &str) -> Option<i128> {
    let limits = containers.iter().map(|container| container.limits.as_ref()?.get(resource));
    limits.map(|limit| limit.map(Quantity::nano)).try_fold(0_i128, |sum, limit| sum.checked_add(limit?))
}

fn of_pods(pods: &[&Pod], resource: &str) -> ResourceUse {
    let requests = pods.iter().filter_map(|pod| pod.effective_request(resource));
    let limits = pods.iter().map(|pod| limit(&pod.containers, resource));
    ResourceUse {
        request: requests.reduce(i128::saturating_add),
        limit: limits.into_iter().try_fold(0_i128, |sum, limit| sum.checked_add(limit?)),
        ..ResourceUse::default()
    }
}

/// A workload without pods that are known: its template times the replicas that are wanted.
fn of_template(workload: Option<&Workload>, resource: &str) -> ResourceUse {
    let template = || {
        let workload = workload?;
        let containers = workload.containers.as_deref()?;
        let replicas = i128::from(workload.replicas?);
        let times = |amount: Option<i128>| amount?.checked_mul(replicas);
        Some(ResourceUse {
            request: times(effective_request(containers, None, None, resource)),
            limit: times(limit(containers, resource)),
            ..ResourceUse::default()
        })
    };
    template().unwrap_or_default()
}

/// The sum of the means of summaries, where every pod has one.
fn summed_means(inventory: &ClusterInventory, pods: &[&Pod], metric: Metric) -> Option<i128> {
    let mean_of = |pod: &Pod, container: Option<&Name>| {
        let subject = UsageSubject::Pod {
            namespace: pod.namespace.clone(),
            pod: pod.name.clone(),
            container: container.cloned(),
            device: None,
        };
        inventory.usage_of_metric(&subject, metric)?.summary()?.mean
    };
    let of = |pod: &Pod| {
        let containers = pod.containers.iter().filter_map(|container| mean_of(pod, Some(&container.name)));
        containers.reduce(i128::saturating_add).or_else(|| mean_of(pod, None))
    };
    let (first, rest) = pods.split_first()?;
    rest.iter().try_fold(of(first)?, |sum, pod| sum.checked_add(of(pod)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, read};

    fn uses(text: &str) -> Vec<WorkloadUse> {
        let json = read(text.as_bytes(), &Limits::default()).unwrap();
        workload_uses(&ClusterInventory::from_json(&json).unwrap().value)
    }

    #[test]
    fn pods_count_before_templates_and_samples_before_summaries() {
        let rows = uses(
            r#"{"cluster": "c", "as_of": "2026-11-20T00:00:00Z",
                "workloads": [
                    {"kind": "Deployment", "namespace": "n", "name": "web", "replicas": 9,
                     "containers": [{"name": "a", "requests": {"cpu": "1"}, "limits": {"memory": "1Gi"}}]},
                    {"kind": "CronJob", "namespace": "n", "name": "nightly", "replicas": 2,
                     "containers": [{"name": "a", "requests": {"cpu": "250m"}}]}],
                "pods": [
                    {"namespace": "n", "name": "web-0", "phase": "Running", "owner": {"kind": "Deployment", "name": "web"},
                     "containers": [{"name": "a", "requests": {"cpu": "500m"}, "limits": {"cpu": "1"}}]},
                    {"namespace": "n", "name": "web-1", "phase": "Running", "owner": {"kind": "Deployment", "name": "web"},
                     "containers": [{"name": "a", "requests": {"cpu": "500m"}}]},
                    {"namespace": "n", "name": "web-2", "phase": "Failed", "owner": {"kind": "Deployment", "name": "web"},
                     "containers": [{"name": "a", "requests": {"cpu": "500m"}}]},
                    {"namespace": "n", "name": "alone", "phase": "Running", "containers": [{"name": "a"}]}],
                "usage": [
                    {"subject": {"namespace": "n", "pod": "web-0", "container": "a"}, "metric": "cpu_usage",
                     "step_seconds": 60, "samples": [[60, "0.1"], [120, "0.3"]]},
                    {"subject": {"namespace": "n", "pod": "web-1", "container": "a"}, "metric": "cpu_usage",
                     "step_seconds": 60, "samples": [[60, "0.1"], [120, "0.1"]]},
                    {"subject": {"namespace": "n", "pod": "alone", "container": "a"}, "metric": "memory_working_set",
                     "summary": {"mean": "1024"}}]}"#,
        );
        let names: Vec<_> = rows.iter().map(|row| (row.kind.as_str(), row.name.as_str(), row.pods)).collect();
        assert_eq!(
            names,
            [("CronJob", "nightly", Some(0)), ("Deployment", "web", Some(2)), ("Pod", "alone", Some(1))]
        );
        let web = rows[1].cpu;
        assert_eq!(
            (web.request, web.limit),
            (Some(1_000_000_000), None),
            "a container without a limit has none"
        );
        assert_eq!((web.mean, web.max), (Some(300_000_000), Some(400_000_000)));
        assert_eq!(web.mean_of_request_ppm(), Some(300_000));
        assert_eq!(rows[1].memory.request, None, "the template does not speak where pods do");
        assert_eq!(rows[0].cpu.request, Some(500_000_000));
        let alone = rows[2].memory;
        assert_eq!((alone.mean, alone.p95), (Some(1024 * 1_000_000_000), None));
    }
}
