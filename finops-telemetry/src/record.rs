//! What one metered run cost, used and emitted.
//!
//! A record is frozen and shared: the ring and the caller hold the same one. Amounts are exact; texts and float views
//! are made when somebody reads them. The caller's metadata is kept beside the record, never in it.

mod emissions;
mod field;
mod head;
mod inference;
mod training;
mod wire;

pub(crate) use emissions::{Context, Emissions};
pub use field::Field;
pub(crate) use head::{Counts, Head, Price, Sides};
pub use inference::InferenceRecord;
pub(crate) use inference::Rare;
pub use training::TrainingRecord;

use finops_core::time::Timestamp;
use std::sync::Arc;

/// An inference or a training run, as the ring holds them. Cheap to clone.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// An inference.
    Inference(Arc<InferenceRecord>),
    /// A training run.
    Training(Arc<TrainingRecord>),
}

impl Record {
    /// `inference` or `training`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Inference(_) => "inference",
            Self::Training(_) => "training",
        }
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &str {
        match self {
            Self::Inference(record) => record.model(),
            Self::Training(record) => record.model(),
        }
    }

    /// When the run ended.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Inference(record) => record.at(),
            Self::Training(record) => record.at(),
        }
    }

    /// The keys of the mapping view, in order; `metadata` follows when it was given.
    #[must_use]
    pub const fn keys(&self) -> &'static [&'static str] {
        match self {
            Self::Inference(_) => &InferenceRecord::KEYS,
            Self::Training(_) => &TrainingRecord::KEYS,
        }
    }

    /// The value of `key` in the mapping view.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<Field<'_>> {
        match self {
            Self::Inference(record) => record.field(key),
            Self::Training(record) => record.field(key),
        }
    }

    /// The wire form, with `metadata` when given.
    #[must_use]
    pub fn to_json(&self, metadata: Option<&serde_json::Value>) -> String {
        match self {
            Self::Inference(record) => record.to_json(metadata),
            Self::Training(record) => record.to_json(metadata),
        }
    }
}
