//! `allocation.json`: every kind through the public API, compared by the code that the pure crate's own runner uses.

#[path = "../../../../finops-core/tests/support/allocation_cases.rs"]
mod allocation_cases;
#[path = "../../../../finops-core/tests/support/inventory_cases.rs"]
mod inventory_cases;

use crate::{compare, faults};
use finops::{allocation::wire, core::json::Json};
use serde_json::Value;

/// Every case.
pub fn cases(text: &str, _: &Value) -> Vec<(String, Vec<String>)> {
    let call = |kind: &str, input: &Json| wire::call(kind, input).map_err(|fault| fault.to_string());
    faults::cases("allocation", text, &[], |case| {
        let kind = case.get("kind").and_then(Json::as_str).unwrap_or_default();
        if inventory_cases::KINDS.contains(&kind) {
            inventory_cases::run_case(case, &call)
        } else {
            allocation_cases::run_case(case, &call)
        }
    })
}
