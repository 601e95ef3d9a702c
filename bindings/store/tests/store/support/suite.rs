//! What every kind of store must do, whatever lies below.

use super::{NEW_SECRET, ORIGIN, SECRET, detected, life, options, proof, ring, step, thing};
use finops_ledger::event::{
    checkpoint::PublicSigner, hex, keys::Master, merkle, note::Vkey, receipt, redact, verify::Tags,
};
use finops_store::{Keyring, NewEvent, OpenVerify, Options, Store, StoreError, Table};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
    mpsc,
};

fn open(url: &str) -> Store {
    Store::open(url, &ring(), options()).unwrap()
}

fn code<T: std::fmt::Debug>(result: Result<T, StoreError>) -> &'static str {
    result.unwrap_err().code()
}

/// Vectors of the group `append`.
pub fn append_vectors(new_place: &mut dyn FnMut() -> String) {
    let vectors: Value = serde_json::from_str(include_str!("../../../../vectors/ledger.json")).unwrap();
    for case in vectors.pointer("/groups/append/cases").unwrap().as_array().unwrap() {
        let store = open(&new_place());
        for step in case["steps"].as_array().unwrap() {
            let event: Value = serde_json::from_str(step["event"].as_str().unwrap()).unwrap();
            let text = |name: &str| event[name].as_str().unwrap().to_owned();
            let offered = NewEvent {
                kind: text("kind"),
                data: event["data"].clone(),
                actor: text("actor"),
                id: Some(text("id")),
                at: Some(text("at")),
            };
            match (store.append(offered), step.get("outcome").and_then(Value::as_str)) {
                (Ok(appended), Some(outcome)) => {
                    assert_eq!(if appended.existed { "exists" } else { "appended" }, outcome);
                    assert_eq!(json!(appended.seq), step["seq"]);
                    let stored = store.events(appended.seq.checked_sub(1), 1).unwrap();
                    assert_eq!(stored[0].event, step["event"].as_str().unwrap());
                }
                (Err(error), None) => assert_eq!(json!(error.code()), step["error"]),
                (answer, outcome) => panic!("{answer:?} instead of {outcome:?}"),
            }
        }
        assert!(store.verify(&[], &[]).unwrap().ok());
    }
}

pub fn requests_are_all_or_nothing(url: &str) {
    let store = open(url);
    store.append(thing(1).with_id("a")).unwrap();
    let mixed = vec![thing(2).with_id("b"), thing(9).with_id("a")];
    assert_eq!(code(store.append_many(mixed)), "ledger.append.id_conflict");
    let illegal = vec![detected("o1", "i-1"), thing(3), step("closed", json!({"opportunity": "o1"}))];
    assert_eq!(code(store.append_many(illegal)), "ledger.opportunity.transition");
    assert_eq!(store.size(), 2);
    // The refused request left no trace: the same item can be detected.
    let good = vec![detected("o1", "i-1"), step("proposed", json!({"opportunity": "o1"}))];
    let seqs: Vec<u64> = store.append_many(good).unwrap().iter().map(|appended| appended.seq).collect();
    assert_eq!(seqs, [2, 3]);
    assert_eq!(store.append_many(Vec::new()).unwrap(), []);
    // Refused before it reaches the writer.
    let bad = NewEvent::new("acme.thing", json!({"n": 1.5}), "svc:test");
    assert_eq!(code(store.append(bad)), "ledger.canonical.float");
    assert_eq!(
        code(store.append(NewEvent::new("opportunity.lost", json!({}), "svc:x"))),
        "ledger.event.unknown_kind"
    );
    assert_eq!(
        code(store.append(NewEvent::new("log.created", json!({"kid": "eca50ae34c3bb776"}), "svc:x"))),
        "ledger.append.managed_kind"
    );
    assert_eq!(store.savings(|savings| savings.get("o1").unwrap().status.as_str()), "proposed");
    assert!(store.verify(&[], &[]).unwrap().ok());
}

