//! Guardrails: typed limits on automated change.

use super::{
    convert::{self, Native},
    decision::PyPolicyCheck,
};
use crate::{
    convert::time,
    error::raise,
    frozen::{Frozen, Source},
};
use finops::policy::{
    Json,
    guardrail::{GuardrailConfig, Guardrails, Now},
};
use pyo3::{
    prelude::*,
    types::{PyDict, PyEllipsis},
};
use std::sync::{PoisonError, RwLock};

/// Guardrails with their limits.
#[pyclass(name = "_Guardrails", module = "finops._finops", frozen, subclass)]
pub(crate) struct PyGuardrails(RwLock<Guardrails>);

#[pymethods]
impl PyGuardrails {
    #[new]
    #[pyo3(signature = (config: "dict[str, typing.Any] | None" = None))]
    fn new(config: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let config = convert::object_or_empty(config.map(|config| config.as_any()), "config")?;
        let config = GuardrailConfig::from_json(&config).map_err(raise)?;
        Ok(Self(RwLock::new(Guardrails::new(config))))
    }

    /// Checks one change against every guardrail; `daily_changes` are the changes already made.
    #[pyo3(signature = (
        opportunity: "typing.Any",
        daily_changes: "typing.Any" = None,
        now: "datetime.datetime | str | float | types.EllipsisType | None" = None,
    ) -> "PolicyCheck")]
    fn check_opportunity(
        &self,
        py: Python<'_>,
        opportunity: &Bound<'_, PyAny>,
        daily_changes: Option<&Bound<'_, PyAny>>,
        now: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyPolicyCheck>> {
        // What JSON cannot hold is null here, and null never passes.
        let change = Native::of(opportunity)?.json;
        let history = match daily_changes {
            None => Json::Array(Vec::new()),
            Some(changes) => Native::of(changes)?.json,
        };
        let now = match now {
            None => Now::from(Some(time::now())),
            Some(value) if value.is_instance_of::<PyEllipsis>() => Now::Unknown,
            Some(value) => Now::from(Some(convert::instant(value)?)),
        };
        let guardrails = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let check = guardrails.check_opportunity(&change, &history, now);
        Py::new(py, PyPolicyCheck::new(check.to_json()))
    }

    /// Sets one limit; a refused value leaves the old one in force.
    #[pyo3(signature = (name: "str", value: "typing.Any") -> "None")]
    fn update_policy(&self, name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let value = Native::of(value)?.json;
        let mut guardrails = self.0.write().unwrap_or_else(PoisonError::into_inner);
        guardrails.update_policy(name, &value).map_err(raise)
    }

    /// The limits in effect.
    #[getter]
    fn config(&self) -> Frozen {
        let guardrails = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Frozen::from_source(Source::Json(guardrails.config().to_json()))
    }
}
