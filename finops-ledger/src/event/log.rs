//! The writer of a log: seals events at its end. Its state does not grow with the log.

use super::{
    checkpoint::{self, CheckpointKey, LOG_SIZE_MAX, PublicSigner, TreeHead},
    envelope::{Encoded, EventError, Stamp, created},
    head::Head,
    keys::{KeyError, KeyState, Keyring, Kid, Master},
    merkle::Hash,
    record::{Record, Tag, tag},
};
use finops_core::error::shorten;
use serde_json::json;
use std::collections::BTreeMap;

/// Why a log cannot be opened or written to; nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The event is refused.
    #[error(transparent)]
    Event(#[from] EventError),
    /// The key is refused.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The id stands for another event.
    #[error("`{id}` is the id of record {seq}, whose event differs; give every event an id of its own")]
    IdConflict {
        /// The position in the batch.
        index: usize,
        /// The id.
        id: String,
        /// The record that has it.
        seq: u64,
    },
    /// A kind that only the log itself writes.
    #[error("`{kind}` is written by the log itself; create, rotate or ratchet instead")]
    ManagedKind {
        /// The position in the batch.
        index: usize,
        /// The kind.
        kind: String,
    },
    /// An event of another log.
    #[error("the event is of the log `{given}` and this is `{expected}`")]
    OtherLog {
        /// The position in the batch.
        index: usize,
        /// The log of the event.
        given: String,
        /// This log.
        expected: String,
    },
    /// 2^63 - 1 records.
    #[error("the log has 2^63 - 1 records; begin a new one")]
    Full,
    /// A checkpoint that would contradict an earlier one.
    #[error(
        "the log does not extend its checkpoint of size {size}; do not write to it before it is verified"
    )]
    Inconsistent {
        /// The size of the earlier checkpoint.
        size: u64,
    },
    /// The key that must sign a checkpoint is not at hand.
    #[error(
        "the checkpoint must be signed by key `{kid}`, which sealed the last record; give its secret too"
    )]
    CheckpointKey {
        /// The key.
        kid: Kid,
    },
}

impl LogError {
    /// The stable dotted code, for example `ledger.append.id_conflict`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Event(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::IdConflict { .. } => "ledger.append.id_conflict",
            Self::ManagedKind { .. } => "ledger.append.managed_kind",
            Self::OtherLog { .. } => "ledger.append.origin",
            Self::Full => "ledger.append.full",
            Self::Inconsistent { .. } => "ledger.checkpoint.inconsistent",
            Self::CheckpointKey { .. } => "ledger.checkpoint.key_unavailable",
        }
    }

    /// The JSON pointer of the member, or the argument, at fault.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Event(error) => error.path(),
            Self::Key(error) => error.path(),
            Self::IdConflict { .. } => "/id",
            Self::ManagedKind { .. } => "/kind",
            Self::OtherLog { .. } => "/log",
            Self::Full => "",
            Self::Inconsistent { .. } => "stored",
            Self::CheckpointKey { .. } => "secret",
        }
    }

    /// The position in the batch of the event at fault.
    #[must_use]
    pub const fn index(&self) -> Option<usize> {
        match self {
            Self::IdConflict { index, .. }
            | Self::ManagedKind { index, .. }
            | Self::OtherLog { index, .. } => Some(*index),
            _ => None,
        }
    }
}

/// What a store knows of an id: where it stands and which bytes it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// The position of its record.
    pub seq: u64,
    /// The hash of its leaf.
    pub leaf: Hash,
}

/// A sealed record, ready to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Its position.
    pub seq: u64,
    /// The key that sealed it.
    pub kid: Kid,
    /// Its tag.
    pub tag: Tag,
    /// Its event: canonical bytes, leaf, id.
    pub event: Encoded,
}

impl Sealed {
    /// The record.
    #[must_use]
    pub fn record(&self) -> Record<'_> {
        Record { seq: self.seq, kid: self.kid, tag: self.tag, event: self.event.bytes() }
    }
}

/// What became of an offered event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Sealed at the end of the log.
    Sealed(Sealed),
    /// Already recorded with the same bytes: a retry.
    Exists {
        /// Where.
        seq: u64,
    },
}

impl Outcome {
    /// The position of the event.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        match self {
            Self::Sealed(sealed) => sealed.seq,
            Self::Exists { seq } => *seq,
        }
    }
}

/// Is the event new (`None`), or recorded already at some position?
///
/// # Errors
/// `ledger.append.id_conflict` if its id stands for other bytes.
pub fn decide(index: usize, event: &Encoded, known: Option<Known>) -> Result<Option<u64>, LogError> {
    match known {
        None => Ok(None),
        Some(known) if known.leaf == *event.leaf() => Ok(Some(known.seq)),
        Some(known) => Err(LogError::IdConflict { index, id: event.id().to_owned(), seq: known.seq }),
    }
}

