//! Nodes whose pods fit elsewhere, by the scale-down simulation.

use super::{
    common::{Verdict, count, open, settle},
    index::Index,
    nodes::{allocatable, belongs_to_node, has_ended, is_control_plane, is_empty, pod_request, present},
    price::{NANO, gib, units},
    supply::Proposed,
};
use crate::{
    error::Fault,
    inventory::{Name, Node, NodePool, Pod, Scheduling},
    waste::{
        Amount, Assessment, ClaimKind, Component, Confidence, Context, Detector, Estimate, Evidence,
        NodeSupply, OpportunityType, Ratio, Reason, Risk, RiskFactor, Setting, Subject, SubjectKind, Value,
        simulation::{Load, Machine, Profile, ScaleDown, Surroundings, admits, blocked, scale_down},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Karpenter's label of the pool of a node.
const KARPENTER: &str = "karpenter.sh/nodepool";

pub(super) struct Consolidation;
pub(super) struct KarpenterPolicy;

/// What the simulation removes, and what the cluster pays for nothing.
#[derive(Debug)]
pub(super) struct Plan {
    /// Names of the nodes that go. Empty nodes are reported for themselves.
    removed: BTreeSet<Name>,
    /// What is allocatable but not requested costs this much an hour.
    idle_hourly: Ratio,
    /// What all of it saves a month.
    pub(super) monthly: Amount,
}

const SETTINGS: &[Setting] = const {
    &[Setting::word(
        "profile",
        "prod",
        &["dev", "prod", "ha"],
        "how full a node may get: Kubecost's profiles",
    )]
};

/// Bytes or nanocores of a node or pod, held within 64 bits.
fn whole(nano: i128, unit: i128) -> u64 {
    u64::try_from(nano.div_euclid(unit)).unwrap_or(0)
}

/// The nodes by name, and the scale-down of the whole cluster.
fn simulate<'a>(index: &Index<'a>, profile: Profile, proposed: &Proposed) -> (Vec<&'a Node>, ScaleDown) {
    let mut nodes: Vec<&Node> = present(index).collect();
    nodes.sort_by(|one, other| one.name.cmp(&other.name));
    let machines: Vec<Machine> = nodes.iter().map(|node| machine(index, node)).collect();
    let (mut loads, mut schedulings): (Vec<Load>, Vec<Option<&Scheduling>>) = (Vec::new(), Vec::new());
    for (on, node) in nodes.iter().enumerate() {
        for pod in index.pods_on(node).iter().copied().filter(|pod| !has_ended(pod)) {
            if let Some(less) = proposed.less(pod) {
                loads.push(load(index, pod, on, less));
                schedulings.push(pod.scheduling.as_deref());
            }
        }
    }
    let none = Scheduling::default();
    let may_run = |load: usize, machine: usize| match (schedulings.get(load), nodes.get(machine)) {
        (Some(scheduling), Some(node)) => admits(scheduling.unwrap_or(&none), node),
        _ => false,
    };
    let answer = scale_down(&machines, &loads, profile, may_run);
    (nodes, answer)
}

/// What the scale-down saves a month with proposed requests.
pub(super) fn scale_down_with(index: &Index<'_>, profile: Profile, proposed: &Proposed) -> Amount {
    simulate(index, profile, proposed).1.monthly
}

/// Simulates the scale-down of the whole cluster as it is.
pub(super) fn plan(index: &Index<'_>, profile: Profile) -> Plan {
    let (nodes, answer) = simulate(index, profile, &Proposed::default());
    let removed = answer.removed.iter().filter_map(|position| nodes.get(*position).copied());
    let removed = removed.filter(|node| !is_empty(index, node)).map(|node| node.name.clone()).collect();
    let idle = nodes.iter().filter_map(|node| idle_hourly(index, node));
    let idle_hourly = idle.fold(Ratio::ZERO, |sum, cost| sum.plus(&cost));
    Plan { removed, idle_hourly, monthly: answer.monthly }
}

fn machine(index: &Index<'_>, node: &Node) -> Machine {
    let has = allocatable(node);
    let says = |name: &str| {
        let both = [node.annotations.as_ref(), node.labels.as_ref()];
        both.into_iter().flatten().any(|all| all.get(name).is_some_and(|value| value == "true"))
    };
    let kept = is_control_plane(node)
        || says("cluster-autoscaler.kubernetes.io/scale-down-disabled")
        || says("karpenter.sh/do-not-disrupt")
        || index.excluded("", node.annotations.as_ref()).is_some();
    Machine {
        name: node.name.clone(),
        cpu: has.cpu().map_or(0, |cores| whole(cores.nano(), 1)),
        memory: has.memory().map_or(0, |bytes| whole(bytes.nano(), NANO)),
        gpu: has.get("nvidia.com/gpu").map_or(0, |gpus| whole(gpus.nano(), NANO.div_euclid(1000))),
        pods: has.get("pods").map(|pods| whole(pods.nano(), NANO)),
        hourly: index.node_prices(node).map(|prices| prices.hourly.amount.clone()),
        schedulable: node.unschedulable != Some(true),
        removable: !kept,
    }
}

fn load(index: &Index<'_>, pod: &Pod, on: usize, (cpu, memory): (i128, i128)) -> Load {
    let around = Surroundings { as_of: index.as_of, disruptions_allowed: index.disruptions_allowed(pod) };
    Load {
        key: Name::from(format!("{}/{}", pod.namespace, pod.name)),
        on,
        cpu: whole(pod_request(pod, "cpu").saturating_sub(cpu), 1),
        memory: whole(pod_request(pod, "memory").saturating_sub(memory), NANO),
        gpu: whole(pod_request(pod, "nvidia.com/gpu"), NANO.div_euclid(1000)),
        blocked: blocked(pod, around).is_some(),
        stays: belongs_to_node(pod),
    }
}

/// What is not requested of a node costs this much an hour; `None` without a price.
fn idle_hourly(index: &Index<'_>, node: &Node) -> Option<Ratio> {
    let rates = &index.node_prices(node)?.rates;
    let idle = |resource: &str| {
        let has = allocatable(node).get(resource).map_or(Ratio::ZERO, units);
        let pods = index.pods_on(node).iter().filter(|pod| !has_ended(pod));
        let requested = pods.map(|pod| pod_request(pod, resource)).fold(0, i128::saturating_add);
        has.minus(&Ratio::nanos(requested)).max(Ratio::ZERO)
    };
    let cpu = idle("cpu").times(rates.cpu_core_hour.as_ref()?);
    Some(cpu.plus(&gib(&idle("memory")).times(rates.memory_gib_hour.as_ref()?)))
}

/// The profile of a run. Both detectors share one simulation, so the setting of the first counts.
pub(super) fn profile(cx: &Context<'_>) -> Profile {
    Profile::from_name(cx.config.word(&Consolidation, "profile")).unwrap_or_default()
}

/// The saving of removing nodes; claims of one pool are alternatives.
fn saving(index: &Index<'_>, plan: &Plan, nodes: &[&Node], pool: &str) -> Estimate {
    let hours = &index.config.month_hours;
    let prices = nodes.iter().filter_map(|node| index.node_prices(node));
    let hourly = prices.fold(Ratio::ZERO, |sum, prices| sum.plus(&prices.hourly.amount));
    let month = hourly.times(hours);
    let base = plan.idle_hourly.times(hours).max(month.clone());
    let mut estimate = Estimate::saving(&month, hours)
        .by("sum of hourly_price of removed nodes * month_hours", vec![("hourly_price_sum", hourly.into())])
        .priced_by("prices of nodes", None)
        .claiming(
            format!("idle/{}", index.inventory.cluster),
            Component::Idle,
            &base,
            &month,
            ClaimKind::Consolidate,
        );
    for claim in &mut estimate.claims {
        claim.exclusive = Some(Arc::from(format!("node_pool/{pool}")));
    }
    estimate
}

/// The names of nodes, sorted.
fn names(nodes: &[&Node]) -> Value {
    let mut names: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
    names.sort_unstable();
    Value::List(names.into_iter().map(Value::from).collect())
}

fn risk(index: &Index<'_>, nodes: &[&Node], base: Ratio) -> Risk {
    let mut risk = Risk::base(base);
    let labels: Vec<_> = nodes.iter().map(|node| node.labels.as_ref()).collect();
    risk.consider(RiskFactor::Production, index.is_production("", &labels));
    risk
}

impl Detector for Consolidation {
    fn id(&self) -> &'static str {
        "k8s.node_consolidation"
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let Some(index) = cx.cluster() else { return Ok(Vec::new()) };
        let mut pools: BTreeMap<&str, Vec<&Node>> = BTreeMap::new();
        let mut out = Vec::new();
        let profile = profile(cx);
        for node in present(index) {
            match &node.node_pool {
                Some(pool) => pools.entry(pool).or_default().push(node),
                None => {
                    let subject = Subject::global(SubjectKind::Node, &node.name);
                    out.push(settle(self.judge(index, subject, &[node], profile)));
                }
            }
        }
        for (pool, nodes) in pools {
            let subject = Subject::global(SubjectKind::NodePool, pool);
            out.push(settle(self.judge(index, subject, &nodes, profile)));
        }
        Ok(out)
    }
}