/// Requests that wait together share a transaction; one refusal fails no other.
pub fn a_refusal_fails_no_other(url: &str) {
    let store = open(url);
    let (sender, receiver) = mpsc::channel();
    for n in 0..300_u64 {
        let sender = sender.clone();
        let events = match n % 3 {
            0 => vec![thing(n)],
            1 => vec![detected(&format!("o{n}"), &format!("i-{n}"))],
            _ => vec![
                detected(&format!("x{n}"), &format!("x-{n}")),
                step("closed", json!({"opportunity": format!("x{n}")})),
            ],
        };
        store.submit(events, move |answer| sender.send((n, answer)).unwrap()).unwrap();
    }
    for (n, answer) in receiver.iter().take(300) {
        assert_eq!(answer.is_ok(), n % 3 < 2, "{n}: {answer:?}");
    }
    assert_eq!(store.size(), 201);
    for n in 0..50 {
        store.append_nowait(thing(n).with_id(&format!("n{n}"))).unwrap();
    }
    store.flush().unwrap();
    assert_eq!(store.size(), 251);
    store.append_nowait(thing(77).with_id("n1")).unwrap();
    let lost = store.flush().unwrap_err();
    assert_eq!((lost.code(), lost.to_string().contains("`n1`")), ("store.nowait", true));
    store.flush().unwrap();
    assert!(store.verify(&[], &[]).unwrap().ok());
    same_as_the_log(&store);
}

/// Every projection holds what the log says.
pub fn same_as_the_log(store: &Store) {
    for table in Table::PROJECTIONS {
        assert_eq!(store.rows(table).unwrap(), store.expected_rows(table).unwrap(), "{}", table.name());
    }
}

pub fn reopening_verifies(url: &str) {
    let store = open(url);
    assert_eq!(store.report().verification.size, 0);
    store.append_many(life("o1")).unwrap();
    let (size, root) = (store.size(), store.root());
    store.close().unwrap();
    store.close().unwrap();
    assert_eq!(code(store.append(thing(1))), "store.closed");
    drop(store);
    for open_verify in [OpenVerify::Whole, OpenVerify::SinceCheckpoint] {
        let store = Store::open(url, &ring(), Options { open_verify, ..options() }).unwrap();
        let report = store.report();
        assert!(report.error.is_none() && report.rebuilt.is_empty());
        let verification = &report.verification;
        assert_eq!((verification.size, verification.root), (size, root));
        // The clean close left a checkpoint.
        assert_eq!(verification.anchored_up_to, Some(size));
        assert_eq!(verification.tags, Tags::Checked);
        same_as_the_log(&store);
    }
    let reader = Store::open(url, &ring(), Options { read_only: true, ..options() }).unwrap();
    assert_eq!((reader.size(), code(reader.append(thing(1)))), (size, "store.read_only"));
    assert_eq!(reader.savings(|savings| savings.get("o1").unwrap().status.as_str()), "verified");
    drop(reader);
    let elsewhere = Options { read_only: true, ..Options::new("acme.example/other") };
    if !url.starts_with("file:") {
        assert_eq!(code(Store::open(url, &ring(), elsewhere)), "store.not_found");
    }
    let stranger = Keyring::from_secrets(NEW_SECRET, []).unwrap();
    assert_eq!(code(Store::open(url, &stranger, options())), "ledger.verify.unknown_key");
    let reader = Store::open(url, &stranger, Options { read_only: true, ..options() }).unwrap();
    assert_eq!(reader.report().error.as_ref().unwrap().code(), "ledger.verify.unknown_key");
    assert_eq!(code(reader.append(thing(1))), "store.read_only");
    drop(reader);
    if !url.starts_with("file:") {
        let missing = Options { must_exist: true, ..Options::new("acme.example/missing") };
        assert_eq!(code(Store::open(url, &ring(), missing)), "store.not_found");
    }
}

