//! What is given to a gate: text or a value, read and measured once.

use super::{Action, InputDigest, Violation};
use crate::{
    Json,
    gate::{Foreign, canonical},
    json::{self, ReadError},
};
use std::{ops::Deref, sync::Arc};

/// A policy input: the text as it came, or a value that was already read.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// JSON text.
    Text(&'a [u8]),
    /// A value.
    Value(&'a Json),
    /// A value of another language, with what JSON cannot hold of it.
    Native(&'a Json, &'a [Foreign]),
    /// The same, of a document that the decision shares: its digest is taken when somebody asks for it.
    Shared(&'a Arc<Json>, &'a [Foreign]),
}

impl<'a> From<&'a Json> for Input<'a> {
    fn from(value: &'a Json) -> Self {
        Self::Value(value)
    }
}

impl<'a> From<&'a [u8]> for Input<'a> {
    fn from(text: &'a [u8]) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a str> for Input<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.as_bytes())
    }
}

/// What was given, read and measured.
pub(super) struct Given<'a> {
    pub(super) value: Result<Document<'a>, ReadError>,
    pub(super) foreign: &'a [Foreign],
    /// `sha256:<hex>` of the canonical value; of a text that is refused, of its bytes; of a value that is, of nothing.
    pub(super) digest: InputDigest,
}

/// What a text said, or what was given.
pub(super) enum Document<'a> {
    Read(Json),
    Given(&'a Json),
}

impl Deref for Document<'_> {
    type Target = Json;

    fn deref(&self) -> &Json {
        match self {
            Self::Read(json) => json,
            Self::Given(json) => json,
        }
    }
}

impl<'a> Given<'a> {
    pub(super) fn of(input: Input<'a>) -> Self {
        let (value, foreign, shared) = match input {
            Input::Value(value) => (value, [].as_slice(), None),
            Input::Native(value, foreign) => (value, foreign, None),
            Input::Shared(value, foreign) => (value.as_ref(), foreign, Some(value)),
            Input::Text(text) => {
                let value = json::read(text, &json::Limits::default());
                let digest = match &value {
                    Ok(value) => InputDigest::of(value),
                    Err(_) => of_bytes(text),
                };
                return Self { value: value.map(Document::Read), foreign: &[], digest };
            }
        };
        match oversized(value) {
            None => {
                let later = |value: &Arc<Json>| InputDigest::later(Arc::clone(value));
                let digest = shared.map_or_else(|| InputDigest::of(value), later);
                Self { value: Ok(Document::Given(value)), foreign, digest }
            }
            Some(error) => Self { value: Err(error), foreign, digest: of_bytes(b"") },
        }
    }
}

fn of_bytes(bytes: &[u8]) -> InputDigest {
    InputDigest::from(format!("sha256:{}", canonical::sha256(bytes)))
}

/// The denial of a value that JSON cannot hold, where no schema says what it should be.
pub(super) fn refused(foreign: &Foreign) -> Violation {
    let found = finops_core::error::shorten(&foreign.found);
    let (rule, wanted) =
        if foreign.number { ("input.number", "a finite number") } else { ("input.type", "a JSON value") };
    let name = foreign.path.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("input");
    let message = format!("{name} must be {wanted}, got {found}");
    Violation { path: Some(foreign.path.clone().into()), ..Violation::new(rule, Action::Deny, message) }
}

/// Why a value that was never a text is over the limits of one.
pub(super) fn oversized(value: &Json) -> Option<ReadError> {
    let limits = json::Limits::default();
    let mut left = limits.bytes;
    match fits(value, limits.depth, &mut left) {
        Fit::Fits => None,
        Fit::TooLarge => Some(ReadError::TooLarge { limit: limits.bytes }),
        Fit::TooDeep => Some(ReadError::TooDeep { limit: limits.depth }),
    }
}

/// Ordered by what is reported first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Fits,
    TooDeep,
    TooLarge,
}

/// Counts the bytes of the compact text without escapes, and stops where a limit is passed.
fn fits(value: &Json, depth: usize, left: &mut usize) -> Fit {
    let own = match value {
        Json::Null | Json::Bool(_) => 4,
        Json::Number(number) => number.text().len(),
        Json::String(text) => text.len().saturating_add(2),
        Json::Array(values) => values.len().saturating_add(1),
        Json::Object(members) => {
            members.keys().fold(1, |sum: usize, key| sum.saturating_add(key.len()).saturating_add(4))
        }
    };
    let Some(rest) = left.checked_sub(own) else { return Fit::TooLarge };
    *left = rest;
    match value {
        Json::Array(values) => all_fit(values.iter(), depth, left),
        Json::Object(members) => all_fit(members.values(), depth, left),
        _ => Fit::Fits,
    }
}

fn all_fit<'a>(mut values: impl Iterator<Item = &'a Json>, depth: usize, left: &mut usize) -> Fit {
    let Some(depth) = depth.checked_sub(1) else { return Fit::TooDeep };
    values
        .find_map(|value| Some(fits(value, depth, left)).filter(|fit| *fit != Fit::Fits))
        .unwrap_or(Fit::Fits)
}
