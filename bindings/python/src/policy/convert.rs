//! Between Python values and policy inputs: exact numbers, and a note for everything that JSON cannot hold.

use crate::convert::{json, number::decimal_class, time};
use crate::error::raise;
use finops::{
    core::{error::shorten, time::Timestamp},
    policy::{
        Json, PolicyError,
        error::ConfigError,
        gate::Foreign,
        json::{Limits, MAX_DEPTH, Number, Object, pointer_of, read},
    },
};
use pyo3::{
    prelude::*,
    types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple},
};
use serde_json::Value;

/// An input with what JSON cannot hold of it.
pub(crate) struct Native {
    pub(crate) json: Json,
    pub(crate) foreign: Vec<Foreign>,
}

impl Native {
    /// Reads any Python value. What JSON cannot hold is noted, never raised: the gate denies it by name.
    pub(crate) fn of(value: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mut reader = Reader { path: Vec::new(), foreign: Vec::new() };
        let json = reader.read(value)?;
        Ok(Self { json, foreign: reader.foreign })
    }
}

/// A value that is no policy input: a configuration, an exemption, an approval.
pub(crate) fn plain(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Json> {
    let native = Native::of(value)?;
    match native.foreign.first() {
        None => Ok(native.json),
        Some(foreign) => {
            let path = format!("/{name}{}", foreign.path);
            let problem = format!("`{}` has no JSON form", shorten(&foreign.found));
            let help = "give text, numbers, booleans, lists, dicts or None";
            Err(raise(PolicyError::from(ConfigError::new(path, problem, help))))
        }
    }
}

/// [`plain`], or an empty object.
pub(crate) fn object_or_empty(value: Option<&Bound<'_, PyAny>>, name: &str) -> PyResult<Json> {
    value.map_or_else(|| Ok(Json::Object(Object::new())), |value| plain(value, name))
}

/// The items of an iterable, each as [`plain`].
pub(crate) fn list(value: Option<&Bound<'_, PyAny>>, name: &str) -> PyResult<Vec<Json>> {
    let Some(value) = value else { return Ok(Vec::new()) };
    value.try_iter()?.map(|item| plain(&item?, name)).collect()
}

/// JSON text, as bytes or text.
pub(crate) fn text<'a>(value: &'a Bound<'_, PyAny>) -> PyResult<&'a [u8]> {
    match value.cast::<PyBytes>() {
        Ok(bytes) => Ok(bytes.as_bytes()),
        Err(_) => Ok(value.cast::<PyString>()?.to_str()?.as_bytes()),
    }
}

/// JSON text read with exact numbers.
pub(crate) fn parse(text: &[u8]) -> PyResult<Json> {
    let limits = Limits { bytes: usize::MAX, ..Limits::default() };
    read(text, &limits).map_err(|error| raise(PolicyError::from(error)))
}

/// An answer as Python objects: a number becomes an int where it is one, else a float.
pub(crate) fn shown(json: &Json) -> Value {
    match json {
        Json::Array(items) => Value::Array(items.iter().map(shown).collect()),
        Json::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.to_owned(), shown(value))).collect())
        }
        scalar => Value::try_from(scalar).unwrap_or(Value::Null),
    }
}

/// An instant: an aware datetime, RFC 3339 text or epoch seconds.
pub(crate) fn instant(value: &Bound<'_, PyAny>) -> PyResult<Timestamp> {
    time::instant(value, "now")
}

struct Reader {
    /// The way to the value that is read.
    path: Vec<String>,
    foreign: Vec<Foreign>,
}

