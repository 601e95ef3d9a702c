//! Errors: one enum a topic, each variant with a stable dotted code, the path of the offending field and what to do.

use crate::event::canonical::CanonicalError;

/// Any error of this crate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// A text or a value without canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// A computation asked for by a name that is not known, or with members it cannot read.
    #[error("`{path}`: {problem}")]
    Wire {
        /// The member at fault.
        path: String,
        /// What is wrong and what is accepted.
        problem: String,
    },
}

impl LedgerError {
    /// The stable dotted code, for example `ledger.wire`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Canonical(error) => error.code(),
            Self::Wire { .. } => "ledger.wire",
        }
    }

    /// Where the fault lies: a JSON pointer or the name of a member.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Canonical(error) => error.path(),
            Self::Wire { path, .. } => path,
        }
    }
}
