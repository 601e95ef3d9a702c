//! Writes the inventory, its nodes and its usage.

use super::{
    super::{
        ClusterInventory, Interval, KnownCost, Labels, LogVolume, Name, Namespace, Node, NodeCost, NodeGroup,
        NodePool, PoolBudget, Quantity, Resources, Taint, UsageData, UsageSeries, UsageSubject, UsageSummary,
        canonical::Record, decimal,
    },
    usage::{time_text, unit_text},
};
use crate::{
    json::{Json, Object},
    money,
    time::Timestamp,
};
use rust_decimal::Decimal;

/// The members of a record in the order of the specification; what is not known is left out.
pub(super) struct Members(Vec<(String, Json)>);

impl Members {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn put(mut self, name: &str, value: impl Into<Json>) -> Self {
        self.0.push((name.to_owned(), value.into()));
        self
    }

    pub(super) fn some(self, name: &str, value: Option<impl Into<Json>>) -> Self {
        match value {
            Some(value) => self.put(name, value),
            None => self,
        }
    }

    pub(super) fn time(self, name: &str, at: Option<Timestamp>) -> Self {
        self.some(name, at.map(time_text))
    }

    pub(super) fn name(self, name: &str, value: Option<&Name>) -> Self {
        self.some(name, value.map(Name::as_str))
    }

    pub(super) fn names(self, name: &str, values: Option<&[Name]>) -> Self {
        self.some(name, values.map(|values| Json::array(values.iter().map(Name::as_str))))
    }

    pub(super) fn records<'r, T: Record + 'r>(self, name: &str, list: Option<&'r Vec<T>>) -> Self {
        self.some(name, list.map(|list| Json::array(list.iter().map(T::json))))
    }

    pub(super) fn end(self) -> Json {
        Json::Object(Object::from_unique(self.0))
    }
}

pub(super) fn labels(labels: &Labels) -> Json {
    let members = labels.iter().map(|(name, value)| (name.as_str().to_owned(), Json::from(value.as_str())));
    Json::Object(Object::from_unique(members.collect()))
}

pub(super) fn resources(resources: &Resources) -> Json {
    let members = resources.iter().map(|(name, amount)| (name.as_str().to_owned(), quantity(amount)));
    Json::Object(Object::from_unique(members.collect()))
}

pub(super) fn quantity(quantity: Quantity) -> Json {
    Json::String(quantity.to_string())
}

pub(super) fn amount(value: Decimal) -> Json {
    Json::String(money::decimal::text(value))
}

/// An object with one amount.
pub(super) fn cost(form: &str, value: Decimal) -> Json {
    Members::new().put(form, amount(value)).end()
}

pub(super) fn inventory(i: &ClusterInventory) -> Json {
    Members::new()
        .put("cluster", i.cluster.as_str())
        .put("as_of", time_text(i.as_of))
        .put("currency", i.currency.as_str())
        .names("tags", i.tags.as_deref())
        .some("window", i.window.map(interval))
        .records("nodes", i.nodes.as_ref())
        .records("namespaces", i.namespaces.as_ref())
        .records("workloads", i.workloads.as_ref())
        .records("pods", i.pods.as_ref())
        .records("volumes", i.volumes.as_ref())
        .records("services", i.services.as_ref())
        .records("ingresses", i.ingresses.as_ref())
        .records("autoscalers", i.autoscalers.as_ref())
        .records("budgets", i.budgets.as_ref())
        .records("node_pools", i.node_pools.as_ref())
        .records("node_groups", i.node_groups.as_ref())
        .records("limit_ranges", i.limit_ranges.as_ref())
        .records("config_objects", i.config_objects.as_ref())
        .records("logs", i.logs.as_ref())
        .records("allocation", i.allocation.as_ref())
        .records("usage", i.usage.as_ref())
        .end()
}

fn interval(interval: Interval) -> Json {
    Members::new().put("start", time_text(interval.start)).put("end", time_text(interval.end)).end()
}

impl Record for Node {
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.name.cmp(&other.name)
    }

    fn json(&self) -> Json {
        Members::new()
            .put("name", self.name.as_str())
            .name("instance_type", self.instance_type.as_ref())
            .name("region", self.region.as_ref())
            .name("zone", self.zone.as_ref())
            .name("capacity_type", self.capacity_type.as_ref())
            .name("node_pool", self.node_pool.as_ref())
            .name("provider_id", self.provider_id.as_ref())
            .some("labels", self.labels.as_ref().map(labels))
            .some("annotations", self.annotations.as_ref().map(labels))
            .some("taints", self.taints.as_ref().map(|taints| Json::array(taints.iter().map(taint))))
            .some("unschedulable", self.unschedulable)
            .time("created_at", self.created_at)
            .time("deleted_at", self.deleted_at)
            .put("capacity", resources(&self.capacity))
            .some("allocatable", self.allocatable.as_ref().map(resources))
            .some("cost", self.cost.as_ref().map(node_cost))
            .end()
    }
}

fn node_cost(node: &NodeCost) -> Json {
    match *node {
        NodeCost::Hourly(value) => cost("hourly", value),
        NodeCost::Total(value) => cost("total", value),
        NodeCost::Monthly(value) => cost("monthly", value),
        NodeCost::Rates { cpu_core_hour, memory_gib_hour, gpu_hour } => {
            let rates = Members::new()
                .some("cpu_core_hour", cpu_core_hour.map(amount))
                .some("memory_gib_hour", memory_gib_hour.map(amount))
                .some("gpu_hour", gpu_hour.map(amount));
            Members::new().put("rates", rates.end()).end()
        }
    }
}

