//! Nodes, their pools and their metrics; namespaces.

use super::{
    super::{
        Labels, Name, Namespace, Node, NodePool, Taint, UsageSeries, UsageSubject,
        cx::{Cx, missing},
        tree::{At, Tree},
        wire,
    },
    object::{Meta, Result, deep, find, items, name},
    pod::summary_of_one,
};

const INSTANCE_TYPE: &[&str] = &["node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type"];
const REGION: &[&str] = &["topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region"];
const ZONE: &[&str] = &["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"];
const CAPACITY_TYPE: &[&str] = &["karpenter.sh/capacity-type", "eks.amazonaws.com/capacityType"];
const POOL: &[&str] = &[
    "karpenter.sh/nodepool",
    "eks.amazonaws.com/nodegroup",
    "cloud.google.com/gke-nodepool",
    "kubernetes.azure.com/agentpool",
];

fn first(labels: Option<&Labels>, names: &[&str]) -> Option<Name> {
    names.iter().find_map(|name| labels?.get(name)).filter(|value| !value.is_empty()).cloned()
}

/// What the labels of a node or its claim say of it.
fn facts(cx: &mut Cx, meta: &Meta) -> Node {
    let labels = meta.labels.as_ref();
    let capacity_type = first(labels, CAPACITY_TYPE).map(|text| match text.as_str() {
        "ON_DEMAND" | "on-demand" | "on_demand" => cx.share("on_demand"),
        "SPOT" => cx.share("spot"),
        _ => text.clone(),
    });
    Node {
        name: meta.name.clone(),
        instance_type: first(labels, INSTANCE_TYPE),
        region: first(labels, REGION),
        zone: first(labels, ZONE),
        capacity_type,
        node_pool: first(labels, POOL),
        created_at: meta.created_at,
        deleted_at: meta.deleted_at,
        ..Node::default()
    }
}

pub(super) fn node(cx: &mut Cx, meta: &Meta, tree: &Tree<'_>, at: &At<'_>) -> Result<Node> {
    let capacity = deep(tree, at, "status.capacity", |v, at| cx.resources(v, at))?;
    let allocatable = deep(tree, at, "status.allocatable", |v, at| cx.resources(v, at))?;
    let capacity =
        capacity.or_else(|| allocatable.clone()).ok_or_else(|| missing(&at.name("status"), "capacity"))?;
    let taints = find(tree, "spec").map(|spec| {
        let mut taints: Vec<Taint> =
            items(spec, "taints").iter().filter_map(|taint| taint_of(cx, taint)).collect();
        taints.sort();
        taints
    });
    Ok(Node {
        provider_id: name(cx, tree, "spec.providerID"),
        labels: meta.labels.clone(),
        annotations: meta.annotations.clone(),
        taints,
        unschedulable: Some(find(tree, "spec.unschedulable") == Some(&Tree::Bool(true))),
        capacity,
        allocatable,
        ..facts(cx, meta)
    })
}

fn taint_of(cx: &mut Cx, tree: &Tree<'_>) -> Option<Taint> {
    let key = name(cx, tree, "key")?;
    Some(Taint { key, value: name(cx, tree, "value"), effect: name(cx, tree, "effect").unwrap_or_default() })
}

pub(super) fn namespace(meta: &Meta) -> Namespace {
    Namespace {
        name: meta.name.clone(),
        labels: meta.labels.clone(),
        annotations: meta.annotations.clone(),
        created_at: meta.created_at,
    }
}

pub(super) fn pool(cx: &mut Cx, meta: &Meta, tree: &Tree<'_>, at: &At<'_>) -> Result<NodePool> {
    let budgets = deep(tree, at, "spec.disruption.budgets", |v, at| cx.list(v, at, wire::pool_budget))?;
    Ok(NodePool {
        name: meta.name.clone(),
        consolidation_policy: name(cx, tree, "spec.disruption.consolidationPolicy"),
        consolidate_after: name(cx, tree, "spec.disruption.consolidateAfter"),
        budgets,
    })
}

/// What a Karpenter claim says of its node, under the node's name.
pub(super) fn claim(cx: &mut Cx, meta: &Meta, tree: &Tree<'_>) -> Node {
    let node = name(cx, tree, "status.nodeName").unwrap_or_default();
    Node { name: node, provider_id: name(cx, tree, "status.providerID"), ..facts(cx, meta) }
}

pub(super) fn metrics(cx: &mut Cx, meta: &Meta, tree: &Tree<'_>, at: &At<'_>) -> Result<Vec<UsageSeries>> {
    let usage = tree.get("usage").ok_or_else(|| missing(at, "usage"))?;
    summary_of_one(cx, tree, usage, &at.name("usage"), &UsageSubject::Node(meta.name.clone()))
}
