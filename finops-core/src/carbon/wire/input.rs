//! Reading the fields of a JSON object, each fault with its path.

use crate::{
    carbon::{CarbonError, Range},
    error::ConfigError,
    money::decimal,
};
use rust_decimal::Decimal;
use serde_json::{Map, Value};

/// The fields of one computation. An absent field and `null` are the same.
#[derive(Debug, Clone)]
pub struct Input<'a> {
    fields: &'a Map<String, Value>,
    path: String,
}

fn wrong(path: &str, value: &Value, problem: &'static str, help: &'static str) -> CarbonError {
    ConfigError::new(path, value, problem, help).into()
}

impl<'a> Input<'a> {
    /// Reads from the object `value`.
    ///
    /// # Errors
    /// `config.invalid` when it is no object.
    pub fn new(value: &'a Value) -> Result<Self, CarbonError> {
        Self::at(value, String::new())
    }

    fn at(value: &'a Value, path: String) -> Result<Self, CarbonError> {
        match value {
            Value::Object(fields) => Ok(Self { fields, path }),
            _ => Err(wrong(
                if path.is_empty() { "input" } else { &path },
                value,
                "not an object",
                "give named fields",
            )),
        }
    }

    /// The same fields, with paths from here on: a setting is named as the user wrote it.
    #[must_use]
    pub fn as_root(self) -> Self {
        Self { path: String::new(), ..self }
    }

    /// The path of the field `name`.
    #[must_use]
    pub fn path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// The names of the fields, in order.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.fields.keys().map(String::as_str)
    }

    /// The field `name`, unless absent or `null`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    /// The field `name`.
    ///
    /// # Errors
    /// `config.invalid` when absent.
    pub fn require(&self, name: &str) -> Result<&'a Value, CarbonError> {
        let missing = || ConfigError::new(self.path(name), "", "missing", "give a value");
        self.get(name).ok_or_else(|| missing().into())
    }

    /// The object in field `name`.
    ///
    /// # Errors
    /// `config.invalid` when it is something else.
    pub fn object(&self, name: &str) -> Result<Option<Self>, CarbonError> {
        self.get(name).map(|value| Self::at(value, self.path(name))).transpose()
    }

    /// The array in field `name`.
    ///
    /// # Errors
    /// `config.invalid` when it is something else or absent.
    pub fn array(&self, name: &str) -> Result<&'a [Value], CarbonError> {
        let value = self.require(name)?;
        let list = value.as_array().map(Vec::as_slice);
        list.ok_or_else(|| wrong(&self.path(name), value, "not a list", "give a list"))
    }

    /// The text in field `name`.
    ///
    /// # Errors
    /// `config.invalid` when it is something else.
    pub fn opt_str(&self, name: &str) -> Result<Option<&'a str>, CarbonError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let text = value.as_str();
        text.map(Some).ok_or_else(|| wrong(&self.path(name), value, "not text", "give text"))
    }

    /// The text in field `name`.
    ///
    /// # Errors
    /// `config.invalid` when absent or something else.
    pub fn str(&self, name: &str) -> Result<&'a str, CarbonError> {
        self.require(name)?;
        self.opt_str(name).map(Option::unwrap_or_default)
    }

    /// The text in field `name`, as one of `choices` by its wire name.
    ///
    /// # Errors
    /// `config.invalid` when it is none of them.
    pub fn choice<T>(
        &self,
        name: &str,
        from_name: fn(&str) -> Option<T>,
        help: &'static str,
    ) -> Result<Option<T>, CarbonError> {
        let Some(text) = self.opt_str(name)? else { return Ok(None) };
        let unknown = || ConfigError::new(self.path(name), text, "not a known choice", help);
        from_name(text).map(Some).ok_or_else(|| unknown().into())
    }

    /// The flag in field `name`.
    ///
    /// # Errors
    /// `config.invalid` when it is something else.
    pub fn opt_bool(&self, name: &str) -> Result<Option<bool>, CarbonError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let flag = value.as_bool();
        flag.map(Some).ok_or_else(|| wrong(&self.path(name), value, "not a flag", "give true or false"))
    }

    /// The number in field `name`, exactly: a JSON number or decimal text.
    ///
    /// # Errors
    /// `carbon.bad_number` when it is no finite number.
    pub fn opt_decimal(&self, name: &str) -> Result<Option<Decimal>, CarbonError> {
        self.get(name).map(|value| read_decimal(&self.path(name), value)).transpose()
    }

    /// The number in field `name`, exactly.
    ///
    /// # Errors
    /// `carbon.bad_number` when it is no finite number, `config.invalid` when absent.
    pub fn decimal(&self, name: &str) -> Result<Decimal, CarbonError> {
        read_decimal(&self.path(name), self.require(name)?)
    }

    /// The number in field `name`.
    ///
    /// # Errors
    /// `carbon.bad_number` when it is no finite number.
    pub fn opt_f64(&self, name: &str) -> Result<Option<f64>, CarbonError> {
        self.get(name).map(|value| read_f64(&self.path(name), value)).transpose()
    }

    /// The number in field `name`.
    ///
    /// # Errors
    /// `carbon.bad_number` when it is no finite number, `config.invalid` when absent.
    pub fn f64(&self, name: &str) -> Result<f64, CarbonError> {
        read_f64(&self.path(name), self.require(name)?)
    }

    /// The whole number in field `name`.
    ///
    /// # Errors
    /// `carbon.bad_number` when it is no whole number of at least 0.
    pub fn opt_u64(&self, name: &str) -> Result<Option<u64>, CarbonError> {
        self.get(name).map(|value| read_u64(&self.path(name), value)).transpose()
    }

    /// The whole number in field `name`.
    ///
    /// # Errors
    /// `carbon.bad_number` when it is no whole number of at least 0, `config.invalid` when absent.
    pub fn u64(&self, name: &str) -> Result<u64, CarbonError> {
        read_u64(&self.path(name), self.require(name)?)
    }

    /// The range in field `name`: a number, `[low, high]`, or an object of `low`, `central` and `high`.
    ///
    /// # Errors
    /// `carbon.bad_number`, `carbon.bad_range`.
    pub fn opt_range(&self, name: &str) -> Result<Option<Range>, CarbonError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let path = self.path(name);
        let named = |error: CarbonError| match error {
            CarbonError::BadRange { value, .. } => CarbonError::bad_range(path.clone(), value),
            other => other.under(&path),
        };
        let range = match value {
            Value::Array(ends) => match ends.as_slice() {
                [low, high] => Range::ends(read_f64(&path, low)?, read_f64(&path, high)?).map_err(named)?,
                _ => return Err(wrong(&path, value, "not a range", "give [low, high]")),
            },
            Value::Object(_) => {
                let ends = Self::at(value, path.clone())?;
                let (low, high) = (ends.f64("low")?, ends.f64("high")?);
                match ends.opt_f64("central")? {
                    Some(central) => Range::new(low, central, high).map_err(named)?,
                    None => Range::ends(low, high).map_err(named)?,
                }
            }
            _ => {
                let point = read_f64(&path, value)?;
                Range::point(crate::units::check(&path, point)?)
            }
        };
        Ok(Some(range))
    }

    /// The range in field `name`.
    ///
    /// # Errors
    /// `carbon.bad_number`, `carbon.bad_range`, `config.invalid` when absent.
    pub fn range(&self, name: &str) -> Result<Range, CarbonError> {
        self.require(name)?;
        self.opt_range(name).map(Option::unwrap_or_default)
    }
}

