//! The event log of a process.

use super::{EventLogError, Secrets, anchor::write_part, backing::Backing, memory::MemoryLog};
use finops_ledger::event::{
    checkpoint::TreeHead,
    head::format_at,
    hex,
    keys::{Kid, Master},
    merkle::Hash,
    note::Vkey,
    record::{Record, Tag},
    verify::{Anchor, Trust, Verification, Verifier},
};
use finops_ledger::{number::Exact, report::Report};
use serde_json::{Value, json};
use std::{
    fmt,
    io::{self, BufWriter},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Who writes what the log itself records.
pub(super) const ACTOR: &str = "svc:finops";
/// Records that are read at once.
const PAGE: u64 = 1000;

/// How a log is made.
#[derive(Debug, Clone)]
pub struct LogOptions {
    /// The heartbeat that a new log names, in seconds, 60 to 86400; `None`: 3600, not named.
    pub heartbeat_s: Option<u64>,
    /// Only read a store; its log must exist, and may be one that fails its verification.
    pub read_only: bool,
    /// Refuse a log that does not exist instead of making it.
    pub must_exist: bool,
    /// From an estimate of this much a month on, a store refuses that one person proposes and approves, or approves and
    /// makes a change.
    pub four_eyes_above: Option<Exact>,
    /// The time, in microseconds since 1970 UTC.
    pub clock: fn() -> i64,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self {
            heartbeat_s: None,
            read_only: false,
            must_exist: false,
            four_eyes_above: None,
            clock: crate::clock::now_us,
        }
    }
}

/// An event to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// What happened, for example `acme.deploy`.
    pub kind: String,
    /// Its data: an object of texts, integers, booleans, lists and objects; money as decimal text.
    pub data: Value,
    /// Who did it, for example `svc:ci` or `user:ana`.
    pub actor: String,
    /// Unique in the log; a UUIDv7 is made when none is given.
    pub id: Option<String>,
    /// UTC with six fraction digits; the clock is read when none is given. A retry gives id and time again.
    pub at: Option<String>,
}

impl NewEvent {
    /// An event with a new id, now.
    #[must_use]
    pub fn new(kind: &str, data: Value, actor: &str) -> Self {
        Self { kind: kind.to_owned(), data, actor: actor.to_owned(), id: None, at: None }
    }
}

/// A record of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRecord {
    /// Its position.
    pub seq: u64,
    /// The key that sealed it.
    pub kid: Kid,
    /// Its tag.
    pub tag: Tag,
    /// The canonical bytes of its event.
    pub event: Vec<u8>,
}

impl LogRecord {
    /// The record as the verifier and the file read it.
    #[must_use]
    pub fn as_record(&self) -> Record<'_> {
        Record { seq: self.seq, kid: self.kid, tag: self.tag, event: &self.event }
    }
}

/// What opening a log found and did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Opened {
    /// Was the log made just now?
    pub created: bool,
    /// The record from which tags were checked, if not from 0.
    pub verified_since: Option<u64>,
    /// Why the log can only be read, although it was to be written.
    pub error: Option<EventLogError>,
    /// Where the torn tail of a file was moved.
    pub torn_tail: Option<PathBuf>,
    /// The projections that lagged behind the log and were rebuilt.
    pub rebuilt: Vec<&'static str>,
}

/// A log that many threads append to.
///
/// Its answers say how far it is anchored: a holder of the secret can rewrite what is not, and a missing tail shows only
/// against an anchor.
pub struct EventLog {
    origin: String,
    clock: fn() -> i64,
    four_eyes_above: Option<Exact>,
    backing: Box<dyn Backing>,
    secrets: Mutex<Secrets>,
}

impl fmt::Debug for EventLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventLog").field("origin", &self.origin).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// The instant of `clock` as events carry it.
pub(super) fn time_of(clock: fn() -> i64) -> String {
    format_at(clock()).unwrap_or_default()
}

impl EventLog {
    /// A log that ends with the process. It needs a secret too: what is written to it is meant to be proved.
    ///
    /// # Errors
    /// `ledger.event.field` for an origin or heartbeat that is none.
    pub fn in_memory(origin: &str, secrets: Secrets, options: LogOptions) -> Result<Self, EventLogError> {
        let log = MemoryLog::create(origin, &secrets, &options)?;
        Ok(Self::on(origin, Box::new(log), secrets, &options))
    }

