//! `finops.carbon`: every computation of the engine by name, its fields as keywords.

use crate::{convert::json, error::raise, frozen::Frozen};
use finops::core::carbon::wire;
use pyo3::{prelude::*, types::PyDict};
use serde_json::{Map, Value};

/// Computes `kind` from its input fields; the functions of `finops.carbon` call it.
///
/// Absent and `None` are the same. Numbers may be `Decimal`, `int`, `float` or decimal text.
#[pyfunction]
#[pyo3(signature = (kind: "str", fields: "dict[str, typing.Any]") -> "Result")]
pub(crate) fn carbon_call(py: Python<'_>, kind: &str, fields: &Bound<'_, PyDict>) -> PyResult<Frozen> {
    let mut input = Map::new();
    for (key, value) in fields {
        if !value.is_none() {
            input.insert(key.extract()?, json::from_python(&value)?);
        }
    }
    let input = Value::Object(input);
    let result = py.detach(|| wire::call(kind, &input)).map_err(raise)?;
    Ok(Frozen::of(result))
}

/// The names of every computation.
#[pyfunction]
#[pyo3(signature = () -> "list[str]")]
pub(crate) fn carbon_kinds() -> Vec<&'static str> {
    wire::kinds().collect()
}
