//! The kinds `detector` and `ttl`.

use super::{Handler, render, summary::as_of};
use crate::{
    error::{Fault, shorten},
    inventory::ClusterInventory,
    json::Json,
    price::PriceBook,
    waste::{Context, DetectionConfig, Detector, Inventory, detectors, kubernetes, run},
};

pub(super) const KINDS: &[(&str, Handler)] = &[("detector", detector), ("ttl", ttl)];

/// `detector`, `inventory` and `config` to the assessments of that detector, in the order of a report.
fn detector(input: &Json) -> Result<Json, Fault> {
    let id = input.get("detector").and_then(Json::as_str).unwrap_or_default();
    let all = detectors();
    let chosen: Vec<&'static dyn Detector> = all.iter().copied().filter(|one| one.id() == id).collect();
    if chosen.is_empty() {
        let problem = format!("`{}` is no known detector", shorten(id));
        return Err(Fault::new(
            "waste.unknown_detector",
            "detector",
            problem,
            "give an id like `k8s.empty_node`",
        ));
    }
    let inventory = ClusterInventory::from_json(input.get("inventory").unwrap_or(&Json::Null))
        .map_err(|fault| fault.below("inventory"))?
        .value;
    let config = DetectionConfig::from_json(input.get("config").unwrap_or(&Json::Null), &all)
        .map_err(|fault| fault.below("config"))?;
    let prices = PriceBook::builtin();
    let report = run(&chosen, &Context::new(Inventory::Cluster(&inventory), &prices, &config));
    if let Some(failure) = report.failures.first() {
        let problem = format!("the detector failed: {}", shorten(&failure.message));
        return Err(Fault::new("waste.detector_failed", "detector", problem, "report it with the input"));
    }
    Ok(Json::array(report.findings.iter().chain(&report.others).map(render::assessment)))
}

/// `annotations` (`janitor/ttl`, `janitor/expires`), `created_at` and `as_of` to the outcome and its reason.
fn ttl(input: &Json) -> Result<Json, Fault> {
    let now = as_of(input)?.ok_or_else(|| {
        let problem = "the time of the run is not given";
        Fault::new("waste.invalid_record", "as_of", problem, "write it like `2026-11-20T00:00:00Z`")
    })?;
    let text = |name: &str| input.get("annotations").and_then(|all| all.get(name)).and_then(Json::as_str);
    let created_at = match input.get("created_at").and_then(Json::as_str) {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| {
            let problem = format!("`{}` is no instant", shorten(text));
            Fault::new("waste.invalid_record", "created_at", problem, "write it like `2026-11-20T00:00:00Z`")
        })?),
    };
    let (outcome, reason) = kubernetes::expiry(text("janitor/ttl"), text("janitor/expires"), created_at, now);
    Ok(Json::object([("outcome", Json::from(outcome.code())), ("reason", reason.code().into())]))
}
