//! The behaviour suite on a real `PostgreSQL`, and what only several writers and a server can do.

use crate::support::{Folder, life, options, postgres::Server, ring, suite, thing};
use finops_store::{Store, StoreError, Table};

/// Runs a test on a new database, where there is a server.
fn on_a_database(test: impl FnOnce(&Server, &str)) {
    if let Some(server) = Server::get() {
        let database = server.database();
        test(&server, &database);
    }
}

fn suite(test: impl FnOnce(&str)) {
    on_a_database(|server, database| test(&server.url(database)));
}

#[test]
fn append_vectors() {
    on_a_database(|server, _| suite::append_vectors(&mut || server.url(&server.database())));
}

#[test]
fn requests_are_all_or_nothing() {
    suite(suite::requests_are_all_or_nothing);
}

#[test]
fn a_refusal_fails_no_other() {
    suite(suite::a_refusal_fails_no_other);
}

#[test]
fn reopening_verifies() {
    suite(suite::reopening_verifies);
}

#[test]
fn since_checkpoint_is_reported() {
    suite(suite::since_checkpoint_is_reported);
}

#[test]
fn proofs_and_receipts() {
    suite(suite::proofs_and_receipts);
}

#[test]
fn keys_rotate_and_ratchet() {
    suite(suite::keys_rotate_and_ratchet);
}

#[test]
fn time_brings_heartbeats_and_checkpoints() {
    suite(suite::time_brings_heartbeats_and_checkpoints);
}

#[test]
fn personal_data_can_be_forgotten() {
    suite(suite::personal_data_can_be_forgotten);
}

#[test]
fn projections_are_rebuilt() {
    on_a_database(|server, database| {
        suite::projections_are_rebuilt(&server.url(database), &mut |sql| {
            server.client(database).batch_execute(sql).unwrap();
        });
        // What was made again may be written by whom it was before.
        let sql = "SELECT has_table_privilege('finops_writer', 'opportunities', 'INSERT')";
        assert!(server.client(database).query_one(sql, &[]).unwrap().get::<_, bool>(0));
    });
}

#[test]
fn bulk_rows_are_attested_and_lie_in_their_months() {
    on_a_database(|server, database| {
        suite::bulk_rows_are_attested(&server.url(database), &mut || {
            let sql = "UPDATE cost_allocation SET cost = 12.6 WHERE cost = 12.5";
            server.client(database).batch_execute(sql).unwrap();
        });
        let mut client = server.client(database);
        let rows =
            client.query("SELECT tableoid::regclass::text FROM cost_allocation ORDER BY 1", &[]).unwrap();
        let places: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert_eq!(places, ["cost_allocation_2026_03", "cost_allocation_2026_04"]);
    });
}

#[test]
fn writers_share_a_log() {
    suite(|url| suite::writers_share_a_log(url, 4, 60));
}

#[test]
fn triggers_refuse_every_change_of_what_is_signed() {
    on_a_database(|server, database| {
        let store = Store::open(&server.url(database), &ring(), options()).unwrap();
        store.append(thing(1).with_id("a")).unwrap();
        store.issue_report("weekly", "2026-W12", "2026-W12", store.head().tree_head(), "{}", None).unwrap();
        let mut client = server.client(database);
        for table in ["audit_log", "audit_checkpoint", "savings_reports"] {
            for sql in [
                format!("UPDATE {table} SET log_id = log_id"),
                format!("DELETE FROM {table}"),
                format!("TRUNCATE {table} CASCADE"),
                format!("INSERT INTO {table} SELECT * FROM {table} LIMIT 1"),
            ] {
                let error = client.batch_execute(&sql).unwrap_err();
                let message = error.as_db_error().unwrap().message();
                assert!(
                    message.contains("is append-only") || message.contains("duplicate key"),
                    "{sql}: {message}"
                );
            }
        }
        assert!(store.verify(&[], &[]).unwrap().ok());
        let row = client
            .query_one("SELECT kind, data ->> 'n', at::text FROM event_log WHERE id = 'a'", &[])
            .unwrap();
        assert_eq!((row.get::<_, &str>(0), row.get::<_, &str>(1)), ("acme.thing", "1"));
    });
}