impl Reader {
    fn read(&mut self, value: &Bound<'_, PyAny>) -> PyResult<Json> {
        if let Ok(text) = value.cast::<PyString>() {
            return Ok(match text.to_str() {
                Ok(text) => Json::String(text.to_owned()),
                Err(_) => self.refuse(false, "a string with a lone surrogate".to_owned()),
            });
        }
        if value.is_none() {
            return Ok(Json::Null);
        }
        if let Ok(flag) = value.cast::<PyBool>() {
            return Ok(Json::Bool(flag.is_true()));
        }
        if let Ok(float) = value.cast::<PyFloat>() {
            return Ok(self.float(float.value()));
        }
        if let Ok(int) = value.cast::<PyInt>() {
            return self.integer(int.as_any());
        }
        // One level more than an input may have: the gate says that it is too deep.
        if self.path.len() > MAX_DEPTH {
            return Ok(Json::Null);
        }
        if let Ok(dict) = value.cast::<PyDict>() {
            let mut members = Vec::with_capacity(dict.len());
            let mut plain = true;
            for (key, item) in dict {
                plain &= key.is_exact_instance_of::<PyString>();
                self.member(&mut members, &key, &item)?;
            }
            // A subclass of `str` may say that it differs from its equal.
            let members = if plain { Object::from_unique(members) } else { members.into_iter().collect() };
            return Ok(Json::Object(members));
        }
        if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
            let mut items = Vec::with_capacity(value.len().unwrap_or(0));
            for (index, item) in value.try_iter()?.enumerate() {
                self.path.push(index.to_string());
                items.push(self.read(&item?)?);
                self.path.pop();
            }
            return Ok(Json::Array(items));
        }
        self.other(value)
    }

    fn member(
        &mut self,
        members: &mut Vec<(String, Json)>,
        key: &Bound<'_, PyAny>,
        item: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let Some(name) = key.cast::<PyString>().ok().and_then(|key| key.to_str().ok()) else {
            let kind = key.get_type().name()?;
            self.refuse(false, format!("an object with a key of type {kind}"));
            return Ok(());
        };
        self.path.push(name.to_owned());
        let value = self.read(item)?;
        self.path.pop();
        members.push((name.to_owned(), value));
        Ok(())
    }

    fn other(&mut self, value: &Bound<'_, PyAny>) -> PyResult<Json> {
        if value.is_instance(decimal_class(value.py())?)? {
            let text = value.str()?;
            let text = text.to_str()?;
            return Ok(match Number::new(text) {
                Some(number) => Json::Number(number),
                None => self.refuse(true, text.to_owned()),
            });
        }
        // NumPy's scalars know the Python value that they stand for; its arrays have an `item`, too, and more of them.
        if value.hasattr("dtype")? && value.getattr("shape")?.len()? == 0 {
            let item = value.call_method0("item")?;
            if !item.get_type().is(value.get_type()) {
                return self.read(&item);
            }
        }
        // Mappings that are no dict, such as our own records.
        if value.hasattr("keys")? && value.hasattr("__getitem__")? {
            let mut members = Vec::new();
            for key in value.call_method0("keys")?.try_iter()? {
                let key = key?;
                self.member(&mut members, &key, &value.get_item(&key)?)?;
            }
            return Ok(Json::Object(members.into_iter().collect()));
        }
        let kind = value.get_type().name()?.to_str()?.to_owned();
        Ok(self.refuse(false, kind))
    }

    fn float(&mut self, value: f64) -> Json {
        match Number::from_f64(value) {
            Some(number) => Json::Number(number),
            None if value.is_nan() => self.refuse(true, "NaN".to_owned()),
            None => self.refuse(true, if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()),
        }
    }

    fn integer(&mut self, value: &Bound<'_, PyAny>) -> PyResult<Json> {
        if let Ok(small) = value.extract::<i64>() {
            return Ok(Json::from(small));
        }
        // Python refuses to write integers of more than 4,300 digits; in hexadecimal it does not.
        let number = value.str().ok().and_then(|text| Number::new(text.to_str().ok()?));
        Ok(number.map_or_else(
            || self.refuse(true, "an integer of more than 4,300 digits".to_owned()),
            Json::Number,
        ))
    }

    /// Notes a value that JSON cannot hold; null stands in its place.
    fn refuse(&mut self, number: bool, found: String) -> Json {
        let path = pointer_of(self.path.iter().map(String::as_str));
        self.foreign.push(Foreign { path, number, found });
        Json::Null
    }
}

/// A frozen object's fields, for answers that are objects.
pub(crate) fn fields(json: &Json) -> serde_json::Map<String, Value> {
    match shown(json) {
        Value::Object(fields) => fields,
        other => serde_json::Map::from_iter([("value".to_owned(), other)]),
    }
}

/// JSON text as Python objects, for answers that are text on the wire.
pub(crate) fn python<'py>(py: Python<'py>, json: &Json) -> PyResult<Bound<'py, PyAny>> {
    json::to_python(py, &shown(json))
}
