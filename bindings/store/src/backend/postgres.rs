//! `PostgreSQL` 15 and later: any number of writers, ordered by compare-and-swap on `audit_head`.

use super::{
    Backend, Change, Commit, Committed, Fault, Scanned, StoredNote, column_list, frontier, signed, unsigned,
};
use crate::{
    StoreError,
    migration::{self, POSTGRES},
    table::{Column, Kind, Row, Table},
};
use finops_ledger::event::log::Known;
use postgres::{Client, Error, Statement, Transaction, types::ToSql};
use std::collections::{BTreeMap, BTreeSet};

/// The key of `pg_advisory_lock` under which schemas are migrated: the first bytes of "finops".
const MIGRATION_LOCK: i64 = 0x6669_6e6f_7073;

const SESSION: &str =
    "SET synchronous_commit = on; SET statement_timeout = '60s'; SET client_min_messages = warning";

mod connection;
mod scan;

use connection::{Address, fault, refused};

pub(crate) struct Postgres {
    address: Address,
    client: Client,
    origin: String,
    log_id: Option<i64>,
    statements: Option<Statements>,
}

/// Prepared once a connection.
struct Statements {
    head: Statement,
    insert: Statement,
    find: Statement,
    note: Statement,
    applied: Statement,
}

impl Postgres {
    pub(crate) fn open(url: &str, origin: &str, read_only: bool) -> Result<Self, StoreError> {
        let address = Address::parse(url)?;
        let client = address.connect()?;
        let mut postgres =
            Self { address, client, origin: origin.to_owned(), log_id: None, statements: None };
        // Migrations may wait for another process and take longer than statements of a session may.
        if read_only {
            let applied = applied_migrations(&mut postgres.client).map_err(|error| refused(&error))?;
            migration::pending(POSTGRES, &applied)?;
        } else {
            postgres.migrate()?;
        }
        postgres.session().map_err(|error| refused(&error))?;
        Ok(postgres)
    }

    fn session(&mut self) -> Result<(), Error> {
        self.statements = None;
        self.client.batch_execute(SESSION)
    }

    fn migrate(&mut self) -> Result<(), StoreError> {
        let sql = |error: Error| refused(&error);
        self.client.batch_execute("SET client_min_messages = warning").map_err(sql)?;
        self.client.execute("SELECT pg_advisory_lock($1)", &[&MIGRATION_LOCK]).map_err(sql)?;
        let migrated = self.migrate_locked();
        self.client.execute("SELECT pg_advisory_unlock($1)", &[&MIGRATION_LOCK]).map_err(sql)?;
        migrated
    }

    fn migrate_locked(&mut self) -> Result<(), StoreError> {
        let sql = |error: Error| refused(&error);
        let applied = applied_migrations(&mut self.client).map_err(sql)?;
        let pending = migration::pending(POSTGRES, &applied)?;
        if pending.is_empty() {
            return restore_derived(&mut self.client).map_err(sql);
        }
        self.client
            .batch_execute(
                "CREATE TABLE IF NOT EXISTS schema_migrations
                 (version bigint PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL)",
            )
            .map_err(sql)?;
        for next in pending {
            let mut transaction = self.client.transaction().map_err(sql)?;
            transaction.batch_execute(next.sql).map_err(sql)?;
            let (version, name, sha256) = (next.version, next.name, next.sha256());
            transaction
                .execute(
                    "INSERT INTO schema_migrations (version, name, sha256) VALUES ($1, $2, $3)",
                    &[&version, &name, &sha256],
                )
                .map_err(sql)?;
            transaction.commit().map_err(sql)?;
        }
        Ok(())
    }

    fn id(&mut self) -> Result<i64, StoreError> {
        if let Some(id) = self.log_id {
            return Ok(id);
        }
        let row = self
            .client
            .query_opt("SELECT log_id FROM audit_head WHERE origin = $1", &[&self.origin])
            .map_err(|error| refused(&error))?;
        let id = row.map(|row| row.try_get(0)).transpose().map_err(|error| refused(&error))?;
        self.log_id = id;
        id.ok_or_else(|| StoreError::NotFound { what: "log", name: self.origin.clone() })
    }

