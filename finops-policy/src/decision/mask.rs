//! Masking: what leaves a decision event before anyone else reads it.
//!
//! The configured masks apply in order; afterwards every text under `/input` whose key names a secret is redacted,
//! unless a mask has set it. The pointers of what changed are listed, the values never.

use crate::{Json, PolicyError, error::ConfigError, json::pointer_of};
use std::collections::BTreeSet;

/// What stands in place of a redacted text (`shared/vectors/policy.json`, `defaults.mask_value`).
pub const REDACTED: &str = "**REDACTED**";

/// Keys with one of these words name a secret (specification `policy.md` 8).
const SECRET_WORDS: [&str; 10] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "authorization",
    "cookie",
    "credential",
    "credentials",
];

/// Keys with one of these neighbouring words name a secret (specification `policy.md` 8).
const SECRET_PAIRS: [(&str, &str); 4] =
    [("api", "key"), ("private", "key"), ("access", "key"), ("secret", "key")];

/// One configured mask.
#[derive(Debug, Clone, PartialEq)]
pub struct Mask {
    steps: Vec<String>,
    op: Op,
}

#[derive(Debug, Clone, PartialEq)]
enum Op {
    Remove,
    Upsert(Json),
}

/// An event after masking.
#[derive(Debug, Clone, PartialEq)]
pub struct Masked {
    /// The event with everything sensitive gone.
    pub event: Json,
    /// Sorted JSON pointers of what was removed.
    pub erased: Vec<String>,
    /// Sorted JSON pointers of what was replaced.
    pub masked: Vec<String>,
}

impl Mask {
    /// Reads a mask: a JSON pointer (remove it) or `{"op": "remove"|"upsert", "path", "value"}`.
    ///
    /// # Errors
    /// `policy.config` at `path` for any other form.
    pub fn from_json(value: &Json, path: &str) -> Result<Self, PolicyError> {
        let refuse = |at: String, problem: &str| -> PolicyError {
            let help =
                "give a JSON pointer such as `/input/user/email`, or `{op: remove|upsert, path, value}`";
            ConfigError::new(at, problem.to_owned(), help).into()
        };
        if let Some(pointer) = value.as_str() {
            let steps = steps(pointer).ok_or_else(|| refuse(path.to_owned(), "is no JSON pointer"))?;
            return Ok(Self { steps, op: Op::Remove });
        }
        let Some(members) = value.as_object() else {
            return Err(refuse(path.to_owned(), "is neither text nor an object"));
        };
        for (key, _) in members.iter() {
            if !["op", "path", "value"].contains(&key) {
                return Err(refuse(
                    format!("{path}/{key}"),
                    &format!("`{}` is not known", finops_core::error::shorten(key)),
                ));
            }
        }
        let steps = value
            .get("path")
            .and_then(Json::as_str)
            .and_then(steps)
            .ok_or_else(|| refuse(format!("{path}/path"), "is no JSON pointer"))?;
        let op = match (value.get("op").and_then(Json::as_str), value.get("value")) {
            (Some("remove"), _) => Op::Remove,
            (Some("upsert"), Some(new)) => Op::Upsert(new.clone()),
            (Some("upsert"), None) => return Err(refuse(format!("{path}/value"), "is missing")),
            _ => return Err(refuse(format!("{path}/op"), "is neither `remove` nor `upsert`")),
        };
        Ok(Self { steps, op })
    }

    /// Reads a list of masks; `path` is the pointer of the list.
    ///
    /// # Errors
    /// `policy.config` with the pointer of the first mask that cannot be used.
    pub fn list(values: &[Json], path: &str) -> Result<Vec<Self>, PolicyError> {
        values.iter().enumerate().map(|(i, value)| Self::from_json(value, &format!("{path}/{i}"))).collect()
    }
}

