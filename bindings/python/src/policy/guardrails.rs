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
use finops::{
    core::error::shorten,
    policy::{
        Json,
        gate::Foreign,
        guardrail::{self, GuardrailConfig, Guardrails, Now},
        rego::builtin,
    },
};
use pyo3::{
    prelude::*,
    types::{PyDict, PyEllipsis},
};
use std::sync::{PoisonError, RwLock};

/// Guardrails with their limits.
#[pyclass(name = "_Guardrails", module = "finops._finops", frozen, subclass)]
pub(crate) struct PyGuardrails(RwLock<Guardrails>);

impl PyGuardrails {
    /// The limits in effect.
    pub(crate) fn limits(&self) -> GuardrailConfig {
        self.0.read().unwrap_or_else(PoisonError::into_inner).config().clone()
    }
}

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
        // What JSON cannot hold stands here as a boolean, which is malformed wherever it stands.
        let change = Native::with(opportunity, Json::Bool(false))?;
        let history = daily_changes.map(|changes| Native::with(changes, Json::Bool(false))).transpose()?;
        let now = instant(now)?;
        let guardrails = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let none = Json::Array(Vec::new());
        let made = history.as_ref().map_or(&none, |history| &history.json);
        let mut check = guardrails.check_opportunity(&change.json, made, now).to_json();
        name_foreign(&mut check, "/change", &change.foreign);
        if let Some(history) = history {
            name_foreign(&mut check, "/history", &history.foreign);
        }
        Py::new(py, PyPolicyCheck::new(check))
    }

    /// Sets one limit; a refused value leaves the old one in force.
    #[pyo3(signature = (name: "str", value: "typing.Any") -> "None")]
    fn update_policy(&self, name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let value = Native::of(value)?.json;
        let mut guardrails = self.0.write().unwrap_or_else(PoisonError::into_inner);
        guardrails.update_policy(name, &value).map_err(raise)
    }

    /// The same check in Rego, to read, to extend or to give to OPA: `{modules, data, input}`, package `finops.guardrails`.
    #[pyo3(signature = (
        opportunity: "typing.Any",
        daily_changes: "typing.Any" = None,
        now: "datetime.datetime | str | float | types.EllipsisType | None" = None,
    ) -> "Result")]
    fn as_rego(
        &self,
        opportunity: &Bound<'_, PyAny>,
        daily_changes: Option<&Bound<'_, PyAny>>,
        now: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Frozen> {
        let change = Native::with(opportunity, Json::Bool(false))?.json;
        let history = daily_changes.map(|changes| Native::with(changes, Json::Bool(false))).transpose()?;
        let history = history.map_or_else(|| Json::Array(Vec::new()), |history| history.json);
        let now = instant(now)?;
        let guardrails = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let config = guardrails.config();
        let data = Json::object([("guardrails", guardrail::rego_data(config))]);
        let modules =
            [("guardrails.rego", builtin::GUARDRAILS), ("guardrails_test.rego", builtin::GUARDRAILS_TEST)];
        Ok(Frozen::from_source(Source::Json(Json::object([
            ("modules", Json::object(modules.map(|(name, text)| (name, Json::from(text))))),
            ("input", guardrail::rego_input(&change, &history, now, config)),
            ("data", Json::object([("finops_config", data)])),
        ]))))
    }

    /// The limits in effect.
    #[getter]
    fn config(&self) -> Frozen {
        let guardrails = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Frozen::from_source(Source::Json(guardrails.config().to_json()))
    }
}

/// The clock, an instant, or none.
fn instant(now: Option<&Bound<'_, PyAny>>) -> PyResult<Now> {
    Ok(match now {
        None => Now::from(Some(time::now())),
        Some(value) if value.is_instance_of::<PyEllipsis>() => Now::Unknown,
        Some(value) => Now::from(Some(convert::instant(value)?)),
    })
}

/// Says what stood where the check saw a boolean.
fn name_foreign(check: &mut Json, root: &str, foreign: &[Foreign]) {
    for found in foreign {
        let path = format!("{root}{}", found.path);
        let renamed =
            |reason: &str| Some(format!("{}{}", reason.strip_suffix("boolean")?, shorten(&found.found)));
        let Json::Object(members) = check else { return };
        let mut changed = None;
        if let Some(Json::Array(failed)) = members.get_mut("failed") {
            for check in failed {
                let Json::Object(check) = check else { continue };
                if check.get("path").and_then(Json::as_str) != Some(path.as_str()) {
                    continue;
                }
                let Some(reason) = check.get("reason").and_then(Json::as_str).map(str::to_owned) else {
                    continue;
                };
                if let Some(new) = renamed(&reason) {
                    check.insert("reason", new.as_str());
                    changed = Some((reason, new));
                }
            }
        }
        if let Some((old, new)) = changed
            && members.get("reason").and_then(Json::as_str) == Some(old.as_str())
        {
            members.insert("reason", new);
        }
    }
}
