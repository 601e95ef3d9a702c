//! One case of `waste.json` against an implementation of its kinds: listed members must match, amounts by value.

use super::compare::{Members, differences};
use finops_core::json::Json;

/// Runs a case through `call` (kind, input to the answer or the code of the refusal) and returns what differs from its expectation.
///
/// The list of a detector's assessments is compared in its order.
pub fn run(case: &Json, call: impl Fn(&str, &Json) -> Result<Json, String>) -> Vec<String> {
    let text = |name: &str| case.get(name).and_then(Json::as_str).unwrap_or_default();
    let (Some(input), Some(expected)) = (case.get("input"), case.get("expected")) else {
        return vec![format!("{}: no input or no expectation", text("id"))];
    };
    let id = text("id");
    match call(text("kind"), input) {
        Ok(found) => {
            let found = differences(expected, &found, Members::Listed);
            found.into_iter().map(|difference| format!("{id}: {difference}")).collect()
        }
        Err(code) if expected.get("error").and_then(Json::as_str) == Some(&code) => Vec::new(),
        Err(code) => vec![format!("{id}: refused with {code}")],
    }
}
