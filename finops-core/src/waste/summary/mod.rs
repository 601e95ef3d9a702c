//! The summary form of a cluster and the detectors on it.
//!
//! ```
//! use finops_core::{
//!     json::{Limits, read},
//!     price::PriceBook,
//!     waste::{DetectionConfig, Inventory, detect, summary::ClusterData},
//! };
//! let json = read(
//!     br#"{"cluster": "finance-cluster", "workloads": {"finance": [{"name": "payment-service",
//!         "cpu_request": 2.0, "cpu_usage": 0.5, "memory_request_gb": 4.0, "memory_usage_gb": 1.0, "team": "payments"}]}}"#,
//!     &Limits::default(),
//! )?;
//! let data = ClusterData::from_json(&json, Some("2026-11-20T00:00:00Z".parse()?))?;
//! let report = detect(Inventory::Summary(&data), &PriceBook::builtin(), &DetectionConfig::default());
//! let savings: Vec<String> = report.findings.iter().filter_map(|f| f.gross()).map(|a| a.to_string()).collect();
//! assert_eq!(savings, ["91.250000000", "18.250000000"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod autoscaling;
mod inventory;
mod nodes;
mod read;
mod requests;
mod rows;
mod seen;
mod uses;
mod volumes;
mod workloads;

pub use read::{Autoscaler, ClusterData, Field, Node, NodeGroup, Volume};
pub(super) use read::{Record, instant, named, records, refused as refused_input, settle};
pub use workloads::{NewWorkload, Workload, Workloads};

use super::{Detector, Ratio, judged::Judged};

/// The detectors on the summary form.
pub(super) const DETECTORS: &[&dyn Detector] = &[
    &requests::CPU,
    &requests::MEMORY,
    &nodes::IdleGroup,
    &nodes::Packing,
    &volumes::Orphan,
    &autoscaling::MinReplicas,
    &autoscaling::SlowScaleUp,
];

/// What a summary leaves open about its numbers.
const WINDOW_NOT_STATED: &str = "window_not_stated";

/// The paths of refused values, then those of repeated names: what makes a record unreadable for a detector.
pub(super) fn refused<'a>(repeated: bool, name: &'a str, fields: &[&'a Field]) -> Option<&'a str> {
    fields.iter().find_map(|field| field.bad()).or_else(|| repeated.then_some(name))
}

/// The count of a field that holds whole pieces.
pub(super) fn whole(number: &Ratio) -> Option<i128> {
    number.floor().filter(|whole| Ratio::from(*whole) == *number)
}
