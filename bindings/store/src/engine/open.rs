//! Opening: verify what is stored, build what follows from it, and only then let anyone write.

use super::{Engine, Plan, Shared, State, remember, take};
use crate::{
    OpenReport, OpenVerify, StoreError,
    backend::{Backend, Change, Committed, StoredNote},
    options::{Options, at_text},
    projection::Projector,
    table::Table,
};
use finops_ledger::event::{
    envelope::{EventError, EventView, Stamp},
    head::Head,
    keys::{KeyError, Keyring},
    log::LogWriter,
    merkle::{Frontier, Tree, leaf_hash},
    note::Vkey,
    record::FIRST_TAG,
    verify::{Anchor, Failure, Trust, Verification, Verifier},
};
use std::sync::{Arc, Mutex};

/// What reading a log gave.
struct Read {
    verification: Verification,
    head: Head,
    tree: Tree,
    projector: Projector,
    /// Why the log may not be written to, if it may not.
    refused: Option<StoreError>,
    since: Option<u64>,
}

impl Engine {
    pub(crate) fn open(
        mut backend: Box<dyn Backend>,
        ring: &Keyring,
        options: Options,
    ) -> Result<Self, StoreError> {
        if !finops_ledger::event::envelope::is_origin(&options.origin) {
            let problem = "must name a log, for example `acme.example/finops/prod`";
            return Err(EventError::Field { path: "/log".to_owned(), problem }.into());
        }
        if backend.size()?.is_none() {
            if options.read_only || options.must_exist {
                let name = finops_core::error::shorten(&options.origin);
                return Err(StoreError::NotFound { what: "log", name });
            }
            backend.create()?;
        }
        let vkeys: Vec<Vkey> = match &options.signer {
            Some(signer) => vec![Vkey::parse(&signer.vkey(&options.origin))?],
            None => Vec::new(),
        };
        let notes = backend.notes()?;
        let read = read(&mut *backend, ring, &options, &notes, &vkeys)?;
        if let Some(error) =
            read.refused.as_ref().filter(|error| !options.read_only && is_wrong_secret(error))
        {
            return Err(error.clone());
        }
        let report = OpenReport {
            verification: read.verification,
            verified_since: read.since,
            error: read.refused.clone(),
            torn_tail: None,
            rebuilt: Vec::new(),
        };
        let state = read.refused.as_ref().map_or(State::Open, |error| State::ReadOnly(error.to_string()));
        let shared = Shared { head: Mutex::new(read.head.clone()), commitments: Mutex::default() };
        let active_us = (options.clock)();
        let noted = notes.last().map(|note| (note.size, active_us));
        let mut engine = Self {
            backend,
            ring: ring.clone(),
            next_ring: None,
            vkeys,
            writer: None,
            head: read.head,
            tree: read.tree,
            projector: read.projector,
            state,
            active_us,
            noted,
            shared: Arc::new(shared),
            report,
            refused_nowait: 0,
            first_nowait: None,
            options,
        };
        if !engine.options.read_only && read.refused.is_none() {
            engine.backend.settle()?;
            engine.report.torn_tail = engine.backend.cut_torn_tail()?;
            engine.begin()?;
            engine.rebuild(false)?;
        }
        Ok(engine)
    }

    /// Makes the writer; an empty log gets its first record.
    fn begin(&mut self) -> Result<(), StoreError> {
        let (id, at) = (crate::new_id(), at_text(self.now()));
        self.retry(|engine| {
            if engine.head.size() > 0 {
                // Another process may have begun the log at the same moment.
                engine.writer = Some(LogWriter::open(engine.head.clone(), &engine.ring)?);
                return Ok((Committed::Done, ()));
            }
            let master = engine.ring.current().ok_or(KeyError::Missing)?;
            let stamp = Stamp { id: &id, at: &at, actor: &engine.options.actor };
            let (origin, heartbeat_s) = (&engine.options.origin, engine.options.heartbeat_s);
            let (writer, first) = LogWriter::create(origin, master, &stamp, heartbeat_s)?;
            let plan = Plan { writer, sealed: &[&first], changes: Vec::new(), note: true };
            Ok((engine.commit(plan)?, ()))
        })
    }

    /// Writes the projections anew, all of them or those that lag behind the log.
    pub(crate) fn rebuild(&mut self, all: bool) -> Result<Vec<Table>, StoreError> {
        if !self.backend.has_tables() {
            return Ok(Vec::new());
        }
        let rebuilt = self.retry(|engine| {
            let applied = engine.backend.applied()?;
            let size = engine.head.size();
            let stale = |table: &Table| all || applied.get(table.name()) != Some(&size);
            let stale: Vec<Table> = Table::PROJECTIONS.into_iter().filter(stale).collect();
            if stale.is_empty() {
                return Ok((Committed::Done, stale));
            }
            let mut changes = Vec::new();
            for table in &stale {
                changes.push(Change::Clear { table: *table });
                changes.push(Change::Insert { table: *table, rows: engine.projector.rows(*table) });
            }
            changes.push(Change::Applied { size });
            let writer = engine.writable()?.clone();
            let plan = Plan { writer, sealed: &[], changes, note: false };
            Ok((engine.commit(plan)?, stale))
        })?;
        self.report.rebuilt.clone_from(&rebuilt);
        Ok(rebuilt)
    }

