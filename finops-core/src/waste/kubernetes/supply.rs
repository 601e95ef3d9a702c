//! Whether nodes shrink when requests do, and what would be saved if all proposals were followed.

use super::{
    consolidation::{profile, scale_down_with},
    index::Index,
    nodes::present,
};
use crate::{
    inventory::Pod,
    waste::{Amount, Assessment, ClaimKind, Component, Context, NodeSupply, OpportunityType, Value},
};
use std::collections::{BTreeMap, BTreeSet};

/// Reads from the inventory whether something removes nodes that are not needed.
pub(super) fn node_supply(index: &Index<'_>) -> NodeSupply {
    let inventory = index.inventory;
    let consolidates = |pool: &crate::inventory::NodePool| {
        pool.consolidation_policy.is_some()
            && pool.consolidate_after.as_ref().is_none_or(|after| after != "Never")
    };
    let karpenter = inventory.node_pools.iter().flatten().any(consolidates);
    // Its chart and its manifests name the deployment so, some with a prefix.
    let autoscaler = inventory
        .workloads
        .iter()
        .flatten()
        .any(|workload| workload.kind == "Deployment" && workload.name.contains("cluster-autoscaler"));
    let fargate = present(index).any(|node| {
        let label = node.labels.as_ref().and_then(|labels| labels.get("eks.amazonaws.com/compute-type"));
        label.is_some_and(|value| value == "fargate")
    });
    if karpenter || autoscaler || fargate {
        NodeSupply::Elastic
    } else if inventory.nodes.is_some() && inventory.pods.is_some() {
        NodeSupply::Fixed
    } else {
        NodeSupply::Unknown
    }
}

/// Namespace, kind and name of a workload.
type Key = (String, String, String);

/// The requests of workloads if all proposals were followed.
#[derive(Debug, Default)]
pub(in crate::waste) struct Proposed {
    /// Nanocores and nano-bytes that a pod of the workload requests less.
    less: BTreeMap<Key, (i128, i128)>,
    /// Workloads whose pods go.
    gone: BTreeSet<Key>,
}

impl Proposed {
    /// What findings propose for workloads.
    pub(in crate::waste) fn of<'f>(findings: impl Iterator<Item = &'f Assessment>) -> Self {
        let mut proposed = Self::default();
        for finding in findings {
            let subject = &finding.subject;
            let (Some(namespace), Some(kind)) = (subject.namespace(), subject.object_kind()) else {
                continue;
            };
            let key = (namespace.to_owned(), kind.to_owned(), subject.name().to_owned());
            let Some(estimate) = finding.estimate.as_ref() else { continue };
            let of_requests = |component| matches!(component, Component::Cpu | Component::Memory);
            let deletes =
                |claim: &crate::waste::Claim| claim.kind == ClaimKind::Delete && of_requests(claim.component);
            if estimate.claims.iter().any(deletes) {
                proposed.gone.insert(key);
                continue;
            }
            let reduction = estimate.operands.iter().find(|(name, _)| *name == "reduction");
            let Some((_, Value::Number(reduction))) = reduction else { continue };
            let less = reduction.scaled_floor(9).unwrap_or(0);
            let (cpu, memory) = proposed.less.entry(key).or_default();
            match finding.opportunity {
                OpportunityType::OverRequestedCpu => *cpu = cpu.saturating_add(less),
                OpportunityType::OverRequestedMemory => *memory = memory.saturating_add(less),
                _ => {}
            }
        }
        proposed
    }

    /// What a pod requests less in nanocores and nano-bytes; `None` where it goes.
    pub(super) fn less(&self, pod: &Pod) -> Option<(i128, i128)> {
        let Some(owner) = &pod.owner else { return Some((0, 0)) };
        let key = (pod.namespace.to_string(), owner.kind.to_string(), owner.name.to_string());
        if self.gone.contains(&key) {
            return None;
        }
        Some(self.less.get(&key).copied().unwrap_or((0, 0)))
    }
}

/// What the simulation saves a month with the requests of today and with all proposed ones.
pub(in crate::waste) fn simulate(
    index: &Index<'_>,
    cx: &Context<'_>,
    proposed: &Proposed,
) -> (Amount, Amount) {
    let profile = profile(cx);
    // The detectors may have simulated today already.
    let today = index.plan(profile).monthly;
    (today, scale_down_with(index, profile, proposed))
}
