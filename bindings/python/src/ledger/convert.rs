//! Python values as the ledger records them: one value, one byte string, in every language.

use crate::{
    convert::number::{decimal_class, shown},
    error::raise,
};
use finops::ledger::event::{
    canonical::{CanonicalError, DEPTH_MAX, Refusal, border_number},
    envelope::parse_at,
};
use pyo3::{
    exceptions::{PyTypeError, PyUserWarning, PyValueError},
    prelude::*,
    sync::PyOnceLock,
    types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple},
};
use serde_json::{Map, Value};
use std::sync::atomic::{AtomicBool, Ordering};

/// A decimal beyond this many digits before or after the point is no amount of anything.
const DIGITS_MAX: i64 = 1000;

/// Why a value cannot be recorded.
enum Refused {
    /// It has no canonical form: why, and the way to it, last step first.
    Canonical(Refusal, Vec<String>),
    Python(PyErr),
}

impl From<PyErr> for Refused {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

impl Refused {
    fn here(refusal: Refusal) -> Self {
        Self::Canonical(refusal, Vec::new())
    }

    fn within(self, step: impl FnOnce() -> String) -> Self {
        match self {
            Self::Canonical(refusal, mut way) => {
                way.push(step().replace('~', "~0").replace('/', "~1"));
                Self::Canonical(refusal, way)
            }
            other => other,
        }
    }
}

/// A Python value as canonical JSON takes it: floats and decimals by their shortest digits, datetimes in UTC.
///
/// `path` is where it will stand in the event.
pub(super) fn value(value: &Bound<'_, PyAny>, path: &str) -> PyResult<Value> {
    read(value, 0).map_err(|refused| match refused {
        Refused::Python(error) => error,
        Refused::Canonical(refusal, way) => {
            let at = way.iter().rev().fold(path.to_owned(), |at, step| format!("{at}/{step}"));
            raise(CanonicalError { refusal, at })
        }
    })
}

fn read(value: &Bound<'_, PyAny>, depth: usize) -> Result<Value, Refused> {
    if let Ok(text) = value.cast::<PyString>() {
        return match text.to_str() {
            Ok(text) => Ok(Value::String(text.to_owned())),
            Err(_) => Err(Refused::here(Refusal::Surrogate)),
        };
    }
    if value.is_none() {
        return Ok(Value::Null);
    }
    if let Ok(flag) = value.cast::<PyBool>() {
        return Ok(Value::Bool(flag.is_true()));
    }
    if let Ok(int) = value.cast::<PyInt>() {
        return integer(int.as_any());
    }
    if let Ok(float) = value.cast::<PyFloat>() {
        return border_number(float.value()).map_err(|error| Refused::here(error.refusal));
    }
    // Deeper than any event may be: the engine would refuse it, after reading all of it.
    if depth > DEPTH_MAX {
        return Err(Refused::here(Refusal::Depth));
    }
    let deeper = depth.saturating_add(1);
    if let Ok(dict) = value.cast::<PyDict>() {
        let mut map = Map::new();
        for (key, item) in dict {
            insert(&mut map, &key, &item, deeper)?;
        }
        return Ok(Value::Object(map));
    }
    if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        return list(value, deeper);
    }
    if value.is_instance(decimal_class(value.py())?)? {
        return Ok(Value::String(decimal(value)?));
    }
    other(value, deeper)
}

fn insert(
    map: &mut Map<String, Value>,
    key: &Bound<'_, PyAny>,
    item: &Bound<'_, PyAny>,
    deeper: usize,
) -> Result<(), Refused> {
    let name = key.cast::<PyString>().map_err(|_| PyTypeError::new_err("keys must be text"))?;
    let Ok(name) = name.to_str() else { return Err(Refused::here(Refusal::Surrogate)) };
    let item = read(item, deeper).map_err(|refused| refused.within(|| name.to_owned()))?;
    map.insert(name.to_owned(), item);
    Ok(())
}

fn list(value: &Bound<'_, PyAny>, deeper: usize) -> Result<Value, Refused> {
    let mut items = Vec::new();
    for (index, item) in value.try_iter()?.enumerate() {
        items.push(read(&item?, deeper).map_err(|refused| refused.within(|| index.to_string()))?);
    }
    Ok(Value::Array(items))
}

fn other(value: &Bound<'_, PyAny>, deeper: usize) -> Result<Value, Refused> {
    if value.is_instance_of::<PyBytes>() {
        return Err(PyTypeError::new_err("bytes are not JSON; decode them first").into());
    }
    if value.hasattr("keys")? && value.hasattr("__getitem__")? {
        let mut map = Map::new();
        for key in value.call_method0("keys")?.try_iter()? {
            let key = key?;
            insert(&mut map, &key, &value.get_item(&key)?, deeper)?;
        }
        return Ok(Value::Object(map));
    }
    if value.hasattr("utcoffset")? && value.hasattr("year")? {
        return Ok(Value::String(datetime(value)?));
    }
    // Days.
    if value.hasattr("isoformat")? && value.hasattr("toordinal")? {
        return Ok(Value::String(value.call_method0("isoformat")?.extract()?));
    }
    // NumPy's scalars know the Python value that they stand for.
    if value.hasattr("dtype")? && value.getattr("shape")?.len()? == 0 {
        let item = value.call_method0("item")?;
        if !item.get_type().is(value.get_type()) {
            return read(&item, deeper);
        }
    }
    if let Ok(index) = value.call_method0("__index__") {
        return integer(&index);
    }
    Err(PyTypeError::new_err(format!("`{}` has no JSON form", shown(value))).into())
}

