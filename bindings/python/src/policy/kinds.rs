//! Every computation of the policy engine by name.

use super::convert;
use crate::{
    error::raise,
    frozen::{Frozen, Source},
};
use finops::policy::{gate::GateConfig, rego::builtin, wire};
use pyo3::{prelude::*, types::PyDict};

/// Documents that a YAML reader may have put dates into: what JSON cannot hold is null in them, and null never passes.
const DOCUMENTS: [&str; 3] = ["/plan", "/documents", "/document"];

/// Computes `kind` from its members; the functions of `finops.policy` call it.
#[pyfunction]
#[pyo3(signature = (kind: "str", members: "dict[str, typing.Any]") -> "Result")]
pub(crate) fn policy_call(py: Python<'_>, kind: &str, members: &Bound<'_, PyDict>) -> PyResult<Frozen> {
    let input = convert::members(members.as_any(), &DOCUMENTS)?;
    let answer = py.detach(|| wire::call(kind, &input)).map_err(raise)?;
    Ok(Frozen::from_source(Source::Json(answer)))
}

/// The names of every computation.
#[pyfunction]
#[pyo3(signature = () -> "list[str]")]
pub(crate) fn policy_kinds() -> Vec<&'static str> {
    wire::kinds().collect()
}

/// The default policy as Rego: `{"modules": {name: text}, "data": {...}}`, its thresholds being those of `config`.
///
/// Its unit tests come along where the thresholds are the defaults: they are theirs.
#[pyfunction]
#[pyo3(signature = (config: "dict[str, typing.Any] | None" = None) -> "dict[str, typing.Any]")]
pub(crate) fn policy_builtin<'py>(
    py: Python<'py>,
    config: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let config = convert::object_or_empty(config.map(|config| config.as_any()), "config")?;
    let config =
        GateConfig::from_json(&config).map_err(|error| raise(finops::policy::PolicyError::from(error)))?;
    convert::python(py, &builtin::shipped(&config))
}
