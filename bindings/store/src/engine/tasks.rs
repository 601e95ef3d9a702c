//! What a store does beside appending: checkpoints, heartbeats, keys, proofs, attested rows, reports, redaction.

use super::{Engine, Plan, Request, State};
use crate::{
    Appended, Inclusion, StoreError, StoredEvent,
    backend::{Change, Committed, unsupported},
    bulk::{digest, members},
    options::at_text,
    table::{Row, Table},
};
use finops_core::error::shorten;
use finops_ledger::event::{
    canonical,
    checkpoint::{SignedCheckpoint, TreeHead},
    envelope::{Encoded, Stamp},
    hex,
    keys::{Keyring, Master},
    log::{Known, LogWriter, Sealed},
    merkle::Hash,
    receipt, redact,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::time::Duration;

/// The heartbeat of a log that names none (section 5 of the specification).
const HEARTBEAT_S: u64 = 3600;

/// Microseconds of `seconds`.
fn us(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000_000)
}

/// A report as it is issued.
pub(crate) struct IssuedReport {
    pub(crate) report_id: String,
    pub(crate) kind: String,
    pub(crate) label: String,
    pub(crate) period: String,
    pub(crate) as_of: TreeHead,
    pub(crate) body: String,
    pub(crate) actor: Option<String>,
}

impl Engine {
    /// When the next heartbeat and checkpoint are due, in microseconds since 1970; `None` when nothing will be.
    fn due(&self) -> (Option<i64>, Option<i64>) {
        if self.writable().is_err() {
            return (None, None);
        }
        let idle = us(self.head.heartbeat_s.unwrap_or(HEARTBEAT_S));
        let heartbeat = self.options.heartbeats.then(|| self.active_us.saturating_add(idle));
        let (size, at) = self.noted.unwrap_or((0, i64::MIN));
        let checkpoint = (self.head.size() > size).then(|| at.saturating_add(us(self.options.checkpoint_s)));
        (heartbeat, checkpoint)
    }

    /// How long the writer may sleep.
    pub(crate) fn sleep(&self) -> Duration {
        let (heartbeat, checkpoint) = self.due();
        let next = [heartbeat, checkpoint].into_iter().flatten().min().unwrap_or(i64::MAX);
        let wait = u64::try_from(next.saturating_sub(self.now())).unwrap_or_default();
        // At most an hour: the clock may be set meanwhile.
        Duration::from_micros(wait).min(Duration::from_secs(3600))
    }

    /// Does what is due.
    ///
    /// # Errors
    /// Whatever the store answers; the next tick tries again.
    pub(crate) fn tick(&mut self) -> Result<(), StoreError> {
        let now = self.now();
        let is_due = |at: Option<i64>| at.is_some_and(|at| at <= now);
        if is_due(self.due().0) {
            // Another writer's record is as good a sign of life.
            self.catch_up()?;
            if is_due(self.due().0) {
                let event = self.own("log.heartbeat", &json!({}))?;
                self.append_own(event, None, false)?;
            }
        }
        if is_due(self.due().1) {
            self.checkpoint()?;
        }
        Ok(())
    }

    /// An event of the log itself.
    fn own(&self, kind: &str, data: &Value) -> Result<Encoded, StoreError> {
        self.event_by(&self.options.actor, kind, data)
    }

    fn event_by(&self, actor: &str, kind: &str, data: &Value) -> Result<Encoded, StoreError> {
        let (id, at) = (crate::new_id(), at_text(self.now()));
        let stamp = Stamp { id: &id, at: &at, actor };
        Ok(Encoded::new(&self.options.origin, &stamp, kind, data)?)
    }

    fn append_own(
        &mut self,
        event: Encoded,
        extra: Option<super::batch::Extra>,
        note: bool,
    ) -> Result<Appended, StoreError> {
        let request = Request { events: vec![event], extra, note };
        let mut answers = self.append(std::slice::from_ref(&request));
        let answer = answers.pop().unwrap_or(Err(StoreError::Closed))?;
        answer.into_iter().next().ok_or(StoreError::Closed)
    }

