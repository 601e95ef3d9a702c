//! A response body reduced to the fields that are read: from JSON text or from any [`Lookup`].
//!
//! Message text is never built: fields outside [`schema`] are skipped by the parser, and texts longer than
//! [`MAX_TEXT`] are dropped.

pub mod schema;

use super::extract::Lookup;
use crate::error::shorten;
use rust_decimal::Decimal;
use schema::{Field, Shape};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::{borrow::Cow, fmt};

/// Bytes of the longest text that is kept: identifiers and names are shorter, messages are not wanted.
pub const MAX_TEXT: usize = 512;

/// The fields of a body that are read.
#[derive(Debug, Clone, PartialEq)]
pub enum Body<'a> {
    /// Absent.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer of at least 0.
    Count(u64),
    /// A fraction or a negative number.
    Number(f64),
    /// A text of at most [`MAX_TEXT`] bytes.
    Text(Cow<'a, str>),
    /// A longer text, dropped.
    LongText,
    /// A list.
    List(Vec<Body<'a>>),
    /// An object: of a repeated field the last one counts.
    Object(Vec<(&'static str, Body<'a>)>),
}

impl<'a> Body<'a> {
    /// Reads JSON text of `shape`.
    ///
    /// # Errors
    /// Text that is not JSON (or not UTF-8): the position, in words.
    pub fn parse(text: &'a [u8], shape: &'static Shape) -> Result<Self, String> {
        let mut json = serde_json::Deserializer::from_slice(text);
        let at = |e: &serde_json::Error| format!("not JSON at line {} column {}", e.line(), e.column());
        let body = Seed(shape).deserialize(&mut json).map_err(|e| at(&e))?;
        json.end().map_err(|e| at(&e))?;
        Ok(body)
    }

    /// Copies what `shape` reads out of `body`.
    #[must_use]
    pub fn keep(body: &impl Lookup, shape: &'static Shape) -> Body<'static> {
        if body.is_object() {
            let field = |field: &'static Field| {
                body.get(field.name).map(|value| (field.name, Body::keep(&value, field.shape)))
            };
            return Body::Object(shape.fields().filter_map(field).collect());
        }
        if let Some(len) = body.len() {
            // No shape has a list in a list, and a list of the host language may contain itself.
            let items = (0..len).filter_map(|index| body.item(index)).filter(|item| item.len().is_none());
            return Body::List(items.map(|item| Body::keep(&item, shape)).collect());
        }
        if let Some(count) = body.as_u64() {
            return Body::Count(count);
        }
        if let Some(text) = body.as_str() {
            return Body::text(text.into_owned().into());
        }
        if let Some(number) = body.as_decimal() {
            return Body::Number(crate::money::decimal::to_f64(number));
        }
        body.as_bool().map_or_else(|| Body::text(body.describe().into()), Body::Bool)
    }

    /// Merges a later report into this one: a count keeps its maximum, of anything else the later one stays.
    ///
    /// What is no count stays as it is, so that reading it fails instead of guessing.
    pub fn merge(&mut self, later: Self) {
        match (self, later) {
            (_, Body::Null) => {}
            (Body::Count(mine), Body::Count(other)) => *mine = (*mine).max(other),
            (mine @ (Body::Count(_) | Body::Number(_)), other @ (Body::Count(_) | Body::Number(_))) => {
                let (a, b) = (mine.number(), other.number());
                // What is negative is an error; it must not vanish behind a larger number.
                let keep_mine = if a < 0.0 || b < 0.0 { a <= b } else { a >= b };
                if !keep_mine {
                    *mine = other;
                }
            }
            (Body::Text(_) | Body::LongText | Body::Bool(_), Body::Count(_) | Body::Number(_)) => {}
            (Body::Object(mine), Body::Object(other)) => {
                for (name, value) in other {
                    match mine.iter_mut().rev().find(|(known, _)| *known == name) {
                        Some((_, known)) => known.merge(value),
                        None => mine.push((name, value)),
                    }
                }
            }
            (mine, later) => *mine = later,
        }
    }

    /// Sets `name` of an object; anything else becomes one.
    pub fn put(&mut self, name: &'static str, value: Self) {
        if let Body::Object(fields) = self {
            match fields.iter_mut().rev().find(|(known, _)| *known == name) {
                Some((_, known)) => *known = value,
                None => fields.push((name, value)),
            }
        } else {
            *self = Body::Object(vec![(name, value)]);
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "compared with a fraction, which no count is")]
    const fn number(&self) -> f64 {
        match self {
            Body::Count(count) => *count as f64,
            Body::Number(number) => *number,
            _ => 0.0,
        }
    }

    fn text(text: Cow<'a, str>) -> Self {
        if text.len() > MAX_TEXT { Body::LongText } else { Body::Text(text) }
    }
}

impl<'b> Lookup for &'b Body<'_> {
    fn get(&self, key: &str) -> Option<Self> {
        let body: &'b Body<'_> = self;
        let Body::Object(fields) = body else { return None };
        let (_, value) = fields.iter().rev().find(|(name, _)| *name == key)?;
        (*value != Body::Null).then_some(value)
    }

    fn item(&self, index: usize) -> Option<Self> {
        let body: &'b Body<'_> = self;
        let Body::List(items) = body else { return None };
        items.get(index)
    }

    fn len(&self) -> Option<usize> {
        if let Body::List(items) = self { Some(items.len()) } else { None }
    }

    fn as_u64(&self) -> Option<u64> {
        if let Body::Count(count) = self { Some(*count) } else { None }
    }

    fn as_str(&self) -> Option<Cow<'_, str>> {
        if let Body::Text(text) = self { Some(Cow::Borrowed(text)) } else { None }
    }

    fn as_decimal(&self) -> Option<Decimal> {
        match self {
            Body::Count(count) => Some(Decimal::from(*count)),
            Body::Number(number) => crate::money::decimal::from_f64(*number),
            _ => None,
        }
    }

    fn as_bool(&self) -> Option<bool> {
        if let Body::Bool(value) = self { Some(*value) } else { None }
    }

    fn describe(&self) -> String {
        match self {
            Body::Null => "null".to_owned(),
            Body::Bool(value) => value.to_string(),
            Body::Count(count) => count.to_string(),
            Body::Number(number) if number.abs() < 1e15 => number.to_string(),
            Body::Number(number) => serde_json::Value::from(*number).to_string(),
            Body::Text(text) => format!("the text `{}`", shorten(text)),
            Body::LongText => "a long text".to_owned(),
            Body::List(_) => "a list".to_owned(),
            Body::Object(_) => "an object".to_owned(),
        }
    }

    fn is_object(&self) -> bool {
        matches!(self, Body::Object(_))
    }
}

