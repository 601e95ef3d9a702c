//! The shared vectors from Rust: every file of `FINOPS_VECTORS_DIR`, by default the copy that is committed.
//!
//! An unknown topic, section or kind, an empty file, or a case that cannot run is a failure.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod allocation;
mod carbon;
#[path = "../../../../finops-core/tests/support/compare.rs"]
mod compare;
mod faults;
mod findings;
mod ledger;
mod metering;
mod policy;
mod waste;

use serde_json::Value;
use std::{any::Any, collections::BTreeMap, fs, panic, path::PathBuf};

/// The cases of one file, given as its text and as its value: each by name, with its differences.
type Topic = fn(&str, &Value) -> Vec<(String, Vec<String>)>;

const TOPICS: [(&str, Topic); 7] = [
    ("allocation", allocation::cases),
    ("carbon", |_, file| carbon::cases(file)),
    ("findings", findings::cases),
    ("ledger", ledger::cases),
    ("metering", |_, file| metering::cases(file)),
    ("policy", policy::cases),
    ("waste", waste::cases),
];

/// Topics whose capability is not built yet: named, never passed over in silence.
const PENDING: [&str; 4] = ["aws", "billing", "control-plane", "insights"];

fn files() -> BTreeMap<String, PathBuf> {
    let folder = std::env::var_os("FINOPS_VECTORS_DIR")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors")), PathBuf::from);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), path))
        .collect()
}

/// What a panic said: a case that cannot run has failed.
pub fn panicked(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().cloned();
    text.or_else(|| payload.downcast_ref::<&str>().map(|&text| text.to_owned())).unwrap_or_default()
}

#[test]
fn every_vector_holds() {
    let files = files();
    let mut failures: Vec<String> = TOPICS
        .iter()
        .filter(|(topic, _)| !files.contains_key(*topic))
        .map(|(topic, _)| format!("{topic}: no such file"))
        .collect();
    let mut passed = 0_usize;
    panic::set_hook(Box::new(|_| {}));
    for (topic, path) in &files {
        let Some((_, run)) = TOPICS.iter().find(|(known, _)| known == topic) else {
            if PENDING.contains(&topic.as_str()) {
                println!("pending: {topic} (not built yet)");
            } else {
                failures.push(format!("{topic}: unknown topic"));
            }
            continue;
        };
        let text = fs::read_to_string(path).unwrap();
        let cases = run(&text, &serde_json::from_str(&text).expect("vectors are JSON"));
        println!("{topic}: {} cases from Rust", cases.len());
        if cases.is_empty() {
            failures.push(format!("{topic}: no case in the file"));
        }
        for (name, wrong) in cases {
            if wrong.is_empty() {
                passed = passed.saturating_add(1);
            }
            failures.extend(wrong.into_iter().map(|what| format!("{topic} {name}: {what}")));
        }
    }
    drop(panic::take_hook());
    println!("{passed} passed, {} failed", failures.len());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