    /// The checkpoint of the present size: the stored one, or a new one.
    pub(crate) fn checkpoint(&mut self) -> Result<String, StoreError> {
        self.retry(|engine| {
            if let Some(note) = engine.backend.last_note()?
                && note.size == engine.head.size()
            {
                engine.noted = Some((note.size, engine.now()));
                return Ok((Committed::Done, note.note));
            }
            let writer = engine.writable()?.clone();
            let plan = Plan { writer, sealed: &[], changes: Vec::new(), note: true };
            let committed = engine.commit(plan)?;
            let note = engine.backend.last_note()?.map(|note| note.note).unwrap_or_default();
            Ok((committed, note))
        })
    }

    /// Seals the change of key and signs a checkpoint by the old one.
    pub(crate) fn rotate(&mut self, new: &Master, id: &str) -> Result<Appended, StoreError> {
        let (at, actor) = (at_text(self.now()), self.options.actor.clone());
        let mut ring = Keyring::new(new.clone());
        let previous: Vec<Master> = self.ring.kids().filter_map(|kid| self.ring.get(kid)).cloned().collect();
        previous.into_iter().for_each(|master| ring.add(master));
        // Until the record is stored the old secret is the configured one.
        self.next_ring = Some(ring);
        let rotated = self.retry(|engine| {
            // A commit whose answer was lost is this very record: nobody else knows its id.
            if let Some(known) = engine.known(id)? {
                return Ok((Committed::Done, known.seq));
            }
            let mut writer = engine.writable()?.clone();
            let sealed = writer.rotate(new, &Stamp { id, at: &at, actor: &actor }, |_| None)?;
            engine.commit_one(writer, sealed)
        });
        self.take_next_ring();
        self.next_ring = None;
        Ok(super::appended(rotated?, id, false))
    }

    /// Seals a ratchet of the event key.
    pub(crate) fn ratchet(&mut self, id: &str) -> Result<Appended, StoreError> {
        let (at, actor) = (at_text(self.now()), self.options.actor.clone());
        let seq = self.retry(|engine| {
            if let Some(known) = engine.known(id)? {
                return Ok((Committed::Done, known.seq));
            }
            let mut writer = engine.writable()?.clone();
            let sealed = writer.ratchet(&Stamp { id, at: &at, actor: &actor }, |_| None)?;
            engine.commit_one(writer, sealed)
        })?;
        Ok(super::appended(seq, id, false))
    }

    fn known(&mut self, id: &str) -> Result<Option<Known>, StoreError> {
        Ok(self.backend.find(&[id])?.remove(id))
    }

    fn commit_one(&mut self, writer: LogWriter, sealed: Sealed) -> Result<(Committed, u64), StoreError> {
        let seq = sealed.seq;
        let plan = Plan { writer, sealed: &[&sealed], changes: Vec::new(), note: true };
        Ok((self.commit(plan)?, seq))
    }

    /// Records after a position, at most `limit`.
    pub(crate) fn events(&mut self, after: Option<u64>, limit: u64) -> Result<Vec<StoredEvent>, StoreError> {
        let from = after.map_or(0, |after| after.saturating_add(1));
        let limit = limit.min(self.head.size().saturating_sub(from));
        let mut events = Vec::new();
        self.backend.scan(from, limit, &mut |scanned| {
            if let Some(record) = scanned.record {
                let event = String::from_utf8_lossy(record.event).into_owned();
                events.push(StoredEvent { seq: record.seq, kid: record.kid, tag: record.tag, event });
            }
            true
        })?;
        Ok(events)
    }

    /// The proof that record `seq` is among the first `size`.
    pub(crate) fn prove_inclusion(&self, seq: u64, size: u64) -> Result<Inclusion, StoreError> {
        let missing = || StoreError::NotFound { what: "record", name: format!("{seq} of {size}") };
        let proof = self.tree.inclusion_proof(seq, size).ok_or_else(missing)?;
        let leaf = self.tree.leaf(seq).ok_or_else(missing)?;
        let root = self.tree.root_at(size).ok_or_else(missing)?;
        Ok(Inclusion { seq, leaf, proof, tree: TreeHead { size, root } })
    }

    /// The proof that the first `old` records begin the first `new`.
    pub(crate) fn prove_consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, StoreError> {
        let missing = || StoreError::NotFound { what: "pair of sizes", name: format!("{old}, {new}") };
        self.tree.consistency_proof(old, new).ok_or_else(missing)
    }

