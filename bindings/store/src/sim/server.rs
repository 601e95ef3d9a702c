//! A database server in memory: transactions by compare-and-swap, a write-ahead log, connections that break at the worst
//! moment, and commits that arrive after their client has gone.

use super::{
    chance::{Bug, Fate, Fates},
    world::Place,
};
use crate::{
    StoreError,
    backend::{Backend, Change, Commit, Committed, Fault, Scanned, StoredNote},
    table::{Row, Table},
};
use finops_ledger::event::{
    keys::Kid,
    log::Known,
    merkle::Hash,
    record::{Record, Tag},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

#[derive(Debug, Clone)]
struct Stored {
    seq: u64,
    kid: String,
    tag: Tag,
    leaf: Hash,
    id: String,
    event: Vec<u8>,
}

/// What a transaction changes.
#[derive(Debug, Clone)]
struct Transaction {
    /// The log is made by it.
    makes: bool,
    records: Vec<Stored>,
    note: Option<StoredNote>,
    changes: Vec<Change>,
}

#[derive(Debug, Clone, Default)]
struct Content {
    exists: bool,
    counted: u64,
    records: Vec<Stored>,
    ids: BTreeMap<String, usize>,
    notes: BTreeMap<u64, StoredNote>,
    applied: BTreeMap<String, u64>,
    tables: BTreeMap<Table, BTreeMap<Row, Row>>,
}

impl Content {
    fn apply(&mut self, transaction: &Transaction) {
        self.exists |= transaction.makes;
        for record in &transaction.records {
            self.ids.insert(record.id.clone(), self.records.len());
            self.records.push(record.clone());
        }
        self.counted += u64::try_from(transaction.records.len()).unwrap();
        if let Some(note) = &transaction.note {
            self.notes.entry(note.size).or_insert_with(|| note.clone());
        }
        for change in &transaction.changes {
            match change {
                Change::Replace { table, keys, rows } => {
                    let of = self.tables.entry(*table).or_default();
                    of.retain(|key, _| !keys.iter().any(|gone| key[0].as_ref() == Some(gone)));
                    of.extend(rows.iter().map(|row| (row[..table.keys()].to_vec(), row.clone())));
                }
                Change::Insert { table, rows } => {
                    let rows = rows.iter().map(|row| (row[..table.keys()].to_vec(), row.clone()));
                    self.tables.entry(*table).or_default().extend(rows);
                }
                Change::Clear { table } => {
                    self.tables.remove(table);
                }
                Change::Applied { size } => {
                    let names = Table::PROJECTIONS.iter().map(|table| (table.name().to_owned(), *size));
                    self.applied.extend(names);
                }
                Change::DeleteBatch { .. } | Change::Keep { .. } | Change::Forget { .. } => {
                    panic!("the simulation has no bulk rows and no commitments")
                }
            }
        }
    }
}

#[derive(Debug)]
struct Server {
    fates: Fates,
    /// Every transaction; those of failed flushes are not readable after a crash.
    wal: Vec<(Transaction, bool)>,
    /// How many of them are durable.
    flushed: usize,
    visible: Content,
    /// A commit whose client is gone: it holds its locks until it ends.
    in_doubt: Option<Transaction>,
}

impl Server {
    fn end_in_doubt(&mut self) {
        if let Some(transaction) = self.in_doubt.take()
            && self.fates.rng.chance(500)
        {
            self.store(transaction, true);
        }
    }

    fn store(&mut self, transaction: Transaction, readable: bool) {
        self.visible.apply(&transaction);
        self.wal.push((transaction, readable));
        if self.fates.bug != Some(Bug::AnswerBeforeSync) || self.fates.rng.chance(300) {
            self.flushed = self.wal.len();
        }
    }

    /// The server dies and recovers from its write-ahead log.
    fn crash(&mut self) {
        self.end_in_doubt();
        let survives = self.flushed + self.fates.rng.below(self.wal.len() - self.flushed + 1);
        let readable = self.wal.iter().take_while(|(_, readable)| *readable).count();
        self.wal.truncate(survives.min(readable));
        self.flushed = self.wal.len();
        let mut content = Content::default();
        self.wal.iter().for_each(|(transaction, _)| content.apply(transaction));
        self.visible = content;
    }
}

struct Connection {
    server: Arc<Mutex<Server>>,
    process: usize,
}

fn cut() -> StoreError {
    StoreError::Unavailable { problem: "connection closed".to_owned() }
}

impl Connection {
    /// Asks the server, which does not answer if the connection breaks.
    fn ask(&self) -> Result<MutexGuard<'_, Server>, StoreError> {
        let mut server = self.server.lock().unwrap();
        match server.fates.next(self.process) {
            Ok(Fate::Works) => Ok(server),
            _ => Err(cut()),
        }
    }
}

