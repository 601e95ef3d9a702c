//! The Nth operation on the disk fails, for every N: nothing acknowledged is lost, and the store writes no more until it
//! is opened again.

use super::*;
use crate::{Keyring, NewEvent, Options, Store, backend::disk::Os};
use std::{
    fs::File,
    io::Write as _,
    sync::{Arc, Mutex},
};

/// A disk whose Nth operation fails; a write leaves half of its bytes behind.
#[derive(Clone, Default)]
struct Faulty {
    nth: usize,
    /// What was asked of it.
    asked: Arc<Mutex<Vec<&'static str>>>,
}

impl Faulty {
    fn at(nth: usize) -> Self {
        Self { nth, asked: Arc::default() }
    }

    fn pass(&self, operation: &'static str) -> io::Result<()> {
        let mut asked = self.asked.lock().unwrap();
        asked.push(operation);
        // One fault: afterwards the disk works again, which must not be trusted.
        if asked.len() == self.nth { Err(io::Error::other("no space left on device")) } else { Ok(()) }
    }

    /// The operations after the fault, if that was a failed change.
    fn after_a_failed_change(&self) -> Vec<&'static str> {
        let asked = self.asked.lock().unwrap();
        let changes = |name: &&&str| !matches!(**name, "lock" | "exists" | "open" | "reader" | "list");
        let failed = self.nth.checked_sub(1).and_then(|at| asked.get(at));
        match failed.filter(changes) {
            Some(_) => asked[self.nth..].iter().filter(changes).copied().collect(),
            None => Vec::new(),
        }
    }
}

impl Disk for Faulty {
    type File = File;
    type Lock = File;

    fn lock(&mut self, path: &Path) -> io::Result<Option<File>> {
        self.pass("lock")?;
        Os.lock(path)
    }
    fn exists(&mut self, path: &Path) -> io::Result<bool> {
        self.pass("exists")?;
        Os.exists(path)
    }
    fn open(&mut self, path: &Path, writable: bool) -> io::Result<File> {
        self.pass("open")?;
        Os.open(path, writable)
    }
    fn reader(&mut self, path: &Path, from: u64) -> io::Result<Box<dyn io::BufRead>> {
        self.pass("reader")?;
        Os.reader(path, from)
    }
    fn list(&mut self, path: &Path) -> io::Result<Vec<String>> {
        self.pass("list")?;
        Os.list(path)
    }
    fn write(&mut self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.pass("write") {
            file.write_all(&bytes[..bytes.len() / 2])?;
            return Err(error);
        }
        Os.write(file, bytes)
    }
    fn overwrite(&mut self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.pass("overwrite") {
            Os.overwrite(path, at, &bytes[..bytes.len() / 2])?;
            return Err(error);
        }
        Os.overwrite(path, at, bytes)
    }
    fn sync(&mut self, file: &File) -> io::Result<()> {
        self.pass("sync")?;
        Os.sync(file)
    }
    fn cut(&mut self, file: &File, length: u64) -> io::Result<()> {
        self.pass("cut")?;
        Os.cut(file, length)
    }
    fn create(&mut self, path: &Path) -> io::Result<File> {
        self.pass("create")?;
        Os.create(path)
    }
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.pass("rename")?;
        Os.rename(from, to)
    }
    fn remove(&mut self, path: &Path) -> io::Result<()> {
        self.pass("remove")?;
        Os.remove(path)
    }
    fn create_dir(&mut self, path: &Path) -> io::Result<()> {
        self.pass("create_dir")?;
        Os.create_dir(path)
    }
    fn sync_dir(&mut self, path: &Path) -> io::Result<()> {
        self.pass("sync_dir")?;
        Os.sync_dir(path)
    }
}

fn ring() -> Keyring {
    Keyring::from_secrets("0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0", []).unwrap()
}

fn options() -> Options {
    Options { heartbeats: false, checkpoint_records: 4, ..Options::new("acme.example/prod") }
}