    fn prepare(&mut self) -> Result<(), Error> {
        if self.statements.is_some() {
            return Ok(());
        }
        let client = &mut self.client;
        self.statements = Some(Statements {
            head: client.prepare(
                "UPDATE audit_head SET size = $3, tag = $4, frontier = $5, kid = $6, epoch = $7
                 WHERE log_id = $1 AND size = $2",
            )?,
            insert: client.prepare(
                "INSERT INTO audit_log (log_id, seq, kid, tag, leaf, event_id, event)
                 SELECT $1, seq, kid, tag, leaf, event_id, event
                 FROM unnest($2::bigint[], $3::text[], $4::bytea[], $5::bytea[], $6::text[], $7::text[])
                   AS r (seq, kid, tag, leaf, event_id, event)",
            )?,
            find: client.prepare(
                "SELECT event_id, seq, leaf FROM audit_log WHERE log_id = $1 AND event_id = ANY ($2::text[])",
            )?,
            note: client.prepare(
                "INSERT INTO audit_checkpoint (log_id, size, note, head) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (log_id, size) DO NOTHING",
            )?,
            applied: client.prepare(
                "INSERT INTO projection_state (log_id, name, applied_size)
                 SELECT $1, name, $3 FROM unnest($2::text[]) AS p (name)
                 ON CONFLICT (log_id, name) DO UPDATE SET applied_size = excluded.applied_size",
            )?,
        });
        Ok(())
    }

    fn read_notes(&mut self, tail: &str) -> Result<Vec<StoredNote>, StoreError> {
        let id = self.id()?;
        let sql = format!("SELECT size, note, head FROM audit_checkpoint WHERE log_id = $1 {tail}");
        let rows = self.client.query(&sql, &[&id]).map_err(|error| refused(&error))?;
        let note = |row: &postgres::Row| {
            Ok(StoredNote {
                size: unsigned(row.try_get(0)?),
                note: row.try_get(1)?,
                head: Some(row.try_get(2)?),
            })
        };
        rows.iter().map(note).collect::<Result<_, Error>>().map_err(|error| refused(&error))
    }

    /// Makes the months of new bulk rows. Without the right to, the rows go to the default partition.
    fn make_months(&mut self, changes: &[Change]) {
        for change in changes {
            let Change::Insert { table: table @ (Table::CostAllocation | Table::BizKpis), rows } = change
            else {
                continue;
            };
            let place = usize::from(*table == Table::BizKpis);
            let months: BTreeSet<&str> =
                rows.iter().filter_map(|row| row.get(place)?.as_deref()?.get(..7)).collect();
            for month in months {
                let Some((year, number)) = month.split_once('-') else { continue };
                let name = format!("{}_{year}_{number}", table.name());
                // A month with rows in the default is refused, and stays there.
                let _made = self.client.batch_execute(&format!(
                    "CREATE TABLE IF NOT EXISTS {name} PARTITION OF {} FOR VALUES
                     FROM ('{month}-01{utc}') TO ('{next}{utc}')",
                    table.name(),
                    utc = if *table == Table::BizKpis { " 00:00:00+00" } else { "" },
                    next = next_month(year, number),
                ));
            }
        }
    }
}

/// The first day of the month after `year`-`month`.
fn next_month(year: &str, month: &str) -> String {
    let (year, month): (u32, u32) = (year.parse().unwrap_or_default(), month.parse().unwrap_or_default());
    if month >= 12 {
        format!("{:04}-01-01", year.saturating_add(1))
    } else {
        format!("{year:04}-{:02}-01", month.saturating_add(1))
    }
}

