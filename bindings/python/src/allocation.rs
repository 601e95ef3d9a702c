//! `finops.AllocationSet` and `finops.AllocationReport`: rows in the engine's memory; an object of Python only where one is asked for.

use crate::{
    allocation_arrow,
    arrow::PyArrowTable,
    engine::value,
    error::raise,
    frozen::{Frozen, Source},
    inventory::places,
};
use finops::{AllocationReport, AllocationSet, cluster};
use pyo3::{prelude::*, types::PyDict};

/// Rows and assets of an allocation; `finops.AllocationSet` is made of it.
#[pyclass(name = "_AllocationSet", module = "finops._finops", frozen)]
pub(crate) struct PyAllocationSet {
    set: AllocationSet,
    length: usize,
}

impl PyAllocationSet {
    pub(crate) fn of(set: AllocationSet) -> Self {
        let length = set.rows().count();
        Self { set, length }
    }
}

#[pymethods]
impl PyAllocationSet {
    /// How many rows there are.
    const fn count(&self) -> usize {
        self.length
    }

    /// The currency of every amount.
    fn currency(&self) -> &str {
        self.set.currency.code()
    }

    /// The rows from `start` to before `stop`.
    #[pyo3(signature = (start: "int", stop: "int") -> "list[Result]")]
    fn rows(&self, start: usize, stop: usize) -> Vec<Frozen> {
        let rows = self.set.rows().skip(start).take(stop.saturating_sub(start));
        rows.map(|row| Frozen::from_source(Source::Json(self.set.row_to_json(row)))).collect()
    }

    /// Everything, in its wire form.
    #[pyo3(signature = () -> "Result")]
    fn result(&self, py: Python<'_>) -> Frozen {
        Frozen::from_source(Source::Json(py.detach(|| self.set.to_json())))
    }

    /// The wire form as text.
    fn to_json(&self, py: Python<'_>) -> String {
        py.detach(|| self.set.to_json().to_text())
    }

    /// The rows as columns.
    #[pyo3(signature = () -> "ArrowTable")]
    fn to_arrow(&self, py: Python<'_>) -> PyResult<PyArrowTable> {
        py.detach(|| allocation_arrow::set(&self.set))
    }

    /// Rows summed by `{by, filter}`.
    #[pyo3(signature = (input: "dict[str, typing.Any]") -> "_AllocationReport")]
    fn aggregate(&self, py: Python<'_>, input: &Bound<'_, PyDict>) -> PyResult<PyAllocationReport> {
        let input = value(input.as_any())?;
        let report = py.detach(|| cluster::aggregate_json(&self.set, &input));
        report.map(PyAllocationReport).map_err(raise)
    }

    /// The same by `{bill, external}`.
    #[pyo3(signature = (input: "dict[str, typing.Any]") -> "_AllocationSet")]
    fn reconcile(&self, py: Python<'_>, input: &Bound<'_, PyDict>) -> PyResult<Self> {
        let input = value(input.as_any())?;
        py.detach(|| cluster::reconcile_json(&self.set, &input)).map(Self::of).map_err(raise)
    }

    /// The sum of the sets of several windows.
    #[staticmethod]
    #[pyo3(signature = (sets: "list[_AllocationSet]") -> "_AllocationSet")]
    fn accumulate(py: Python<'_>, sets: Vec<Bound<'_, Self>>) -> PyResult<Self> {
        let sets: Vec<AllocationSet> = sets.iter().map(|set| set.get().set.clone()).collect();
        py.detach(|| AllocationSet::accumulate(&sets).map_err(finops::EngineError::from))
            .map(Self::of)
            .map_err(raise)
    }
}

/// Rows summed by keys; `finops.AllocationReport` is made of it.
#[pyclass(name = "_AllocationReport", module = "finops._finops", frozen)]
pub(crate) struct PyAllocationReport(AllocationReport);

#[pymethods]
impl PyAllocationReport {
    /// How many rows there are.
    const fn count(&self) -> usize {
        self.0.rows.len()
    }

    /// The rows from `start` to before `stop`.
    #[pyo3(signature = (start: "int", stop: "int") -> "list[Result]")]
    fn rows(&self, start: usize, stop: usize) -> Vec<Frozen> {
        let rows = self.0.rows.iter().skip(start).take(stop.saturating_sub(start));
        rows.map(|row| Frozen::from_source(Source::Json(self.0.row_to_json(row)))).collect()
    }

    /// The currency of every amount.
    fn currency(&self) -> &str {
        self.0.currency.code()
    }

    /// Everything, in its wire form.
    #[pyo3(signature = () -> "Result")]
    fn result(&self, py: Python<'_>) -> Frozen {
        Frozen::from_source(Source::Json(py.detach(|| self.0.to_json())))
    }

    /// The wire form as text.
    fn to_json(&self, py: Python<'_>) -> String {
        py.detach(|| self.0.to_json().to_text())
    }

    /// Comma-separated values.
    #[pyo3(signature = (places: "int") -> "str")]
    fn to_csv(&self, py: Python<'_>, places: &Bound<'_, PyAny>) -> PyResult<String> {
        let places = self::places(places)?;
        Ok(py.detach(|| self.0.to_csv(places)))
    }

    /// A table in Markdown.
    #[pyo3(signature = (places: "int") -> "str")]
    fn to_markdown(&self, py: Python<'_>, places: &Bound<'_, PyAny>) -> PyResult<String> {
        let places = self::places(places)?;
        Ok(py.detach(|| self.0.to_markdown(places)))
    }

    /// The rows as columns.
    #[pyo3(signature = () -> "ArrowTable")]
    fn to_arrow(&self, py: Python<'_>) -> PyResult<PyArrowTable> {
        py.detach(|| allocation_arrow::report(&self.0))
    }
}
