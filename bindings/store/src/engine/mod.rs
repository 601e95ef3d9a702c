//! The writer's side of a store: decides, seals, commits, and catches up with other writers. One thread owns it.

mod batch;
mod open;
mod tasks;

pub(crate) use batch::{Pending, Reply, Request};
pub(crate) use tasks::IssuedReport;

use crate::{
    Appended, OpenReport, StoreError,
    backend::{Backend, Change, Commit, Committed, Fault, StoredNote},
    options::{Options, at_text},
    projection::Projector,
};
use finops_ledger::{
    event::{
        envelope::EventView,
        head::Head,
        keys::{Keyring, Master},
        log::{LogWriter, Sealed},
        merkle::Tree,
        note::Vkey,
        verify::{Trust, Verifier},
    },
    savings::Entry,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// How often a lost race is tried again (section 13 of the specification).
pub(crate) const ATTEMPTS: u32 = 16;

/// May the engine write?
#[derive(Debug, Clone)]
pub(crate) enum State {
    Open,
    ReadOnly(String),
    Poisoned(String),
}

/// Values that were committed to and whose event is not appended yet: by commitment, salt and value.
pub(crate) type Commitments = BTreeMap<String, ([u8; 32], String)>;

/// What callers may look at without asking the writer.
pub(crate) struct Shared {
    pub(crate) head: Mutex<Head>,
    pub(crate) commitments: Mutex<Commitments>,
}

pub(crate) struct Engine {
    backend: Box<dyn Backend>,
    options: Options,
    ring: Keyring,
    /// With the secret that a rotation is about to put in force.
    next_ring: Option<Keyring>,
    vkeys: Vec<Vkey>,
    /// `None` when the log is only read.
    writer: Option<LogWriter>,
    /// The verified records.
    head: Head,
    tree: Tree,
    projector: Projector,
    state: State,
    /// When the log last grew, by the clock of this store: events of the past may be appended now.
    active_us: i64,
    /// Size and time of the latest checkpoint.
    noted: Option<(u64, i64)>,
    shared: Arc<Shared>,
    report: OpenReport,
    refused_nowait: u64,
    first_nowait: Option<StoreError>,
}

/// What a commit of sealed records is made of.
struct Plan<'a> {
    writer: LogWriter,
    sealed: &'a [&'a Sealed],
    changes: Vec<Change>,
    /// Sign a checkpoint of the new size, due or not.
    note: bool,
}

impl Engine {
    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    pub(crate) fn folded(&self) -> Arc<std::sync::RwLock<crate::projection::Folded>> {
        self.projector.shared()
    }

    pub(crate) const fn report(&self) -> &OpenReport {
        &self.report
    }

    fn now(&self) -> i64 {
        (self.options.clock)()
    }

    /// Refuses when nothing may be written.
    fn writable(&self) -> Result<&LogWriter, StoreError> {
        match (&self.state, &self.writer) {
            (State::Poisoned(cause), _) => Err(StoreError::Poisoned { cause: cause.clone() }),
            (State::ReadOnly(reason), _) => Err(StoreError::ReadOnly { reason: reason.clone() }),
            (State::Open, Some(writer)) => Ok(writer),
            (State::Open, None) => Err(StoreError::ReadOnly { reason: "it was opened so".to_owned() }),
        }
    }

    /// Commits a plan. `Lost` means: catch up and plan again.
    fn commit(&mut self, plan: Plan<'_>) -> Result<Committed, StoreError> {
        let now = self.now();
        let Plan { writer, sealed, mut changes, note } = plan;
        let size = writer.head().size();
        let unnoted = size.saturating_sub(self.noted.map_or(0, |(noted, _)| noted));
        let note = if note || unnoted >= self.options.checkpoint_records {
            let stored = self.backend.last_note()?;
            // A checkpoint of records that are not read yet: another writer was faster, which is no inconsistency.
            if stored.as_ref().is_some_and(|note| note.size > self.head.size())
                && self.backend.size()?.is_some_and(|counted| counted > self.head.size())
            {
                self.projector.back_to(0);
                return Ok(Committed::Lost);
            }
            self.sign(&writer, sealed, stored)?
        } else {
            None
        };
        if self.backend.has_tables() && !sealed.is_empty() {
            for (table, (keys, rows)) in self.projector.changes() {
                changes.push(Change::Replace { table, keys, rows });
            }
            changes.push(Change::Applied { size });
        }
        let commit = Commit {
            expected: self.head.size(),
            head: writer.head(),
            records: sealed,
            note: note.as_ref(),
            changes: &changes,
            now: &at_text(now),
        };
        match self.backend.commit(&commit) {
            Ok(Committed::Done) => {
                sealed.iter().for_each(|sealed| self.tree.push(*sealed.event.leaf()));
                self.projector.commit();
                if let Some(note) = note {
                    self.noted = Some((note.size, now));
                }
                self.publish(writer);
                Ok(Committed::Done)
            }
            Ok(Committed::Lost) => {
                self.projector.back_to(0);
                Ok(Committed::Lost)
            }
            Err(fault) => {
                self.projector.back_to(0);
                match fault {
                    Fault::Poison(error) => {
                        self.state = State::Poisoned(error.to_string());
                        Err(StoreError::Poisoned { cause: error.to_string() })
                    }
                    Fault::Refused(error) => Err(error),
                    Fault::Lost(error) => {
                        // Whether it was committed shows in the log once it can be read again.
                        self.backend.reconnect().map_err(|_| error)?;
                        Ok(Committed::Lost)
                    }
                }
            }
        }
    }