pub fn since_checkpoint_is_reported(url: &str) {
    let store = open(url);
    store.append_many((0..10).map(thing).collect()).unwrap();
    store.checkpoint().unwrap();
    store.append_many((10..15).map(thing).collect()).unwrap();
    let (size, root) = (store.size(), store.root());
    std::mem::forget(store);
    let since = Options { open_verify: OpenVerify::SinceCheckpoint, ..options() };
    let store = Store::open(url, &ring(), since).unwrap();
    assert_eq!((store.size(), store.root(), store.report().verified_since), (size, root, Some(10)));
    assert_eq!(store.append(thing(99)).unwrap().seq, size);
    assert_eq!(store.append(thing(3).with_id("again")).unwrap().seq, size + 1);
    assert!(store.verify(&[], &[]).unwrap().ok());
}

pub fn proofs_and_receipts(url: &str) {
    let signer = PublicSigner::from_hex(&"7".repeat(64)).unwrap();
    let vkey = Vkey::parse(&signer.vkey(ORIGIN)).unwrap();
    let store =
        Store::open(url, &ring(), Options { signer: Some(signer), checkpoint_records: 7, ..options() })
            .unwrap();
    for n in 0..20 {
        store.append(thing(n)).unwrap();
    }
    let sizes: Vec<u64> = store.checkpoints().unwrap().iter().map(|(size, _)| *size).collect();
    assert_eq!(sizes, [1, 8, 15]);
    let event = store.events(Some(4), 1).unwrap().remove(0);
    let text = store.receipt(5).unwrap();
    assert!(receipt::verify(text.as_bytes(), event.event.as_bytes(), ORIGIN, std::slice::from_ref(&vkey)));
    assert!(!receipt::verify(text.as_bytes(), b"{}", ORIGIN, std::slice::from_ref(&vkey)));
    // The last record has no checkpoint yet: one is signed.
    let newest = store.receipt(20).unwrap();
    let event = store.events(Some(19), 1).unwrap().remove(0);
    assert!(receipt::verify(newest.as_bytes(), event.event.as_bytes(), ORIGIN, std::slice::from_ref(&vkey)));
    assert_eq!(code(store.receipt(21)), "store.not_found");
    let inclusion = store.prove_inclusion(3, Some(15)).unwrap();
    let tree = inclusion.tree;
    assert!(merkle::verify_inclusion(&inclusion.leaf, 3, 15, &inclusion.proof, &tree.root));
    let proof = store.prove_consistency(15, 21).unwrap();
    assert!(merkle::verify_consistency(15, 21, &tree.root, &store.root(), &proof));
    // An auditor without the secret checks the export against a checkpoint.
    let mut file = Vec::new();
    store.export(&mut file).unwrap();
    let note = store.checkpoint().unwrap();
    let anchors = [finops_ledger::event::verify::Anchor::Note(note.as_bytes())];
    let trust = finops_ledger::event::verify::Trust::Public;
    let audited = finops_ledger::event::verify::verify(&file, None, trust, &anchors, &[vkey]);
    assert_eq!((audited.error, audited.size, audited.anchored_up_to), (None, 21, Some(21)));
    let report =
        store.issue_report("weekly", "2026-W12", "2026-W12", store.head().tree_head(), "{}", None).unwrap();
    assert_eq!(report.seq, 21);
    assert_eq!(store.checkpoints().unwrap().last().unwrap().0, 22);
    let other = finops_ledger::event::checkpoint::TreeHead { size: 3, root: [0; 32] };
    assert_eq!(code(store.issue_report("weekly", "2026-W12", "2026-W12", other, "{}", None)), "store.row");
}

