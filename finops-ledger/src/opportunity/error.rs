//! Errors of opportunities and their lifecycle.

use super::Status;
use crate::read::Fault;

/// An opportunity or a step of its lifecycle that is refused; nothing is recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpportunityError {
    /// A field in a form that is not accepted.
    #[error("`{path}`: {problem}")]
    Field {
        /// The field, as a JSON pointer.
        path: String,
        /// What is wrong and what is accepted.
        problem: String,
    },
    /// A step that the present state does not allow.
    #[error("opportunity `{id}` is {state}, and `{event}` needs {allowed}")]
    Transition {
        /// The opportunity.
        id: String,
        /// Its state.
        state: Status,
        /// The refused event, without `opportunity.`.
        event: String,
        /// The states that allow it.
        allowed: String,
    },
    /// A step of an opportunity that was never detected or imported.
    #[error("opportunity `{id}` is not known; record its detection or import first")]
    Unknown {
        /// The id that was given.
        id: String,
    },
    /// An id that another opportunity holds.
    #[error("opportunity `{id}` is already recorded; give another id, or none to have one derived")]
    DuplicateId {
        /// The id that was given.
        id: String,
    },
    /// A second open item for what an open one already describes.
    #[error("opportunity `{open}` is open for the same resource and type; refresh it instead")]
    OpenDuplicate {
        /// The open item.
        open: String,
    },
    /// One person alone at or above the four-eyes amount.
    #[error("opportunity `{id}` needs two people: {problem}")]
    FourEyes {
        /// The opportunity.
        id: String,
        /// Who is missing.
        problem: &'static str,
    },
}

impl OpportunityError {
    /// The stable dotted code, for example `ledger.opportunity.transition`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Field { .. } => "ledger.opportunity.field",
            Self::Transition { .. } => "ledger.opportunity.transition",
            Self::Unknown { .. } => "ledger.opportunity.unknown",
            Self::DuplicateId { .. } => "ledger.opportunity.duplicate_id",
            Self::OpenDuplicate { .. } => "ledger.opportunity.open_duplicate",
            Self::FourEyes { .. } => "ledger.opportunity.four_eyes",
        }
    }

    /// The field at fault, as a JSON pointer into the event.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Field { path, .. } => path,
            Self::Transition { .. } | Self::Unknown { .. } => "/data/opportunity",
            Self::DuplicateId { .. } => "/data/opportunity/id",
            Self::OpenDuplicate { .. } => "/data/opportunity",
            Self::FourEyes { .. } => "/actor",
        }
    }
}

impl From<Fault> for OpportunityError {
    fn from(fault: Fault) -> Self {
        Self::Field { path: fault.path, problem: fault.problem }
    }
}