    /// Verifies the whole log again, against its checkpoints and those given.
    pub(crate) fn verify(&mut self, anchors: &[Vec<u8>], vkeys: &[Vkey]) -> Result<Verification, StoreError> {
        let notes = self.backend.notes()?;
        let anchors: Vec<Anchor<'_>> = notes
            .iter()
            .map(|note| Anchor::Note(note.note.as_bytes()))
            .chain(anchors.iter().map(|note| Anchor::Note(note)))
            .collect();
        let vkeys: Vec<Vkey> = self.vkeys.iter().chain(vkeys).cloned().collect();
        let mut verifier =
            Verifier::new(Some(&self.options.origin), Trust::Keyring(&self.ring), &anchors, &vkeys);
        self.backend.scan(0, u64::MAX, &mut |scanned| {
            match &scanned.record {
                Some(record) => verifier.record(record),
                None => verifier.line(&[]),
            }
            !verifier.has_failed()
        })?;
        verifier.torn_tail(self.backend.torn_tail());
        Ok(verifier.finish().0)
    }
}

/// Does the log look false only because its secret is not in the ring? That is no state to go on from (section 4).
const fn is_wrong_secret(error: &StoreError) -> bool {
    matches!(error, StoreError::Verification { error: Failure::UnknownKey, .. })
}

fn read(
    backend: &mut dyn Backend,
    ring: &Keyring,
    options: &Options,
    notes: &[StoredNote],
    vkeys: &[Vkey],
) -> Result<Read, StoreError> {
    if options.open_verify == OpenVerify::SinceCheckpoint
        && let Some(read) = read_since(backend, ring, options, notes, vkeys)?
    {
        return Ok(read);
    }
    let anchors: Vec<Anchor<'_>> = notes.iter().map(|note| Anchor::Note(note.note.as_bytes())).collect();
    let verifier = Verifier::new(Some(&options.origin), Trust::Keyring(ring), &anchors, vkeys);
    let tree = Tree::new();
    let projector = Projector::new(options.four_eyes_above.clone());
    read_records(backend, options, verifier, tree, projector, 0)
}

/// Trusts the records before the last one of the latest checkpoint as far as its signed root covers their leaves; `None`
/// if there is no checkpoint to trust, and then everything is verified.
///
/// The head beside a checkpoint is not signed. Its last record is therefore verified too: only the true tag before it,
/// key and epoch seal it.
fn read_since(
    backend: &mut dyn Backend,
    ring: &Keyring,
    options: &Options,
    notes: &[StoredNote],
    vkeys: &[Vkey],
) -> Result<Option<Read>, StoreError> {
    let Some(note) = notes.last() else { return Ok(None) };
    let head = note.head.as_deref().and_then(|head| serde_json::from_str(head).ok());
    let Some(head) = head.and_then(|head| Head::from_json(&head).ok()) else { return Ok(None) };
    let Some(base) = note.size.checked_sub(1).filter(|base| *base > 0 && head.size() == note.size) else {
        return Ok(None);
    };
    let mut before = Head { tag: FIRST_TAG, frontier: Frontier::new(), at_us: None, tail_kid: None, ..head };
    let (mut tree, mut projector) = (Tree::new(), Projector::new(options.four_eyes_above.clone()));
    let mut taken = Ok(());
    let mut last_kind = String::new();
    backend.scan(0, note.size, &mut |scanned| {
        let Some(record) = &scanned.record else { return false };
        let Ok(view) = EventView::parse(record.event) else { return false };
        if record.seq == base {
            view.kind.clone_into(&mut last_kind);
            return false;
        }
        // The leaf is computed, so the root covers the bytes; only the tags are not checked.
        let leaf = leaf_hash(record.event);
        before.frontier.push(leaf);
        before.tag = record.tag;
        taken = remember(record.seq, &leaf, &view, scanned.columns, &mut tree, Some(&mut projector));
        taken.is_ok() && tree.size() == record.seq.saturating_add(1)
    })?;
    // After a change of keys the head of the checkpoint names others than those that sealed its last record.
    if taken.is_err() || tree.size() != base || last_kind.is_empty() || last_kind.starts_with("key.") {
        return Ok(None);
    }
    let anchors = [Anchor::Note(note.note.as_bytes())];
    let verifier = Verifier::resume(before, Trust::Keyring(ring), &anchors, vkeys);
    let read = read_records(backend, options, verifier, tree, projector, base)?;
    // Whatever is wrong, the whole log says it better.
    Ok(if read.refused.is_none() { Some(Read { since: Some(base), ..read }) } else { None })
}

fn read_records(
    backend: &mut dyn Backend,
    options: &Options,
    mut verifier: Verifier<'_>,
    mut tree: Tree,
    mut projector: Projector,
    from: u64,
) -> Result<Read, StoreError> {
    let mut taken = Ok(());
    let mut counted;
    loop {
        let before = tree.size();
        backend.scan(tree.size().max(from), u64::MAX, &mut |scanned| {
            // After a fault that the signed bytes do not show, they are still verified; state past it is not known.
            let known = taken.is_ok().then_some(&mut projector);
            let next = take(&scanned, &mut verifier, &mut tree, known);
            if taken.is_ok() {
                taken = next;
            }
            !verifier.has_failed()
        })?;
        counted = backend.size()?.unwrap_or_default();
        // Another writer may have appended since the scan; a second one without progress means that records are gone.
        if verifier.has_failed() || counted == tree.size() || tree.size() == before {
            break;
        }
    }
    if options.read_only {
        verifier.torn_tail(backend.torn_tail());
    }
    let (verification, head) = verifier.finish();
    let failed = verification.error.map(|error| StoreError::Verification { error, seq: verification.seq });
    let found = tree.size();
    let miscounted = (counted != found).then_some(StoreError::Head { counted, found });
    projector.commit();
    let refused = taken.err().or(failed).or(miscounted);
    Ok(Read { verification, head, tree, projector, refused, since: None })
}
