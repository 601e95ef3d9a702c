//! Errors: one enum a topic, each variant with a stable dotted code, the path of the offending field and what to do.

use crate::event::{
    canonical::CanonicalError, envelope::EventError, head::HeadError, keys::KeyError, log::LogError,
    note::NoteError,
};

/// Any error of this crate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// A text or a value without canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// An event that cannot be recorded.
    #[error(transparent)]
    Event(#[from] EventError),
    /// A secret, key or key state that cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A log that cannot be opened or written to.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A text that is not a note, checkpoint or receipt.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// A stored head that is not one.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// A computation asked for by a name that is not known, or with members it cannot read.
    #[error("`{path}`: {problem}")]
    Wire {
        /// The member at fault.
        path: String,
        /// What is wrong and what is accepted.
        problem: String,
    },
    /// Opportunities and their lifecycle.
    #[error(transparent)]
    Opportunity(#[from] crate::opportunity::OpportunityError),
    /// Frozen baselines.
    #[error(transparent)]
    Baseline(#[from] crate::baseline::BaselineError),
    /// Measurements.
    #[error(transparent)]
    Verification(#[from] crate::verification::VerificationError),
    /// Proven savings and the fold.
    #[error(transparent)]
    Savings(#[from] crate::savings::SavingsError),
    /// Netting of estimates.
    #[error(transparent)]
    Overlap(#[from] crate::overlap::OverlapError),
    /// Reports.
    #[error(transparent)]
    Report(#[from] crate::report::ReportError),
}

impl LedgerError {
    /// The stable dotted code, for example `ledger.wire`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Canonical(error) => error.code(),
            Self::Event(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::Log(error) => error.code(),
            Self::Note(error) => error.code(),
            Self::Head(error) => error.code(),
            Self::Wire { .. } => "ledger.wire",
            Self::Opportunity(e) => e.code(),
            Self::Baseline(e) => e.code(),
            Self::Verification(e) => e.code(),
            Self::Savings(e) => e.code(),
            Self::Overlap(e) => e.code(),
            Self::Report(e) => e.code(),
        }
    }

    /// Where the fault lies: a JSON pointer or the name of a member.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Canonical(error) => error.path(),
            Self::Event(error) => error.path(),
            Self::Key(error) => error.path(),
            Self::Log(error) => error.path(),
            Self::Note(error) => error.path(),
            Self::Head(error) => error.path,
            Self::Wire { path, .. } => path,
            Self::Opportunity(e) => e.path(),
            Self::Baseline(e) => e.path(),
            Self::Verification(e) => e.path(),
            Self::Savings(e) => e.path(),
            Self::Overlap(e) => e.path(),
            Self::Report(e) => e.path(),
        }
    }
}