    /// The receipt of a record under the latest checkpoint that covers it; a new one is signed if none does.
    pub(crate) fn receipt(&mut self, seq: u64) -> Result<String, StoreError> {
        if seq >= self.head.size() {
            return Err(StoreError::NotFound { what: "record", name: seq.to_string() });
        }
        let covers = |note: &crate::backend::StoredNote| note.size > seq;
        let note = match self.backend.last_note()?.filter(covers) {
            Some(note) => note.note,
            None => self.checkpoint()?,
        };
        let size = SignedCheckpoint::parse(note.as_bytes())?.checkpoint.head.size;
        Ok(receipt::write(seq, &self.prove_inclusion(seq, size)?.proof, &note))
    }

    /// Stores bulk rows and attests them in the log.
    pub(crate) fn record_batch(
        &mut self,
        batch_id: &str,
        table: Table,
        rows: &[Value],
        replaces: Option<&str>,
    ) -> Result<Appended, StoreError> {
        if !self.backend.has_tables() {
            return Err(unsupported("file", "hold tables"));
        }
        let refuse = |path: &str, problem: &str| {
            Err(StoreError::Row { path: path.to_owned(), problem: problem.to_owned() })
        };
        if !Table::BULK.contains(&table) {
            return refuse(
                "table",
                "takes no bulk rows; use `cost_allocation`, `biz_kpis` or `dora_metrics`",
            );
        }
        let read = rows.iter().enumerate().map(|(index, row)| table.bulk_row(index, row, batch_id));
        let mut rows = read.collect::<Result<Vec<Row>, _>>()?;
        rows.sort();
        let keys = table.keys();
        if rows.windows(2).any(|pair| matches!(pair, [a, b] if a.get(..keys) == b.get(..keys))) {
            return refuse("rows", "name one key twice");
        }
        let sha256 = digest(&rows.iter().map(|row| members(table, row)).collect::<Vec<_>>())?;
        let count = rows.len();
        if let Some((seq, attested)) = self.attested(batch_id)? {
            return if attested == sha256 {
                Ok(super::appended(seq, batch_id, true))
            } else {
                refuse("batch_id", "is the id of a batch with other rows; give each batch an id of its own")
            };
        }
        let data = json!({ "batch_id": batch_id, "table": table.name(), "rows": count, "sha256": sha256 });
        let event = self.own("batch.recorded", &data)?;
        let (id, old) = (batch_id.to_owned(), replaces.map(str::to_owned));
        let extra = move |seqs: &[u64]| {
            let seq = seqs.first().copied().unwrap_or_default();
            let attested = json!({
                "batch_id": id, "table_name": table.name(), "rows": count, "sha256": sha256, "seq": seq,
            });
            let mut changes = Vec::new();
            changes.extend(old.iter().map(|old| Change::DeleteBatch { table, batch_id: old.clone() }));
            let attested = vec![Table::AttestedBatches.row(&attested)];
            changes.push(Change::Insert { table: Table::AttestedBatches, rows: attested });
            changes.push(Change::Insert { table, rows: rows.clone() });
            changes
        };
        self.append_own(event, Some(Box::new(extra)), false)
    }

    /// Position and digest of a batch.
    fn attested(&mut self, batch_id: &str) -> Result<Option<(u64, String)>, StoreError> {
        let rows = self.backend.rows(Table::AttestedBatches, Some(batch_id))?;
        let Some(row) = rows.first() else { return Ok(None) };
        let row = Table::AttestedBatches.object(row);
        let seq = row.get("seq").and_then(Value::as_u64).unwrap_or_default();
        Ok(Some((seq, row.get("sha256").and_then(Value::as_str).unwrap_or_default().to_owned())))
    }

    /// Are the stored rows of a batch those that the log attests?
    pub(crate) fn verify_batch(&mut self, batch_id: &str) -> Result<bool, StoreError> {
        let missing = || StoreError::NotFound { what: "batch", name: shorten(batch_id) };
        let (seq, _) = self.attested(batch_id)?.ok_or_else(missing)?;
        // What the log says counts, not the row beside it.
        let event = self.events(seq.checked_sub(1), 1)?.pop().ok_or_else(missing)?;
        let event = canonical::from_json(event.event.as_bytes())?;
        let attested = |name: &str| event.pointer(&format!("/data/{name}")).cloned().unwrap_or_default();
        let table = attested("table").as_str().and_then(Table::parse).ok_or_else(missing)?;
        let rows = self.backend.rows(table, Some(batch_id))?;
        let found = digest(&rows.iter().map(|row| members(table, row)).collect::<Vec<_>>())?;
        let same_kind = event.get("kind").and_then(Value::as_str) == Some("batch.recorded");
        Ok(same_kind && attested("batch_id") == json!(batch_id) && attested("sha256") == json!(found))
    }

