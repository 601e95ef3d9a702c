//! The comparison of the vectors itself: what it lets pass and what it finds.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/compare.rs"]
mod compare;

use compare::{Members, differences};
use finops_core::json::{Json, Limits, read};

fn json(text: &str) -> Json {
    read(text.as_bytes(), &Limits::default()).unwrap()
}

#[test]
fn amounts_are_equal_by_value() {
    let expected = json(r#"{"a": "0.10", "b": 3, "c": [1.50, "x"]}"#);
    let found = json(r#"{"a": 0.1, "b": "3.000", "c": ["1.5", "x"]}"#);
    assert_eq!(differences(&expected, &found, Members::All), Vec::<String>::new());
}

#[test]
fn what_differs_is_named_with_its_place() {
    let expected = json(r#"{"a": {"b": [1, 2]}, "gone": null}"#);
    let found = json(r#"{"a": {"b": [1, "2x"]}, "more": 1}"#);
    let all = differences(&expected, &found, Members::All);
    assert_eq!(
        all,
        ["/a/b/1: expected 2, found \"2x\"", "/gone: missing, expected null", "/more: not expected"]
    );
    assert_eq!(differences(&expected, &found, Members::Listed).len(), 2);
}

#[test]
fn an_empty_text_is_no_zero_and_null_is_no_absence() {
    assert_eq!(differences(&json(r#"["", "0"]"#), &json("[0, 0]"), Members::All).len(), 1);
    assert_eq!(differences(&json("[null]"), &json("[0]"), Members::Listed).len(), 1);
}
