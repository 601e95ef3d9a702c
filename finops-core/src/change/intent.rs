//! From a finding to what is to be written.

use crate::{
    inventory::Quantity,
    waste::{Assessment, ChangeKind, Fact, OpportunityType, Ratio, Subject, SubjectKind, Value},
};

/// The detector of what a workload without replicas leaves behind.
pub(super) const LEFTOVERS: &str = "k8s.scaled_to_zero_leftovers";

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Intent {
    /// A request of a container: `cpu` in nanocores or `memory` in bytes, with what the finding saw there.
    Request { resource: crate::waste::rightsizing::Resource, before: Option<u64>, value: u64, limit: Limit },
    /// The utilisation target of the autoscaler of a workload, in percent.
    HpaTarget(i64),
    /// The least replicas of an autoscaler.
    MinReplicas(i64),
    /// Seconds of scale-up stabilisation of an autoscaler.
    ScaleUpDelay(i64),
    /// The number of nodes of a group.
    NodeCount(i64),
    /// A volume goes.
    DeleteVolume,
    /// Nodes of a Karpenter pool may be consolidated.
    Consolidate,
    /// A workload runs no replicas.
    NoReplicas,
    /// An object goes.
    DeleteObject,
}

/// What becomes of the limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Limit {
    Keep,
    /// In nanocores or bytes.
    Set(u64),
    /// There is none any more.
    Remove,
}

/// A value among facts.
pub(super) fn fact<'a>(facts: &'a [Fact], name: &str) -> Option<&'a Value> {
    facts.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
}

fn ratio(value: &Value) -> Option<Ratio> {
    match value {
        Value::Number(number) | Value::Share(number) => Some(number.clone()),
        Value::Count(count) => Some(Ratio::from(i128::from(*count))),
        _ => None,
    }
}

/// A whole number among facts, rounded up.
pub(super) fn whole(facts: &[Fact], name: &str) -> Option<i64> {
    i64::try_from(ratio(fact(facts, name)?)?.ceil()?).ok()
}

/// A number of units that are each so many of the small ones, rounded up.
fn scaled(facts: &[Fact], name: &str, unit: i128) -> Option<u64> {
    u64::try_from(ratio(fact(facts, name)?)?.times(&Ratio::from(unit)).ceil()?).ok()
}

const CORE: i128 = 1_000_000_000;
const GIBIBYTE: i128 = 1 << 30;

/// A quantity that a full inventory states as `{requests: {cpu: "750m"}}`.
fn quantity(facts: &[Fact], resource: &str, what: &str) -> Option<u64> {
    let Value::Map(amounts) = fact(facts, &format!("{what}s"))? else { return None };
    let nano = match fact(amounts, resource)? {
        Value::Text(text) => Quantity::parse_unsigned(text).ok()?.nano(),
        Value::Shared(text) => Quantity::parse_unsigned(text).ok()?.nano(),
        _ => return None,
    };
    // A part of a byte counts as one.
    let whole = if resource == "cpu" { Some(nano) } else { Ratio::nanos(nano).ceil() };
    u64::try_from(whole?).ok()
}

/// Cores or bytes under any of the names that the two forms of inventory use.
fn amount(facts: &[Fact], cpu: bool, what: &str) -> Option<u64> {
    if let Some(stated) = quantity(facts, if cpu { "cpu" } else { "memory" }, what) {
        return Some(stated);
    }
    if cpu {
        return scaled(facts, &format!("cpu_{what}"), CORE);
    }
    scaled(facts, &format!("memory_{what}_gb"), GIBIBYTE)
        .or_else(|| scaled(facts, &format!("memory_{what}_bytes"), 1))
        .or_else(|| scaled(facts, &format!("memory_{what}"), 1))
}

