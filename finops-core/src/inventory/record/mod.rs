//! The records of an inventory, named as in its wire form.

mod cluster;
mod pod;
mod shared;
mod storage;
mod workload;

pub use cluster::{
    ClusterInventory, Interval, Namespace, Node, NodeCost, NodeGroup, NodePool, PoolBudget, Taint,
};
pub use pod::{
    Affinity, Condition, Container, ContainerType, Expression, Pod, Run, Scheduling, Spread, Status,
    Termination, Toleration, VolumeUse,
};
pub use shared::{Labels, Owner, Resources};
pub use storage::{ClaimName, ClaimTemplate, Volume, VolumeCost};
pub use workload::{
    Autoscaler, Behavior, Budget, ConfigObject, Ingress, KnownCost, LimitRange, LogVolume, ScalingMetric,
    Service, ServiceCost, Workload,
};