pub fn keys_rotate_and_ratchet(url: &str) {
    let store = open(url);
    store.append(thing(1)).unwrap();
    assert_eq!(store.ratchet().unwrap().seq, 2);
    store.append(thing(2)).unwrap();
    let new = Master::new(NEW_SECRET).unwrap();
    assert_eq!(store.rotate(&new).unwrap().seq, 4);
    assert_eq!(code(store.rotate(&new)), "ledger.key.used");
    store.append(thing(3)).unwrap();
    let verification = store.verify(&[], &[]).unwrap();
    let runs: Vec<_> = verification.keys.iter().map(|run| (run.epoch, run.first, run.last)).collect();
    assert_eq!((verification.ok(), runs), (true, vec![(0, 0, 2), (1, 3, 4), (0, 5, 5)]));
    store.close().unwrap();
    drop(store);
    let mut old = ring();
    old.add(new);
    assert_eq!(code(Store::open(url, &old, options())), "ledger.key.rotation_required");
    let both = Keyring::from_secrets(NEW_SECRET, [SECRET]).unwrap();
    let store = Store::open(url, &both, options()).unwrap();
    assert_eq!(store.append(thing(4)).unwrap().seq, 6);
    assert!(store.verify(&[], &[]).unwrap().ok());
}

pub fn time_brings_heartbeats_and_checkpoints(url: &str) {
    let now = Arc::new(AtomicI64::new(1_773_480_413_589_793));
    let clock = Arc::clone(&now);
    let options = Options {
        heartbeats: true,
        heartbeat_s: Some(600),
        clock: Arc::new(move || clock.load(Ordering::Relaxed)),
        ..options()
    };
    let store = Store::open(url, &ring(), options).unwrap();
    let later = |seconds: i64| {
        now.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
        store.tick().unwrap();
        store.size()
    };
    let sizes = || store.checkpoints().unwrap().iter().map(|(size, _)| *size).collect::<Vec<_>>();
    assert_eq!((later(599), sizes()), (1, vec![1]));
    assert_eq!((later(1), sizes()), (2, vec![1]));
    assert_eq!((later(599), sizes()), (2, vec![1]));
    assert_eq!((later(1), sizes()), (3, vec![1]));
    assert_eq!((later(2400), sizes()), (4, vec![1, 4]));
    let kinds: Vec<bool> =
        store.events(Some(0), 9).unwrap().iter().map(|e| e.event.contains("log.heartbeat")).collect();
    assert_eq!(kinds, [true; 3]);
    // An hour of silence is more than twice the heartbeat: the gap shows.
    assert_eq!(store.verify(&[], &[]).unwrap().gaps.len(), 1);
}

