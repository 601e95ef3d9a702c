//! `waste.json`: every kind through the public API, compared by the code that the pure crate's own runner uses.

#[path = "../../../../finops-core/tests/support/waste_cases.rs"]
mod waste_cases;

use crate::{compare, faults};
use finops::{core::json::Json, waste::wire};
use serde_json::Value;

/// Kinds whose code is not built yet.
pub const PENDING: &[&str] = &[];

/// Every case but those of pending kinds, which are named.
pub fn cases(text: &str, _: &Value) -> Vec<(String, Vec<String>)> {
    let call = |kind: &str, input: &Json| wire::call(kind, input).map_err(|fault| fault.code().to_owned());
    faults::cases("waste", text, PENDING, |case| waste_cases::run(case, call))
}
