#![forbid(unsafe_code)]
//! The ledger's store: one adapter for SQLite, `PostgreSQL` and files, durable and verified.
//!
//! ```
//! use finops_store::{Keyring, NewEvent, Options, Store, Table};
//! use serde_json::json;
//!
//! let keyring = Keyring::from_secrets("0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0", [])?;
//! let store = Store::open("sqlite::memory:", &keyring, Options::new("acme.example/prod"))?;
//! let found = json!({"opportunity": {"id": "o1", "type": "idle_nodes", "resource": "i-1", "estimated_monthly_savings": "120.5"}});
//! store.append(NewEvent::new("opportunity.detected", found, "svc:detector"))?;
//! let refused = store.append(NewEvent::new("opportunity.closed", json!({"opportunity": "o1"}), "svc:detector"));
//! assert_eq!(refused.unwrap_err().code(), "ledger.opportunity.transition");
//! assert_eq!(store.rows(Table::Opportunities)?[0]["estimated_monthly_savings"], "120.5");
//! # Ok::<(), finops_store::StoreError>(())
//! ```
//!
//! | type | what it is |
//! |---|---|
//! | [`Store`] | the handle: append, read, prove, verify, rotate, redact, rebuild |
//! | [`Options`] | the log, how it is opened, when checkpoints and heartbeats are due |
//! | [`NewEvent`], [`Appended`], [`StoredEvent`] | an event before, at and after its append |
//! | [`Table`] | the projections and the attested bulk rows |
//! | [`StoreError`] | every failure with a stable code |
//!
//! The log is the truth: projections are rebuilt from it. A batch is one transaction; an append is answered after it is
//! durable. A store whose write failed answers `store.poisoned` until it is opened, and thereby verified, again. What it
//! does not do: keep secrets, replicate, back up.

mod backend;
mod bulk;
mod engine;
mod error;
mod migration;
mod options;
mod projection;
#[cfg(test)]
mod sim;
mod store;
mod table;
mod url;
mod writer;

pub use bulk::batch_digest;
pub use error::StoreError;
pub use finops_ledger::event::keys::{Keyring, Master};
pub use options::{Clock, OpenVerify, Options};
pub use store::Store;
pub use table::Table;

use finops_ledger::event::{
    checkpoint::TreeHead, hex, keys::Kid, merkle::Hash, record::Tag, verify::Verification,
};
use serde_json::Value;
use std::path::PathBuf;

/// An event to append.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// What happened, for example `acme.deploy`.
    pub kind: String,
    /// Its data: an object of texts, integers, booleans, arrays and objects.
    pub data: Value,
    /// Who did it, for example `svc:ci` or `user:ana`.
    pub actor: String,
    /// Unique in the log; `None`: a new UUIDv7. Give one to retry safely.
    pub id: Option<String>,
    /// When, UTC with six fraction digits; `None`: now.
    pub at: Option<String>,
}

impl NewEvent {
    /// An event of now with a new id.
    #[must_use]
    pub fn new(kind: &str, data: Value, actor: &str) -> Self {
        Self { kind: kind.to_owned(), data, actor: actor.to_owned(), id: None, at: None }
    }

    /// The same event under an id of the caller.
    #[must_use]
    pub fn with_id(self, id: &str) -> Self {
        Self { id: Some(id.to_owned()), ..self }
    }

    /// The same event at another time.
    #[must_use]
    pub fn with_at(self, at: &str) -> Self {
        Self { at: Some(at.to_owned()), ..self }
    }
}

/// Where an event stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// Its position.
    pub seq: u64,
    /// Its id.
    pub id: String,
    /// Was it recorded before?
    pub existed: bool,
}

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its position.
    pub seq: u64,
    /// The key that sealed it.
    pub kid: Kid,
    /// Its tag.
    pub tag: Tag,
    /// The canonical JSON that is signed.
    pub event: String,
}

impl StoredEvent {
    /// The line of a file, with its line feed.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{} {} {} {}\n", self.seq, self.kid, hex::encode(&self.tag), self.event)
    }
}

/// The proof that a record is in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inclusion {
    /// The position of the record.
    pub seq: u64,
    /// The hash of its leaf.
    pub leaf: Hash,
    /// The hashes beside its path, sibling first.
    pub proof: Vec<Hash>,
    /// The tree.
    pub tree: TreeHead,
}

/// What opening a store found and did.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenReport {
    /// The verification of the log, against the checkpoints stored with it.
    pub verification: Verification,
    /// The record from which tags were checked, if not from 0: the option [`OpenVerify::SinceCheckpoint`].
    pub verified_since: Option<u64>,
    /// Why the store is open for reading only, although it was to be written.
    pub error: Option<StoreError>,
    /// Where the torn tail of a file was moved.
    pub torn_tail: Option<PathBuf>,
    /// The projections that lagged behind the log and were rebuilt.
    pub rebuilt: Vec<Table>,
}

/// A UUIDv7: ids sort by time.
fn new_id() -> String {
    #[cfg(test)]
    if let Some(id) = sim::next_id() {
        return id;
    }
    uuid::Uuid::now_v7().to_string()
}