fn integer(value: &Bound<'_, PyAny>) -> Result<Value, Refused> {
    // The engine knows the limit of integers; what does not fit here is beyond it.
    value.extract::<i64>().map(Value::from).map_err(|_| Refused::here(Refusal::IntegerRange))
}

/// The normal form of a `Decimal`: no exponent, no trailing zeros, no negative zero.
fn decimal(value: &Bound<'_, PyAny>) -> Result<String, Refused> {
    if !value.call_method0("is_finite")?.is_truthy()? {
        return Err(Refused::here(Refusal::NotFinite));
    }
    let exponent = value.call_method0("as_tuple")?.getattr("exponent")?.extract::<i64>();
    let leading = value.call_method0("adjusted")?.extract::<i64>();
    let fits = |digits: Result<i64, PyErr>| digits.is_ok_and(|digits| digits.saturating_abs() <= DIGITS_MAX);
    if !fits(exponent) || !fits(leading) {
        return Err(Refused::here(Refusal::Size));
    }
    let text = value.call_method1("__format__", ("f",))?.extract::<String>()?;
    let text = match text.split_once('.') {
        Some((whole, fraction)) => match fraction.trim_end_matches('0') {
            "" => whole.to_owned(),
            fraction => format!("{whole}.{fraction}"),
        },
        None => text,
    };
    let unsigned = text.strip_prefix('-').unwrap_or(&text);
    Ok(if unsigned.bytes().all(|byte| byte == b'0') { "0".to_owned() } else { text })
}

/// Turns the numbers of the members `names` into decimal text, as typed fields of the ledger want it.
pub(super) fn numbers_as_text(value: &mut Value, names: &[&str]) {
    for name in names {
        if let Some(number @ Value::Number(_)) = value.get_mut(*name) {
            *number = Value::String(number.to_string());
        }
    }
}

/// Turns every number within `value` into decimal text, but counts of the name `count`.
pub(super) fn all_numbers_as_text(value: &mut Value, count: &str) {
    match value {
        Value::Number(number) => *value = Value::String(number.to_string()),
        Value::Array(items) => items.iter_mut().for_each(|item| all_numbers_as_text(item, count)),
        Value::Object(members) => {
            members
                .iter_mut()
                .filter(|(name, _)| *name != count)
                .for_each(|(_, v)| all_numbers_as_text(v, count));
        }
        _ => {}
    }
}

/// Turns times given as other text into the form of events.
pub(super) fn times_as_text(py: Python<'_>, value: &mut Value, names: &[&str]) -> PyResult<()> {
    for name in names {
        if let Some(Value::String(text)) = value.get_mut(*name)
            && parse_at(text).is_none()
        {
            *text = instant_of_text(py, text, name)?;
        }
    }
    Ok(())
}

/// The time of an event: a datetime, or text of RFC 3339.
pub(super) fn at(value: &Bound<'_, PyAny>) -> PyResult<String> {
    match value.cast::<PyString>() {
        // The engine says what is wrong with a text.
        Ok(text) => Ok(text.to_str()?.to_owned()),
        Err(_) => datetime(value),
    }
}

fn modules(py: Python<'_>) -> PyResult<&(Py<PyAny>, Py<PyAny>)> {
    static MODULES: PyOnceLock<(Py<PyAny>, Py<PyAny>)> = PyOnceLock::new();
    MODULES.get_or_try_init(py, || {
        let module = py.import("datetime")?;
        let utc = module.getattr("timezone")?.getattr("utc")?;
        PyResult::Ok((module.getattr("datetime")?.unbind(), utc.unbind()))
    })
}

fn instant_of_text(py: Python<'_>, text: &str, name: &str) -> PyResult<String> {
    let (class, _) = modules(py)?;
    // A day begins at midnight UTC.
    let midnight = format!("{text}T00:00:00+00:00");
    let text = if text.len() == 10 { midnight.as_str() } else { text };
    let parsed = class.bind(py).call_method1("fromisoformat", (text,));
    let refuse = |_| {
        let text = finops::core::error::shorten(text);
        PyValueError::new_err(format!("`{name}`: `{text}` is not a time; give a datetime or RFC 3339 text"))
    };
    datetime(&parsed.map_err(refuse)?)
}

/// A datetime as `2026-03-14T09:26:53.589793Z`; one without a zone is read as UTC, with one warning a process.
fn datetime(value: &Bound<'_, PyAny>) -> PyResult<String> {
    static WARNED: AtomicBool = AtomicBool::new(false);
    let py = value.py();
    let (class, utc) = modules(py)?;
    if !value.is_instance(class.bind(py))? {
        return Err(PyTypeError::new_err(format!(
            "`{}` is not a time; give a datetime or text",
            shown(value)
        )));
    }
    let aware = if value.call_method0("utcoffset")?.is_none() {
        if !WARNED.swap(true, Ordering::Relaxed) {
            let text =
                c"a datetime without a time zone is read as UTC; attach one, such as `datetime.timezone.utc`";
            PyErr::warn(py, &py.get_type::<PyUserWarning>(), text, 1)?;
        }
        let fields = PyDict::new(py);
        fields.set_item("tzinfo", utc)?;
        value.call_method("replace", (), Some(&fields))?
    } else {
        value.call_method1("astimezone", (utc,))?
    };
    let text = aware.call_method1("isoformat", ("T", "microseconds"))?.extract::<String>()?;
    Ok(text.replace("+00:00", "Z"))
}
