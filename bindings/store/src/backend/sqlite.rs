//! SQLite 3.37 and later: one writer at a time, WAL, every commit on disk before it is answered.

use super::{
    Backend, Change, Commit, Committed, Fault, Scanned, StoredNote, column_list, frontier, signed, unsigned,
};
use crate::{
    StoreError,
    migration::{self, SQLITE},
    table::{Row, Table},
};
use finops_ledger::event::{keys::Kid, log::Known, record::Record};
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension as _, Transaction, TransactionBehavior, params,
    params_from_iter,
};
use std::{collections::BTreeMap, path::Path, time::Duration};

/// How long a writer waits for another process (section 13 of the specification).
const BUSY: Duration = Duration::from_millis(5000);

pub(crate) struct Sqlite {
    connection: Connection,
    origin: String,
    log_id: Option<i64>,
}

fn refused(error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
        _ => StoreError::Database { problem: error.to_string() },
    }
}

/// Which errors leave it unknown what is on disk.
fn fault(error: &rusqlite::Error) -> Fault {
    match error.sqlite_error_code() {
        Some(
            ErrorCode::SystemIoFailure
            | ErrorCode::DiskFull
            | ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::CannotOpen,
        ) => Fault::Poison(refused(error)),
        _ => Fault::Refused(refused(error)),
    }
}

impl Sqlite {
    /// Opens or makes a database; `None` is one in memory.
    pub(crate) fn open(path: Option<&Path>, origin: &str, read_only: bool) -> Result<Self, StoreError> {
        let connection = match path {
            None => Connection::open_in_memory(),
            Some(path) if read_only => {
                // Not READ_ONLY: a reader of a WAL database may have to make its shared memory.
                Connection::open_with_flags(
                    path,
                    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
                )
            }
            Some(path) => Connection::open(path),
        };
        let connection = connection.map_err(|error| match path {
            Some(path) => StoreError::Io { path: path.display().to_string(), problem: error.to_string() },
            None => refused(&error),
        })?;
        let mut sqlite = Self { connection, origin: origin.to_owned(), log_id: None };
        sqlite.prepare(read_only).map_err(|error| refused(&error))?;
        if read_only {
            let applied = sqlite.applied_migrations().map_err(|error| refused(&error))?;
            migration::pending(SQLITE, &applied)?;
        } else {
            sqlite.migrate()?;
        }
        Ok(sqlite)
    }

    fn prepare(&self, read_only: bool) -> rusqlite::Result<()> {
        self.connection.busy_timeout(BUSY)?;
        self.connection.set_prepared_statement_cache_capacity(64);
        if !read_only {
            self.connection.pragma_update(None, "journal_mode", "WAL")?;
            self.connection.pragma_update(None, "synchronous", "FULL")?;
        } else {
            self.connection.pragma_update(None, "query_only", "ON")?;
        }
        self.connection.pragma_update(None, "foreign_keys", "ON")
    }

