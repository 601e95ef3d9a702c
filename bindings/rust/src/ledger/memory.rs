//! A log in memory: it ends with the process.

use super::{
    EventLogError, LogOptions, LogRecord, NewEvent, Opened, Secrets,
    backing::{Backing, Inclusion},
    event_log::{ACTOR, new_id, time_of},
    redactable::{Opening, Pending},
};
use finops_ledger::event::{
    checkpoint::{PublicSigner, TreeHead},
    envelope::{Encoded, Stamp},
    keys::{KeyError, Master},
    log::{Known, LogError, LogWriter, Outcome, Sealed},
    merkle::{Hash, Tree},
    note::Vkey,
    receipt, redact,
    verify::{Anchor, Verification},
};
use finops_ledger::report::Report;
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};
use zeroize::Zeroizing;

pub(super) struct MemoryLog {
    origin: String,
    clock: fn() -> i64,
    signer: Option<PublicSigner>,
    state: Mutex<State>,
}

struct State {
    writer: LogWriter,
    records: Vec<Sealed>,
    tree: Tree,
    known: HashMap<String, Known>,
    published: Option<TreeHead>,
    pending: Pending,
    redactable: BTreeMap<(String, String), Opening>,
    closed: bool,
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

    fn checkpoint(&mut self, signer: Option<&PublicSigner>) -> Result<String, LogError> {
        let tree = &self.tree;
        let note = self.writer.checkpoint(signer, self.published.as_slice(), |size| tree.root_at(size))?;
        self.published = Some(self.writer.head().tree_head());
        Ok(note)
    }

    fn inclusion(&self, seq: u64, size: u64) -> Option<Inclusion> {
        let proof = self.tree.inclusion_proof(seq, size)?;
        let tree = TreeHead { size, root: self.tree.root_at(size)? };
        Some(Inclusion { leaf: self.tree.leaf(seq)?, proof, tree })
    }
}

impl MemoryLog {
    pub(super) fn create(
        origin: &str,
        secrets: &Secrets,
        options: &LogOptions,
    ) -> Result<Self, EventLogError> {
        let (id, at) = (new_id(), time_of(options.clock));
        let stamp = Stamp { id: &id, at: &at, actor: ACTOR };
        let master = secrets.keyring().current().ok_or(KeyError::Missing)?;
        let (writer, first) = LogWriter::create(origin, master, &stamp, options.heartbeat_s)?;
        let mut state = State {
            writer,
            records: Vec::new(),
            tree: Tree::new(),
            known: HashMap::new(),
            published: None,
            pending: Pending::default(),
            redactable: BTreeMap::new(),
            closed: false,
        };
        state.keep(first);
        Ok(Self {
            origin: origin.to_owned(),
            clock: options.clock,
            signer: secrets.signer().cloned(),
            state: Mutex::new(state),
        })
    }

    /// Nothing in here panics between two changes that belong together, so a poisoned state is whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> Result<MutexGuard<'_, State>, EventLogError> {
        let state = self.state();
        if state.closed { Err(EventLogError::Closed) } else { Ok(state) }
    }

    fn managed(
        &self,
        act: impl FnOnce(&mut LogWriter, &Stamp<'_>, &HashMap<String, Known>) -> Result<Sealed, LogError>,
    ) -> Result<u64, EventLogError> {
        let state = &mut *self.open()?;
        let (id, at) = (new_id(), time_of(self.clock));
        let sealed = act(&mut state.writer, &Stamp { id: &id, at: &at, actor: ACTOR }, &state.known)?;
        Ok(state.keep(sealed))
    }
}

impl Backing for MemoryLog {
    fn is_quick(&self) -> bool {
        true
    }

    fn append(&self, events: Vec<NewEvent>) -> Result<Vec<u64>, EventLogError> {
        // Encoding is most of the work and needs no lock.
        let mut encoded = Vec::with_capacity(events.len());
        let mut data = Vec::with_capacity(events.len());
        for event in events {
            let id = event.id.unwrap_or_else(new_id);
            let at = event.at.unwrap_or_else(|| time_of(self.clock));
            let stamp = Stamp { id: &id, at: &at, actor: &event.actor };
            encoded.push(Encoded::new(&self.origin, &stamp, &event.kind, &event.data)?);
            data.push((id, event.data));
        }
        let mut state = self.open()?;
        let seqs = state.append(encoded)?;
        if !state.pending.is_empty() {
            for (id, data) in data {
                for (field, commit) in state.pending.held_by(&data) {
                    if let Some(opening) = state.pending.take(&commit) {
                        state.redactable.insert((id.clone(), field), opening);
                    }
                }
            }
        }
        Ok(seqs)
    }

    fn append_nowait(&self, event: NewEvent) -> Result<(), EventLogError> {
        self.append(vec![event]).map(|_| ())
    }

