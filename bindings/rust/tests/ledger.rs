//! The log and the savings ledger of a process, through the public API.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use finops::ledger::{
    Actor, AnchorTo, EventLog, LogOptions, NewEvent, SavingsLedger, Secrets, anchor_place,
    event::{checkpoint::TreeHead, verify::Anchor},
    number::Exact,
    report::ReportInputs,
};
use serde_json::{Value, json};
use std::{sync::Arc, thread};

const SECRET: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0";
const NEXT: &str = "the-next-secret-of-more-than-32-characters";
const ORIGIN: &str = "acme.example/finops/test";

fn log() -> EventLog {
    let secrets = Secrets::new(SECRET).unwrap().with_seed(&"7".repeat(64)).unwrap();
    let clock = || 1_773_480_413_589_793;
    EventLog::in_memory(ORIGIN, secrets, LogOptions { clock, ..LogOptions::default() }).unwrap()
}

fn thing(n: u64) -> NewEvent {
    NewEvent { id: Some(format!("evt-{n}")), ..NewEvent::new("acme.thing", json!({"n": n}), "svc:test") }
}

#[test]
fn many_threads_append_and_every_event_stands_once() {
    let log = log();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..50).for_each(|n| assert!(log.append(thing(n)).unwrap() > 0)));
        }
    });
    assert_eq!(log.size().unwrap(), 51);
    let result = log.verify(&[], &[]).unwrap();
    assert!(result.ok(), "{result:?}");
    let mut other = thing(3);
    other.data = json!({"n": 4});
    assert_eq!(log.append(other).unwrap_err().code(), "ledger.append.id_conflict");
}

#[test]
fn a_log_goes_on_through_rotation_ratchet_and_redaction() {
    let log = log();
    let first = log.checkpoint().unwrap();
    let member = log.commit("ana@example.com").unwrap();
    let event = NewEvent { data: json!({"who": [member]}), ..thing(1) };
    assert_eq!(log.append(event).unwrap(), 1);
    assert_eq!(log.reveal("evt-1", "/data/who/0").unwrap().as_deref(), Some("ana@example.com"));
    log.ratchet().unwrap();
    log.rotate(NEXT).unwrap();
    assert_eq!(log.rotate(SECRET).unwrap_err().code(), "ledger.key.used");
    log.redact("evt-1", "/data/who/0", "asked for it").unwrap();
    assert_eq!(log.reveal("evt-1", "/data/who/0").unwrap(), None);
    assert_eq!(log.redact("evt-1", "/data/who/0", "again").unwrap_err().code(), "ledger.redaction.unknown");
    let (last, head) = (log.checkpoint().unwrap(), log.head().unwrap());
    let anchors = [Anchor::Note(first.as_bytes()), Anchor::Note(last.as_bytes()), Anchor::Head(head)];
    let vkey = log.vkey().unwrap();
    let result = log.verify(&anchors, &[&vkey]).unwrap();
    assert_eq!((result.error, result.anchored_up_to, result.keys.len()), (None, Some(head.size), 3));
    let false_head = Anchor::Head(TreeHead { root: [0; 32], ..head });
    assert!(!log.verify(&[false_head], &[]).unwrap().ok());
    assert_eq!(log.prove(9, None).unwrap_err().code(), "ledger.log.no_record");
    log.close().unwrap();
    assert_eq!(log.append(thing(2)).unwrap_err().code(), "ledger.log.closed");
}

#[test]
fn proofs_and_receipts_are_those_that_the_groups_check() {
    let log = log();
    (0..6).for_each(|n| assert_eq!(log.append(thing(n)).unwrap(), n + 1));
    let valid =
        |group: &str, input: &Value| finops::ledger::wire::call(group, input).unwrap()["valid"].clone();
    for seq in 0..7 {
        assert_eq!(valid("inclusion", &log.prove(seq, None).unwrap()), true);
        assert_eq!(valid("consistency", &log.prove_consistency(seq, None).unwrap()), true);
        let event = log.events(seq.checked_sub(1), 1).unwrap().remove(0).event;
        let input = json!({
            "origin": ORIGIN, "vkey": log.vkey(), "event": String::from_utf8(event).unwrap(),
            "receipt": log.receipt(seq).unwrap(),
        });
        assert_eq!(valid("receipt", &input), true);
    }
}

