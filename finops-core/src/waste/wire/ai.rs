//! The kind `ai_detector`.

use super::{Handler, render, summary::as_of};
use crate::{
    error::{Fault, shorten},
    json::{Json, Object},
    price::PriceBook,
    waste::{Context, DetectionConfig, Detector, Inventory, ai::AiInventory, detectors, run},
};

pub(super) const KINDS: &[(&str, Handler)] = &[("ai_detector", ai_detector)];

/// `detector`, `ai` (an inventory of AI workloads), `prices` (before those of the inventory) and `config` to the
/// assessments of that detector, in the order of a report.
fn ai_detector(input: &Json) -> Result<Json, Fault> {
    let id = input.get("detector").and_then(Json::as_str).unwrap_or_default();
    let all = detectors();
    let chosen: Vec<&'static dyn Detector> = all.iter().copied().filter(|one| one.id() == id).collect();
    if chosen.is_empty() {
        let problem = format!("`{}` is no known detector", shorten(id));
        return Err(Fault::new(
            "waste.unknown_detector",
            "detector",
            problem,
            "give an id like `ai.gpu_idle`",
        ));
    }
    let inventory = AiInventory::from_json(input.get("ai").unwrap_or(&Json::Null), as_of(input)?);
    let mut inventory = inventory.map_err(|fault| fault.below("ai"))?;
    if let Some(prices) = input.get("prices").filter(|prices| !prices.is_null()) {
        inventory.prices = crate::waste::ai::TokenPrices::from_json(prices, "prices")?;
    }
    let config = config(input.get("config").unwrap_or(&Json::Null));
    let config = DetectionConfig::from_json(&config, &all).map_err(|fault| fault.below("config"))?;
    let prices = PriceBook::builtin();
    let report = run(&chosen, &Context::new(Inventory::Ai(&inventory), &prices, &config));
    if let Some(failure) = report.failures.first() {
        let problem = format!("the detector failed: {}", shorten(&failure.message));
        return Err(Fault::new("waste.detector_failed", "detector", problem, "report it with the input"));
    }
    Ok(Json::array(report.findings.iter().chain(&report.others).map(render::assessment)))
}

/// The configuration, whose rate of a GPU-hour may stand at its top.
fn config(config: &Json) -> Json {
    let Some(members) = config.as_object().filter(|members| members.contains_key("gpu_hour")) else {
        return config.clone();
    };
    let mut members: Object = members.clone();
    if let Some(gpu_hour) = members.remove("gpu_hour") {
        match members.get_mut("rates") {
            Some(Json::Object(rates)) => rates.insert("gpu_hour", gpu_hour),
            _ => members.insert("rates", Json::object([("gpu_hour", gpu_hour)])),
        };
    }
    Json::from(members)
}
