//! `ResourceMonitor`: arguments in, frozen records out; the clock, the environment and the sink thread.

mod batch;
mod entry;
mod options;
mod said;
mod sink;
mod tags;
mod values;

pub(crate) use batch::{Owned, PyBatchResult};
pub(crate) use said::{duration, outcome};
pub(crate) use values::{PyConfigValue, PyStats};

use crate::{
    arrow::PyArrowTable,
    budget::{PyReservation, ttl_ms},
    convert::{
        json,
        number::{count, count_or_zero, duration_hours, rate, shown},
        out::AnyMap,
        time::{instant, now},
    },
    cost::PyCost,
    error::raise,
    extracted,
    model_price::PyModelPrice,
    record::{PyInference, PyTraining, to_object},
    stream_meter::PyStreamMeter,
    summary::PySummaryRow,
    usage::PyUsage,
};
use finops::{
    core::{carbon::wire, error::ConfigError, time::Timestamp, usage::UsageError},
    telemetry::monitor::{
        Filter, Given, InferenceCall, MonitorConfig, Plan, ResourceMonitor, Setting, Tags, TrainingCall,
    },
};
use pyo3::{
    exceptions::{PyRuntimeError, PyTypeError},
    prelude::*,
    types::{PyDict, PyString},
};
use said::{Rare, Said, given, model_name, reservation_id};
use std::sync::{Arc, Mutex, PoisonError};

/// Meters every inference and training run: exact cost, energy and carbon of each, exact totals of all.
///
/// Safe to share between threads and tasks. Reads the environment once, here; a constructor argument wins over it.
///
/// >>> monitor = finops.ResourceMonitor()
/// >>> record = monitor.log_inference("gpt-4o-mini", 30, 0, 5)
/// >>> record.cost.total
/// Decimal('0.0000045')
#[pyclass(name = "ResourceMonitor", module = "finops", frozen, weakref)]
pub(crate) struct PyMonitor {
    pub(crate) inner: Arc<ResourceMonitor<Py<PyAny>>>,
    keys: tags::TagKeys,
    clock: Option<Py<PyAny>>,
    sink: sink::Sink,
    thread: Mutex<Option<Py<PyAny>>>,
}

impl PyMonitor {
    #[inline]
    pub(crate) fn at(&self, value: Option<&Bound<'_, PyAny>>, py: Python<'_>) -> PyResult<Timestamp> {
        if value.is_none() && self.clock.is_none() { Ok(now()) } else { self.told_at(value, py) }
    }

    #[inline(never)]
    fn told_at(&self, value: Option<&Bound<'_, PyAny>>, py: Python<'_>) -> PyResult<Timestamp> {
        match (value, &self.clock) {
            (Some(value), _) => instant(value, "at"),
            (None, Some(clock)) => instant(&clock.bind(py).call0()?, "clock"),
            (None, None) => Ok(now()),
        }
    }

    #[inline]
    pub(crate) fn tags(&self, metadata: Option<&Bound<'_, PyAny>>) -> Tags {
        match metadata {
            None => Tags::default(),
            Some(metadata) => self.keys.collect(metadata),
        }
    }

