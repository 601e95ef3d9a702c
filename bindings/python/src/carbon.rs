//! `finops.carbon`: every computation of the engine by name, its fields as keywords.

use crate::{
    arrow::{self, PyArrowTable},
    convert::{
        json,
        number::{count, count_or_zero, shown},
    },
    error::raise,
    frozen::Frozen,
};
use arrow_array::{ArrayRef, Float64Array};
use finops::core::carbon::{
    CarbonConfig, CarbonError, CarbonModel, EnergyMethod, InferenceImpact, Timing, TokenCounts, wire,
};
use finops::telemetry::monitor::count_f64;
use pyo3::{prelude::*, types::PyDict};
use serde_json::{Map, Value};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// How many validated configurations are kept for `estimate_inference`.
const MODELS_MAX: usize = 64;

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
    compute(py, kind, input)
}

fn compute(py: Python<'_>, kind: &str, input: Map<String, Value>) -> PyResult<Frozen> {
    let input = Value::Object(input);
    py.detach(|| wire::call(kind, &input)).map(Frozen::of).map_err(raise)
}

/// The names of every computation.
#[pyfunction]
#[pyo3(signature = () -> "list[str]")]
pub(crate) fn carbon_kinds() -> Vec<&'static str> {
    wire::kinds().collect()
}

/// A number of at least 0, as `carbon.bad_number` wants it.
fn number(value: Option<&Bound<'_, PyAny>>, name: &str) -> PyResult<Option<f64>> {
    let Some(value) = value else { return Ok(None) };
    let refuse = || raise(CarbonError::BadNumber { path: name.to_owned(), value: shown(value) });
    match crate::convert::number::written(value) {
        crate::convert::number::Written::Exact(number) | crate::convert::number::Written::Float(number) => {
            let number = finops::core::money::decimal::to_f64(number);
            if number >= 0.0 { Ok(Some(number)) } else { Err(refuse()) }
        }
        crate::convert::number::Written::Refused => Err(refuse()),
    }
}

/// The model of a method and region, validated once.
fn model(method: Option<&str>, region: Option<&str>) -> PyResult<CarbonModel> {
    type Key = (Option<EnergyMethodKey>, Option<String>);
    type EnergyMethodKey = &'static str;
    static MODELS: Mutex<BTreeMap<Key, CarbonModel>> = Mutex::new(BTreeMap::new());
    static FLAT: std::sync::OnceLock<CarbonModel> = std::sync::OnceLock::new();
    let energy_method = match method {
        None => None,
        Some(name) => match EnergyMethod::from_name(name) {
            Some(method) => Some(method),
            None => {
                let help = "write `flat`, `auto`, `parameters` or `ecologits`";
                return Err(raise(finops::core::error::ConfigError::new(
                    "energy_method",
                    name,
                    "not a method",
                    help,
                )));
            }
        },
    };
    let build = || {
        let region = region.map(str::to_owned);
        CarbonModel::new(CarbonConfig { energy_method, region, ..CarbonConfig::default() }).map_err(raise)
    };
    if energy_method.is_none_or(|method| method == EnergyMethod::Flat) && region.is_none() {
        if let Some(model) = FLAT.get() {
            return Ok(model.clone());
        }
        let model = build()?;
        return Ok(FLAT.get_or_init(|| model).clone());
    }
    let key = (energy_method.map(|method| method.name()), region.map(str::to_owned));
    let mut models = MODELS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(model) = models.get(&key) {
        return Ok(model.clone());
    }
    let model = build()?;
    if models.len() < MODELS_MAX {
        models.insert(key, model.clone());
    }
    Ok(model)
}

