//! Waste detectors.
pub mod ai;
