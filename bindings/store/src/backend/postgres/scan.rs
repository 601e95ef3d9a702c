//! Reading the log, a page after another.

use super::{refused, signed, unsigned};
use crate::{StoreError, backend::Scanned};
use finops_ledger::event::{keys::Kid, record::Record};
use postgres::{Client, Error};
use std::sync::mpsc::sync_channel;

/// How many rows one query fetches.
const PAGE: u64 = 5000;

/// Hands on the records from a position on, at most `limit`, until `sink` answers false.
pub(super) fn scan(
    client: &mut Client,
    id: i64,
    from: u64,
    limit: u64,
    sink: &mut dyn FnMut(Scanned<'_>) -> bool,
) -> Result<(), StoreError> {
    if limit <= PAGE {
        return give(&page(client, id, from, limit)?, sink).map(|_| ());
    }
    // The next page is on its way while this one is verified.
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(1);
        let fetch = move || {
            let (mut from, mut left) = (from, limit);
            while left > 0 {
                let wanted = left.min(PAGE);
                let rows = page(client, id, from, wanted);
                let last = rows.as_ref().ok().and_then(|rows| rows.last()?.try_get::<_, i64>(0).ok());
                let read = rows.as_ref().map_or(0, |rows| u64::try_from(rows.len()).unwrap_or(u64::MAX));
                left = if read < wanted { 0 } else { left.saturating_sub(read) };
                from = last.map_or(from, |last| unsigned(last).saturating_add(1));
                if sender.send(rows).is_err() {
                    return;
                }
            }
        };
        let spawned = std::thread::Builder::new().name("finops-scan".to_owned()).spawn_scoped(scope, fetch);
        spawned.map_err(|error| StoreError::Io { path: "thread".to_owned(), problem: error.to_string() })?;
        for rows in receiver {
            if !give(&rows?, sink)? {
                break;
            }
        }
        Ok(())
    })
}

/// A page of the log.
fn page(client: &mut Client, id: i64, from: u64, count: u64) -> Result<Vec<postgres::Row>, StoreError> {
    let rows = client.query(
        "SELECT seq, kid, tag, leaf, event_id, event FROM audit_log
         WHERE log_id = $1 AND seq >= $2 ORDER BY seq LIMIT $3",
        &[&id, &signed(from), &signed(count)],
    );
    rows.map_err(|error| refused(&error))
}

/// Hands the rows of a page on; false if no more are wanted.
fn give(rows: &[postgres::Row], sink: &mut dyn FnMut(Scanned<'_>) -> bool) -> Result<bool, StoreError> {
    let sql = |error: Error| refused(&error);
    for row in rows {
        let seq = unsigned(row.try_get(0).map_err(sql)?);
        let kid: &str = row.try_get(1).map_err(sql)?;
        let (tag, leaf): (&[u8], &[u8]) = (row.try_get(2).map_err(sql)?, row.try_get(3).map_err(sql)?);
        let (event_id, event): (&str, &str) = (row.try_get(4).map_err(sql)?, row.try_get(5).map_err(sql)?);
        let record = Kid::parse(kid).zip(tag.try_into().ok());
        let record = record.map(|(kid, tag)| Record { seq, kid, tag, event: event.as_bytes() });
        if !sink(Scanned { record, columns: Some((leaf, event_id)) }) {
            return Ok(false);
        }
    }
    Ok(true)
}