/// Rebuilt projections are equal row for row; stale ones are rebuilt when the store is opened.
pub fn projections_are_rebuilt(url: &str, execute: &mut dyn FnMut(&str)) {
    let store = open(url);
    let events: Vec<NewEvent> = (0..5).flat_map(|n| life(&format!("o{n}"))).collect();
    for batch in events.chunks(7) {
        store.append_many(batch.to_vec()).unwrap();
    }
    // A second generation of the same finding, and an item that the ledger names itself.
    store.append(step("closed", json!({"opportunity": "o1"}))).unwrap();
    let again =
        json!({"opportunity": {"type": "idle_nodes", "resource": "i-o1", "estimated_monthly_savings": "1"}});
    store.append_many(vec![step("detected", again.clone())]).unwrap();
    assert_eq!(code(store.append(step("detected", again))), "ledger.opportunity.open_duplicate");
    same_as_the_log(&store);
    let before: Vec<_> = Table::PROJECTIONS.iter().map(|table| store.rows(*table).unwrap()).collect();
    assert_eq!(before.iter().map(Vec::len).collect::<Vec<_>>(), [5, 6, 5, 5]);
    let item = &before[1].iter().find(|row| row["id"] == "o2").unwrap();
    assert_eq!(
        (&item["status"], &item["realized_savings"], &item["pr_number"]),
        (&json!("verified"), &json!("55.5"), &json!(7))
    );
    assert_eq!(item["evidence"], json!({"cpu": "0.02", "days": 14}));
    let row = &before[2][2];
    assert_eq!(
        (&row["claimed"], &row["period_end"], row["corrected_by"].is_string()),
        (&json!("55.5"), &json!("2026-03-03"), true)
    );
    let deployment = &before[3][0];
    assert_eq!((&deployment["outcome"], &deployment["team"]), (&json!("failure"), &json!("core")));
    assert_eq!(store.rebuild().unwrap(), Table::PROJECTIONS);
    for (table, rows) in Table::PROJECTIONS.into_iter().zip(&before) {
        assert_eq!(&store.rows(table).unwrap(), rows, "{}", table.name());
    }
    drop(store);
    // Changed, emptied, or gone.
    let mut store = None;
    for damage in [
        "UPDATE opportunities SET team = 'x'; UPDATE projection_state SET applied_size = 3",
        "DELETE FROM deployments; DELETE FROM savings_verifications; DELETE FROM projection_state",
        "DROP TABLE opportunities",
        "DROP TABLE deployments; DROP TABLE savings_verifications; DROP TABLE opportunities; DROP TABLE cost_baselines;
         DROP TABLE projection_state",
    ] {
        drop(store.take());
        execute(damage);
        let opened = open(url);
        assert_eq!(opened.report().rebuilt, Table::PROJECTIONS, "{damage}");
        for (table, rows) in Table::PROJECTIONS.into_iter().zip(&before) {
            assert_eq!(&opened.rows(table).unwrap(), rows, "{damage}: {}", table.name());
        }
        store = Some(opened);
    }
    let store = store.unwrap();
    // The ledger goes on where it was.
    assert_eq!(
        code(store.append(step("started", json!({"opportunity": "o2"})))),
        "ledger.opportunity.transition"
    );
    let over = step("verified", json!({"opportunity": "o3", "verification": proof("i-o3", "60")}));
    assert_eq!(code(store.append(over)), "ledger.savings.double_count");
}

pub fn bulk_rows_are_attested(url: &str, tamper: &mut dyn FnMut()) {
    let store = open(url);
    let row = |day: &str, cost: &str| {
        json!({"day": day, "scope": "namespace", "team": "core", "cluster": "c1", "namespace": "web", "workload": "",
               "currency": "USD", "cost": cost, "cpu_cost": null, "method": "requests"})
    };
    let rows = vec![row("2026-04-01", "12.5"), row("2026-03-31", "0.000000000001")];
    let batch = |id: &str, rows: &[Value]| store.record_batch(id, Table::CostAllocation, rows.to_vec(), None);
    let first = batch("b1", &rows).unwrap();
    assert_eq!((first.seq, first.existed), (1, false));
    let again = batch("b1", &rows).unwrap();
    assert_eq!((again.seq, again.existed), (1, true));
    assert_eq!(code(batch("b1", &rows[..1])), "store.row");
    // The same key in another batch fails the transaction: nothing of it is stored.
    assert_eq!(code(batch("b2", &rows[..1])), "store.database");
    assert_eq!((store.size(), store.rows(Table::AttestedBatches).unwrap().len()), (2, 1));
    assert!(store.verify_batch("b1").unwrap());
    let kpi = json!({"name": "orders", "ts": "2026-03-14T09:26:53.589793Z", "dims": "{}", "value": "1000.5", "source": "erp"});
    store.record_batch("k1", Table::BizKpis, vec![kpi.clone()], None).unwrap();
    let dora = json!({"period": "2026-03", "team": "core", "service": "web", "metric": "lead_time", "value": "3.25", "unit": "hours"});
    store.record_batch("d1", Table::DoraMetrics, vec![dora], None).unwrap();
    assert!(store.verify_batch("k1").unwrap() && store.verify_batch("d1").unwrap());
    assert_eq!(store.rows(Table::BizKpis).unwrap()[0]["value"], "1000.5");
    let replaced = store.record_batch("k2", Table::BizKpis, vec![kpi], Some("k1")).unwrap();
    assert_eq!(replaced.seq, 4);
    assert!(store.verify_batch("k2").unwrap() && !store.verify_batch("k1").unwrap());
    for (path, bad) in [
        ("/0/cost", json!({"cost": 1.5})),
        ("/0/cost", json!({"cost": "1.50"})),
        ("/0/day", json!({"day": "2026-02-30"})),
        ("/0/currency", json!({"currency": "usd"})),
        ("/0/owner", json!({"owner": "x"})),
        ("/0/team", json!({"team": null})),
    ] {
        let mut changed = row("2026-05-01", "1");
        for (name, value) in bad.as_object().unwrap() {
            changed[name] = value.clone();
        }
        let error = batch("bad", &[changed]).unwrap_err();
        assert_eq!((error.code(), error.path()), ("store.row", path));
    }
    assert_eq!(code(batch("bad", &[row("2026-05-01", "1"), row("2026-05-01", "2")])), "store.row");
    assert_eq!(code(store.record_batch("bad", Table::Opportunities, vec![], None)), "store.row");
    assert_eq!(code(store.verify_batch("none")), "store.not_found");
    tamper();
    assert!(!store.verify_batch("b1").unwrap());
    assert!(store.verify(&[], &[]).unwrap().ok());
}