impl Consolidation {
    fn judge(&self, index: &Index<'_>, subject: Subject, nodes: &[&Node], profile: Profile) -> Verdict {
        let label = |node: &&Node| node.labels.as_ref().and_then(|labels| labels.get(KARPENTER)).is_some();
        let karpenter = nodes.iter().any(label);
        let opportunity =
            if karpenter { OpportunityType::KarpenterConsolidation } else { OpportunityType::IdleNodes };
        let judged = open(self.id(), opportunity, &subject, None)?;
        if nodes.iter().all(|node| is_control_plane(node)) {
            return Err(judged.inapplicable(Reason::SystemObject));
        }
        if index.inventory.pods.is_none() {
            return Err(judged.undetermined(Reason::NoPodData));
        }
        let measured =
            |node: &&Node| allocatable(node).cpu().is_some() && allocatable(node).memory().is_some();
        if !nodes.iter().all(measured) {
            return Err(judged.undetermined(Reason::NoNodeData));
        }
        let plan = index.plan(profile);
        let removed: Vec<&Node> =
            nodes.iter().copied().filter(|node| plan.removed.contains(&node.name)).collect();
        if removed.is_empty() {
            return Err(judged.ok(Reason::NotRemovable));
        }
        let estimate = saving(index, plan, &removed, judged.subject.name());
        let names = names(&removed);
        // 0.30, or 0.40 where Karpenter replaces nodes by itself (specification, section 5).
        let base = Ratio::thousandths(if karpenter { 400 } else { 300 });
        let risk = risk(index, &removed, base);
        let mut evidence = Evidence::from_source("simulation").with("removed", names);
        // Where something scales the nodes, the change is to let it, not to set their number.
        let supply = match index.config.node_supply {
            NodeSupply::Detect => index.node_supply(),
            configured => configured,
        };
        if !karpenter && supply == NodeSupply::Elastic {
            evidence = evidence.with("autoscaler", true);
        }
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            evidence,
            estimate,
            Confidence::estimate(),
            risk,
        );
        let before = i64::try_from(nodes.len()).unwrap_or(i64::MAX);
        let gone = i64::try_from(removed.len()).unwrap_or(i64::MAX);
        finding.before = vec![("node_count", count(before))];
        finding.after = vec![("node_count", count(before.saturating_sub(gone)))];
        Ok(finding)
    }
}