/// Energy and carbon of one call, without a monitor.
///
/// Without configuration these are the flat defaults, marked `assumed`. Token classes are disjoint, as in `Usage`.
///
/// >>> impact = finops.carbon.estimate_inference(model="gpt-4o", input_tokens=1000, output_tokens=500)
/// >>> impact["carbon_kg"], impact.energy.high
/// (0.0003, 27000.0)
#[pyfunction]
#[pyo3(signature = (
    *, model: "str", input_tokens: "typing.SupportsIndex", output_tokens: "typing.SupportsIndex", cache_read_tokens: "typing.SupportsIndex | None" = None,
    cache_write_tokens: "typing.SupportsIndex | None" = None, duration_ms: "decimal.Decimal | int | float | str | None" = None,
    tokens_per_s: "decimal.Decimal | int | float | str | None" = None,
    time_to_first_token_s: "decimal.Decimal | int | float | str | None" = None, region: "str | None" = None,
    energy_method: "typing.Literal['flat', 'auto', 'parameters', 'ecologits'] | None" = None,
    energy_wh_per_1k_tokens: "typing.Any" = None, wh_per_1k: "typing.Any" = None,
    energy_boundary: "typing.Literal['facility', 'it'] | None" = None, params: "typing.Any" = None,
    batch: "typing.Any" = None, bits: "typing.Any" = None, pue: "typing.Any" = None, grid: "typing.Any" = None,
    wue_datacentre: "typing.Any" = None, wue_grid: "typing.Any" = None,
    at: "datetime.datetime | str | int | float | None" = None,
    measured_joules: "decimal.Decimal | int | float | str | None" = None,
) -> "Result")]
#[expect(clippy::too_many_arguments, reason = "keywords of a call")]
pub(crate) fn estimate_inference(
    py: Python<'_>,
    model: &str,
    input_tokens: &Bound<'_, PyAny>,
    output_tokens: &Bound<'_, PyAny>,
    cache_read_tokens: Option<&Bound<'_, PyAny>>,
    cache_write_tokens: Option<&Bound<'_, PyAny>>,
    duration_ms: Option<&Bound<'_, PyAny>>,
    tokens_per_s: Option<&Bound<'_, PyAny>>,
    time_to_first_token_s: Option<&Bound<'_, PyAny>>,
    region: Option<&str>,
    energy_method: Option<&str>,
    energy_wh_per_1k_tokens: Option<&Bound<'_, PyAny>>,
    wh_per_1k: Option<&Bound<'_, PyAny>>,
    energy_boundary: Option<&Bound<'_, PyAny>>,
    params: Option<&Bound<'_, PyAny>>,
    batch: Option<&Bound<'_, PyAny>>,
    bits: Option<&Bound<'_, PyAny>>,
    pue: Option<&Bound<'_, PyAny>>,
    grid: Option<&Bound<'_, PyAny>>,
    wue_datacentre: Option<&Bound<'_, PyAny>>,
    wue_grid: Option<&Bound<'_, PyAny>>,
    at: Option<&Bound<'_, PyAny>>,
    measured_joules: Option<&Bound<'_, PyAny>>,
) -> PyResult<Frozen> {
    let tokens = TokenCounts {
        input: count(input_tokens, "input_tokens")?,
        output: count(output_tokens, "output_tokens")?,
        cache_read: count_or_zero(cache_read_tokens, "cache_read_tokens")?,
        cache_write: count_or_zero(cache_write_tokens, "cache_write_tokens")?,
        modality_as_text: false,
    };
    let configured = [
        ("energy_wh_per_1k_tokens", energy_wh_per_1k_tokens),
        ("wh_per_1k", wh_per_1k),
        ("energy_boundary", energy_boundary),
        ("params", params),
        ("batch", batch),
        ("bits", bits),
        ("pue", pue),
        ("grid", grid),
        ("wue_datacentre", wue_datacentre),
        ("wue_grid", wue_grid),
        ("measured_joules", measured_joules),
    ];
    if configured.iter().all(|(_, value)| value.is_none()) {
        let carbon = self::model(energy_method, region)?;
        let timing = Timing {
            duration_s: number(duration_ms, "duration_ms")?.map(|ms| ms / 1000.0),
            tokens_per_s: number(tokens_per_s, "tokens_per_s")?,
            time_to_first_token_s: number(time_to_first_token_s, "time_to_first_token_s")?,
            ..Timing::default()
        };
        let impact = carbon.inference(carbon.model(model), &tokens, timing);
        return impact.map(Frozen::lazy).map_err(|error| raise(error.of_model(model)));
    }
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    put("model", Value::from(model));
    put("input_tokens", Value::from(tokens.input));
    put("output_tokens", Value::from(tokens.output));
    put("cache_read_tokens", Value::from(tokens.cache_read));
    put("cache_write_tokens", Value::from(tokens.cache_write));
    let timing = [
        ("duration_ms", duration_ms),
        ("tokens_per_s", tokens_per_s),
        ("time_to_first_token_s", time_to_first_token_s),
    ];
    for (name, value) in configured.into_iter().chain(timing) {
        if let Some(value) = value {
            put(name, json::from_python(value)?);
        }
    }
    for (name, value) in [("region", region), ("energy_method", energy_method)] {
        if let Some(value) = value {
            put(name, Value::from(value));
        }
    }
    if let Some(at) = at {
        put("at", Value::from(crate::convert::time::instant(at, "at")?.to_string()));
    }
    let fields = Value::Object(fields);
    py.detach(|| wire::estimate_impact(&fields)).map(Frozen::lazy).map_err(raise)
}

