//! The record of one training run.

use super::{KeyIterator, Mapping, Metadata, Restored, metadata_json, object, told_metadata};
use crate::{
    convert::{
        out::{Anything, Exact, Instant, TextMap, Texts},
        time::to_datetime,
    },
    cost::PyCost,
    error::raise,
    frozen::Frozen,
};
use finops::{
    core::{
        cost::{Cost, LineItem, PriceSource, RatePer, Status},
        money::decimal,
        price::Catalogue,
    },
    telemetry::record::{Field, TrainingRecord},
};
use pyo3::{
    exceptions::PyKeyError,
    prelude::*,
    types::{PyDict, PyList, PyType},
};
use std::{
    borrow::Cow,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

/// What one training run cost, used and emitted. Frozen; a mapping like [`InferenceRecord`].
#[pyclass(name = "TrainingRecord", module = "finops", frozen, mapping, weakref)]
pub(crate) struct PyTraining {
    pub(crate) record: Arc<TrainingRecord>,
    pub(crate) metadata: Metadata,
}

impl Mapping for PyTraining {
    const NAME: &'static str = "TrainingRecord";
    const KEYS: &'static [&'static str] = &TrainingRecord::KEYS;

    fn field(&self, key: &str) -> Option<Field<'_>> {
        self.record.field(key)
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}

/// The cost of a run: machine hours, and nothing else.
fn statement(record: &TrainingRecord) -> Cost {
    let amount = Some(record.compute_cost());
    let hours = record.duration_hours_exact().checked_mul(record.gpu_count().into());
    // A run keeps its amount, not its rate: an amount of 1 USD an hour may be the default's.
    let assumed = hours.is_some() && hours == record.compute_cost().to_decimal();
    let seconds = hours.and_then(|hours| hours.checked_mul(3600.into())).unwrap_or_default();
    Cost {
        total: amount,
        input: None,
        output: None,
        compute: amount,
        other: None,
        line_items: vec![LineItem {
            unit: Cow::Borrowed("compute"),
            quantity: seconds,
            rate: None,
            per: RatePer::Hour,
            amount,
            model: None,
        }],
        status: if assumed { Status::Estimated } else { Status::Priced },
        price_source: Some(if assumed { PriceSource::Default } else { PriceSource::Configured }),
        ..Cost::unpriced(&Catalogue::builtin())
    }
}

#[pymethods]
impl PyTraining {
    /// When the run ended, RFC 3339 in UTC with milliseconds.
    #[getter]
    fn timestamp(&self) -> String {
        self.record.at().to_string()
    }

    /// When the run ended, as an aware datetime.
    #[getter]
    fn at<'py>(&self, py: Python<'py>) -> PyResult<Instant<'py>> {
        to_datetime(py, self.record.at()).map(Instant)
    }

    /// The model that was trained.
    #[getter]
    fn model(&self) -> &str {
        self.record.model()
    }

    /// How long it took, in hours.
    #[getter]
    fn duration_hours(&self) -> f64 {
        self.record.duration_hours()
    }

    /// On how many GPUs.
    #[getter]
    fn gpu_count(&self) -> u64 {
        self.record.gpu_count()
    }

    /// Hours times GPUs times the hourly rate, as the nearest float.
    #[getter]
    fn compute_cost_usd(&self) -> f64 {
        self.record.compute_cost().to_f64()
    }

    /// Hours times GPUs times the hourly rate, exactly.
    #[getter]
    fn compute_cost_usd_exact<'py>(&self, py: Python<'py>) -> PyResult<Exact<'py>> {
        Exact::usd(py, self.record.compute_cost())
    }

    /// The cost as a statement of one line; `estimated` at the default rate of 1 USD an hour.
    #[getter]
    fn cost(&self) -> PyCost {
        statement(&self.record).into()
    }

    /// Training runs have no request id.
    #[getter]
    const fn request_id(&self) -> Option<&str> {
        None
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

    /// The object that was given as `metadata`, itself.
    #[getter]
    fn metadata<'py>(&self, py: Python<'py>) -> Anything<'py> {
        Anything(object(py, &self.metadata).unwrap_or_else(|| py.None().into_bound(py)))
    }

    /// The energy estimate: range, tier, method and data.
    #[getter]
    fn energy(&self) -> Frozen {
        Frozen::of(self.record.energy())
    }

    /// The operational carbon estimate.
    #[getter]
    fn carbon(&self) -> Frozen {
        Frozen::of(self.record.carbon())
    }

    /// The tags that the run has.
    #[getter]
    fn tags<'py>(&self, py: Python<'py>) -> PyResult<TextMap<'py>> {
        let dict = PyDict::new(py);
        for (name, value) in self.record.tags() {
            dict.set_item(name, value)?;
        }
        Ok(TextMap(dict.into_any()))
    }

    /// Codes of whatever was assumed about energy and carbon.
    #[getter]
    fn assumptions<'py>(&self, py: Python<'py>) -> PyResult<Texts<'py>> {
        Texts::new(py, self.record.assumptions())
    }

    /// The wire form, `finops.training/1`: exact amounts as text.
    fn to_json(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.record.to_json(metadata_json(py, &self.metadata)?.as_ref()))
    }

    /// Reads the wire form.
    #[staticmethod]
    #[pyo3(signature = (text: "str") -> "TrainingRecord")]
    fn from_json(py: Python<'_>, text: &str) -> PyResult<Self> {
        let (record, metadata) = TrainingRecord::from_json(text).map_err(raise)?;
        Ok(Self { record: Arc::new(record), metadata: told_metadata(py, metadata)? })
    }

    #[staticmethod]
    #[pyo3(signature = (text: "str", metadata: "typing.Any") -> "TrainingRecord")]
    fn _restore(text: &str, metadata: Option<Py<PyAny>>) -> PyResult<Self> {
        let (record, _) = TrainingRecord::from_json(text).map_err(raise)?;
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
        (self.record.at(), self.record.model(), self.record.gpu_count()).hash(&mut hasher);
        hasher.finish()
    }

    fn __repr__(&self) -> String {
        let record = &self.record;
        format!(
            "TrainingRecord({} model='{}', duration_hours={}, gpu_count={}, compute_cost_usd={}, energy_joules={})",
            record.at(),
            record.model(),
            decimal::text(record.duration_hours_exact()),
            record.gpu_count(),
            record.compute_cost(),
            record.energy_joules(),
        )
    }

    fn _repr_html_(&self, py: Python<'_>) -> PyResult<String> {
        self.html(py, "training")
    }
}
