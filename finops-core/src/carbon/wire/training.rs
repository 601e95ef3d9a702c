//! Training runs.

use super::{
    Handler, Input, config,
    inference::{estimate, instant, three},
    number,
};
use crate::{
    carbon::{CarbonError, CarbonModel, TrainingCall, TrainingImpact},
    error::shorten,
    units::{Energy, J_PER_KWH},
    usage::UsageError,
};
use rust_decimal::prelude::ToPrimitive as _;
use serde_json::{Value, json};

pub(super) const KINDS: &[(&str, Handler)] = &[
    ("estimate_training", estimate_training),
    ("training_flat", estimate_training),
    ("training_watts", estimate_training),
    ("training_errors", estimate_training),
    ("training_gpu", training_gpu),
];

fn impact(input: &Input<'_>) -> Result<TrainingImpact, CarbonError> {
    let environment = input.object("environment")?.map(Input::as_root);
    let model = CarbonModel::new(config::read(input, environment.as_ref())?)?;
    let count = input.require("gpu_count")?;
    let gpu_count = input.decimal("gpu_count").ok().filter(rust_decimal::Decimal::is_integer);
    let gpu_count = gpu_count.and_then(|count| count.to_i64()).ok_or_else(|| {
        UsageError::InvalidGpuCount { path: input.path("gpu_count"), value: shorten(&count.to_string()) }
    })?;
    let hours = input.require("duration_hours")?;
    let duration_hours = input.decimal("duration_hours").map_err(|_| UsageError::InvalidDuration {
        path: input.path("duration_hours"),
        value: shorten(&hours.to_string()),
    })?;
    model.training(&TrainingCall {
        measured: input.opt_f64("measured_joules")?.map(Energy::from_joules).transpose()?,
        watts_per_gpu: input.opt_f64("watts_per_gpu")?,
        gpu: input.opt_str("gpu")?,
        host_watts_per_gpu: input.opt_f64("host_watts_per_gpu")?,
        utilisation: input.opt_f64("utilisation")?,
        at: instant(input, "at")?,
        ..TrainingCall::new(gpu_count, duration_hours)
    })
}

fn fields(impact: &TrainingImpact, energy_kwh: Value) -> Value {
    json!({
        "energy_kwh": energy_kwh,
        "energy_joules": number(impact.energy.central.joules()),
        "carbon_kg": number(impact.carbon_kg),
        "embodied_kg": impact.embodied.map(|embodied| number(embodied.central.kg())),
        "tier": impact.energy.tier.name(),
        "energy_tier": impact.energy.tier.name(),
        "carbon_tier": impact.operational.tier.name(),
        "method": impact.energy.method.name(),
        "pue_applied": impact.pue.is_some(),
        "energy": estimate(&impact.energy),
        "it_energy": impact.it_energy.as_ref().map(estimate),
        "operational": estimate(&impact.operational),
        "embodied": impact.embodied.as_ref().map(estimate),
        "factors": { "g_per_kwh": three(impact.g_per_kwh), "pue": impact.pue.map(three) },
        "assumptions": impact.assumptions.iter().map(|assumption| assumption.code()).collect::<Vec<_>>(),
    })
}

fn estimate_training(input: &Input<'_>) -> Result<Value, CarbonError> {
    let impact = impact(input)?;
    Ok(fields(&impact, number(impact.energy.central.kwh())))
}

fn training_gpu(input: &Input<'_>) -> Result<Value, CarbonError> {
    let impact = impact(input)?;
    Ok(fields(&impact, three(impact.energy.range().map(|joules| joules / J_PER_KWH))))
}
