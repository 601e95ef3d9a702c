//! What a verification answers.

use crate::event::{canonical, hex, keys::Kid, merkle::Hash};
use serde_json::{Value, json};

/// The first thing that is wrong with a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// Not a line of a record.
    Malformed,
    /// Not the next number.
    Sequence,
    /// Sealed by a key that is not in the ring.
    UnknownKey,
    /// The tag is not the one of the record at this place.
    Tag,
    /// The event is not canonical JSON.
    NotCanonical,
    /// The event does not have the seven fields in their forms.
    Envelope,
    /// The event is of another log.
    Origin,
    /// The key may not seal here, or a change of keys is not legal.
    KeyOrder,
    /// An id that an earlier record has.
    DuplicateId,
    /// The last line has no line feed.
    TornTail,
    /// An anchor is not a checkpoint.
    CheckpointMalformed,
    /// An anchor is of another log.
    CheckpointOrigin,
    /// A known key did not make the signature that names it.
    CheckpointSignature,
    /// A key signed a size that was not its own.
    CheckpointKey,
    /// No known key signed.
    CheckpointUnverified,
    /// Fewer records than an anchor names.
    Truncated,
    /// Other records than an anchor covers.
    RootMismatch,
}

impl Failure {
    /// The kind, as the member `error` of a result.
    #[must_use]
    pub fn kind(self) -> &'static str {
        self.code().trim_start_matches("ledger.verify.")
    }

    /// The stable dotted code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "ledger.verify.malformed",
            Self::Sequence => "ledger.verify.sequence",
            Self::UnknownKey => "ledger.verify.unknown_key",
            Self::Tag => "ledger.verify.tag",
            Self::NotCanonical => "ledger.verify.not_canonical",
            Self::Envelope => "ledger.verify.envelope",
            Self::Origin => "ledger.verify.origin",
            Self::KeyOrder => "ledger.verify.key_order",
            Self::DuplicateId => "ledger.verify.duplicate_id",
            Self::TornTail => "ledger.verify.torn_tail",
            Self::CheckpointMalformed => "ledger.verify.checkpoint_malformed",
            Self::CheckpointOrigin => "ledger.verify.checkpoint_origin",
            Self::CheckpointSignature => "ledger.verify.checkpoint_signature",
            Self::CheckpointKey => "ledger.verify.checkpoint_key",
            Self::CheckpointUnverified => "ledger.verify.checkpoint_unverified",
            Self::Truncated => "ledger.verify.truncated",
            Self::RootMismatch => "ledger.verify.root_mismatch",
        }
    }
}

/// Were the tags of the records checked?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tags {
    /// With the secrets.
    Checked,
    /// Public mode.
    NotChecked,
}

/// Which records a key sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyRun {
    /// The key.
    pub kid: Kid,
    /// How often it was ratcheted.
    pub epoch: u64,
    /// Its first record.
    pub first: u64,
    /// Its last record.
    pub last: u64,
}

/// Silence of more than twice the heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The record before it.
    pub after_seq: u64,
    /// Its length in whole seconds.
    pub seconds: u64,
}

/// The result of a verification.
///
/// Without the secret nobody can edit, insert, drop, reorder, replay or splice a record unseen. A holder of the
/// secret can rewrite what is not anchored, and a missing tail shows only against an anchor: `anchored_up_to` says
/// how far that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// The first thing that is wrong.
    pub error: Option<Failure>,
    /// The record at fault; the number of records for a torn or missing tail.
    pub seq: Option<u64>,
    /// The name of the log, if one was given or found.
    pub origin: Option<String>,
    /// The number of records of the verified prefix.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// Were tags checked?
    pub tags: Tags,
    /// Which key sealed which records.
    pub keys: Vec<KeyRun>,
    /// The size of the largest anchor that the log matches.
    pub anchored_up_to: Option<u64>,
    /// The number of records after it.
    pub unanchored_tail: u64,
    /// Silences.
    pub gaps: Vec<Gap>,
    /// How often time went back from one record to the next.
    pub clock_regressions: u64,
    /// Bytes after the last line feed.
    pub torn_tail_bytes: u64,
}

impl Verification {
    /// Is nothing wrong?
    #[must_use]
    pub const fn ok(&self) -> bool {
        self.error.is_none()
    }

    /// The result as `finops ledger verify --json` and `verify_ledger.py` print it: canonical JSON and a line feed.
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut out = Vec::new();
        // Not `encode`: the list of gaps may be longer than an event.
        let written = canonical::write(&self.to_json(), &mut out, 0);
        debug_assert!(written.is_ok(), "names, numbers and digits have a canonical form");
        out.push(b'\n');
        String::from_utf8(out).unwrap_or_default()
    }

    /// Exactly the members of the specification.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let keys = self.keys.iter().map(|run| {
            json!({ "kid": run.kid.to_string(), "epoch": run.epoch, "first": run.first, "last": run.last })
        });
        let gaps = self.gaps.iter().map(|gap| json!({ "after_seq": gap.after_seq, "seconds": gap.seconds }));
        json!({
            "ok": self.ok(),
            "error": self.error.map(Failure::kind),
            "seq": self.seq,
            "origin": self.origin,
            "size": self.size,
            "root": hex::encode(&self.root),
            "tags": match self.tags { Tags::Checked => "checked", Tags::NotChecked => "not_checked" },
            "keys": keys.collect::<Vec<_>>(),
            "anchored_up_to": self.anchored_up_to,
            "unanchored_tail": self.unanchored_tail,
            "gaps": gaps.collect::<Vec<_>>(),
            "clock_regressions": self.clock_regressions,
            "torn_tail_bytes": self.torn_tail_bytes,
        })
    }
}
