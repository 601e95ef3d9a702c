//! Right-sizing: what a container should request, by three strategies.
//!
//! `simple` answers as robusta's KRR does, `vpa` bit for bit as the Vertical Pod Autoscaler's recommender, and `exact`
//! (the default) tests its own rule on the history before it recommends anything. CPU is counted in nanocores, memory
//! in bytes.

pub mod exact;
pub mod hpa;
pub mod projection;
pub mod round;
pub mod simple;
pub mod vpa;

/// What a container requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// Nanocores.
    Cpu,
    /// Bytes.
    Memory,
}

impl Resource {
    /// `cpu` or `memory`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
        }
    }
}

/// Why a strategy recommends nothing; the request stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Withheld {
    /// Fewer samples or a shorter span than the strategy asks for.
    NotEnoughSamples,
    /// A horizontal autoscaler acts on the resource (`simple` only).
    HpaDetected,
    /// Fewer than three folds of history to test on.
    HistoryTooShort,
    /// Demand grew between folds by more than the configuration allows.
    UnstableDemand,
}

impl Withheld {
    /// The reason's code, for example `history_too_short`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotEnoughSamples => "not_enough_samples",
            Self::HpaDetected => "hpa_detected",
            Self::HistoryTooShort => "history_too_short",
            Self::UnstableDemand => "unstable_demand",
        }
    }
}