impl Backend for Connection {
    fn name(&self) -> &'static str {
        "simulation"
    }

    fn has_tables(&self) -> bool {
        true
    }

    fn size(&mut self) -> Result<Option<u64>, StoreError> {
        let server = self.ask()?;
        Ok(server.visible.exists.then_some(server.visible.counted))
    }

    fn create(&mut self) -> Result<(), StoreError> {
        let mut server = self.ask()?;
        if !server.visible.exists {
            let (records, changes) = (Vec::new(), Vec::new());
            server.store(Transaction { makes: true, records, note: None, changes }, true);
        }
        Ok(())
    }

    fn scan(
        &mut self,
        from: u64,
        limit: u64,
        sink: &mut dyn FnMut(Scanned<'_>) -> bool,
    ) -> Result<(), StoreError> {
        let server = self.ask()?;
        let rows = server.visible.records.iter().filter(|stored| stored.seq >= from);
        for stored in rows.take(usize::try_from(limit).unwrap_or(usize::MAX)) {
            let (seq, tag) = (stored.seq, stored.tag);
            let record = Kid::parse(&stored.kid).map(|kid| Record { seq, kid, tag, event: &stored.event });
            if !sink(Scanned { record, columns: Some((&stored.leaf, &stored.id)) }) {
                break;
            }
        }
        Ok(())
    }

    fn find(&mut self, ids: &[&str]) -> Result<BTreeMap<String, Known>, StoreError> {
        let server = self.ask()?;
        let known = |id: &&str| {
            let stored = &server.visible.records[*server.visible.ids.get(*id)?];
            Some(((*id).to_owned(), Known { seq: stored.seq, leaf: stored.leaf }))
        };
        Ok(ids.iter().filter_map(known).collect())
    }

    fn commit(&mut self, commit: &Commit<'_>) -> Result<Committed, Fault> {
        let mut server = self.server.lock().unwrap();
        let fate = server.fates.next(self.process).map_err(|_| Fault::Lost(cut()))?;
        // Before or after the server took the commit.
        let (before, late) = (server.fates.rng.chance(400), server.fates.rng.chance(500));
        if fate != Fate::Works && before {
            return Err(Fault::Lost(cut()));
        }
        // Whoever holds the row of the head is waited for.
        server.end_in_doubt();
        let blind = server.fates.bug == Some(Bug::NoCompare);
        if commit.expected != server.visible.counted && !blind {
            return Ok(Committed::Lost);
        }
        let stored = |sealed: &&finops_ledger::event::log::Sealed| Stored {
            seq: sealed.seq,
            kid: sealed.kid.to_string(),
            tag: sealed.tag,
            leaf: *sealed.event.leaf(),
            id: sealed.event.id().to_owned(),
            event: sealed.event.bytes().to_vec(),
        };
        let mut transaction = Transaction {
            makes: false,
            records: commit.records.iter().map(stored).collect(),
            note: commit.note.cloned(),
            changes: commit.changes.to_vec(),
        };
        if transaction.records.iter().any(|record| server.visible.ids.contains_key(&record.id)) && !blind {
            let problem = "duplicate key value violates unique constraint".to_owned();
            return Err(Fault::Refused(StoreError::Database { problem }));
        }
        if server.fates.bug == Some(Bug::HalfTransaction) && server.fates.rng.chance(50) {
            transaction.records.truncate(transaction.records.len() / 2);
            server.store(transaction, true);
            return Err(Fault::Lost(cut()));
        }
        if fate != Fate::Works {
            if late {
                server.in_doubt = Some(transaction);
            } else {
                server.store(transaction, true);
            }
            return Err(Fault::Lost(cut()));
        }
        let (refuses, fails, poisons) = {
            let odds = server.fates.odds.cut;
            let rng = &mut server.fates.rng;
            (rng.chance(odds), rng.chance(odds), rng.chance(odds / 2))
        };
        if refuses {
            let problem = "could not serialize access".to_owned();
            return Err(Fault::Refused(StoreError::Database { problem }));
        }
        if poisons {
            // As SQLite answers an error of the disk: it is there or not.
            if late {
                server.store(transaction, true);
            }
            return Err(Fault::Poison(StoreError::Database { problem: "disk I/O error".to_owned() }));
        }
        if fails {
            if server.fates.bug == Some(Bug::RetriedSync) {
                server.store(transaction, false);
                return Ok(Committed::Done);
            }
            // A server that cannot flush its log stops, and recovers what is readable.
            if late {
                server.wal.push((transaction, true));
            }
            server.crash();
            return Err(Fault::Lost(cut()));
        }
        server.store(transaction, true);
        Ok(Committed::Done)
    }

    fn notes(&mut self) -> Result<Vec<StoredNote>, StoreError> {
        Ok(self.ask()?.visible.notes.values().cloned().collect())
    }

    fn last_note(&mut self) -> Result<Option<StoredNote>, StoreError> {
        Ok(self.ask()?.visible.notes.values().next_back().cloned())
    }

    fn applied(&mut self) -> Result<BTreeMap<String, u64>, StoreError> {
        Ok(self.ask()?.visible.applied.clone())
    }

    fn rows(&mut self, table: Table, _batch_id: Option<&str>) -> Result<Vec<Row>, StoreError> {
        let server = self.ask()?;
        Ok(server.visible.tables.get(&table).into_iter().flat_map(BTreeMap::values).cloned().collect())
    }

    fn kept(&mut self, _event_id: &str, _field: &str) -> Result<Option<(Vec<u8>, String)>, StoreError> {
        Ok(None)
    }

    fn reconnect(&mut self) -> Result<(), StoreError> {
        self.ask().map(|_| ())
    }
}

