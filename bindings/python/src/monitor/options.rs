//! From constructor keywords to the engine's options.

use crate::{
    budget::PyBudgets,
    catalogue::PyCatalogue,
    convert::{json, number::rate},
    error::raise,
    model_price::PyModelPrice,
};
use finops::{
    core::{carbon::wire, error::ConfigError},
    telemetry::monitor::MonitorOptions,
};
use pyo3::prelude::*;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, sync::Arc};

/// A size of a table.
fn size(value: &Bound<'_, PyAny>, name: &str) -> PyResult<usize> {
    let refuse = || {
        let help = "give a whole number of at least 0";
        raise(ConfigError::new(name, crate::convert::number::shown(value), "not a size", help))
    };
    crate::convert::number::count(value, name).ok().and_then(|n| usize::try_from(n).ok()).ok_or_else(refuse)
}

/// Reads every keyword that the engine knows; `clock` and `env` are the binding's own.
pub(super) fn read<'py, const N: usize>(
    arguments: [(&'static str, Option<Bound<'py, PyAny>>); N],
) -> PyResult<MonitorOptions> {
    let mut options = MonitorOptions::default();
    let mut carbon = Map::new();
    for (name, value) in arguments {
        let Some(value) = value else { continue };
        let number = || rate(&value, name).map(Some);
        match name {
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
            "max_records" => options.max_records = Some(size(&value, name)?),
            "max_groups" => options.max_groups = Some(size(&value, name)?),
            "max_unknown_models" => options.max_unknown_models = Some(size(&value, name)?),
            // The rest states energy and carbon, which the engine reads from JSON.
            _ => {
                carbon.insert(name.to_owned(), json::from_python(&value)?);
            }
        }
    }
    let carbon = Value::Object(carbon);
    options.carbon =
        wire::Input::new(&carbon).and_then(|input| wire::configure(&input, None)).map_err(raise)?;
    Ok(options)
}
