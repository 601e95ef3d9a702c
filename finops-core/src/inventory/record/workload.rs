//! Workloads and what belongs to them.

use super::{super::Name, ClaimTemplate, Container, Labels, Owner, Resources, VolumeUse};
use crate::time::Timestamp;
use rust_decimal::Decimal;
use std::{collections::BTreeMap, sync::Arc};

/// A workload: what makes pods.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Workload {
    /// Kind, for example `Deployment`.
    pub kind: Name,
    /// Namespace.
    pub namespace: Name,
    /// Name.
    pub name: Name,
    /// Labels of the workload.
    pub labels: Option<Labels>,
    /// Labels of its pods.
    pub pod_labels: Option<Labels>,
    /// Annotations.
    pub annotations: Option<Labels>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// Pods that are wanted.
    pub replicas: Option<u32>,
    /// Pods that are ready.
    pub ready_replicas: Option<u32>,
    /// What controls it.
    pub owner: Option<Owner>,
    /// Containers of its template.
    pub containers: Option<Vec<Container>>,
    /// What its pods mount.
    pub volumes: Option<Arc<[VolumeUse]>>,
    /// Claims that it makes.
    pub volume_claim_templates: Option<Vec<ClaimTemplate>>,
    /// Runs that a Job wants.
    pub completions: Option<u32>,
    /// When a Job ended.
    pub completed_at: Option<Timestamp>,
    /// `ttlSecondsAfterFinished` of a Job.
    pub ttl_seconds_after_finished: Option<u32>,
}

/// A service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Service {
    /// Namespace.
    pub namespace: Name,
    /// Name.
    pub name: Name,
    /// `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`.
    pub r#type: Option<Name>,
    /// Labels of its pods.
    pub selector: Option<Labels>,
    /// Names of the pods that are ready behind it.
    pub ready_endpoints: Option<Vec<Name>>,
    /// Annotations.
    pub annotations: Option<Labels>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// What it costs.
    pub cost: Option<ServiceCost>,
}

/// An Ingress: names that lead to services.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ingress {
    /// Namespace.
    pub namespace: Name,
    /// Name.
    pub name: Name,
    /// Services of its namespace that it sends to.
    pub backends: Option<Vec<Name>>,
    /// Secrets that hold its certificates.
    pub tls_secrets: Option<Vec<Name>>,
    /// Annotations.
    pub annotations: Option<Labels>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// What it costs, where it is a load balancer of its own.
    pub cost: Option<ServiceCost>,
}

/// A LimitRange: what a container of its namespace must request at least.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LimitRange {
    /// Namespace.
    pub namespace: Name,
    /// Name.
    pub name: Name,
    /// Least request of a container.
    pub min: Option<Resources>,
}

/// The price of a load balancer, in the inventory's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceCost {
    /// An hour.
    Hourly(Decimal),
    /// A month.
    Monthly(Decimal),
    /// The inventory's window.
    Total(Decimal),
}

/// What changes the number or size of pods.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Autoscaler {
    /// `HorizontalPodAutoscaler`, `VerticalPodAutoscaler` or `ScaledObject`.
    pub kind: Name,
    /// Namespace.
    pub namespace: Name,
    /// Name.
    pub name: Name,
    /// What it scales.
    pub target: Option<Owner>,
    /// Fewest replicas.
    pub min: Option<u32>,
    /// Most replicas.
    pub max: Option<u32>,
    /// Replicas now.
    pub current: Option<u32>,
    /// What it scales on.
    pub metrics: Option<Vec<ScalingMetric>>,
    /// How it scales.
    pub behavior: Option<Behavior>,
    /// `Auto`, `Recreate`, `Initial` or `Off` of a VerticalPodAutoscaler.
    pub mode: Option<Name>,
}

/// What an autoscaler watches.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScalingMetric {
    /// `cpu`, `memory`, or the name of another metric.
    pub resource: Name,
    /// Percent of the request.
    pub target_utilization: Option<u32>,
}

/// How an autoscaler reacts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Behavior {
    /// How long it waits before it adds pods.
    pub scale_up_stabilization_seconds: Option<u32>,
}

/// A PodDisruptionBudget.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Budget {
    /// Namespace.
    pub namespace: Name,
    /// Name.
    pub name: Name,
    /// Labels of its pods; empty: every pod of the namespace. `None`: no pod, or a selector that is no set of labels.
    pub selector: Option<Labels>,
    /// Pods that may go now.
    pub disruptions_allowed: Option<u32>,
}

/// A ConfigMap, Secret or ServiceAccount; values are never kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigObject {
    /// `ConfigMap`, `Secret` or `ServiceAccount`.
    pub kind: Name,
    /// Namespace.
    pub namespace: Name,
    /// Name.
    pub name: Name,
    /// Type of a Secret.
    pub r#type: Option<Name>,
    /// Names of the values.
    pub keys: Option<Vec<Name>>,
    /// Length of the values together.
    pub bytes: Option<u64>,
    /// What controls it.
    pub owner: Option<Owner>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// Labels.
    pub labels: Option<Labels>,
    /// Annotations.
    pub annotations: Option<Labels>,
    /// Secrets that a ServiceAccount names.
    pub secrets: Option<Vec<Name>>,
}

/// The log of a container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogVolume {
    /// Namespace.
    pub namespace: Name,
    /// `Kind/name`.
    pub workload: Name,
    /// Container.
    pub container: Option<Name>,
    /// Hours that were counted.
    pub window_hours: Option<Decimal>,
    /// Bytes by level, for example `DEBUG`.
    pub bytes_by_level: BTreeMap<Name, u64>,
}

/// The cost of a workload that is known already.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownCost {
    /// Subject, for example `workload/shop/Deployment/web`.
    pub workload: Name,
    /// Hours that the cost is of.
    pub window_hours: Decimal,
    /// Cost in the inventory's currency.
    pub cost: Decimal,
}