#[test]
fn a_command_that_the_ledger_refuses_records_nothing() {
    let log = Arc::new(log());
    let ledger = SavingsLedger::on(Arc::clone(&log), Some(Exact::from_int(100))).unwrap();
    let found =
        json!({"id": "o1", "type": "idle_nodes", "resource": "i-1", "estimated_monthly_savings": "120.5"});
    ledger.record(Actor::now("svc:test"), |fold, by| fold.add_opportunity(&found, by)).unwrap();
    let size = log.size().unwrap();
    let approve =
        |name| ledger.record(Actor::now(name), |fold, by| fold.approve("o1", Default::default(), by));
    assert_eq!(approve("user:ana").unwrap_err().code(), "ledger.opportunity.four_eyes");
    assert_eq!(log.size().unwrap(), size);
    ledger.record(Actor::now("user:ana"), |fold, by| fold.propose("o1", Default::default(), by)).unwrap();
    approve("user:ben").unwrap();
    // Another ledger of the same log knows it all; what it appends is seen here.
    let other = SavingsLedger::on(Arc::clone(&log), None).unwrap();
    other.record(Actor::now("user:ana"), |fold, by| fold.reject("o1", "no", by)).unwrap();
    let status = ledger.read(|fold| fold.get("o1").unwrap().status.as_str()).unwrap();
    assert_eq!(status, "rejected");
    // Appended around the ledger, an event that the lifecycle does not allow changes nothing.
    log.append(NewEvent::new("opportunity.closed", json!({"opportunity": "o1"}), "svc:test")).unwrap();
    let refused = ledger.refused().unwrap();
    assert_eq!((refused.len(), refused[0].1.code()), (1, "ledger.opportunity.transition"));
    let report = ledger.report(ReportInputs::default(), "2026-03").unwrap();
    assert_eq!(report.inputs.origin.as_deref(), Some(ORIGIN));
}

/// A place that keeps what it is given, or refuses it.
#[derive(Debug, Default)]
struct Shelf {
    kept: std::cell::RefCell<Vec<String>>,
    full: bool,
}

impl AnchorTo for Shelf {
    fn name(&self) -> String {
        "shelf".to_owned()
    }

    fn keep(&self, note: &str) -> Result<(), String> {
        if self.full {
            return Err("it is full".to_owned());
        }
        self.kept.borrow_mut().push(note.to_owned());
        Ok(())
    }
}

#[test]
fn a_checkpoint_is_kept_elsewhere_and_recorded_once_it_is() {
    let log = log();
    let refused = log.anchor(&Shelf { full: true, ..Shelf::default() }).unwrap_err();
    assert_eq!((refused.code(), refused.path(), log.size().unwrap()), ("ledger.anchor.failed", "shelf", 1));
    let shelf = Shelf::default();
    let anchored = log.anchor(&shelf).unwrap();
    assert_eq!((anchored.head.size, anchored.seq), (1, 1));
    let note = shelf.kept.borrow().concat();
    let result = log.verify(&[Anchor::Note(note.as_bytes())], &[]).unwrap();
    assert_eq!((result.ok(), result.anchored_up_to), (true, Some(1)));
    let ledger = SavingsLedger::on(Arc::new(log), None).unwrap();
    assert_eq!(ledger.report(ReportInputs::default(), "2026-03").unwrap().inputs.anchored_up_to, Some(1));
    assert_eq!(anchor_place("").unwrap_err().code(), "ledger.anchor.place");
    assert_eq!(anchor_place("-").unwrap().name(), "stdout");
    assert_eq!(anchor_place("notes/checkpoint").unwrap().name(), "file:notes/checkpoint");
}