/// Applies `masks` in order, then redacts every text under `/input` whose key names a secret.
///
/// A removed array element leaves `null`, so that other pointers stay valid; a pointer without a parent is skipped.
#[must_use]
pub fn mask(event: &Json, masks: &[Mask]) -> Masked {
    let mut event = event.clone();
    let mut changes = Changes::default();
    for mask in masks {
        let pointer = pointer(&mask.steps);
        if edit(&mut event, mask) {
            changes.record(&pointer, &mask.op);
        }
        if matches!(mask.op, Op::Upsert(_)) {
            changes.upserted.insert(pointer);
        }
    }
    if let Some(input) = event.pointer_mut("/input") {
        redact(input, "/input", false, &mut changes);
    }
    Masked {
        event,
        erased: changes.erased.into_iter().collect(),
        masked: changes.masked.into_iter().collect(),
    }
}

#[derive(Default)]
struct Changes {
    erased: BTreeSet<String>,
    masked: BTreeSet<String>,
    upserted: BTreeSet<String>,
}

impl Changes {
    /// Only the last change of a place counts: what stood below it is gone with it.
    fn record(&mut self, pointer: &str, op: &Op) {
        let below = |at: &String| {
            at.strip_prefix(pointer).is_none_or(|rest| !rest.is_empty() && !rest.starts_with('/'))
        };
        self.erased.retain(below);
        self.masked.retain(below);
        self.upserted.retain(below);
        match op {
            Op::Remove => self.erased.insert(pointer.to_owned()),
            Op::Upsert(_) => self.masked.insert(pointer.to_owned()),
        };
    }
}

/// Whether anything changed.
fn edit(event: &mut Json, mask: &Mask) -> bool {
    let Some((last, parents)) = mask.steps.split_last() else { return false };
    match (event.pointer_mut(&pointer(parents)), &mask.op) {
        (Some(Json::Object(members)), Op::Remove) => members.remove(last).is_some(),
        (Some(Json::Object(members)), Op::Upsert(new)) => {
            members.insert(last.as_str(), new.clone()).as_ref() != Some(new)
        }
        (Some(parent @ Json::Array(_)), op) => {
            let new = match op {
                Op::Remove => &Json::Null,
                Op::Upsert(new) => new,
            };
            let element = parent.pointer_mut(&pointer(std::slice::from_ref(last)));
            element.is_some_and(|element| std::mem::replace(element, new.clone()) != *new)
        }
        _ => false,
    }
}

fn redact(value: &mut Json, at: &str, secret: bool, changes: &mut Changes) {
    match value {
        Json::String(text) if secret && text != REDACTED && !changes.upserted.contains(at) => {
            changes.masked.insert(at.to_owned());
            REDACTED.clone_into(text);
        }
        Json::Object(members) => {
            for (key, value) in members.iter_mut() {
                let secret = is_secret(key);
                redact(value, &format!("{at}{}", pointer_of([key])), secret, changes);
            }
        }
        Json::Array(items) => {
            for (i, value) in items.iter_mut().enumerate() {
                redact(value, &format!("{at}/{i}"), false, changes);
            }
        }
        _ => {}
    }
}

/// Whether `key` names a secret: `aws_secret_access_key`, `accessKeyId`, `token`; not `max_tokens`, `secretary`.
#[must_use]
pub fn is_secret(key: &str) -> bool {
    let words = words(key);
    words.iter().any(|word| SECRET_WORDS.contains(&word.as_str()))
        || words.windows(2).any(|pair| match pair {
            [a, b] => SECRET_PAIRS.contains(&(a.as_str(), b.as_str())),
            _ => false,
        })
}

