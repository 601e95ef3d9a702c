//! The cases of `findings.json`: each is run through a call of its kind and compared with what it expects.

use crate::compare::{Members, differences};
use finops_core::json::Json;

/// Kinds that a later topic brings: merge over runs, exports, correlation.
pub const PENDING: [&str; 5] = ["lifecycle_merge", "export_csv", "export_sarif", "correlation", "rule_load"];

/// What the answer of `call` to a case differs in from what the case expects. A refusal is `{"error": code}`.
pub fn check(case: &Json, call: impl Fn(&str, &Json) -> Result<Json, String>) -> Vec<String> {
    let kind = case.get("kind").and_then(Json::as_str).unwrap_or_default();
    let (input, expected) =
        (case.get("input").unwrap_or(&Json::Null), case.get("expected").unwrap_or(&Json::Null));
    let found = call(kind, input).unwrap_or_else(|code| Json::object([("error", Json::from(code))]));
    // Errors carry the value and what to do as well; a hash of bytes shows any other difference.
    let mut different = differences(expected, &found, Members::Listed);
    for member in ["record", "counts", "currency", "order"] {
        if let (Some(wanted), Some(got)) = (expected.get(member), found.get(member)) {
            different.extend(differences(wanted, got, Members::All));
        }
    }
    if kind == "totals" || kind == "priority" {
        different.extend(differences(expected, &found, Members::All));
    }
    different
}
