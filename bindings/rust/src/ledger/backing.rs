//! What a log of this process stands on: memory, or a store.

use super::{EventLogError, LogRecord, redactable::Opening};
use finops_ledger::event::{
    checkpoint::{PublicSigner, TreeHead},
    envelope::{Encoded, Stamp},
    keys::Master,
    merkle::Hash,
};

/// A value that an event of a batch holds as a commitment.
pub(super) struct Held {
    pub(super) event_id: String,
    /// The JSON pointer into the event.
    pub(super) field: String,
    pub(super) opening: Opening,
}

/// Keeps the records of one log.
pub(super) trait Backing: Send + Sync {
    /// Does it answer without waiting for a disk or a network?
    fn is_quick(&self) -> bool;
    /// Seals and keeps a batch, all or nothing; answers where each event stands.
    fn append(&self, events: Vec<Encoded>, held: Vec<Held>) -> Result<Vec<u64>, EventLogError>;
    /// As `append`, without waiting until it is durable.
    fn append_nowait(&self, events: Vec<Encoded>, held: Vec<Held>) -> Result<(), EventLogError>;
    /// Waits for what was appended without waiting.
    fn flush(&self) -> Result<(), EventLogError>;
    /// Ends writing.
    fn close(&self) -> Result<(), EventLogError>;
    fn head(&self) -> Result<TreeHead, EventLogError>;
    /// `None` beyond the end.
    fn root_at(&self, size: u64) -> Result<Option<Hash>, EventLogError>;
    /// `None` if there is no such leaf.
    fn inclusion_proof(&self, index: u64, size: u64) -> Result<Option<Vec<Hash>>, EventLogError>;
    /// `None` if there are no such trees.
    fn consistency_proof(&self, old: u64, new: u64) -> Result<Option<Vec<Hash>>, EventLogError>;
    /// At most `limit` records from position `from`.
    fn records(&self, from: u64, limit: usize) -> Result<Vec<LogRecord>, EventLogError>;
    fn checkpoint(&self, signer: Option<&PublicSigner>) -> Result<String, EventLogError>;
    fn rotate(&self, new: &Master, stamp: &Stamp<'_>) -> Result<u64, EventLogError>;
    fn ratchet(&self, stamp: &Stamp<'_>) -> Result<u64, EventLogError>;
    /// What a member of an event hides, unless it was redacted.
    fn opening(&self, event_id: &str, field: &str) -> Result<Option<Opening>, EventLogError>;
    /// Appends `event`, a `redaction.performed`, and deletes what the member hides.
    fn redact(&self, event: Encoded, event_id: &str, field: &str) -> Result<u64, EventLogError>;
}
