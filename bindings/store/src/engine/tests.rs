//! Faults between the engine and its place: lost races, connections lost before and after a commit, refusals.

use super::*;
use crate::{
    Keyring, NewEvent, Options, Store, Table,
    backend::{Commit, Scanned, StoredNote, sqlite::Sqlite},
    table::Row,
};
use finops_ledger::event::log::Known;
use std::collections::VecDeque;

/// What happens to the next commits; those after them go through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Lost,
    CutBefore,
    CutAfter,
    Poison,
    /// Refuses a batch of more than one request, as one bad row does.
    BadRow,
}

type Troubles = Arc<Mutex<VecDeque<Trouble>>>;

struct Troubled {
    inner: Sqlite,
    troubles: Troubles,
}

impl Backend for Troubled {
    fn name(&self) -> &'static str {
        self.inner.name()
    }
    fn has_tables(&self) -> bool {
        true
    }
    fn size(&mut self) -> Result<Option<u64>, StoreError> {
        self.inner.size()
    }
    fn create(&mut self) -> Result<(), StoreError> {
        self.inner.create()
    }
    fn scan(
        &mut self,
        from: u64,
        limit: u64,
        sink: &mut dyn FnMut(Scanned<'_>) -> bool,
    ) -> Result<(), StoreError> {
        self.inner.scan(from, limit, sink)
    }
    fn find(&mut self, ids: &[&str]) -> Result<BTreeMap<String, Known>, StoreError> {
        self.inner.find(ids)
    }
    fn commit(&mut self, commit: &Commit<'_>) -> Result<Committed, Fault> {
        let cut = || StoreError::Unavailable { problem: "connection closed".to_owned() };
        let trouble = self.troubles.lock().unwrap().pop_front();
        match trouble {
            None => self.inner.commit(commit),
            Some(Trouble::Lost) => Ok(Committed::Lost),
            Some(Trouble::CutBefore) => Err(Fault::Lost(cut())),
            Some(Trouble::CutAfter) => {
                self.inner.commit(commit)?;
                Err(Fault::Lost(cut()))
            }
            Some(Trouble::Poison) => {
                Err(Fault::Poison(StoreError::Database { problem: "disk I/O error".to_owned() }))
            }
            Some(Trouble::BadRow) => {
                Err(Fault::Refused(StoreError::Database { problem: "numeric field overflow".to_owned() }))
            }
        }
    }
    fn notes(&mut self) -> Result<Vec<StoredNote>, StoreError> {
        self.inner.notes()
    }
    fn last_note(&mut self) -> Result<Option<StoredNote>, StoreError> {
        self.inner.last_note()
    }
    fn applied(&mut self) -> Result<BTreeMap<String, u64>, StoreError> {
        self.inner.applied()
    }
    fn rows(&mut self, table: Table, batch_id: Option<&str>) -> Result<Vec<Row>, StoreError> {
        self.inner.rows(table, batch_id)
    }
    fn kept(&mut self, event_id: &str, field: &str) -> Result<Option<(Vec<u8>, String)>, StoreError> {
        self.inner.kept(event_id, field)
    }
    fn reconnect(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

fn store() -> (Store, Troubles) {
    let ring = Keyring::from_secrets("0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0", [])
        .unwrap();
    let options = Options { heartbeats: false, ..Options::new("acme.example/prod") };
    let troubles = Troubles::default();
    let inner = Sqlite::open(None, "acme.example/prod", false).unwrap();
    let backend = Troubled { inner, troubles: Arc::clone(&troubles) };
    (Store::start(Box::new(backend), &ring, options).unwrap(), troubles)
}

fn meet(troubles: &Troubles, list: &[Trouble]) {
    troubles.lock().unwrap().extend(list);
}

fn detected(id: &str) -> NewEvent {
    let item = serde_json::json!({"opportunity": {"id": id, "type": "idle_nodes", "resource": id, "estimated_monthly_savings": "1"}});
    NewEvent::new("opportunity.detected", item, "svc:test").with_id(id)
}

fn agrees(store: &Store, size: u64) {
    assert_eq!(store.size(), size);
    let verification = store.verify(&[], &[]).unwrap();
    assert_eq!((verification.error, verification.size), (None, size));
    for table in Table::PROJECTIONS {
        assert_eq!(store.rows(table).unwrap(), store.expected_rows(table).unwrap());
    }
}

#[test]
fn sixteen_lost_races_are_contention_and_leave_no_trace() {
    let (store, troubles) = store();
    meet(&troubles, &[Trouble::Lost; 15]);
    assert_eq!(store.append(detected("a")).unwrap().seq, 1);
    meet(&troubles, &[Trouble::Lost; 16]);
    let error = store.append(detected("b")).unwrap_err();
    assert_eq!((error.code(), error.is_transient()), ("store.contention", true));
    agrees(&store, 2);
    assert_eq!(store.append(detected("b")).unwrap().seq, 2);
    agrees(&store, 3);
}

#[test]
fn a_connection_lost_in_a_commit_doubles_nothing() {
    let (store, troubles) = store();
    for (n, trouble) in
        [Trouble::CutBefore, Trouble::CutAfter, Trouble::CutBefore, Trouble::CutAfter].into_iter().enumerate()
    {
        meet(&troubles, &[trouble]);
        let id = format!("e{n}");
        let appended = store
            .append_many(vec![detected(&id), NewEvent::new("acme.x", serde_json::json!({}), "svc:t")])
            .unwrap();
        let start = 1 + 2 * u64::try_from(n).unwrap();
        // Whether it was committed before or after the cut: it is this request's own record.
        assert_eq!(
            appended.iter().map(|a| (a.seq, a.existed)).collect::<Vec<_>>(),
            [(start, false), (start + 1, false)]
        );
        let again = store.append(NewEvent { at: Some(at_of(&store, start)), ..detected(&id) }).unwrap();
        assert_eq!((again.seq, again.existed), (start, true));
    }
    agrees(&store, 9);
}

/// A key that changes while the connection is lost has changed once, and the caller hears that it has.
#[test]
fn a_connection_lost_in_a_change_of_keys_is_resolved_by_id() {
    let (store, troubles) = store();
    for (n, trouble) in [Trouble::CutBefore, Trouble::CutAfter, Trouble::Lost].into_iter().enumerate() {
        meet(&troubles, &[trouble]);
        let size = store.size();
        assert_eq!(store.ratchet().unwrap().seq, size);
        let new = finops_ledger::event::keys::Master::new(&format!("{n}").repeat(40)).unwrap();
        meet(&troubles, &[trouble]);
        assert_eq!(store.rotate(&new).unwrap().seq, size + 1);
        assert_eq!((store.size(), store.head().kid), (size + 2, Some(new.kid())));
        assert_eq!(store.append(detected(&format!("o{n}"))).unwrap().seq, size + 2);
        assert_eq!(store.rotate(&new).unwrap_err().code(), "ledger.key.used");
    }
    agrees(&store, 10);
}

fn at_of(store: &Store, seq: u64) -> String {
    let stored = store.events(seq.checked_sub(1), 1).unwrap().remove(0);
    EventView::parse(stored.event.as_bytes()).unwrap().at.to_owned()
}

#[test]
fn a_poisoned_store_writes_no_more() {
    let (store, troubles) = store();
    store.append(detected("a")).unwrap();
    meet(&troubles, &[Trouble::Poison]);
    assert_eq!(store.append(detected("b")).unwrap_err().code(), "store.poisoned");
    // The disk would work again: it is not asked.
    for refused in [
        store.append(detected("b")).map(|_| ()),
        store.checkpoint().map(|_| ()),
        store.ratchet().map(|_| ()),
        store.rebuild().map(|_| ()),
    ] {
        assert_eq!(refused.unwrap_err().code(), "store.poisoned");
    }
    assert!(store.savings(|savings| savings.get("a").is_some() && savings.get("b").is_none()));
    assert_eq!(store.events(None, 9).unwrap().len(), 2);
}

#[test]
fn a_bad_row_fails_its_own_request_only() {
    let (store, troubles) = store();
    let (sender, receiver) = std::sync::mpsc::channel();
    // The batch fails, then the second of its requests alone.
    let held = store_is_busy(&store, {
        let troubles = Arc::clone(&troubles);
        move || meet(&troubles, &[Trouble::BadRow])
    });
    for id in ["a", "b", "c"] {
        let sender = sender.clone();
        store
            .submit(vec![detected(id)], move |answer| sender.send((id, answer.map(|_| ()))).unwrap())
            .unwrap();
    }
    held.send(()).unwrap();
    let answers: Vec<_> = receiver.iter().take(3).collect();
    assert_eq!(answers, [("a", Ok(())), ("b", Ok(())), ("c", Ok(()))]);
    agrees(&store, 4);
    meet(&troubles, &[Trouble::BadRow]);
    assert_eq!(store.append(detected("d")).unwrap_err().code(), "store.database");
    agrees(&store, 4);
}

/// Holds the writer until the answer is sent, so that what follows waits together; then does something.
fn store_is_busy(store: &Store, then: impl FnOnce() + Send + 'static) -> std::sync::mpsc::Sender<()> {
    let (sender, receiver) = std::sync::mpsc::channel();
    let (came, comes) = std::sync::mpsc::channel();
    let wait = move |_| {
        came.send(()).unwrap();
        receiver.recv().unwrap();
        then();
    };
    store.submit(Vec::new(), wait).unwrap();
    comes.recv().unwrap();
    sender
}
