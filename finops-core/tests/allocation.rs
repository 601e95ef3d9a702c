//! The vectors of Kubernetes cost allocation: every kind of the engine's allocation.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and reads its vectors"
)]

#[path = "support/allocation_cases.rs"]
mod allocation_cases;
#[path = "support/compare.rs"]
mod compare;

use finops_core::{
    allocation::wire,
    json::{Json, Limits, read},
};

fn cases() -> Vec<Json> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../bindings/vectors/allocation.json");
    let vectors = read(&std::fs::read(file).unwrap(), &Limits::default()).unwrap();
    vectors.get("cases").and_then(Json::as_array).unwrap().to_vec()
}

fn kind_of(case: &Json) -> &str {
    case.get("kind").and_then(Json::as_str).unwrap()
}

fn run(kind: &str) {
    let call = |kind: &str, input: &Json| wire::call(kind, input).map_err(|fault| fault.to_string());
    let cases: Vec<Json> = cases().into_iter().filter(|case| kind_of(case) == kind).collect();
    let mut failures = Vec::new();
    for case in &cases {
        let id = case.get("id").and_then(Json::as_str).unwrap_or_default();
        failures
            .extend(allocation_cases::run_case(case, &call).into_iter().map(|line| format!("{id}: {line}")));
    }
    assert!(!cases.is_empty(), "no case of kind {kind}");
    assert!(failures.is_empty(), "{kind}: {}", failures.join("\n"));
}

macro_rules! kinds {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                run(stringify!($name));
            }
        )*

        /// Kinds with a test here.
        const TESTED: &[&str] = &[$(stringify!($name)),*];
    };
}

kinds! {
    apportion node_split presence waterfall allocate aggregate efficiency reconcile
}

/// Kinds of inventories, which `tests/inventory.rs` runs.
const ELSEWHERE: &[&str] =
    &["quantity", "quantity_error", "kubernetes_reader", "prometheus", "effective_request", "baseline"];

#[test]
fn every_kind_of_the_file_is_run() {
    for case in cases() {
        let kind = kind_of(&case);
        assert!(TESTED.contains(&kind) || ELSEWHERE.contains(&kind), "no test runs kind `{kind}`");
    }
}
