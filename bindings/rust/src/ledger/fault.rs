//! Why a log of this process could not do what it was asked to.

use finops_ledger::{
    LedgerError,
    event::{
        canonical::CanonicalError, envelope::EventError, keys::KeyError, log::LogError, note::NoteError,
        verify::Failure,
    },
    report::ReportError,
};

/// An error of [`EventLog`](super::EventLog), [`SavingsLedger`](super::SavingsLedger) or [`Secrets`](super::Secrets).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventLogError {
    /// The ledger refuses: an event, a key, a transition.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A file that a variable names cannot be read.
    #[error("the file that `{variable}` names cannot be read: {problem}")]
    SecretFile {
        /// The variable.
        variable: &'static str,
        /// What the operating system says.
        problem: String,
    },
    /// The store refuses or fails.
    #[cfg(feature = "store")]
    #[error(transparent)]
    Store(#[from] finops_store::StoreError),
    /// A store, in a build without stores.
    #[cfg(not(feature = "store"))]
    #[error("`{url}`: this build has no stores; build it with the feature `store`")]
    NoStore {
        /// The sort of store that was asked for.
        url: String,
    },
    /// The log was closed.
    #[error("the log is closed; open it again")]
    Closed,
    /// There is no such record.
    #[error("`{seq}` is no record of this log of {size}; give one that it has")]
    NoRecord {
        /// The position asked for.
        seq: u64,
        /// The records of the log.
        size: u64,
    },
    /// There is no such redactable member.
    #[error(
        "`{field}` of event `{event_id}` holds nothing that can be redacted; use `commit` when it is recorded"
    )]
    NoRedactable {
        /// The event.
        event_id: String,
        /// The JSON pointer into its data.
        field: String,
    },
    /// A file cannot be written.
    #[error("`{path}` cannot be written: {problem}")]
    Export {
        /// The file.
        path: String,
        /// What the operating system says.
        problem: String,
    },
    /// A text that names no place for anchors.
    #[error("the place of an anchor {problem}")]
    AnchorPlace {
        /// What is wrong and what is accepted.
        problem: String,
    },
    /// A place did not take a checkpoint.
    #[error("`{to}` did not take the checkpoint: {problem}; nothing was recorded")]
    Anchor {
        /// The place.
        to: String,
        /// What it said.
        problem: String,
    },
    /// A checkpoint of another log that no known key signed, or that is none.
    #[error("the checkpoint fails with `{}`; give the note as it was signed and the key that signed it", .error.kind())]
    Checkpoint {
        /// What is wrong.
        error: Failure,
    },
    /// The operating system gives no random bytes.
    #[error("the operating system gives no random bytes: {problem}")]
    Random {
        /// What it says.
        problem: String,
    },
}

impl EventLogError {
    /// The stable dotted code, for example `ledger.log.closed`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Ledger(error) => error.code(),
            Self::SecretFile { .. } => "ledger.key.file",
            #[cfg(feature = "store")]
            Self::Store(error) => error.code(),
            #[cfg(not(feature = "store"))]
            Self::NoStore { .. } => "store.unsupported",
            Self::Closed => "ledger.log.closed",
            Self::NoRecord { .. } => "ledger.log.no_record",
            Self::NoRedactable { .. } => "ledger.redaction.unknown",
            Self::Export { .. } => "ledger.log.export",
            Self::AnchorPlace { .. } => "ledger.anchor.place",
            Self::Anchor { .. } => "ledger.anchor.failed",
            Self::Checkpoint { error } => error.code(),
            Self::Random { .. } => "ledger.log.random",
        }
    }

    /// Where the fault lies: a JSON pointer, an argument, a variable or a file.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Ledger(error) => error.path(),
            Self::SecretFile { variable, .. } => variable,
            #[cfg(feature = "store")]
            Self::Store(error) => error.path(),
            #[cfg(not(feature = "store"))]
            Self::NoStore { .. } => "url",
            Self::NoRecord { .. } => "seq",
            Self::NoRedactable { field, .. } => field,
            Self::Export { path, .. } => path,
            Self::AnchorPlace { .. } => "to",
            Self::Anchor { to, .. } => to,
            Self::Checkpoint { .. } => "note",
            Self::Closed | Self::Random { .. } => "",
        }
    }
}

macro_rules! through_ledger {
    ($($error:ty),+) => {$(
        impl From<$error> for EventLogError {
            fn from(error: $error) -> Self {
                Self::Ledger(error.into())
            }
        }
    )+};
}

through_ledger!(CanonicalError, EventError, KeyError, LogError, NoteError, ReportError);
