//! One case of a kind of inventories in `allocation.json`, run through any way in: the engine here, a binding elsewhere.

use super::compare::{Members, differences};
use finops_core::json::Json;

/// The kinds that this runs.
pub const KINDS: [&str; 6] =
    ["quantity", "quantity_error", "kubernetes_reader", "prometheus", "effective_request", "baseline"];

/// What a case's answer differs in from the expected one; `call` computes a kind.
pub fn run_case(case: &Json, call: &dyn Fn(&str, &Json) -> Result<Json, String>) -> Vec<String> {
    let kind = case.get("kind").and_then(Json::as_str).unwrap_or_default();
    let (Some(input), Some(expected)) = (case.get("input"), case.get("expected")) else {
        return vec!["a case needs its input and what is expected".to_owned()];
    };
    let found = match call(kind, input) {
        Ok(found) => found,
        Err(problem) => return vec![problem],
    };
    match kind {
        "quantity" => {
            // The same value, and so the same amount: texts of one value differ (`+1`, `1`).
            let nano = |json: &Json| call(kind, json).ok().and_then(|found| found.get("nano").cloned());
            let mut wanted = vec![expected.get("nano").cloned()];
            wanted.extend(expected.get("same_value_as").map(nano));
            wanted.push(found.get("canonical").and_then(nano));
            let amount = nano(input);
            let wrong = wanted.into_iter().filter(|wanted| *wanted != amount || wanted.is_none());
            wrong.map(|wanted| format!("expected {wanted:?}, found {amount:?}")).collect()
        }
        _ => differences(expected, &found, Members::Listed),
    }
}
