//! Counts, rates, amounts and durations.
//!
//! The stock conversions would take `True` for 1, a float for money and a 35-digit decimal for a shorter one.

use crate::error::raise;
use finops::core::{
    error::{ConfigError, shorten},
    money::{MoneyError, decimal},
    time::DurationNs,
    usage::UsageError,
};
use pyo3::{
    prelude::*,
    sync::PyOnceLock,
    types::{PyBool, PyFloat, PyInt, PyString},
};
use rust_decimal::Decimal;

/// The value as an error message shows it.
pub(crate) fn shown(value: &Bound<'_, PyAny>) -> String {
    let text = value.repr().and_then(|r| r.extract::<String>());
    shorten(&text.unwrap_or_else(|_| "a value that cannot be shown".to_owned()))
}

/// A count: an integer, or anything with `__index__` that is no bool.
#[inline]
pub(crate) fn count(value: &Bound<'_, PyAny>, name: &str) -> PyResult<u64> {
    // Signed: PyO3 checks the type once more before it reads an unsigned one.
    if let Ok(int) = value.cast_exact::<PyInt>()
        && let Ok(int) = int.extract::<i64>()
        && let Ok(count) = u64::try_from(int)
    {
        return Ok(count);
    }
    slow_count(value).ok_or_else(|| refuse_count(value, name))
}

/// [`count`], 0 when `None`.
#[inline(always)]
pub(crate) fn count_or_zero(value: Option<&Bound<'_, PyAny>>, name: &str) -> PyResult<u64> {
    match value {
        None => Ok(0),
        Some(value) => count(value, name),
    }
}

#[cold]
fn slow_count(value: &Bound<'_, PyAny>) -> Option<u64> {
    if value.is_instance_of::<PyBool>() || value.is_instance_of::<PyFloat>() {
        return None;
    }
    value.extract::<u64>().ok()
}

#[cold]
fn refuse_count(value: &Bound<'_, PyAny>, name: &str) -> PyErr {
    raise(UsageError::not_a_count(name, shown(value)))
}

/// What a number was written as.
pub(crate) enum Written {
    /// A decimal, integer or text, exactly.
    Exact(Decimal),
    /// A float, by its shortest decimal.
    Float(Decimal),
    /// No finite number, or one of more digits than 28.
    Refused,
}

/// `Decimal`, `int`, `str` or `float`; never `bool`.
pub(crate) fn written(value: &Bound<'_, PyAny>) -> Written {
    let exact = |text: &str| decimal::parse(text).map_or(Written::Refused, Written::Exact);
    if let Ok(float) = value.cast::<PyFloat>() {
        return decimal::from_f64(float.value()).map_or(Written::Refused, Written::Float);
    }
    if let Ok(text) = value.cast::<PyString>() {
        return text.to_str().map_or(Written::Refused, exact);
    }
    if value.is_instance_of::<PyBool>() {
        return Written::Refused;
    }
    let is_decimal = decimal_class(value.py()).is_ok_and(|c| value.is_instance(c).unwrap_or(false));
    if is_decimal {
        return value.str().ok().and_then(|t| t.to_str().ok().map(exact)).unwrap_or(Written::Refused);
    }
    // Integers, NumPy's among them; a large one is read as text and refused when it does not fit.
    match value.call_method0("__index__") {
        Ok(int) => {
            match int.extract::<i128>().ok().and_then(|i| Decimal::try_from_i128_with_scale(i, 0).ok()) {
                Some(number) => Written::Exact(number),
                None => Written::Refused,
            }
        }
        // NumPy's single floats and the like.
        Err(_)
            if value.hasattr("__float__").unwrap_or(false) && !value.hasattr("__len__").unwrap_or(true) =>
        {
            value.extract::<f64>().ok().and_then(decimal::from_f64).map_or(Written::Refused, Written::Float)
        }
        Err(_) => Written::Refused,
    }
}

/// A rate or limit: `Decimal`, `int`, `str`, or `float` by its shortest decimal. `config.invalid` names the argument.
pub(crate) fn rate(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Decimal> {
    let refuse = |problem| {
        raise(ConfigError::new(
            name,
            plain(value),
            problem,
            "give a finite number of at least 0, as a Decimal, int, str or float",
        ))
    };
    match written(value) {
        Written::Exact(number) | Written::Float(number) if number.is_sign_negative() && !number.is_zero() => {
            Err(refuse("negative"))
        }
        Written::Exact(number) | Written::Float(number) => Ok(number),
        Written::Refused => Err(refuse("not a number of at most 28 digits")),
    }
}

/// Money: `Decimal`, `int` or `str`. A float is refused: it cannot say how many decimals it means.
pub(crate) fn money(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Decimal> {
    let problem = match written(value) {
        Written::Exact(number) => return Ok(number),
        Written::Float(_) => "a float is not exact money; give a Decimal, int or str",
        Written::Refused => "not an amount of at most 28 digits; give a Decimal, int or str",
    };
    Err(raise(MoneyError::Invalid { path: name.to_owned(), value: plain(value), problem }))
}

/// Text as it stands, everything else as its `repr`.
fn plain(value: &Bound<'_, PyAny>) -> String {
    match value.cast::<PyString>() {
        Ok(text) => text.to_str().map_or_else(|_| shown(value), shorten),
        Err(_) => shown(value),
    }
}

/// Milliseconds: a float by its shortest decimal, an integer, a Decimal or text.
#[inline]
pub(crate) fn duration_ms(value: &Bound<'_, PyAny>, name: &str) -> PyResult<DurationNs> {
    if let Ok(float) = value.cast_exact::<PyFloat>()
        && let Some(duration) = DurationNs::from_ms_f64(float.value())
    {
        return Ok(duration);
    }
    slow_duration(value, name, DurationNs::from_ms_decimal)
}

/// Hours, exactly.
pub(crate) fn duration_hours(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Decimal> {
    slow_duration(value, name, |hours| DurationNs::from_hours_decimal(hours).map(|_| hours))
}

#[cold]
fn slow_duration<T>(
    value: &Bound<'_, PyAny>,
    name: &str,
    read: impl FnOnce(Decimal) -> Option<T>,
) -> PyResult<T> {
    let number = match written(value) {
        Written::Exact(number) | Written::Float(number) => Some(number),
        Written::Refused => None,
    };
    number
        .and_then(read)
        .ok_or_else(|| raise(UsageError::InvalidDuration { path: name.to_owned(), value: shown(value) }))
}

/// `decimal.Decimal`, imported at first use.
pub(crate) fn decimal_class(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static DECIMAL: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    DECIMAL.get_or_try_init(py, || Ok(py.import("decimal")?.getattr("Decimal")?.unbind())).map(|c| c.bind(py))
}

/// A `decimal.Decimal` of plain text.
pub(crate) fn to_decimal<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    decimal_class(py)?.call1((text,))
}