    /// The checkpoint of the new size, unless it stands already.
    fn sign(
        &self,
        writer: &LogWriter,
        sealed: &[&Sealed],
        stored: Option<StoredNote>,
    ) -> Result<Option<StoredNote>, StoreError> {
        let size = writer.head().size();
        if stored.as_ref().is_some_and(|note| note.size == size) {
            return Ok(None);
        }
        let heads: Vec<_> = stored
            .iter()
            .map(|note| {
                finops_ledger::event::checkpoint::SignedCheckpoint::parse(note.note.as_bytes())
                    .map(|signed| signed.checkpoint.head)
            })
            .collect::<Result<_, _>>()?;
        let mut frontier = None;
        let note = writer.checkpoint(self.options.signer.as_ref(), &heads, |at| {
            // A note of another writer may lie within what is about to be committed.
            if at <= self.tree.size() {
                return self.tree.root_at(at);
            }
            let tree = frontier.get_or_insert_with(|| {
                let mut tree = self.tree.clone();
                sealed.iter().for_each(|sealed| tree.push(*sealed.event.leaf()));
                tree
            });
            tree.root_at(at)
        })?;
        Ok(Some(StoredNote { size, note, head: Some(writer.head().to_json().to_string()) }))
    }

    fn publish(&mut self, writer: LogWriter) {
        if writer.head().size() != self.head.size() {
            self.active_us = self.now();
        }
        self.head = writer.head().clone();
        self.shared.head.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&self.head);
        self.writer = Some(writer);
    }

    /// Reads and verifies what other writers appended.
    fn catch_up(&mut self) -> Result<(), StoreError> {
        let caught = self.read_on();
        if let Err(error) = &caught
            && !error.is_transient()
        {
            self.state = State::ReadOnly(error.to_string());
        }
        caught
    }

    fn read_on(&mut self) -> Result<(), StoreError> {
        let ring = self.next_ring.as_ref().unwrap_or(&self.ring);
        let mut verifier = Verifier::resume(self.head.clone(), Trust::Keyring(ring), &[], &[]);
        let (tree, projector) = (&mut self.tree, &mut self.projector);
        let mut taken = Ok(());
        let before = tree.size();
        let scanned = self.backend.scan(self.head.size(), u64::MAX, &mut |scanned| {
            taken = take(&scanned, &mut verifier, tree, Some(&mut *projector));
            taken.is_ok() && !verifier.has_failed()
        });
        let (verification, head) = verifier.finish();
        let verified = match verification.error {
            Some(error) => Err(StoreError::Verification { error, seq: verification.seq }),
            None => Ok(()),
        };
        // What was not read to its end is read again next time.
        if let Err(error) = scanned.and(taken).and(verified) {
            self.tree.truncate(before);
            self.projector.back_to(0);
            return Err(error);
        }
        self.projector.commit();
        let grown = head.size() != self.head.size();
        self.head = head;
        self.shared.head.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&self.head);
        if grown {
            self.active_us = self.now();
            self.take_next_ring();
            if self.writer.is_some() {
                self.writer = Some(LogWriter::open(self.head.clone(), &self.ring)?);
            }
        }
        Ok(())
    }

    /// Configures the secret of a rotation once its key is in force.
    fn take_next_ring(&mut self) {
        let in_force = |ring: &mut Keyring| ring.current().map(Master::kid) == self.head.kid;
        if let Some(ring) = self.next_ring.take_if(in_force) {
            self.ring = ring;
        }
    }

    /// Plans and commits until no other writer is faster.
    fn retry<T>(
        &mut self,
        mut plan: impl FnMut(&mut Self) -> Result<(Committed, T), StoreError>,
    ) -> Result<T, StoreError> {
        for _ in 0..ATTEMPTS {
            match plan(self) {
                Ok((Committed::Done, answer)) => return Ok(answer),
                Ok((Committed::Lost, _)) => self.catch_up()?,
                Err(error) => {
                    self.projector.back_to(0);
                    return Err(error);
                }
            }
        }
        Err(StoreError::Contention { attempts: ATTEMPTS })
    }
}

/// Checks a stored record against the columns beside it, and takes it into tree and state once it verifies.
fn take(
    scanned: &crate::backend::Scanned<'_>,
    verifier: &mut Verifier<'_>,
    tree: &mut Tree,
    projector: Option<&mut Projector>,
) -> Result<(), StoreError> {
    let Some(record) = &scanned.record else {
        // An empty line is malformed, as is what stands there.
        verifier.line(&[]);
        return Ok(());
    };
    match verifier.read(record) {
        Some((leaf, view)) => remember(record.seq, &leaf, &view, scanned.columns, tree, projector),
        None => Ok(()),
    }
}

/// Takes a record that is verified, or that an option trusts.
fn remember(
    seq: u64,
    leaf: &[u8; 32],
    view: &EventView<'_>,
    columns: Option<(&[u8], &str)>,
    tree: &mut Tree,
    projector: Option<&mut Projector>,
) -> Result<(), StoreError> {
    tree.push(*leaf);
    if let Some((stored, id)) = columns {
        if stored != leaf.as_slice() {
            return Err(StoreError::Column { column: "leaf", seq });
        }
        if id != view.id {
            return Err(StoreError::Column { column: "event_id", seq });
        }
    }
    match projector {
        Some(projector) if Projector::reads(view.kind) => projector.replay(&Entry::of_record(seq, view)),
        _ => Ok(()),
    }
}

/// The answer for a record.
fn appended(seq: u64, id: &str, existed: bool) -> Appended {
    Appended { seq, id: id.to_owned(), existed }
}

#[cfg(test)]
mod tests;
