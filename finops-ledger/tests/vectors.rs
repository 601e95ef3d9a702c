//! The shared vectors of the ledger: every case of every group, exactly.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![expect(clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "support/cases.rs"]
mod cases;

use cases::Fault;
use serde_json::Value;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../bindings/vectors/ledger.json")).unwrap()
}

fn run(group: &str) {
    cases::run(&vectors(), group, |group, input| {
        finops_ledger::wire::call(group, input)
            .map_err(|error| Fault { code: error.code().to_owned(), path: error.path().to_owned() })
    });
}

macro_rules! groups {
    ($($group:ident)*) => {
        const GROUPS: &[&str] = &[$(stringify!($group)),*];
        $(#[test] fn $group() { run(stringify!($group)); })*
    };
}

groups! {
    keys canonical canonical_check border_number decimal_form field_form log envelope sign_event merkle_root
    inclusion consistency checkpoint note_parse signed_note_known_answer verify cut bit_flip ratchet redaction
    opportunity_id receipt saving half_width verdict drift apportion overlap transition fold report period kpi
    chart escape append batch_digest
}

#[test]
fn every_group_of_the_file_is_run() {
    let vectors = vectors();
    let mut found = cases::groups(&vectors);
    let mut run = GROUPS.to_vec();
    found.sort_unstable();
    run.sort_unstable();
    assert_eq!(found, run);
}
