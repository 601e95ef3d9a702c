//! What the engine needs of a place to store: an ordered log with compare-and-swap, notes, and tables.

pub(crate) mod disk;
pub(crate) mod file;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
pub(crate) mod sqlite;

use crate::{
    StoreError,
    table::{Row, Table},
};
use finops_ledger::event::{head::Head, log::Known, log::Sealed, record::Record};
use std::collections::BTreeMap;

/// A stored record, nothing of it verified.
pub(crate) struct Scanned<'a> {
    /// `None` for what is no record at all.
    pub(crate) record: Option<Record<'a>>,
    /// Leaf and id as the columns beside the event say; a file has none.
    pub(crate) columns: Option<(&'a [u8], &'a str)>,
}

/// A checkpoint as stored.
#[derive(Debug, Clone)]
pub(crate) struct StoredNote {
    pub(crate) size: u64,
    pub(crate) note: String,
    /// The head of that size, from which a verification can go on.
    pub(crate) head: Option<String>,
}

/// A change of a table, in the same transaction as the records it follows from.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// The rows of these keys are now these rows.
    Replace { table: Table, keys: Vec<String>, rows: Vec<Row> },
    /// New rows; a key that exists fails the transaction.
    Insert { table: Table, rows: Vec<Row> },
    /// Every row of this log goes.
    Clear { table: Table },
    /// The bulk rows of a batch go.
    DeleteBatch { table: Table, batch_id: String },
    /// Salt and value that open a commitment.
    Keep { event_id: String, field: String, salt: [u8; 32], value: String },
    /// They are forgotten.
    Forget { event_id: String, field: String },
    /// Projections now show this many records.
    Applied { size: u64 },
}

/// One transaction.
pub(crate) struct Commit<'a> {
    /// The number of records that must be there, or the transaction is lost.
    pub(crate) expected: u64,
    /// Where the log stands afterwards.
    pub(crate) head: &'a Head,
    pub(crate) records: &'a [&'a Sealed],
    pub(crate) note: Option<&'a StoredNote>,
    pub(crate) changes: &'a [Change],
    /// When, for the columns that are not signed.
    pub(crate) now: &'a str,
}

/// What became of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Committed {
    Done,
    /// Another writer was faster; nothing was written.
    Lost,
}

/// Why a transaction did not end.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// What is on disk is not known: never retried.
    Poison(StoreError),
    /// The connection is gone; the transaction may have been committed.
    #[cfg_attr(
        not(any(test, feature = "postgres")),
        expect(dead_code, reason = "a place without connection loses none")
    )]
    Lost(StoreError),
    /// Refused as a whole; nothing was written.
    Refused(StoreError),
}

pub(crate) trait Backend: Send {
    /// The kind of store, for messages.
    fn name(&self) -> &'static str;

    /// Has it tables beside the log?
    fn has_tables(&self) -> bool;

    /// The number of records that the store counts; `None` if the log does not exist.
    fn size(&mut self) -> Result<Option<u64>, StoreError>;

    /// Makes an empty log if there is none.
    fn create(&mut self) -> Result<(), StoreError>;

    /// Reads records from `from` on, in order, until `sink` answers false or `limit` are read.
    fn scan(
        &mut self,
        from: u64,
        limit: u64,
        sink: &mut dyn FnMut(Scanned<'_>) -> bool,
    ) -> Result<(), StoreError>;

    /// Makes durable what is stored but whose writer died before it was, or was told that it could not be made so.
    /// Called before the first answer that rests on it. A server does it when it recovers.
    fn settle(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    /// What follows the last whole record.
    fn torn_tail(&self) -> &[u8] {
        &[]
    }

    /// Moves the torn tail aside and answers where.
    fn cut_torn_tail(&mut self) -> Result<Option<std::path::PathBuf>, StoreError> {
        Ok(None)
    }

    /// Which of these ids are recorded, and where.
    fn find(&mut self, ids: &[&str]) -> Result<BTreeMap<String, Known>, StoreError>;

    /// Writes all of it or nothing, durably.
    fn commit(&mut self, commit: &Commit<'_>) -> Result<Committed, Fault>;

    /// Every checkpoint, smallest first.
    fn notes(&mut self) -> Result<Vec<StoredNote>, StoreError>;

    /// The latest checkpoint.
    fn last_note(&mut self) -> Result<Option<StoredNote>, StoreError>;

    /// How many records each projection shows.
    fn applied(&mut self) -> Result<BTreeMap<String, u64>, StoreError>;

    /// Every row of a table, by key; of one batch if its id is given.
    fn rows(&mut self, table: Table, batch_id: Option<&str>) -> Result<Vec<Row>, StoreError>;

    /// Salt and value that open a commitment.
    fn kept(&mut self, event_id: &str, field: &str) -> Result<Option<(Vec<u8>, String)>, StoreError>;

    /// Connects again after [`Fault::Lost`].
    fn reconnect(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Lets go of the store.
    fn close(&mut self) {}
}

pub(crate) fn unsupported(backend: &'static str, what: &'static str) -> StoreError {
    StoreError::Unsupported { backend, what }
}

/// A number of records as databases hold it.
pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A number of records as databases hold it; a negative one is none.
pub(crate) fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}

/// The names of the columns, with `log_id` before them where the table has one.
pub(crate) fn column_list(table: Table) -> String {
    let names: Vec<String> = table.columns().iter().map(|column| format!("\"{}\"", column.name)).collect();
    let log = if table.has_log() { "log_id, " } else { "" };
    format!("{log}{}", names.join(", "))
}

/// The frontier as databases hold it: the hashes one after another.
pub(crate) fn frontier(head: &Head) -> Vec<u8> {
    head.frontier.hashes().concat()
}