/// Makes the tables that follow from the log again if someone dropped one of them; they are filled when the log is read.
fn restore_derived(client: &mut Client) -> Result<(), Error> {
    let sql = "SELECT bool_and(to_regclass(name) IS NOT NULL) FROM unnest($1::text[]) AS t (name)";
    let names: &[&str] = &migration::DERIVED;
    if client.query_one(sql, &[&names])?.try_get(0)? {
        return Ok(());
    }
    let mut transaction = client.transaction()?;
    for name in migration::DERIVED.iter().rev() {
        transaction.batch_execute(&format!("DROP TABLE IF EXISTS {name}"))?;
    }
    for migration in migration::derived(POSTGRES) {
        transaction.batch_execute(migration.sql)?;
    }
    transaction.commit()
}

fn applied_migrations(client: &mut Client) -> Result<Vec<(i64, String, String)>, Error> {
    let exists = client.query_one("SELECT to_regclass('schema_migrations') IS NOT NULL", &[])?;
    if !exists.try_get::<_, bool>(0)? {
        return Ok(Vec::new());
    }
    let rows = client.query("SELECT version, name, sha256 FROM schema_migrations ORDER BY version", &[])?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}

/// How a text becomes the value of a column.
fn cast(column: &Column) -> &'static str {
    match column.kind {
        Kind::Text => "",
        Kind::Integer => "::bigint",
        Kind::Money | Kind::Rate => "::numeric",
        Kind::Day => "::date",
        Kind::Time => "::timestamptz",
        Kind::Json => "::json",
    }
}

