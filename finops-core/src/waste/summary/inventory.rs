//! From the summary form to the inventory that `allocate` reads: what it says stands there, and nothing else.

use super::{
    Workload,
    read::{Autoscaler, ClusterData, Field, Node, NodeGroup, Volume},
};
use crate::{
    inventory::{
        self as full, ClusterInventory, Container, Diagnostic, Format, Labels, Metric, Name, NodeCost, Owner,
        Quantity, Read, Resources, UsageData, UsageSeries, UsageSubject, UsageSummary,
    },
    json::Json,
    time::Timestamp,
    waste::Ratio,
};
use rust_decimal::Decimal;
use std::{collections::BTreeMap, sync::Arc};

/// Members that only full inventories have.
const FULL: &[&str] = &[
    "window",
    "namespaces",
    "pods",
    "services",
    "ingresses",
    "autoscalers",
    "budgets",
    "node_pools",
    "limit_ranges",
    "config_objects",
    "logs",
    "allocation",
    "usage",
    "currency",
];

/// Members that only nodes of full inventories have.
const FULL_NODE: &[&str] = &["capacity", "cost"];
/// Members that only volumes of full inventories have.
const FULL_VOLUME: &[&str] = &["claim", "pv", "phase", "size", "requested", "cost"];

/// Units of 1e-9: what quantities count in.
const NANO: i128 = 1_000_000_000;
/// GB is read as GiB: manifests write Gi.
const GIB: i128 = 1 << 30;
/// Milliseconds of a day.
const DAY_MS: i128 = 86_400_000;

/// What was left out or could not be taken over.
#[derive(Default)]
struct Remarks(Vec<Diagnostic>);

impl Remarks {
    fn refused(&mut self, path: &str) {
        let message =
            "is no number of at least 0, or of another type than this member has; it counts as not given";
        let remark = Diagnostic::new("inventory.invalid_object", message);
        self.0.push(Diagnostic { path: Some(path.to_owned()), ..remark });
    }

    fn take<'f, T>(&mut self, field: &'f Field<T>) -> Option<&'f T> {
        if let Some(path) = field.bad() {
            self.refused(path);
        }
        field.known()
    }

    /// The amount in 1e-9 units; what is finer is rounded up, as Kubernetes does.
    fn quantity(&mut self, field: &Field, unit: i128, format: Format, subject: &str) -> Option<Quantity> {
        let exact = self.take(field)?.times(&Ratio::from(unit)).times(&Ratio::from(NANO));
        let quantity = exact.ceil().and_then(|nano| Quantity::from_nano(nano, format));
        if quantity.is_none() {
            let message = "an amount of 2^63 units or more; it counts as not given";
            self.0.push(Diagnostic::new("quantity.out_of_range", message).about(subject));
        }
        quantity
    }

    fn resources(&mut self, cpu: &Field, memory: &Field, subject: &str) -> Option<Resources> {
        let cpu = self.quantity(cpu, 1, Format::DecimalSi, subject);
        let memory = self.quantity(memory, GIB, Format::BinarySi, subject);
        let pairs = [("cpu", cpu), ("memory", memory)];
        let pairs: Vec<_> =
            pairs.into_iter().filter_map(|(name, of)| Some((Name::from(name), of?))).collect();
        (!pairs.is_empty()).then(|| Resources::new(pairs))
    }

    fn decimal(&mut self, field: &Field) -> Option<Decimal> {
        self.take(field)?.to_string().parse().ok()
    }

    fn count(&mut self, field: &Field) -> Option<u32> {
        self.take(field).and_then(super::whole).and_then(|count| u32::try_from(count).ok())
    }
}

fn name(text: Option<&String>) -> Option<Name> {
    text.map(|text| Name::from(text.as_str()))
}