    fn applied_migrations(&self) -> rusqlite::Result<Vec<(i64, String, String)>> {
        let exists: bool = self.connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'schema_migrations')",
            [],
            |row| row.get(0),
        )?;
        if !exists {
            return Ok(Vec::new());
        }
        let mut statement = self
            .connection
            .prepare("SELECT version, name, sha256 FROM schema_migrations ORDER BY version")?;
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
    }

    fn migrate(&mut self) -> Result<(), StoreError> {
        let sql = |error: rusqlite::Error| refused(&error);
        self.connection
            .execute_batch(
                "CREATE TABLE IF NOT EXISTS schema_migrations
                 (version INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL) STRICT",
            )
            .map_err(sql)?;
        loop {
            let transaction =
                self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sql)?;
            // Read again under the lock: another process may migrate at the same time.
            let applied: Vec<(i64, String, String)> = {
                let mut statement = transaction
                    .prepare("SELECT version, name, sha256 FROM schema_migrations ORDER BY version")
                    .map_err(sql)?;
                let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
                rows.and_then(Iterator::collect).map_err(sql)?
            };
            let pending = migration::pending(SQLITE, &applied)?;
            let Some(next) = pending.first() else {
                restore_derived(&transaction).map_err(sql)?;
                return transaction.commit().map_err(sql);
            };
            transaction.execute_batch(next.sql).map_err(sql)?;
            transaction
                .execute(
                    "INSERT INTO schema_migrations (version, name, sha256) VALUES (?1, ?2, ?3)",
                    params![next.version, next.name, next.sha256()],
                )
                .map_err(sql)?;
            transaction.commit().map_err(sql)?;
        }
    }

    fn log_id(&mut self) -> rusqlite::Result<Option<i64>> {
        if self.log_id.is_none() {
            let mut statement =
                self.connection.prepare_cached("SELECT log_id FROM audit_head WHERE origin = ?1")?;
            self.log_id = statement.query_row([&self.origin], |row| row.get(0)).optional()?;
        }
        Ok(self.log_id)
    }

    /// The id of a log that must exist by now.
    fn id(&mut self) -> Result<i64, StoreError> {
        let id = self.log_id().map_err(|error| refused(&error))?;
        id.ok_or_else(|| StoreError::NotFound { what: "log", name: self.origin.clone() })
    }

    fn read_notes(&mut self, tail: &str) -> Result<Vec<StoredNote>, StoreError> {
        let id = self.id()?;
        let sql = format!("SELECT size, note, head FROM audit_checkpoint WHERE log_id = ?1 {tail}");
        let read = || -> rusqlite::Result<Vec<StoredNote>> {
            let mut statement = self.connection.prepare_cached(&sql)?;
            let rows = statement.query_map([id], |row| {
                Ok(StoredNote { size: unsigned(row.get(0)?), note: row.get(1)?, head: row.get(2)? })
            })?;
            rows.collect()
        };
        read().map_err(|error| refused(&error))
    }
}

/// Makes the tables that follow from the log again if someone dropped one of them; they are filled when the log is read.
fn restore_derived(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let is_there = |name: &&str| {
        let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1)";
        transaction.query_row(sql, [name], |row| row.get::<_, bool>(0))
    };
    let there = migration::DERIVED.iter().map(is_there).collect::<rusqlite::Result<Vec<bool>>>()?;
    if there.iter().all(|is| *is) {
        return Ok(());
    }
    for name in migration::DERIVED.iter().rev() {
        transaction.execute_batch(&format!("DROP TABLE IF EXISTS {name}"))?;
    }
    migration::derived(SQLITE).try_for_each(|migration| transaction.execute_batch(migration.sql))
}

fn write(transaction: &Transaction<'_>, id: i64, commit: &Commit<'_>) -> rusqlite::Result<Committed> {
    let head = commit.head;
    if !commit.records.is_empty() || commit.note.is_some() || !commit.changes.is_empty() {
        let mut update = transaction.prepare_cached(
            "UPDATE audit_head SET size = ?3, tag = ?4, frontier = ?5, kid = ?6, epoch = ?7
             WHERE log_id = ?1 AND size = ?2",
        )?;
        let changed = update.execute(params![
            id,
            signed(commit.expected),
            signed(head.size()),
            head.tag.as_slice(),
            frontier(head),
            head.kid.map(|kid| kid.to_string()),
            signed(head.epoch),
        ])?;
        if changed == 0 {
            return Ok(Committed::Lost);
        }
    }
    let mut insert = transaction.prepare_cached(
        "INSERT INTO audit_log (log_id, seq, kid, tag, leaf, event_id, event, received_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for sealed in commit.records {
        insert.execute(params![
            id,
            signed(sealed.seq),
            sealed.kid.to_string(),
            sealed.tag.as_slice(),
            sealed.event.leaf().as_slice(),
            sealed.event.id(),
            String::from_utf8_lossy(sealed.event.bytes()),
            commit.now,
        ])?;
    }
    if let Some(note) = commit.note {
        transaction
            .prepare_cached(
                "INSERT INTO audit_checkpoint (log_id, size, note, head, created_at) SELECT ?1, ?2, ?3, ?4, ?5
                 WHERE NOT EXISTS (SELECT 1 FROM audit_checkpoint WHERE log_id = ?1 AND size = ?2)",
            )?
            .execute(params![id, signed(note.size), note.note, note.head.as_deref().unwrap_or_default(), commit.now])?;
    }
    commit.changes.iter().try_for_each(|change| apply(transaction, id, change))?;
    Ok(Committed::Done)
}

