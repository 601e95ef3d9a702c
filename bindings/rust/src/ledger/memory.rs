//! A log in memory: it ends with the process.

use super::{
    EventLogError, LogRecord,
    backing::{Backing, Held},
    redactable::Opening,
};
use finops_ledger::event::{
    checkpoint::{PublicSigner, TreeHead},
    envelope::{Encoded, Stamp},
    keys::{KeyError, Keyring, Master},
    log::{Known, LogError, LogWriter, Outcome, Sealed},
    merkle::{Hash, Tree},
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

pub(super) struct MemoryLog(Mutex<State>);

struct State {
    writer: LogWriter,
    records: Vec<Sealed>,
    tree: Tree,
    known: HashMap<String, Known>,
    published: Option<TreeHead>,
    redactable: BTreeMap<(String, String), Opening>,
}

impl State {
    fn keep(&mut self, sealed: Sealed) -> u64 {
        let (seq, leaf) = (sealed.seq, *sealed.event.leaf());
        self.tree.push(leaf);
        self.known.insert(sealed.event.id().to_owned(), Known { seq, leaf });
        self.records.push(sealed);
        seq
    }

    fn append(&mut self, events: Vec<Encoded>) -> Result<Vec<u64>, LogError> {
        let known = &self.known;
        let outcomes = self.writer.seal(events, |id| known.get(id).copied())?;
        let keep = |outcome| match outcome {
            Outcome::Sealed(sealed) => self.keep(sealed),
            Outcome::Exists { seq } => seq,
        };
        Ok(outcomes.into_iter().map(keep).collect())
    }
}

impl MemoryLog {
    pub(super) fn create(
        origin: &str,
        ring: &Keyring,
        stamp: &Stamp<'_>,
        heartbeat_s: Option<u64>,
    ) -> Result<Self, LogError> {
        let master = ring.current().ok_or(KeyError::Missing)?;
        let (writer, first) = LogWriter::create(origin, master, stamp, heartbeat_s)?;
        let mut state = State {
            writer,
            records: Vec::new(),
            tree: Tree::new(),
            known: HashMap::new(),
            published: None,
            redactable: BTreeMap::new(),
        };
        state.keep(first);
        Ok(Self(Mutex::new(state)))
    }

    /// Nothing in here panics between two changes that belong together, so a poisoned state is whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backing for MemoryLog {
    fn is_quick(&self) -> bool {
        true
    }

    fn append(&self, events: Vec<Encoded>, held: Vec<Held>) -> Result<Vec<u64>, EventLogError> {
        let mut state = self.state();
        let seqs = state.append(events)?;
        for Held { event_id, field, opening } in held {
            state.redactable.entry((event_id, field)).or_insert(opening);
        }
        Ok(seqs)
    }

    fn append_nowait(&self, events: Vec<Encoded>, held: Vec<Held>) -> Result<(), EventLogError> {
        self.append(events, held).map(|_| ())
    }

    fn flush(&self) -> Result<(), EventLogError> {
        Ok(())
    }

    fn close(&self) -> Result<(), EventLogError> {
        Ok(())
    }

    fn head(&self) -> Result<TreeHead, EventLogError> {
        Ok(self.state().writer.head().tree_head())
    }

    fn root_at(&self, size: u64) -> Result<Option<Hash>, EventLogError> {
        Ok(self.state().tree.root_at(size))
    }

    fn inclusion_proof(&self, index: u64, size: u64) -> Result<Option<Vec<Hash>>, EventLogError> {
        Ok(self.state().tree.inclusion_proof(index, size))
    }

    fn consistency_proof(&self, old: u64, new: u64) -> Result<Option<Vec<Hash>>, EventLogError> {
        Ok(self.state().tree.consistency_proof(old, new))
    }

    fn records(&self, from: u64, limit: usize) -> Result<Vec<LogRecord>, EventLogError> {
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let record = |sealed: &Sealed| LogRecord {
            seq: sealed.seq,
            kid: sealed.kid,
            tag: sealed.tag,
            event: sealed.event.bytes().to_vec(),
        };
        Ok(self.state().records.iter().skip(from).take(limit).map(record).collect())
    }

    fn checkpoint(&self, signer: Option<&PublicSigner>) -> Result<String, EventLogError> {
        let mut state = self.state();
        let tree = &state.tree;
        let note = state.writer.checkpoint(signer, state.published.as_slice(), |size| tree.root_at(size))?;
        state.published = Some(state.writer.head().tree_head());
        Ok(note)
    }

    fn rotate(&self, new: &Master, stamp: &Stamp<'_>) -> Result<u64, EventLogError> {
        let state = &mut *self.state();
        let known = &state.known;
        let sealed = state.writer.rotate(new, stamp, |id| known.get(id).copied())?;
        Ok(state.keep(sealed))
    }

    fn ratchet(&self, stamp: &Stamp<'_>) -> Result<u64, EventLogError> {
        let state = &mut *self.state();
        let known = &state.known;
        let sealed = state.writer.ratchet(stamp, |id| known.get(id).copied())?;
        Ok(state.keep(sealed))
    }

    fn opening(&self, event_id: &str, field: &str) -> Result<Option<Opening>, EventLogError> {
        Ok(self.state().redactable.get(&(event_id.to_owned(), field.to_owned())).cloned())
    }

    fn redact(&self, event: Encoded, event_id: &str, field: &str) -> Result<u64, EventLogError> {
        let mut state = self.state();
        let seqs = state.append(vec![event])?;
        state.redactable.remove(&(event_id.to_owned(), field.to_owned()));
        Ok(seqs.first().copied().unwrap_or_default())
    }
}
