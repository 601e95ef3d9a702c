//! Constructor arguments.

use crate::{
    input::{Fields, decimal, refuse, text, texts},
    objects,
};
use finops::{
    Error, ModelPrice, MonitorOptions, carbon,
    core::{cost::Hosting, money::Rate},
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub(super) fn read(fields: Fields<'_>) -> Result<MonitorOptions, Error> {
    let mut options = MonitorOptions::default();
    let mut of_carbon = Map::new();
    for (name, value) in fields.entries() {
        let number = || decimal(name, value).map(Some);
        match name {
            "cost_per_1k_input_tokens" => options.cost_per_1k_input_tokens = number()?,
            "cost_per_1k_output_tokens" => options.cost_per_1k_output_tokens = number()?,
            "cost_per_1k_cached_input_tokens" => options.cost_per_1k_cached_input_tokens = number()?,
            "compute_cost_per_hour" => options.compute_cost_per_hour = number()?,
            "energy_wh_per_1k_tokens" => options.energy_wh_per_1k_tokens = number()?,
            "carbon_intensity_g_per_kwh" => options.carbon_intensity_g_per_kwh = number()?,
            "gpu_power_kw" => options.gpu_power_kw = number()?,
            "models" => options.models = models(value)?,
            "prices" => options.prices = objects::catalogue(fields.size(name)?)?,
            "use_catalogue" => options.without_catalogue = fields.flag(name)? == Some(false),
            "strict" => options.strict = fields.flag(name)? == Some(true),
            "tags" => options.tags = Some(texts(name, value)?),
            "tag_aliases" => {
                let aliases = Fields::new(name, value)?.entries();
                let aliases = aliases.map(|(key, tag)| Ok((key.to_owned(), text(name, tag)?.to_owned())));
                options.tag_aliases = Some(aliases.collect::<Result<BTreeMap<_, _>, Error>>()?);
            }
            "max_records" => options.max_records = fields.size(name)?,
            "max_groups" => options.max_groups = fields.size(name)?,
            "max_unknown_models" => options.max_unknown_models = fields.size(name)?,
            "budgets" => options.budgets = Some(objects::budgets(fields.size(name)?.unwrap_or(usize::MAX))?),
            "env" => {}
            "batch" | "bits" | "energy_boundary" | "energy_method" | "grid" | "model_params"
            | "on_unknown" | "pue" | "region" | "wh_per_1k" | "wue_datacentre" | "wue_grid" => {
                of_carbon.insert(name.to_owned(), value.clone());
            }
            other => return Err(refuse("options", other, "no argument of a monitor")),
        }
    }
    options.carbon = carbon::wire::configuration(&Value::Object(of_carbon))?;
    Ok(options)
}

fn models(value: &Value) -> Result<Vec<ModelPrice>, Error> {
    let items = value.as_array().ok_or_else(|| refuse("models", value, "not a list"))?;
    items.iter().map(|item| price(Fields::new("models", item)?)).collect()
}

/// The user's price of a model.
pub(super) fn price(fields: Fields<'_>) -> Result<ModelPrice, Error> {
    let mut price = ModelPrice::new(fields.model()?);
    for (name, value) in fields.entries() {
        let rate =
            || -> Result<Option<Rate>, Error> { Ok(Some(Rate::from_usd_per_mtok(decimal(name, value)?)?)) };
        match name {
            "model" => {}
            "provider" => price.provider = Some(text(name, value)?.to_owned()),
            "hosting" => {
                price.hosting = match text(name, value)? {
                    "api" => Hosting::Api,
                    "self_hosted" => Hosting::SelfHosted,
                    other => return Err(refuse(name, other, "neither `api` nor `self_hosted`")),
                }
            }
            "input_usd_per_mtok" => price.input = rate()?,
            "output_usd_per_mtok" => price.output = rate()?,
            "cache_read_usd_per_mtok" => price.cache_read = rate()?,
            "cache_write_usd_per_mtok" => price.cache_write = rate()?,
            "compute_cost_per_hour" => price.compute_cost_per_hour = Some(decimal(name, value)?),
            other => return Err(refuse("models", other, "no argument of a model price")),
        }
    }
    Ok(price)
}
