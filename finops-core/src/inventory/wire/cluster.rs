//! Reads the inventory and its nodes.

use super::{
    super::{
        ClusterInventory, Interval, Name, Namespace, Node, NodeCost, NodeGroup, NodePool, PoolBudget, Taint,
        cx::{Cx, invalid, missing},
        tree::{At, Tree},
    },
    pod, usage, workload,
};
use crate::error::Fault;

type Result<T> = std::result::Result<T, Fault>;

pub(super) fn inventory(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<ClusterInventory> {
    let (mut cluster, mut as_of) = (None, None);
    let mut i = ClusterInventory { currency: Name::from("USD"), ..ClusterInventory::default() };
    cx.members(tree, at, |cx, key, v, at| {
        match key {
            "cluster" => cluster = Some(cx.name(v, at)?),
            "as_of" => as_of = Some(Cx::time(v, at)?),
            "currency" => i.currency = cx.name(v, at)?,
            "tags" => i.tags = Some(cx.names(v, at)?),
            "window" => i.window = Some(window(cx, v, at)?),
            "nodes" => i.nodes = Some(cx.list(v, at, node)?),
            "namespaces" => i.namespaces = Some(cx.list(v, at, namespace)?),
            "workloads" => i.workloads = Some(cx.list(v, at, workload::workload)?),
            "pods" => i.pods = Some(cx.list(v, at, pod::pod)?),
            "volumes" => i.volumes = Some(cx.list(v, at, workload::volume)?),
            "services" => i.services = Some(cx.list(v, at, workload::service)?),
            "ingresses" => i.ingresses = Some(cx.list(v, at, workload::ingress)?),
            "autoscalers" => i.autoscalers = Some(cx.list(v, at, workload::autoscaler)?),
            "budgets" => i.budgets = Some(cx.list(v, at, workload::budget)?),
            "node_pools" => i.node_pools = Some(cx.list(v, at, node_pool)?),
            "node_groups" => i.node_groups = Some(cx.list(v, at, node_group)?),
            "limit_ranges" => i.limit_ranges = Some(cx.list(v, at, workload::limit_range)?),
            "config_objects" => i.config_objects = Some(cx.list(v, at, workload::config_object)?),
            "logs" => i.logs = Some(cx.list(v, at, usage::log)?),
            "allocation" => {
                i.allocation = Some(match v {
                    Tree::Array(_) => cx.list(v, at, usage::known_cost)?,
                    _ => vec![usage::known_cost(cx, v, at)?],
                });
            }
            "usage" => i.usage = Some(usage::all(cx, v, at)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    i.cluster = cluster.ok_or_else(|| missing(at, "cluster"))?;
    i.as_of = as_of.ok_or_else(|| missing(at, "as_of"))?;
    Ok(i)
}

/// `{start, end}` or `[start, end]`.
fn window(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<Interval> {
    let (mut start, mut end) = (None, None);
    if let Tree::Array(ends) = tree {
        let [from, to] = ends.as_slice() else {
            return Err(invalid(at, "is no pair", "give [start, end] or {start, end}"));
        };
        (start, end) = (Some(Cx::time(from, &at.index(0))?), Some(Cx::time(to, &at.index(1))?));
    } else {
        cx.members(tree, at, |_, key, v, at| {
            match key {
                "start" => start = Some(Cx::time(v, at)?),
                "end" => end = Some(Cx::time(v, at)?),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
    }
    let (start, end) = (start.ok_or_else(|| missing(at, "start"))?, end.ok_or_else(|| missing(at, "end"))?);
    if end <= start {
        let problem = format!("ends at `{end}`, not after its start");
        return Err(Fault::new(
            "allocation.window_empty",
            at.to_string(),
            problem,
            "give an end after the start",
        ));
    }
    Ok(Interval { start, end })
}

fn node(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<Node> {
    let (mut name, mut capacity) = (None, None);
    let mut n = Node::default();
    cx.members(tree, at, |cx, key, v, at| {
        match key {
            "name" => name = Some(cx.name(v, at)?),
            "instance_type" => n.instance_type = Some(cx.name(v, at)?),
            "region" => n.region = Some(cx.name(v, at)?),
            "zone" => n.zone = Some(cx.name(v, at)?),
            "capacity_type" => n.capacity_type = Some(cx.name(v, at)?),
            "node_pool" => n.node_pool = Some(cx.name(v, at)?),
            "provider_id" => n.provider_id = Some(cx.name(v, at)?),
            "labels" => n.labels = Some(cx.labels(v, at)?),
            "annotations" => n.annotations = Some(cx.labels(v, at)?),
            "taints" => n.taints = Some(cx.list(v, at, taint)?),
            "unschedulable" => n.unschedulable = Some(Cx::flag(v, at)?),
            "created_at" => n.created_at = Some(Cx::time(v, at)?),
            "deleted_at" => n.deleted_at = Some(Cx::time(v, at)?),
            "capacity" => capacity = Some(cx.resources(v, at)?),
            "allocatable" => n.allocatable = Some(cx.resources(v, at)?),
            "cost" => n.cost = Some(node_cost(cx, v, at)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    n.name = name.ok_or_else(|| missing(at, "name"))?;
    n.capacity = capacity.ok_or_else(|| missing(at, "capacity"))?;
    Ok(n)
}

fn node_cost(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<NodeCost> {
    let mut cost = None;
    let mut several = false;
    cx.members(tree, at, |cx, key, v, at| {
        let found = match key {
            "hourly" => NodeCost::Hourly(Cx::amount(v, at)?),
            "total" => NodeCost::Total(Cx::amount(v, at)?),
            "monthly" => NodeCost::Monthly(Cx::amount(v, at)?),
            "rates" => {
                let (mut cpu_core_hour, mut memory_gib_hour, mut gpu_hour) = (None, None, None);
                cx.members(v, at, |_, key, v, at| {
                    match key {
                        "cpu_core_hour" => cpu_core_hour = Some(Cx::amount(v, at)?),
                        "memory_gib_hour" => memory_gib_hour = Some(Cx::amount(v, at)?),
                        "gpu_hour" => gpu_hour = Some(Cx::amount(v, at)?),
                        _ => return Ok(false),
                    }
                    Ok(true)
                })?;
                NodeCost::Rates { cpu_core_hour, memory_gib_hour, gpu_hour }
            }
            _ => return Ok(false),
        };
        several |= cost.replace(found).is_some();
        Ok(true)
    })?;
    one_form(cost, several, at, "give one of `hourly`, `total`, `monthly` and `rates`")
}

/// The one form of a cost.
pub(super) fn one_form<T>(cost: Option<T>, several: bool, at: &At<'_>, help: &'static str) -> Result<T> {
    match cost {
        Some(cost) if !several => Ok(cost),
        Some(_) => Err(invalid(at, "gives a price twice", help)),
        None => Err(invalid(at, "gives no price", help)),
    }
}

fn taint(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<Taint> {
    let mut key_of = None;
    let mut t = Taint::default();
    cx.members(tree, at, |cx, key, v, at| {
        match key {
            "key" => key_of = Some(cx.name(v, at)?),
            "value" => t.value = Some(cx.name(v, at)?),
            "effect" => t.effect = cx.name(v, at)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    t.key = key_of.ok_or_else(|| missing(at, "key"))?;
    Ok(t)
}

fn namespace(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<Namespace> {
    let mut name = None;
    let mut n = Namespace::default();
    cx.members(tree, at, |cx, key, v, at| {
        match key {
            "name" => name = Some(cx.name(v, at)?),
            "labels" => n.labels = Some(cx.labels(v, at)?),
            "annotations" => n.annotations = Some(cx.labels(v, at)?),
            "created_at" => n.created_at = Some(Cx::time(v, at)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    n.name = name.ok_or_else(|| missing(at, "name"))?;
    Ok(n)
}

fn node_pool(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<NodePool> {
    let mut name = None;
    let mut p = NodePool::default();
    cx.members(tree, at, |cx, key, v, at| {
        match key {
            "name" => name = Some(cx.name(v, at)?),
            "consolidation_policy" => p.consolidation_policy = Some(cx.name(v, at)?),
            "consolidate_after" => p.consolidate_after = Some(cx.name(v, at)?),
            "budgets" => p.budgets = Some(cx.list(v, at, pool_budget)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    p.name = name.ok_or_else(|| missing(at, "name"))?;
    Ok(p)
}

pub(in crate::inventory) fn pool_budget(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<PoolBudget> {
    let mut b = PoolBudget::default();
    cx.members(tree, at, |cx, key, v, at| {
        match key {
            "nodes" => b.nodes = Some(cx.name(v, at)?),
            "schedule" => b.schedule = Some(cx.name(v, at)?),
            "duration" => b.duration = Some(cx.name(v, at)?),
            "reasons" => b.reasons = Some(cx.names(v, at)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(b)
}

fn node_group(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<NodeGroup> {
    let mut name = None;
    let mut g = NodeGroup::default();
    cx.members(tree, at, |cx, key, v, at| {
        match key {
            "name" => name = Some(cx.name(v, at)?),
            "node_count" => g.node_count = Some(Cx::count(v, at)?),
            "avg_cpu_utilization" => g.avg_cpu_utilization = Some(Cx::amount(v, at)?),
            "avg_memory_utilization" => g.avg_memory_utilization = Some(Cx::amount(v, at)?),
            "instance_type" => g.instance_type = Some(cx.name(v, at)?),
            "region" => g.region = Some(cx.name(v, at)?),
            "hourly_price" => g.hourly_price = Some(Cx::amount(v, at)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    g.name = name.ok_or_else(|| missing(at, "name"))?;
    Ok(g)
}