fn apply(transaction: &Transaction<'_>, id: i64, change: &Change) -> rusqlite::Result<()> {
    match change {
        Change::Replace { table, keys, rows } => {
            let key = table.columns().first().map_or("", |column| column.name);
            let mut delete = transaction
                .prepare_cached(&format!("DELETE FROM {} WHERE log_id = ?1 AND {key} = ?2", table.name()))?;
            for value in keys {
                delete.execute(params![id, value])?;
            }
            insert(transaction, id, *table, rows)
        }
        Change::Insert { table, rows } => insert(transaction, id, *table, rows),
        Change::Clear { table } => transaction
            .execute(&format!("DELETE FROM {} WHERE log_id = ?1", table.name()), [id])
            .map(|_| ()),
        Change::DeleteBatch { table, batch_id } => transaction
            .execute(&format!("DELETE FROM {} WHERE batch_id = ?1", table.name()), [batch_id])
            .map(|_| ()),
        Change::Keep { event_id, field, salt, value } => transaction
            .prepare_cached(
                "INSERT INTO audit_redactable (log_id, event_id, field, salt, value) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![id, event_id, field, salt.as_slice(), value])
            .map(|_| ()),
        Change::Forget { event_id, field } => transaction
            .execute(
                "DELETE FROM audit_redactable WHERE log_id = ?1 AND event_id = ?2 AND field = ?3",
                params![id, event_id, field],
            )
            .map(|_| ()),
        Change::Applied { size } => {
            for table in Table::PROJECTIONS {
                transaction
                    .prepare_cached(
                        "INSERT INTO projection_state (log_id, name, applied_size) VALUES (?1, ?2, ?3)
                         ON CONFLICT (log_id, name) DO UPDATE SET applied_size = excluded.applied_size",
                    )?
                    .execute(params![id, table.name(), signed(*size)])?;
            }
            Ok(())
        }
    }
}

fn insert(transaction: &Transaction<'_>, id: i64, table: Table, rows: &[Row]) -> rusqlite::Result<()> {
    let width = table.columns().len().saturating_add(usize::from(table.has_log()));
    let places: Vec<String> = (1..=width).map(|place| format!("?{place}")).collect();
    let sql = format!("INSERT INTO {} ({}) VALUES ({})", table.name(), column_list(table), places.join(", "));
    let mut statement = transaction.prepare_cached(&sql)?;
    let log = table.has_log().then(|| Some(id.to_string()));
    for row in rows {
        // STRICT columns take the text of an integer as that integer.
        statement.execute(params_from_iter(log.iter().chain(row)))?;
    }
    Ok(())
}

impl Backend for Sqlite {
    fn name(&self) -> &'static str {
        "SQLite"
    }

    fn has_tables(&self) -> bool {
        true
    }

    fn size(&mut self) -> Result<Option<u64>, StoreError> {
        let read = |connection: &Connection, origin: &str| {
            connection
                .prepare_cached("SELECT size FROM audit_head WHERE origin = ?1")?
                .query_row([origin], |row| row.get::<_, i64>(0))
                .optional()
        };
        let size = read(&self.connection, &self.origin).map_err(|error| refused(&error))?;
        Ok(size.map(unsigned))
    }

    fn create(&mut self) -> Result<(), StoreError> {
        let empty: &[u8] = &[];
        let made = self.connection.execute(
            "INSERT INTO audit_head (origin, size, tag, frontier, kid, epoch) VALUES (?1, 0, zeroblob(32), ?2, NULL, 0)
             ON CONFLICT (origin) DO NOTHING",
            params![self.origin, empty],
        );
        made.map(|_| ()).map_err(|error| refused(&error))
    }

    fn scan(
        &mut self,
        from: u64,
        limit: u64,
        sink: &mut dyn FnMut(Scanned<'_>) -> bool,
    ) -> Result<(), StoreError> {
        let id = self.id()?;
        let mut scan = || -> rusqlite::Result<()> {
            let mut statement = self.connection.prepare_cached(
                "SELECT seq, kid, tag, leaf, event_id, event FROM audit_log
                 WHERE log_id = ?1 AND seq >= ?2 ORDER BY seq LIMIT ?3",
            )?;
            let mut rows = statement.query(params![id, signed(from), signed(limit)])?;
            while let Some(row) = rows.next()? {
                let (kid, event) = (row.get_ref(1)?.as_str()?, row.get_ref(5)?.as_bytes()?);
                let (tag, leaf) = (row.get_ref(2)?.as_blob()?, row.get_ref(3)?.as_blob()?);
                let record = Kid::parse(kid).zip(tag.try_into().ok());
                let seq = unsigned(row.get(0)?);
                let record = record.map(|(kid, tag)| Record { seq, kid, tag, event });
                if !sink(Scanned { record, columns: Some((leaf, row.get_ref(4)?.as_str()?)) }) {
                    break;
                }
            }
            Ok(())
        };
        scan().map_err(|error| refused(&error))
    }

    /// A write-ahead log that another process left behind is read as it is, synced or not. A checkpoint syncs it and
    /// writes its pages into the database, which is synced too: after that no answer rests on a page that a kernel holds
    /// for clean although it never reached the disk.
    fn settle(&mut self) -> Result<(), StoreError> {
        let all = |mode: &str| -> rusqlite::Result<bool> {
            let mut statement = self.connection.prepare(&format!("PRAGMA wal_checkpoint({mode})"))?;
            statement.query_row([], |row| {
                let (busy, pages, done): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok(busy == 0 && pages == done)
            })
        };
        // FULL waits for other writers; after that a few readers may still be in the way.
        let settled = all("FULL").and_then(|done| if done { Ok(true) } else { all("PASSIVE") });
        match settled.map_err(|error| refused(&error))? {
            true => Ok(()),
            false => Err(StoreError::Busy),
        }
    }

    fn find(&mut self, ids: &[&str]) -> Result<BTreeMap<String, Known>, StoreError> {
        let id = self.id()?;
        let find = || -> rusqlite::Result<BTreeMap<String, Known>> {
            let mut statement = self
                .connection
                .prepare_cached("SELECT seq, leaf FROM audit_log WHERE log_id = ?1 AND event_id = ?2")?;
            let mut found = BTreeMap::new();
            for event_id in ids {
                let known = statement
                    .query_row(params![id, event_id], |row| {
                        Ok((row.get::<_, i64>(0)?, row.get::<_, [u8; 32]>(1)?))
                    })
                    .optional()?;
                if let Some((seq, leaf)) = known {
                    found.insert((*event_id).to_owned(), Known { seq: unsigned(seq), leaf });
                }
            }
            Ok(found)
        };
        find().map_err(|error| refused(&error))
    }

    fn commit(&mut self, commit: &Commit<'_>) -> Result<Committed, Fault> {
        let id = self.id().map_err(Fault::Refused)?;
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| fault(&error))?;
        // Dropped without commit, it rolls back.
        match write(&transaction, id, commit).map_err(|error| fault(&error))? {
            Committed::Lost => Ok(Committed::Lost),
            Committed::Done => match transaction.commit() {
                Ok(()) => Ok(Committed::Done),
                Err(error) => Err(match refused(&error) {
                    StoreError::Busy => Fault::Refused(StoreError::Busy),
                    // Deferred foreign keys are the only other refusal; all else is the disk.
                    _ if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => fault(&error),
                    other => Fault::Poison(other),
                }),
            },
        }
    }

    fn notes(&mut self) -> Result<Vec<StoredNote>, StoreError> {
        self.read_notes("ORDER BY size")
    }

    fn last_note(&mut self) -> Result<Option<StoredNote>, StoreError> {
        Ok(self.read_notes("ORDER BY size DESC LIMIT 1")?.pop())
    }

    fn applied(&mut self) -> Result<BTreeMap<String, u64>, StoreError> {
        let id = self.id()?;
        let read = || -> rusqlite::Result<BTreeMap<String, u64>> {
            let mut statement = self
                .connection
                .prepare_cached("SELECT name, applied_size FROM projection_state WHERE log_id = ?1")?;
            let rows = statement.query_map([id], |row| Ok((row.get(0)?, unsigned(row.get(1)?))))?;
            rows.collect()
        };
        read().map_err(|error| refused(&error))
    }

    fn rows(&mut self, table: Table, batch_id: Option<&str>) -> Result<Vec<Row>, StoreError> {
        let id = self.id()?;
        let cells: Vec<String> =
            table.columns().iter().map(|column| format!("CAST(\"{}\" AS TEXT)", column.name)).collect();
        let order: Vec<String> = (1..=table.keys()).map(|place| place.to_string()).collect();
        let (filter, value) = match batch_id {
            Some(batch_id) => ("batch_id = ?1", batch_id.to_owned()),
            None if table.has_log() => ("log_id = CAST(?1 AS INTEGER)", id.to_string()),
            None => ("?1 = ?1", String::new()),
        };
        let sql = format!(
            "SELECT {} FROM {} WHERE {filter} ORDER BY {}",
            cells.join(", "),
            table.name(),
            order.join(", ")
        );
        let read = || -> rusqlite::Result<Vec<Row>> {
            let mut statement = self.connection.prepare_cached(&sql)?;
            let rows = statement.query_map([value], |row| {
                (0..cells.len()).map(|place| row.get(place)).collect::<rusqlite::Result<Row>>()
            })?;
            rows.collect()
        };
        read().map_err(|error| refused(&error))
    }

    fn kept(&mut self, event_id: &str, field: &str) -> Result<Option<(Vec<u8>, String)>, StoreError> {
        let id = self.id()?;
        let read = || {
            self.connection
                .prepare_cached(
                    "SELECT salt, value FROM audit_redactable WHERE log_id = ?1 AND event_id = ?2 AND field = ?3",
                )?
                .query_row(params![id, event_id, field], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()
        };
        read().map_err(|error: rusqlite::Error| refused(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Keyring, NewEvent, Options, Store};

    /// A disk that is full after ever more pages: what was acknowledged is there when there is room again.
    #[test]
    fn a_full_disk_poisons_the_store_and_loses_nothing_acknowledged() {
        let ring =
            Keyring::from_secrets("0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0", [])
                .unwrap();
        let options = || Options { heartbeats: false, ..Options::new("acme.example/prod") };
        let mut full = 0;
        for room in 0..12 {
            let path =
                std::env::temp_dir().join(format!("finops-store-full-{}-{room}.db", std::process::id()));
            drop(Store::open(&path.display().to_string(), &ring, options()).unwrap());
            let sqlite = Sqlite::open(Some(&path), "acme.example/prod", false).unwrap();
            let pages: i64 = sqlite.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
            let limit = format!("PRAGMA max_page_count = {}", pages + room * 3);
            sqlite.connection.query_row(&limit, [], |_| Ok(())).unwrap();
            let store = Store::start(Box::new(sqlite), &ring, options()).unwrap();
            let mut acknowledged = 0;
            for n in 0..10 {
                let data = serde_json::json!({ "text": "x".repeat(3000) });
                match store.append(NewEvent::new("acme.thing", data, "svc:test").with_id(&format!("e{n}"))) {
                    Ok(appended) => acknowledged = appended.seq,
                    Err(error) => {
                        assert_eq!(error.code(), "store.poisoned");
                        full += 1;
                    }
                }
            }
            drop(store);
            let store = Store::open(&path.display().to_string(), &ring, options()).unwrap();
            assert_eq!((&store.report().error, store.size()), (&None, acknowledged + 1));
            store.append(NewEvent::new("acme.thing", serde_json::json!({}), "svc:test")).unwrap();
            store.close().unwrap();
            for suffix in ["", "-wal", "-shm"] {
                let _absent = std::fs::remove_file(
                    path.with_file_name(format!("{}{suffix}", path.file_name().unwrap().display())),
                );
            }
        }
        assert!(full > 10, "{full}");
    }
}