/// The exact number in `value`: a JSON number or decimal text.
///
/// # Errors
/// `carbon.bad_number` naming `path`.
pub fn read_decimal(path: &str, value: &Value) -> Result<Decimal, CarbonError> {
    let number = match value {
        Value::String(text) => decimal::parse(text),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => Some(Decimal::from(whole)),
            (None, Some(whole)) => Some(Decimal::from(whole)),
            (None, None) => number.as_f64().and_then(decimal::from_f64),
        },
        _ => None,
    };
    number.ok_or_else(|| CarbonError::bad_number(path, value))
}

/// The f64 nearest to the number in `value`: a JSON number or decimal text.
///
/// # Errors
/// `carbon.bad_number` naming `path`.
pub fn read_f64(path: &str, value: &Value) -> Result<f64, CarbonError> {
    let number = match value {
        // Only what people write as a number: Rust would read `inf` and `nan` too.
        Value::String(text)
            if text.trim().bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'+' | b'-' | b'e' | b'E')) =>
        {
            text.trim().parse().ok()
        }
        Value::Number(number) => number.as_f64(),
        _ => None,
    };
    number.filter(|n: &f64| n.is_finite()).ok_or_else(|| CarbonError::bad_number(path, value))
}

/// The whole number of at least 0 in `value`; 3.0 is one.
///
/// # Errors
/// `carbon.bad_number` naming `path`.
pub fn read_u64(path: &str, value: &Value) -> Result<u64, CarbonError> {
    use rust_decimal::prelude::ToPrimitive as _;
    let number = read_decimal(path, value)?;
    let whole = Some(number).filter(Decimal::is_integer).and_then(|n| n.to_u64());
    whole.ok_or_else(|| CarbonError::bad_number(path, value))
}
