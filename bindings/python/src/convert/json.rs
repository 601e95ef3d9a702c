//! Between Python values and JSON values, without the `json` module.

use super::number::decimal_class;
use pyo3::{
    exceptions::{PyRecursionError, PyTypeError, PyValueError},
    prelude::*,
    types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple},
};
use serde_json::{Map, Number, Value};

/// Nesting beyond this is refused, as `serde_json` does with text.
const DEPTH_MAX: usize = 128;

/// A Python value as JSON: dicts, lists, tuples, text, numbers, booleans, `None`; decimals as their exact text.
///
/// NaN and infinities become the text that Python prints, so that the engine can name them in its error.
pub(crate) fn from_python(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    convert(value, 0)
}

fn convert(value: &Bound<'_, PyAny>, depth: usize) -> PyResult<Value> {
    if depth > DEPTH_MAX {
        return Err(PyRecursionError::new_err("the value is nested more than 128 levels deep"));
    }
    let deeper = depth.saturating_add(1);
    if value.is_none() {
        return Ok(Value::Null);
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(Value::String(text.to_str()?.to_owned()));
    }
    if let Ok(flag) = value.cast::<PyBool>() {
        return Ok(Value::Bool(flag.is_true()));
    }
    if let Ok(float) = value.cast::<PyFloat>() {
        let float = float.value();
        return Ok(Number::from_f64(float).map_or_else(|| Value::String(float_text(float)), Value::Number));
    }
    if let Ok(int) = value.cast::<PyInt>() {
        return integer(int.as_any());
    }
    if let Ok(dict) = value.cast::<PyDict>() {
        let mut map = Map::new();
        for (key, item) in dict {
            map.insert(key_text(&key)?, convert(&item, deeper)?);
        }
        return Ok(Value::Object(map));
    }
    if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        let items = value.try_iter()?.map(|item| convert(&item?, deeper));
        return items.collect::<PyResult<_>>().map(Value::Array);
    }
    if value.is_instance(decimal_class(value.py())?)? {
        return Ok(Value::String(value.str()?.to_str()?.to_owned()));
    }
    other(value, deeper)
}

fn other(value: &Bound<'_, PyAny>, deeper: usize) -> PyResult<Value> {
    if value.is_instance_of::<PyBytes>() {
        return Err(PyTypeError::new_err("bytes are not JSON; decode them first"));
    }
    if value.hasattr("keys")? {
        let mut map = Map::new();
        for key in value.call_method0("keys")?.try_iter()? {
            let key = key?;
            map.insert(key_text(&key)?, convert(&value.get_item(&key)?, deeper)?);
        }
        return Ok(Value::Object(map));
    }
    if let Ok(index) = value.call_method0("__index__") {
        return integer(&index);
    }
    // Datetimes, by what they can do.
    if value.hasattr("isoformat")? {
        return Ok(Value::String(value.call_method0("isoformat")?.extract()?));
    }
    if value.hasattr("__iter__")? && value.hasattr("__len__")? {
        let items = value.try_iter()?.map(|item| convert(&item?, deeper));
        return items.collect::<PyResult<_>>().map(Value::Array);
    }
    if value.hasattr("__float__")? {
        let float = value.extract::<f64>()?;
        return Ok(Number::from_f64(float).map_or_else(|| Value::String(float_text(float)), Value::Number));
    }
    Err(PyTypeError::new_err(format!("`{}` has no JSON form", super::number::shown(value))))
}

fn integer(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    if let Ok(small) = value.extract::<i64>() {
        return Ok(Value::Number(small.into()));
    }
    if let Ok(large) = value.extract::<u64>() {
        return Ok(Value::Number(large.into()));
    }
    Ok(Value::String(value.str()?.to_str()?.to_owned()))
}

fn float_text(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value > 0.0 {
        "Infinity".to_owned()
    } else {
        "-Infinity".to_owned()
    }
}

fn key_text(key: &Bound<'_, PyAny>) -> PyResult<String> {
    key.extract::<String>().map_err(|_| PyTypeError::new_err("keys must be text"))
}

/// A JSON value as Python's own objects.
pub(crate) fn to_python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Null => py.None().into_bound(py),
        Value::Bool(flag) => PyBool::new(py, *flag).to_owned().into_any(),
        Value::Number(number) => {
            if let Some(int) = number.as_i64() {
                int.into_pyobject(py)?.into_any()
            } else if let Some(int) = number.as_u64() {
                int.into_pyobject(py)?.into_any()
            } else {
                number.as_f64().into_pyobject(py)?.into_any()
            }
        }
        Value::String(text) => PyString::new(py, text).into_any(),
        Value::Array(items) => {
            let items = items.iter().map(|item| to_python(py, item)).collect::<PyResult<Vec<_>>>()?;
            PyList::new(py, items)?.into_any()
        }
        Value::Object(map) => {
            let dict = PyDict::new(py);
            for (key, item) in map {
                dict.set_item(key, to_python(py, item)?)?;
            }
            dict.into_any()
        }
    })
}

/// JSON text as a value; `ValueError` when it is none.
pub(crate) fn parse(text: &str) -> PyResult<Value> {
    serde_json::from_str(text).map_err(|error| PyValueError::new_err(format!("not JSON: {error}")))
}
