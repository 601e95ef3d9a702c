//! Errors of the store. What the ledger refuses keeps the ledger's code; what the world does to us is `store.*`.

use finops_ledger::{
    LedgerError,
    event::{
        canonical::CanonicalError, envelope::EventError, head::HeadError, keys::KeyError, log::LogError,
        note::NoteError, verify::Failure,
    },
};

/// Why a store could not do what it was asked to. Acknowledged events stay whatever happens.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The ledger refuses: an event, a key, a transition.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// An address that names no store.
    #[error("`{url}` {problem}")]
    Url {
        /// The address without its password, shortened.
        url: String,
        /// What is wrong and what is accepted.
        problem: &'static str,
    },
    /// What this kind of store cannot do.
    #[error("a {backend} store cannot {what}; use SQLite or PostgreSQL")]
    Unsupported {
        /// The kind of store.
        backend: &'static str,
        /// What was asked.
        what: &'static str,
    },
    /// Another process writes to the file.
    #[error("`{path}` has a writer already; close it, or give each writer a log of its own")]
    Locked {
        /// The file, shortened.
        path: String,
    },
    /// Another process holds the database.
    #[error("the database was locked by another process for too long; try again")]
    Busy,
    /// Other writers were faster each time.
    #[error("{attempts} attempts lost against other writers; give busy writers a log of their own")]
    Contention {
        /// How often it was tried.
        attempts: u32,
    },
    /// A write or its confirmation failed, so what is on disk is not known.
    #[error("a write failed ({cause}); what is stored is not known, open the store again")]
    Poisoned {
        /// What failed.
        cause: String,
    },
    /// Opened to read, or readable only because the log does not verify.
    #[error("the store is open for reading only: {reason}")]
    ReadOnly {
        /// Why.
        reason: String,
    },
    /// The log does not verify.
    #[error("the log fails its verification with `{}` at {}", .error.kind(), place(*.seq))]
    Verification {
        /// The first thing that is wrong.
        error: Failure,
        /// The record at fault.
        seq: Option<u64>,
    },
    /// A column beside the signed bytes says something else than they do.
    #[error("`{column}` of record {seq} differs from its signed event; restore the database from a backup")]
    Column {
        /// The column.
        column: &'static str,
        /// The record.
        seq: u64,
    },
    /// The row that counts the records counts others.
    #[error("the database counts {counted} records and holds {found}; restore it from a backup")]
    Head {
        /// What `audit_head` says.
        counted: u64,
        /// How many records there are.
        found: u64,
    },
    /// A migration differs from the one that was applied.
    #[error(
        "migration {version} (`{name}`) differs from the one applied; use the version of finops that made the schema"
    )]
    MigrationChanged {
        /// Its number.
        version: i64,
        /// Its name.
        name: String,
    },
    /// The schema was made by a later version.
    #[error("the schema has version {found} and this finops knows {known}; use a newer finops")]
    SchemaNewer {
        /// The version of the schema.
        found: i64,
        /// The newest version known.
        known: i64,
    },
    /// The database cannot be reached.
    #[error(
        "the database cannot be reached: {problem}; retry with the same event ids, none is recorded twice"
    )]
    Unavailable {
        /// What happened.
        problem: String,
    },
    /// The operating system refuses.
    #[error("`{path}`: {problem}")]
    Io {
        /// The file.
        path: String,
        /// What happened.
        problem: String,
    },
    /// The database refuses.
    #[error("the database refuses: {problem}")]
    Database {
        /// What it says.
        problem: String,
    },
    /// The operating system has no randomness.
    #[error("the operating system gives no random bytes: {problem}")]
    Random {
        /// What it says.
        problem: String,
    },
    /// The store was closed.
    #[error("the store is closed; open it again")]
    Closed,
    /// More events wait than the queue holds.
    #[error("the queue holds {max} requests; append more slowly or wait for `flush`")]
    QueueFull {
        /// The most requests that wait.
        max: usize,
    },
    /// Events that nobody waited for were refused.
    #[error("{refused} events appended without waiting were refused, the first with: {first}")]
    Nowait {
        /// How many.
        refused: u64,
        /// The error of the first.
        first: Box<StoreError>,
    },
    /// What is asked for is not there.
    #[error("there is no {what} `{name}`")]
    NotFound {
        /// What sort of thing.
        what: &'static str,
        /// Its name, shortened.
        name: String,
    },
    /// A bulk row that does not fit its table.
    #[error("`{path}` {problem}")]
    Row {
        /// The JSON pointer of the member.
        path: String,
        /// What is wrong and what is accepted.
        problem: String,
    },
}

fn place(seq: Option<u64>) -> String {
    seq.map_or_else(|| "an unknown record".to_owned(), |seq| format!("record {seq}"))
}

impl StoreError {
    /// The stable dotted code, for example `store.contention`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Ledger(error) => error.code(),
            Self::Url { .. } => "store.url",
            Self::Unsupported { .. } => "store.unsupported",
            Self::Locked { .. } => "store.locked",
            Self::Busy => "store.busy",
            Self::Contention { .. } => "store.contention",
            Self::Poisoned { .. } => "store.poisoned",
            Self::ReadOnly { .. } => "store.read_only",
            Self::Verification { error, .. } => error.code(),
            Self::Column { .. } => "store.column_differs",
            Self::Head { .. } => "store.head_differs",
            Self::MigrationChanged { .. } => "store.migration_changed",
            Self::SchemaNewer { .. } => "store.schema_newer",
            Self::Unavailable { .. } => "store.unavailable",
            Self::Io { .. } => "store.io",
            Self::Database { .. } => "store.database",
            Self::Random { .. } => "store.random",
            Self::Closed => "store.closed",
            Self::QueueFull { .. } => "store.queue_full",
            Self::Nowait { .. } => "store.nowait",
            Self::NotFound { .. } => "store.not_found",
            Self::Row { .. } => "store.row",
        }
    }

    /// Where the fault lies: a JSON pointer, an argument or a file.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Ledger(error) => error.path(),
            Self::Url { .. } => "url",
            Self::Locked { path } | Self::Io { path, .. } | Self::Row { path, .. } => path,
            Self::Nowait { first, .. } => first.path(),
            Self::Column { column, .. } => column,
            _ => "",
        }
    }

    /// Does trying again with the same events make sense?
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Busy | Self::Contention { .. } | Self::Unavailable { .. } | Self::QueueFull { .. }
        )
    }

    pub(crate) fn io(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::Io { path: path.display().to_string(), problem: error.to_string() }
    }
}

macro_rules! through_ledger {
    ($($error:ty),*) => {
        $(impl From<$error> for StoreError {
            fn from(error: $error) -> Self {
                Self::Ledger(error.into())
            }
        })*
    };
}

through_ledger!(CanonicalError, EventError, HeadError, KeyError, LogError, NoteError);
