//! Waste in AI workloads.