/// A log in that server.
pub(super) struct ServerPlace {
    server: Arc<Mutex<Server>>,
    kept: Option<Content>,
}

impl ServerPlace {
    pub(super) fn new(fates: Fates) -> Self {
        let (wal, visible) = (Vec::new(), Content::default());
        let server = Server { fates, wal, flushed: 0, visible, in_doubt: None };
        Self { server: Arc::new(Mutex::new(server)), kept: None }
    }
}

impl Place for ServerPlace {
    fn has_tables(&self) -> bool {
        true
    }

    fn fates<T>(&self, look: impl FnOnce(&mut Fates) -> T) -> T {
        look(&mut self.server.lock().unwrap().fates)
    }

    fn connect(&self, process: usize) -> Result<Box<dyn Backend>, StoreError> {
        Ok(Box::new(Connection { server: Arc::clone(&self.server), process }))
    }

    fn power_loss(&mut self) {
        let mut server = self.server.lock().unwrap();
        server.fates.kill_all();
        server.crash();
    }

    fn keep(&mut self) {
        self.kept = Some(self.server.lock().unwrap().visible.clone());
    }

    fn restore(&mut self) {
        self.server.lock().unwrap().visible = self.kept.take().unwrap();
    }

    fn flip_a_bit(&mut self) -> Option<String> {
        let mut server = self.server.lock().unwrap();
        let Server { fates: Fates { rng, .. }, visible, .. } = &mut *server;
        let flip = |bytes: &mut [u8], rng: &mut super::chance::Rng| {
            let (byte, bit) = (rng.below(bytes.len()), rng.below(7));
            bytes[byte] ^= 1 << bit;
        };
        let text = |text: &mut String, rng: &mut super::chance::Rng| {
            let mut bytes = std::mem::take(text).into_bytes();
            flip(&mut bytes, rng);
            *text = String::from_utf8_lossy(&bytes).into_owned();
        };
        let (row, note) = (rng.below(visible.records.len()), rng.below(visible.notes.len()));
        let what = rng.below(8);
        if what == 7 {
            text(&mut visible.notes.values_mut().nth(note)?.note, rng);
            return Some(format!("a bit of note {note}"));
        }
        let record = visible.records.get_mut(row)?;
        match what {
            0 => text(&mut record.kid, rng),
            1 => flip(&mut record.tag, rng),
            2 => flip(&mut record.leaf, rng),
            3 => text(&mut record.id, rng),
            4 => record.seq ^= 1 << rng.below(3),
            5 => visible.counted ^= 1,
            _ => flip(&mut record.event, rng),
        }
        Some(format!("a bit of member {what} of row {row}"))
    }

    fn drop_projections(&mut self) {
        let mut server = self.server.lock().unwrap();
        Table::PROJECTIONS.iter().for_each(|table| {
            server.visible.tables.remove(table);
        });
        server.visible.applied.clear();
    }
}