impl ClusterData {
    /// Whether JSON is the summary form: an inventory lists its workloads, a summary has an object of them by namespace.
    #[must_use]
    pub fn is_summary(value: &Json) -> bool {
        let lists = value.get("workloads").is_some_and(|workloads| workloads.as_array().is_some());
        let given = |value: &Json, name: &&str| value.get(name).is_some_and(|member| !member.is_null());
        let full = |list: &str, members: &[&str]| {
            let records = value.get(list).and_then(Json::as_array).unwrap_or_default();
            records.iter().any(|record| members.iter().any(|name| given(record, name)))
        };
        !lists
            && !FULL.iter().any(|name| given(value, name))
            && !full("nodes", FULL_NODE)
            && !full("volumes", FULL_VOLUME)
    }

    /// The inventory that this says, with remarks on what it leaves out.
    ///
    /// A workload is a pod of its name on no node, since a summary places none; its totals are the requests, limits and
    /// mean use of one container. A node group is one node of its name. Nodes have no capacity, so their cost cannot be
    /// divided: `allocate` lists both as unpriced, with the reason, and prices volumes.
    ///
    /// ```
    /// use finops_core::{json::{Limits, read}, waste::summary::ClusterData};
    /// let json = read(br#"{"workloads": {"a": [{"name": "web", "cpu_request": 0.3}]}, "pods_": 1}"#, &Limits::default())?;
    /// let inventory = ClusterData::from_json(&json, Some("2026-11-20T00:00:00Z".parse()?))?.to_inventory();
    /// assert_eq!(inventory.value.pods.as_deref().unwrap_or_default()[0].name.as_str(), "web");
    /// assert_eq!(inventory.diagnostics[0].code, "inventory.unknown_field");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_inventory(&self) -> Read<ClusterInventory> {
        let mut remarks = Remarks::default();
        let mut value = ClusterInventory::new(&self.cluster, self.as_of);
        value.tags = Some(self.tags.iter().map(|tag| Name::from(tag.as_str())).collect());
        let mut usage = Vec::new();
        let pods = self.workloads.iter().map(|workload| pod(workload, &mut usage, &mut remarks));
        value.pods = Some(pods.collect());
        value.usage = Some(usage);
        let own = self.nodes.iter().map(|one| self.node(one, &mut remarks));
        let mut nodes: Vec<full::Node> = own.collect();
        nodes.extend(self.node_groups.iter().map(|group| self.group(group, &mut remarks)));
        value.nodes = Some(nodes);
        value.volumes = Some(self.volumes.iter().map(|one| volume(one, self.as_of, &mut remarks)).collect());
        value.autoscalers = Some(self.autoscalers.iter().map(|one| autoscaler(one, &mut remarks)).collect());
        let mut diagnostics = remarks.0;
        diagnostics.extend(self.diagnostics.iter().cloned());
        diagnostics.extend(self.unknown_keys.iter().map(|(key, count)| {
            let remark = Diagnostic::new("inventory.unknown_field", "nobody reads this member").times(*count);
            Diagnostic { path: Some(key.clone()), ..remark }
        }));
        value.canonicalize();
        diagnostics.sort();
        diagnostics.dedup();
        Read { value, diagnostics, ignored: BTreeMap::new() }
    }

    fn region(&self, own: Option<&String>) -> Option<Name> {
        name(own.or(self.region.as_ref()))
    }

    fn node(&self, node: &Node, remarks: &mut Remarks) -> full::Node {
        for share in [&node.cpu, &node.memory] {
            remarks.take(share);
        }
        full::Node {
            name: Name::from(node.name.as_str()),
            instance_type: name(node.instance_type.as_ref()),
            region: self.region(node.region.as_ref()),
            cost: remarks.decimal(&node.hourly_price).map(NodeCost::Hourly),
            ..full::Node::default()
        }
    }

    /// The word in front tells a group from a node of its name.
    fn group(&self, group: &NodeGroup, remarks: &mut Remarks) -> full::Node {
        let own = format!("node_group/{}", group.name);
        for share in [&group.cpu, &group.memory] {
            remarks.take(share);
        }
        let hourly = remarks.decimal(&group.hourly_price);
        let count = remarks.decimal(&group.node_count);
        full::Node {
            name: Name::from(own),
            node_pool: Some(Name::from(group.name.as_str())),
            instance_type: name(group.instance_type.as_ref()),
            region: self.region(group.region.as_ref()),
            cost: hourly.zip(count).and_then(|(price, count)| price.checked_mul(count)).map(NodeCost::Hourly),
            ..full::Node::default()
        }
    }
}

