//! Inference: flat and class factors, parameter methods, and sharing a window.

use super::{Handler, Input, config, input::read_u64, number, whole};
use crate::{
    carbon::{
        CarbonConfig, CarbonError, CarbonModel, EnergyMethod, Estimate, Grid, InferenceImpact, ModelHandle,
        ModelParams, Range, Serving, Shape, Timing, TokenCounts,
        allocation::{PREFILL_WEIGHT, allocate, prefill_weight},
        llm, pue,
    },
    error::ConfigError,
    time::Timestamp,
    units::{Energy, J_PER_KWH, Quantity},
};
use serde_json::{Map, Value, json};

pub(super) const KINDS: &[(&str, Handler)] = &[
    ("estimate_inference", estimate_inference),
    ("inference_flat", inference_flat),
    ("inference_flat_pue", inference_flat),
    ("inference_flat_range", inference_flat_range),
    ("inference_classes", inference_classes),
    ("anchors", anchors),
    ("llm_ecologits", llm_ecologits),
    ("llm_errors", llm_ecologits),
    ("llm_finops", llm_finops),
    ("prefill_attention", prefill_attention),
    ("window_allocation", window_allocation),
];

/// Counts under the names of the API, `input_tokens`, or of the classes, `input`.
fn tokens(input: &Input<'_>) -> Result<TokenCounts, CarbonError> {
    let count = |long: &str, short: &str| -> Result<u64, CarbonError> {
        match input.opt_u64(long)? {
            Some(count) => Ok(count),
            None => Ok(input.opt_u64(short)?.unwrap_or(0)),
        }
    };
    Ok(TokenCounts {
        input: count("input_tokens", "input")?,
        cache_read: count("cache_read_tokens", "cache_read")?,
        cache_write: count("cache_write_tokens", "cache_write")?,
        output: count("output_tokens", "output")?,
        modality_as_text: false,
    })
}

/// A call's course: `duration_ms` or `latency_s`, and what else is known.
fn timing(input: &Input<'_>) -> Result<Timing, CarbonError> {
    let duration_s = match input.opt_f64("duration_ms")? {
        Some(ms) => Some(ms / 1000.0),
        None => input.opt_f64("latency_s")?,
    };
    Ok(Timing {
        duration_s,
        tokens_per_s: input.opt_f64("tokens_per_s")?,
        time_to_first_token_s: input.opt_f64("time_to_first_token_s")?,
        measured: input.opt_f64("measured_joules")?.map(Energy::from_joules).transpose()?,
        at: instant(input, "at")?,
    })
}

/// RFC 3339 text, or milliseconds since 1970.
pub(super) fn instant(input: &Input<'_>, name: &str) -> Result<Option<Timestamp>, CarbonError> {
    let bad = |value: &Value| CarbonError::bad_number(input.path(name), value);
    match input.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.parse::<Timestamp>()?)),
        Some(value) => {
            let ms = value.as_i64().and_then(Timestamp::from_ms);
            ms.map(Some).ok_or_else(|| bad(value))
        }
    }
}

/// An estimate as an object.
pub(super) fn estimate<Q: Quantity>(estimate: &Estimate<Q>) -> Value {
    let range = estimate.range();
    json!({
        "low": number(range.low), "central": number(range.central), "high": number(range.high),
        "unit": Q::SYMBOL, "tier": estimate.tier.name(), "method": estimate.method.name(),
        "data": estimate.data.iter().map(|id| id.to_string()).collect::<Vec<_>>(),
    })
}

pub(super) fn three(range: Range) -> Value {
    json!({ "low": number(range.low), "central": number(range.central), "high": number(range.high) })
}

fn params_fields(params: &ModelParams) -> Value {
    let shape = params.shape.map(|shape| json!({ "layers": shape.layers, "d_model": shape.d_model }));
    json!({ "total_b": three(params.total_b), "active_b": three(params.active_b), "shape": shape })
}