    /// The log `origin` in the store at `url` (`sqlite:///path`, `postgres://...`, `file:///path`): made if there is none,
    /// verified whole if there is one. A log that fails its verification can be read; appends answer `store.read_only` with
    /// the reason. A secret that is not the log's opens nothing, unless [`LogOptions::read_only`] asks for it.
    ///
    /// # Errors
    /// `store.*`, `ledger.key.rotation_required`, `ledger.verify.unknown_key`.
    #[cfg(feature = "store")]
    pub fn open(
        url: &str,
        origin: &str,
        secrets: Secrets,
        options: LogOptions,
    ) -> Result<Self, EventLogError> {
        let log = super::stored::StoredLog::open(url, origin, &secrets, &options)?;
        Ok(Self::on(origin, Box::new(log), secrets, &options))
    }

    /// A log in the store at `url`.
    ///
    /// # Errors
    /// `store.unsupported`: this build has no stores.
    #[cfg(not(feature = "store"))]
    pub fn open(
        url: &str,
        _origin: &str,
        _secrets: Secrets,
        _options: LogOptions,
    ) -> Result<Self, EventLogError> {
        Err(EventLogError::NoStore {
            url: finops_core::error::shorten(url.split("://").next().unwrap_or_default()),
        })
    }

    /// Does it answer without waiting for a disk or a network?
    #[must_use]
    pub fn is_quick(&self) -> bool {
        self.backing.is_quick()
    }

    fn on(origin: &str, backing: Box<dyn Backing>, secrets: Secrets, options: &LogOptions) -> Self {
        Self {
            origin: origin.to_owned(),
            clock: options.clock,
            four_eyes_above: options.four_eyes_above.clone(),
            backing,
            secrets: Mutex::new(secrets),
        }
    }

    /// The name of the log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What an auditor is given: the verifier key of the Ed25519 seed, if there is one.
    #[must_use]
    pub fn vkey(&self) -> Option<String> {
        lock(&self.secrets).vkey(&self.origin)
    }

    pub(super) const fn four_eyes_above(&self) -> Option<&Exact> {
        self.four_eyes_above.as_ref()
    }