/// The pod that stands for a workload.
fn pod(workload: Workload<'_>, usage: &mut Vec<UsageSeries>, remarks: &mut Remarks) -> full::Pod {
    let subject = format!("{}/{}", workload.namespace(), workload.name());
    remarks.take(&workload.replicas());
    let (namespace, own) = (Name::from(workload.namespace()), Name::from(workload.name()));
    let means = [
        (Metric::CpuUsage, remarks.quantity(&workload.cpu_usage(), 1, Format::DecimalSi, &subject)),
        (
            Metric::MemoryWorkingSet,
            remarks.quantity(&workload.memory_usage(), GIB, Format::BinarySi, &subject),
        ),
    ];
    usage.extend(means.into_iter().filter_map(|(metric, mean)| {
        let summary = UsageSummary { mean: Some(mean?.nano()), ..UsageSummary::default() };
        let subject = UsageSubject::Pod {
            namespace: namespace.clone(),
            pod: own.clone(),
            container: Some(own.clone()),
            device: None,
        };
        Some(UsageSeries { subject, metric, data: UsageData::Summary(Box::new(summary)) })
    }));
    let team = workload.team().map(|team| (Name::from("team"), Name::from(team)));
    let labels = workload.labels().map(|(key, of)| (Name::from(key), Name::from(of)));
    let labels: Vec<_> = labels.chain(team).collect();
    let container = Container {
        name: own.clone(),
        requests: remarks.resources(&workload.cpu_request(), &workload.memory_request(), &subject),
        limits: remarks.resources(&workload.cpu_limit(), &workload.memory_limit(), &subject),
        // A summary says what runs, not since when: it ran before any window.
        running: Some(Box::new([(Timestamp::default(), None)])),
        ..Container::default()
    };
    let owner = workload.kind().map(|kind| Arc::new(Owner { kind: Name::from(kind), name: own.clone() }));
    full::Pod {
        namespace,
        name: own,
        phase: Some(Name::from("Running")),
        owner,
        labels: (!labels.is_empty()).then(|| Labels::new(labels)),
        containers: Box::new([container]),
        ..full::Pod::default()
    }
}

fn volume(volume: &Volume, as_of: Timestamp, remarks: &mut Remarks) -> full::Volume {
    let age = remarks.take(&volume.age_days).cloned();
    let age_ms = age.as_ref().and_then(|days| days.times(&Ratio::from(DAY_MS)).floor());
    let created = age_ms.and_then(|age| i64::try_from(age).ok()).and_then(i64::checked_neg);
    full::Volume {
        volume_id: Some(Name::from(volume.id.as_str())),
        phase: name(remarks.take(&volume.status)),
        attached: remarks.take(&volume.attached).copied(),
        r#type: name(remarks.take(&volume.volume_type)),
        size: remarks.quantity(&volume.size, GIB, Format::BinarySi, &volume.id),
        created_at: created.map(|before| as_of.saturating_add_ms(before)),
        age_days: age.and_then(|days| days.to_string().parse().ok()),
        ..full::Volume::default()
    }
}

fn autoscaler(scaler: &Autoscaler, remarks: &mut Remarks) -> full::Autoscaler {
    for other in [&scaler.cpu, &scaler.scale_up_delay] {
        remarks.take(other);
    }
    full::Autoscaler {
        kind: Name::from("HorizontalPodAutoscaler"),
        namespace: Name::from(scaler.namespace.as_str()),
        name: Name::from(scaler.workload.as_str()),
        min: remarks.count(&scaler.min),
        max: remarks.count(&scaler.max),
        current: remarks.count(&scaler.current),
        ..full::Autoscaler::default()
    }
}

#[cfg(test)]
mod tests {
    use super::{ClusterData, Json};
    use crate::json::{Limits, read};

