//! A report is the same bytes on every platform and in every version: the files of `tests/golden/report`.
//!
//! `FINOPS_GOLDEN=write cargo test -p finops-ledger --test golden` writes them anew; the diff is the review.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test reads and writes its files and fails by panicking"
)]

use finops_ledger::wire;
use serde_json::{Value, json};
use std::{env, fs, path::PathBuf};

fn file(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "golden", "report", name].iter().collect()
}

fn read(name: &str) -> String {
    fs::read_to_string(file(name)).unwrap()
}

/// The report of the committed events, in another order when `reversed`.
fn rendered(format: &str, reversed: bool) -> Value {
    let events = read("events.jsonl");
    let mut events: Vec<Value> = events
        .lines()
        .enumerate()
        .map(|(seq, line)| {
            let mut event: Value = serde_json::from_str(line).unwrap();
            event.as_object_mut().unwrap().insert("seq".to_owned(), json!(seq));
            event
        })
        .collect();
    if reversed {
        events.reverse();
    }
    let inputs: Value = serde_json::from_str(&read("inputs.json")).unwrap();
    let input = json!({"events": events, "inputs": inputs, "label": "2026-03", "format": format});
    wire::call("report_render", &input).unwrap()
}

#[test]
fn a_report_is_the_committed_bytes() {
    for (format, name) in [("json", "report.json"), ("markdown", "report.md"), ("html", "report.html")] {
        let text = rendered(format, false).get("text").and_then(Value::as_str).unwrap().to_owned();
        if env::var_os("FINOPS_GOLDEN").is_some_and(|how| how == "write") {
            fs::write(file(name), &text).unwrap();
        }
        let golden = read(name);
        let first = text.lines().zip(golden.lines()).position(|(new, old)| new != old);
        assert!(
            text == golden,
            "{name} differs, first in line {first:?}; see the comment at the top of this file"
        );
        let again = rendered(format, true);
        assert!(
            again.get("text").and_then(Value::as_str) == Some(&golden),
            "{name} depends on the order of events"
        );
    }
}

#[test]
fn the_committed_report_says_what_its_events_do() {
    let report: Value = serde_json::from_str(&read("report.json")).unwrap();
    let events = read("events.jsonl");
    let of = |kind: &str| events.lines().filter(|line| line.contains(kind)).count();
    for (count, kind) in [
        ("verified", "opportunity.verified"),
        ("regressed", "opportunity.regressed"),
        ("rejected", "opportunity.rejected"),
    ] {
        assert!(of(kind) > 0);
        assert_eq!(report.pointer(&format!("/counts/{count}")), Some(&json!(of(kind))), "{count}");
    }
    let html = read("report.html");
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !html.contains("<script"));
    assert!(read("report.md").contains("a\\|b\\\\\\`\\*\\_\\[\\]"));
}
