//! Waste in AI workloads.

pub mod calls;
