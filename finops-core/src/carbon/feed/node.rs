//! A place in an answer: strict reading with its path.

use crate::{carbon::CarbonError, error::shorten, time::Timestamp};
use serde_json::Value;

/// At most so many characters of a refusal are passed on.
const MESSAGE_MAX: usize = 200;

/// A value of an answer and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node<'a> {
    value: &'a Value,
    path: String,
}

impl<'a> Node<'a> {
    pub(super) const fn body(value: &'a Value) -> Self {
        Self { value, path: String::new() }
    }

    pub(super) fn path(&self) -> &str {
        if self.path.is_empty() { "body" } else { &self.path }
    }

    pub(super) fn shape(&self, problem: &str) -> CarbonError {
        CarbonError::feed_shape(self.path(), problem)
    }

    pub(super) fn no_value(&self) -> CarbonError {
        CarbonError::FeedNoValue { path: self.path().to_owned() }
    }

    /// The field `name`, unless absent or `null`.
    ///
    /// # Errors
    /// `carbon.feed_shape` when this is no object.
    pub(super) fn get(&self, name: &str) -> Result<Option<Self>, CarbonError> {
        let fields = self.value.as_object().ok_or_else(|| self.shape("not an object"))?;
        Ok(fields.get(name).filter(|v| !v.is_null()).map(|value| Self { value, path: self.below(name) }))
    }

    /// The field `name`.
    ///
    /// # Errors
    /// `carbon.feed_shape` when absent or `null`.
    pub(super) fn need(&self, name: &str) -> Result<Self, CarbonError> {
        self.get(name)?.ok_or_else(|| CarbonError::feed_shape(self.below(name), "missing"))
    }

    fn below(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    pub(super) fn is_object(&self) -> bool {
        self.value.is_object()
    }

    /// The elements of this list.
    pub(super) fn items(&self) -> Result<impl Iterator<Item = Self>, CarbonError> {
        let items = self.value.as_array().ok_or_else(|| self.shape("not a list"))?;
        let path = self.path.clone();
        Ok(items.iter().enumerate().map(move |(at, value)| Self { value, path: format!("{path}[{at}]") }))
    }

    /// The first element of this list.
    ///
    /// # Errors
    /// `carbon.feed_no_value` when it is empty, `carbon.feed_shape` when it is no list.
    pub(super) fn first(&self) -> Result<Self, CarbonError> {
        self.items()?.next().ok_or_else(|| self.no_value())
    }

    pub(super) fn text(&self) -> Result<&'a str, CarbonError> {
        self.value.as_str().ok_or_else(|| self.shape("not text"))
    }

    pub(super) fn flag(&self) -> Result<bool, CarbonError> {
        self.value.as_bool().ok_or_else(|| self.shape("neither true nor false"))
    }

    /// This number, strictly: text is no number.
    ///
    /// # Errors
    /// `carbon.feed_shape`; `carbon.bad_number` when negative or infinite.
    pub(super) fn number(&self) -> Result<f64, CarbonError> {
        let number = match self.value {
            Value::Number(number) => number.as_f64(),
            _ => None,
        };
        crate::units::check(self.path(), number.ok_or_else(|| self.shape("not a number"))?)
    }

    /// The number in field `name`; `None` when `null`.
    ///
    /// # Errors
    /// As [`Node::number`]; `carbon.feed_shape` when the field is absent.
    pub(super) fn nullable(&self, name: &str) -> Result<Option<f64>, CarbonError> {
        match self.get(name)? {
            Some(number) => number.number().map(Some),
            None if self.value.get(name).is_some() => Ok(None),
            None => Err(CarbonError::feed_shape(self.below(name), "missing")),
        }
    }

    pub(super) fn whole(&self) -> Result<u64, CarbonError> {
        self.value.as_u64().ok_or_else(|| self.shape("not a whole number"))
    }

    /// This instant: RFC 3339, the seconds of which may be missing.
    pub(super) fn instant(&self) -> Result<Timestamp, CarbonError> {
        let text = self.text()?;
        let full = match (text.get(..16), text.get(16..)) {
            (Some(minutes), Some(zone)) if !zone.starts_with(':') => format!("{minutes}:00{zone}"),
            _ => text.to_owned(),
        };
        full.parse().map_err(|_| self.shape(&format!("`{}`, not an RFC 3339 time", shorten(text))))
    }

    /// # Errors
    /// `carbon.feed_refused` when the answer is an error.
    pub(super) fn check_not_refused(&self) -> Result<(), CarbonError> {
        let field = |name: &str| self.value.get(name).filter(|v| !v.is_null() && **v != Value::Bool(false));
        let (path, what) = match field("error") {
            Some(error) => ("error", error.get("message").unwrap_or(error)),
            None if field("status").and_then(Value::as_str) == Some("error") => {
                ("status", field("message").unwrap_or(&Value::Null))
            }
            None => return Ok(()),
        };
        let message = match what {
            Value::Null | Value::Bool(_) => "without a reason".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Err(CarbonError::FeedRefused { path: path.to_owned(), message: redacted(&message) })
    }
}

/// `message` cut to [`MESSAGE_MAX`] characters, with all that could be a key or token left out: a service may repeat it.
fn redacted(message: &str) -> String {
    let token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+' | '/' | '=' | '.');
    let mut out = String::new();
    let mut rest = message;
    while let Some(first) = rest.chars().next() {
        let of_word = token(first);
        let end = rest.find(|c| token(c) != of_word).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        let mixed = run.bytes().any(|b| b.is_ascii_digit()) && run.bytes().any(|b| b.is_ascii_alphabetic());
        out.push_str(if of_word && (run.len() >= 20 || (run.len() >= 8 && mixed)) { "…" } else { run });
        rest = after;
    }
    out.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MESSAGE_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_refusal_is_short_and_holds_no_token() {
        let refusal = |body: Value| {
            let error = Node::body(&body).check_not_refused().unwrap_err();
            assert_eq!(error.code(), "carbon.feed_refused");
            error.to_string()
        };
        let text = refusal(json!({"error": "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.c2ln is bad"}));
        assert_eq!(text, "the feed refused: token … is bad");
        assert!(!refusal(json!({"status": "error", "message": "no qjVBaBhSBkVRl8"})).contains("qjVB"));
        assert!(refusal(json!({"error": "x ".repeat(1000)})).chars().count() <= 220);
        assert_eq!(refusal(json!({"error": true})), "the feed refused: without a reason");
        assert_eq!(
            refusal(json!({"error": {"code": 4, "message": "no such place"}})),
            "the feed refused: no such place"
        );
        assert!(Node::body(&json!({"error": null, "status": "ok"})).check_not_refused().is_ok());
        assert!(Node::body(&json!([1])).check_not_refused().is_ok());
    }

    #[test]
    fn paths_lead_to_the_fault() {
        let body = json!({"data": [{"a": "302", "t": "2026-01-20T12:00Z", "bad": "2026-01-20é"}]});
        let first = Node::body(&body).need("data").unwrap().first().unwrap();
        assert_eq!(first.need("a").unwrap().number().unwrap_err().path(), "data[0].a");
        assert_eq!(first.need("b").unwrap_err().path(), "data[0].b");
        assert_eq!(first.need("t").unwrap().instant().unwrap().to_string(), "2026-01-20T12:00:00.000Z");
        assert_eq!(first.need("bad").unwrap().instant().unwrap_err().code(), "carbon.feed_shape");
    }
}
