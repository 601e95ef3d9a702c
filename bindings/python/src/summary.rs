//! Rows of a summary.

use crate::{
    convert::out::{Anything, Exact},
    record::KeyIterator,
};
use finops::{core::money::Picodollars, telemetry::rollup::SummaryRow};
use pyo3::{
    exceptions::{PyAttributeError, PyKeyError, PyValueError},
    prelude::*,
    types::{PyDict, PyList},
};

/// Totals of the calls that share a key. Frozen; a mapping of JSON-ready values.
///
/// The key's fields come first (`row["team"]`, also `row.team`), then totals and quantiles.
#[pyclass(name = "SummaryRow", module = "finops", frozen, mapping)]
pub(crate) struct PySummaryRow(pub(crate) SummaryRow);

impl PySummaryRow {
    fn dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let row = &self.0;
        let dict = PyDict::new(py);
        for (name, value) in &row.key {
            dict.set_item(name, value)?;
        }
        let usd = |amount: Option<Picodollars>| amount.map(Picodollars::to_f64);
        dict.set_item("requests", row.requests)?;
        dict.set_item("errors", row.errors)?;
        dict.set_item("unpriced", row.unpriced)?;
        dict.set_item("total_tokens", row.total_tokens)?;
        dict.set_item("cost_usd", usd(row.cost_usd))?;
        dict.set_item("input_cost_usd", usd(row.costs.map(|costs| costs.input)))?;
        dict.set_item("output_cost_usd", usd(row.costs.map(|costs| costs.output)))?;
        dict.set_item("compute_cost_usd", usd(row.costs.map(|costs| costs.compute)))?;
        dict.set_item("other_cost_usd", usd(row.costs.map(|costs| costs.other)))?;
        dict.set_item("energy_joules", row.energy_joules)?;
        dict.set_item("carbon_kg", row.carbon_kg)?;
        if let Some(quantiles) = row.duration_us {
            for (name, us) in quantiles.named() {
                dict.set_item(format!("duration_ms_{name}"), thousandth(us))?;
            }
        }
        if let Some(quantiles) = row.cost_pusd {
            for (name, pusd) in quantiles.named() {
                dict.set_item(format!("cost_usd_{name}"), Picodollars::new(i128::from(pusd)).to_f64())?;
            }
        }
        Ok(dict)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a quantile within 1/128 has no 53 exact bits")]
fn thousandth(value: u64) -> f64 {
    value as f64 / 1000.0
}

#[pymethods]
impl PySummaryRow {
    /// Calls.
    #[getter]
    fn requests(&self) -> u64 {
        self.0.requests
    }

    /// Calls that failed.
    #[getter]
    fn errors(&self) -> u64 {
        self.0.errors
    }

    /// Calls without a price; `cost_usd` does not hold them.
    #[getter]
    fn unpriced(&self) -> u64 {
        self.0.unpriced
    }

    /// Prompt and completion tokens.
    #[getter]
    fn total_tokens(&self) -> u128 {
        self.0.total_tokens
    }

    /// Money of the priced calls, exactly; `None` when none is priced. `row["cost_usd"]` is the nearest float.
    #[getter]
    fn cost_usd<'py>(&self, py: Python<'py>) -> PyResult<Option<Exact<'py>>> {
        self.0.cost_usd.map(|usd| Exact::usd(py, usd)).transpose()
    }

    /// Energy.
    #[getter]
    fn energy_joules(&self) -> Option<f64> {
        self.0.energy_joules
    }

    /// Operational carbon.
    #[getter]
    fn carbon_kg(&self) -> Option<f64> {
        self.0.carbon_kg
    }

    /// The wire form: money as text.
    fn to_json(&self) -> PyResult<String> {
        serde_json::to_string(&self.0).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    fn __getattr__<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Anything<'py>> {
        let found = self.dict(py)?.get_item(name)?;
        found.map(Anything).ok_or_else(|| PyAttributeError::new_err(format!("the row has no `{name}`")))
    }

    fn __getitem__<'py>(&self, py: Python<'py>, key: &str) -> PyResult<Anything<'py>> {
        let found = self.dict(py)?.get_item(key)?;
        found.map(Anything).ok_or_else(|| PyKeyError::new_err(key.to_owned()))
    }

    /// The value of `key`, else `default`.
    #[pyo3(signature = (key: "str", default: "typing.Any" = None) -> "typing.Any")]
    fn get<'py>(
        &self,
        py: Python<'py>,
        key: &str,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(self.dict(py)?.get_item(key)?.or(default))
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.dict(py)?.len())
    }

    fn __contains__(&self, py: Python<'_>, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.dict(py)?.contains(key)
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<KeyIterator<'py>> {
        self.dict(py)?.try_iter().map(KeyIterator)
    }

    /// The names of the fields.
    #[pyo3(signature = () -> "list[str]")]
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        Ok(self.dict(py)?.keys())
    }

    /// The values.
    #[pyo3(signature = () -> "list[typing.Any]")]
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        Ok(self.dict(py)?.values())
    }

    /// Pairs of name and value.
    #[pyo3(signature = () -> "list[tuple[str, typing.Any]]")]
    fn items<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        Ok(self.dict(py)?.items())
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        match other.cast::<Self>() {
            Ok(other) => Ok(self.0 == other.get().0),
            Err(_) => self.dict(py)?.as_any().eq(other),
        }
    }

    fn __hash__(&self) -> PyResult<u64> {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        self.to_json()?.hash(&mut hasher);
        Ok(hasher.finish())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("SummaryRow({})", self.dict(py)?.repr()?.to_str()?))
    }
}