    fn json(text: &str) -> Json {
        read(text.as_bytes(), &Limits::default()).unwrap()
    }

    fn inventory(text: &str) -> (Json, Vec<(&'static str, Option<String>)>) {
        let data =
            ClusterData::from_json(&json(text), Some("2026-11-20T00:00:00Z".parse().unwrap())).unwrap();
        let read = data.to_inventory();
        let remarks =
            read.diagnostics.into_iter().map(|remark| (remark.code, remark.path.or(remark.subject)));
        (read.value.to_json(), remarks.collect())
    }

    #[test]
    fn amounts_keep_their_digits() {
        let (found, remarks) = inventory(
            r#"{"cluster": "c", "workloads": {"a": [{"name": "web", "kind": "Deployment", "team": "t", "labels": {"app": "w"},
                "cpu_request": 0.1, "cpu_usage": "1e-10", "memory_request_gb": 0.3, "memory_limit_gb": 1}]},
                "volumes": [{"volume_id": "v", "size_gb": 0.5, "type": "gp3", "age_days": 0.5, "attached": false}]}"#,
        );
        assert_eq!(remarks, []);
        let at = |path: &str| {
            found.pointer(path).map(|value| value.as_str().map_or_else(|| value.to_text(), str::to_owned))
        };
        let text = |path: &str| at(path).unwrap_or_default();
        assert_eq!(text("/pods/0/containers/0/requests/cpu"), "100m");
        // 0.3 GiB is 322122547.2 bytes.
        assert_eq!(text("/pods/0/containers/0/requests/memory"), "322122547200m");
        assert_eq!(text("/pods/0/containers/0/limits/memory"), "1Gi");
        assert_eq!(text("/usage/0/summary/mean"), "0.000000001");
        assert_eq!((text("/pods/0/labels/team"), text("/pods/0/labels/app")), ("t".into(), "w".into()));
        assert_eq!(text("/pods/0/owner/kind"), "Deployment");
        assert_eq!(text("/volumes/0/created_at"), "2026-11-19T12:00:00Z");
    }

    #[test]
    fn what_cannot_be_read_is_named_and_the_rest_stays() {
        let (found, remarks) = inventory(
            r#"{"workloads": {"a": [{"name": "w", "cpu_request": -1, "memory_request_gb": 1e30, "memory_usage_gb": true},
                {"cpu_request": 1}]}, "node_groups": [{"name": "g", "node_count": 2, "hourly_price": "0.5"},
                {"name": "g", "node_count": 3}], "nodes": [{"name": "g"}], "extra": 1}"#,
        );
        let codes: Vec<_> =
            remarks.iter().map(|(code, at)| (*code, at.as_deref().unwrap_or_default())).collect();
        assert_eq!(
            codes,
            [
                ("inventory.duplicate", "node_groups[1]"),
                ("inventory.invalid_object", "workloads.a[0].cpu_request"),
                ("inventory.invalid_object", "workloads.a[0].memory_usage_gb"),
                ("inventory.invalid_object", "workloads.a[1]"),
                ("inventory.unknown_field", "extra"),
                ("quantity.out_of_range", "a/w"),
            ]
        );
        let nodes = found.get("nodes").and_then(Json::as_array).unwrap();
        assert_eq!(nodes.len(), 2);
        assert_eq!(found.pointer("/nodes/1/cost/hourly").and_then(Json::as_str), Some("1"));
    }

    #[test]
    fn forms_are_told_apart() {
        assert!(ClusterData::is_summary(&json(r#"{"workloads": {}}"#)));
        assert!(!ClusterData::is_summary(&json(r#"{"workloads": []}"#)));
        assert!(ClusterData::is_summary(&json(r#"{"nodes": [{"name": "n", "cpu_utilization": 0.1}]}"#)));
        for full in [
            r#"{"pods": []}"#,
            r#"{"nodes": [{"name": "n", "capacity": {}}]}"#,
            r#"{"volumes": [{"pv": "p"}]}"#,
        ] {
            assert!(!ClusterData::is_summary(&json(full)), "{full}");
        }
    }
}
