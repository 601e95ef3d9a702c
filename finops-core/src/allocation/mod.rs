//! Kubernetes cost allocation: who caused which part of a cluster's cost, exactly.

pub mod wire;