pub fn personal_data_can_be_forgotten(url: &str) {
    let store = open(url);
    let member = store.commit("ana@example.com").unwrap();
    let data = json!({"user": member, "list": [{"x": "y"}]});
    store.append(NewEvent::new("acme.login", data, "svc:web").with_id("e1")).unwrap();
    assert_eq!(store.reveal("e1", "/data/user").unwrap().as_deref(), Some("ana@example.com"));
    assert_eq!(code(store.redact("e1", "/data/list", "asked")), "store.not_found");
    let root = store.prove_inclusion(1, Some(2)).unwrap().tree.root;
    assert_eq!(store.redact("e1", "/data/user", "asked").unwrap().seq, 2);
    assert_eq!(store.reveal("e1", "/data/user").unwrap(), None);
    assert_eq!(store.prove_inclusion(1, Some(2)).unwrap().tree.root, root);
    assert!(store.verify(&[], &[]).unwrap().ok());
    assert!(redact::opens(&[7; 32], "x", &hex::encode(&redact::commitment(&[7; 32], "x"))));
}

/// Writers that race: every append is acknowledged or refused with `store.contention`, and the log has each once.
pub fn writers_share_a_log(url: &str, writers: u64, each: u64) {
    drop(open(url));
    let acknowledged: Vec<(String, u64)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..writers)
            .map(|writer| {
                scope.spawn(move || {
                    let store = open(url);
                    let mut acknowledged = Vec::new();
                    for n in 0..each {
                        let id = format!("w{writer}-{n}");
                        let event = if n % 5 == 0 { detected(&id, &id) } else { thing(n) };
                        loop {
                            match store.append(event.clone().with_id(&id)) {
                                Ok(appended) => {
                                    acknowledged.push((id, appended.seq));
                                    break;
                                }
                                Err(error) => assert!(error.is_transient(), "{error}"),
                            }
                        }
                    }
                    // Closing writes a checkpoint, which may lose its races, too; nothing acknowledged depends on it.
                    if let Err(error) = store.close() {
                        assert!(error.is_transient(), "{error}");
                    }
                    acknowledged
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let store = open(url);
    assert!(store.report().error.is_none() && store.report().rebuilt.is_empty());
    assert_eq!(store.size(), writers * each + 1);
    let events = store.events(None, u64::MAX).unwrap();
    for (id, seq) in acknowledged {
        let event = &events[usize::try_from(seq).unwrap()];
        assert!(event.seq == seq && event.event.contains(&format!("\"id\":\"{id}\"")), "{id} at {seq}");
    }
    same_as_the_log(&store);
}