/// A superuser disables the triggers and edits: the store says so.
#[test]
fn an_owner_who_edits_is_found_out() {
    // Held over all of them: the last to let go of a server stops it.
    let _server = Server::get();
    for (sql, code) in [
        ("UPDATE audit_log SET event = replace(event, '\"n\":3', '\"n\":4')", "ledger.verify.tag"),
        ("UPDATE audit_log SET leaf = sha256('x') WHERE seq = 3", "store.column_differs"),
        ("UPDATE audit_log SET event_id = 'other' WHERE seq = 3", "store.column_differs"),
        ("DELETE FROM audit_log WHERE seq = 3", "ledger.verify.sequence"),
        ("DELETE FROM audit_log WHERE seq = 10", "ledger.verify.truncated"),
        ("UPDATE audit_head SET size = 9", "store.head_differs"),
    ] {
        on_a_database(|server, database| {
            let url = server.url(database);
            let store = Store::open(&url, &ring(), options()).unwrap();
            store.append_many((1..=10).map(|n| thing(n).with_id(&format!("e{n}"))).collect()).unwrap();
            store.close().unwrap();
            let free = "ALTER TABLE audit_log DISABLE TRIGGER ALL";
            server.client(database).batch_execute(&format!("{free}; {sql}")).unwrap();
            let store = Store::open(&url, &ring(), options()).unwrap();
            assert_eq!(store.report().error.as_ref().map(StoreError::code), Some(code), "{sql}");
            assert_eq!(store.append(thing(11)).unwrap_err().code(), "store.read_only");
        });
    }
}

#[test]
fn schemas_of_other_versions_are_left_alone() {
    on_a_database(|server, database| {
        let url = server.url(database);
        drop(Store::open(&url, &ring(), options()).unwrap());
        let open = || Store::open(&url, &ring(), options()).map(|_| ()).map_err(|error| error.code());
        assert_eq!(open(), Ok(()));
        let mut client = server.client(database);
        client.execute("UPDATE schema_migrations SET sha256 = 'x' WHERE version = 2", &[]).unwrap();
        assert_eq!(open(), Err("store.migration_changed"));
        client.execute("INSERT INTO schema_migrations VALUES (99, 'future', 'x')", &[]).unwrap();
        assert_eq!(open(), Err("store.schema_newer"));
    });
}

/// A writer whose connection is cut reconnects, looks its ids up, and records nothing twice.
#[test]
fn a_lost_connection_loses_and_doubles_nothing() {
    on_a_database(|server, database| {
        let url = server.url(database);
        let store = Store::open(&url, &ring(), options()).unwrap();
        let mut client = server.client(database);
        for n in 0..10 {
            store.append(thing(n).with_id(&format!("a{n}"))).unwrap();
            let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'finops' AND datname = $1";
            client.query(cut, &[&database]).unwrap();
        }
        assert_eq!(store.append_many(life("o1")).unwrap().len(), 10);
        assert_eq!(store.size(), 21);
        assert!(store.verify(&[], &[]).unwrap().ok());
        suite::same_as_the_log(&store);
    });
}

#[test]
fn a_writer_needs_no_more_than_its_role() {
    on_a_database(|server, database| {
        drop(Store::open(&server.url(database), &ring(), options()).unwrap());
        let mut client = server.client(database);
        client
            .batch_execute(&format!(
                "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app') THEN CREATE ROLE app LOGIN; END IF; END $$;
                 GRANT finops_writer TO app; GRANT CONNECT ON DATABASE {database} TO app"
            ))
            .unwrap();
        let url = server.url(database).replace("postgres@", "app@");
        let store = Store::open(&url, &ring(), options()).unwrap();
        store.append_many(life("o1")).unwrap();
        let row = serde_json::json!({"name": "orders", "ts": "2026-03-14T09:26:53.589793Z", "dims": "{}", "value": "1"});
        store.record_batch("k1", Table::BizKpis, vec![row], None).unwrap();
        assert!(store.verify_batch("k1").unwrap());
        store.close().unwrap();
        let mut app = ::postgres::Client::connect(&url, ::postgres::NoTls).unwrap();
        for sql in [
            "DELETE FROM audit_log",
            "UPDATE audit_log SET event = ''",
            "ALTER TABLE audit_log DISABLE TRIGGER ALL",
            "DELETE FROM audit_redactable",
        ] {
            let code = app.batch_execute(sql).unwrap_err().code().unwrap().code().to_owned();
            assert_eq!(code, "42501", "{sql}");
        }
    });
}

#[test]
fn what_cannot_be_reached_says_so_without_its_password() {
    let folder = Folder::new("nowhere");
    let socket = folder.path().display().to_string().replace('/', "%2F");
    let url = format!("postgres://postgres:hunter2@{socket}/nothing");
    let error = Store::open(&url, &ring(), options()).unwrap_err();
    assert_eq!(error.code(), "store.unavailable");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    let error = Store::open("postgres://u:hunter2@h/d?sslmode=maybe", &ring(), options()).unwrap_err();
    assert_eq!(error.code(), "store.url");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}
