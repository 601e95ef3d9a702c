//! The summary form of a cluster and the detectors on it.

mod read;

pub use read::{Autoscaler, ClusterData, Field, Node, NodeGroup, Volume, Workload};
