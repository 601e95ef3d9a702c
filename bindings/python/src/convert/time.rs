//! Instants: aware datetimes, RFC 3339 text, epoch seconds; and the clock.

use super::number::shown;
use crate::error::raise;
use finops::core::{time::Timestamp, usage::UsageError};
use pyo3::{
    prelude::*,
    sync::PyOnceLock,
    types::{PyBool, PyDict, PyFloat, PyInt, PyString},
};

/// The system clock.
#[inline]
pub(crate) fn now() -> Timestamp {
    Timestamp::from_ms(clock_ms()).unwrap_or_default()
}

/// Milliseconds since 1970, as the system has them: the standard library's way to them takes twice as long.
#[cfg(unix)]
#[inline]
fn clock_ms() -> i64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: it writes to the place it is given, which outlives the call. It fails for clocks that there are not.
    unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &raw mut time) };
    #[cfg_attr(
        target_pointer_width = "64",
        expect(clippy::useless_conversion, reason = "where a long has 32 bits, both have no more")
    )]
    let (seconds, nanoseconds) = (i64::from(time.tv_sec), i64::from(time.tv_nsec));
    seconds.saturating_mul(1000).saturating_add(nanoseconds / 1_000_000)
}

#[cfg(not(unix))]
fn clock_ms() -> i64 {
    use std::time::{SystemTime, UNIX_EPOCH};
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, i64::saturating_neg),
    }
}

/// An instant; `None` is now.
#[inline]
pub(crate) fn at_or_now(value: Option<&Bound<'_, PyAny>>) -> PyResult<Timestamp> {
    value.map_or_else(|| Ok(now()), |value| instant(value, "at"))
}

/// An aware datetime, RFC 3339 text or epoch seconds. `usage.naive_time` for everything else.
pub(crate) fn instant(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Timestamp> {
    let refuse = |problem| {
        let value =
            value.cast::<PyString>().map_or_else(|_| shown(value), |t| t.to_string_lossy().into_owned());
        raise(UsageError::NaiveTime {
            path: name.to_owned(),
            value: finops::core::error::shorten(&value),
            problem,
        })
    };
    if let Ok(text) = value.cast::<PyString>() {
        return text.to_str()?.parse().map_err(|error| match error {
            UsageError::NaiveTime { problem, .. } => refuse(problem),
            other => raise(other),
        });
    }
    const FORM: &str = "not a time; give an aware datetime, RFC 3339 text or epoch seconds";
    if value.is_instance_of::<PyBool>() {
        return Err(refuse(FORM));
    }
    if value.is_instance_of::<PyInt>() || value.is_instance_of::<PyFloat>() {
        let seconds = value.extract::<f64>().ok().and_then(Timestamp::from_epoch_s);
        return seconds.ok_or_else(|| refuse("outside the years 1 to 9999"));
    }
    // Datetimes by what they can do, so that neither `datetime` nor `pandas` is imported here.
    let Ok(offset) = value.call_method0("utcoffset") else { return Err(refuse(FORM)) };
    if offset.is_none() {
        return Err(refuse(
            "has no time zone and names no instant; attach one, such as `datetime.timezone.utc`",
        ));
    }
    let text = value.call_method0("isoformat")?.extract::<String>()?;
    match text.parse() {
        Ok(at) => Ok(at),
        // An offset with seconds, as some zones had before 1972, is no RFC 3339.
        Err(_) => {
            let seconds = value.call_method0("timestamp")?.extract::<f64>()?;
            Timestamp::from_epoch_s(seconds).ok_or_else(|| refuse("outside the years 1 to 9999"))
        }
    }
}

/// The midnight in UTC of a date: a `datetime.date`, or its text `2026-11-20`; `None` for everything else.
pub(crate) fn day(value: &Bound<'_, PyAny>) -> PyResult<Option<Timestamp>> {
    let text = match value.cast::<PyString>() {
        Ok(text) => text.to_str()?.to_owned(),
        // A datetime has an offset, or lacks one; a date has no such thing.
        Err(_) if value.hasattr("isoformat")? && !value.hasattr("utcoffset")? => {
            value.call_method0("isoformat")?.extract()?
        }
        Err(_) => return Ok(None),
    };
    let date = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    Ok(if date { format!("{text}T00:00:00Z").parse().ok() } else { None })
}

/// An aware `datetime` in UTC.
pub(crate) fn to_datetime(py: Python<'_>, at: Timestamp) -> PyResult<Bound<'_, PyAny>> {
    static DATETIME: PyOnceLock<(Py<PyAny>, Py<PyAny>, Py<PyAny>)> = PyOnceLock::new();
    let (datetime, timedelta, epoch) = DATETIME.get_or_try_init(py, || {
        let module = py.import("datetime")?;
        let datetime = module.getattr("datetime")?;
        let options = PyDict::new(py);
        options.set_item("tzinfo", module.getattr("timezone")?.getattr("utc")?)?;
        let epoch = datetime.call((1970, 1, 1), Some(&options))?;
        PyResult::Ok((datetime.unbind(), module.getattr("timedelta")?.unbind(), epoch.unbind()))
    })?;
    let _ = datetime;
    // Whole milliseconds in integers: `fromtimestamp` would go through a float.
    let delta = PyDict::new(py);
    delta.set_item("milliseconds", at.ms())?;
    epoch.bind(py).add(timedelta.bind(py).call((), Some(&delta))?)
}