    #[inline]
    pub(crate) fn log(
        &self,
        call: &InferenceCall<'_>,
        metadata: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<PyInference> {
        let payload = metadata.map(|object| object.clone().unbind());
        let logged = self.inner.log(call, payload).map_err(raise)?;
        Ok(PyInference { record: logged.record, metadata: logged.payload })
    }

    fn number(&self, setting: Setting) -> f64 {
        finops::core::money::decimal::to_f64(self.inner.setting(setting))
    }

    fn assign(&self, setting: Setting, value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.inner.set(setting, rate(value, setting.name())?).map_err(raise)
    }
}

#[pymethods]
impl PyMonitor {
    /// Every argument is optional; an environment variable of the same name in capitals stands behind the first five.
    #[new]
    #[pyo3(signature = (
        *, cost_per_1k_input_tokens: "decimal.Decimal | int | float | str | None" = None,
        cost_per_1k_output_tokens: "decimal.Decimal | int | float | str | None" = None,
        compute_cost_per_hour: "decimal.Decimal | int | float | str | None" = None,
        energy_wh_per_1k_tokens: "decimal.Decimal | int | float | str | None" = None,
        carbon_intensity_g_per_kwh: "decimal.Decimal | int | float | str | None" = None,
        gpu_power_kw: "decimal.Decimal | int | float | str | None" = None,
        cost_per_1k_cached_input_tokens: "decimal.Decimal | int | float | str | None" = None,
        models: "collections.abc.Iterable[ModelPrice] | None" = None,
        prices: "Catalogue | None" = None,
        use_catalogue: "bool | None" = None,
        strict: "bool | None" = None,
        tags: "collections.abc.Iterable[str] | None" = None,
        tag_aliases: "collections.abc.Mapping[str, str] | None" = None,
        max_records: "typing.SupportsIndex | None" = None,
        max_groups: "typing.SupportsIndex | None" = None,
        max_unknown_models: "typing.SupportsIndex | None" = None,
        budgets: "Budgets | None" = None,
        energy_method: "typing.Literal['flat', 'auto', 'parameters', 'ecologits'] | None" = None,
        energy_boundary: "typing.Literal['facility', 'it'] | None" = None,
        wh_per_1k: "collections.abc.Mapping[str, typing.Any] | str | None" = None,
        region: "str | None" = None,
        pue: "typing.Any" = None,
        grid: "typing.Any" = None,
        model_params: "collections.abc.Mapping[str, typing.Any] | None" = None,
        batch: "typing.Any" = None,
        bits: "typing.Any" = None,
        wue_datacentre: "typing.Any" = None,
        wue_grid: "typing.Any" = None,
        on_unknown: "typing.Literal['error', 'world'] | None" = None,
        clock: "collections.abc.Callable[[], datetime.datetime | str | int | float] | None" = None,
        env: "collections.abc.Mapping[str, str] | None" = None,
    ))]
    #[expect(clippy::too_many_arguments, reason = "keywords of a constructor")]
    fn new(
        py: Python<'_>,
        cost_per_1k_input_tokens: Option<Bound<'_, PyAny>>,
        cost_per_1k_output_tokens: Option<Bound<'_, PyAny>>,
        compute_cost_per_hour: Option<Bound<'_, PyAny>>,
        energy_wh_per_1k_tokens: Option<Bound<'_, PyAny>>,
        carbon_intensity_g_per_kwh: Option<Bound<'_, PyAny>>,
        gpu_power_kw: Option<Bound<'_, PyAny>>,
        cost_per_1k_cached_input_tokens: Option<Bound<'_, PyAny>>,
        models: Option<Bound<'_, PyAny>>,
        prices: Option<Bound<'_, PyAny>>,
        use_catalogue: Option<Bound<'_, PyAny>>,
        strict: Option<Bound<'_, PyAny>>,
        tags: Option<Bound<'_, PyAny>>,
        tag_aliases: Option<Bound<'_, PyAny>>,
        max_records: Option<Bound<'_, PyAny>>,
        max_groups: Option<Bound<'_, PyAny>>,
        max_unknown_models: Option<Bound<'_, PyAny>>,
        budgets: Option<Bound<'_, PyAny>>,
        energy_method: Option<Bound<'_, PyAny>>,
        energy_boundary: Option<Bound<'_, PyAny>>,
        wh_per_1k: Option<Bound<'_, PyAny>>,
        region: Option<Bound<'_, PyAny>>,
        pue: Option<Bound<'_, PyAny>>,
        grid: Option<Bound<'_, PyAny>>,
        model_params: Option<Bound<'_, PyAny>>,
        batch: Option<Bound<'_, PyAny>>,
        bits: Option<Bound<'_, PyAny>>,
        wue_datacentre: Option<Bound<'_, PyAny>>,
        wue_grid: Option<Bound<'_, PyAny>>,
        on_unknown: Option<Bound<'_, PyAny>>,
        clock: Option<Bound<'_, PyAny>>,
        env: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        // Not when the module is made: its stub would say that nobody knows what is in it.
        entry::install(py)?;
        let arguments = [
            ("cost_per_1k_input_tokens", cost_per_1k_input_tokens),
            ("cost_per_1k_output_tokens", cost_per_1k_output_tokens),
            ("compute_cost_per_hour", compute_cost_per_hour),
            ("energy_wh_per_1k_tokens", energy_wh_per_1k_tokens),
            ("carbon_intensity_g_per_kwh", carbon_intensity_g_per_kwh),
            ("gpu_power_kw", gpu_power_kw),
            ("cost_per_1k_cached_input_tokens", cost_per_1k_cached_input_tokens),
            ("models", models),
            ("prices", prices),
            ("use_catalogue", use_catalogue),
            ("strict", strict),
            ("tags", tags),
            ("tag_aliases", tag_aliases),
            ("max_records", max_records),
            ("max_groups", max_groups),
            ("max_unknown_models", max_unknown_models),
            ("budgets", budgets),
            ("energy_method", energy_method),
            ("energy_boundary", energy_boundary),
            ("wh_per_1k", wh_per_1k),
            ("region", region),
            ("pue", pue),
            ("grid", grid),
            ("model_params", model_params),
            ("batch", batch),
            ("bits", bits),
            ("wue_datacentre", wue_datacentre),
            ("wue_grid", wue_grid),
            ("on_unknown", on_unknown),
        ];
        let options = options::read(arguments)?;
        let variable = |name: &str| match &env {
            Some(env) => env.get_item(name).ok()?.extract::<String>().ok(),
            None => std::env::var_os(name).map(|text| text.to_string_lossy().into_owned()),
        };
        let config = MonitorConfig::new(options, variable).map_err(raise)?;
        let inner = ResourceMonitor::new(config).map_err(raise)?;
        let keys = tags::TagKeys::new(py, Arc::clone(inner.tag_schema()));
        Ok(Self {
            inner: Arc::new(inner),
            keys,
            clock: clock.map(Bound::unbind),
            sink: sink::Sink::default(),
            thread: Mutex::new(None),
        })
    }

    /// Logs an inference and returns its record.
    ///
    /// Token counts are disjoint: `input_tokens` excludes cached tokens. `metadata` is kept by reference. A known
    /// `request_id` with the same usage returns the first record. Raises `UsageError` for counts, durations and names
    /// that are none; then nothing is recorded.
    #[pyo3(signature = (
        model: "str", input_tokens: "typing.SupportsIndex", output_tokens: "typing.SupportsIndex", duration_ms: "float | int | decimal.Decimal | None",
        metadata: "typing.Any" = None, *, provider: "str | None" = None, usage: "Usage | None" = None,
        cache_read_tokens: "typing.SupportsIndex | None" = None, cache_write_tokens: "typing.SupportsIndex | None" = None,
        cache_write_1h_tokens: "typing.SupportsIndex | None" = None, reasoning_tokens: "typing.SupportsIndex | None" = None,
        service_tier: "str | None" = None, region: "str | None" = None, request_id: "str | None" = None,
        outcome: "typing.Literal['ok', 'error', 'cancelled'] | None" = None, finish: "str | None" = None,
        trace: "collections.abc.Mapping[str, typing.Any] | None" = None,
        at: "datetime.datetime | str | int | float | None" = None,
        reservation: "Reservation | str | None" = None,
    ) -> "InferenceRecord")]
    #[expect(clippy::too_many_arguments, reason = "keywords of a call")]
    fn log_inference<'py>(
        &self,
        py: Python<'py>,
        model: &Bound<'py, PyAny>,
        input_tokens: &Bound<'py, PyAny>,
        output_tokens: &Bound<'py, PyAny>,
        duration_ms: Option<&Bound<'py, PyAny>>,
        metadata: Option<&Bound<'py, PyAny>>,
        provider: Option<&str>,
        usage: Option<&Bound<'py, PyUsage>>,
        cache_read_tokens: Option<&Bound<'py, PyAny>>,
        cache_write_tokens: Option<&Bound<'py, PyAny>>,
        cache_write_1h_tokens: Option<&Bound<'py, PyAny>>,
        reasoning_tokens: Option<&Bound<'py, PyAny>>,
        service_tier: Option<&str>,
        region: Option<&str>,
        request_id: Option<&str>,
        outcome: Option<&str>,
        finish: Option<&str>,
        trace: Option<&Bound<'py, PyAny>>,
        at: Option<&Bound<'py, PyAny>>,
        reservation: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<PyInference> {
        let said = Said {
            duration_ms,
            metadata,
            provider,
            cache_read_tokens,
            cache_write_tokens,
            reasoning_tokens,
            outcome,
            at,
            ..Said::new(model, input_tokens, output_tokens)
        };
        let rare = Rare {
            usage,
            cache_write_1h_tokens,
            service_tier,
            region,
            request_id,
            finish,
            trace,
            reservation,
        };
        if rare.is_empty() { self.log_said(py, &said) } else { self.log_in_full(py, &said, &rare) }
    }

    /// Logs what a response body says: a dict, an SDK object, or JSON as text or bytes.
    ///
    /// The body's model is recorded; `model` is the requested one, priced where the body names none. Raises `UsageError`
    /// for a body without usage, never records a silent zero.
    #[pyo3(signature = (
        response: "typing.Any", *, provider: "str | None" = None, model: "str | None" = None,
        duration_ms: "float | int | decimal.Decimal | None" = None, metadata: "typing.Any" = None,
        service_tier: "str | None" = None, region: "str | None" = None, request_id: "str | None" = None,
        outcome: "typing.Literal['ok', 'error', 'cancelled'] | None" = None,
        trace: "collections.abc.Mapping[str, typing.Any] | None" = None,
        at: "datetime.datetime | str | int | float | None" = None,
        reservation: "Reservation | str | None" = None,
    ) -> "InferenceRecord")]
    #[expect(clippy::too_many_arguments, reason = "keywords of a call")]
    fn log_response<'py>(
        &self,
        py: Python<'py>,
        response: &Bound<'py, PyAny>,
        provider: Option<&str>,
        model: Option<&str>,
        duration_ms: Option<&Bound<'py, PyAny>>,
        metadata: Option<&Bound<'py, PyAny>>,
        service_tier: Option<&str>,
        region: Option<&str>,
        request_id: Option<&str>,
        outcome: Option<&str>,
        trace: Option<&Bound<'py, PyAny>>,
        at: Option<&Bound<'py, PyAny>>,
        reservation: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<PyInference> {
        let duration = said::duration(duration_ms)?;
        let (outcome, trace, at) = (said::outcome(outcome)?, said::trace(trace)?, self.at(at, py)?);
        let reservation = reservation.map(reservation_id).transpose()?;
        let body = extracted::read(response, provider)?;
        let metadata = given(metadata);
        let said = Given { provider, model, duration, service_tier, region, request_id };
        let call = InferenceCall::from_extracted(&body, &said, at).map_err(raise)?;
        let call = InferenceCall {
            outcome,
            trace,
            tags: self.tags(metadata),
            reservation: reservation.as_deref(),
            ..call
        };
        self.log(&call, metadata)
    }

    /// Logs a training run: hours times GPUs times the hourly rate.
    #[pyo3(signature = (
        model: "str", duration_hours: "float | int | decimal.Decimal", gpu_count: "typing.SupportsIndex | None" = None,
        metadata: "typing.Any" = None, *, gpu_power_kw: "decimal.Decimal | int | float | str | None" = None,
        at: "datetime.datetime | str | int | float | None" = None,
    ) -> "TrainingRecord")]
    #[expect(clippy::too_many_arguments, reason = "keywords of a call")]
    fn log_training<'py>(
        &self,
        py: Python<'py>,
        model: &Bound<'py, PyAny>,
        duration_hours: &Bound<'py, PyAny>,
        gpu_count: Option<&Bound<'py, PyAny>>,
        metadata: Option<&Bound<'py, PyAny>>,
        gpu_power_kw: Option<&Bound<'py, PyAny>>,
        at: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<PyTraining> {
        let gpus = match gpu_count {
            None => 1,
            Some(value) => count(value, "gpu_count").map_err(|_| {
                raise(UsageError::InvalidGpuCount { path: "gpu_count".to_owned(), value: shown(value) })
            })?,
        };
        let hours = self::duration_hours(duration_hours, "duration_hours")?;
        let metadata = given(metadata);
        let call = TrainingCall {
            gpu_power_kw: gpu_power_kw.map(|kw| rate(kw, "gpu_power_kw")).transpose()?,
            tags: self.tags(metadata),
            ..TrainingCall::new(model_name(model)?, hours, gpus, self.at(at, py)?)
        };
        let payload = metadata.map(|object| Arc::new(object.clone().unbind()));
        let record =
            self.inner.log_training(&call, metadata.map(|object| object.clone().unbind())).map_err(raise)?;
        Ok(PyTraining { record, metadata: payload })
    }

    /// Meters a streamed response: `push` its events, or `wrap` its iterator; `finish` logs the call.
    #[pyo3(signature = (
        provider: "str | None" = None, *, model: "str | None" = None, request_id: "str | None" = None,
        metadata: "typing.Any" = None,
    ) -> "StreamMeter")]
    fn stream(
        slf: Bound<'_, Self>,
        provider: Option<&str>,
        model: Option<&str>,
        request_id: Option<&str>,
        metadata: Option<Bound<'_, PyAny>>,
    ) -> PyStreamMeter {
        let metadata = metadata.filter(|object| !object.is_none()).map(Bound::unbind);
        PyStreamMeter::new(slf.unbind(), provider, model, request_id, metadata)
    }

    /// Logs many calls at once, in columns: buffers (NumPy, `array`), sequences or Arrow. A batch makes totals, no records.
    ///
    /// `model` is one name or a column of names. A bad row is reported in `errors`, and the others are logged.
    #[pyo3(signature = (
        model: "str | collections.abc.Iterable[str] | typing.Any", input_tokens: "typing.Any",
        output_tokens: "typing.Any", duration_ms: "typing.Any" = None, *, provider: "str | None" = None,
        at: "datetime.datetime | str | int | float | None" = None,
    ) -> "BatchResult")]
    #[expect(clippy::too_many_arguments, reason = "keywords of a call")]
    fn log_batch(
        &self,
        py: Python<'_>,
        model: &Bound<'_, PyAny>,
        input_tokens: &Bound<'_, PyAny>,
        output_tokens: &Bound<'_, PyAny>,
        duration_ms: Option<&Bound<'_, PyAny>>,
        provider: Option<&str>,
        at: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<PyBatchResult> {
        self.batch(py, model, [input_tokens, output_tokens], duration_ms, provider, self.at(at, py)?)
    }

    /// What a call would cost at most, before it is made; nothing is recorded.
    #[pyo3(signature = (
        model: "str", input_tokens: "typing.SupportsIndex", max_output_tokens: "typing.SupportsIndex | None" = None, *, provider: "str | None" = None,
        service_tier: "str | None" = None, at: "datetime.datetime | str | int | float | None" = None,
    ) -> "Cost")]
    #[expect(clippy::too_many_arguments, reason = "keywords of a call")]
    fn estimate(
        &self,
        py: Python<'_>,
        model: &Bound<'_, PyAny>,
        input_tokens: &Bound<'_, PyAny>,
        max_output_tokens: Option<&Bound<'_, PyAny>>,
        provider: Option<&str>,
        service_tier: Option<&str>,
        at: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<PyCost> {
        let plan = Plan {
            provider,
            max_output_tokens: count_or_zero(max_output_tokens, "max_output_tokens")?,
            service_tier,
            ..Plan::new(model_name(model)?, count(input_tokens, "input_tokens")?, self.at(at, py)?)
        };
        self.inner.estimate(&plan).map(PyCost::from).map_err(raise)
    }

    /// Holds the estimate of a call in every budget that covers its tags; log the call with `reservation=` to settle.
    ///
    /// Raises `BudgetExceeded` when a hard budget has too little left.
    #[pyo3(signature = (
        model: "str", input_tokens: "typing.SupportsIndex", max_output_tokens: "typing.SupportsIndex", *, metadata: "typing.Any" = None,
        ttl_s: "float" = 600.0, provider: "str | None" = None,
    ) -> "Reservation")]
    #[expect(clippy::too_many_arguments, reason = "keywords of a call")]
    fn reserve(
        &self,
        py: Python<'_>,
        model: &Bound<'_, PyAny>,
        input_tokens: &Bound<'_, PyAny>,
        max_output_tokens: &Bound<'_, PyAny>,
        metadata: Option<&Bound<'_, PyAny>>,
        ttl_s: f64,
        provider: Option<&str>,
    ) -> PyResult<PyReservation> {
        let plan = Plan {
            provider,
            max_output_tokens: count(max_output_tokens, "max_output_tokens")?,
            ..Plan::new(model_name(model)?, count(input_tokens, "input_tokens")?, self.at(None, py)?)
        };
        let tags = self.tags(given(metadata));
        let held = self.inner.reserve(&plan, &tags, Some(ttl_ms(ttl_s)?)).map_err(raise)?;
        let budgets = self.inner.budgets().cloned();
        let missing = || PyRuntimeError::new_err("the monitor has no budgets");
        Ok(PyReservation::new(held, budgets.ok_or_else(missing)?))
    }

    /// Records of the ring, oldest first; at most the newest `limit`. Reading does not drain.
    #[pyo3(signature = (
        limit: "typing.SupportsIndex | None" = None, *, r#type: "typing.Literal['inference', 'training'] | None" = None,
        model: "str | None" = None, since: "datetime.datetime | str | int | float | None" = None,
    ) -> "list[InferenceRecord | TrainingRecord]")]
    fn get_metrics(
        &self,
        py: Python<'_>,
        limit: Option<&Bound<'_, PyAny>>,
        r#type: Option<&str>,
        model: Option<&str>,
        since: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Vec<Py<PyAny>>> {
        if let Some(other) = r#type.filter(|kind| !matches!(*kind, "inference" | "training")) {
            let help = "write `inference` or `training`";
            return Err(raise(ConfigError::new("type", other, "not a type of record", help)));
        }
        let filter = Filter {
            limit: limit.map(|limit| most(limit, "limit")).transpose()?,
            kind: r#type,
            model,
            since: since.map(|since| instant(since, "since")).transpose()?,
        };
        let entries = self.inner.get_metrics(&filter);
        entries.into_iter().map(|entry| to_object(py, entry.record, entry.payload)).collect()
    }

    /// The records of the ring as an Arrow table: `pyarrow.table(monitor.to_arrow())`, polars, DuckDB.
    ///
    /// Money is exact: decimals with twelve digits behind the point.
    #[pyo3(signature = () -> "ArrowTable")]
    fn to_arrow(&self, py: Python<'_>) -> PyResult<PyArrowTable> {
        let entries = self.inner.get_metrics(&Filter::default());
        let entries: Vec<_> = entries.into_iter().map(|entry| (entry.record, entry.payload)).collect();
        py.detach(|| crate::arrow::records(&entries))
    }

    /// Takes the records that were not taken yet, oldest first: each is handed out once.
    #[pyo3(signature = (max: "typing.SupportsIndex | None" = None) -> "list[InferenceRecord | TrainingRecord]")]
    fn drain(&self, py: Python<'_>, max: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<Py<PyAny>>> {
        let entries = self.inner.drain(max.map(|max| most(max, "max")).transpose()?);
        entries.into_iter().map(|entry| to_object(py, entry.record, entry.payload)).collect()
    }

    /// Clears records, roll-ups, request ids and `dropped`; configuration, budgets and sinks stay.
    fn reset_metrics(&self) {
        self.inner.reset_metrics();
    }

    /// Exact totals by any of `provider`, `model`, `status` and the tags; `where` keeps groups with these values.
    #[pyo3(signature = (
        group_by: "collections.abc.Iterable[str] | None" = None, *,
        r#where: "collections.abc.Mapping[str, str | None] | None" = None,
    ) -> "list[SummaryRow]")]
    fn summary(
        &self,
        py: Python<'_>,
        group_by: Option<&Bound<'_, PyAny>>,
        r#where: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Vec<PySummaryRow>> {
        let group_by: Vec<String> = match group_by {
            None => vec!["model".to_owned()],
            Some(one) if one.is_instance_of::<PyString>() => vec![one.extract()?],
            Some(many) => many.try_iter()?.map(|name| name?.extract()).collect::<PyResult<_>>()?,
        };
        let mut filter: Vec<(String, Option<String>)> = Vec::new();
        if let Some(pairs) = r#where {
            for pair in pairs.call_method0("items")?.try_iter()? {
                filter.push(pair?.extract()?);
            }
        }
        let rows = py.detach(|| {
            let group_by: Vec<&str> = group_by.iter().map(String::as_str).collect();
            let filter: Vec<(&str, Option<&str>)> =
                filter.iter().map(|(name, value)| (name.as_str(), value.as_deref())).collect();
            self.inner.summary(&group_by, &filter)
        });
        Ok(rows.map_err(raise)?.into_iter().map(PySummaryRow).collect())
    }

    /// Counters and table lengths.
    fn stats(&self) -> PyStats {
        self.inner.stats().into()
    }

    /// The metrics as OpenMetrics 1.0 text.
    fn openmetrics(&self, py: Python<'_>) -> PyResult<String> {
        let at = self.at(None, py)?;
        py.detach(|| self.inner.openmetrics(at)).map_err(raise)
    }

    /// Sets the user's price of a model for later calls.
    fn set_price(&self, price: &Bound<'_, PyModelPrice>) -> PyResult<()> {
        self.inner.set_price(price.get().0.clone()).map_err(raise)
    }

    /// Takes a grid intensity for later calls: g/kWh, a range, or what `carbon.intensity` and `feeds.parse` returned.
    #[pyo3(signature = (grid: "decimal.Decimal | int | float | str | collections.abc.Mapping[str, typing.Any] | Result") -> "None")]
    fn set_grid(&self, grid: &Bound<'_, PyAny>) -> PyResult<()> {
        let grid = wire::grid(&json::from_python(grid)?).map_err(raise)?;
        let missing = || ConfigError::new("grid", "None", "not an intensity", "give a number of g/kWh");
        self.inner.set_grid(grid.ok_or_else(|| raise(missing()))?).map_err(raise)
    }

    /// Adds the totals of another monitor; its records stay there.
    fn merge(&self, py: Python<'_>, other: &Bound<'_, Self>) -> PyResult<()> {
        let (mine, other) = (Arc::clone(&self.inner), Arc::clone(&other.get().inner));
        py.detach(|| mine.merge(&other)).map_err(raise)
    }

    /// Totals and counters as text, for `restore`. Records are not in it: drain them.
    fn snapshot(&self, py: Python<'_>) -> PyResult<String> {
        py.detach(|| self.inner.snapshot()).map_err(raise)
    }

    /// Takes totals and counters from a snapshot in place of its own.
    fn restore(&self, py: Python<'_>, text: &str) -> PyResult<()> {
        py.detach(|| self.inner.restore(text)).map_err(raise)
    }

    /// Starts one daemon thread that drains records and calls `write(list)` every so many seconds.
    ///
    /// A failed batch is retried once before newer ones, then counted in `stats().sink_errors` and `.dropped`.
    #[pyo3(signature = (
        write: "collections.abc.Callable[[list[InferenceRecord | TrainingRecord]], object]", *,
        every_s: "float" = 1.0, batch: "typing.SupportsIndex" = 1000,
    ) -> "None")]
    fn start_sink(
        slf: &Bound<'_, Self>,
        write: Bound<'_, PyAny>,
        every_s: f64,
        batch: usize,
    ) -> PyResult<()> {
        if !write.is_callable() {
            return Err(PyTypeError::new_err("write must be callable with a list of records"));
        }
        if !(every_s > 0.0 && every_s.is_finite()) || batch == 0 {
            let (name, value) = if batch == 0 { ("batch", 0.0) } else { ("every_s", every_s) };
            return Err(raise(ConfigError::new(name, value, "not positive", "give a number above 0")));
        }
        let py = slf.py();
        if slf.get().thread.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
            return Err(PyRuntimeError::new_err("a sink is running; call `stop_sink` first"));
        }
        let thread = py.import("finops._sink")?.getattr("start")?.call1((slf, write, every_s, batch))?;
        let before =
            slf.get().thread.lock().unwrap_or_else(PoisonError::into_inner).replace(thread.clone().unbind());
        if before.is_some() {
            return Err(PyRuntimeError::new_err(
                "two threads started a sink at once; call `stop_sink` first",
            ));
        }
        Ok(())
    }

    /// Stops the sink thread after everything was written. Without a sink it does nothing.
    fn stop_sink(&self, py: Python<'_>) -> PyResult<()> {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        match thread {
            Some(thread) => thread.bind(py).call_method0("finish").map(|_| ()),
            None => Ok(()),
        }
    }

    #[pyo3(signature = (write: "collections.abc.Callable[[list[typing.Any]], object]", batch: "typing.SupportsIndex") -> "bool")]
    fn _sink_step(&self, write: &Bound<'_, PyAny>, batch: usize) -> PyResult<bool> {
        self.sink.step(write.py(), self, write, batch)
    }

    /// The exact value of each number, and where it came from.
    #[getter]
    fn config<'py>(&self, py: Python<'py>) -> PyResult<AnyMap<'py>> {
        let dict = PyDict::new(py);
        for setting in Setting::ALL {
            let source = self.inner.source_of(setting.name()).map_or("default", |source| source.name());
            dict.set_item(
                setting.name(),
                Py::new(py, PyConfigValue::new(self.inner.setting(setting), source))?,
            )?;
        }
        Ok(AnyMap(dict.into_any()))
    }

    /// USD per 1,000 input tokens, for models without a price. Assigning makes it win over the catalogue.
    #[getter]
    fn cost_per_1k_input_tokens(&self) -> f64 {
        self.number(Setting::CostPer1kInputTokens)
    }

    #[setter]
    fn set_cost_per_1k_input_tokens(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.assign(Setting::CostPer1kInputTokens, value)
    }

    /// USD per 1,000 output tokens, for models without a price. Assigning makes it win over the catalogue.
    #[getter]
    fn cost_per_1k_output_tokens(&self) -> f64 {
        self.number(Setting::CostPer1kOutputTokens)
    }

    #[setter]
    fn set_cost_per_1k_output_tokens(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.assign(Setting::CostPer1kOutputTokens, value)
    }

    /// USD per hour of compute. Assigning adds it to every model.
    #[getter]
    fn compute_cost_per_hour(&self) -> f64 {
        self.number(Setting::ComputeCostPerHour)
    }

    #[setter]
    fn set_compute_cost_per_hour(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.assign(Setting::ComputeCostPerHour, value)
    }

    /// Watt-hours per 1,000 tokens.
    #[getter]
    fn energy_wh_per_1k_tokens(&self) -> f64 {
        self.number(Setting::EnergyWhPer1kTokens)
    }

    #[setter]
    fn set_energy_wh_per_1k_tokens(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.assign(Setting::EnergyWhPer1kTokens, value)
    }

    /// Grams of CO2e per kilowatt-hour; may follow the live grid.
    #[getter]
    fn carbon_intensity_g_per_kwh(&self) -> f64 {
        self.number(Setting::CarbonIntensityGPerKwh)
    }

    #[setter]
    fn set_carbon_intensity_g_per_kwh(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.assign(Setting::CarbonIntensityGPerKwh, value)
    }

    /// Kilowatts of one GPU in training.
    #[getter]
    fn gpu_power_kw(&self) -> f64 {
        self.number(Setting::GpuPowerKw)
    }

    #[setter]
    fn set_gpu_power_kw(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.assign(Setting::GpuPowerKw, value)
    }

    fn __repr__(&self) -> String {
        let stats = self.inner.stats();
        format!("ResourceMonitor(requests={}, records={})", stats.requests, stats.records)
    }
}

fn most(value: &Bound<'_, PyAny>, name: &str) -> PyResult<usize> {
    count(value, name).map(|n| usize::try_from(n).unwrap_or(usize::MAX))
}
