//! A report of a week or a month.

use crate::{
    convert::{json, out::AnyMap},
    error::raise,
    frozen::Frozen,
};
use finops::ledger::report::Report;
use pyo3::{exceptions::PyValueError, prelude::*};
use std::{ffi::OsStr, path::PathBuf};

/// A report: `r.totals.realized`, `r["kpis"]`, `r.to_json()`, `r.to_markdown()`, `r.to_html()`; `save` writes a file.
///
/// The same events and inputs give the same bytes, in any order.
#[pyclass(name = "Report", module = "finops.ledger", extends = Frozen, frozen)]
pub(crate) struct PyReport(Report);

impl PyReport {
    pub(super) const fn report(&self) -> &Report {
        &self.0
    }

    pub(super) fn new(report: Report) -> PyClassInitializer<Self> {
        PyClassInitializer::from(Frozen::of(report.to_value())).add_subclass(Self(report))
    }
}

#[pymethods]
impl PyReport {
    /// The week or month, for example `2026-W12`.
    #[getter]
    fn label(&self) -> &str {
        &self.0.period.label
    }

    /// Canonical JSON: complete, money as text. Its SHA-256 is what `report.issued` records.
    fn to_json(&self) -> PyResult<String> {
        self.0.to_json().map_err(raise)
    }

    /// CommonMark with tables.
    fn to_markdown(&self) -> String {
        self.0.to_markdown()
    }

    /// One HTML file without script and network.
    fn to_html(&self) -> String {
        self.0.to_html()
    }

    /// Writes the report in the form that the suffix of `path` names: `.json`, `.md` or `.html`.
    #[pyo3(signature = (path: "str | os.PathLike[str]") -> "None")]
    fn save(&self, path: PathBuf) -> PyResult<()> {
        let text = match path.extension().and_then(OsStr::to_str) {
            Some("json") => self.to_json()?,
            Some("md") => self.to_markdown(),
            Some("html") => self.to_html(),
            _ => return Err(PyValueError::new_err("a report is written as `.json`, `.md` or `.html`")),
        };
        Ok(std::fs::write(path, text)?)
    }

    /// The data of `report.issued`: kind, period, size of the log, and the SHA-256 of `to_json()`.
    #[getter]
    fn issued<'py>(&self, py: Python<'py>) -> PyResult<AnyMap<'py>> {
        let draft = self.0.issued().map_err(raise)?;
        json::to_python(py, &draft.data).map(AnyMap)
    }
}
