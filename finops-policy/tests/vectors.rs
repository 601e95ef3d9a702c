//! The shared vectors of the policy, kind by kind, through `wire::call`.
#![expect(clippy::disallowed_methods, reason = "a test reads its vectors")]
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking and says what it ran"
)]

#[path = "support/cases.rs"]
mod cases;

use finops_policy::{Json, wire};
use std::{path::PathBuf, sync::LazyLock};

static CASES: LazyLock<Vec<Json>> = LazyLock::new(|| {
    let folder = std::env::var_os("FINOPS_VECTORS_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../bindings/vectors")),
        PathBuf::from,
    );
    cases::cases(&std::fs::read(folder.join("policy.json")).expect("the vectors are there"))
});

fn call(kind: &str, input: &Json) -> Result<Json, String> {
    wire::call(kind, input).map_err(|error| error.code().to_owned())
}

fn run(kind: &str) {
    let cases: Vec<&Json> = CASES.iter().filter(|case| cases::kind(case) == kind).collect();
    assert!(!cases.is_empty(), "no case of `{kind}`");
    let mut wrong = Vec::new();
    let mut failed: usize = 0;
    for case in &cases {
        let differences = cases::differences(case, call);
        failed = failed.saturating_add(usize::from(!differences.is_empty()));
        wrong.extend(differences.into_iter().map(|what| format!("{}: {what}", cases::id(case))));
    }
    println!("{kind}: {} cases, {failed} failed", cases.len());
    assert!(wrong.is_empty(), "{failed} of {} failed\n{}", cases.len(), wrong.join("\n"));
}

macro_rules! kinds {
    ($($kind:ident)*) => {
        $(
            #[test]
            fn $kind() {
                run(stringify!($kind));
            }
        )*

        #[test]
        fn every_kind_is_run_or_pending() {
            assert_eq!([$(stringify!($kind)),*].as_slice(), RUN);
            for case in CASES.iter() {
                let kind = cases::kind(case);
                let known = cases::KINDS.contains(&kind) || cases::PENDING.contains(&kind);
                assert!(known, "{}: unknown kind `{kind}`", cases::id(case));
            }
            println!("pending: {:?}", cases::PENDING);
        }
    };
}

#[cfg(feature = "rego")]
const RUN: &[&str] = &cases::KINDS;

#[cfg(feature = "rego")]
kinds! {
    approval bundle digest exemption gate guardrail infracost kubernetes lint mask number policy_gate rego remote_opa
    result_contract shadow terraform test_runner update_policy window
}

/// What works without the engine.
#[cfg(not(feature = "rego"))]
const RUN: &[&str] = &[
    "approval",
    "digest",
    "exemption",
    "gate",
    "guardrail",
    "infracost",
    "kubernetes",
    "mask",
    "number",
    "shadow",
    "terraform",
    "update_policy",
    "window",
];

#[cfg(not(feature = "rego"))]
kinds! {
    approval digest exemption gate guardrail infracost kubernetes mask number shadow terraform update_policy window
}

/// The comparison itself: a runner that cannot fail proves nothing.
#[test]
fn the_comparison_sees_differences() {
    fn echo(_: &str, input: &Json) -> Result<Json, String> {
        match input.get("answer") {
            Some(Json::String(code)) => Err(code.clone()),
            Some(answer) => Ok(answer.clone()),
            None => Err("no answer".to_owned()),
        }
    }
    let holds = |kind: &str, expect: &str, answer: &str| {
        let text =
            format!(r#"{{"cases":[{{"id":"x","kind":"{kind}","expect":{expect},"answer":{answer}}}]}}"#);
        cases::cases(text.as_bytes()).iter().all(|case| cases::differences(case, echo).is_empty())
    };
    assert!(holds("mask", r#"{"a":{"x":1,"y":[0.5]}}"#, r#"{"b":1,"a":{"y":[5e-1],"x":1}}"#));
    assert!(!holds("mask", r#"{"a":{"x":1}}"#, r#"{"a":{"x":1,"y":2}}"#));
    assert!(!holds("mask", r#"{"a":0.0}"#, r#"{"a":-0.0}"#));
    assert!(!holds("mask", r#"{"a":9007199254740993}"#, r#"{"a":9007199254740992}"#));
    assert!(!holds("mask", r#"{"a":null}"#, "{}"));
    assert!(!holds("mask", "{}", "{}"));
    assert!(!holds("nonsense", r#"{"a":1}"#, r#"{"a":1}"#));
    assert!(holds("lint", r#"{"errors":["a","b"]}"#, r#"{"errors":["b","a","b"]}"#));
    assert!(!holds("lint", r#"{"errors":["a","b"]}"#, r#"{"errors":["b"]}"#));
    assert!(holds("bundle", r#"{"ok":false,"code":"bundle.path"}"#, r#""bundle.path""#));
    assert!(!holds("bundle", r#"{"ok":false,"code":"bundle.path"}"#, r#""bundle.data""#));
    assert!(!holds("bundle", r#"{"ok":true,"code":"bundle.path"}"#, r#""bundle.path""#));
}