/// The end of a log and the keys to write there.
///
/// A clone is cheap and independent: seal in a clone, store what it sealed, and keep it only once the store has
/// committed. After a lost race, drop it and seal again at the new end.
///
/// ```
/// use finops_ledger::event::{envelope::{Encoded, Stamp}, keys::Master, log::{LogWriter, Outcome}};
///
/// let master = Master::new("0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0")?;
/// let stamp = Stamp { id: "evt-0", at: "2026-03-14T09:26:53.589793Z", actor: "svc:ledger" };
/// let (mut writer, first) = LogWriter::create("acme.example/prod", &master, &stamp, None)?;
/// let event = Encoded::new("acme.example/prod", &Stamp { id: "evt-1", ..stamp }, "acme.thing", &serde_json::json!({}))?;
/// let outcomes = writer.seal(vec![event], |_id| None)?;
/// assert_eq!((first.seq, outcomes[0].seq(), writer.head().size()), (0, 1, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct LogWriter {
    head: Head,
    keys: KeyState,
    /// The checkpoint key of the last record's kid; after a rotation not the one in force.
    tail: Option<CheckpointKey>,
}

impl LogWriter {
    /// Begins a log: seals record 0, `log.created`.
    ///
    /// # Errors
    /// `ledger.event.*`, also for a heartbeat outside 60..86400 seconds.
    pub fn create(
        origin: &str,
        master: &Master,
        stamp: &Stamp<'_>,
        heartbeat_s: Option<u64>,
    ) -> Result<(Self, Sealed), LogError> {
        let data = created(master.kid(), heartbeat_s);
        let event = Encoded::new(origin, stamp, "log.created", &data)?;
        let keys = master.state(origin);
        let mut head = Head::empty(origin);
        head.kid = Some(master.kid());
        head.heartbeat_s = heartbeat_s;
        let mut writer = Self { head, keys, tail: None };
        let sealed = writer.push(event);
        Ok((writer, sealed))
    }

    /// Goes on at the end of a verified log with the configured secret of a ring.
    ///
    /// # Errors
    /// `ledger.key.rotation_required` if the log continues under another key: resume with the old one and rotate.
    pub fn open(head: Head, ring: &Keyring) -> Result<Self, LogError> {
        let master = ring.current().ok_or(KeyError::Missing)?;
        let keys = master.state(&head.origin);
        Self::resume(head, keys, Some(ring))
    }

    /// Goes on at the end of a verified log with the keys in force; `ring` may hold the key that signs the checkpoint
    /// of this size when the last record was a rotation.
    ///
    /// # Errors
    /// `ledger.key.rotation_required` for another key than the one in force, `ledger.key.state` for a later epoch.
    pub fn resume(head: Head, keys: KeyState, ring: Option<&Keyring>) -> Result<Self, LogError> {
        let in_force = head.kid.ok_or(KeyError::State { problem: "the log has no record yet; create it" })?;
        if in_force != keys.kid() {
            return Err(KeyError::RotationRequired { in_force, configured: keys.kid() }.into());
        }
        let mut keys = keys;
        while keys.epoch() < head.epoch {
            keys = keys.ratcheted().ok_or(KeyError::State { problem: "there is no later epoch" })?;
        }
        if keys.epoch() > head.epoch {
            return Err(KeyError::State { problem: "it is of a later epoch than the log" }.into());
        }
        let tail = head.tail_kid.and_then(|kid| {
            let key = if kid == keys.kid() {
                keys.checkpoint().clone()
            } else {
                ring?.get(kid)?.checkpoint_key(&head.origin)
            };
            Some(CheckpointKey { kid, key })
        });
        Ok(Self { head, keys, tail })
    }

    /// Where the log stands.
    #[must_use]
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// The keys in force, for a process that goes on without the secret.
    #[must_use]
    pub const fn key_state(&self) -> &KeyState {
        &self.keys
    }

    /// Seals a batch, all or nothing: on an error nothing has changed.
    ///
    /// `lookup` answers what the log knows of an id. Events of known ids with equal bytes, also within the batch,
    /// are not sealed again.
    ///
    /// # Errors
    /// `ledger.append.{id_conflict, managed_kind, origin, full}`.
    pub fn seal(
        &mut self,
        events: Vec<Encoded>,
        mut lookup: impl FnMut(&str) -> Option<Known>,
    ) -> Result<Vec<Outcome>, LogError> {
        let mut next = self.head.size();
        let mut of_batch: BTreeMap<&str, Known> = BTreeMap::new();
        let mut decisions = Vec::with_capacity(events.len());
        for (index, event) in events.iter().enumerate() {
            if event.origin() != self.head.origin {
                let (given, expected) = (shorten(event.origin()), self.head.origin.clone());
                return Err(LogError::OtherLog { index, given, expected });
            }
            let known = of_batch.get(event.id()).copied().or_else(|| lookup(event.id()));
            let exists = decide(index, event, known)?;
            if exists.is_none() {
                if matches!(event.kind(), "log.created" | "key.rotated" | "key.ratcheted") {
                    return Err(LogError::ManagedKind { index, kind: event.kind().to_owned() });
                }
                if next >= LOG_SIZE_MAX {
                    return Err(LogError::Full);
                }
                if events.len() > 1 {
                    of_batch.insert(event.id(), Known { seq: next, leaf: *event.leaf() });
                }
                next = next.saturating_add(1);
            }
            decisions.push(exists);
        }
        let outcome = |(event, exists): (Encoded, Option<u64>)| match exists {
            Some(seq) => Outcome::Exists { seq },
            None => Outcome::Sealed(self.push(event)),
        };
        Ok(events.into_iter().zip(decisions).map(outcome).collect())
    }

