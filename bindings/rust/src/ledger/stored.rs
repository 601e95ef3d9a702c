//! A log in a store.

use super::{
    EventLogError, LogOptions, LogRecord, NewEvent, Opened, Secrets,
    backing::{Backing, Inclusion},
};
use finops_ledger::event::{
    checkpoint::TreeHead,
    hex,
    keys::Master,
    merkle::{Hash, empty_root},
    note::Vkey,
    verify::{Anchor, Verification},
};
use finops_ledger::report::Report;
use finops_store::{Options, Store};
use serde_json::Value;
use std::sync::Arc;

pub(super) struct StoredLog(Store);

impl StoredLog {
    pub(super) fn open(
        url: &str,
        origin: &str,
        secrets: &Secrets,
        options: &LogOptions,
    ) -> Result<Self, EventLogError> {
        let store = Store::open(
            url,
            secrets.keyring(),
            Options {
                read_only: options.read_only,
                must_exist: options.must_exist,
                four_eyes_above: options.four_eyes_above.clone(),
                heartbeat_s: options.heartbeat_s,
                signer: secrets.signer().cloned(),
                clock: Arc::new(options.clock),
                ..Options::new(origin)
            },
        )?;
        Ok(Self(store))
    }
}

fn stored(event: NewEvent) -> finops_store::NewEvent {
    let NewEvent { kind, data, actor, id, at } = event;
    finops_store::NewEvent { kind, data, actor, id, at }
}

impl Backing for StoredLog {
    fn is_quick(&self) -> bool {
        false
    }

    fn append(&self, events: Vec<NewEvent>) -> Result<Vec<u64>, EventLogError> {
        let appended = self.0.append_many(events.into_iter().map(stored).collect())?;
        Ok(appended.into_iter().map(|appended| appended.seq).collect())
    }

    fn append_nowait(&self, event: NewEvent) -> Result<(), EventLogError> {
        self.0.append_nowait(stored(event))?;
        Ok(())
    }

    fn flush(&self) -> Result<(), EventLogError> {
        Ok(self.0.flush()?)
    }

    fn close(&self) -> Result<(), EventLogError> {
        Ok(self.0.close()?)
    }

    fn head(&self) -> Result<TreeHead, EventLogError> {
        Ok(self.0.head().tree_head())
    }

    fn root_at(&self, size: u64) -> Result<Option<Hash>, EventLogError> {
        let head = self.0.head().tree_head();
        match size.checked_sub(1) {
            None => Ok(Some(empty_root())),
            Some(_) if size == head.size => Ok(Some(head.root)),
            Some(_) if size > head.size => Ok(None),
            Some(last) => Ok(Some(self.0.prove_inclusion(last, Some(size))?.tree.root)),
        }
    }

    fn inclusion(&self, seq: u64, size: u64) -> Result<Inclusion, EventLogError> {
        let finops_store::Inclusion { leaf, proof, tree, .. } = self.0.prove_inclusion(seq, Some(size))?;
        Ok(Inclusion { leaf, proof, tree })
    }

    fn consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, EventLogError> {
        Ok(self.0.prove_consistency(old, new)?)
    }

    fn records(&self, after: Option<u64>, limit: u64) -> Result<Vec<LogRecord>, EventLogError> {
        let events = self.0.events(after, limit)?.into_iter();
        Ok(events
            .map(|e| LogRecord { seq: e.seq, kid: e.kid, tag: e.tag, event: e.event.into_bytes() })
            .collect())
    }

    fn checkpoint(&self) -> Result<String, EventLogError> {
        Ok(self.0.checkpoint()?)
    }

    fn receipt(&self, seq: u64) -> Result<String, EventLogError> {
        Ok(self.0.receipt(seq)?)
    }

    fn verify(&self, anchors: &[Anchor<'_>], vkeys: &[Vkey]) -> Result<Option<Verification>, EventLogError> {
        let note = |anchor: &Anchor<'_>| match anchor {
            Anchor::Note(note) => Some(note.to_vec()),
            Anchor::Head(_) => None,
        };
        let notes: Option<Vec<Vec<u8>>> = anchors.iter().map(note).collect();
        // The store compares with its own checkpoints too, but takes no bare roots.
        let Some(notes) = notes else { return Ok(None) };
        let notes: Vec<&[u8]> = notes.iter().map(Vec::as_slice).collect();
        Ok(Some(self.0.verify(&notes, vkeys)?))
    }

    fn rotate(&self, new: &Master) -> Result<u64, EventLogError> {
        Ok(self.0.rotate(new)?.seq)
    }

    fn ratchet(&self) -> Result<u64, EventLogError> {
        Ok(self.0.ratchet()?.seq)
    }

    fn commit(&self, value: &str) -> Result<Value, EventLogError> {
        Ok(self.0.commit(value)?)
    }

    fn reveal(&self, event_id: &str, field: &str) -> Result<Option<String>, EventLogError> {
        Ok(self.0.reveal(event_id, field)?)
    }

    fn redact(&self, event_id: &str, field: &str, reason: &str) -> Result<u64, EventLogError> {
        Ok(self.0.redact(event_id, field, reason)?.seq)
    }

    fn opened(&self) -> Opened {
        let report = self.0.report();
        Opened {
            created: report.verification.size == 0 && report.error.is_none(),
            verified_since: report.verified_since,
            error: report.error.clone().map(EventLogError::from),
            torn_tail: report.torn_tail.clone(),
            rebuilt: report.rebuilt.iter().map(|table| table.name()).collect(),
        }
    }

    fn rebuild(&self) -> Result<Vec<&'static str>, EventLogError> {
        Ok(self.0.rebuild()?.iter().map(|table| table.name()).collect())
    }

    fn issue(&self, report: &Report, body: &str, actor: &str) -> Result<u64, EventLogError> {
        let root = report.inputs.root.as_deref().and_then(hex::decode_array::<32>);
        let as_of = TreeHead { size: report.size, root: root.unwrap_or_default() };
        let period = &report.period;
        let issued = self.0.issue_report(
            period.cadence.as_str(),
            &period.label,
            &period.label,
            as_of,
            body,
            Some(actor),
        )?;
        Ok(issued.seq)
    }
}