    pub(super) fn secrets(&self) -> MutexGuard<'_, Secrets> {
        lock(&self.secrets)
    }

    /// What opening found and did.
    #[must_use]
    pub fn opened(&self) -> Opened {
        self.backing.opened()
    }

    /// Writes every projection of a store anew from the log; answers the tables.
    ///
    /// # Errors
    /// `store.*`.
    pub fn rebuild(&self) -> Result<Vec<&'static str>, EventLogError> {
        self.backing.rebuild()
    }

    /// Keeps the JSON of a report in `savings_reports`, where the store has tables, records `report.issued` and signs a
    /// checkpoint. Answers the position.
    ///
    /// # Errors
    /// `store.row` for a report of another log, `ledger.event.*`, `store.*`.
    pub fn issue(&self, report: &Report, actor: &str) -> Result<u64, EventLogError> {
        self.backing.issue(report, &report.to_json()?, actor)
    }

    pub(super) const fn clock(&self) -> fn() -> i64 {
        self.clock
    }

    /// Records an event and answers its position; an event of a known id with equal bytes answers the position it has.
    ///
    /// # Errors
    /// `ledger.event.*`, `ledger.canonical.*`, `ledger.append.*`, `ledger.log.closed`, `store.*`; nothing is recorded.
    pub fn append(&self, event: NewEvent) -> Result<u64, EventLogError> {
        let seqs = self.append_many(vec![event])?;
        Ok(seqs.first().copied().unwrap_or_default())
    }

    /// Records a batch, all or nothing.
    ///
    /// # Errors
    /// Those of [`EventLog::append`].
    pub fn append_many(&self, events: Vec<NewEvent>) -> Result<Vec<u64>, EventLogError> {
        self.backing.append(events)
    }

    /// Records an event without waiting until it is durable; [`EventLog::flush`] waits.
    ///
    /// # Errors
    /// Those of [`EventLog::append`] that show before it is written.
    pub fn append_nowait(&self, event: NewEvent) -> Result<(), EventLogError> {
        self.backing.append_nowait(event)
    }

    /// Waits until everything is durable.
    ///
    /// # Errors
    /// What became of events that nobody waited for.
    pub fn flush(&self) -> Result<(), EventLogError> {
        self.backing.flush()
    }

    /// Ends writing: what was appended is durable, and a store has its last checkpoint and is let go of. Closing twice is no
    /// error.
    ///
    /// # Errors
    /// Those of [`EventLog::flush`].
    pub fn close(&self) -> Result<(), EventLogError> {
        self.backing.close()
    }

    /// Size and root of the tree.
    ///
    /// # Errors
    /// `store.*`.
    pub fn head(&self) -> Result<TreeHead, EventLogError> {
        self.backing.head()
    }

    /// The number of records.
    ///
    /// # Errors
    /// `store.*`.
    pub fn size(&self) -> Result<u64, EventLogError> {
        Ok(self.head()?.size)
    }

    /// The root of the first `size` records; `None` beyond the end.
    ///
    /// # Errors
    /// `store.*`.
    pub fn root_at(&self, size: u64) -> Result<Option<Hash>, EventLogError> {
        self.backing.root_at(size)
    }

    /// At most `limit` records after position `after`, from the first when it is `None`.
    ///
    /// # Errors
    /// `store.*`.
    pub fn events(&self, after: Option<u64>, limit: u64) -> Result<Vec<LogRecord>, EventLogError> {
        self.backing.records(after, limit)
    }

    /// A checkpoint of the log as it stands: a signed note to keep elsewhere.
    ///
    /// # Errors
    /// `ledger.checkpoint.*`, `store.*`.
    pub fn checkpoint(&self) -> Result<String, EventLogError> {
        self.backing.checkpoint()
    }

    /// That record `seq` is in the tree of the first `size` records (`None`: of all): `leaf`, `index`, `size`, `proof`,
    /// `root`, as the group `inclusion` takes them.
    ///
    /// # Errors
    /// `ledger.log.no_record`, `store.*`.
    pub fn prove(&self, seq: u64, size: Option<u64>) -> Result<Value, EventLogError> {
        let size = size.map_or_else(|| self.size(), Ok)?;
        let inclusion = self.backing.inclusion(seq, size)?;
        Ok(json!({
            "leaf": hex::encode(&inclusion.leaf), "index": seq, "size": inclusion.tree.size,
            "proof": texts(&inclusion.proof), "root": hex::encode(&inclusion.tree.root),
        }))
    }

    /// That the first `old` records begin the first `new` ones: `old`, `new`, `old_root`, `new_root`, `proof`, as the group
    /// `consistency` takes them.
    ///
    /// # Errors
    /// `ledger.log.no_record`, `store.*`.
    pub fn prove_consistency(&self, old: u64, new: Option<u64>) -> Result<Value, EventLogError> {
        let size = self.size()?;
        let new = new.unwrap_or(size);
        let refuse = || EventLogError::NoRecord { seq: old.max(new), size };
        let proof = self.backing.consistency(old, new)?;
        let old_root = self.backing.root_at(old)?.ok_or_else(refuse)?;
        let new_root = self.backing.root_at(new)?.ok_or_else(refuse)?;
        Ok(json!({
            "old": old, "new": new, "old_root": hex::encode(&old_root), "new_root": hex::encode(&new_root),
            "proof": texts(&proof),
        }))
    }

    /// The receipt of a record (`c2sp.org/tlog-proof@v1`), which is checked offline with the verifier key alone.
    ///
    /// # Errors
    /// `ledger.key.seed` without an Ed25519 seed, `ledger.log.no_record`, `store.*`.
    pub fn receipt(&self, seq: u64) -> Result<String, EventLogError> {
        self.backing.receipt(seq)
    }

    /// Verifies every record, and that the log extends `anchors`.
    ///
    /// # Errors
    /// `ledger.key.vkey` for a key that is none, `store.*`. What is wrong with the log stands in the answer.
    pub fn verify(&self, anchors: &[Anchor<'_>], vkeys: &[&str]) -> Result<Verification, EventLogError> {
        let vkeys = vkeys.iter().map(|text| Vkey::parse(text)).collect::<Result<Vec<_>, _>>()?;
        if let Some(verification) = self.backing.verify(anchors, &vkeys)? {
            return Ok(verification);
        }
        let secrets = lock(&self.secrets).clone();
        let trust = Trust::Keyring(secrets.keyring());
        let mut verifier = Verifier::new(Some(&self.origin), trust, anchors, &vkeys);
        self.each(|record| {
            verifier.record(&record.as_record());
            Ok(!verifier.has_failed())
        })?;
        Ok(verifier.finish().0)
    }

    /// Calls `act` with each record until it answers false.
    fn each(
        &self,
        mut act: impl FnMut(&LogRecord) -> Result<bool, EventLogError>,
    ) -> Result<(), EventLogError> {
        let mut after = None;
        loop {
            let page = self.backing.records(after, PAGE)?;
            for record in &page {
                if !act(record)? {
                    return Ok(());
                }
            }
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.seq);
        }
    }

    /// Goes on under a new secret; the old one stays in the ring of this process. Answers the position of `key.rotated`.
    ///
    /// # Errors
    /// `ledger.key.*`, `ledger.log.closed`, `store.*`.
    pub fn rotate(&self, new_secret: &str) -> Result<u64, EventLogError> {
        let new = Master::new(new_secret)?;
        let seq = self.backing.rotate(&new)?;
        let mut secrets = lock(&self.secrets);
        *secrets = secrets.rotated(new);
        Ok(seq)
    }

    /// Goes on under the next epoch of the key: a process that was started from its key state cannot forge its past.
    /// Answers the position of `key.ratcheted`.
    ///
    /// # Errors
    /// `ledger.key.state`, `ledger.log.closed`, `store.*`.
    pub fn ratchet(&self) -> Result<u64, EventLogError> {
        self.backing.ratchet()
    }

    /// The member to put into an event in place of `value`. Salt and value are kept beside the log once the event is
    /// recorded, until [`EventLog::redact`] deletes them.
    ///
    /// # Errors
    /// `ledger.log.random`, `store.*`.
    pub fn commit(&self, value: &str) -> Result<Value, EventLogError> {
        self.backing.commit(value)
    }

    /// The value that the member `field` (a JSON pointer into the event, such as `/data/email`) hides; `None` when it hides
    /// nothing or was redacted.
    ///
    /// # Errors
    /// `store.*`.
    pub fn reveal(&self, event_id: &str, field: &str) -> Result<Option<String>, EventLogError> {
        self.backing.reveal(event_id, field)
    }

    /// Deletes what a member hides and records that; every tag and proof stays valid. Answers the position of
    /// `redaction.performed`.
    ///
    /// # Errors
    /// `ledger.redaction.unknown` or `store.not_found` when there is nothing to delete, `ledger.event.data` without a reason,
    /// `store.*`.
    pub fn redact(&self, event_id: &str, field: &str, reason: &str) -> Result<u64, EventLogError> {
        self.backing.redact(event_id, field, reason)
    }

    /// Writes the log as lines that `verify` and `verify_ledger.py` read, and answers how many. The file appears whole or
    /// not at all.
    ///
    /// # Errors
    /// `ledger.log.export` with the file, `store.*`.
    pub fn export(&self, path: &Path) -> Result<u64, EventLogError> {
        let refuse = |error: std::io::Error| EventLogError::Export {
            path: path.display().to_string(),
            problem: error.to_string(),
        };
        let mut count = 0;
        write_part(path, |file| -> Result<(), Unwritten> {
            count = self.export_to(&mut BufWriter::new(file))?;
            Ok(())
        })
        .map_err(|fault| match fault {
            Unwritten::Io(error) => refuse(error),
            Unwritten::Log(error) => error,
        })?;
        Ok(count)
    }

    /// Writes the log as lines to `out`, flushes it, and answers how many.
    fn export_to(&self, out: &mut impl io::Write) -> Result<u64, Unwritten> {
        let (mut buffer, mut count, mut failed) = (Vec::new(), 0_u64, None);
        self.each(|record| {
            buffer.clear();
            record.as_record().write_line(&mut buffer);
            count = count.saturating_add(1);
            failed = out.write_all(&buffer).err();
            Ok(failed.is_none())
        })?;
        failed.map_or_else(|| out.flush(), Err)?;
        Ok(count)
    }

    /// Writes the log as lines to `out`, for example standard output, and answers how many.
    ///
    /// # Errors
    /// `ledger.log.export`, `store.*`.
    pub fn export_lines(&self, out: &mut impl io::Write) -> Result<u64, EventLogError> {
        self.export_to(out).map_err(|fault| match fault {
            Unwritten::Io(error) => {
                EventLogError::Export { path: "-".to_owned(), problem: error.to_string() }
            }
            Unwritten::Log(error) => error,
        })
    }
}

/// Why lines were not written.
enum Unwritten {
    Io(io::Error),
    Log(EventLogError),
}

impl From<io::Error> for Unwritten {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<EventLogError> for Unwritten {
    fn from(error: EventLogError) -> Self {
        Self::Log(error)
    }
}

fn texts(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(|hash| hex::encode(hash)).collect()
}