    fn flush(&self) -> Result<(), EventLogError> {
        Ok(())
    }

    fn close(&self) -> Result<(), EventLogError> {
        self.state().closed = true;
        Ok(())
    }

    fn head(&self) -> Result<TreeHead, EventLogError> {
        Ok(self.state().writer.head().tree_head())
    }

    fn root_at(&self, size: u64) -> Result<Option<Hash>, EventLogError> {
        Ok(self.state().tree.root_at(size))
    }

    fn inclusion(&self, seq: u64, size: u64) -> Result<Inclusion, EventLogError> {
        let state = self.state();
        let size_of_log = state.tree.size();
        state.inclusion(seq, size).ok_or(EventLogError::NoRecord { seq, size: size.min(size_of_log) })
    }

    fn consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, EventLogError> {
        let state = self.state();
        let size = state.tree.size();
        state.tree.consistency_proof(old, new).ok_or(EventLogError::NoRecord { seq: old.max(new), size })
    }

    fn records(&self, after: Option<u64>, limit: u64) -> Result<Vec<LogRecord>, EventLogError> {
        let from = after.map_or(0, |after| after.saturating_add(1));
        let [from, limit] = [from, limit].map(|number| usize::try_from(number).unwrap_or(usize::MAX));
        let record = |sealed: &Sealed| LogRecord {
            seq: sealed.seq,
            kid: sealed.kid,
            tag: sealed.tag,
            event: sealed.event.bytes().to_vec(),
        };
        Ok(self.state().records.iter().skip(from).take(limit).map(record).collect())
    }

    fn checkpoint(&self) -> Result<String, EventLogError> {
        Ok(self.state().checkpoint(self.signer.as_ref())?)
    }

    fn receipt(&self, seq: u64) -> Result<String, EventLogError> {
        let signer = self.signer.as_ref().ok_or(KeyError::Seed)?;
        let mut state = self.state();
        let size = state.tree.size();
        let inclusion = state.inclusion(seq, size).ok_or(EventLogError::NoRecord { seq, size })?;
        Ok(receipt::write(seq, &inclusion.proof, &state.checkpoint(Some(signer))?))
    }

    fn verify(&self, _: &[Anchor<'_>], _: &[Vkey]) -> Result<Option<Verification>, EventLogError> {
        Ok(None)
    }

    fn rotate(&self, new: &Master) -> Result<u64, EventLogError> {
        self.managed(|writer, stamp, known| writer.rotate(new, stamp, |id| known.get(id).copied()))
    }

    fn ratchet(&self) -> Result<u64, EventLogError> {
        self.managed(|writer, stamp, known| writer.ratchet(stamp, |id| known.get(id).copied()))
    }

    fn commit(&self, value: &str) -> Result<Value, EventLogError> {
        let mut salt = Zeroizing::new([0_u8; 32]);
        getrandom::fill(&mut *salt).map_err(|error| EventLogError::Random { problem: error.to_string() })?;
        let member = redact::committed(&salt, value);
        let commit = member.get("$commit").and_then(Value::as_str).unwrap_or_default().to_owned();
        let opening = Opening { salt, value: Zeroizing::new(value.to_owned()) };
        self.open()?.pending.insert(commit, opening);
        Ok(member)
    }

    fn reveal(&self, event_id: &str, field: &str) -> Result<Option<String>, EventLogError> {
        let state = self.state();
        let Some(opening) = state.redactable.get(&(event_id.to_owned(), field.to_owned())) else {
            return Ok(None);
        };
        Ok(Some(opening.value.as_str().to_owned()))
    }

    fn redact(&self, event_id: &str, field: &str, reason: &str) -> Result<u64, EventLogError> {
        let key = (event_id.to_owned(), field.to_owned());
        let mut state = self.open()?;
        if !state.redactable.contains_key(&key) {
            return Err(EventLogError::NoRedactable { event_id: key.0, field: key.1 });
        }
        let (id, at) = (new_id(), time_of(self.clock));
        let stamp = Stamp { id: &id, at: &at, actor: ACTOR };
        let data = redact::performed(event_id, field, reason);
        let event = Encoded::new(&self.origin, &stamp, "redaction.performed", &data)?;
        let seqs = state.append(vec![event])?;
        state.redactable.remove(&key);
        Ok(seqs.first().copied().unwrap_or_default())
    }

    fn opened(&self) -> Opened {
        Opened { created: true, ..Opened::default() }
    }

    fn rebuild(&self) -> Result<Vec<&'static str>, EventLogError> {
        Ok(Vec::new())
    }

    fn issue(&self, report: &Report, _body: &str, actor: &str) -> Result<u64, EventLogError> {
        let issued = report.issued()?;
        let seqs = self.append(vec![NewEvent::new(&issued.kind, issued.data, actor)])?;
        Ok(seqs.first().copied().unwrap_or_default())
    }
}
