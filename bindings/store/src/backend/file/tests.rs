//! The Nth operation on the disk fails, for every N: nothing acknowledged is lost, and the store writes no more until it
//! is opened again.

use super::*;
use crate::{Keyring, NewEvent, Options, Store};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

/// A disk whose Nth operation fails; a write leaves half of its bytes behind.
#[derive(Clone)]
struct Faulty {
    left: Arc<AtomicU32>,
}

impl Faulty {
    fn pass(&self) -> io::Result<()> {
        let before = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        // One fault: afterwards the disk works again, which must not be trusted.
        if before == Ok(1) { Err(io::Error::other("no space left on device")) } else { Ok(()) }
    }
}

impl Disk for Faulty {
    fn write(&mut self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.pass() {
            file.write_all(&bytes[..bytes.len() / 2])?;
            return Err(error);
        }
        Os.write(file, bytes)
    }
    fn sync(&mut self, file: &File) -> io::Result<()> {
        self.pass()?;
        Os.sync(file)
    }
    fn cut(&mut self, file: &File, length: u64) -> io::Result<()> {
        self.pass()?;
        Os.cut(file, length)
    }
    fn create(&mut self, path: &Path) -> io::Result<File> {
        self.pass()?;
        Os.create(path)
    }
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.pass()?;
        Os.rename(from, to)
    }
    fn create_dir(&mut self, path: &Path) -> io::Result<()> {
        self.pass()?;
        Os.create_dir(path)
    }
    fn sync_dir(&mut self, path: &Path) -> io::Result<()> {
        self.pass()?;
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
    let store =
        Records::open(path, false, disk).and_then(|file| Store::start(Box::new(file), &ring(), options()));
    let Ok(store) = store else { return (acknowledged, true) };
    let mut failed = false;
    for n in 0..6 {
        let event = |part: u32| {
            let data = serde_json::json!({ "n": n });
            let event = NewEvent::new("acme.thing", data, "svc:test").with_id(&format!("e{n}-{part}"));
            event.with_at("2026-03-14T09:26:53.589793Z")
        };
        match store.append_many((0..=n % 3).map(event).collect()) {
            Ok(appended) => {
                assert!(!failed, "acknowledged after a failed write");
                acknowledged.extend(appended.into_iter().map(|appended| appended.id));
            }
            Err(error) => {
                assert_eq!(error.code(), "store.poisoned");
                failed = true;
            }
        }
    }
    let closed = store.close();
    (acknowledged, failed || closed.is_err())
}

#[test]
fn any_single_fault_of_the_disk_loses_nothing_acknowledged() {
    let mut faults = 0;
    for nth in 1.. {
        let folder = std::env::temp_dir().join(format!("finops-store-faults-{}-{nth}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("ledger.log");
        let (mut acknowledged, failed) = run(&path, Faulty { left: Arc::new(AtomicU32::new(nth)) });
        faults += u32::from(failed);
        // A second fault meets the repair of the first; then the disk works.
        for second in [1, 2, 5, 0] {
            let (again, _) = run(&path, Faulty { left: Arc::new(AtomicU32::new(second)) });
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
    assert!(faults > 20, "{faults}");
}