/// How the value of a column becomes the text it was.
fn as_text(column: &Column) -> String {
    let name = column.name;
    match column.kind {
        Kind::Text => format!("\"{name}\"::text"),
        Kind::Integer | Kind::Day | Kind::Json => format!("\"{name}\"::text"),
        Kind::Money | Kind::Rate => format!("trim_scale(\"{name}\")::text"),
        Kind::Time => {
            format!("to_char(\"{name}\" AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
        }
    }
}

fn insert(transaction: &mut Transaction<'_>, id: i64, table: Table, rows: &[Row]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let columns = table.columns();
    let cells: Vec<Vec<Option<&str>>> = (0..columns.len())
        .map(|place| rows.iter().map(|row| row.get(place).and_then(Option::as_deref)).collect())
        .collect();
    let first = if table.has_log() { 2_usize } else { 1 };
    let names: Vec<String> = (0..columns.len()).map(|place| format!("c{place}")).collect();
    let arrays: Vec<String> =
        (first..first.saturating_add(columns.len())).map(|place| format!("${place}::text[]")).collect();
    let values: Vec<String> =
        names.iter().zip(columns).map(|(name, column)| format!("{name}{}", cast(column))).collect();
    let sql = format!(
        "INSERT INTO {} ({}) SELECT {}{} FROM unnest({}) AS r ({})",
        table.name(),
        column_list(table),
        if table.has_log() { "$1::bigint, " } else { "" },
        values.join(", "),
        arrays.join(", "),
        names.join(", "),
    );
    let mut params: Vec<&(dyn ToSql + Sync)> = Vec::with_capacity(columns.len().saturating_add(1));
    if table.has_log() {
        params.push(&id);
    }
    params.extend(cells.iter().map(|column| column as &(dyn ToSql + Sync)));
    transaction.execute(&sql, &params).map(|_| ())
}

fn write(
    transaction: &mut Transaction<'_>,
    statements: &Statements,
    id: i64,
    commit: &Commit<'_>,
) -> Result<Committed, Error> {
    let head = commit.head;
    let (expected, size, epoch) = (signed(commit.expected), signed(head.size()), signed(head.epoch));
    let kid = head.kid.map(|kid| kid.to_string());
    let (tag, hashes) = (head.tag.as_slice(), frontier(head));
    let changed =
        transaction.execute(&statements.head, &[&id, &expected, &size, &tag, &hashes, &kid, &epoch])?;
    if changed == 0 {
        return Ok(Committed::Lost);
    }
    if !commit.records.is_empty() {
        let records = commit.records;
        let seqs: Vec<i64> = records.iter().map(|sealed| signed(sealed.seq)).collect();
        let kids: Vec<String> = records.iter().map(|sealed| sealed.kid.to_string()).collect();
        let tags: Vec<&[u8]> = records.iter().map(|sealed| sealed.tag.as_slice()).collect();
        let leaves: Vec<&[u8]> = records.iter().map(|sealed| sealed.event.leaf().as_slice()).collect();
        let ids: Vec<&str> = records.iter().map(|sealed| sealed.event.id()).collect();
        let events: Vec<&str> = records
            .iter()
            .map(|sealed| std::str::from_utf8(sealed.event.bytes()).unwrap_or_default())
            .collect();
        transaction.execute(&statements.insert, &[&id, &seqs, &kids, &tags, &leaves, &ids, &events])?;
    }
    if let Some(note) = commit.note {
        let (size, head) = (signed(note.size), note.head.as_deref().unwrap_or_default());
        transaction.execute(&statements.note, &[&id, &size, &note.note, &head])?;
    }
    for change in commit.changes {
        apply(transaction, statements, id, change)?;
    }
    Ok(Committed::Done)
}

fn apply(
    transaction: &mut Transaction<'_>,
    statements: &Statements,
    id: i64,
    change: &Change,
) -> Result<(), Error> {
    let done = match change {
        Change::Replace { table, keys, rows } => {
            let key = table.columns().first().map_or("", |column| column.name);
            let sql = format!("DELETE FROM {} WHERE log_id = $1 AND {key} = ANY ($2::text[])", table.name());
            transaction.execute(&sql, &[&id, keys])?;
            return insert(transaction, id, *table, rows);
        }
        Change::Insert { table, rows } => return insert(transaction, id, *table, rows),
        Change::Clear { table } => {
            transaction.execute(&format!("DELETE FROM {} WHERE log_id = $1", table.name()), &[&id])
        }
        Change::DeleteBatch { table, batch_id } => {
            transaction.execute(&format!("DELETE FROM {} WHERE batch_id = $1", table.name()), &[batch_id])
        }
        Change::Keep { event_id, field, salt, value } => transaction.execute(
            "INSERT INTO audit_redactable (log_id, event_id, field, salt, value) VALUES ($1, $2, $3, $4, $5)",
            &[&id, event_id, field, &salt.as_slice(), value],
        ),
        Change::Forget { event_id, field } => transaction.execute(
            "DELETE FROM audit_redactable WHERE log_id = $1 AND event_id = $2 AND field = $3",
            &[&id, event_id, field],
        ),
        Change::Applied { size } => {
            let names: Vec<&str> = Table::PROJECTIONS.iter().map(|table| table.name()).collect();
            transaction.execute(&statements.applied, &[&id, &names, &signed(*size)])
        }
    };
    done.map(|_| ())
}

impl Backend for Postgres {
    fn name(&self) -> &'static str {
        "PostgreSQL"
    }

    fn has_tables(&self) -> bool {
        true
    }

    fn size(&mut self) -> Result<Option<u64>, StoreError> {
        let row = self
            .client
            .query_opt("SELECT size FROM audit_head WHERE origin = $1", &[&self.origin])
            .map_err(|error| refused(&error))?;
        let size: Option<i64> = row.map(|row| row.try_get(0)).transpose().map_err(|error| refused(&error))?;
        Ok(size.map(unsigned))
    }

    fn create(&mut self) -> Result<(), StoreError> {
        let (tag, empty): ([u8; 32], &[u8]) = ([0; 32], &[]);
        let made = self.client.execute(
            "INSERT INTO audit_head (origin, size, tag, frontier, kid, epoch) VALUES ($1, 0, $2, $3, NULL, 0)
             ON CONFLICT (origin) DO NOTHING",
            &[&self.origin, &tag.as_slice(), &empty],
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
        scan::scan(&mut self.client, id, from, limit, sink)
    }

    fn find(&mut self, ids: &[&str]) -> Result<BTreeMap<String, Known>, StoreError> {
        let id = self.id()?;
        let mut find = || -> Result<BTreeMap<String, Known>, Error> {
            self.prepare()?;
            let Some(statements) = &self.statements else { return Ok(BTreeMap::new()) };
            let rows = self.client.query(&statements.find, &[&id, &ids])?;
            let mut found = BTreeMap::new();
            for row in rows {
                let leaf: &[u8] = row.try_get(2)?;
                // A leaf of another length differs from every leaf.
                let leaf = leaf.try_into().unwrap_or([0; 32]);
                found.insert(row.try_get(0)?, Known { seq: unsigned(row.try_get(1)?), leaf });
            }
            Ok(found)
        };
        find().map_err(|error| refused(&error))
    }

    fn commit(&mut self, commit: &Commit<'_>) -> Result<Committed, Fault> {
        let id = self.id().map_err(|error| match error {
            StoreError::Unavailable { .. } => Fault::Lost(error),
            other => Fault::Refused(other),
        })?;
        self.make_months(commit.changes);
        self.prepare().map_err(|error| fault(&error))?;
        let Some(statements) = &self.statements else { return Ok(Committed::Lost) };
        let mut transaction = self.client.transaction().map_err(|error| fault(&error))?;
        match write(&mut transaction, statements, id, commit).map_err(|error| fault(&error))? {
            Committed::Lost => {
                transaction.rollback().map_err(|error| fault(&error))?;
                Ok(Committed::Lost)
            }
            Committed::Done => {
                transaction.commit().map_err(|error| fault(&error))?;
                Ok(Committed::Done)
            }
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
        let rows = self
            .client
            .query("SELECT name, applied_size FROM projection_state WHERE log_id = $1", &[&id])
            .map_err(|error| refused(&error))?;
        let pair = |row: &postgres::Row| Ok((row.try_get(0)?, unsigned(row.try_get(1)?)));
        rows.iter().map(pair).collect::<Result<_, Error>>().map_err(|error| refused(&error))
    }

    fn rows(&mut self, table: Table, batch_id: Option<&str>) -> Result<Vec<Row>, StoreError> {
        let id = self.id()?;
        let cells: Vec<String> = table.columns().iter().map(as_text).collect();
        let keys: Vec<String> = table
            .columns()
            .iter()
            .take(table.keys())
            .map(|column| format!("{} COLLATE \"C\"", as_text(column)))
            .collect();
        let from = format!("SELECT {} FROM {}", cells.join(", "), table.name());
        let order = keys.join(", ");
        let rows = match batch_id {
            Some(batch_id) => {
                self.client.query(&format!("{from} WHERE batch_id = $1 ORDER BY {order}"), &[&batch_id])
            }
            None if table.has_log() => {
                self.client.query(&format!("{from} WHERE log_id = $1 ORDER BY {order}"), &[&id])
            }
            None => self.client.query(&format!("{from} ORDER BY {order}"), &[]),
        };
        let rows = rows.map_err(|error| refused(&error))?;
        let read = |row: &postgres::Row| (0..cells.len()).map(|place| row.try_get(place)).collect();
        rows.iter().map(read).collect::<Result<_, Error>>().map_err(|error| refused(&error))
    }

    fn kept(&mut self, event_id: &str, field: &str) -> Result<Option<(Vec<u8>, String)>, StoreError> {
        let id = self.id()?;
        let row = self
            .client
            .query_opt(
                "SELECT salt, value FROM audit_redactable WHERE log_id = $1 AND event_id = $2 AND field = $3",
                &[&id, &event_id, &field],
            )
            .map_err(|error| refused(&error))?;
        let read = |row: &postgres::Row| Ok((row.try_get(0)?, row.try_get(1)?));
        row.as_ref().map(read).transpose().map_err(|error: Error| refused(&error))
    }

    fn reconnect(&mut self) -> Result<(), StoreError> {
        self.client = self.address.connect()?;
        self.session().map_err(|error| refused(&error))
    }
}
