//! Errors of proven savings and of the fold.

use crate::read::Fault;

/// An event that the savings ledger refuses, or a sum that it cannot state; nothing changes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SavingsError {
    /// Data of a reserved kind that cannot be read.
    #[error("`{path}`: {problem}")]
    Data {
        /// The member, as a JSON pointer.
        path: String,
        /// What is wrong and what is accepted.
        problem: String,
    },
    /// A kind of a reserved namespace that this version does not know.
    #[error(
        "`{kind}` is in a reserved namespace and not known here; replay it with the version that wrote it"
    )]
    UnknownKind {
        /// The kind.
        kind: String,
    },
    /// Figures of a row that contradict each other.
    #[error("`{path}`: {problem}")]
    Identity {
        /// The member, as a JSON pointer.
        path: &'static str,
        /// What should be equal to what.
        problem: &'static str,
    },
    /// Two currencies where one is needed.
    #[error("{problem}; use one currency or give dated exchange rates")]
    MixedCurrency {
        /// Which currencies meet where.
        problem: String,
    },
    /// Two rows of one resource over unequal periods that share a day.
    #[error(
        "`{resource}` is proved from {start} to {end} already, and the periods overlap; use that period or one beside it"
    )]
    PeriodOverlap {
        /// The resource.
        resource: String,
        /// First day of the earlier row.
        start: String,
        /// The day after its last.
        end: String,
    },
    /// A saving that is claimed twice or beyond what was saved.
    #[error("{problem}; share the saving of a resource among its items")]
    DoubleCount {
        /// What is counted twice.
        problem: String,
    },
    /// Two rows of one resource and period with different facts.
    #[error(
        "`{resource}` has other figures for this period in row `{row}`; correct that row first, or use its figures"
    )]
    FactsDiffer {
        /// The resource.
        resource: String,
        /// The event of the other row.
        row: String,
    },
    /// A correction of an event that brought no row.
    #[error("event `{of}` proves no saving; name the event of the row that is to be corrected")]
    UnknownVerification {
        /// The event that was named.
        of: String,
    },
}

impl SavingsError {
    /// The stable dotted code, for example `ledger.savings.double_count`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Data { .. } => "ledger.event.data",
            Self::UnknownKind { .. } => "ledger.replay.unknown_kind",
            Self::Identity { .. } => "ledger.savings.identity",
            Self::MixedCurrency { .. } => "ledger.savings.mixed_currency",
            Self::PeriodOverlap { .. } => "ledger.savings.period_overlap",
            Self::DoubleCount { .. } => "ledger.savings.double_count",
            Self::FactsDiffer { .. } => "ledger.savings.facts_differ",
            Self::UnknownVerification { .. } => "ledger.savings.unknown_verification",
        }
    }

    /// The member at fault, as a JSON pointer into the event.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Data { path, .. } => path,
            Self::UnknownKind { .. } => "/kind",
            Self::Identity { path, .. } => path,
            Self::MixedCurrency { .. } => "/data/verification/currency",
            Self::PeriodOverlap { .. } => "/data/verification/period_start",
            Self::DoubleCount { .. } => "/data/verification/claimed",
            Self::FactsDiffer { .. } => "/data/verification",
            Self::UnknownVerification { .. } => "/data/of",
        }
    }
}

impl From<Fault> for SavingsError {
    fn from(fault: Fault) -> Self {
        Self::Data { path: fault.path, problem: fault.problem }
    }
}
