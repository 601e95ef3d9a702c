//! Pods and their containers.

use super::{super::Name, Labels, Owner, Resources};
use crate::time::Timestamp;
use std::sync::Arc;

/// A pod.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pod {
    /// Namespace.
    pub namespace: Name,
    /// Name.
    pub name: Name,
    /// The node it is on; `None` while it waits for one.
    pub node: Option<Name>,
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    pub phase: Option<Name>,
    /// What controls it in the end: a Deployment rather than its ReplicaSet.
    pub owner: Option<Arc<Owner>>,
    /// Labels.
    pub labels: Option<Labels>,
    /// Annotations.
    pub annotations: Option<Labels>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// When it was accepted by its node.
    pub start: Option<Timestamp>,
    /// When it ended.
    pub end: Option<Timestamp>,
    /// Containers in the pod's order, init containers first.
    pub containers: Box<[Container]>,
    /// What the runtime needs besides.
    pub overhead: Option<Resources>,
    /// Requests of the pod as a whole, which replace those of its containers.
    pub resources: Option<Resources>,
    /// Where it may run.
    pub scheduling: Option<Arc<Scheduling>>,
    /// What it mounts.
    pub volumes: Option<Arc<[VolumeUse]>>,
    /// Conditions.
    pub conditions: Option<Box<[Condition]>>,
}

/// When a container ran: from, and to or still running.
pub type Run = (Timestamp, Option<Timestamp>);

/// What a container is in its pod.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContainerType {
    /// Runs with the others.
    #[default]
    App,
    /// An init container that keeps running.
    Sidecar,
    /// Runs before the others.
    Init,
}

impl ContainerType {
    /// Its name in the wire form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Sidecar => "sidecar",
            Self::Init => "init",
        }
    }
}

/// A container of a pod or of a workload's template.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Container {
    /// Name.
    pub name: Name,
    /// What it is in its pod.
    pub r#type: ContainerType,
    /// Requests; a missing one has its limit already where a reader made this.
    pub requests: Option<Resources>,
    /// Limits.
    pub limits: Option<Resources>,
    /// ConfigMaps and Secrets that its environment names, as `ConfigMap/name` and `Secret/name`.
    pub env_refs: Option<Arc<[Name]>>,
    /// When it ran: start, and end or still running.
    pub running: Option<Box<[Run]>>,
    /// How often it was restarted.
    pub restarts: Option<u32>,
    /// Why it waits, for example `CrashLoopBackOff`.
    pub waiting: Option<Name>,
    /// How it last ended.
    pub last_termination: Option<Box<Termination>>,
}

/// The end of a container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Termination {
    /// Why, for example `OOMKilled`.
    pub reason: Option<Name>,
    /// When.
    pub at: Option<Timestamp>,
}

/// Where a pod may run.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scheduling {
    /// Labels that its node must have.
    pub node_selector: Option<Labels>,
    /// Taints that it bears.
    pub tolerations: Option<Vec<Toleration>>,
    /// Requirements on its node and its neighbours.
    pub affinity: Option<Affinity>,
    /// How it spreads.
    pub spread: Option<Vec<Spread>>,
    /// Whether it takes a port of its node.
    pub host_port: Option<bool>,
}

/// What a pod bears.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Toleration {
    /// Key; without one every taint.
    pub key: Option<Name>,
    /// `Equal` (default) or `Exists`.
    pub operator: Option<Name>,
    /// Value.
    pub value: Option<Name>,
    /// Effect; without one every effect.
    pub effect: Option<Name>,
}

/// Required affinity; preferences are not kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Affinity {
    /// Alternatives; a node must meet every expression of one. A match on a field stands as an expression on
    /// `metadata.name`.
    pub node_terms: Option<Vec<Vec<Expression>>>,
    /// Whether pods must be near.
    pub pod_affinity: bool,
    /// Whether pods must not be near.
    pub pod_anti_affinity: bool,
}

/// A requirement on a label of a node.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Expression {
    /// Label.
    pub key: Name,
    /// `In`, `NotIn`, `Exists`, `DoesNotExist`, `Gt` or `Lt`.
    pub operator: Name,
    /// Values.
    pub values: Vec<Name>,
}

/// A topology spread constraint.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spread {
    /// Label that makes the domains.
    pub topology_key: Name,
    /// `DoNotSchedule` or `ScheduleAnyway`.
    pub when_unsatisfiable: Name,
    /// Largest difference.
    pub max_skew: Option<i64>,
}

/// What a pod mounts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VolumeUse {
    /// A claim of its namespace.
    Claim(Name),
    /// A ConfigMap of its namespace.
    ConfigMap(Name),
    /// A Secret of its namespace.
    Secret(Name),
    /// A folder that goes with the pod: its medium, `Memory` or the empty text for the node's disk.
    EmptyDir(Name),
    /// A folder of the node.
    HostPath(Name),
}

/// Whether something holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// It holds.
    True,
    /// It does not.
    False,
    /// Nobody knows.
    #[default]
    Unknown,
}

impl Status {
    /// Its name in the wire form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

/// A condition of a pod.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Condition {
    /// For example `Ready`.
    pub r#type: Name,
    /// Whether it holds.
    pub status: Status,
    /// Since when.
    pub since: Option<Timestamp>,
}
