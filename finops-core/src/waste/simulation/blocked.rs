//! Pods that keep their node (Cluster Autoscaler FAQ, "What types of pods can prevent CA from removing a node";
//! karpenter.sh, "Pod-level controls").

use crate::{
    inventory::{Labels, Pod, VolumeUse},
    time::Timestamp,
};

const SAFE_TO_EVICT: &str = "cluster-autoscaler.kubernetes.io/safe-to-evict";
const SAFE_VOLUMES: &str = "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes";
const DO_NOT_DISRUPT: &str = "karpenter.sh/do-not-disrupt";

/// Why a pod keeps its node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Blocked {
    /// Nothing would start it again.
    NoController,
    /// It keeps data on the node.
    LocalStorage,
    /// `safe-to-evict: "false"`.
    NotSafeToEvict,
    /// `karpenter.sh/do-not-disrupt`, or a duration of it that is not yet over.
    DoNotDisrupt,
    /// A pod of kube-system without a disruption budget.
    SystemWithoutBudget,
    /// Its disruption budget allows none now.
    BudgetExhausted,
    /// Required pod anti-affinity, which is not modelled.
    AntiAffinity,
    /// A `DoNotSchedule` spread, which is not modelled.
    TopologySpread,
    /// A port of its node, which is not modelled.
    HostPort,
}

impl Blocked {
    /// The reason's code, for example `local_storage`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoController => "no_controller",
            Self::LocalStorage => "local_storage",
            Self::NotSafeToEvict => "not_safe_to_evict",
            Self::DoNotDisrupt => "do_not_disrupt",
            Self::SystemWithoutBudget => "system_without_budget",
            Self::BudgetExhausted => "budget_exhausted",
            Self::AntiAffinity => "anti_affinity",
            Self::TopologySpread => "topology_spread",
            Self::HostPort => "host_port",
        }
    }
}

/// What stands around a pod.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings {
    /// Now.
    pub as_of: Timestamp,
    /// The fewest disruptions that any budget of the pod allows; `None` without a budget.
    pub disruptions_allowed: Option<u32>,
}

/// Why the pod keeps its node; `None` where it may move.
#[must_use]
pub fn blocked(pod: &Pod, around: Surroundings) -> Option<Blocked> {
    let annotation =
        |name| pod.annotations.as_ref().and_then(|all: &Labels| all.get(name)).map(AsRef::as_ref);
    let safe = annotation(SAFE_TO_EVICT);
    if safe != Some("true") {
        if safe == Some("false") {
            return Some(Blocked::NotSafeToEvict);
        }
        if pod.owner.is_none() {
            return Some(Blocked::NoController);
        }
        if has_local_storage(pod, annotation(SAFE_VOLUMES)) {
            return Some(Blocked::LocalStorage);
        }
        if pod.namespace == "kube-system" && around.disruptions_allowed.is_none() {
            return Some(Blocked::SystemWithoutBudget);
        }
    }
    if annotation(DO_NOT_DISRUPT).is_some_and(|value| do_not_disrupt(value, pod.start, around.as_of)) {
        return Some(Blocked::DoNotDisrupt);
    }
    if around.disruptions_allowed == Some(0) {
        return Some(Blocked::BudgetExhausted);
    }
    let scheduling = pod.scheduling.as_deref()?;
    if scheduling.affinity.as_ref().is_some_and(|affinity| affinity.pod_anti_affinity) {
        return Some(Blocked::AntiAffinity);
    }
    let spread = scheduling.spread.as_deref().unwrap_or_default();
    if spread.iter().any(|spread| spread.when_unsatisfiable == "DoNotSchedule") {
        return Some(Blocked::TopologySpread);
    }
    (scheduling.host_port == Some(true)).then_some(Blocked::HostPort)
}

/// Folders of the node, and those that go with the pod unless they are in memory.
///
/// The annotation lists volumes by name, which the inventory does not keep: it lifts the block of a pod that has no folder
/// of the node and lists at least as many names as it has folders of its own.
fn has_local_storage(pod: &Pod, safe_volumes: Option<&str>) -> bool {
    let volumes = pod.volumes.as_deref().unwrap_or_default();
    if volumes.iter().any(|volume| matches!(volume, VolumeUse::HostPath(_))) {
        return true;
    }
    let on_disk = |volume: &&VolumeUse| matches!(volume, VolumeUse::EmptyDir(medium) if *medium != "Memory");
    let folders = volumes.iter().filter(on_disk).count();
    let listed =
        safe_volumes.map_or(0, |names| names.split(',').filter(|name| !name.trim().is_empty()).count());
    folders > listed
}

