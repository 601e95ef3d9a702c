//! From constructor keywords to the engine's options.

use crate::{
    budget::PyBudgets,
    catalogue::PyCatalogue,
    convert::{json, number::rate},
    error::raise,
    model_price::PyModelPrice,
};
use finops::{
    core::{
        carbon::{
            Boundary, CarbonConfig, CarbonError, ClassFactors, EnergyMethod, Grid, ModelParams, Shape,
            wire::Input,
        },
        error::ConfigError,
    },
    telemetry::monitor::MonitorOptions,
};
use pyo3::{prelude::*, types::PyDict};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, sync::Arc};

/// The keywords that state energy and carbon.
const CARBON: [&str; 12] = [
    "batch",
    "bits",
    "energy_boundary",
    "energy_method",
    "grid",
    "model_params",
    "on_unknown",
    "pue",
    "region",
    "wh_per_1k",
    "wue_datacentre",
    "wue_grid",
];

fn unknown(name: &str) -> PyErr {
    pyo3::exceptions::PyTypeError::new_err(format!("ResourceMonitor has no argument `{name}`"))
}

/// A size of a table.
fn size(value: &Bound<'_, PyAny>, name: &str) -> PyResult<usize> {
    let refuse = || {
        let help = "give a whole number of at least 0";
        raise(ConfigError::new(name, crate::convert::number::shown(value), "not a size", help))
    };
    crate::convert::number::count(value, name).ok().and_then(|n| usize::try_from(n).ok()).ok_or_else(refuse)
}

/// Reads every keyword that the engine knows; `clock` and `env` are the binding's own.
pub(super) fn read(arguments: &Bound<'_, PyDict>) -> PyResult<MonitorOptions> {
    let mut options = MonitorOptions::default();
    let mut carbon = Map::new();
    for (key, value) in arguments {
        let name = key.extract::<String>()?;
        if value.is_none() {
            continue;
        }
        let number = || rate(&value, &name).map(Some);
        match name.as_str() {
            "cost_per_1k_input_tokens" => options.cost_per_1k_input_tokens = number()?,
            "cost_per_1k_output_tokens" => options.cost_per_1k_output_tokens = number()?,
            "cost_per_1k_cached_input_tokens" => options.cost_per_1k_cached_input_tokens = number()?,
            "compute_cost_per_hour" => options.compute_cost_per_hour = number()?,
            "energy_wh_per_1k_tokens" => options.energy_wh_per_1k_tokens = number()?,
            "carbon_intensity_g_per_kwh" => options.carbon_intensity_g_per_kwh = number()?,
            "gpu_power_kw" => options.gpu_power_kw = number()?,
            "models" => {
                let models = value.try_iter()?.map(|entry| PyModelPrice::read(&entry?));
                options.models = models.collect::<PyResult<_>>()?;
            }
            "prices" => options.prices = Some(value.cast::<PyCatalogue>()?.get().0.clone()),
            "budgets" => options.budgets = Some(Arc::clone(&value.cast::<PyBudgets>()?.get().0)),
            "use_catalogue" => options.without_catalogue = !value.is_truthy()?,
            "strict" => options.strict = value.is_truthy()?,
            "tags" => {
                options.tags = Some(value.try_iter()?.map(|tag| tag?.extract()).collect::<PyResult<_>>()?)
            }
            "tag_aliases" => {
                let mut aliases = BTreeMap::new();
                for pair in value.call_method0("items")?.try_iter()? {
                    let (key, tag) = pair?.extract()?;
                    aliases.insert(key, tag);
                }
                options.tag_aliases = Some(aliases);
            }
            "max_records" => options.max_records = Some(size(&value, &name)?),
            "max_groups" => options.max_groups = Some(size(&value, &name)?),
            "max_unknown_models" => options.max_unknown_models = Some(size(&value, &name)?),
            known if CARBON.contains(&known) => {
                carbon.insert(name, json::from_python(&value)?);
            }
            other => return Err(unknown(other)),
        }
    }
    options.carbon = carbon_config(&Value::Object(carbon)).map_err(raise)?;
    Ok(options)
}

/// The carbon keywords, as JSON.
pub(crate) fn carbon_config(fields: &Value) -> Result<CarbonConfig, CarbonError> {
    let input = Input::new(fields)?;
    Ok(CarbonConfig {
        energy_boundary: input.choice("energy_boundary", Boundary::from_name, "write `facility` or `it`")?,
        wh_per_1k: class_factors(&input)?,
        energy_method: input.choice(
            "energy_method",
            EnergyMethod::from_name,
            "write `flat`, `auto`, `parameters` or `ecologits`",
        )?,
        grid: grid(&input)?,
        region: input.opt_str("region")?.map(str::to_owned),
        pue: input.opt_range("pue")?,
        wue_datacentre: input.opt_range("wue_datacentre")?,
        wue_grid: input.opt_range("wue_grid")?,
        model_params: model_params(&input)?,
        batch: input.opt_range("batch")?,
        bits: input.opt_f64("bits")?,
        ..CarbonConfig::default()
    })
}

fn class_factors(input: &Input<'_>) -> Result<Option<ClassFactors>, CarbonError> {
    match input.get("wh_per_1k") {
        None => Ok(None),
        Some(Value::String(preset)) if preset == "api_anchors" => Ok(Some(ClassFactors::api_anchors())),
        Some(Value::String(other)) => {
            let help = "write `api_anchors`, or give `input` and `output`";
            Err(ConfigError::new("wh_per_1k", other, "not a preset", help).into())
        }
        Some(_) => {
            let Some(classes) = input.object("wh_per_1k")? else { return Ok(None) };
            Ok(Some(ClassFactors {
                input: classes.opt_decimal("input")?,
                output: classes.opt_decimal("output")?,
                cache_read: classes.opt_decimal("cache_read")?,
                cache_write: classes.opt_decimal("cache_write")?,
                preset: false,
            }))
        }
    }
}

/// The intensity of the grid: a number, or `{low, central, high}`.
pub(crate) fn grid(input: &Input<'_>) -> Result<Option<Grid>, CarbonError> {
    match input.get("grid") {
        None => Ok(None),
        Some(Value::Object(_) | Value::Array(_)) => Ok(input.opt_range("grid")?.map(Grid::Range)),
        Some(_) => Ok(input.opt_decimal("grid")?.map(Grid::Scalar)),
    }
}

fn model_params(input: &Input<'_>) -> Result<BTreeMap<String, ModelParams>, CarbonError> {
    let Some(models) = input.object("model_params")? else { return Ok(BTreeMap::new()) };
    let mut known = BTreeMap::new();
    for name in models.names() {
        let Some(fields) = models.object(name)? else { continue };
        let mut params = ModelParams::new(fields.range("total_b")?, fields.range("active_b")?)
            .map_err(|error| error.under(&fields.path("")))?;
        if let (Some(layers), Some(width)) = (fields.opt_u64("layers")?, fields.opt_u64("d_model")?) {
            let small = |path: &str, n: u64| {
                u32::try_from(n).map_err(|_| CarbonError::bad_number(fields.path(path), n))
            };
            params.shape =
                Some(Shape { layers: small("layers", layers)?, d_model: small("d_model", width)? });
        }
        known.insert(name.to_owned(), params);
    }
    Ok(known)
}