/// Appends six requests; answers the ids that were acknowledged and whether any operation failed.
fn run(path: &Path, disk: Faulty) -> (Vec<String>, bool) {
    let mut acknowledged = Vec::new();
    let (nth, shared) = (disk.nth, disk.clone());
    let store =
        Records::open(path, false, disk).and_then(|file| Store::start(Box::new(file), &ring(), options()));
    let Ok(store) = store else {
        assert_eq!(shared.after_a_failed_change(), [""; 0], "fault {nth}");
        return (acknowledged, true);
    };
    let (mut failed, mut poisoned) = (false, false);
    for n in 0..6 {
        let event = |part: u32| {
            let data = serde_json::json!({ "n": n });
            let event = NewEvent::new("acme.thing", data, "svc:test").with_id(&format!("e{n}-{part}"));
            event.with_at("2026-03-14T09:26:53.589793Z")
        };
        match store.append_many((0..=n % 3).map(event).collect()) {
            Ok(appended) => {
                assert!(!poisoned, "acknowledged after a failed write");
                acknowledged.extend(appended.into_iter().map(|appended| appended.id));
            }
            Err(error) => {
                // What could not be read is no reason to write no more.
                assert!(matches!(error.code(), "store.poisoned" | "store.io"), "{error}");
                (failed, poisoned) = (true, poisoned || error.code() == "store.poisoned");
            }
        }
    }
    let closed = store.close();
    // Above all no second fsync after one that failed: it would answer that all is well.
    assert_eq!(shared.after_a_failed_change(), [""; 0], "fault {nth}");
    (acknowledged, failed || closed.is_err())
}

#[test]
fn any_single_fault_of_the_disk_loses_nothing_acknowledged() {
    let mut faults = 0;
    for nth in 1.. {
        let folder = std::env::temp_dir().join(format!("finops-store-faults-{}-{nth}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("ledger.log");
        let (mut acknowledged, failed) = run(&path, Faulty::at(nth));
        faults += u32::from(failed);
        // A second fault meets the repair of the first; then the disk works.
        for second in [1, 2, 5, 0] {
            let (again, _) = run(&path, Faulty::at(second));
            acknowledged.extend(again);
        }
        let store = Store::open(&format!("file://{}", path.display()), &ring(), options()).unwrap();
        assert_eq!(store.report().error, None, "fault {nth}");
        let stored = store.events(None, u64::MAX).unwrap();
        // Each of the six requests was acknowledged at last, and is there once.
        assert_eq!(stored.len(), 1 + 12);
        for id in acknowledged {
            assert_eq!(stored.iter().filter(|stored| stored.event.contains(&format!("\"{id}\""))).count(), 1);
        }
        drop(store);
        std::fs::remove_dir_all(&folder).unwrap();
        if !failed {
            break;
        }
    }
    // A run has more than twenty operations: writes, fsyncs, notes.
    assert!(faults > 40, "{faults}");
}

/// What waits together shares one write and one fsync, however many callers wait.
#[test]
fn a_hundred_callers_share_one_fsync() {
    let folder = std::env::temp_dir().join(format!("finops-store-share-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let disk = Faulty::default();
    let file = Records::open(&folder.join("ledger.log"), false, disk.clone()).unwrap();
    let options = Options { checkpoint_records: 1000, ..options() };
    let store = Store::start(Box::new(file), &ring(), options).unwrap();
    let (begin, held) = std::sync::mpsc::channel::<()>();
    let (came, comes) = std::sync::mpsc::channel();
    // The writer waits until everybody has asked.
    let wait = move |_| {
        came.send(()).unwrap();
        held.recv().unwrap();
    };
    store.submit(Vec::new(), wait).unwrap();
    comes.recv().unwrap();
    disk.asked.lock().unwrap().clear();
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        for n in 0..100 {
            let (store, sender) = (&store, sender.clone());
            scope.spawn(move || {
                let event = NewEvent::new("acme.thing", serde_json::json!({ "n": n }), "svc:test");
                store.submit(vec![event], move |answer| sender.send(answer).unwrap()).unwrap();
            });
        }
    });
    begin.send(()).unwrap();
    let seqs: std::collections::BTreeSet<u64> =
        receiver.iter().take(100).map(|answer| answer.unwrap()[0].seq).collect();
    assert_eq!(seqs, (1..=100).collect());
    let changes: Vec<&str> = disk.asked.lock().unwrap().clone();
    assert_eq!(changes, ["write", "sync"]);
    drop(store);
    std::fs::remove_dir_all(&folder).unwrap();
}
