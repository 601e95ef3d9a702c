//! Nodes without pods, and nodes of which one resource is left over.

use super::{
    common::{Verdict, open, settle},
    index::Index,
    price::{gib, units},
};
use crate::{
    error::Fault,
    inventory::{Node, Pod, Resources},
    waste::{
        Assessment, ClaimKind, Component, Confidence, Context, Detector, Estimate, Evidence, Measured,
        OpportunityType, Rates, Ratio, Reason, Risk, RiskFactor, Setting, Subject, SubjectKind, Value,
    },
};
use std::collections::BTreeMap;

pub(super) struct Empty;
pub(super) struct Stranded;

/// Whether a pod has ended and holds nothing.
pub(super) fn has_ended(pod: &Pod) -> bool {
    pod.phase.as_ref().is_some_and(|phase| phase == "Succeeded" || phase == "Failed")
}

/// Whether a pod belongs to its node: of a DaemonSet, or a mirror pod.
pub(super) fn belongs_to_node(pod: &Pod) -> bool {
    let of_node = pod.owner.as_ref().is_some_and(|owner| owner.kind == "DaemonSet" || owner.kind == "Node");
    of_node || pod.annotations.as_ref().is_some_and(|all| all.get("kubernetes.io/config.mirror").is_some())
}

/// Whether a node runs the control plane.
pub(super) fn is_control_plane(node: &Node) -> bool {
    let labels = node.labels.as_ref();
    ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"]
        .iter()
        .any(|label| labels.is_some_and(|labels| labels.get(label).is_some()))
}

/// What a pod requests of a resource in 1e-9 units; nothing requested is 0.
pub(super) fn pod_request(pod: &Pod, resource: &str) -> i128 {
    pod.effective_request(resource).unwrap_or(0)
}

/// What pods may have of a node.
pub(super) fn allocatable(node: &Node) -> &Resources {
    node.allocatable.as_ref().unwrap_or(&node.capacity)
}

/// Nodes that are there.
pub(super) fn present<'a>(index: &Index<'a>) -> impl Iterator<Item = &'a Node> {
    let as_of = index.as_of;
    let all = index.inventory.nodes.iter().flatten();
    all.filter(move |node| node.deleted_at.is_none_or(|deleted_at| deleted_at > as_of))
}

/// Whether no pod of a workload is on a node.
pub(super) fn is_empty(index: &Index<'_>, node: &Node) -> bool {
    index.pods_on(node).iter().all(|pod| has_ended(pod) || belongs_to_node(pod))
}

impl Detector for Empty {
    fn id(&self) -> &'static str {
        "k8s.empty_node"
    }

    fn settings(&self) -> &'static [Setting] {
        const {
            &[Setting::number(
                "age_hours",
                "1",
                "hours; Cluster Autoscaler waits 10 minutes, an hour avoids noise",
            )]
        }
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let Some(index) = cx.cluster() else { return Ok(Vec::new()) };
        let least = cx.config.count(self, "age_hours").saturating_mul(3600);
        Ok(present(index).map(|node| settle(self.judge(index, node, least))).collect())
    }
}

impl Empty {
    fn judge(&self, index: &Index<'_>, node: &Node, least: u64) -> Verdict {
        let subject = Subject::global(SubjectKind::Node, &node.name);
        let excluded = index.excluded("", node.annotations.as_ref());
        let judged = open(self.id(), OpportunityType::IdleNodes, &subject, excluded)?;
        if is_control_plane(node) {
            return Err(judged.inapplicable(Reason::SystemObject));
        }
        if index.inventory.pods.is_none() {
            return Err(judged.undetermined(Reason::NoPodData));
        }
        if !is_empty(index, node) {
            return Err(judged.ok(Reason::HasPods));
        }
        match index.age(node.created_at) {
            None => return Err(judged.undetermined(Reason::NoAge)),
            Some(age) if age <= least => return Err(judged.inapplicable(Reason::TooYoung)),
            Some(_) => {}
        }
        let hours = &index.config.month_hours;
        let estimate = match index.node_prices(node) {
            None => Estimate::unknown(Reason::UnknownInstance, hours),
            Some(prices) => {
                let hourly = &prices.hourly;
                let month = hourly.amount.times(hours);
                Estimate::saving(&month, hours)
                    .by("hourly_price * month_hours", vec![("hourly_price", hourly.amount.clone().into())])
                    .priced_by(hourly.source.clone(), hourly.date.clone())
                    .claiming(judged.subject.id(), Component::Idle, &month, &month, ClaimKind::Delete)
            }
        };
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            Evidence::from_source("pods").observed("created_at", node.created_at),
            estimate,
            Confidence::fact(),
            risk_of_node(index, node, Ratio::thousandths(200)),
        );
        finding.after = vec![("state", Value::Word("deleted"))];
        Ok(finding)
    }
}

/// The risk of a change to a node: its labels and the tags of the cluster.
pub(super) fn risk_of_node(index: &Index<'_>, node: &Node, base: Ratio) -> Risk {
    let mut risk = Risk::base(base);
    risk.consider(RiskFactor::Production, index.is_production("", &[node.labels.as_ref()]));
    risk
}