/// All of an impact, as `estimate_inference` answers it.
#[must_use]
pub fn impact_fields(impact: &InferenceImpact) -> Value {
    let factors = &impact.factors;
    let by_class = impact.by_class.map(|by| {
        json!({
            "input": number(by.input.joules()), "cache_read": number(by.cache_read.joules()),
            "cache_write": number(by.cache_write.joules()), "output": number(by.output.joules()),
        })
    });
    json!({
        "energy_joules": number(impact.energy.central.joules()),
        "carbon_kg": number(impact.carbon_kg),
        "embodied_kg": impact.embodied.map(|embodied| number(embodied.central.kg())),
        "energy_tier": impact.energy.tier.name(),
        "carbon_tier": impact.operational.tier.name(),
        "method": impact.energy.method.name(),
        "pue_applied": factors.pue.is_some(),
        "energy": estimate(&impact.energy),
        "it_energy": impact.it_energy.as_ref().map(estimate),
        "by_class_joules": by_class,
        "operational": estimate(&impact.operational),
        "embodied": impact.embodied.as_ref().map(estimate),
        "water": impact.water.as_ref().map(estimate),
        "factors": {
            "wh_per_1k": factors.wh_per_1k.map(three),
            "g_per_kwh": three(factors.g_per_kwh),
            "pue": factors.pue.map(three),
            "batch": factors.model().map(|served| three(served.batch)),
            "params": factors.model().map(|served| params_fields(&served.params)),
            "bits": factors.model().map(|served| number(served.bits)),
            "classes": factors.classes(),
        },
        "assumptions": impact.assumptions.iter().map(|assumption| assumption.code()).collect::<Vec<_>>(),
    })
}

/// One call, with everything that can be configured.
fn estimate_inference(input: &Input<'_>) -> Result<Value, CarbonError> {
    Ok(impact_fields(&impact_of(input)?))
}

/// What `estimate_inference` computes, before it is written out by [`impact_fields`].
///
/// # Errors
/// As [`call`](super::call).
pub fn estimate_impact(input: &Value) -> Result<InferenceImpact, CarbonError> {
    impact_of(&Input::new(input)?)
}

fn impact_of(input: &Input<'_>) -> Result<InferenceImpact, CarbonError> {
    let environment = input.object("environment")?.map(Input::as_root);
    let model = CarbonModel::new(config::read(input, environment.as_ref())?)?;
    let name = input.opt_str("model")?.unwrap_or_default();
    let handle = match input.object("params")? {
        Some(params) if params.get("total_b").is_some() => {
            ModelHandle::declared(config::model_params(&params)?)
        }
        // Parameters by name, as the configuration takes them.
        Some(by_name) => match by_name.object(name)? {
            Some(params) => ModelHandle::declared(config::model_params(&params)?),
            None => model.model(name),
        },
        None => model.model(name),
    };
    let impact = model.inference(handle, &tokens(input)?, timing(input)?);
    impact.map_err(|error| error.of_model(name))
}

fn inference_flat(input: &Input<'_>) -> Result<Value, CarbonError> {
    let config = CarbonConfig { energy_method: Some(EnergyMethod::Flat), ..config::read(input, None)? };
    let model = CarbonModel::new(config)?;
    let impact = model.inference(ModelHandle::UNKNOWN, &tokens(input)?, Timing::default())?;
    Ok(impact_fields(&impact))
}

fn inference_flat_range(input: &Input<'_>) -> Result<Value, CarbonError> {
    let model = CarbonModel::new(config::read(input, None)?)?;
    let tokens = TokenCounts::new(input.u64("total_tokens")?, 0);
    let impact = model.inference(ModelHandle::UNKNOWN, &tokens, Timing::default())?;
    Ok(json!({
        "energy_joules": three(impact.energy.range()), "operational_g": three(impact.operational.range()),
    }))
}

