//! The vectors of findings: every kind that this crate computes.
#![expect(clippy::disallowed_methods, reason = "a test reads the vectors")]
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "support/compare.rs"]
mod compare;
#[path = "support/findings_cases.rs"]
mod findings_cases;

use finops_core::{
    finding::wire,
    json::{Json, Limits, read},
};
use std::collections::BTreeSet;

fn cases() -> Vec<Json> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../bindings/vectors/findings.json");
    let bytes = std::fs::read(path).expect("the vectors");
    let file = read(&bytes, &Limits { bytes: usize::MAX, depth: 128 }).expect("JSON");
    file.get("cases").and_then(Json::as_array).expect("cases").to_vec()
}

fn kind_of(case: &Json) -> &str {
    case.get("kind").and_then(Json::as_str).expect("a kind")
}

fn run(kind: &str) {
    let cases = cases();
    let cases: Vec<_> = cases.iter().filter(|case| kind_of(case) == kind).collect();
    assert!(!cases.is_empty(), "no case of {kind}");
    let mut failed = Vec::new();
    for case in &cases {
        let call =
            |kind: &str, input: &Json| wire::call(kind, input).map_err(|fault| fault.code().to_owned());
        let different = findings_cases::check(case, call);
        if !different.is_empty() {
            let id = case.get("id").and_then(Json::as_str).unwrap_or_default();
            failed.push(format!("{id}: {}", different.join("; ")));
        }
    }
    assert!(failed.is_empty(), "{} of {} cases:\n{}", failed.len(), cases.len(), failed.join("\n"));
}

macro_rules! kinds {
    ($($kind:ident)*) => {
        const RUN: &[&str] = &[$(stringify!($kind)),*];
        $(#[test]
        fn $kind() {
            run(stringify!($kind));
        })*
    };
}

kinds! {
    fingerprint finding_id seed_fingerprint record validate severity priority combine totals redact outcome order digest
}

#[test]
fn every_kind_is_run_or_pending() {
    let cases = cases();
    let in_file: BTreeSet<&str> = cases.iter().map(kind_of).collect();
    let known: BTreeSet<&str> = RUN.iter().copied().chain(findings_cases::PENDING).collect();
    assert_eq!(in_file, known);
    let computed: BTreeSet<&str> = wire::kinds().collect();
    assert_eq!(computed, RUN.iter().copied().collect());
}
