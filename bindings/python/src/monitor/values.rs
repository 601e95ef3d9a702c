//! What a monitor tells of itself.

use crate::convert::out::Exact;
use finops::telemetry::monitor::Stats;
use pyo3::prelude::*;
use rust_decimal::Decimal;

/// Where a number of the configuration came from, and its exact value.
#[pyclass(name = "ConfigValue", module = "finops", frozen)]
pub(crate) struct PyConfigValue {
    value: Decimal,
    /// `constructor`, `environment`, `region`, `assigned` or `default`.
    #[pyo3(get)]
    source: &'static str,
}

impl PyConfigValue {
    pub(super) const fn new(value: Decimal, source: &'static str) -> Self {
        Self { value, source }
    }
}

#[pymethods]
impl PyConfigValue {
    /// The exact value.
    #[getter]
    fn value<'py>(&self, py: Python<'py>) -> PyResult<Exact<'py>> {
        Exact::number(py, self.value)
    }

    fn __repr__(&self) -> String {
        format!("ConfigValue({}, source='{}')", self.value.normalize(), self.source)
    }
}

/// Counters of a monitor and the lengths of its tables.
#[pyclass(name = "Stats", module = "finops", frozen, get_all)]
pub(crate) struct PyStats {
    /// Records in the ring.
    records: usize,
    /// Runs metered since the last reset.
    requests: u64,
    /// Those that failed or were given up.
    errors: u64,
    /// Records overwritten before a drain, or given up by a sink.
    dropped: u64,
    /// Batches that a sink could not write.
    sink_errors: u64,
    /// Records that wait for a drain.
    undrained: usize,
    /// Groups of the roll-up.
    groups: usize,
    /// Names of unresolved models with a group of their own.
    unknown_models: usize,
    /// Request ids remembered.
    request_ids: usize,
    /// Model names shared by records.
    names: usize,
}

#[pymethods]
impl PyStats {
    fn __repr__(&self) -> String {
        format!(
            "Stats(records={}, requests={}, errors={}, dropped={}, sink_errors={}, undrained={}, groups={})",
            self.records,
            self.requests,
            self.errors,
            self.dropped,
            self.sink_errors,
            self.undrained,
            self.groups
        )
    }
}

impl From<Stats> for PyStats {
    fn from(stats: Stats) -> Self {
        Self {
            records: stats.records,
            requests: stats.requests,
            errors: stats.errors,
            dropped: stats.dropped,
            sink_errors: stats.sink_errors,
            undrained: stats.undrained,
            groups: stats.groups,
            unknown_models: stats.unknown_models,
            request_ids: stats.request_ids,
            names: stats.names,
        }
    }
}