fn inference_classes(input: &Input<'_>) -> Result<Value, CarbonError> {
    input.require("wh_per_1k")?;
    let model = CarbonModel::new(config::read(input, None)?)?;
    let fields = input.object("tokens")?.map_or_else(|| tokens(input), |fields| tokens(&fields))?;
    Ok(impact_fields(&model.inference(ModelHandle::UNKNOWN, &fields, Timing::default())?))
}

/// The range of an unconfigured method, in Wh, to be held against a published figure.
fn anchors(input: &Input<'_>) -> Result<Value, CarbonError> {
    let model = CarbonModel::new(CarbonConfig::default())?;
    let fields = input.object("tokens")?.map_or_else(|| tokens(input), |fields| tokens(&fields))?;
    let impact = model.inference(ModelHandle::UNKNOWN, &fields, Timing::default())?;
    let wh = impact.energy.range().map(|joules| joules / 3600.0);
    let method = impact.energy.method.name();
    if let Some(wanted) = input.opt_str("method")?
        && wanted != method
    {
        let help = "anchors hold for flat-tokens/1";
        return Err(ConfigError::new(input.path("method"), wanted, "not an unconfigured method", help).into());
    }
    Ok(json!({
        "low_wh": number(wh.low), "central_wh": number(wh.central), "high_wh": number(wh.high), "method": method,
    }))
}

fn params(input: &Input<'_>) -> Result<ModelParams, CarbonError> {
    ModelParams::new(input.range("total_params_b")?, input.range("active_params_b")?)
}

fn serving(input: &Input<'_>) -> Result<Serving, CarbonError> {
    let timing = timing(input)?;
    let serving = Serving {
        latency_s: timing.duration_s,
        tokens_per_s: timing.tokens_per_s,
        time_to_first_token_s: timing.time_to_first_token_s,
        bits: input.opt_f64("bits")?.unwrap_or(16.0),
        batch: input.opt_range("batch")?,
    };
    serving.check()?;
    Ok(serving)
}

/// Everything of EcoLogits: numbers, or ranges where an input is one.
fn llm_ecologits(input: &Input<'_>) -> Result<Value, CarbonError> {
    let (params, serving) = (params(input)?, serving(input)?);
    let pue = pue::check("pue", input.range("pue")?)?;
    let impact = llm::ecologits(&params, input.u64("output_tokens")?, &serving);
    let kwh = llm::facility_kwh(impact.it_kwh, pue);
    let site = input.opt_range("wue_datacentre_l_per_kwh")?;
    let from_grid = input.opt_range("wue_grid_l_per_kwh")?;
    let grid = input.opt_range("grid_g_per_kwh")?;
    let known =
        [Some(params.active_b), Some(params.total_b), Some(pue), serving.batch, site, from_grid, grid];
    let ranged = known.into_iter().flatten().any(|range| !range.is_point());
    let show = |range: Range| if ranged { three(range) } else { number(range.central) };
    let kilograms = grid.map(|grid| crate::carbon::operational(kwh, grid).map(|grams| grams / 1000.0));
    let water = site.zip(from_grid).map(|(site, from_grid)| pue::water(impact.it_kwh, pue, site, from_grid));
    Ok(json!({
        "energy_kwh": show(kwh),
        "operational_kg": kilograms.map(show),
        "embodied_kg": show(impact.embodied_kg),
        "total_kg": kilograms.map(|kilograms| show(kilograms.sum(impact.embodied_kg))),
        "water_l": water.map(show),
        "method": "ecologits-llm/0.11",
        "tier": "modelled",
    }))
}

