//! What the ledger does in Rust, for `benches/ledger/ledger.py`: one JSON object on standard output.
//!
//! `measure peers` takes the least CPU time of many rounds for the events that `python_peer.py` describes. `measure store
//! <url>` writes to a store that is empty: durable batches, single appends, a hundred callers, and the time to open it again.
//! `measure report` builds the report of 10,000 opportunities.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a measurement may end at once"
)]

use cpu_time::ThreadTime;
use finops_ledger::{
    event::{
        envelope::{Encoded, Stamp},
        hex,
        keys::{Keyring, Master},
        log::{LogWriter, Outcome},
        verify::{Trust, verify},
    },
    report::{Report, ReportInputs},
    savings::{By, Draft, Entry, SavingsLedger},
};
use finops_store::{NewEvent, Options, Store};
use serde_json::{Value, json};
use std::time::Instant;

const EVENTS: usize = 2_000;
const ROUNDS: usize = 40;
const BYTES: usize = 350;
const ORIGIN: &str = "acme.example/finops/prod";
// A test value, also of the shared vectors.
const SECRET: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0";

/// The fixture of `python_peer.py`.
struct Event {
    id: String,
    at: String,
    data: Value,
}

fn event(i: usize) -> Event {
    let data = |request: &str| {
        json!({
            "cost": "0.0075", "currency": "USD", "input_tokens": 1000 + i % 1000, "model": "gpt-4o",
            "output_tokens": 500 + i % 500, "request": request, "team": "payments",
        })
    };
    let at = format!("2026-03-14T09:{:02}:{:02}.589793Z", i / 60 % 60, i % 60);
    let mut event = Event { id: format!("evt-{i:012}"), at, data: data("") };
    let short = encoded(&event).bytes().len();
    event.data = data(&"x".repeat(BYTES - short));
    event
}

fn encoded(event: &Event) -> Encoded {
    let stamp = Stamp { id: &event.id, at: &event.at, actor: "svc:finops" };
    Encoded::new(ORIGIN, &stamp, "acme.usage", &event.data).unwrap()
}

fn started() -> LogWriter {
    let stamp = Stamp { id: "evt-created", at: "2026-03-14T09:00:00.589793Z", actor: "svc:finops" };
    LogWriter::create(ORIGIN, &Master::new(SECRET).unwrap(), &stamp, None).unwrap().0
}

fn append_all(events: &[Event]) -> LogWriter {
    let mut log = started();
    for event in events {
        std::hint::black_box(log.seal(vec![encoded(event)], |_| None).unwrap());
    }
    log
}

/// Nanoseconds of this thread's CPU time for one of `work` units, the least of many rounds.
fn least(work: usize, mut call: impl FnMut()) -> f64 {
    let round = |_| {
        let start = ThreadTime::now();
        call();
        start.elapsed().as_nanos() as f64 / work as f64
    };
    (0..ROUNDS).map(round).fold(f64::INFINITY, f64::min)
}

fn peers() -> Value {
    let events: Vec<Event> = (0..EVENTS).map(event).collect();
    let stamp = Stamp { id: "evt-created", at: "2026-03-14T09:00:00.589793Z", actor: "svc:finops" };
    let master = Master::new(SECRET).unwrap();
    let (mut log, first) = LogWriter::create(ORIGIN, &master, &stamp, None).unwrap();
    let mut file = Vec::new();
    first.record().write_line(&mut file);
    for event in &events {
        for outcome in log.seal(vec![encoded(event)], |_| None).unwrap() {
            let Outcome::Sealed(sealed) = outcome else { panic!("an event stands twice") };
            sealed.record().write_line(&mut file);
        }
    }
    let ring = Keyring::new(master);
    let check = || verify(&file, Some(ORIGIN), Trust::Keyring(&ring), &[], &[]);
    let root = log.head().tree_head().root;
    assert!(check().ok() && check().root == root && append_all(&events).head().tree_head().root == root);
    let bodies: Vec<Encoded> = events.iter().map(encoded).collect();
    let sealing = {
        let one: Vec<Vec<Encoded>> = bodies.into_iter().map(|body| vec![body]).collect();
        let mut rounds: Vec<_> = (0..ROUNDS).map(|_| one.clone()).collect();
        least(EVENTS, || {
            let mut log = started();
            for body in rounds.pop().unwrap_or_default() {
                std::hint::black_box(log.seal(body, |_| None).unwrap());
            }
        })
    };
    let mut buffer = Vec::with_capacity(1024);
    json!({
        "peer": "finops in Rust",
        "root": hex::encode(&root),
        "ns": {
            "append (encode, leaf, tag, tree)": least(EVENTS, || drop(std::hint::black_box(append_all(&events)))),
            "verify (line, tag, canonical check, id set, tree)":
                least(EVENTS, || assert!(std::hint::black_box(check()).ok())),
            "canonical encode of the data": least(EVENTS, || {
                for event in &events {
                    buffer.clear();
                    finops_ledger::event::canonical::encode(&event.data, &mut buffer).unwrap();
                    std::hint::black_box(&buffer);
                }
            }),
            "seal alone (tag, tree)": sealing,
        },
    })
}

