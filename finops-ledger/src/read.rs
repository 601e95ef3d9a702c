//! Reading typed fields out of an object of an event's data, with a JSON pointer for what is wrong.

use crate::{date, number::Exact};
use finops_core::error::shorten;
use serde_json::{Map, Value};

/// A member that cannot be used; each topic wraps it in its own error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) path: String,
    pub(crate) problem: String,
}

/// An object and where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a> {
    map: &'a Map<String, Value>,
    path: &'a str,
}

fn pointer(path: &str, key: &str) -> String {
    format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"))
}

impl<'a> Fields<'a> {
    /// `value` as an object at `path`.
    pub(crate) fn of(value: &'a Value, path: &'a str) -> Result<Self, Fault> {
        match value {
            Value::Object(map) => Ok(Self { map, path }),
            _ => Err(Fault { path: path.to_owned(), problem: "must be an object".to_owned() }),
        }
    }

    pub(crate) fn fault(&self, key: &str, problem: impl Into<String>) -> Fault {
        Fault { path: pointer(self.path, key), problem: problem.into() }
    }

    /// Refuses members that are not in `known`.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), Fault> {
        match self.map.keys().filter(|key| !known.contains(&key.as_str())).min() {
            None => Ok(()),
            Some(key) => Err(self.fault(key, format!("unknown member; use {}", known.join(", ")))),
        }
    }

    /// The member, when it is there and not null.
    pub(crate) fn get(&self, key: &str) -> Option<&'a Value> {
        self.map.get(key).filter(|value| !value.is_null())
    }

    /// Text, or `None` when missing or null.
    pub(crate) fn text(&self, key: &str) -> Result<Option<&'a str>, Fault> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.fault(key, "must be text")),
        }
    }

    /// Text, or `""` when missing or null.
    pub(crate) fn text_or_empty(&self, key: &str) -> Result<String, Fault> {
        Ok(self.text(key)?.unwrap_or_default().to_owned())
    }

    /// Text that is there and not empty.
    pub(crate) fn required_text(&self, key: &str) -> Result<&'a str, Fault> {
        match self.text(key)? {
            None | Some("") => Err(self.fault(key, "is missing; give text")),
            Some(text) => Ok(text),
        }
    }

    /// An exact decimal written as text in its normal form, with at most `digits` after the point.
    pub(crate) fn decimal(&self, key: &str, digits: u32) -> Result<Option<Exact>, Fault> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let Some(number) = value.as_str().and_then(Exact::parse) else {
            let shown = shorten(&value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            let problem =
                format!("`{shown}` is not a decimal in normal form; write text such as `\"-12.5\"`");
            return Err(self.fault(key, problem));
        };
        if number.scale() > digits {
            return Err(self.fault(key, format!("has more than {digits} digits after the point")));
        }
        Ok(Some(number))
    }

    /// A decimal that must be there.
    pub(crate) fn required_decimal(&self, key: &str, digits: u32) -> Result<Exact, Fault> {
        self.decimal(key, digits)?.ok_or_else(|| self.fault(key, "is missing; give a decimal as text"))
    }

    /// A decimal in 0..=1, to 12 digits.
    pub(crate) fn share(&self, key: &str) -> Result<Option<Exact>, Fault> {
        let share = self.decimal(key, crate::number::MONEY_DIGITS)?;
        match &share {
            Some(value) if value.is_negative() || *value > Exact::from_int(1) => {
                Err(self.fault(key, "must lie in 0 to 1"))
            }
            _ => Ok(share),
        }
    }

    /// A whole number in 0..2^53.
    pub(crate) fn count(&self, key: &str) -> Result<Option<u64>, Fault> {
        match self.get(key) {
            None => Ok(None),
            Some(value) => match value.as_u64() {
                Some(count) if count < 1 << 53 => Ok(Some(count)),
                _ => Err(self.fault(key, "must be a whole number from 0 to 2^53-1")),
            },
        }
    }

    /// A time in the form of an event's `at`; such texts sort as their instants do.
    pub(crate) fn time(&self, key: &str) -> Result<Option<String>, Fault> {
        match self.text(key)? {
            None => Ok(None),
            Some(text) if date::event_time(text).is_some() => Ok(Some(text.to_owned())),
            Some(text) => {
                let problem =
                    format!("`{}` is not a time such as `2026-03-14T09:26:51.000000Z`", shorten(text));
                Err(self.fault(key, problem))
            }
        }
    }

    /// An ISO 4217 code; USD when missing.
    pub(crate) fn currency(&self, key: &str) -> Result<String, Fault> {
        let code = self.text(key)?.unwrap_or("USD");
        if code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase()) {
            return Ok(code.to_owned());
        }
        Err(self
            .fault(key, format!("`{}` is not a currency; write three capitals such as `USD`", shorten(code))))
    }

    /// A word of a closed list.
    pub(crate) fn word<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Result<Option<T>, Fault> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, value)) => Ok(Some(*value)),
            None => {
                let list: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                Err(self.fault(key, format!("`{}` is none of {}", shorten(text), list.join(", "))))
            }
        }
    }

    /// The object under `key`, `None` when missing or null.
    pub(crate) fn object(&self, key: &str) -> Result<Option<&'a Map<String, Value>>, Fault> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Object(map)) => Ok(Some(map)),
            Some(_) => Err(self.fault(key, "must be an object")),
        }
    }
}
