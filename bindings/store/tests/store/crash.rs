//! A writer is killed at any moment: nothing acknowledged is lost, nothing is there twice.

use crate::support::{Folder, ORIGIN, detected, options, ring, suite, thing};
use finops_store::{Options, Store};
use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Stdio},
};

/// Where the writer process writes; unset in every other run.
const URL: &str = "FINOPS_CRASH_URL";
const CYCLE: &str = "FINOPS_CRASH_CYCLE";

/// The writer process: appends until it is killed and says which ids were acknowledged.
#[test]
#[ignore = "run by the tests below, which kill it"]
fn writer() {
    let (Ok(url), Ok(cycle)) = (std::env::var(URL), std::env::var(CYCLE)) else { return };
    let options = Options { checkpoint_records: 50, ..Options::new(ORIGIN) };
    let store = Store::open(&url, &ring(), options).unwrap();
    assert!(store.report().error.is_none(), "{:?}", store.report().error);
    for n in 0_u64.. {
        let id = |part: u64| format!("c{cycle}-{n}-{part}");
        let large = serde_json::json!({ "text": "x".repeat(20_000) });
        let events = match n % 4 {
            0 => vec![thing(n).with_id(&id(0))],
            1 => (0..20).map(|part| thing(part).with_id(&id(part))).collect(),
            2 => vec![detected(&id(0), &id(0)).with_id(&id(0))],
            _ => vec![finops_store::NewEvent::new("acme.large", large, "svc:test").with_id(&id(0))],
        };
        let appended = store.append_many(events).unwrap();
        let lines: String =
            appended.iter().map(|appended| format!("ack {} {}\n", appended.seq, appended.id)).collect();
        let mut out = std::io::stdout().lock();
        out.write_all(lines.as_bytes()).unwrap();
        out.flush().unwrap();
    }
}

fn cycles() -> u32 {
    std::env::var("FINOPS_KILL_CYCLES").ok().and_then(|text| text.parse().ok()).unwrap_or(8)
}

/// A log that has survived this often is long enough; the next cycles begin another.
const CYCLES_A_LOG: u32 = 20;

fn kill_cycles(mut new_place: impl FnMut() -> String) {
    let mut acknowledged: BTreeMap<String, u64> = BTreeMap::new();
    let mut place = String::new();
    for cycle in 0..cycles() {
        if cycle % CYCLES_A_LOG == 0 {
            place = new_place();
            acknowledged.clear();
        }
        let url = place.as_str();
        let mut writer = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "crash::writer", "--nocapture", "--test-threads=1"])
            .env(URL, url)
            .env(CYCLE, cycle.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
        let mut seen = 0;
        // Another moment each time: after 1 to 61 acknowledgements the writer is busy with the next.
        let wanted = 1 + cycle * 23 % 61;
        let mut note = |line: String| {
            // The first line may follow what the test harness says.
            let Some((_, ack)) = line.split_once("ack ") else { return false };
            let (seq, id) = ack.split_once(' ').unwrap();
            assert_eq!(acknowledged.insert(id.to_owned(), seq.parse().unwrap()), None);
            true
        };
        while seen < wanted {
            let line = lines.next().expect("the writer ended by itself").unwrap();
            seen += u32::from(note(line));
        }
        writer.kill().unwrap();
        writer.wait().unwrap();
        // What it said before it died was acknowledged too; a last line may be cut in the middle of an id.
        let mut rest: Vec<String> = lines.map_while(Result::ok).collect();
        rest.pop();
        rest.into_iter().for_each(|line| {
            note(line);
        });
        let store = Store::open(url, &ring(), options()).unwrap();
        assert!(store.report().error.is_none(), "cycle {cycle}: {:?}", store.report().error);
        let mut ids: BTreeMap<String, u64> = BTreeMap::new();
        for stored in store.events(None, u64::MAX).unwrap() {
            let event: serde_json::Value = serde_json::from_str(&stored.event).unwrap();
            let id = event["id"].as_str().unwrap().to_owned();
            assert_eq!(ids.insert(id, stored.seq), None, "an id is there twice");
        }
        for (id, seq) in &acknowledged {
            assert_eq!(ids.get(id), Some(seq), "cycle {cycle}: {id} was acknowledged");
        }
        suite::same_as_the_log(&store);
        assert!(store.verify(&[], &[]).unwrap().ok());
        store.close().unwrap();
    }
}

#[test]
fn sqlite_survives_kill_9() {
    let mut folders = Vec::new();
    kill_cycles(|| {
        folders.push(Folder::new("kill-sqlite"));
        folders.last().unwrap().sqlite()
    });
}

#[test]
fn a_file_survives_kill_9() {
    let mut folders = Vec::new();
    kill_cycles(|| {
        folders.push(Folder::new("kill-file"));
        folders.last().unwrap().file()
    });
}

#[cfg(feature = "postgres")]
#[test]
fn postgres_survives_kill_9() {
    use crate::support::postgres::Server;
    if let Some(server) = Server::get() {
        kill_cycles(|| server.url(&server.database()));
    }
}

/// The server dies under a writer that goes on once it is back: what was acknowledged before is there.
#[cfg(feature = "postgres")]
#[test]
fn acknowledged_events_survive_the_death_of_the_server() {
    use crate::support::postgres::Server;
    let Some(server) = Server::own() else { return };
    let url = server.url(&server.database());
    let store = Store::open(&url, &ring(), options()).unwrap();
    for n in 0..2 {
        store.append(thing(n).with_id(&format!("e{n}"))).unwrap();
        server.crash();
        let retried = store.append(thing(n).with_id(&format!("e{n}"))).unwrap();
        assert_eq!((retried.seq, retried.existed), (n + 1, true));
    }
    assert_eq!(store.size(), 3);
    assert!(store.verify(&[], &[]).unwrap().ok());
}
