//! The cluster and its nodes.

use super::{
    super::{Metric, Name, UsageSeries, UsageSubject},
    Autoscaler, Budget, ConfigObject, Ingress, KnownCost, Labels, LimitRange, LogVolume, Pod, Resources,
    Service, Volume, Workload,
};
use crate::time::Timestamp;
use rust_decimal::Decimal;

/// Half-open time `[start, end)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval {
    /// Start, inside.
    pub start: Timestamp,
    /// End, outside.
    pub end: Timestamp,
}

/// What is in a cluster. A collection that is `None` is unknown; an empty one is known to be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClusterInventory {
    /// Name of the cluster.
    pub cluster: Name,
    /// The instant that "now" means.
    pub as_of: Timestamp,
    /// ISO 4217 code of every price and cost here; `USD` where the input says none.
    pub currency: Name,
    /// Tags of the cluster.
    pub tags: Option<Vec<Name>>,
    /// The time the inventory describes.
    pub window: Option<Interval>,
    /// Nodes, by name.
    pub nodes: Option<Vec<Node>>,
    /// Namespaces, by name.
    pub namespaces: Option<Vec<Namespace>>,
    /// Workloads, by namespace, kind and name.
    pub workloads: Option<Vec<Workload>>,
    /// Pods, by namespace and name.
    pub pods: Option<Vec<Pod>>,
    /// Volumes, by claim and PV.
    pub volumes: Option<Vec<Volume>>,
    /// Services, by namespace and name.
    pub services: Option<Vec<Service>>,
    /// Ingresses, by namespace and name.
    pub ingresses: Option<Vec<Ingress>>,
    /// Autoscalers, by namespace, kind and name.
    pub autoscalers: Option<Vec<Autoscaler>>,
    /// Disruption budgets, by namespace and name.
    pub budgets: Option<Vec<Budget>>,
    /// Node pools, by name.
    pub node_pools: Option<Vec<NodePool>>,
    /// Node groups of the summary form, by name.
    pub node_groups: Option<Vec<NodeGroup>>,
    /// Limit ranges, by namespace and name.
    pub limit_ranges: Option<Vec<LimitRange>>,
    /// ConfigMaps, Secrets and ServiceAccounts, by namespace, kind and name.
    pub config_objects: Option<Vec<ConfigObject>>,
    /// Log volumes.
    pub logs: Option<Vec<LogVolume>>,
    /// Costs of workloads that are known already.
    pub allocation: Option<Vec<KnownCost>>,
    /// Usage, by subject and metric.
    pub usage: Option<Vec<UsageSeries>>,
}

impl ClusterInventory {
    /// An inventory in which nothing is known but its cluster and time.
    #[must_use]
    pub fn new(cluster: &str, as_of: Timestamp) -> Self {
        Self { cluster: Name::from(cluster), as_of, currency: Name::from("USD"), ..Self::default() }
    }
}

/// A node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    /// Name.
    pub name: Name,
    /// Instance type of the provider, for example `m5.xlarge`.
    pub instance_type: Option<Name>,
    /// Region.
    pub region: Option<Name>,
    /// Zone.
    pub zone: Option<Name>,
    /// `on_demand`, `spot`, or what the provider calls it.
    pub capacity_type: Option<Name>,
    /// Pool or group that it belongs to.
    pub node_pool: Option<Name>,
    /// `spec.providerID`.
    pub provider_id: Option<Name>,
    /// Labels.
    pub labels: Option<Labels>,
    /// Annotations.
    pub annotations: Option<Labels>,
    /// Taints.
    pub taints: Option<Vec<Taint>>,
    /// Whether new pods are kept away.
    pub unschedulable: Option<bool>,
    /// When it came.
    pub created_at: Option<Timestamp>,
    /// When it went.
    pub deleted_at: Option<Timestamp>,
    /// What it has.
    pub capacity: Resources,
    /// What pods may have of it.
    pub allocatable: Option<Resources>,
    /// What it costs.
    pub cost: Option<NodeCost>,
}