/// `true`, or a duration since the pod's start that is not yet over. A text that is neither blocks: staying is safe.
fn do_not_disrupt(value: &str, start: Option<Timestamp>, as_of: Timestamp) -> bool {
    match value {
        "true" => true,
        "false" => false,
        duration => match (duration_ms(duration), start) {
            (Some(ms), Some(start)) => start.saturating_add_ms(ms) > as_of,
            _ => true,
        },
    }
}

/// A duration of hours, minutes and seconds, such as `1h30m`.
fn duration_ms(text: &str) -> Option<i64> {
    let mut total = 0_i64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at_checked(digits)?;
        let unit = match tail.bytes().next()? {
            b'h' => 3_600_000,
            b'm' => 60_000,
            b's' => 1000,
            _ => return None,
        };
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(unit)?)?;
        rest = tail.get(1..)?;
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Affinity, Name, Owner, Scheduling, Spread};
    use std::sync::Arc;

    fn pod() -> Pod {
        Pod {
            namespace: "shop".into(),
            name: "web-1".into(),
            owner: Some(Arc::new(Owner { kind: "Deployment".into(), name: "web".into() })),
            start: Some(at("2026-11-20T10:00:00Z")),
            ..Pod::default()
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn with_annotation(name: &str, value: &str) -> Pod {
        Pod { annotations: Some(Labels::new(vec![(name.into(), value.into())])), ..pod() }
    }

    fn why(pod: &Pod) -> Option<&'static str> {
        let around = Surroundings { as_of: at("2026-11-20T12:00:00Z"), disruptions_allowed: None };
        blocked(pod, around).map(Blocked::code)
    }

    #[test]
    fn every_reason_blocks_and_its_absence_does_not() {
        assert_eq!(why(&pod()), None);
        assert_eq!(why(&Pod { owner: None, ..pod() }), Some("no_controller"));
        assert_eq!(why(&Pod { namespace: "kube-system".into(), ..pod() }), Some("system_without_budget"));
        assert_eq!(why(&with_annotation(SAFE_TO_EVICT, "false")), Some("not_safe_to_evict"));
        assert_eq!(why(&with_annotation(DO_NOT_DISRUPT, "true")), Some("do_not_disrupt"));
        assert_eq!(why(&with_annotation(DO_NOT_DISRUPT, "3h")), Some("do_not_disrupt"));
        assert_eq!(why(&with_annotation(DO_NOT_DISRUPT, "1h59m59s")), None, "over since a second");
        assert_eq!(why(&with_annotation(DO_NOT_DISRUPT, "soon")), Some("do_not_disrupt"));
        let scheduled = |scheduling| Pod { scheduling: Some(Arc::new(scheduling)), ..pod() };
        let affinity = Some(Affinity { pod_anti_affinity: true, ..Affinity::default() });
        assert_eq!(why(&scheduled(Scheduling { affinity, ..Scheduling::default() })), Some("anti_affinity"));
        let spread = |when: &str| {
            let spread = Spread { when_unsatisfiable: when.into(), ..Spread::default() };
            scheduled(Scheduling { spread: Some(vec![spread]), ..Scheduling::default() })
        };
        assert_eq!(why(&spread("DoNotSchedule")), Some("topology_spread"));
        assert_eq!(why(&spread("ScheduleAnyway")), None);
        let port = Scheduling { host_port: Some(true), ..Scheduling::default() };
        assert_eq!(why(&scheduled(port)), Some("host_port"));
        let around = Surroundings { as_of: at("2026-11-20T12:00:00Z"), disruptions_allowed: Some(0) };
        assert_eq!(blocked(&pod(), around), Some(Blocked::BudgetExhausted));
    }

    #[test]
    fn local_data_blocks_unless_it_is_in_memory_or_said_to_be_safe() {
        let mounts = |volumes: &[VolumeUse]| Pod { volumes: Some(volumes.into()), ..pod() };
        let (disk, memory) = (VolumeUse::EmptyDir("".into()), VolumeUse::EmptyDir("Memory".into()));
        assert_eq!(why(&mounts(std::slice::from_ref(&disk))), Some("local_storage"));
        assert_eq!(why(&mounts(&[memory])), None);
        let host = VolumeUse::HostPath(Name::from("/data"));
        assert_eq!(why(&mounts(std::slice::from_ref(&host))), Some("local_storage"));
        let listed = |volumes: &[VolumeUse]| Pod {
            volumes: Some(volumes.into()),
            ..with_annotation(SAFE_VOLUMES, "cache")
        };
        assert_eq!(why(&listed(std::slice::from_ref(&disk))), None);
        assert_eq!(why(&listed(&[disk.clone(), disk])), Some("local_storage"));
        assert_eq!(why(&listed(std::slice::from_ref(&host))), Some("local_storage"));
        let safe =
            Pod { owner: None, volumes: Some([host].into()), ..with_annotation(SAFE_TO_EVICT, "true") };
        assert_eq!(why(&safe), None, "safe-to-evict lifts the first rules");
    }
}
