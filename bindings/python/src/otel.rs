//! OpenTelemetry's names.

use crate::{
    convert::out::AnyMap,
    record::{PyInference, field_value},
};
use finops::telemetry::otel;
use pyo3::{prelude::*, types::PyDict};

/// The OpenTelemetry GenAI attributes of a record; with `aliases` also names that other tools read.
///
/// `gen_ai.usage.input_tokens` is the inclusive prompt count, as the convention demands.
#[pyfunction]
#[pyo3(signature = (record: "InferenceRecord", *, aliases: "bool" = false))]
pub(crate) fn otel_attributes<'py>(
    py: Python<'py>,
    record: &Bound<'py, PyInference>,
    aliases: bool,
) -> PyResult<AnyMap<'py>> {
    let dict = PyDict::new(py);
    for (name, field) in otel::attributes(&record.get().record, aliases) {
        dict.set_item(name, field_value(py, field)?)?;
    }
    Ok(AnyMap(dict.into_any()))
}
