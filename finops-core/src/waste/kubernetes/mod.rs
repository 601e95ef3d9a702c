//! Detectors on a full inventory of a Kubernetes cluster: one file a family, one line of registration a detector.

mod autoscalers;
mod common;
mod config_objects;
mod consolidation;
mod expiry;
mod figures;
mod gpus;
mod hygiene;
mod index;
mod logs;
mod nodes;
mod price;
mod recommend;
mod requests;
mod schedule;
mod services;
mod storage;
mod supply;
mod under;
mod volumes;
mod zombies;

pub use expiry::expiry;
pub(super) use gpus::{GpuNodeWithoutGpuPods, gpu_containers};
pub(super) use index::Index;
pub use recommend::{Rightsizing, rightsize};
pub(super) use supply::{Proposed, simulate};

use super::Detector;

/// The detectors on a full inventory.
pub(super) const DETECTORS: &[&dyn Detector] = &[
    &autoscalers::Ineffective,
    &autoscalers::MinReplicas,
    &config_objects::Orphan,
    &consolidation::Consolidation,
    &consolidation::KarpenterPolicy,
    &expiry::ExpiredResource,
    &hygiene::MissingLabels,
    &hygiene::MissingRequests,
    &logs::Verbosity,
    &nodes::Empty,
    &nodes::Stranded,
    &requests::CPU,
    &requests::MEMORY,
    &schedule::OffHours,
    &schedule::Leftovers,
    &services::WithoutEndpoints,
    &storage::StorageClass,
    &storage::UnboundedGrowth,
    &under::Cpu,
    &under::Memory,
    &volumes::Oversized,
    &volumes::Released,
    &volumes::UnusedClaim,
    &zombies::CrashLooping,
    &zombies::IdleWorkload,
];
