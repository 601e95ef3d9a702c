//! JSON to the values of the engine and back.
//!
//! Inwards integers stay exact and any other number becomes the nearest double. Outwards a set is a sorted array, a key
//! that is no text is its JSON text, and a number beyond the largest double is null.

use regorus::Value;

use super::engine::EvalError;
use crate::{
    Json, gate,
    json::{Number, Object},
};

/// From here on a double is written with an exponent, as in RFC 8785.
const LONG: f64 = 1e21;

/// What one conversion into the engine yields: the value, and how many nodes it has (the unit of the instruction
/// limit).
#[derive(Debug, Clone)]
pub struct Converted {
    /// The value of the engine.
    pub value: Value,
    /// Scalars, arrays, objects and members: one each.
    pub nodes: usize,
}

/// Converts `json` for the engine.
///
/// # Errors
/// `policy.eval` for a number beyond the largest double.
pub fn from_json(json: &Json) -> Result<Converted, EvalError> {
    let mut nodes = 0;
    let value = inward(json, &mut nodes)?;
    Ok(Converted { value, nodes })
}

/// What the members of an input mean to the rounding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Schema {
    /// Nothing: every number is handed over as it is.
    #[default]
    None,
    /// The fields of the default policy: numbers and decimal strings there become doubles, rounded so that a comparison
    /// with a threshold on the grid answers as the exact one.
    Finops,
}

/// Converts an input for the engine, rounding the fields of `schema`: section 2 of the policy specification.
///
/// # Errors
/// `policy.eval` for a number beyond the largest double.
pub fn from_input(input: &Json, schema: Schema) -> Result<Converted, EvalError> {
    let (Schema::Finops, Json::Object(members)) = (schema, input) else { return from_json(input) };
    let mut nodes = 1;
    let mut converted = regorus::value::Object::new();
    for (name, value) in members.iter() {
        let value = match gate::rounded(members, name, value) {
            None => inward(value, &mut nodes)?,
            Some(double) => {
                nodes = nodes.saturating_add(1);
                Value::from(double.map_err(|error| EvalError::eval(error.to_string()))?)
            }
        };
        converted.insert(Value::from(name), value);
    }
    Ok(Converted { value: converted.into_value(), nodes })
}

fn beyond(number: &str) -> EvalError {
    let shown = finops_core::error::shorten(number);
    EvalError::eval(format!("number `{shown}` is beyond the largest double; give a smaller one"))
}

fn inward(json: &Json, nodes: &mut usize) -> Result<Value, EvalError> {
    *nodes = nodes.saturating_add(1);
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => from_number(number)?,
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => {
            let items: Result<Vec<Value>, EvalError> = items.iter().map(|item| inward(item, nodes)).collect();
            Value::from(items?)
        }
        Json::Object(members) => {
            let members: Result<regorus::value::Object, EvalError> =
                members.iter().map(|(key, value)| Ok((Value::from(key), inward(value, nodes)?))).collect();
            Value::from(members?)
        }
    })
}

/// The value of the engine for the text of a JSON number.
///
/// # Errors
/// `policy.eval` for a number beyond the largest double.
pub fn from_number(number: &Number) -> Result<Value, EvalError> {
    let text = number.text();
    let whole = match text.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => whole,
        _ => text,
    };
    if let Ok(integer) = whole.parse::<i64>() {
        return Ok(Value::from(integer));
    }
    let double = text.parse::<f64>().ok().filter(|double| double.is_finite());
    let Some(double) = double else { return Err(beyond(text)) };
    // The engine reads integers of any length exactly, with or without an exponent. Below one it would expand the
    // exponent of zero or of a fraction, however large.
    let may_be_integer = !whole.contains('.') || whole.contains(['e', 'E']);
    if double.abs() >= 1.0
        && may_be_integer
        && let Ok(value) = Value::from_numeric_string(whole)
    {
        return Ok(value);
    }
    Ok(Value::from(double))
}

/// Converts a value of the engine to JSON; undefined inside a container reads `<undefined>`.
///
/// # Errors
/// `policy.result` when the JSON would be longer than `max_bytes`: values share their parts, so a small policy can build
/// a document of any length.
pub fn to_json(value: &Value, max_bytes: usize) -> Result<Json, EvalError> {
    let mut left = max_bytes;
    outward(value, &mut left, max_bytes)
}

/// The JSON of `value`, whose length comes off `left`.
pub(crate) fn outward(value: &Value, left: &mut usize, max_bytes: usize) -> Result<Json, EvalError> {
    let mut spend = |bytes: usize| match left.checked_sub(bytes) {
        Some(rest) => {
            *left = rest;
            Ok(())
        }
        None => Err(EvalError::result(format!("the result exceeds {max_bytes} bytes"))),
    };
    Ok(match value {
        Value::Null => {
            spend(4)?;
            Json::Null
        }
        Value::Bool(value) => {
            spend(5)?;
            Json::Bool(*value)
        }
        Value::Number(number) => {
            // `None` for integers beyond 2^53, which keep all their digits.
            let text = match number.as_f64() {
                Some(double) if double.abs() >= LONG => format!("{double:e}"),
                _ => number.format_decimal(),
            };
            let finite = text.parse::<f64>().is_ok_and(f64::is_finite);
            let number = if finite { Number::new(&text) } else { None };
            spend(number.as_ref().map_or(4, |number| number.text().len()))?;
            number.map_or(Json::Null, Json::Number)
        }
        Value::String(text) => {
            spend(text.len().saturating_add(2))?;
            Json::from(text.as_ref())
        }
        Value::Array(items) => {
            spend(items.len().saturating_add(2))?;
            let items: Result<Vec<Json>, EvalError> =
                items.iter().map(|item| outward(item, left, max_bytes)).collect();
            Json::Array(items?)
        }
        Value::Set(items) => {
            spend(items.len().saturating_add(2))?;
            let items: Result<Vec<Json>, EvalError> =
                items.iter_sorted().map(|item| outward(item, left, max_bytes)).collect();
            Json::Array(items?)
        }
        Value::Object(members) => {
            spend(members.len().saturating_mul(2).saturating_add(2))?;
            let mut object = Vec::with_capacity(members.len());
            for (key, value) in members.iter_sorted() {
                let key = match key {
                    Value::String(text) => {
                        *left = left.saturating_sub(text.len().saturating_add(2));
                        text.to_string()
                    }
                    other => outward(other, left, max_bytes)?.to_text(),
                };
                object.push((key, outward(value, left, max_bytes)?));
            }
            Json::Object(object.into_iter().collect::<Object>())
        }
        Value::Undefined => {
            spend(13)?;
            Json::from("<undefined>")
        }
    })
}

#[cfg(test)]
mod tests;