/// Runs of capitals (less the last one before a lower-case letter), lower-case letters with the capital before them,
/// digits; everything else separates.
fn words(key: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut last = ' ';
    let mut rest = key.chars().peekable();
    while let Some(c) = rest.next() {
        let before_lower = rest.peek().is_some_and(char::is_ascii_lowercase);
        let continues = match c {
            'a'..='z' => last.is_ascii_alphabetic(),
            'A'..='Z' => last.is_ascii_uppercase() && !before_lower,
            '0'..='9' => last.is_ascii_digit(),
            _ => false,
        };
        if !continues && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_ascii_alphanumeric() {
            word.push(c.to_ascii_lowercase());
        }
        last = c;
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// The steps of an RFC 6901 pointer that begins with `/`; `None` for any other text.
fn steps(pointer: &str) -> Option<Vec<String>> {
    let rest = pointer.strip_prefix('/')?;
    rest.split('/').map(unescape).collect()
}

fn unescape(token: &str) -> Option<String> {
    let mut text = String::with_capacity(token.len());
    let mut chars = token.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            '~' => match chars.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            },
            plain => plain,
        });
    }
    Some(text)
}

fn pointer(steps: &[String]) -> String {
    pointer_of(steps.iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, read};
    use proptest::prelude::*;

    fn json(text: &str) -> Json {
        read(text.as_bytes(), &Limits::default()).unwrap()
    }

    fn run(event: &str, masks: &str) -> (String, Vec<String>, Vec<String>) {
        let masks = Mask::list(json(masks).as_array().unwrap(), "/masks").unwrap();
        let Masked { event, erased, masked } = mask(&json(event), &masks);
        (event.to_text(), erased, masked)
    }

    #[test]
    fn a_removed_element_leaves_null_and_the_others_in_place() {
        let (event, erased, masked) =
            run(r#"{"input":{"a":[1,2,3]}}"#, r#"["/input/a/1","/input/a/7","/input/a/-"]"#);
        assert_eq!(event, r#"{"input":{"a":[1,null,3]}}"#);
        assert_eq!((erased, masked), (vec!["/input/a/1".to_owned()], Vec::new()));
    }

    #[test]
    fn an_upsert_needs_a_parent_and_an_existing_index() {
        let masks = r#"[
            {"op":"upsert","path":"/input/b","value":1},
            {"op":"upsert","path":"/input/a/0","value":"x"},
            {"op":"upsert","path":"/input/a/1","value":"x"},
            {"op":"upsert","path":"/input/c/d","value":"x"}]"#;
        let (event, erased, masked) = run(r#"{"input":{"a":["s"]}}"#, masks);
        assert_eq!(event, r#"{"input":{"a":["x"],"b":1}}"#);
        assert_eq!((erased, masked), (Vec::new(), vec!["/input/a/0".to_owned(), "/input/b".to_owned()]));
    }

    #[test]
    fn masks_apply_in_order_and_only_the_last_change_of_a_place_is_listed() {
        let masks =
            r#"["/input/a/b",{"op":"upsert","path":"/input/a/b","value":"n"},"/input/c/d","/input/c"]"#;
        let (event, erased, masked) = run(r#"{"input":{"a":{"b":"s"},"c":{"d":1}}}"#, masks);
        assert_eq!(event, r#"{"input":{"a":{"b":"n"}}}"#);
        assert_eq!((erased, masked), (vec!["/input/c".to_owned()], vec!["/input/a/b".to_owned()]));
    }

    #[test]
    fn a_secret_is_found_at_any_depth_of_the_input_and_nowhere_else() {
        let event = r#"{"input":{"x":[{"apiKey":"k"}],"a/b":{"cookie":"c"}},"result":{"token":"t"}}"#;
        let (event, erased, masked) = run(event, "[]");
        assert_eq!(
            event,
            r#"{"input":{"x":[{"apiKey":"**REDACTED**"}],"a/b":{"cookie":"**REDACTED**"}},"result":{"token":"t"}}"#
        );
        assert_eq!(erased, Vec::<String>::new());
        assert_eq!(masked, ["/input/a~1b/cookie", "/input/x/0/apiKey"]);
    }

    #[test]
    fn keys_are_judged_by_their_words() {
        for key in [
            "password",
            "dbPasswd",
            "PASSPHRASE",
            "client_secret",
            "x-auth-token",
            "apikey",
            "Authorization",
            "set-cookie",
            "credential",
            "awsCredentials",
            "API_KEY",
            "apiKey",
            "APIKey",
            "private-key",
            "accessKeyId",
            "SECRETKey",
            "token2",
            "2token",
        ] {
            assert!(is_secret(key), "{key}");
        }
        for key in [
            "tokens",
            "max_tokens",
            "secretary",
            "secrets",
            "key",
            "api2key",
            "keyApi",
            "monkey",
            "",
            "passwörd",
        ] {
            assert!(!is_secret(key), "{key}");
        }
    }

    #[test]
    fn a_mask_of_another_form_is_refused_where_it_stands() {
        for (masks, path) in [
            (r#"["input"]"#, "/masks/0"),
            (r#"["/a",5]"#, "/masks/1"),
            (r#"[""]"#, "/masks/0"),
            (r#"["/a~2"]"#, "/masks/0"),
            (r#"[{"op":"upsert","path":"/a"}]"#, "/masks/0/value"),
            (r#"[{"op":"add","path":"/a"}]"#, "/masks/0/op"),
            (r#"[{"op":"remove"}]"#, "/masks/0/path"),
            (r#"[{"op":"remove","path":"/a","vaule":1}]"#, "/masks/0/vaule"),
        ] {
            let error = Mask::list(json(masks).as_array().unwrap(), "/masks").unwrap_err();
            assert_eq!((error.code(), error.path()), ("policy.config", path), "{masks}");
        }
    }

    fn value() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            "[a-z]{0,4}".prop_map(Json::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            let key = prop_oneof!["[a-c]", Just("token".to_owned()), Just("apiKey".to_owned())];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Json::Array),
                prop::collection::vec((key, inner), 0..4).prop_map(Json::object),
            ]
        })
    }

    /// Pointers of all scalars with their values.
    fn leaves(value: &Json, at: &str, found: &mut Vec<(String, Json)>) {
        match value {
            Json::Object(members) => {
                members.iter().for_each(|(key, value)| leaves(value, &format!("{at}/{key}"), found));
            }
            Json::Array(items) => {
                items.iter().enumerate().for_each(|(i, value)| leaves(value, &format!("{at}/{i}"), found));
            }
            scalar => found.push((at.to_owned(), scalar.clone())),
        }
    }

    proptest! {
        #[test]
        fn only_listed_texts_change_without_masks(input in value()) {
            let event = Json::object([("input", input)]);
            let masked = mask(&event, &[]);
            prop_assert!(masked.erased.is_empty());
            let (mut before, mut after) = (Vec::new(), Vec::new());
            leaves(&event, "", &mut before);
            leaves(&masked.event, "", &mut after);
            prop_assert_eq!(before.len(), after.len());
            for ((at, old), (there, new)) in before.iter().zip(&after) {
                prop_assert_eq!(at, there);
                prop_assert_eq!(old != new, masked.masked.contains(at));
                prop_assert!(old == new || (old.as_str().is_some() && new.as_str() == Some(REDACTED)));
            }
            prop_assert_eq!(mask(&masked.event, &[]).event, masked.event);
        }

        #[test]
        fn a_mask_touches_nothing_beside_its_pointer(input in value(), steps in prop::collection::vec("[a-c]|[0-2]", 1..4)) {
            let event = Json::object([("input", input)]);
            let pointer = format!("/input/{}", steps.join("/"));
            let masks = [Mask::from_json(&Json::from(pointer.as_str()), "").unwrap()];
            let (plain, masked) = (mask(&event, &[]), mask(&event, &masks));
            let (mut before, mut after) = (Vec::new(), Vec::new());
            leaves(&plain.event, "", &mut before);
            leaves(&masked.event, "", &mut after);
            let beside = |at: &str| !(at == pointer || at.starts_with(&format!("{pointer}/")));
            before.retain(|(at, _)| beside(at));
            after.retain(|(at, _)| beside(at));
            prop_assert_eq!(before, after);
        }
    }
}