fn thing(n: u64) -> NewEvent {
    let Event { data, .. } = event(usize::try_from(n).unwrap());
    NewEvent::new("acme.usage", data, "svc:finops")
}

/// Seconds on the wall: what is waited for is a disk.
fn timed(call: impl FnOnce()) -> f64 {
    let start = Instant::now();
    call();
    start.elapsed().as_secs_f64()
}

fn store(url: &str) -> Value {
    let ring = Keyring::from_secrets(SECRET, []).unwrap();
    let open = || Store::open(url, &ring, Options { heartbeats: false, ..Options::new(ORIGIN) }).unwrap();
    let store = open();
    let batch = |size: u64| (0..size).map(thing).collect::<Vec<_>>();
    let best = (0..25).map(|_| {
        let events = batch(1000);
        timed(|| drop(store.append_many(events).unwrap()))
    });
    let batch_s = best.fold(f64::INFINITY, f64::min);
    let mut singles: Vec<f64> = (0..400)
        .map(|n| {
            let event = thing(n);
            timed(|| drop(store.append(event).unwrap()))
        })
        .collect();
    singles.sort_by(f64::total_cmp);
    let at = |share: usize| singles.get(singles.len() * share / 100).copied().unwrap_or_default();
    let callers = timed(|| {
        std::thread::scope(|scope| {
            for caller in 0..100 {
                let store = &store;
                scope
                    .spawn(move || (0..20).for_each(|n| drop(store.append(thing(caller * 20 + n)).unwrap())));
            }
        });
    });
    store.close().unwrap();
    let size = store.size();
    drop(store);
    let reopened = timed(|| drop(open()));
    json!({
        "events_per_s_in_batches_of_1000": 1000.0 / batch_s,
        "single_append_ms": {"p50": at(50) * 1e3, "p99": at(99) * 1e3},
        "callers_100_events_per_s": 2000.0 / callers,
        "one_caller_events_per_s": singles.len() as f64 / singles.iter().sum::<f64>(),
        "reopen_s_per_100k": reopened / size as f64 * 1e5,
    })
}

fn report() -> Value {
    let by = By { actor: "svc:detector", at: "2026-02-03T08:00:00.000000Z" };
    let entries: Vec<Entry> = (0..10_000_u64)
        .map(|i| {
            let item = json!({
                "id": format!("item-{i}"), "type": "idle_nodes", "resource": format!("i-{i}"), "team": format!("team-{}", i % 40),
                "cluster": format!("cluster-{}", i % 90), "estimated_monthly_savings": format!("{}", i % 500 + 1),
            });
            let draft = Draft { kind: "opportunity.detected".to_owned(), data: json!({"opportunity": item}) };
            Entry::new(i, &format!("e{i}"), &by, draft)
        })
        .collect();
    let (ledger, refused) = SavingsLedger::replay(None, &entries).unwrap();
    assert!(refused.is_empty());
    let inputs = ReportInputs::default();
    let page = || Report::build(&ledger, &inputs, "2026-02").unwrap().to_html();
    let bytes = page().len();
    // CPU time: nothing is waited for.
    let cpu_ms = || {
        let start = ThreadTime::now();
        drop(std::hint::black_box(page()));
        start.elapsed().as_secs_f64() * 1e3
    };
    let ms = (0..10).map(|_| cpu_ms()).fold(f64::INFINITY, f64::min);
    json!({"report_of_10000_ms": ms, "html_bytes": bytes})
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let found = match arguments.as_slice() {
        ["peers"] => peers(),
        ["store", url] => store(url),
        ["report"] => report(),
        _ => panic!("give `peers`, `store <url>` or `report`"),
    };
    println!("{found}");
}
