//! What the topics whose values keep their digits have in common.

use crate::panicked;
use finops::core::json::{Json, Limits, read};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs every case of a file but those of pending kinds, which are named. The file is read from its text: no number of it may
/// go through a double.
#[expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a test fails by panicking, and names what is not run"
)]
pub fn cases(
    topic: &str,
    text: &str,
    pending: &[&str],
    run: impl Fn(&Json) -> Vec<String>,
) -> Vec<(String, Vec<String>)> {
    let file = read(text.as_bytes(), &Limits { bytes: usize::MAX, depth: 128 }).expect("vectors are JSON");
    let cases = file.get("cases").and_then(Json::as_array).expect("cases");
    let member =
        |case: &Json, name: &str| case.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    for kind in pending {
        let waiting = cases.iter().filter(|case| member(case, "kind") == *kind).count();
        println!("pending: {topic} {kind}, {waiting} cases (not built yet)");
        assert!(waiting > 0, "no case of `{kind}` is left: take it off the list");
    }
    let run = |case: &Json| {
        catch_unwind(AssertUnwindSafe(|| run(case)))
            .unwrap_or_else(|payload| vec![format!("panicked: {}", panicked(&*payload))])
    };
    let to_run = cases.iter().filter(|case| !pending.contains(&member(case, "kind").as_str()));
    to_run.map(|case| (member(case, "id"), run(case))).collect()
}
