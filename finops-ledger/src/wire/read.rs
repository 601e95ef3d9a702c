//! Members of a computation's input, by name.

use crate::LedgerError;
use serde_json::Value;

/// Refuses the member `path`.
pub(super) fn refuse(path: &str, problem: &str) -> LedgerError {
    LedgerError::Wire { path: path.to_owned(), problem: problem.to_owned() }
}

/// The member `name`, when it is there and not null.
pub(super) fn optional<'a>(input: &'a Value, name: &str) -> Option<&'a Value> {
    input.get(name).filter(|value| !value.is_null())
}

/// The member `name`.
pub(super) fn member<'a>(input: &'a Value, name: &str) -> Result<&'a Value, LedgerError> {
    input.get(name).ok_or_else(|| refuse(name, "is missing"))
}

/// The text `name`.
pub(super) fn text<'a>(input: &'a Value, name: &str) -> Result<&'a str, LedgerError> {
    member(input, name)?.as_str().ok_or_else(|| refuse(name, "expected a text"))
}

/// The whole number `name`, at least 0.
pub(super) fn count(input: &Value, name: &str) -> Result<u64, LedgerError> {
    member(input, name)?.as_u64().ok_or_else(|| refuse(name, "expected a whole number"))
}

/// The list `name`.
pub(super) fn list<'a>(input: &'a Value, name: &str) -> Result<&'a [Value], LedgerError> {
    let list = member(input, name)?.as_array().ok_or_else(|| refuse(name, "expected a list"))?;
    Ok(list)
}

/// The texts of the list `name`.
pub(super) fn texts<'a>(input: &'a Value, name: &str) -> Result<Vec<&'a str>, LedgerError> {
    let items = list(input, name)?.iter();
    items.map(|item| item.as_str().ok_or_else(|| refuse(name, "expected a list of texts"))).collect()
}

/// The bytes of the lower-case hexadecimal text `name`.
pub(super) fn bytes(input: &Value, name: &str) -> Result<Vec<u8>, LedgerError> {
    hex::decode(text(input, name)?).ok_or_else(|| refuse(name, "expected lower-case hexadecimal digits"))
}

/// The 32 bytes of the lower-case hexadecimal text `name`.
pub(super) fn hash(input: &Value, name: &str) -> Result<[u8; 32], LedgerError> {
    hex::decode_array(text(input, name)?)
        .ok_or_else(|| refuse(name, "expected 64 lower-case hexadecimal digits"))
}

pub(super) use crate::event::hex;
