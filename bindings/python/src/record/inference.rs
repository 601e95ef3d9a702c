//! The record of one inference.

use super::{KeyIterator, Mapping, Metadata, Restored, metadata_json, object, told_metadata};
use crate::{
    convert::{
        out::{Anything, Exact, Instant, TextMap, Texts},
        time::to_datetime,
    },
    cost::PyCost,
    error::raise,
    frozen::Frozen,
    usage::PyUsage,
};
use finops::{
    core::money::Picodollars,
    telemetry::record::{Field, InferenceRecord},
};
use pyo3::{
    exceptions::PyKeyError,
    prelude::*,
    types::{PyDict, PyList, PyType},
};
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

/// What one inference cost, used and emitted. Frozen.
///
/// A mapping of JSON-ready values (`record["unit_cost_usd"]`, `dict(record)`, `**record`), with the exact side as
/// attributes: `record.cost.total` is a `Decimal`.
#[pyclass(name = "InferenceRecord", module = "finops", frozen, mapping, weakref)]
pub(crate) struct PyInference {
    pub(crate) record: Arc<InferenceRecord>,
    pub(crate) metadata: Metadata,
}

impl Mapping for PyInference {
    const NAME: &'static str = "InferenceRecord";
    const KEYS: &'static [&'static str] = &InferenceRecord::KEYS;

    fn field(&self, key: &str) -> Option<Field<'_>> {
        self.record.field(key)
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}

fn usd(amount: Option<Picodollars>) -> Option<f64> {
    amount.map(Picodollars::to_f64)
}

#[pymethods]
impl PyInference {
    /// When the call ended, RFC 3339 in UTC with milliseconds.
    #[getter]
    fn timestamp(&self) -> String {
        self.record.at().to_string()
    }

