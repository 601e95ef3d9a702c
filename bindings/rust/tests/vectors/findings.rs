//! `findings.json`: every kind through the public API, compared by the code that the pure crate's own runner uses.

#[path = "../../../../finops-core/tests/support/findings_cases.rs"]
mod findings_cases;

use crate::faults;
use finops::{core::json::Json, finding::wire};
use serde_json::Value;

/// Every case but those of kinds that a later topic brings, which are named.
pub fn cases(text: &str, _: &Value) -> Vec<(String, Vec<String>)> {
    let call = |kind: &str, input: &Json| wire::call(kind, input).map_err(|fault| fault.code().to_owned());
    faults::cases("findings", text, &findings_cases::PENDING, |case| findings_cases::check(case, call))
}
