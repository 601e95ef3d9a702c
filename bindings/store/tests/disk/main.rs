//! SQLite on a disk that fails, dies and forgets: the Nth operation, for N = 1, 2, ... until a run sees no trouble.
//!
//! A process of its own, because the file system is put under every connection of the process.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may panic: the lint knows test functions, not their helpers"
)]

mod vfs;

use finops_store::{Keyring, NewEvent, Options, Store, Table};
use serde_json::json;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};
use vfs::Trouble;

/// The file system is one for all tests.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("finops-disk-{name}-{}", std::process::id()));
        let _absent = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn database(&self) -> String {
        self.0.join("ledger.db").display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

fn ring() -> Keyring {
    Keyring::from_secrets("0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0", []).unwrap()
}

fn options() -> Options {
    Options { heartbeats: false, checkpoint_records: 4, ..Options::new("acme.example/prod") }
}

fn open(url: &str) -> Result<Store, finops_store::StoreError> {
    Store::open(url, &ring(), options())
}

/// Six requests of one to three events, each with the id it has in every run.
fn request(n: u64) -> Vec<NewEvent> {
    let event = |part: u64| {
        let id = format!("e{n}-{part}");
        let item = json!({"id": id, "type": "idle_nodes", "resource": id, "estimated_monthly_savings": "1"});
        NewEvent::new("opportunity.detected", json!({ "opportunity": item }), "svc:test")
            .with_id(&id)
            .with_at("2026-03-14T09:26:53.589793Z")
    };
    (0..=n % 3).map(event).collect()
}

/// Where each acknowledged event is.
type Acknowledged = BTreeMap<String, u64>;

/// Appends the six requests; answers whether anything failed.
fn run(url: &str, acknowledged: &mut Acknowledged) -> bool {
    let Ok(store) = open(url) else { return true };
    let error = store.report().error.clone();
    assert!(error.is_none(), "{error:?}");
    let (mut failed, mut poisoned) = (false, false);
    for n in 0..6 {
        match store.append_many(request(n)) {
            Ok(appended) => {
                assert!(!poisoned, "acknowledged after a failed write");
                for appended in appended {
                    let before = acknowledged.insert(appended.id, appended.seq);
                    assert!(before.is_none_or(|before| before == appended.seq));
                }
            }
            Err(error) => {
                // What could not be read or begun is refused; what could not be written poisons.
                assert!(
                    matches!(error.code(), "store.poisoned" | "store.database" | "store.busy"),
                    "{error}"
                );
                let synced = vfs::with(|world| world.failed == Some("sync"));
                assert!(!synced || error.code() == "store.poisoned", "a failed sync: {error}");
                (failed, poisoned) = (true, poisoned || error.code() == "store.poisoned");
            }
        }
    }
    failed | store.close().is_err()
}

/// What is stored: acknowledged within it, nothing twice, the log verifies, the projections are the log's.
fn inspect(url: &str, acknowledged: &Acknowledged, what: &str) {
    let store = open(url).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(store.report().error, None, "{what}");
    let mut ids = Acknowledged::new();
    for stored in store.events(None, u64::MAX).unwrap() {
        let event: serde_json::Value = serde_json::from_str(&stored.event).unwrap();
        let id = event["id"].as_str().unwrap().to_owned();
        assert_eq!(ids.insert(id, stored.seq), None, "{what}: an id is there twice");
    }
    for (id, seq) in acknowledged {
        assert_eq!(ids.get(id), Some(seq), "{what}: {id} was acknowledged");
    }
    assert!(store.verify(&[], &[]).unwrap().ok(), "{what}");
    for table in Table::PROJECTIONS {
        assert_eq!(store.rows(table).unwrap(), store.expected_rows(table).unwrap(), "{what}");
    }
}

/// A database with its schema and the first record, all of it durable.
fn begin(folder: &Folder) {
    vfs::install();
    vfs::with(|world| world.meet(None));
    open(&folder.database()).unwrap().close().unwrap();
}

fn copy(from: &Path, to: &Path) {
    std::fs::copy(from.join("ledger.db"), to.join("ledger.db")).unwrap();
}

/// Every number below `below` by turns, different for each `seed`.
fn chances(mut seed: u64) -> impl FnMut(usize) -> usize {
    move |below| {
        // Knuth's MMIX generator.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below.max(1)
    }
}

/// Trouble at the Nth operation; then the same process, or the next one, goes on with the same ids; then the power fails.
fn every_operation(trouble: Trouble, name: &str) -> BTreeMap<&'static str, u32> {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let template = Folder::new(&format!("{name}-template"));
    begin(&template);
    let mut met = BTreeMap::new();
    for nth in 1.. {
        let what = format!("{trouble:?} at {nth}");
        let folder = Folder::new(name);
        copy(&template.0, &folder.0);
        vfs::with(|world| {
            world.forget();
            world.meet(Some((nth, trouble)));
        });
        let mut acknowledged = Acknowledged::new();
        let failed = run(&folder.database(), &mut acknowledged);
        let Some(operation) = vfs::with(|world| world.failed) else {
            assert!(!failed, "{what}: failed without trouble");
            break;
        };
        *met.entry(operation).or_insert(0) += 1;
        // The power fails at once.
        let cut = Folder::new(&format!("{name}-cut"));
        vfs::with(|world| world.power_loss(&cut.0, chances(nth)));
        vfs::with(|world| world.meet(None));
        inspect(&cut.database(), &acknowledged, &format!("{what}, then the power fails"));
        // Or the disk works again, and everything is tried once more.
        vfs::with(|world| world.meet(None));
        assert!(!run(&folder.database(), &mut acknowledged), "{what}: fails again");
        assert_eq!(acknowledged.len(), 12, "{what}");
        inspect(&folder.database(), &acknowledged, &what);
    }
    met
}

