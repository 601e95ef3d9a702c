//! The handle that callers hold. One thread owns the engine; this sends it requests.

use crate::{
    Appended, Inclusion, NewEvent, OpenReport, Options, StoreError, StoredEvent, Table,
    backend::{self, Backend},
    engine::{Engine, Pending, Reply, Request, Shared},
    new_id,
    options::{Clock, at_text},
    projection::Folded,
    url::Location,
    writer::{Message, Task, run},
};
use finops_ledger::{
    event::{
        checkpoint::TreeHead,
        envelope::{Encoded, Stamp},
        head::Head,
        hex,
        keys::{Keyring, Master},
        note::Vkey,
        redact,
        verify::Verification,
    },
    savings::SavingsLedger,
};
use serde_json::Value;
use std::{
    fmt, io,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        mpsc::{SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
};

/// How many records [`Store::export`] reads at once.
const PAGE: u64 = 1000;

/// An event log with its tables, in SQLite, `PostgreSQL` or a file. It can be shared between threads.
///
/// ```
/// use finops_store::{Keyring, NewEvent, Options, Store};
///
/// let keyring = Keyring::from_secrets("0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0", [])?;
/// let store = Store::open("sqlite::memory:", &keyring, Options::new("acme.example/prod"))?;
/// let event = NewEvent::new("acme.deploy", serde_json::json!({"version": "1.4.2"}), "svc:ci");
/// assert_eq!(store.append(event)?.seq, 1);
/// assert!(store.verify(&[], &[])?.ok());
/// store.close()?;
/// # Ok::<(), finops_store::StoreError>(())
/// ```
pub struct Store {
    sender: SyncSender<Message>,
    shared: Arc<Shared>,
    folded: Arc<RwLock<Folded>>,
    report: OpenReport,
    origin: String,
    queue_max: usize,
    clock: Clock,
    has_tables: bool,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("origin", &self.origin)
            .field("size", &self.size())
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the log `options.origin` at an address, makes it if there is none, verifies it and rebuilds projections that
    /// lag behind.
    ///
    /// | address | store |
    /// |---|---|
    /// | `sqlite:///ledger.db`, `sqlite:////var/ledger.db`, `ledger.db` | SQLite: relative, absolute, relative |
    /// | `sqlite::memory:` | SQLite that ends with the store |
    /// | `postgres://user:password@host/database` | `PostgreSQL` 15 and later |
    /// | `file:///var/ledger.log` | a file of records; no tables |
    ///
    /// A log that fails its verification opens for reading only: [`OpenReport::error`] says why. A secret that is not the
    /// log's opens nothing, unless [`Options::read_only`] asks for it.
    ///
    /// # Errors
    /// `ledger.verify.unknown_key`, `store.url`, `store.locked`, `store.busy`, `store.unavailable`, `store.io`, `store.database`,
    /// `store.migration_changed`, `store.schema_newer`, `store.not_found`, `ledger.key.rotation_required`.
    pub fn open(url: &str, keyring: &Keyring, options: Options) -> Result<Self, StoreError> {
        let (origin, read_only) = (options.origin.as_str(), options.read_only);
        let location = Location::parse(url)?;
        if options.must_exist
            && let Location::Sqlite(path) | Location::File(path) = &location
            && !path.exists()
        {
            let name = finops_core::error::shorten(&path.display().to_string());
            return Err(StoreError::NotFound { what: "store", name });
        }
        let backend: Box<dyn Backend> = match location {
            Location::SqliteMemory => Box::new(backend::sqlite::Sqlite::open(None, origin, read_only)?),
            Location::Sqlite(path) => {
                Box::new(backend::sqlite::Sqlite::open(Some(&path), origin, read_only)?)
            }
            #[cfg(feature = "postgres")]
            Location::Postgres(url) => Box::new(backend::postgres::Postgres::open(&url, origin, read_only)?),
            #[cfg(not(feature = "postgres"))]
            Location::Postgres(url) => {
                let problem = "needs the feature `postgres`, which this build does not have";
                return Err(StoreError::Url { url: crate::url::shown(&url), problem });
            }
            Location::File(path) => {
                Box::new(backend::file::Records::open(&path, read_only, backend::disk::Os)?)
            }
        };
        Self::start(backend, keyring, options)
    }

    pub(crate) fn start(
        backend: Box<dyn Backend>,
        keyring: &Keyring,
        options: Options,
    ) -> Result<Self, StoreError> {
        let has_tables = backend.has_tables();
        let (origin, queue_max, clock) =
            (options.origin.clone(), options.queue_max.max(1), options.clock.clone());
        let engine = Engine::open(backend, keyring, options)?;
        let (shared, folded, report) = (engine.shared(), engine.folded(), engine.report().clone());
        let (sender, receiver) = sync_channel(queue_max);
        let writer = std::thread::Builder::new()
            .name("finops-store".to_owned())
            .spawn(move || run(engine, &receiver))
            .map_err(|error| StoreError::Io { path: "thread".to_owned(), problem: error.to_string() })?;
        let writer = Mutex::new(Some(writer));
        Ok(Self { sender, shared, folded, report, origin, queue_max, clock, has_tables, writer })
    }

    /// What opening found and did.
    #[must_use]
    pub const fn report(&self) -> &OpenReport {
        &self.report
    }

    /// The name of the log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Where the log stands after the last commit that this store made or saw.
    #[must_use]
    pub fn head(&self) -> Head {
        self.shared.head.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The number of records.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.shared.head.lock().unwrap_or_else(PoisonError::into_inner).size()
    }

    /// The root of the tree over the records.
    #[must_use]
    pub fn root(&self) -> [u8; 32] {
        self.head().frontier.root()
    }

    fn encode(&self, event: &NewEvent) -> Result<Encoded, StoreError> {
        let id = event.id.clone().unwrap_or_else(new_id);
        let at = event.at.clone().unwrap_or_else(|| at_text((self.clock)()));
        let stamp = Stamp { id: &id, at: &at, actor: &event.actor };
        Ok(Encoded::new(&self.origin, &stamp, &event.kind, &event.data)?)
    }

    /// Runs on the writer's thread, in order with the appends.
    fn ask<T: Send + 'static>(
        &self,
        task: impl FnOnce(&mut Engine) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, receiver) = sync_channel(1);
        let task: Task = Box::new(move |engine| {
            // Whoever asked may have gone.
            let _gone = sender.send(task(engine));
        });
        self.sender.send(Message::Do(task)).map_err(|_| StoreError::Closed)?;
        receiver.recv().map_err(|_| StoreError::Closed)?
    }

    /// Appends an event and waits until it is durable. An event whose id is recorded with the same bytes is not
    /// recorded again.
    ///
    /// # Errors
    /// `ledger.event.*`, `ledger.append.*`, the ledger's refusal of an illegal step (`ledger.opportunity.*`,
    /// `ledger.savings.*`), `store.*`.
    pub fn append(&self, event: NewEvent) -> Result<Appended, StoreError> {
        self.append_many(vec![event])?.into_iter().next().ok_or(StoreError::Closed)
    }

    /// Appends events together: all of them or none.
    ///
    /// # Errors
    /// Those of [`Store::append`].
    pub fn append_many(&self, events: Vec<NewEvent>) -> Result<Vec<Appended>, StoreError> {
        let (sender, receiver) = sync_channel(1);
        self.submit(events, move |answer| {
            let _gone = sender.send(answer);
        })?;
        receiver.recv().map_err(|_| StoreError::Closed)?
    }

    /// Appends events together and calls back on the writer's thread once they are durable; the callback must be short and must not ask
    /// the store anything, whose only writer it holds.
    ///
    /// # Errors
    /// `ledger.event.*` and `store.closed` at once; every other refusal reaches the callback.
    pub fn submit(
        &self,
        events: Vec<NewEvent>,
        callback: impl FnOnce(Result<Vec<Appended>, StoreError>) + Send + 'static,
    ) -> Result<(), StoreError> {
        let events = events.iter().map(|event| self.encode(event)).collect::<Result<Vec<_>, _>>()?;
        let request = Request { events, extra: None, note: false };
        let message = Message::Append(Pending { request, reply: Reply::To(Box::new(callback)) });
        self.sender.send(message).map_err(|_| StoreError::Closed)
    }

    /// Hands an event to the writer and does not wait; answers its id. [`Store::flush`] tells whether all were recorded.
    ///
    /// # Errors
    /// `ledger.event.*`, `store.queue_full`, `store.closed`.
    pub fn append_nowait(&self, event: NewEvent) -> Result<String, StoreError> {
        let event = self.encode(&event)?;
        let id = event.id().to_owned();
        let request = Request { events: vec![event], extra: None, note: false };
        match self.sender.try_send(Message::Append(Pending { request, reply: Reply::Nobody })) {
            Ok(()) => Ok(id),
            Err(TrySendError::Full(_)) => Err(StoreError::QueueFull { max: self.queue_max }),
            Err(TrySendError::Disconnected(_)) => Err(StoreError::Closed),
        }
    }

    /// Waits until everything appended before is durable.
    ///
    /// # Errors
    /// `store.nowait` if events of [`Store::append_nowait`] were refused since the last time.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.ask(Engine::refusals)
    }

    /// Flushes, signs a last checkpoint, ends the writer and lets go of the store. Closing twice is no error.
    ///
    /// # Errors
    /// Those of [`Store::flush`] and [`Store::checkpoint`].
    pub fn close(&self) -> Result<(), StoreError> {
        let Some(writer) = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return Ok(());
        };
        let (sender, receiver) = sync_channel(1);
        let closed = match self.sender.send(Message::Close(sender)) {
            Ok(()) => receiver.recv().map_err(|_| StoreError::Closed).and_then(|closed| closed),
            Err(_) => Err(StoreError::Closed),
        };
        // A panic of the writer was answered as `store.closed` above.
        let _panicked = writer.join();
        closed
    }

    /// Records after a position (all: `None`), at most `limit`, in order.
    ///
    /// # Errors
    /// `store.*`.
    pub fn events(&self, after: Option<u64>, limit: u64) -> Result<Vec<StoredEvent>, StoreError> {
        self.ask(move |engine| engine.events(after, limit))
    }

    /// Writes every record as a line, as `verify_ledger.py` and a file store read them.
    ///
    /// # Errors
    /// `store.*`; `store.io` if `out` fails.
    pub fn export(&self, out: &mut dyn io::Write) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let events = self.events(after, PAGE)?;
            let Some(last) = events.last() else { return Ok(()) };
            after = Some(last.seq);
            let lines: String = events.iter().map(StoredEvent::line).collect();
            let io =
                |error: io::Error| StoreError::Io { path: "export".to_owned(), problem: error.to_string() };
            out.write_all(lines.as_bytes()).map_err(io)?;
        }
    }

    /// The checkpoint of the present size, a new one if there is none.
    ///
    /// # Errors
    /// `ledger.checkpoint.*`, `store.*`.
    pub fn checkpoint(&self) -> Result<String, StoreError> {
        self.ask(Engine::checkpoint)
    }

    /// Every checkpoint with its size, smallest first.
    ///
    /// # Errors
    /// `store.*`.
    pub fn checkpoints(&self) -> Result<Vec<(u64, String)>, StoreError> {
        self.ask(Engine::checkpoints)
    }

    /// The proof that record `seq` is among the first `size` (`None`: of all).
    ///
    /// # Errors
    /// `store.not_found`.
    pub fn prove_inclusion(&self, seq: u64, size: Option<u64>) -> Result<Inclusion, StoreError> {
        let size = size.unwrap_or_else(|| self.size());
        self.ask(move |engine| engine.prove_inclusion(seq, size))
    }

    /// The proof that the first `old` records begin the first `new`.
    ///
    /// # Errors
    /// `store.not_found`.
    pub fn prove_consistency(&self, old: u64, new: u64) -> Result<Vec<[u8; 32]>, StoreError> {
        self.ask(move |engine| engine.prove_consistency(old, new))
    }

    /// The receipt of a record, checked offline with a verifier key alone when the store has a signer.
    ///
    /// # Errors
    /// `store.not_found`, `store.*`.
    pub fn receipt(&self, seq: u64) -> Result<String, StoreError> {
        self.ask(move |engine| engine.receipt(seq))
    }

    /// Verifies the whole log again, against its own checkpoints and those given.
    ///
    /// # Errors
    /// `store.*` if it cannot be read; what is wrong with the log is in the answer.
    pub fn verify(&self, anchors: &[&[u8]], vkeys: &[Vkey]) -> Result<Verification, StoreError> {
        let anchors: Vec<Vec<u8>> = anchors.iter().map(|anchor| anchor.to_vec()).collect();
        let vkeys = vkeys.to_vec();
        self.ask(move |engine| engine.verify(&anchors, &vkeys))
    }

    /// Goes on under a new secret: records `key.rotated` and signs a checkpoint.
    ///
    /// # Errors
    /// `ledger.key.used`, `store.*`.
    pub fn rotate(&self, new: &Master) -> Result<Appended, StoreError> {
        let (new, id) = (new.clone(), new_id());
        self.ask(move |engine| engine.rotate(&new, &id))
    }

    /// Erases the event key and goes on with the next: what is past can no longer be forged by this process.
    ///
    /// # Errors
    /// `ledger.key.state`, `store.*`.
    pub fn ratchet(&self) -> Result<Appended, StoreError> {
        let id = new_id();
        self.ask(move |engine| engine.ratchet(&id))
    }

    /// The member that stands for personal data in an event: put it into the data, and salt and value are kept where
    /// [`Store::redact`] can delete them.
    ///
    /// # Errors
    /// `store.random`, `store.unsupported` for a file.
    pub fn commit(&self, value: &str) -> Result<Value, StoreError> {
        if !self.has_tables {
            return Err(backend::unsupported("file", "keep redactable values"));
        }
        let mut salt = [0; 32];
        getrandom::fill(&mut salt).map_err(|error| StoreError::Random { problem: error.to_string() })?;
        let commitment = hex::encode(&redact::commitment(&salt, value));
        let mut commitments = self.shared.commitments.lock().unwrap_or_else(PoisonError::into_inner);
        commitments.insert(commitment, (salt, value.to_owned()));
        Ok(redact::committed(&salt, value))
    }

    /// The value behind a commitment: `field` is the JSON pointer into the event, for example `/data/user`. `None` once it
    /// is redacted.
    ///
    /// # Errors
    /// `store.unsupported` for a file, `store.*`.
    pub fn reveal(&self, event_id: &str, field: &str) -> Result<Option<String>, StoreError> {
        let (event_id, field) = (event_id.to_owned(), field.to_owned());
        self.ask(move |engine| engine.revealed(&event_id, &field))
    }

    /// Deletes the value behind a commitment and records that it was done; every proof stays valid.
    ///
    /// # Errors
    /// `store.not_found`, `store.unsupported` for a file, `store.*`.
    pub fn redact(&self, event_id: &str, field: &str, reason: &str) -> Result<Appended, StoreError> {
        let (event_id, field, reason) = (event_id.to_owned(), field.to_owned(), reason.to_owned());
        self.ask(move |engine| engine.redact(&event_id, &field, &reason))
    }

    /// Stores bulk rows (`cost_allocation`, `biz_kpis`, `dora_metrics`) and attests them with `batch.recorded`, in one
    /// transaction. `replaces` names a batch whose rows go. The same batch again is not stored again.
    ///
    /// # Errors
    /// `store.row`, `store.database` for a key that another batch holds, `store.unsupported` for a file.
    pub fn record_batch(
        &self,
        batch_id: &str,
        table: Table,
        rows: Vec<Value>,
        replaces: Option<&str>,
    ) -> Result<Appended, StoreError> {
        let (batch_id, replaces) = (batch_id.to_owned(), replaces.map(str::to_owned));
        self.ask(move |engine| engine.record_batch(&batch_id, table, &rows, replaces.as_deref()))
    }

    /// Are the stored rows of a batch those that the log attests?
    ///
    /// # Errors
    /// `store.not_found`, `store.*`.
    pub fn verify_batch(&self, batch_id: &str) -> Result<bool, StoreError> {
        let batch_id = batch_id.to_owned();
        self.ask(move |engine| engine.verify_batch(&batch_id))
    }

    /// Stores a report as issued, records `report.issued` (by `actor`, else by the log itself) and signs a checkpoint.
    ///
    /// # Errors
    /// `store.row` if `as_of` is not of this log, `store.*`.
    pub fn issue_report(
        &self,
        kind: &str,
        label: &str,
        period: &str,
        as_of: TreeHead,
        body: &str,
        actor: Option<&str>,
    ) -> Result<Appended, StoreError> {
        let report = crate::engine::IssuedReport {
            report_id: new_id(),
            kind: kind.to_owned(),
            label: label.to_owned(),
            period: period.to_owned(),
            as_of,
            body: body.to_owned(),
            actor: actor.map(str::to_owned),
        };
        self.ask(move |engine| engine.issue(report))
    }

    /// Looks at the savings ledger after the last commit. The writer waits meanwhile: be short.
    pub fn savings<T>(&self, look: impl FnOnce(&SavingsLedger) -> T) -> T {
        look(&self.folded.read().unwrap_or_else(PoisonError::into_inner).savings)
    }

    /// Every row of a table as an object, by key.
    ///
    /// # Errors
    /// `store.unsupported` for tables that a file does not hold.
    pub fn rows(&self, table: Table) -> Result<Vec<Value>, StoreError> {
        self.ask(move |engine| engine.rows(table))
    }

    /// What a projection must hold, computed from the log alone.
    ///
    /// # Errors
    /// `store.closed`.
    pub fn expected_rows(&self, table: Table) -> Result<Vec<Value>, StoreError> {
        self.ask(move |engine| Ok(engine.expected_rows(table)))
    }

    /// Writes every projection anew from the log and answers which.
    ///
    /// # Errors
    /// `store.*`.
    pub fn rebuild(&self) -> Result<Vec<Table>, StoreError> {
        self.ask(|engine| engine.rebuild(true))
    }

    /// Takes in what other writers appended.
    ///
    /// # Errors
    /// `ledger.verify.*` if it does not verify, `store.*`.
    pub fn refresh(&self) -> Result<(), StoreError> {
        self.ask(Engine::refresh)
    }

    /// Does now what is due by the clock: heartbeat, checkpoint. The writer does it by itself while it is idle.
    ///
    /// # Errors
    /// `store.*`.
    pub fn tick(&self) -> Result<(), StoreError> {
        self.ask(Engine::tick)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // Nobody is there to tell.
        let _closed = self.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_crosses_threads_and_callers_share_commits() {
        fn shared<T: Send + Sync>(value: T) -> T {
            value
        }
        let ring =
            Keyring::from_secrets("0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0", [])
                .unwrap();
        let store = shared(Store::open("sqlite::memory:", &ring, Options::new("acme.example/prod")).unwrap());
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let store = &store;
                scope.spawn(move || {
                    for n in 0..25 {
                        let id = format!("t{thread}-{n}");
                        let event =
                            NewEvent::new("acme.thing", serde_json::json!({}), "svc:test").with_id(&id);
                        assert_eq!(store.append(event).unwrap().id, id);
                    }
                });
            }
        });
        assert_eq!(store.size(), 201);
        assert!(store.verify(&[], &[]).unwrap().ok());
    }
}
