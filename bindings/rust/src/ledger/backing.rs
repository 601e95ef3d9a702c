//! What a log of this process stands on: memory, or a store.

use super::{EventLogError, LogRecord, NewEvent, Opened};
use finops_ledger::event::{
    checkpoint::TreeHead,
    keys::Master,
    merkle::Hash,
    note::Vkey,
    verify::{Anchor, Verification},
};
use finops_ledger::report::Report;
use serde_json::Value;

/// That a leaf is in a tree.
pub(super) struct Inclusion {
    pub(super) leaf: Hash,
    pub(super) proof: Vec<Hash>,
    pub(super) tree: TreeHead,
}

/// Keeps the records of one log.
pub(super) trait Backing: Send + Sync {
    /// Does it answer without waiting for a disk or a network?
    fn is_quick(&self) -> bool;
    /// Seals and keeps a batch, all or nothing; answers where each event stands.
    fn append(&self, events: Vec<NewEvent>) -> Result<Vec<u64>, EventLogError>;
    /// As `append`, without waiting until it is durable.
    fn append_nowait(&self, event: NewEvent) -> Result<(), EventLogError>;
    /// Waits for what was appended without waiting.
    fn flush(&self) -> Result<(), EventLogError>;
    /// Ends writing.
    fn close(&self) -> Result<(), EventLogError>;
    fn head(&self) -> Result<TreeHead, EventLogError>;
    /// `None` beyond the end.
    fn root_at(&self, size: u64) -> Result<Option<Hash>, EventLogError>;
    fn inclusion(&self, seq: u64, size: u64) -> Result<Inclusion, EventLogError>;
    fn consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, EventLogError>;
    /// At most `limit` records after position `after`.
    fn records(&self, after: Option<u64>, limit: u64) -> Result<Vec<LogRecord>, EventLogError>;
    fn checkpoint(&self) -> Result<String, EventLogError>;
    fn receipt(&self, seq: u64) -> Result<String, EventLogError>;
    /// `None`: by the records alone, with the keys of the process.
    fn verify(&self, anchors: &[Anchor<'_>], vkeys: &[Vkey]) -> Result<Option<Verification>, EventLogError>;
    fn rotate(&self, new: &Master) -> Result<u64, EventLogError>;
    fn ratchet(&self) -> Result<u64, EventLogError>;
    /// The member that stands for `value` in an event.
    fn commit(&self, value: &str) -> Result<Value, EventLogError>;
    /// What a member of an event hides, unless it was redacted.
    fn reveal(&self, event_id: &str, field: &str) -> Result<Option<String>, EventLogError>;
    /// Deletes what the member hides and records that.
    fn redact(&self, event_id: &str, field: &str, reason: &str) -> Result<u64, EventLogError>;
    /// What opening found and did.
    fn opened(&self) -> Opened;
    /// Writes every projection anew from the log; answers which.
    fn rebuild(&self) -> Result<Vec<&'static str>, EventLogError>;
    /// Keeps a report as issued and records that.
    fn issue(&self, report: &Report, body: &str, actor: &str) -> Result<u64, EventLogError>;
}
