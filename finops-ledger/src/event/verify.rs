//! Checks a log record by record, then against its anchors. The answer says what was checked and how far it is
//! anchored, never a bare yes.

mod anchor;
mod verdict;

pub use anchor::Anchor;
pub use verdict::{Failure, Gap, KeyRun, Tags, Verification};

use super::{
    canonical::SIZE_MAX,
    envelope::{EventView, ViewError},
    head::Head,
    keys::{KeyState, Keyring, Kid},
    kind::{HEARTBEAT_MAX, HEARTBEAT_MIN},
    merkle::{Hash, leaf_hash},
    note::Vkey,
    record::{Record, tag},
};
use anchor::Prepared;
use rustc_hash::FxHashSet;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use subtle::ConstantTimeEq as _;

/// The heartbeat of a log that names none, in seconds (section 5 of the specification).
const HEARTBEAT_DEFAULT_S: u64 = 3600;

/// With what the records are checked.
#[derive(Debug, Clone, Copy)]
pub enum Trust<'a> {
    /// The secrets: every tag is checked.
    Keyring(&'a Keyring),
    /// No secret: tags are not checked and an Ed25519 checkpoint is needed.
    Public,
}

/// Checks a whole file: lines of records, the last one possibly torn.
///
/// Without an `origin` the one of record 0 is taken, else of the first anchor; a false one fails by its keys.
///
/// ```
/// use finops_ledger::event::{keys::{Keyring, Master}, log::LogWriter, envelope::Stamp, verify::{Trust, verify}};
///
/// let master = Master::new("0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0")?;
/// let stamp = Stamp { id: "evt-0", at: "2026-03-14T09:26:53.589793Z", actor: "svc:ledger" };
/// let (_, sealed) = LogWriter::create("acme.example/prod", &master, &stamp, None)?;
/// let mut file = Vec::new();
/// sealed.record().write_line(&mut file);
/// let ring = Keyring::new(master);
/// let result = verify(&file, Some("acme.example/prod"), Trust::Keyring(&ring), &[], &[]);
/// assert!(result.ok());
/// assert_eq!((result.size, result.anchored_up_to, result.unanchored_tail), (1, None, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn verify(
    file: &[u8],
    origin: Option<&str>,
    trust: Trust<'_>,
    anchors: &[Anchor<'_>],
    vkeys: &[Vkey],
) -> Verification {
    let mut verifier = Verifier::new(origin, trust, anchors, vkeys);
    verifier.file(file);
    verifier.finish().0
}

/// Checks records one after another.
#[derive(Debug)]
pub struct Verifier<'a> {
    trust: Trust<'a>,
    vkeys: &'a [Vkey],
    anchors: Vec<Prepared<'a>>,
    /// The roots at the sizes that anchors name, once reached.
    roots: BTreeMap<u64, Option<Hash>>,
    origin_known: bool,
    /// The verified prefix.
    head: Head,
    /// The size at which this verifier began, and the key that sealed the record before it.
    base: (u64, Option<Kid>),
    /// Keys before any ratchet, as they were needed.
    masters: BTreeMap<Kid, KeyState>,
    /// The key in force at the epoch of the log, if the ring has it.
    in_force: Option<KeyState>,
    runs: Vec<KeyRun>,
    /// 16 bytes of the SHA-256 of each id.
    ids: FxHashSet<[u8; 16]>,
    gaps: Vec<Gap>,
    clock_regressions: u64,
    torn_tail_bytes: u64,
    failure: Option<(Failure, Option<u64>)>,
}

