//! Reading the JSON that JavaScript sends, each fault with the path of its field.

use finops::{
    Error, Timestamp, Usage,
    core::{
        error::{ConfigError, shorten},
        usage::{Bucket, UsageError},
    },
    telemetry::monitor::{TagSchema, Tags, count_f64, duration_ms, number, number_f64},
};
use rust_decimal::Decimal;
use serde_json::{Map, Value};

/// JSON text as a value.
pub fn parse(json: &str) -> Result<Value, Error> {
    serde_json::from_str(json).map_err(|error| refuse("input", error, "not JSON that can be read"))
}

/// `config.invalid` for a value of the wrong kind.
pub fn refuse(path: &str, value: impl std::fmt::Display, problem: &'static str) -> Error {
    ConfigError::new(path, value, problem, "see the documentation of the argument").into()
}

/// The members of an object. An absent member and `null` are the same.
#[derive(Clone, Copy)]
pub struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    /// The members of `value`, which stands at `path`.
    pub fn new(path: &str, value: &'a Value) -> Result<Self, Error> {
        value.as_object().map(Self).ok_or_else(|| refuse(path, value, "not an object"))
    }

    pub fn get(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub fn entries(self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.0.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.as_str(), value))
    }

    pub fn text(self, name: &str) -> Result<Option<&'a str>, Error> {
        self.get(name).map(|value| text(name, value)).transpose()
    }

    /// A model's name; blank is left to the engine, which tells what is missing.
    pub fn model(self) -> Result<&'a str, Error> {
        match self.get("model") {
            None => Err(UsageError::MissingModel { path: "model".to_owned() }.into()),
            Some(value) => text("model", value),
        }
    }

    pub fn flag(self, name: &str) -> Result<Option<bool>, Error> {
        let read = |value: &Value| value.as_bool().ok_or_else(|| refuse(name, value, "not true or false"));
        self.get(name).map(read).transpose()
    }

    /// A count; a number above 2^53 - 1 is none, because JavaScript skips integers there.
    pub fn count(self, name: &str) -> Result<Option<u64>, Error> {
        self.get(name).map(|value| count(name, value)).transpose()
    }

    /// The size of a table.
    pub fn size(self, name: &str) -> Result<Option<usize>, Error> {
        let read = |value: &Value| {
            let size = count(name, value).ok().and_then(|size| usize::try_from(size).ok());
            size.ok_or_else(|| refuse(name, value, "not a whole number of at least 0"))
        };
        self.get(name).map(read).transpose()
    }

    /// A number of at least 0, exactly: decimal text, or a JSON number by its shortest decimal.
    pub fn decimal(self, name: &str) -> Result<Option<Decimal>, Error> {
        self.get(name).map(|value| decimal(name, value)).transpose()
    }

    pub fn duration(self, name: &str) -> Result<Option<finops::core::time::DurationNs>, Error> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let invalid =
            || UsageError::InvalidDuration { path: name.to_owned(), value: shorten(&value.to_string()) };
        let ms = value.as_f64().ok_or_else(invalid)?;
        Ok(Some(duration_ms(name, ms)?))
    }

    pub fn at(self) -> Result<Timestamp, Error> {
        Ok(self.text("at")?.unwrap_or_default().parse()?)
    }

    pub fn tags(self, schema: &TagSchema) -> Tags {
        self.get("metadata").map(|metadata| schema.collect_json(metadata)).unwrap_or_default()
    }

    pub fn usage(self) -> Result<Usage, Error> {
        usage("usage", self.get("usage").unwrap_or(&Value::Null))
    }
}

/// Text.
pub fn text<'a>(path: &str, value: &'a Value) -> Result<&'a str, Error> {
    value.as_str().ok_or_else(|| refuse(path, value, "not text"))
}

/// A whole number of at least 0 and at most 2^53 - 1.
pub fn count(path: &str, value: &Value) -> Result<u64, Error> {
    let refused = || UsageError::not_a_count(path, shorten(&value.to_string()));
    Ok(count_f64(path, value.as_f64().ok_or_else(refused)?)?)
}

/// A number of at least 0.
pub fn decimal(path: &str, value: &Value) -> Result<Decimal, Error> {
    Ok(match value {
        Value::String(text) => number(path, text)?,
        Value::Number(float) => number_f64(path, float.as_f64().unwrap_or(f64::NAN))?,
        other => return Err(refuse(path, other, "not a number")),
    })
}

/// Buckets by name.
pub fn usage(path: &str, value: &Value) -> Result<Usage, Error> {
    let mut usage = Usage::default();
    for (name, value) in Fields::new(path, value)?.entries() {
        let bucket =
            Bucket::from_name(name).ok_or_else(|| refuse(path, name, "no bucket of tokens or units"))?;
        *usage.get_mut(bucket) = count(name, value)?;
    }
    Ok(usage)
}

/// Strings of a list.
pub fn texts(path: &str, value: &Value) -> Result<Vec<String>, Error> {
    let items = value.as_array().ok_or_else(|| refuse(path, value, "not a list"))?;
    items.iter().map(|item| text(path, item).map(str::to_owned)).collect()
}
