//! The vectors of waste: every case of every kind, exactly.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/compare.rs"]
mod compare;
#[path = "support/waste_cases.rs"]
mod waste_cases;

use finops_core::{
    json::{Json, Limits, read},
    waste::wire,
};
use std::collections::BTreeSet;

fn cases() -> Vec<Json> {
    let vectors = include_bytes!("../../bindings/vectors/waste.json");
    let vectors = read(vectors, &Limits::default()).unwrap();
    vectors.get("cases").and_then(Json::as_array).unwrap().to_vec()
}

fn kind_of(case: &Json) -> &str {
    case.get("kind").and_then(Json::as_str).unwrap()
}

/// Every case of a kind holds, and there is one.
fn holds(kind: &str) {
    let cases = cases();
    let cases: Vec<&Json> = cases.iter().filter(|case| kind_of(case) == kind).collect();
    assert!(!cases.is_empty(), "{kind} has cases");
    let call = |kind: &str, input: &Json| wire::call(kind, input).map_err(|fault| fault.code().to_owned());
    let differences: Vec<String> = cases.iter().flat_map(|case| waste_cases::run(case, call)).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

macro_rules! kinds {
    ($($test:ident),*) => {
        const TESTED: &[&str] = &[$(stringify!($test)),*];
        $(#[test] fn $test() { holds(stringify!($test)); })*
    };
}

kinds!(
    ai_detector,
    branch_name,
    cluster_data,
    confidence,
    detector,
    exact,
    guardrail_input,
    hcl_edit,
    hpa_pair,
    krr_simple,
    krr_simple_limit,
    lifetime_projection,
    portfolio,
    realizable,
    risk,
    scale_down,
    ttl,
    vpa,
    vpa_histogram,
    yaml_edit
);

/// Kinds of the vectors whose code is not there yet.
const PENDING: &[&str] = &[];

#[test]
fn every_kind_is_tested_or_pending_by_name() {
    let cases = cases();
    let kinds: BTreeSet<&str> = cases.iter().map(kind_of).collect();
    let named: BTreeSet<&str> = TESTED.iter().chain(PENDING).copied().collect();
    assert_eq!(kinds, named);
    assert_eq!(TESTED.len() + PENDING.len(), named.len(), "no kind is named twice");
    for kind in PENDING {
        assert!(wire::kinds().all(|known| known != *kind), "{kind} has code: test it");
    }
}