    /// When the call ended, as an aware datetime.
    #[getter]
    fn at<'py>(&self, py: Python<'py>) -> PyResult<Instant<'py>> {
        to_datetime(py, self.record.at()).map(Instant)
    }

    /// The model, as the response named it.
    #[getter]
    fn model(&self) -> &str {
        self.record.model()
    }

    /// The model that was asked for, when another.
    #[getter]
    fn requested_model(&self) -> Option<&str> {
        self.record.requested_model()
    }

    /// Who served it.
    #[getter]
    fn provider(&self) -> Option<&str> {
        self.record.provider()
    }

    /// Uncached text of the prompt: the disjoint `input`.
    #[getter]
    fn input_tokens(&self) -> u64 {
        self.record.input_tokens()
    }

    /// Text produced, reasoning included.
    #[getter]
    fn output_tokens(&self) -> u64 {
        self.record.output_tokens()
    }

    /// All tokens of prompt and completion.
    #[getter]
    fn total_tokens(&self) -> u64 {
        self.record.total_tokens()
    }

    /// How long the call took; `None` when not known.
    #[getter]
    fn duration_ms(&self) -> Option<f64> {
        self.record.duration_ms()
    }

    /// The prompt's cost as the nearest float; exactly: `record.cost.input`.
    #[getter]
    fn input_cost_usd(&self) -> Option<f64> {
        usd(self.record.input_cost())
    }

    /// The completion's cost as the nearest float; exactly: `record.cost.output`.
    #[getter]
    fn output_cost_usd(&self) -> Option<f64> {
        usd(self.record.output_cost())
    }

    /// The cost of the time it took as the nearest float; exactly: `record.cost.compute`.
    #[getter]
    fn compute_cost_usd(&self) -> Option<f64> {
        usd(self.record.compute_cost())
    }

    /// The sum of all lines as the nearest float; exactly: `record.cost.total`.
    #[getter]
    fn unit_cost_usd(&self) -> Option<f64> {
        usd(self.record.unit_cost())
    }

    /// Energy at the facility, as the nearest float.
    #[getter]
    fn energy_joules(&self) -> f64 {
        self.record.energy_joules()
    }

    /// Energy at the facility, exactly.
    #[getter]
    fn energy_joules_exact<'py>(&self, py: Python<'py>) -> PyResult<Exact<'py>> {
        Exact::new(py, &self.record.energy_joules_text())
    }

    /// Operational carbon, as the nearest float.
    #[getter]
    fn carbon_kg(&self) -> f64 {
        self.record.carbon_kg()
    }

    /// Operational carbon, exactly.
    #[getter]
    fn carbon_kg_exact<'py>(&self, py: Python<'py>) -> PyResult<Exact<'py>> {
        Exact::new(py, &self.record.carbon_kg_text())
    }

    /// Grams of CO2e per kilowatt-hour that the record was made with.
    #[getter]
    fn carbon_intensity_g_per_kwh(&self) -> f64 {
        self.record.carbon_intensity()
    }

    /// Grams of CO2e per kilowatt-hour, exactly.
    #[getter]
    fn carbon_intensity_g_per_kwh_exact<'py>(&self, py: Python<'py>) -> PyResult<Exact<'py>> {
        Exact::number(py, self.record.carbon_intensity_exact())
    }

    /// The object that was given as `metadata`, itself.
    #[getter]
    fn metadata<'py>(&self, py: Python<'py>) -> Anything<'py> {
        Anything(object(py, &self.metadata).unwrap_or_else(|| py.None().into_bound(py)))
    }

    /// The cost: exact amounts, lines, and what was assumed.
    #[getter]
    fn cost(&self) -> PyCost {
        PyCost::of(Arc::clone(&self.record))
    }

    /// Every token and counter, in buckets that never overlap.
    #[getter]
    fn usage(&self) -> PyUsage {
        PyUsage(self.record.usage())
    }

    /// The energy estimate: range, tier, method and data.
    #[getter]
    fn energy(&self) -> Frozen {
        Frozen::of(self.record.energy())
    }

    /// The operational carbon estimate, with embodied carbon and water where known.
    #[getter]
    fn carbon(&self) -> Frozen {
        Frozen::of(self.record.carbon())
    }

    /// How sure the price is: `priced`, `estimated`, `provider_reported` or `unpriced`.
    #[getter]
    fn status(&self) -> &'static str {
        self.record.status().name()
    }

    /// Which price won: `custom`, `configured`, `provider`, `catalogue` or `default`.
    #[getter]
    fn price_source(&self) -> Option<&'static str> {
        self.record.price_source().map(|source| source.name())
    }

    /// The tags that the call has.
    #[getter]
    fn tags<'py>(&self, py: Python<'py>) -> PyResult<TextMap<'py>> {
        let dict = PyDict::new(py);
        for (name, value) in self.record.tags() {
            dict.set_item(name, value)?;
        }
        Ok(TextMap(dict.into_any()))
    }

    /// The id that the caller or the provider gave the call.
    #[getter]
    fn request_id(&self) -> Option<&str> {
        self.record.request_id()
    }

    /// Why the model stopped: `stop`, `length`, `tool_calls`, `content_filter` or `error`.
    #[getter]
    fn finish(&self) -> Option<&'static str> {
        self.record.finish()
    }

    /// How the call ended: `ok`, `error` or `cancelled`.
    #[getter]
    fn outcome(&self) -> &'static str {
        self.record.outcome().name()
    }

    /// Whether the response was complete; `False` for a stream that broke off.
    #[getter]
    fn complete(&self) -> bool {
        self.record.complete()
    }

    /// The served tier, when it was told.
    #[getter]
    fn service_tier(&self) -> Option<&str> {
        self.record.service_tier()
    }

    /// The serving region, when it was told.
    #[getter]
    fn region(&self) -> Option<&str> {
        self.record.region()
    }

    /// Codes of whatever was assumed: usage and price, then energy and carbon.
    #[getter]
    fn assumptions<'py>(&self, py: Python<'py>) -> PyResult<Texts<'py>> {
        Texts::new(py, self.record.assumptions())
    }

    /// The wire form, `finops.inference/1`: exact amounts as text.
    fn to_json(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.record.to_json(metadata_json(py, &self.metadata)?.as_ref()))
    }

    /// Reads the wire form.
    #[staticmethod]
    #[pyo3(signature = (text: "str") -> "InferenceRecord")]
    fn from_json(py: Python<'_>, text: &str) -> PyResult<Self> {
        let (record, metadata) = InferenceRecord::from_json(text).map_err(raise)?;
        Ok(Self { record: Arc::new(record), metadata: told_metadata(py, metadata)? })
    }

    #[staticmethod]
    #[pyo3(signature = (text: "str", metadata: "typing.Any") -> "InferenceRecord")]
    fn _restore(text: &str, metadata: Option<Py<PyAny>>) -> PyResult<Self> {
        let (record, _) = InferenceRecord::from_json(text).map_err(raise)?;
        Ok(Self { record: Arc::new(record), metadata: metadata.map(Arc::new) })
    }

    #[pyo3(signature = () -> "tuple[typing.Any, ...]")]
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Restored<'py>> {
        let restore = PyType::new::<Self>(py).getattr("_restore")?;
        Ok((restore, (self.record.to_json(None), object(py, &self.metadata))))
    }

    fn __getitem__<'py>(&self, py: Python<'py>, key: &str) -> PyResult<Anything<'py>> {
        self.item(py, key)?.map(Anything).ok_or_else(|| PyKeyError::new_err(key.to_owned()))
    }

    /// The value of `key`, else `default`.
    #[pyo3(signature = (key: "str", default: "typing.Any" = None) -> "typing.Any")]
    fn get<'py>(
        &self,
        py: Python<'py>,
        key: &str,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(self.item(py, key)?.or(default))
    }

    fn __len__(&self) -> usize {
        self.all_keys().count()
    }

    fn __contains__(&self, key: &Bound<'_, PyAny>) -> bool {
        key.extract::<String>().is_ok_and(|key| self.all_keys().any(|known| known == key))
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<KeyIterator<'py>> {
        self.keys(py)?.try_iter().map(KeyIterator)
    }

    /// The keys, in order.
    #[pyo3(signature = () -> "list[str]")]
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, self.all_keys().collect::<Vec<_>>())
    }

    /// The values, in order of the keys.
    #[pyo3(signature = () -> "list[typing.Any]")]
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        Ok(self.all_items(py)?.into_iter().map(|(_, item)| item).collect())
    }

    /// Pairs of key and value.
    #[pyo3(signature = () -> "list[tuple[str, typing.Any]]")]
    fn items<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        self.all_items(py)
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        if let Ok(other) = other.cast::<Self>() {
            let other = other.get();
            let same = Arc::ptr_eq(&self.record, &other.record) || *self.record == *other.record;
            return Ok(same && self.same_metadata(py, other)?);
        }
        self.as_dict(py)?.as_any().eq(other)
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.record.at(), self.record.model(), self.record.usage()).hash(&mut hasher);
        hasher.finish()
    }

    fn __repr__(&self) -> String {
        let record = &self.record;
        let cost = record.unit_cost().map_or_else(|| "None".to_owned(), |usd| usd.to_string());
        format!(
            "InferenceRecord({} model='{}', total_tokens={}, unit_cost_usd={cost}, energy_joules={}, status='{}')",
            record.at(),
            record.model(),
            record.total_tokens(),
            record.energy_joules(),
            record.status().name(),
        )
    }

    fn _repr_html_(&self, py: Python<'_>) -> PyResult<String> {
        self.html(py, self.record.status().name())
    }
}