fn llm_finops(input: &Input<'_>) -> Result<Value, CarbonError> {
    let config = CarbonConfig {
        energy_method: Some(EnergyMethod::Parameters),
        pue: input.opt_range("pue")?,
        grid: input.opt_range("grid_g_per_kwh")?.map(Grid::Range),
        batch: input.opt_range("batch")?,
        bits: input.opt_f64("bits")?,
        ..CarbonConfig::default()
    };
    let mut params = params(input)?;
    if input.get("layers").is_some() || input.get("d_model").is_some() {
        params = params.with_shape(whole(input, "layers", 0)?, whole(input, "d_model", 0)?)?;
    }
    let model = CarbonModel::new(config)?;
    let impact = model.inference(ModelHandle::declared(params), &tokens(input)?, timing(input)?)?;
    let kwh = |estimate: Estimate<Energy>| three(estimate.range().map(|joules| joules / J_PER_KWH));
    let mut fields = match impact_fields(&impact) {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    fields.insert("it_energy_kwh".to_owned(), json!(impact.it_energy.map(kwh)));
    fields.insert("energy_kwh".to_owned(), kwh(impact.energy));
    fields.insert("operational_g".to_owned(), three(impact.operational.range()));
    fields.insert("embodied_g".to_owned(), json!(impact.embodied.map(|embodied| three(embodied.range()))));
    fields.insert("tier".to_owned(), json!(impact.energy.tier.name()));
    Ok(Value::Object(fields))
}

fn prefill_attention(input: &Input<'_>) -> Result<Value, CarbonError> {
    let shape = Shape { layers: whole(input, "layers", 0)?, d_model: whole(input, "d_model", 0)? };
    let cached = input.opt_u64("cached_tokens")?.unwrap_or(0);
    let kwh = llm::prefill_attention_kwh(input.u64("new_tokens")?, cached, shape);
    Ok(json!({ "it_energy_kwh": number(kwh) }))
}

/// A window over requests: `[input, output]` each, or objects of counts. Idle energy is shared or a line of its own.
fn window_allocation(input: &Input<'_>) -> Result<Value, CarbonError> {
    let requests: Vec<TokenCounts> = match input.get("requests") {
        Some(Value::Array(requests)) => requests
            .iter()
            .map(|request| Input::new(request).and_then(|fields| tokens(&fields)))
            .collect::<Result<_, _>>()?,
        _ => input
            .array("requests_input_output")?
            .iter()
            .map(|pair| match pair.as_array().map(Vec::as_slice) {
                Some([prompt, output]) => {
                    let path = input.path("requests_input_output");
                    Ok(TokenCounts::new(read_u64(&path, prompt)?, read_u64(&path, output)?))
                }
                _ => {
                    let path = input.path("requests_input_output");
                    Err(ConfigError::new(path, pair, "not a pair", "give [input, output]").into())
                }
            })
            .collect::<Result<_, CarbonError>>()?,
    };
    let weight = match (input.opt_decimal("prefill_weight")?, input.object("params")?) {
        (Some(weight), _) => weight,
        (None, Some(params)) => prefill_weight(&config::model_params(&params)?, &serving(input)?)?,
        (None, None) => PREFILL_WEIGHT,
    };
    let window = input.u64("window_nanojoules")?;
    let idle = input.opt_u64("idle_nanojoules")?.unwrap_or(0);
    let separate = match input.opt_str("idle")? {
        None | Some("shared") => false,
        Some("separate") => true,
        Some(other) => {
            let help = "give shared or separate";
            return Err(ConfigError::new(input.path("idle"), other, "not a known choice", help).into());
        }
    };
    let shared = if separate { Some(window) } else { window.checked_add(idle) };
    let shared = shared.ok_or_else(|| CarbonError::TotalOverflow { path: input.path("idle_nanojoules") })?;
    let allocation = allocate(shared, &requests, weight)?;
    let assumptions: &[&str] = if idle > 0 && !separate { &["idle_shared"] } else { &[] };
    Ok(json!({
        "nanojoules": allocation.nanojoules,
        "unallocated_nanojoules": allocation.unallocated,
        "idle_nanojoules": if separate { idle } else { 0 },
        "method": "measured-window/1",
        "assumptions": assumptions,
    }))
}
