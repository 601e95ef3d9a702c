//! The behaviour suite on SQLite, and what only SQLite can do wrong.

use crate::support::{Folder, life, options, ring, suite, thing};
use finops_store::{OpenVerify, Options, Store, StoreError, Table};
use rusqlite::Connection;

fn connection(folder: &Folder) -> Connection {
    Connection::open(folder.path().join("ledger.db")).unwrap()
}

#[test]
fn append_vectors() {
    suite::append_vectors(&mut || "sqlite::memory:".to_owned());
}

#[test]
fn requests_are_all_or_nothing() {
    suite::requests_are_all_or_nothing("sqlite::memory:");
}

#[test]
fn a_refusal_fails_no_other() {
    suite::a_refusal_fails_no_other("sqlite::memory:");
}

#[test]
fn reopening_verifies() {
    suite::reopening_verifies(&Folder::new("reopen").sqlite());
}

#[test]
fn since_checkpoint_is_reported() {
    suite::since_checkpoint_is_reported(&Folder::new("since").sqlite());
}

#[test]
fn proofs_and_receipts() {
    suite::proofs_and_receipts("sqlite::memory:");
}

#[test]
fn keys_rotate_and_ratchet() {
    suite::keys_rotate_and_ratchet(&Folder::new("keys").sqlite());
}

#[test]
fn time_brings_heartbeats_and_checkpoints() {
    suite::time_brings_heartbeats_and_checkpoints("sqlite::memory:");
}

#[test]
fn projections_are_rebuilt() {
    let folder = Folder::new("rebuild");
    suite::projections_are_rebuilt(&folder.sqlite(), &mut |sql| {
        connection(&folder).execute_batch(sql).unwrap();
    });
}

#[test]
fn bulk_rows_are_attested() {
    let folder = Folder::new("bulk");
    suite::bulk_rows_are_attested(&folder.sqlite(), &mut || {
        connection(&folder)
            .execute("UPDATE cost_allocation SET cost = '12.6' WHERE cost = '12.5'", [])
            .unwrap();
    });
}

#[test]
fn personal_data_can_be_forgotten() {
    suite::personal_data_can_be_forgotten("sqlite::memory:");
}