impl Detector for Stranded {
    fn id(&self) -> &'static str {
        "k8s.stranded_capacity"
    }

    fn settings(&self) -> &'static [Setting] {
        const {
            &[
                Setting::number("busy_share", "0.9", "requested share above which a resource is full"),
                Setting::number("idle_share", "0.5", "requested share below which the other is left over"),
            ]
        }
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let Some(index) = cx.cluster() else { return Ok(Vec::new()) };
        let busy = cx.config.number(self, "busy_share");
        let idle = cx.config.number(self, "idle_share");
        let mut out = Vec::new();
        let mut pools: BTreeMap<&str, Vec<&Node>> = BTreeMap::new();
        for node in present(index) {
            if let Some(pool) = &node.node_pool {
                pools.entry(pool).or_default().push(node);
            }
            let subject = Subject::global(SubjectKind::Node, &node.name);
            out.push(settle(self.judge(index, subject, &[node], &busy, &idle)));
        }
        // A pool of one node would repeat it.
        for (pool, mut nodes) in pools.into_iter().filter(|(_, nodes)| nodes.len() > 1) {
            nodes.sort_by(|one, other| one.name.cmp(&other.name));
            let subject = Subject::global(SubjectKind::NodePool, pool);
            out.push(settle(self.judge(index, subject, &nodes, &busy, &idle)));
        }
        Ok(out)
    }
}

/// What nodes have of a resource and what pods on them request, in cores or bytes.
fn load(index: &Index<'_>, nodes: &[&Node], resource: &str) -> Option<(Ratio, Ratio)> {
    let (mut has, mut requested) = (Ratio::ZERO, Ratio::ZERO);
    for node in nodes {
        has = has.plus(&units(allocatable(node).get(resource)?));
        for pod in index.pods_on(node).iter().filter(|pod| !has_ended(pod)) {
            requested = requested.plus(&Ratio::nanos(pod_request(pod, resource)));
        }
    }
    has.is_positive().then_some((has, requested))
}

impl Stranded {
    fn judge(
        &self,
        index: &Index<'_>,
        subject: Subject,
        nodes: &[&Node],
        busy: &Ratio,
        idle: &Ratio,
    ) -> Verdict {
        let single = nodes.first().copied().filter(|_| nodes.len() == 1);
        let excluded = index.excluded("", single.and_then(|node| node.annotations.as_ref()));
        let judged = open(self.id(), OpportunityType::StrandedCapacity, &subject, excluded)?;
        if index.inventory.pods.is_none() {
            return Err(judged.undetermined(Reason::NoPodData));
        }
        let (Some(cpu), Some(memory)) = (load(index, nodes, "cpu"), load(index, nodes, "memory")) else {
            return Err(judged.undetermined(Reason::NoNodeData));
        };
        let share = |(has, requested): &(Ratio, Ratio)| requested.over(has).unwrap_or_default();
        let (cpu_share, memory_share) = (share(&cpu), share(&memory));
        let evidence = Evidence::from_source("pods.containers.requests")
            .observed("cpu_requested_share", Value::Share(cpu_share.clone()))
            .observed("memory_requested_share", Value::Share(memory_share.clone()))
            .threshold("busy_share", busy.clone())
            .threshold("idle_share", idle.clone());
        let (stranded, full, left) = if cpu_share > *busy && memory_share < *idle {
            ("memory", cpu_share, memory_share)
        } else if memory_share > *busy && cpu_share < *idle {
            ("cpu", memory_share, cpu_share)
        } else {
            return Err(Assessment { evidence, ..judged.ok(Reason::Balanced) });
        };
        let hours = &index.config.month_hours;
        let estimate = match self.idle_cost(index, nodes, stranded) {
            Some(hourly) => Estimate::saving(&hourly.times(hours), hours)
                .by("idle_hourly_cost * month_hours", vec![("idle_hourly_cost", hourly.into())])
                .priced_by("rates of nodes", None),
            None => Estimate::unknown(Reason::NoPrice, hours),
        };
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            evidence.with("stranded", Value::Word(stranded)).with("informational", true),
            estimate,
            Confidence::metric(&[Measured::Above(full, busy.clone()), Measured::Below(left, idle.clone())]),
            Risk::base(Ratio::ZERO),
        );
        finding.after = Vec::new();
        Ok(finding)
    }

    /// What the left-over resource of nodes costs an hour; `None` where a node has no price.
    fn idle_cost(&self, index: &Index<'_>, nodes: &[&Node], resource: &str) -> Option<Ratio> {
        let mut sum = Ratio::ZERO;
        for node in nodes {
            let rates: &Rates = &index.node_prices(node)?.rates;
            let (has, requested) = load(index, &[*node], resource)?;
            let idle = has.minus(&requested).max(Ratio::ZERO);
            let cost = match resource {
                "cpu" => idle.times(rates.cpu_core_hour.as_ref()?),
                _ => gib(&idle).times(rates.memory_gib_hour.as_ref()?),
            };
            sum = sum.plus(&cost);
        }
        Some(sum)
    }
}
