//! The integer quantile sketch.

use crate::{
    convert::number::{count, shown},
    error::raise,
};
use finops::{core::error::ConfigError, telemetry::sketch::Sketch};
use pyo3::prelude::*;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Quantiles of integers within 1/128, the same on every platform; mergeable.
///
/// >>> sketch = finops.Sketch()
/// >>> for ms in (12, 15, 900):
/// ...     sketch.add(ms)
/// >>> sketch.quantile(0.5)
/// 15
#[pyclass(name = "Sketch", module = "finops", frozen)]
pub(crate) struct PySketch(Mutex<Sketch>);

impl PySketch {
    fn lock(&self) -> MutexGuard<'_, Sketch> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl PySketch {
    #[new]
    fn new() -> Self {
        Self(Mutex::new(Sketch::default()))
    }

    /// Counts `value` as often as `count` says.
    #[pyo3(signature = (value: "typing.SupportsIndex", count: "typing.SupportsIndex | None" = None) -> "None")]
    fn add(&self, value: &Bound<'_, PyAny>, count: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let value = self::count(value, "value")?;
        let times = count.map_or(Ok(1), |times| self::count(times, "count"))?;
        self.lock().add(value, times);
        Ok(())
    }

    /// The value at rank `ceil(q * n)`; `None` when nothing was counted.
    fn quantile(&self, q: f64) -> PyResult<Option<u64>> {
        self.lock().quantile(q).map_err(raise)
    }

    /// Adds everything that `other` counted.
    fn merge(&self, other: &Bound<'_, Self>) {
        // Copied first: merging a sketch into itself must not wait for its own lock.
        let other = other.get().lock().clone();
        self.lock().merge(&other);
    }

    /// How many values were counted.
    fn __len__(&self) -> usize {
        usize::try_from(self.lock().count()).unwrap_or(usize::MAX)
    }

    /// The bucket of a value.
    #[staticmethod]
    #[pyo3(signature = (value: "typing.SupportsIndex") -> "int")]
    fn bucket(value: &Bound<'_, PyAny>) -> PyResult<u16> {
        Ok(Sketch::bucket(count(value, "value")?))
    }

    /// The value that stands for a bucket.
    #[staticmethod]
    #[pyo3(signature = (bucket: "typing.SupportsIndex") -> "int")]
    fn representative(bucket: &Bound<'_, PyAny>) -> PyResult<u64> {
        let number = count(bucket, "bucket")?;
        let number = u16::try_from(number).map_err(|_| {
            raise(ConfigError::new(
                "bucket",
                shown(bucket),
                "not a bucket",
                "give a number that `bucket` gave",
            ))
        })?;
        Ok(Sketch::representative(number))
    }

    fn __repr__(&self) -> String {
        format!("Sketch({} values)", self.lock().count())
    }
}
