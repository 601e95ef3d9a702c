//! Usage from the response bodies of every provider.

use crate::{
    convert::out::{Exact, Texts},
    error::raise,
    lookup::Body,
    usage::PyUsage,
};
use finops::core::usage::{Extracted, UsageError, extract};
use pyo3::{
    exceptions::PyTypeError,
    prelude::*,
    types::{PyByteArray, PyBytes, PyString},
};

/// Reads a dict, an SDK object, or JSON as text or bytes.
pub(crate) fn read(body: &Bound<'_, PyAny>, provider: Option<&str>) -> PyResult<Extracted> {
    if let Ok(text) = body.cast::<PyString>() {
        // Lone surrogates have no UTF-8 form and stand in no JSON text.
        let text = text.to_str().map_err(|_| not_text())?;
        return extract::extract_json(text, provider).map_err(raise);
    }
    if let Ok(bytes) = body.cast::<PyBytes>() {
        return extract::extract_json(bytes.as_bytes(), provider).map_err(raise);
    }
    if let Ok(bytes) = body.cast::<PyByteArray>() {
        return extract::extract_json(bytes.to_vec(), provider).map_err(raise);
    }
    extract::extract(Body(body.clone()), provider).map_err(raise)
}

fn not_text() -> PyErr {
    raise(UsageError::UnknownShape { problem: "text that is not UTF-8".to_owned() })
}

/// What a response body says of its call.
#[pyclass(name = "Extracted", module = "finops", frozen)]
pub(crate) struct PyExtracted(pub(crate) Extracted);

/// One model or pass of a body that names several.
#[pyclass(name = "Part", module = "finops", frozen)]
pub(crate) struct PyPart {
    /// The model of this part; `None`: that of the body.
    #[pyo3(get)]
    model: Option<String>,
    usage: finops::core::usage::Usage,
}

#[pymethods]
impl PyPart {
    /// Its usage.
    #[getter]
    fn usage(&self) -> PyUsage {
        PyUsage(self.usage)
    }

    fn __repr__(&self) -> String {
        format!("Part(model={:?}, total_tokens={})", self.model, self.usage.total_tokens())
    }
}

#[pymethods]
impl PyExtracted {
    /// All tokens of the call.
    #[getter]
    fn usage(&self) -> PyUsage {
        PyUsage(self.0.usage)
    }

    /// The provider, given or recognised.
    #[getter]
    fn provider(&self) -> Option<&str> {
        self.0.provider.as_deref()
    }

    /// The model that the body names.
    #[getter]
    fn model(&self) -> Option<&str> {
        self.0.model.as_deref()
    }

    /// The provider's id of the call.
    #[getter]
    fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// `stop`, `length`, `tool_calls`, `content_filter` or `error`.
    #[getter]
    fn finish(&self) -> Option<&'static str> {
        self.0.finish
    }

    /// The served tier, normalised: `standard`, `batch`, `flex`, `priority`, `provisioned`.
    #[getter]
    fn service_tier(&self) -> Option<&str> {
        self.0.service_tier.as_deref()
    }

    /// The serving region, when it is not the provider's default.
    #[getter]
    fn region(&self) -> Option<&str> {
        self.0.region.as_deref()
    }

    /// The provider's `speed` of the call, when it is not the standard one.
    #[getter]
    fn speed(&self) -> Option<&str> {
        self.0.speed.as_deref()
    }

    /// What the provider says the call cost, in USD.
    #[getter]
    fn reported_cost<'py>(&self, py: Python<'py>) -> PyResult<Option<Exact<'py>>> {
        self.0.reported_cost.map(|usd| Exact::usd(py, usd)).transpose()
    }

    /// How long the provider says it took.
    #[getter]
    fn duration_ms(&self) -> Option<f64> {
        self.0.duration.map(|duration| duration.ms_f64())
    }

    /// Parts to be priced one by one; empty when the whole is one part.
    #[getter]
    fn parts(&self) -> Vec<PyPart> {
        self.0.parts.iter().map(|part| PyPart { model: part.model.clone(), usage: part.usage }).collect()
    }

    /// Whether the call ended; `False` for a stream that broke off.
    #[getter]
    fn complete(&self) -> bool {
        self.0.complete
    }

    /// Codes of whatever was assumed.
    #[getter]
    fn assumptions<'py>(&self, py: Python<'py>) -> PyResult<Texts<'py>> {
        Texts::new(py, self.0.assumptions.iter().map(|a| a.code()))
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.get().0 == self.0)
    }

    fn __repr__(&self) -> String {
        let shown = |text: Option<&str>| text.map_or_else(|| "None".to_owned(), |text| format!("'{text}'"));
        format!(
            "Extracted(provider={}, model={}, total_tokens={}, request_id={}, complete={})",
            shown(self.0.provider.as_deref()),
            shown(self.0.model.as_deref()),
            self.0.usage.total_tokens(),
            shown(self.0.request_id.as_deref()),
            if self.0.complete { "True" } else { "False" },
        )
    }
}

/// Reads the usage of a response: a dict, an SDK object, or JSON as text or bytes.
///
/// `model` stands where the body names none. Raises `UsageError`, never gives a silent zero.
#[pyfunction]
#[pyo3(name = "extract", signature = (body: "typing.Any", *, provider: "str | None" = None, model: "str | None" = None) -> "Extracted")]
pub(crate) fn extract_response(
    body: &Bound<'_, PyAny>,
    provider: Option<&str>,
    model: Option<String>,
) -> PyResult<PyExtracted> {
    if body.is_none() {
        return Err(PyTypeError::new_err("body is None; pass the response"));
    }
    let mut extracted = read(body, provider)?;
    extracted.model = extracted.model.or(model);
    Ok(PyExtracted(extracted))
}
