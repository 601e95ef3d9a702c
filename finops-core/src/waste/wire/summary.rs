//! The kind `cluster_data`: a run over the summary form.

use super::{Handler, render};
use crate::{
    error::{Fault, shorten},
    json::Json,
    price::PriceBook,
    time::Timestamp,
    waste::{DetectionConfig, Inventory, detect, detectors, summary::ClusterData},
};

pub(super) const KINDS: &[(&str, Handler)] = &[("cluster_data", cluster_data)];

/// The instant `as_of` of an input, where it has one.
pub(super) fn as_of(input: &Json) -> Result<Option<Timestamp>, Fault> {
    let Some(value) = input.get("as_of").filter(|value| !value.is_null()) else { return Ok(None) };
    value.as_str().and_then(|text| text.parse().ok()).map(Some).ok_or_else(|| {
        let problem = format!("`{}` is no instant", shorten(&value.to_text()));
        Fault::new("waste.invalid_record", "as_of", problem, "write it like `2026-11-20T00:00:00Z`")
    })
}

/// `cluster_data`, `as_of`, `prices` (before those of the price book) and `config`.
fn cluster_data(input: &Json) -> Result<Json, Fault> {
    let data = input.get("cluster_data").unwrap_or(&Json::Null);
    let data = ClusterData::from_json(data, as_of(input)?).map_err(|fault| fault.below("cluster_data"))?;
    let config = input.get("config").unwrap_or(&Json::Null);
    let mut config =
        DetectionConfig::from_json(config, &detectors()).map_err(|fault| fault.below("config"))?;
    if let Some(prices) = input.get("prices") {
        config.prices = crate::waste::PriceOverrides::from_json(prices, "prices")?;
    }
    Ok(render::report(&detect(Inventory::Summary(&data), &PriceBook::builtin(), &config)))
}