#[derive(Clone, Copy)]
struct Seed(&'static Shape);

impl<'de> DeserializeSeed<'de> for Seed {
    type Value = Body<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Body<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed {
    type Value = Body<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Body<'de>, E> {
        Ok(Body::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Body<'de>, E> {
        Ok(Body::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Body<'de>, E> {
        Ok(Body::Count(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "a negative number is refused, whatever its last digits")]
    fn visit_i64<E: Error>(self, value: i64) -> Result<Body<'de>, E> {
        Ok(u64::try_from(value).map_or(Body::Number(value as f64), Body::Count))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Body<'de>, E> {
        Ok(super::extract::integral(value).map_or(Body::Number(value), Body::Count))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Body<'de>, E> {
        Ok(Body::text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Body<'de>, E> {
        Ok(if text.len() > MAX_TEXT { Body::LongText } else { Body::Text(Cow::Owned(text.to_owned())) })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Body<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Body::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Body<'de>, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_key_seed(Key(self.0))? {
            match field {
                Some(field) => fields.push((field.name, map.next_value_seed(Seed(field.shape))?)),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Body::Object(fields))
    }
}

struct Key(&'static Shape);

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Option<&'static Field>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Option<&'static Field>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.find(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kept(value: &serde_json::Value) -> Body<'static> {
        Body::keep(&value, &schema::ROOT)
    }

    #[test]
    fn only_known_fields_of_known_shapes_are_kept() {
        let body = json!({"id": "a", "secret": 1, "response": {"response": {"id": "b"}, "id": "c"},
            "usage": {"prompt_tokens": 5, "iterations": [[1], {"input_tokens": 2, "x": 3}]}});
        let expected = json!({"id": "a", "usage": {"prompt_tokens": 5, "iterations": [{"input_tokens": 2}]},
            "response": {"id": "c"}});
        assert_eq!(kept(&body), kept(&expected));
    }

    #[test]
    fn a_repeated_field_counts_once_and_the_last_one_wins() {
        let text = br#"{"usage": {"prompt_tokens": 1, "prompt_tokens": 2}}"#;
        let body = Body::parse(text, &schema::ROOT).unwrap();
        let usage = (&body).get("usage").unwrap();
        assert_eq!(usage.get("prompt_tokens").and_then(|count| count.as_u64()), Some(2));
    }

    #[test]
    fn counts_keep_their_maximum_and_what_is_no_count_stays_visible() {
        let merged = |a: serde_json::Value, b: serde_json::Value| {
            let mut merged = kept(&json!({"usage": {"cost": a}}));
            merged.merge(kept(&json!({"usage": {"cost": b}})));
            let usage = (&merged).get("usage").unwrap();
            usage.get("cost").unwrap().describe()
        };
        for (a, b, expected) in [
            (json!(3), json!(2), "3"),
            (json!(2), json!(2.5), "2.5"),
            (json!(-1), json!(7), "-1"),
            (json!("x"), json!(7), "the text `x`"),
            (json!(true), json!(7), "true"),
        ] {
            assert_eq!(merged(a.clone(), b.clone()), expected);
            assert_eq!(merged(b, a), expected);
        }
    }
}