impl Detector for KarpenterPolicy {
    fn id(&self) -> &'static str {
        "k8s.karpenter_policy"
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let Some(index) = cx.cluster() else { return Ok(Vec::new()) };
        let pools = index.inventory.node_pools.iter().flatten();
        let profile = profile(cx);
        Ok(pools.map(|pool| settle(self.judge(index, pool, profile))).collect())
    }
}

/// What of a pool's policy keeps nodes that could go.
fn hinders(pool: &NodePool) -> Vec<(&'static str, Value)> {
    let mut found = Vec::new();
    if pool.consolidation_policy.as_ref().is_some_and(|policy| policy == "WhenEmpty") {
        found.push(("consolidation_policy", Value::Word("WhenEmpty")));
    }
    if pool.consolidate_after.as_ref().is_some_and(|after| after == "Never") {
        found.push(("consolidate_after", Value::Word("Never")));
    }
    let never = |budget: &crate::inventory::PoolBudget| {
        let none = budget.nodes.as_ref().is_some_and(|nodes| nodes == "0" || nodes == "0%");
        // A budget with reasons that leave out the one of consolidation does not hinder it.
        let applies = budget.reasons.as_ref().is_none_or(|reasons| {
            reasons.is_empty() || reasons.iter().any(|reason| reason == "Underutilized")
        });
        none && applies && budget.schedule.is_none()
    };
    if pool.budgets.iter().flatten().any(never) {
        found.push(("budget_nodes", Value::Word("0")));
    }
    found
}

impl KarpenterPolicy {
    fn judge(&self, index: &Index<'_>, pool: &NodePool, profile: Profile) -> Verdict {
        let subject = Subject::global(SubjectKind::NodePool, &pool.name);
        let judged = open(self.id(), OpportunityType::KarpenterConsolidation, &subject, None)?;
        let inventory = index.inventory;
        if inventory.nodes.is_none() {
            return Err(judged.undetermined(Reason::NoNodeData));
        }
        if inventory.pods.is_none() {
            return Err(judged.undetermined(Reason::NoPodData));
        }
        let hinders = hinders(pool);
        if hinders.is_empty() {
            return Err(judged.ok(Reason::Consolidating));
        }
        let plan = index.plan(profile);
        let of_pool = |node: &&Node| {
            let label = node.labels.as_ref().and_then(|labels| labels.get(KARPENTER));
            label.or(node.node_pool.as_ref()).is_some_and(|name| *name == pool.name)
        };
        let goes = |node: &&Node| plan.removed.contains(&node.name) && of_pool(node);
        let removed: Vec<&Node> = present(index).filter(goes).collect();
        if removed.is_empty() {
            return Err(judged.ok(Reason::Consolidating));
        }
        let estimate = saving(index, plan, &removed, &pool.name);
        let names = names(&removed);
        let risk = risk(index, &removed, Ratio::thousandths(400));
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            Evidence::from_source("simulation").with("removed", names),
            estimate,
            Confidence::estimate(),
            risk,
        );
        finding.before = hinders;
        finding.after = vec![
            ("consolidation_policy", Value::Word("WhenEmptyOrUnderutilized")),
            // Karpenter's own default before it consolidates, long enough to ride out a deployment.
            ("consolidate_after", Value::Word("1m")),
        ];
        Ok(finding)
    }
}