/// The same, but the power fails right after the retry was answered, before anything else is synced.
fn power_fails_after_the_retry(trouble: Trouble, name: &str) -> u32 {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let template = Folder::new(&format!("{name}-template"));
    begin(&template);
    let mut existed = 0;
    for nth in 1.. {
        let what = format!("{trouble:?} at {nth}, retry, then the power fails");
        let folder = Folder::new(name);
        copy(&template.0, &folder.0);
        vfs::with(|world| {
            world.forget();
            world.meet(Some((nth, trouble)));
        });
        let mut acknowledged = Acknowledged::new();
        run(&folder.database(), &mut acknowledged);
        if vfs::with(|world| world.failed).is_none() {
            break;
        }
        vfs::with(|world| world.meet(None));
        let store = open(&folder.database()).unwrap();
        // Only what an earlier process was writing: a new record would sync what lies before it.
        for n in 0..6 {
            let known = store.events(None, u64::MAX).unwrap();
            if !known.iter().any(|stored| stored.event.contains(&format!("\"e{n}-0\""))) {
                break;
            }
            for appended in store.append_many(request(n)).unwrap() {
                existed += u32::from(appended.existed && !acknowledged.contains_key(&appended.id));
                acknowledged.insert(appended.id, appended.seq);
            }
        }
        let cut = Folder::new(&format!("{name}-cut"));
        vfs::with(|world| world.power_loss(&cut.0, |_| 0));
        // The first process is killed, so that its closing writes nothing.
        vfs::with(|world| world.meet(None));
        drop(store);
        vfs::with(|world| world.meet(None));
        inspect(&cut.database(), &acknowledged, &what);
    }
    existed
}

#[test]
fn any_operation_of_sqlite_may_fail() {
    let met = every_operation(Trouble::Fails, "fails");
    for operation in ["read", "write", "sync", "open", "size", "lock"] {
        assert!(met.contains_key(operation), "no {operation} failed: {met:?}");
    }
}

#[test]
fn a_process_may_die_within_any_operation_of_sqlite() {
    let met = every_operation(Trouble::Dies, "dies");
    assert!(met["write"] > 20 && met["sync"] > 6, "{met:?}");
}

/// A retry is told that its event exists: then it is durable, whatever became of the sync that its writer waited for.
#[test]
fn what_a_retry_is_told_survives_the_power() {
    let existed = power_fails_after_the_retry(Trouble::Fails, "retry-fails")
        + power_fails_after_the_retry(Trouble::Dies, "retry-dies");
    assert!(existed > 5, "{existed} events were found by their retries");
}