impl<'a> Verifier<'a> {
    /// Begins before record 0.
    #[must_use]
    pub fn new(origin: Option<&str>, trust: Trust<'a>, anchors: &[Anchor<'a>], vkeys: &'a [Vkey]) -> Self {
        let mut verifier = Self::at(Head::empty(origin.unwrap_or_default()), trust, anchors, vkeys);
        verifier.origin_known = origin.is_some();
        verifier
    }

    /// Begins after a prefix that was verified before; double ids are seen only from here, and anchors below are not
    /// compared.
    #[must_use]
    pub fn resume(head: Head, trust: Trust<'a>, anchors: &[Anchor<'a>], vkeys: &'a [Vkey]) -> Self {
        let mut verifier = Self::at(head, trust, anchors, vkeys);
        verifier.origin_known = true;
        if let (Trust::Keyring(ring), Some(kid)) = (trust, verifier.head.kid) {
            verifier.in_force = ring.state(&verifier.head.origin, kid, verifier.head.epoch);
        }
        verifier
    }

    fn at(head: Head, trust: Trust<'a>, anchors: &[Anchor<'a>], vkeys: &'a [Vkey]) -> Self {
        let anchors: Vec<_> = anchors.iter().map(Prepared::new).collect();
        let roots = anchors.iter().filter_map(|anchor| Some((anchor.head()?.size, None))).collect();
        let mut verifier = Self {
            trust,
            vkeys,
            anchors,
            roots,
            origin_known: false,
            base: (head.size(), head.tail_kid),
            head,
            masters: BTreeMap::new(),
            in_force: None,
            runs: Vec::new(),
            ids: FxHashSet::default(),
            gaps: Vec::new(),
            clock_regressions: 0,
            torn_tail_bytes: 0,
            failure: None,
        };
        verifier.note_root();
        verifier
    }

    /// Checks the lines of a file; bytes after the last line feed are a torn tail.
    pub fn file(&mut self, file: &[u8]) {
        let mut lines = file.split(|byte| *byte == b'\n');
        let tail = lines.next_back().unwrap_or_default();
        for line in lines {
            if self.failure.is_some() {
                break;
            }
            self.line(line);
        }
        self.torn_tail(tail);
    }

    /// Checks a line without its line feed.
    pub fn line(&mut self, line: &[u8]) {
        match Record::parse_line(line) {
            Some(record) => self.record(&record),
            None => self.fail(Failure::Malformed),
        }
    }

    /// Checks a record as a store keeps it.
    pub fn record(&mut self, record: &Record<'_>) {
        self.read(record);
    }

    /// Checks a record as a store keeps it, and answers the hash of its leaf and what it says, which were computed for
    /// that; `None` if it fails or one before it has.
    pub fn read<'r>(&mut self, record: &Record<'r>) -> Option<(Hash, EventView<'r>)> {
        if self.failure.is_some() {
            return None;
        }
        self.check(record).map_err(|failure| self.fail(failure)).ok()
    }

    /// What follows the last line feed.
    pub fn torn_tail(&mut self, tail: &[u8]) {
        self.torn_tail_of(u64::try_from(tail.len()).unwrap_or(u64::MAX));
    }

    /// The same for a reader that only counted the bytes.
    pub fn torn_tail_of(&mut self, bytes: u64) {
        if bytes > 0 {
            self.torn_tail_bytes = bytes;
            self.fail(Failure::TornTail);
        }
    }

    /// Has a record failed? Then those after it are not looked at.
    #[must_use]
    pub const fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    fn fail(&mut self, failure: Failure) {
        let seq = self.head.size();
        self.failure.get_or_insert((failure, Some(seq)));
    }

    fn check<'r>(&mut self, record: &Record<'r>) -> Result<(Hash, EventView<'r>), Failure> {
        let seq = self.head.size();
        if !self.origin_known {
            self.find_origin(record.event);
        }
        // A line was measured when it was read; a row of a store was not.
        if record.event.len() > SIZE_MAX {
            return Err(Failure::Malformed);
        }
        if record.seq != seq {
            return Err(Failure::Sequence);
        }
        let leaf = leaf_hash(record.event);
        if let Trust::Keyring(ring) = self.trust {
            self.check_tag(ring, record, &leaf)?;
        }
        let view = EventView::parse(record.event).map_err(|error| match error {
            ViewError::NotCanonical => Failure::NotCanonical,
            ViewError::Envelope => Failure::Envelope,
        })?;
        if view.log != self.head.origin {
            return Err(Failure::Origin);
        }
        let heartbeat_s = if seq == 0 { first(&view, record.kid)? } else { self.head.heartbeat_s };
        if seq > 0 && (view.kind == "log.created" || self.head.kid != Some(record.kid)) {
            return Err(Failure::KeyOrder);
        }
        let id: [u8; 32] = Sha256::digest(view.id.as_bytes()).into();
        let (id, _) = id.split_first_chunk::<16>().ok_or(Failure::DuplicateId)?;
        if self.ids.contains(id) {
            return Err(Failure::DuplicateId);
        }
        let change = self.key_change(&view, record.kid)?;
        // From here on nothing fails: the record joins the verified prefix.
        self.ids.insert(*id);
        self.clock(&view, heartbeat_s);
        self.run(record.kid);
        self.head.heartbeat_s = heartbeat_s;
        self.head.at_us = Some(view.at_us);
        self.head.kid = Some(record.kid);
        self.head.tail_kid = Some(record.kid);
        self.head.tag = record.tag;
        self.head.frontier.push(leaf);
        self.apply(change, record.kid);
        self.note_root();
        Ok((leaf, view))
    }

    /// The origin of record 0, else of the first anchor.
    fn find_origin(&mut self, event: &[u8]) {
        let of_anchor = || self.anchors.iter().find_map(Prepared::origin).map(str::to_owned);
        if let Some(origin) = EventView::peek_origin(event).map(Into::into).or_else(of_anchor) {
            self.head.origin = origin;
            self.origin_known = true;
        }
    }

    fn check_tag(&mut self, ring: &Keyring, record: &Record<'_>, leaf: &Hash) -> Result<(), Failure> {
        let master = ring.get(record.kid).ok_or(Failure::UnknownKey)?;
        let current = self.in_force.as_ref().filter(|keys| keys.kid() == record.kid);
        let keys = match current {
            Some(keys) => keys,
            None => self.masters.entry(record.kid).or_insert_with(|| master.state(&self.head.origin)),
        };
        let expected = tag(keys, record.seq, &self.head.tag, leaf);
        if bool::from(expected.ct_eq(&record.tag)) { Ok(()) } else { Err(Failure::Tag) }
    }

    /// What a record of the kinds `key.*` changes.
    fn key_change(&self, view: &EventView<'_>, kid: Kid) -> Result<Change, Failure> {
        if !matches!(view.kind, "key.rotated" | "key.ratcheted") {
            return Ok(Change::None);
        }
        let data = view.data();
        let kid_of = |name: &str| data.get(name).and_then(|value| value.as_str()).and_then(Kid::parse);
        if view.kind == "key.rotated" {
            let to = kid_of("to").filter(|to| !self.head.has_used(*to)).ok_or(Failure::KeyOrder)?;
            return if kid_of("from") == Some(kid) {
                Ok(Change::Rotated(to))
            } else {
                Err(Failure::KeyOrder)
            };
        }
        let epoch = data.get("epoch").and_then(serde_json::Value::as_u64);
        let next =
            self.head.epoch.checked_add(1).filter(|next| epoch == Some(*next)).ok_or(Failure::KeyOrder)?;
        if kid_of("kid") == Some(kid) { Ok(Change::Ratcheted(next)) } else { Err(Failure::KeyOrder) }
    }

    fn apply(&mut self, change: Change, kid: Kid) {
        if self.in_force.is_none() {
            self.in_force = self.masters.get(&kid).cloned();
        }
        match change {
            Change::None => {}
            Change::Rotated(to) => {
                self.head.retired.push(kid);
                self.head.kid = Some(to);
                self.head.epoch = 0;
                self.in_force = None;
            }
            Change::Ratcheted(epoch) => {
                self.head.epoch = epoch;
                self.in_force = self.in_force.as_ref().and_then(KeyState::ratcheted);
            }
        }
    }

    fn clock(&mut self, view: &EventView<'_>, heartbeat_s: Option<u64>) {
        let Some(previous) = self.head.at_us else { return };
        let Ok(passed_us) = u64::try_from(view.at_us.saturating_sub(previous)) else {
            self.clock_regressions = self.clock_regressions.saturating_add(1);
            return;
        };
        // Twice the heartbeat: one may be late, two are silence.
        let allowed_us = heartbeat_s.unwrap_or(HEARTBEAT_DEFAULT_S).saturating_mul(2_000_000);
        if passed_us > allowed_us {
            let after_seq = self.head.size().saturating_sub(1);
            self.gaps.push(Gap { after_seq, seconds: passed_us / 1_000_000 });
        }
    }

    fn run(&mut self, kid: Kid) {
        let (seq, epoch) = (self.head.size(), self.head.epoch);
        match self.runs.last_mut() {
            Some(run) if run.kid == kid && run.epoch == epoch => run.last = seq,
            _ => self.runs.push(KeyRun { kid, epoch, first: seq, last: seq }),
        }
    }

    fn note_root(&mut self) {
        if let Some(root) = self.roots.get_mut(&self.head.size()) {
            *root = Some(self.head.frontier.root());
        }
    }

    /// The result, and the head of the verified prefix, from which a writer or another verifier goes on.
    #[must_use]
    pub fn finish(mut self) -> (Verification, Head) {
        if !self.origin_known {
            let origin = self.anchors.iter().find_map(Prepared::origin).map(str::to_owned);
            self.origin_known = origin.is_some();
            self.head.origin = origin.unwrap_or_default();
        }
        let (mut failure, mut anchored_up_to) = (self.failure, None);
        if failure.is_none() {
            let (checked, matched) = self.check_anchors();
            anchored_up_to = matched;
            failure = checked.err().map(|failure| {
                // Only a missing tail has a place; at the others the fault may lie anywhere.
                (failure, (failure == Failure::Truncated).then_some(self.head.size()))
            });
        }
        let tree = self.head.tree_head();
        let verification = Verification {
            error: failure.map(|(failure, _)| failure),
            seq: failure.and_then(|(_, seq)| seq),
            origin: self.origin_known.then(|| self.head.origin.clone()),
            size: tree.size,
            root: tree.root,
            tags: if matches!(self.trust, Trust::Public) { Tags::NotChecked } else { Tags::Checked },
            keys: self.runs,
            anchored_up_to,
            unanchored_tail: tree.size.saturating_sub(anchored_up_to.unwrap_or(0)),
            gaps: self.gaps,
            clock_regressions: self.clock_regressions,
            torn_tail_bytes: self.torn_tail_bytes,
        };
        (verification, self.head)
    }
}

/// Record 0 must name its own key; answers its heartbeat.
fn first(view: &EventView<'_>, kid: Kid) -> Result<Option<u64>, Failure> {
    if view.kind != "log.created" {
        return Err(Failure::KeyOrder);
    }
    let data = view.data();
    let named = data.get("kid").and_then(|value| value.as_str()).and_then(Kid::parse);
    let heartbeat_s = match data.get("heartbeat_s") {
        None => None,
        Some(value) => {
            let legal = value.as_u64().filter(|seconds| (HEARTBEAT_MIN..=HEARTBEAT_MAX).contains(seconds));
            Some(legal.ok_or(Failure::KeyOrder)?)
        }
    };
    if named == Some(kid) { Ok(heartbeat_s) } else { Err(Failure::KeyOrder) }
}

/// What a record changes about the keys after it.
#[derive(Debug, Clone, Copy)]
enum Change {
    None,
    Rotated(Kid),
    Ratcheted(u64),
}

#[cfg(test)]
mod tests;