/// Energy and carbon of many calls: an Arrow table in, an Arrow table out, row by row.
///
/// Columns `input_tokens` and `output_tokens`, and where there are any `cache_read_tokens`, `cache_write_tokens`,
/// `duration_ms` and `model`. A bad row is null in the result and says why in `error`; the others are kept.
#[pyfunction]
#[pyo3(signature = (
    table: "typing.Any", *, model: "str | None" = None, region: "str | None" = None,
    energy_method: "typing.Literal['flat', 'auto', 'parameters', 'ecologits'] | None" = None,
) -> "ArrowTable")]
pub(crate) fn estimate_inference_batch(
    py: Python<'_>,
    table: &Bound<'_, PyAny>,
    model: Option<&str>,
    region: Option<&str>,
    energy_method: Option<&str>,
) -> PyResult<PyArrowTable> {
    let carbon = self::model(energy_method, region)?;
    let batches = arrow::batches(table)?;
    let mut columns: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let mut names: Vec<String> = Vec::new();
    let mut rows = 0_usize;
    for batch in &batches {
        for name in COLUMNS {
            if let Some(array) = batch.column_by_name(name) {
                columns.entry(name).or_default().extend(arrow::column(array.as_ref(), name)?.floats());
            }
        }
        if let Some(array) = batch.column_by_name("model") {
            arrow::text_values(array.as_ref(), "model", &mut |name| names.push(name.to_owned()))?;
        }
        rows = rows.saturating_add(batch.num_rows());
    }
    for name in ["input_tokens", "output_tokens"] {
        if rows > 0 && !columns.contains_key(name) {
            return Err(raise(finops::core::error::ConfigError::new(
                name,
                "None",
                "missing",
                "give the column",
            )));
        }
    }
    py.detach(|| {
        let mut found = Found::default();
        for row in 0..rows {
            let name = names.get(row).map(String::as_str).or(model).unwrap_or_default();
            let value = |column: &str| columns.get(column).and_then(|values| values.get(row)).copied();
            found.add(estimate_row(&carbon, name, value).map_err(|error| error.to_string()));
        }
        found.table()
    })
}

/// The numeric columns that are read.
const COLUMNS: [&str; 5] =
    ["input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "duration_ms"];

/// The columns of the answer.
#[derive(Default)]
struct Found {
    numbers: [Vec<Option<f64>>; 6],
    errors: Vec<Option<String>>,
}

impl Found {
    fn add(&mut self, row: Result<InferenceImpact, String>) {
        let (values, error) = match row {
            Ok(impact) => {
                let (energy, carbon) = (impact.energy.range(), impact.operational.range());
                let numbers = [
                    impact.energy.central.joules(),
                    energy.low,
                    energy.high,
                    impact.carbon_kg,
                    carbon.low / 1000.0,
                    carbon.high / 1000.0,
                ];
                (numbers.map(Some), None)
            }
            Err(error) => ([None; 6], Some(error)),
        };
        for (column, value) in self.numbers.iter_mut().zip(values) {
            column.push(value);
        }
        self.errors.push(error);
    }

    fn table(self) -> PyResult<PyArrowTable> {
        let names = [
            "energy_joules",
            "energy_joules_low",
            "energy_joules_high",
            "carbon_kg",
            "carbon_kg_low",
            "carbon_kg_high",
        ];
        let numbers = self.numbers.map(|column| Arc::new(Float64Array::from(column)) as ArrayRef);
        let mut columns: Vec<_> = names.into_iter().zip(numbers).collect();
        columns.push(("error", arrow::text_column(self.errors)));
        PyArrowTable::new(columns)
    }
}

fn estimate_row(
    carbon: &CarbonModel,
    name: &str,
    value: impl Fn(&str) -> Option<f64>,
) -> Result<InferenceImpact, finops::telemetry::Error> {
    let count = |column: &str| match value(column) {
        Some(number) => count_f64(column, number),
        None => Ok(0),
    };
    let tokens = TokenCounts {
        input: count("input_tokens")?,
        output: count("output_tokens")?,
        cache_read: count("cache_read_tokens")?,
        cache_write: count("cache_write_tokens")?,
        modality_as_text: false,
    };
    // A null duration is one that nobody measured.
    let duration_s = value("duration_ms").filter(|ms| !ms.is_nan()).map(|ms| ms / 1000.0);
    let timing = Timing { duration_s, ..Timing::default() };
    Ok(carbon.inference(carbon.model(name), &tokens, timing).map_err(|error| error.of_model(name))?)
}