/// What a finding asks to be written; nothing for one that has no change.
pub(super) fn of(assessment: &Assessment) -> Vec<Intent> {
    use crate::waste::rightsizing::Resource;
    let (before, after) = (&assessment.before, &assessment.after);
    // A container states what each pod gets, the summary form what all pods of a workload have together.
    let pods = match assessment.subject.container_name() {
        Some(_) => 1,
        None => whole(before, "replicas").and_then(|pods| u64::try_from(pods).ok()).unwrap_or(1).max(1),
    };
    let each = |total: Option<u64>| total.map(|total| total.div_ceil(pods));
    let request = |resource: Resource| {
        let cpu = resource == Resource::Cpu;
        let value = each(amount(after, cpu, "request"))?;
        let (old, new) = (each(amount(before, cpu, "limit")), each(amount(after, cpu, "limit")));
        let limit = if is_removed(after, cpu) && old.is_some() {
            Limit::Remove
        } else {
            new.filter(|new| Some(*new) != old && old.is_some()).map_or(Limit::Keep, Limit::Set)
        };
        Some(Intent::Request { resource, before: each(amount(before, cpu, "request")), value, limit })
    };
    let mut intents = Vec::new();
    match assessment.proposal {
        Some(ChangeKind::CpuRightsize) => intents.extend(request(Resource::Cpu)),
        Some(ChangeKind::MemoryRightsize) => intents.extend(request(Resource::Memory)),
        Some(ChangeKind::NodeConsolidation) => {
            intents.extend(whole(after, "node_count").map(Intent::NodeCount));
        }
        Some(ChangeKind::VolumeCleanup) => intents.push(Intent::DeleteVolume),
        Some(ChangeKind::AutoscalingFix) => {
            intents.extend(whole(after, "min_replicas").map(Intent::MinReplicas));
            let delay = whole(after, "scale_up_delay");
            let delay = delay.or_else(|| whole(after, "scale_up_stabilization_seconds"));
            intents.extend(delay.map(Intent::ScaleUpDelay));
        }
        Some(ChangeKind::KarpenterConsolidation) => intents.push(Intent::Consolidate),
        // What costs are the leftovers: without their workload they would cost the same.
        Some(ChangeKind::ResourceCleanup) if assessment.detector == LEFTOVERS => {}
        Some(ChangeKind::ResourceCleanup) => {
            let stays = assessment.opportunity == OpportunityType::ZombieWorkloads
                && is_scalable(&assessment.subject)
                && !is_deleted(after);
            intents.push(if stays { Intent::NoReplicas } else { Intent::DeleteObject });
        }
        None => {}
    }
    if matches!(assessment.proposal, Some(ChangeKind::CpuRightsize)) {
        intents.extend(whole(after, "target_utilization").map(Intent::HpaTarget));
    }
    intents
}

/// Whether the state after the change says that a limit is gone: it is named and is nothing.
fn is_removed(after: &[Fact], cpu: bool) -> bool {
    let gone = |facts: &[Fact], name: &str| fact(facts, name) == Some(&Value::Unknown);
    let (resource, flat) = if cpu { ("cpu", "cpu_limit") } else { ("memory", "memory_limit_gb") };
    matches!(fact(after, "limits"), Some(Value::Map(limits)) if gone(limits, resource)) || gone(after, flat)
}

/// Whether the state after the change says that the object is gone.
fn is_deleted(after: &[Fact]) -> bool {
    match fact(after, "state") {
        Some(Value::Word(word)) => *word == "deleted",
        Some(Value::Text(text)) => text == "deleted",
        _ => false,
    }
}

/// Whether a workload has a number of replicas that can be 0.
fn is_scalable(subject: &Subject) -> bool {
    // A namespace names no object kind either.
    let is_namespace = subject.kind() == SubjectKind::Namespace;
    !is_namespace
        && subject
            .object_kind()
            .is_none_or(|kind| matches!(kind, "Deployment" | "StatefulSet" | "ReplicaSet"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_of_full_inventories_are_amounts_too() {
        let text = |text: &str| Value::Text(text.to_owned());
        let after = [
            ("requests", Value::Map(vec![("cpu", text("127m")), ("memory", text("424Mi"))])),
            ("limits", Value::Map(vec![("memory", text("0.5"))])),
        ];
        assert_eq!(amount(&after, true, "request"), Some(127_000_000));
        assert_eq!(amount(&after, false, "request"), Some(424 << 20));
        assert_eq!(amount(&after, false, "limit"), Some(1), "rounded up");
        assert_eq!(amount(&after, true, "limit"), None);
        let flat =
            [("cpu_request", Value::Number(Ratio::thousandths(450))), ("requests", Value::Word("set"))];
        assert_eq!(amount(&flat, true, "request"), Some(450_000_000));
        let bad = [("requests", Value::Map(vec![("cpu", text("-1"))]))];
        assert_eq!(amount(&bad, true, "request"), None);
    }
}