/// The price of a node, in the inventory's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeCost {
    /// An hour.
    Hourly(Decimal),
    /// The inventory's window, as billed.
    Total(Decimal),
    /// A month.
    Monthly(Decimal),
    /// Each resource.
    Rates {
        /// A core for an hour.
        cpu_core_hour: Option<Decimal>,
        /// A GiB of memory for an hour.
        memory_gib_hour: Option<Decimal>,
        /// A GPU for an hour.
        gpu_hour: Option<Decimal>,
    },
}

/// A taint of a node.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Taint {
    /// Key.
    pub key: Name,
    /// Value.
    pub value: Option<Name>,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    pub effect: Name,
}

/// A namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Namespace {
    /// Name.
    pub name: Name,
    /// Labels.
    pub labels: Option<Labels>,
    /// Annotations.
    pub annotations: Option<Labels>,
    /// When it came.
    pub created_at: Option<Timestamp>,
}

/// A pool of nodes (Karpenter's NodePool).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodePool {
    /// Name.
    pub name: Name,
    /// `WhenEmpty` or `WhenEmptyOrUnderutilized`.
    pub consolidation_policy: Option<Name>,
    /// A duration such as `30s`, or `Never`.
    pub consolidate_after: Option<Name>,
    /// Disruption budgets.
    pub budgets: Option<Vec<PoolBudget>>,
}

/// How many nodes of a pool may go at once.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PoolBudget {
    /// A count or a percentage.
    pub nodes: Option<Name>,
    /// A cron schedule; without one the budget always holds.
    pub schedule: Option<Name>,
    /// How long it holds.
    pub duration: Option<Name>,
    /// `Empty`, `Drifted`, `Underutilized`.
    pub reasons: Option<Vec<Name>>,
}

/// A group of nodes of the summary form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeGroup {
    /// Name.
    pub name: Name,
    /// Nodes.
    pub node_count: Option<u64>,
    /// Share of the cores in use, of 1.
    pub avg_cpu_utilization: Option<Decimal>,
    /// Share of the memory in use, of 1.
    pub avg_memory_utilization: Option<Decimal>,
    /// Instance type.
    pub instance_type: Option<Name>,
    /// Region.
    pub region: Option<Name>,
    /// Price of a node for an hour.
    pub hourly_price: Option<Decimal>,
}

impl ClusterInventory {
    /// The usage of a subject, by metric. Needs the canonical order that every reader gives.
    #[must_use]
    pub fn usage_of(&self, subject: &UsageSubject) -> &[UsageSeries] {
        run(self.usage.as_deref(), |series| series.subject.cmp(subject))
    }

    /// The usage of a subject by one metric. Needs the canonical order that every reader gives.
    #[must_use]
    pub fn usage_of_metric(&self, subject: &UsageSubject, metric: Metric) -> Option<&UsageSeries> {
        self.usage_of(subject).iter().find(|series| series.metric == metric)
    }

    /// The pods of a namespace, by name. Needs the canonical order that every reader gives.
    #[must_use]
    pub fn pods_of(&self, namespace: &str) -> &[Pod] {
        run(self.pods.as_deref(), |pod| pod.namespace.as_str().cmp(namespace))
    }

    /// The node of this name. Needs the canonical order that every reader gives.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<&Node> {
        run(self.nodes.as_deref(), |node| node.name.as_str().cmp(name)).first()
    }
}

/// The records that `order` calls equal, of a list in that order.
fn run<T>(list: Option<&[T]>, order: impl Fn(&T) -> std::cmp::Ordering) -> &[T] {
    let list = list.unwrap_or_default();
    let start = list.partition_point(|record| order(record).is_lt());
    let rest = list.get(start..).unwrap_or_default();
    let end = rest.partition_point(|record| order(record).is_eq());
    rest.get(..end).unwrap_or_default()
}
