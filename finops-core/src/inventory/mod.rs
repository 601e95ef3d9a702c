//! What is in a cluster: one wire form that readers of Kubernetes, Prometheus and the summary form fill.
//!
//! An absent collection is unknown, an empty one is known to be empty.

mod baseline;
mod canonical;
mod cx;
mod decimal;
mod diagnostic;
mod effective;
mod kubernetes;
mod name;
mod outline;
mod prometheus;
mod quantity;
mod record;
mod tree;
mod usage;
mod wire;

pub use baseline::{
    BaselineSubject, HOURS_OF_WEEK, ResourceUse, Statistics, UsageBaseline, WorkloadUse, baselines,
    nearest_rank, profile, workload_uses,
};
pub use diagnostic::{Diagnostic, Read};
pub use effective::effective_request;
pub use kubernetes::{KubernetesOptions, RESOURCES, Resource, read_kubernetes};
pub use name::Name;
pub use outline::{Outline, outline};
pub use prometheus::{LabelMapping, PrometheusOptions, Query, queries, read_prometheus};
pub use quantity::{Format, Quantity};
pub use record::*;
pub use usage::{Metric, Sample, Unit, UsageData, UsageSeries, UsageSubject, UsageSummary};
