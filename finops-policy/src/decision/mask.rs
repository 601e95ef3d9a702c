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
const SECRET_PAIRS: [(&str, &str); 4] = [("api", "key"), ("private", "key"), ("access", "key"), ("secret", "key")];

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
            let help = "give a JSON pointer such as `/input/user/email`, or `{op: remove|upsert, path, value}`";
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