fn taint(taint: &Taint) -> Json {
    Members::new()
        .put("key", taint.key.as_str())
        .name("value", taint.value.as_ref())
        .put("effect", taint.effect.as_str())
        .end()
}

impl Record for Namespace {
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.name.cmp(&other.name)
    }

    fn json(&self) -> Json {
        Members::new()
            .put("name", self.name.as_str())
            .some("labels", self.labels.as_ref().map(labels))
            .some("annotations", self.annotations.as_ref().map(labels))
            .time("created_at", self.created_at)
            .end()
    }
}

impl Record for NodePool {
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.name.cmp(&other.name)
    }

    fn json(&self) -> Json {
        let budgets = self.budgets.as_ref().map(|budgets| Json::array(budgets.iter().map(pool_budget)));
        Members::new()
            .put("name", self.name.as_str())
            .name("consolidation_policy", self.consolidation_policy.as_ref())
            .name("consolidate_after", self.consolidate_after.as_ref())
            .some("budgets", budgets)
            .end()
    }
}

fn pool_budget(budget: &PoolBudget) -> Json {
    Members::new()
        .name("nodes", budget.nodes.as_ref())
        .name("schedule", budget.schedule.as_ref())
        .name("duration", budget.duration.as_ref())
        .names("reasons", budget.reasons.as_deref())
        .end()
}

impl Record for NodeGroup {
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.name.cmp(&other.name)
    }

    fn json(&self) -> Json {
        Members::new()
            .put("name", self.name.as_str())
            .some("node_count", self.node_count)
            .some("avg_cpu_utilization", self.avg_cpu_utilization.map(amount))
            .some("avg_memory_utilization", self.avg_memory_utilization.map(amount))
            .name("instance_type", self.instance_type.as_ref())
            .name("region", self.region.as_ref())
            .some("hourly_price", self.hourly_price.map(amount))
            .end()
    }
}

impl Record for LogVolume {
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        let key = |l: &Self| (l.namespace.clone(), l.workload.clone(), l.container.clone());
        key(self).cmp(&key(other))
    }

    fn json(&self) -> Json {
        let levels = self.bytes_by_level.iter();
        let levels =
            levels.map(|(level, bytes)| (level.as_str().to_owned(), Json::String(bytes.to_string())));
        Members::new()
            .put("namespace", self.namespace.as_str())
            .put("workload", self.workload.as_str())
            .name("container", self.container.as_ref())
            .some("window_hours", self.window_hours.map(amount))
            .put("bytes_by_level", Json::Object(Object::from_unique(levels.collect())))
            .end()
    }
}

impl Record for KnownCost {
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.workload.cmp(&other.workload)
    }

    fn json(&self) -> Json {
        Members::new()
            .put("workload", self.workload.as_str())
            .put("window_hours", amount(self.window_hours))
            .put("cost", amount(self.cost))
            .end()
    }
}

impl Record for UsageSeries {
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.subject.cmp(&other.subject).then(self.metric.cmp(&other.metric))
    }

    fn json(&self) -> Json {
        let members =
            Members::new().put("subject", subject(&self.subject)).put("metric", self.metric.as_str());
        match &self.data {
            UsageData::Samples { step_seconds, samples } => {
                let pairs = samples.iter().map(|sample| {
                    Json::Array(vec![sample.at.into(), unit_text(sample.value, self.metric).into()])
                });
                members.put("step_seconds", *step_seconds).put("samples", Json::array(pairs)).end()
            }
            UsageData::Summary(known) => {
                members.put("summary", summary(known, self.metric.wire_scale())).end()
            }
        }
    }
}

fn summary(known: &UsageSummary, per: i128) -> Json {
    let places = if per == 100 { 7 } else { 9 };
    let value = |nano: Option<i128>| nano.map(|nano| decimal::text(nano, places));
    Members::new()
        .some("mean", value(known.mean))
        .some("p50", value(known.p50))
        .some("p95", value(known.p95))
        .some("p99", value(known.p99))
        .some("max", value(known.max))
        .some("samples", known.samples)
        .time("start", known.start)
        .time("end", known.end)
        .end()
}

pub(in crate::inventory) fn subject(subject: &UsageSubject) -> Json {
    let members = Members::new();
    match subject {
        UsageSubject::Node(node) => members.put("node", node.as_str()),
        UsageSubject::Pod { namespace, pod, container, device } => members
            .put("namespace", namespace.as_str())
            .put("pod", pod.as_str())
            .name("container", container.as_ref())
            .name("device", device.as_ref()),
        UsageSubject::Workload { namespace, kind, name, container } => members
            .put("namespace", namespace.as_str())
            .put("workload", format!("{kind}/{name}"))
            .name("container", container.as_ref()),
        UsageSubject::Claim { namespace, name } => members.put("claim", format!("{namespace}/{name}")),
        UsageSubject::Autoscaler { namespace, name } => {
            members.put("autoscaler", format!("{namespace}/{name}"))
        }
        UsageSubject::Log { namespace, container, level } => members
            .put("namespace", namespace.as_str())
            .put("container", container.as_str())
            .put("level", level.as_str()),
    }
    .end()
}
