//! Reading a configuration from JSON.

use super::{Handler, Input, input::read_decimal, number, whole};
use crate::{
    carbon::{
        Boundary, CarbonConfig, CarbonError, CarbonModel, ClassFactors, EnergyMethod, Environment, Grid,
        ModelParams, Timing, TokenCounts, factor, zone::OnUnknown,
    },
    error::ConfigError,
};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) const KINDS: &[(&str, Handler)] = &[("configuration", configuration)];

/// The number in field `name` as a factor: every fault is `config.invalid`.
pub(super) fn opt_factor(input: &Input<'_>, name: &str) -> Result<Option<Decimal>, CarbonError> {
    let Some(value) = input.get(name) else { return Ok(None) };
    if let Value::String(text) = value {
        return factor(&input.path(name), text);
    }
    let number = read_decimal(&input.path(name), value);
    let invalid =
        |_| ConfigError::new(input.path(name), value, "not a number", "give a number of at least 0");
    Ok(Some(number.map_err(invalid)?))
}

/// Class factors: an object of Wh per 1,000 tokens, or the name of the preset.
pub(super) fn class_factors(input: &Input<'_>, name: &str) -> Result<Option<ClassFactors>, CarbonError> {
    if let Some(Value::String(preset)) = input.get(name) {
        if preset == "api_anchors" {
            return Ok(Some(ClassFactors::api_anchors()));
        }
        let help = "give `api_anchors` or an object of factors";
        return Err(ConfigError::new(input.path(name), preset, "not a known preset", help).into());
    }
    let Some(factors) = input.object(name)? else { return Ok(None) };
    if let Some(other) =
        factors.names().find(|name| !["input", "output", "cache_read", "cache_write"].contains(name))
    {
        let help = "the classes are input, output, cache_read and cache_write";
        return Err(ConfigError::new(factors.path(other), other, "not a class of tokens", help).into());
    }
    Ok(Some(ClassFactors {
        input: factors.opt_decimal("input")?,
        output: factors.opt_decimal("output")?,
        cache_read: factors.opt_decimal("cache_read")?,
        cache_write: factors.opt_decimal("cache_write")?,
        preset: false,
    }))
}

/// Parameters of one model: `total_b` and `active_b`, each a number or `[low, high]`; `layers` and `d_model`.
pub(super) fn model_params(fields: &Input<'_>) -> Result<ModelParams, CarbonError> {
    let total = fields.range("total_b")?;
    let active = fields.opt_range("active_b")?.unwrap_or(total);
    let params = ModelParams::new(total, active).map_err(|error| match fields.path("") {
        path if path.is_empty() => error,
        path => error.under(path.trim_end_matches('.')),
    })?;
    if fields.get("layers").is_none() && fields.get("d_model").is_none() {
        return Ok(params);
    }
    params.with_shape(whole(fields, "layers", 0)?, whole(fields, "d_model", 0)?)
}

/// Parameters by model name.
fn params_by_name(input: &Input<'_>, name: &str) -> Result<BTreeMap<String, ModelParams>, CarbonError> {
    let Some(models) = input.object(name)? else { return Ok(BTreeMap::new()) };
    let mut params = BTreeMap::new();
    for model in models.names() {
        if let Some(fields) = models.object(model)? {
            params.insert(model.to_owned(), model_params(&fields)?);
        }
    }
    Ok(params)
}

/// The intensity in `grid`, `grid_g_per_kwh` or `carbon_intensity_g_per_kwh`.
fn grid(input: &Input<'_>) -> Result<Option<Grid>, CarbonError> {
    for name in ["grid", "grid_g_per_kwh", "carbon_intensity_g_per_kwh"] {
        if let Some(grid) = super::grid::read(input, name)? {
            return Ok(Some(grid));
        }
    }
    Ok(None)
}

/// Constructor arguments and the text of environment variables.
pub fn read(arguments: &Input<'_>, environment: Option<&Input<'_>>) -> Result<CarbonConfig, CarbonError> {
    let variable = |name: &str| -> Result<Option<String>, CarbonError> {
        let text = environment.map(|variables| variables.opt_str(name)).transpose()?.flatten();
        Ok(text.map(str::to_owned))
    };
    Ok(CarbonConfig {
        energy_wh_per_1k_tokens: opt_factor(arguments, "energy_wh_per_1k_tokens")?,
        energy_boundary: arguments.choice("energy_boundary", Boundary::from_name, "give facility or it")?,
        wh_per_1k: class_factors(arguments, "wh_per_1k")?,
        energy_method: arguments.choice(
            "energy_method",
            EnergyMethod::from_name,
            "give flat, auto, parameters or ecologits",
        )?,
        gpu_power_kw: opt_factor(arguments, "gpu_power_kw")?,
        grid: grid(arguments)?,
        series: None,
        region: arguments.opt_str("region")?.map(str::to_owned),
        on_unknown: arguments.choice("on_unknown", OnUnknown::from_name, "give error or world")?,
        pue: arguments.opt_range("pue")?,
        wue_datacentre: arguments.opt_range("wue_datacentre")?,
        wue_grid: arguments.opt_range("wue_grid")?,
        model_params: params_by_name(arguments, "model_params")?,
        batch: arguments.opt_range("batch")?,
        bits: arguments.opt_f64("bits")?,
        environment: Environment {
            energy_wh_per_1k_tokens: variable(crate::carbon::ENERGY_VARIABLE)?,
            carbon_intensity_g_per_kwh: variable(crate::carbon::INTENSITY_VARIABLE)?,
        },
    })
}

/// What a configuration comes to: the values, the statements that decided them, and the method of a model's calls.
fn configuration(input: &Input<'_>) -> Result<Value, CarbonError> {
    let nothing = Value::Object(serde_json::Map::new());
    let arguments = match input.object("arguments")? {
        Some(arguments) => arguments.as_root(),
        None => Input::new(&nothing)?,
    };
    let environment = input.object("environment")?.map(Input::as_root);
    let model = CarbonModel::new(read(&arguments, environment.as_ref())?)?;
    let handle = model.model(arguments.opt_str("model")?.unwrap_or_default());
    let impact = model.inference(handle, &TokenCounts::new(1, 1), Timing::default())?;
    let codes: Vec<&str> = impact.assumptions.iter().map(|assumption| assumption.code()).collect();
    // The flat defaults are told by `energy_from` and `grid_from`; what is left is what a reader has to know.
    let telling = codes.iter().find(|code| !code.starts_with("flat_"));
    Ok(json!({
        "energy_wh_per_1k": number(model.energy_wh_per_1k().central),
        "grid_g_per_kwh": number(model.grid_g_per_kwh().central),
        "gpu_power_kw": number(model.gpu_power_kw().central),
        "pue": number(model.pue().value.central),
        "energy_from": model.energy_from().name(),
        "grid_from": model.grid_from().name(),
        "pue_from": model.pue().from.name(),
        "method": impact.energy.method.name(),
        "assumption": telling,
        "assumptions": codes,
    }))
}
