//! Waste: signals of calls to models, detectors of clusters and AI workloads, right-sizing and the portfolio.

pub mod ai;

pub mod rightsizing;

pub mod wire;
