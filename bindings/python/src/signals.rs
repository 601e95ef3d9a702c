//! Waste in single calls.

use crate::{
    convert::{
        json,
        out::{AnyMap, Anything, Exact, Instant},
        time::to_datetime,
    },
    error::raise,
    record::{KeyIterator, PyInference},
};
use finops::core::{
    error::ConfigError,
    price::Catalogue,
    waste::ai::calls::{CallFact, CallSignal, SignalConfig, signals},
};
use pyo3::{
    exceptions::{PyKeyError, PyValueError},
    prelude::*,
    types::{PyDict, PyList},
};
use serde_json::{Map, Value};

/// One sign of waste in calls to language models. Frozen; a mapping of its wire form.
#[pyclass(name = "CallSignal", module = "finops", frozen, mapping)]
pub(crate) struct PyCallSignal(CallSignal);

impl PyCallSignal {
    fn dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let wire = serde_json::to_value(&self.0).map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok(json::to_python(py, &wire)?.cast_into()?)
    }
}

#[pymethods]
impl PyCallSignal {
    /// `call.failed`, `call.retry`, `call.truncated`, `call.loop`, `call.repeated`, `call.uncached_prefix`,
    /// `call.cheaper_model`, `call.batch_eligible` or `call.unpriced`.
    #[getter]
    fn r#type(&self) -> &'static str {
        self.0.r#type.name()
    }

    /// The ids of the calls: request ids, else places in the list.
    #[getter]
    fn calls(&self) -> Vec<String> {
        self.0.calls.clone()
    }

    /// When the first call was made.
    #[getter]
    fn start<'py>(&self, py: Python<'py>) -> PyResult<Instant<'py>> {
        to_datetime(py, self.0.window.start).map(Instant)
    }

    /// When the last call was made.
    #[getter]
    fn end<'py>(&self, py: Python<'py>) -> PyResult<Instant<'py>> {
        to_datetime(py, self.0.window.end).map(Instant)
    }

    /// What could have been saved; `None` where it cannot be said.
    #[getter]
    fn saving_usd<'py>(&self, py: Python<'py>) -> PyResult<Option<Exact<'py>>> {
        self.0.saving_usd.map(|usd| Exact::usd(py, usd)).transpose()
    }

    /// How sure, from 0 to 1.
    #[getter]
    fn confidence<'py>(&self, py: Python<'py>) -> PyResult<Exact<'py>> {
        Exact::number(py, self.0.confidence)
    }

    /// The cheaper model, where one is named.
    #[getter]
    fn to(&self) -> Option<&str> {
        self.0.to.as_deref()
    }

    /// What it rests on.
    #[getter]
    fn evidence<'py>(&self, py: Python<'py>) -> PyResult<AnyMap<'py>> {
        let evidence: Map<String, Value> =
            self.0.evidence.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        json::to_python(py, &Value::Object(evidence)).map(AnyMap)
    }

    /// The wire form.
    fn to_json(&self) -> PyResult<String> {
        serde_json::to_string(&self.0).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    fn __getitem__<'py>(&self, py: Python<'py>, key: &str) -> PyResult<Anything<'py>> {
        let found = self.dict(py)?.get_item(key)?;
        found.map(Anything).ok_or_else(|| PyKeyError::new_err(key.to_owned()))
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

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        match other.cast::<Self>() {
            Ok(other) => Ok(other.get().0 == self.0),
            Err(_) => self.dict(py)?.as_any().eq(other),
        }
    }

    fn __hash__(&self) -> PyResult<u64> {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        self.to_json()?.hash(&mut hasher);
        Ok(hasher.finish())
    }

    fn __repr__(&self) -> String {
        let saving = self.0.saving_usd.map_or_else(|| "None".to_owned(), |usd| usd.to_string());
        format!("CallSignal('{}', calls={}, saving_usd={saving})", self.0.r#type.name(), self.0.calls.len())
    }
}

fn fact(place: usize, record: &Bound<'_, PyAny>) -> PyResult<Option<CallFact>> {
    if let Ok(record) = record.cast::<PyInference>() {
        return Ok(Some(record.get().record.call_fact(place)));
    }
    if record.is_instance_of::<crate::record::PyTraining>() {
        return Ok(None);
    }
    let mut fields = json::from_python(record)?;
    if let Value::Object(fields) = &mut fields {
        // An absent id is the place in the list.
        fields.entry("id").or_insert_with(|| Value::from(place.to_string()));
    }
    serde_json::from_value(fields).map(Some).map_err(|error| {
        let help = "give inference records, or mappings with the fields of a call";
        raise(ConfigError {
            name: format!("records[{place}]"),
            value: error.to_string(),
            problem: "not a call",
            help,
        })
    })
}

/// What an inventory of AI workloads keeps of records, as JSON text; those of training runs are left out.
#[pyfunction]
#[pyo3(signature = (
    records: "collections.abc.Iterable[InferenceRecord | TrainingRecord | collections.abc.Mapping[str, typing.Any]]"
) -> "str")]
pub(crate) fn call_facts(records: &Bound<'_, PyAny>) -> PyResult<String> {
    let mut facts = Vec::new();
    for (place, record) in records.try_iter()?.enumerate() {
        facts.extend(fact(place, &record?)?);
    }
    serde_json::to_string(&facts).map_err(|error| PyValueError::new_err(error.to_string()))
}

/// Signs of waste in calls: failures, retries, truncations, loops, repeats, uncached prefixes, dearer models.
///
/// `records` are inference records or mappings; `candidates` names cheaper models to compare with, by model.
#[pyfunction]
#[pyo3(signature = (
    records: "collections.abc.Iterable[InferenceRecord | TrainingRecord | collections.abc.Mapping[str, typing.Any]]", *,
    candidates: "collections.abc.Mapping[str, collections.abc.Sequence[str]] | None" = None,
    config: "collections.abc.Mapping[str, int] | None" = None,
) -> "list[CallSignal]")]
pub(crate) fn call_signals(
    py: Python<'_>,
    records: &Bound<'_, PyAny>,
    candidates: Option<&Bound<'_, PyAny>>,
    config: Option<&Bound<'_, PyAny>>,
) -> PyResult<Vec<PyCallSignal>> {
    let mut facts = Vec::new();
    for (place, record) in records.try_iter()?.enumerate() {
        facts.extend(fact(place, &record?)?);
    }
    let mut fields = match config.map(json::from_python).transpose()? {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    if let Some(candidates) = candidates {
        fields.insert("candidates".to_owned(), json::from_python(candidates)?);
    }
    let config: SignalConfig = serde_json::from_value(Value::Object(fields)).map_err(|error| {
        let help = "see `SignalConfig`: retry_s, continuation_s, loop_calls and the like";
        raise(ConfigError {
            name: "config".to_owned(),
            value: error.to_string(),
            problem: "not a setting",
            help,
        })
    })?;
    let found = py.detach(|| signals(&facts, &config, &Catalogue::builtin()));
    Ok(found.into_iter().map(PyCallSignal).collect())
}
