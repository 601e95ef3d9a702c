//! `policy.json`: every kind through the public API, compared by the code that the pure crate's own runner uses.

#[expect(clippy::expect_used, reason = "a test fails by panicking")]
#[path = "../../../../finops-policy/tests/support/cases.rs"]
mod shared;

use crate::panicked;
use finops::policy::{Json, wire};
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};

fn call(kind: &str, members: &Json) -> Result<Json, String> {
    wire::call(kind, members).map_err(|error| error.code().to_owned())
}

/// Every case but those of the kinds that need a server, which are named.
///
/// The file is read again from its text: no number of it may go through a double.
#[expect(clippy::print_stdout, reason = "what is not run is named")]
pub fn cases(text: &str, _: &Value) -> Vec<(String, Vec<String>)> {
    let (pending, run): (Vec<_>, Vec<_>) = shared::cases(text.as_bytes())
        .into_iter()
        .partition(|case| shared::PENDING.contains(&shared::kind(case)));
    println!("pending: policy, {} cases of {:?} (they need a server)", pending.len(), shared::PENDING);
    for kind in shared::KINDS {
        assert!(run.iter().any(|case| shared::kind(case) == kind), "no case of `{kind}`");
    }
    let differences = |case: &Json| {
        catch_unwind(AssertUnwindSafe(|| shared::differences(case, call)))
            .unwrap_or_else(|payload| vec![format!("panicked: {}", panicked(&*payload))])
    };
    run.iter().map(|case| (shared::id(case).to_owned(), differences(case))).collect()
}