#[cfg(any(feature = "fetch", feature = "opa"))]
#[test]
fn an_anchor_by_http_is_a_post_and_shows_no_password() {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let served = thread::spawn(move || {
        ["201 Created", "500 Oops"].map(|status| {
            let (stream, _) = server.accept().unwrap();
            let mut reader = BufReader::new(stream);
            let (mut head, mut length) = (String::new(), 0);
            while reader.read_line(&mut head).unwrap() > 2 {
                let last = head.lines().last().unwrap_or_default().to_lowercase();
                if let Some(bytes) = last.strip_prefix("content-length: ") {
                    length = bytes.parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            reader.get_mut().write_all(answer.as_bytes()).unwrap();
            (head, String::from_utf8(body).unwrap())
        })
    });
    let log = log();
    let place = anchor_place(&format!("http://ana:pass@{address}/notes?token=t")).unwrap();
    assert_eq!(place.name(), format!("http://{address}/notes"));
    assert!(!format!("{place:?}").contains("pass"));
    let anchored = log.anchor(&*place).unwrap();
    let refused = log.anchor(&*place).unwrap_err();
    assert_eq!((refused.code(), log.size().unwrap()), ("ledger.anchor.failed", 2));
    assert!(refused.to_string().contains("it answered 500") && !refused.to_string().contains("pass"));
    let [(head, body), _] = served.join().unwrap();
    assert!(head.starts_with("POST /notes?token=t HTTP/1.1"), "{head}");
    assert_eq!(body, anchored.note);
}

#[test]
fn another_log_is_rolled_up_only_by_an_authentic_checkpoint() {
    let log = log();
    let secrets = || Secrets::new(NEXT).unwrap().with_seed(&"8".repeat(64)).unwrap();
    let service = EventLog::in_memory("acme.example/svc/api", secrets(), LogOptions::default()).unwrap();
    let (note, vkey) = (service.checkpoint().unwrap(), service.vkey().unwrap());
    assert_eq!(log.roll_up(&note, &[]).unwrap_err().code(), "ledger.verify.checkpoint_unverified");
    assert_eq!(log.roll_up(&note, &[&vkey]).unwrap(), 1);
    let forged = note.replacen("\n1\n", "\n2\n", 1);
    assert_eq!(log.roll_up(&forged, &[&vkey]).unwrap_err().code(), "ledger.verify.checkpoint_signature");
    assert_eq!(log.roll_up("x", &[]).unwrap_err().code(), "ledger.verify.checkpoint_malformed");
    assert_eq!(log.size().unwrap(), 2);
}

#[cfg(feature = "store")]
#[test]
fn a_store_keeps_issued_reports_and_four_eyes() {
    let open = || {
        let four_eyes_above = Exact::parse("100");
        let options = LogOptions { four_eyes_above, ..LogOptions::default() };
        EventLog::open("sqlite::memory:", ORIGIN, Secrets::new(SECRET).unwrap(), options).unwrap()
    };
    let log = Arc::new(open());
    assert!(log.opened().created);
    let found = json!({"opportunity": {"id": "o1", "type": "idle_nodes", "resource": "i-1", "estimated_monthly_savings": "120.5"}});
    let step = |kind: &str, data: Value, actor: &str| log.append(NewEvent::new(kind, data, actor));
    step("opportunity.detected", found, "svc:detector").unwrap();
    step("opportunity.proposed", json!({"opportunity": "o1"}), "user:ana").unwrap();
    let alone = step("opportunity.approved", json!({"opportunity": "o1"}), "user:ana");
    assert_eq!(alone.unwrap_err().code(), "ledger.opportunity.four_eyes");
    step("opportunity.approved", json!({"opportunity": "o1"}), "user:ben").unwrap();

    let ledger = SavingsLedger::on(Arc::clone(&log), None).unwrap();
    let report = ledger.report(ReportInputs::default(), "2026-03").unwrap();
    let issued = ledger.issue(&report, Actor::now("user:cfo")).unwrap();
    assert_eq!((issued.kind.as_str(), issued.seq), ("report.issued", 4));
    assert_eq!(issued.data, report.issued().unwrap().data);
    let of_another = ReportInputs { root: Some("0".repeat(64)), ..ReportInputs::default() };
    let of_another = ledger.report(of_another, "2026-03").unwrap();
    assert_eq!(ledger.issue(&of_another, Actor::now("user:cfo")).unwrap_err().code(), "store.row");
    assert_eq!(log.rebuild().unwrap().len(), 4);
    log.close().unwrap();
}
