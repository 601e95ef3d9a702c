//! The connection to `PostgreSQL` breaks at the Nth message, for N = 1, 2, ... until a run sees no break: before the server
//! has it, after it is done, or so that it is done when the client is back already.
//!
//! `FINOPS_FAULT_STEP` says which of them are tried: every 37th, in CI each.

use crate::support::{
    detected, options,
    postgres::Server,
    proxy::{At, Cut, Proxy},
    ring, suite,
};
use finops_store::{NewEvent, Options, Store, StoreError};
use std::collections::BTreeMap;

type Acknowledged = BTreeMap<String, u64>;

fn request(n: u64) -> Vec<NewEvent> {
    (0..=n % 3).map(|part| format!("e{n}-{part}")).map(|id| detected(&id, &id).with_id(&id)).collect()
}

struct Scene {
    server: Server,
    proxy: Proxy,
    database: String,
}

impl Scene {
    fn new() -> Option<Self> {
        // The server itself does not fail here.
        let server = Server::with(|_| "-c fsync=off".to_owned())?;
        let (proxy, database) = (Proxy::before(server.socket()), server.database());
        let scene = Self { server, proxy, database };
        scene.open("acme.example/first").unwrap().close().unwrap();
        Some(scene)
    }

    fn open(&self, origin: &str) -> Result<Store, StoreError> {
        let url =
            format!("postgres://postgres@127.0.0.1:{}/{}?sslmode=disable", self.proxy.port, self.database);
        Store::open(&url, &ring(), Options { checkpoint_records: 4, origin: origin.to_owned(), ..options() })
    }

    /// Appends six requests; a lost connection is all that may be heard of.
    fn run(&self, origin: &str, acknowledged: &mut Acknowledged) -> bool {
        let unavailable = |error: StoreError| assert_eq!(error.code(), "store.unavailable", "{error}");
        let store = match self.open(origin) {
            Ok(store) => store,
            Err(error) => {
                unavailable(error);
                return false;
            }
        };
        assert_eq!(store.report().error, None);
        let mut whole = true;
        for n in 0..6 {
            match store.append_many(request(n)) {
                Ok(appended) => appended.into_iter().for_each(|appended| {
                    let before = acknowledged.insert(appended.id, appended.seq);
                    assert!(before.is_none_or(|before| before == appended.seq));
                }),
                Err(error) => {
                    unavailable(error);
                    whole = false;
                }
            }
        }
        if let Err(error) = store.close() {
            unavailable(error);
            whole = false;
        }
        whole
    }

    fn inspect(&self, origin: &str, acknowledged: &Acknowledged, what: &str) {
        let store = self.open(origin).unwrap();
        assert_eq!(store.report().error, None, "{what}");
        let events = store.events(None, u64::MAX).unwrap();
        assert_eq!((events.len(), acknowledged.len()), (13, 12), "{what}");
        for (id, seq) in acknowledged {
            let event = &events[usize::try_from(*seq).unwrap()].event;
            assert!(event.contains(&format!("\"id\":\"{id}\"")), "{what}: {id} at {seq}");
        }
        assert!(store.verify(&[], &[]).unwrap().ok(), "{what}");
        suite::same_as_the_log(&store);
    }

    /// One log whose connection breaks once; answers what it broke at.
    fn live(&self, at: At, cut: Cut) -> Option<String> {
        let what = format!("{cut:?} {at:?}");
        let origin = format!("acme.example/{}", what.replace(|c: char| !c.is_ascii_alphanumeric(), ""));
        let mut acknowledged = Acknowledged::new();
        self.proxy.meet(Some((at, cut)));
        let whole = self.run(&origin, &mut acknowledged);
        let met = self.proxy.met();
        assert!(whole || met.is_some(), "{what}: failed without a break");
        self.proxy.meet(None);
        assert!(self.run(&origin, &mut acknowledged), "{what}: fails again");
        self.inspect(&origin, &acknowledged, &what);
        met
    }
}

#[test]
fn the_connection_may_break_at_any_message() {
    let Some(scene) = Scene::new() else { return };
    let step: u64 =
        std::env::var("FINOPS_FAULT_STEP").ok().and_then(|text| text.parse().ok()).unwrap_or(37).max(1);
    for (shift, cut) in [Cut::Before, Cut::After, Cut::Late].into_iter().enumerate() {
        let mut breaks = 0;
        let mut at = 1 + u64::try_from(shift).unwrap() % step;
        while scene.live(At::Message(at), cut).is_some() {
            (breaks, at) = (breaks + 1, at + step);
        }
        // A run has more than a hundred messages.
        assert!(at > 100 && breaks > 0, "{breaks} breaks, the last at {at}");
    }
    drop(scene.server);
}

/// The answer to a COMMIT is lost: the ids are looked up, and the caller hears what became of them, not that it is unknown.
#[test]
fn a_commit_in_doubt_is_resolved_by_id() {
    let Some(scene) = Scene::new() else { return };
    for cut in [Cut::Before, Cut::After, Cut::Late] {
        let mut commits = 0;
        while let Some(met) = scene.live(At::Commit(commits + 1), cut) {
            assert!(met.contains("COMMIT"), "{met}");
            commits += 1;
        }
        // The first record, six requests.
        assert!(commits >= 7, "{commits}");
    }
    // An append whose COMMIT was done answers that it was recorded, and not that it existed before.
    let store = scene.open("acme.example/doubt").unwrap();
    scene.proxy.meet(Some((At::Commit(1), Cut::After)));
    let appended = store.append_many(request(2)).unwrap();
    assert!(scene.proxy.met().is_some());
    assert_eq!(
        appended.iter().map(|a| (a.seq, a.existed)).collect::<Vec<_>>(),
        [(1, false), (2, false), (3, false)]
    );
    // So does a change of the key, which is not recorded twice.
    for cut in [Cut::Before, Cut::After] {
        scene.proxy.meet(Some((At::Commit(1), cut)));
        let seq = store.ratchet().unwrap().seq;
        assert!(scene.proxy.met().is_some());
        assert_eq!(store.size(), seq + 1);
    }
    for (secret, cut) in [("a", Cut::Before), ("b", Cut::After)] {
        let new = finops_store::Master::new(&secret.repeat(40)).unwrap();
        scene.proxy.meet(Some((At::Commit(1), cut)));
        let seq = store.rotate(&new).unwrap().seq;
        assert!(scene.proxy.met().is_some());
        assert_eq!((store.size(), store.head().kid), (seq + 1, Some(new.kid())));
    }
    assert_eq!(store.append_many(request(0)).unwrap()[0].seq, store.size() - 1);
    assert!(store.verify(&[], &[]).unwrap().ok());
}