#[test]
fn triggers_refuse_every_change_of_what_is_signed() {
    let folder = Folder::new("triggers");
    let store = Store::open(&folder.sqlite(), &ring(), options()).unwrap();
    store.append(thing(1).with_id("a")).unwrap();
    store.issue_report("weekly", "2026-W12", "2026-W12", store.head().tree_head(), "{}", None).unwrap();
    store.checkpoint().unwrap();
    let database = connection(&folder);
    for (sql, table) in [
        ("UPDATE audit_log SET event = '{}' WHERE seq = 1", "audit_log"),
        ("DELETE FROM audit_log WHERE seq = 1", "audit_log"),
        (
            "INSERT OR REPLACE INTO audit_log SELECT log_id, seq, kid, tag, leaf, 'other', '{}', received_at FROM audit_log WHERE seq = 1",
            "audit_log",
        ),
        (
            "INSERT OR REPLACE INTO audit_log SELECT log_id, 99, kid, tag, leaf, event_id, '{}', received_at FROM audit_log WHERE seq = 1",
            "audit_log",
        ),
        ("REPLACE INTO audit_log SELECT * FROM audit_log WHERE seq = 1", "audit_log"),
        ("UPDATE audit_checkpoint SET note = ''", "audit_checkpoint"),
        ("DELETE FROM audit_checkpoint", "audit_checkpoint"),
        (
            "INSERT OR REPLACE INTO audit_checkpoint SELECT log_id, size, '', head, created_at FROM audit_checkpoint",
            "audit_checkpoint",
        ),
        ("UPDATE savings_reports SET body = ''", "savings_reports"),
        ("DELETE FROM savings_reports", "savings_reports"),
        ("INSERT OR REPLACE INTO savings_reports SELECT * FROM savings_reports", "savings_reports"),
    ] {
        let error = database.execute(sql, []).unwrap_err().to_string();
        assert!(error.contains(&format!("{table} is append-only")), "{sql}: {error}");
    }
    assert!(store.verify(&[], &[]).unwrap().ok());
    let view: (String, i64) = database
        .query_row("SELECT kind, json_extract(data, '$.n') FROM event_log WHERE id = 'a'", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!(view, ("acme.thing".to_owned(), 1));
}

/// An owner drops the triggers and edits: the store opens for reading only and says what is wrong.
#[test]
fn an_owner_who_edits_is_found_out() {
    let drop_triggers = "DROP TRIGGER audit_log_no_update; DROP TRIGGER audit_log_no_delete; DROP TRIGGER audit_checkpoint_no_update;";
    for (sql, code) in [
        ("UPDATE audit_log SET event = replace(event, '\"n\":3', '\"n\":4')", "ledger.verify.tag"),
        ("UPDATE audit_log SET leaf = zeroblob(32) WHERE seq = 3", "store.column_differs"),
        ("UPDATE audit_log SET event_id = 'other' WHERE seq = 3", "store.column_differs"),
        ("DELETE FROM audit_log WHERE seq = 3", "ledger.verify.sequence"),
        ("DELETE FROM audit_log WHERE seq = 10", "ledger.verify.truncated"),
        ("UPDATE audit_head SET size = 12", "store.head_differs"),
        (
            "UPDATE audit_checkpoint SET note = replace(note, char(10) || '11' || char(10), char(10) || '10' || char(10))",
            "ledger.verify.checkpoint_signature",
        ),
        ("UPDATE audit_log SET kid = 'x' WHERE seq = 3", "ledger.verify.malformed"),
    ] {
        let folder = Folder::new("owner");
        let store = Store::open(&folder.sqlite(), &ring(), options()).unwrap();
        store.append_many((1..=10).map(|n| thing(n).with_id(&format!("e{n}"))).collect()).unwrap();
        store.close().unwrap();
        connection(&folder).execute_batch(&format!("{drop_triggers} {sql}")).unwrap();
        let store = Store::open(&folder.sqlite(), &ring(), options()).unwrap();
        assert_eq!(store.report().error.as_ref().map(StoreError::code), Some(code), "{sql}");
        let refused = store.append(thing(11)).unwrap_err();
        assert_eq!(refused.code(), "store.read_only");
        // What is there can still be read.
        assert!(!store.events(None, 5).unwrap().is_empty());
    }
}

#[test]
fn schemas_of_other_versions_are_left_alone() {
    let folder = Folder::new("schema");
    drop(Store::open(&folder.sqlite(), &ring(), options()).unwrap());
    let database = connection(&folder);
    let open = || Store::open(&folder.sqlite(), &ring(), options()).map(|_| ()).map_err(|error| error.code());
    assert_eq!(open(), Ok(()));
    database.execute("UPDATE schema_migrations SET sha256 = 'x' WHERE version = 2", []).unwrap();
    assert_eq!(open(), Err("store.migration_changed"));
    database.execute("INSERT INTO schema_migrations VALUES (99, 'future', 'x')", []).unwrap();
    assert_eq!(open(), Err("store.schema_newer"));
    let nameless = Store::open("sqlite::memory:", &ring(), Options::new("no log")).unwrap_err();
    assert_eq!((nameless.code(), nameless.path()), ("ledger.event.field", "/log"));
    std::fs::write(folder.path().join("text.db"), "this is no database, and long enough to be read as one")
        .unwrap();
    let path = folder.path().join("text.db").display().to_string();
    assert_eq!(Store::open(&path, &ring(), options()).unwrap_err().code(), "store.database");
}

/// Two writers on one log: no gap, no fork, each event once.
#[test]
fn two_writers_share_a_log() {
    let folder = Folder::new("writers");
    suite::writers_share_a_log(&folder.sqlite(), 2, 100);
}

#[test]
fn two_logs_share_a_database() {
    let folder = Folder::new("logs");
    let first = Store::open(&folder.sqlite(), &ring(), options()).unwrap();
    let other = Options { heartbeats: false, ..Options::new("acme.example/finops/test") };
    let second = Store::open(&folder.sqlite(), &ring(), other).unwrap();
    first.append_many(life("o1")).unwrap();
    second.append_many(life("o1")[..3].to_vec()).unwrap();
    assert_eq!((first.size(), second.size()), (11, 4));
    assert_eq!(first.rows(Table::Opportunities).unwrap()[0]["status"], "verified");
    assert_eq!(second.rows(Table::Opportunities).unwrap()[0]["status"], "proposed");
    suite::same_as_the_log(&first);
    suite::same_as_the_log(&second);
    assert!(first.verify(&[], &[]).unwrap().ok() && second.verify(&[], &[]).unwrap().ok());
}

/// The head beside a checkpoint is not signed: a false one is noticed and everything is verified.
#[test]
fn a_false_head_of_a_checkpoint_is_not_trusted() {
    for (from, to, since) in [
        ("x", "x", Some(20)),
        ("\"epoch\":0", "\"epoch\":1", None),
        ("\"size\":21", "\"size\":20", None),
        ("\"tag\":\"", "\"tag\":\"00", None),
        ("\"kid\":\"eca50ae34c3bb776\"", "\"kid\":\"0000000000000000\"", None),
    ] {
        let folder = Folder::new("head");
        let store = Store::open(&folder.sqlite(), &ring(), options()).unwrap();
        store.append_many((1..=20).map(thing).collect()).unwrap();
        store.close().unwrap();
        let sql =
            "DROP TRIGGER audit_checkpoint_no_update; UPDATE audit_checkpoint SET head = replace(head, ";
        connection(&folder).execute_batch(&format!("{sql}'{from}', '{to}')")).unwrap();
        let options = Options { open_verify: OpenVerify::SinceCheckpoint, ..options() };
        let store = Store::open(&folder.sqlite(), &ring(), options).unwrap();
        assert_eq!((&store.report().error, store.report().verified_since), (&None, since), "{to}");
        store.append(thing(21)).unwrap();
        assert!(store.verify(&[], &[]).unwrap().ok());
    }
}