    /// Seals `key.rotated` with the key in force; from the next record the new one is.
    ///
    /// # Errors
    /// `ledger.key.used`, `ledger.event.*`, `ledger.append.{id_conflict, full}`.
    pub fn rotate(
        &mut self,
        new: &Master,
        stamp: &Stamp<'_>,
        lookup: impl FnOnce(&str) -> Option<Known>,
    ) -> Result<Sealed, LogError> {
        if self.head.has_used(new.kid()) {
            return Err(KeyError::Used { kid: new.kid() }.into());
        }
        let old = self.keys.kid();
        let data = json!({ "from": old.to_string(), "to": new.kid().to_string() });
        let sealed = self.push_managed("key.rotated", stamp, &data, lookup)?;
        self.head.retired.push(old);
        self.head.kid = Some(new.kid());
        self.head.epoch = 0;
        self.keys = new.state(&self.head.origin);
        Ok(sealed)
    }

    /// Seals `key.ratcheted`; the event key of before is erased with the last clone of this writer that holds it.
    ///
    /// # Errors
    /// `ledger.key.state`, `ledger.event.*`, `ledger.append.{id_conflict, full}`.
    pub fn ratchet(
        &mut self,
        stamp: &Stamp<'_>,
        lookup: impl FnOnce(&str) -> Option<Known>,
    ) -> Result<Sealed, LogError> {
        let next = self.keys.ratcheted().ok_or(KeyError::State { problem: "there is no later epoch" })?;
        let data = json!({ "kid": next.kid().to_string(), "epoch": next.epoch() });
        let sealed = self.push_managed("key.ratcheted", stamp, &data, lookup)?;
        self.head.epoch = next.epoch();
        self.keys = next;
        Ok(sealed)
    }

    /// The checkpoint of this size as a note: an HMAC line by the key that sealed the last record, and an Ed25519
    /// line when `public` is given.
    ///
    /// `stored` are the checkpoints already published (the latest suffices, since it extended those before it), and
    /// `root_at` answers the root of the stored records at a size.
    ///
    /// # Errors
    /// `ledger.checkpoint.inconsistent` if the log does not extend them, `ledger.checkpoint.key_unavailable` right
    /// after a rotation when the writer was resumed without the old secret.
    pub fn checkpoint(
        &self,
        public: Option<&PublicSigner>,
        stored: &[TreeHead],
        mut root_at: impl FnMut(u64) -> Option<Hash>,
    ) -> Result<String, LogError> {
        let head = self.head.tree_head();
        for earlier in stored {
            let root = if earlier.size == head.size { Some(head.root) } else { root_at(earlier.size) };
            if earlier.size > head.size || root != Some(earlier.root) {
                return Err(LogError::Inconsistent { size: earlier.size });
            }
        }
        let kid = self.head.tail_kid.unwrap_or(self.keys.kid());
        let key = self.tail.as_ref().ok_or(LogError::CheckpointKey { kid })?;
        Ok(checkpoint::sign(&self.head.origin, head, key, public))
    }

    fn push_managed(
        &mut self,
        kind: &str,
        stamp: &Stamp<'_>,
        data: &serde_json::Value,
        lookup: impl FnOnce(&str) -> Option<Known>,
    ) -> Result<Sealed, LogError> {
        let event = Encoded::new(&self.head.origin, stamp, kind, data)?;
        // A retry names the key of its time, so its bytes would differ: a known id is always another event.
        if let Some(known) = lookup(event.id()) {
            return Err(LogError::IdConflict { index: 0, id: event.id().to_owned(), seq: known.seq });
        }
        if self.head.size() >= LOG_SIZE_MAX {
            return Err(LogError::Full);
        }
        Ok(self.push(event))
    }

    fn push(&mut self, event: Encoded) -> Sealed {
        let (seq, kid) = (self.head.size(), self.keys.kid());
        let tag = tag(&self.keys, seq, &self.head.tag, event.leaf());
        self.head.tag = tag;
        self.head.frontier.push(*event.leaf());
        self.head.at_us = Some(event.at_us());
        if self.head.tail_kid != Some(kid) {
            self.head.tail_kid = Some(kid);
            self.tail = Some(CheckpointKey { kid, key: self.keys.checkpoint().clone() });
        }
        Sealed { seq, kid, tag, event }
    }
}

#[cfg(test)]
pub(crate) mod tests;
