//! Waste in AI workloads: GPUs, endpoints, calls to models, training.
//!
//! ```
//! use finops_core::{
//!     json::{Limits, read},
//!     price::PriceBook,
//!     waste::{DetectionConfig, Inventory, ai::AiInventory, detect},
//! };
//! let json = read(
//!     br#"{"window": {"start": "2026-11-13T00:00:00Z", "end": "2026-11-20T00:00:00Z"},
//!         "provisioned": [{"name": "pt", "hourly_fee": "40", "on_demand_cost": "3000"}]}"#,
//!     &Limits::default(),
//! )?;
//! let inventory = AiInventory::from_json(&json, None)?;
//! let report = detect(Inventory::Ai(&inventory), &PriceBook::builtin(), &DetectionConfig::default());
//! let savings: Vec<String> = report.findings.iter().filter_map(|f| f.gross()).map(|a| a.to_string()).collect();
//! assert_eq!(savings, ["16164.285714286"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod call_waste;
pub mod calls;
mod endpoints;
mod gpu;
mod index;
mod inventory;
mod prices;
mod spend;
mod training;

pub use inventory::{
    AiInventory, CallGroup, Endpoint, Evaluation, GpuContainer, GpuDevice, Provisioned, RoutedSignal,
    TrainingRun, Unreadable,
};
pub use prices::TokenPrices;

pub(super) use gpu::Gpu;
pub(super) use index::Index;

use super::{Detector, kubernetes};

/// The detectors of AI workloads. Those of GPUs also judge the GPU series of a full inventory of a cluster.
pub(super) const DETECTORS: &[&dyn Detector] = &[
    &gpu::Idle,
    &gpu::PartlyUnused,
    &gpu::ShareCandidate,
    &kubernetes::GpuNodeWithoutGpuPods,
    &endpoints::Idle,
    &endpoints::Provisioned,
    &spend::PromptCache,
    &spend::Batch,
    &spend::RepeatedRequests,
    &spend::OversizedContext,
    &spend::CheaperModel,
    &call_waste::FAILED,
    &call_waste::RETRY,
    &call_waste::TRUNCATED,
    &call_waste::LOOP,
    &training::Failed,
    &training::Stalls,
];