    /// Stores a report, records that it was issued, and signs a checkpoint.
    pub(crate) fn issue(&mut self, report: IssuedReport) -> Result<Appended, StoreError> {
        let IssuedReport { report_id, kind, label, period, as_of, body, actor } = report;
        let (size, root) = (as_of.size, hex::encode(&as_of.root));
        if self.tree.root_at(size) != Some(as_of.root) {
            let problem = "is not the root of this log at that size".to_owned();
            return Err(StoreError::Row { path: "as_of".to_owned(), problem });
        }
        let sha256 = hex::encode(&Sha256::digest(body.as_bytes()));
        let data = json!({ "kind": kind, "period": period, "size": size, "sha256": sha256 });
        let event = self.event_by(actor.as_deref().unwrap_or(&self.options.actor), "report.issued", &data)?;
        let extra: Option<super::batch::Extra> = if self.backend.has_tables() {
            let row = Table::SavingsReports.row(&json!({
                "report_id": report_id, "kind": kind, "label": label, "period": period,
                "origin": self.options.origin, "as_of_size": size, "as_of_root": root, "body": body,
                "body_sha256": sha256,
            }));
            Some(Box::new(move |_| {
                vec![Change::Insert { table: Table::SavingsReports, rows: vec![row.clone()] }]
            }))
        } else {
            None
        };
        self.append_own(event, extra, true)
    }

    /// Forgets salt and value of a commitment and records that it was done.
    pub(crate) fn redact(
        &mut self,
        event_id: &str,
        field: &str,
        reason: &str,
    ) -> Result<Appended, StoreError> {
        if self.backend.kept(event_id, field)?.is_none() {
            return Err(StoreError::NotFound {
                what: "redactable value at",
                name: shorten(&format!("{event_id} {field}")),
            });
        }
        let event = self.own("redaction.performed", &redact::performed(event_id, field, reason))?;
        let (event_id, field) = (event_id.to_owned(), field.to_owned());
        let extra =
            move |_: &[u64]| vec![Change::Forget { event_id: event_id.clone(), field: field.clone() }];
        self.append_own(event, Some(Box::new(extra)), false)
    }

    /// The value that a commitment stands for, while it is kept.
    pub(crate) fn revealed(&mut self, event_id: &str, field: &str) -> Result<Option<String>, StoreError> {
        Ok(self.backend.kept(event_id, field)?.map(|(_, value)| value))
    }

    /// Every row of a table as objects, by key.
    pub(crate) fn rows(&mut self, table: Table) -> Result<Vec<Value>, StoreError> {
        let rows = if self.backend.has_tables() {
            self.backend.rows(table, None)?
        } else if Table::PROJECTIONS.contains(&table) {
            self.projector.rows(table)
        } else {
            return Err(unsupported(self.backend.name(), "hold tables"));
        };
        Ok(rows.iter().map(|row| table.object(row)).collect())
    }

    /// What the projections must hold, from the log alone.
    pub(crate) fn expected_rows(&self, table: Table) -> Vec<Value> {
        self.projector.rows(table).iter().map(|row| table.object(row)).collect()
    }

    /// Every checkpoint: size and note, smallest first.
    pub(crate) fn checkpoints(&mut self) -> Result<Vec<(u64, String)>, StoreError> {
        Ok(self.backend.notes()?.into_iter().map(|note| (note.size, note.note)).collect())
    }

    /// Takes in what other writers appended.
    pub(crate) fn refresh(&mut self) -> Result<(), StoreError> {
        match &self.state {
            State::Open => self.catch_up(),
            _ => Ok(()),
        }
    }

    /// A last checkpoint, if the log has records without one; then the store is let go.
    pub(crate) fn close(&mut self) -> Result<(), StoreError> {
        let unnoted = self.head.size() > self.noted.map_or(0, |(size, _)| size);
        let closed = if self.writable().is_ok() && unnoted { self.checkpoint().map(|_| ()) } else { Ok(()) };
        let refusals = self.refusals();
        self.backend.close();
        closed.and(refusals)
    }
}
