//! `ledger.json`: every group through the public API, compared by the code that the pure crate's own runner uses.

#[expect(clippy::expect_used, reason = "a test fails by panicking")]
#[path = "../../../../finops-ledger/tests/support/cases.rs"]
mod shared;

use crate::panicked;
use finops::ledger::wire;
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};

fn call(group: &str, members: &Value) -> Result<Value, shared::Fault> {
    wire::call(group, members)
        .map_err(|error| shared::Fault { code: error.code().to_owned(), path: error.path().to_owned() })
}

/// Every group, and how many of its cases ran; the shared code panics with every difference.
pub fn cases(_: &str, file: &Value) -> Vec<(String, Vec<String>)> {
    let run = |group: &str| {
        catch_unwind(AssertUnwindSafe(|| shared::run(file, group, call))).map_or_else(
            |payload| vec![(group.to_owned(), vec![panicked(&*payload)])],
            |count| (0..count).map(|case| (format!("{group} {case}"), Vec::new())).collect(),
        )
    };
    shared::groups(file).into_iter().flat_map(run).collect()
}
