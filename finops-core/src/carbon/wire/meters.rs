//! Readings of energy counters, their shares, and the counters that telemetry exports.

use super::{
    Handler, Input,
    input::{read_f64, read_u64},
    number,
};
use crate::{
    carbon::{
        CarbonError, CounterFlag, CounterInterval, CounterSums, ExactSum, MeterError, NvmlCounter,
        NvmlSample, RAPL_PERMISSION_HELP, RaplCounter, RaplLimits, RaplTree, Tier, counter_points,
        mig_shares, rapl_domains,
    },
    error::ConfigError,
};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) const KINDS: &[(&str, Handler)] = &[
    ("rapl_counter", rapl_counter),
    ("rapl_tree", rapl_tree),
    ("nvml_counter", nvml_counter),
    ("mig_allocation", mig_allocation),
    ("counters", counters),
];

fn limits(input: &Input<'_>) -> Result<RaplLimits, CarbonError> {
    let positive = |name: &str| -> Result<Option<f64>, CarbonError> {
        let value = input.opt_f64(name)?;
        match value {
            Some(value) if value <= 0.0 => Err(CarbonError::bad_number(input.path(name), value)),
            value => Ok(value),
        }
    };
    let usual = RaplLimits::default();
    Ok(RaplLimits {
        max_energy_range_uj: input.opt_u64("max_energy_range_uj")?,
        max_plausible_w: positive("max_plausible_w")?.unwrap_or(usual.max_plausible_w),
        tdp_w: positive("tdp_w")?,
        fallback_w: positive("fallback_w")?,
    })
}

/// The samples in field `name`, each a list of at least `width` numbers.
fn samples<'a>(
    input: &Input<'a>,
    name: &str,
    width: usize,
) -> Result<Vec<(String, &'a [Value])>, CarbonError> {
    let wrong = |path: &str, value: &Value| {
        CarbonError::from(ConfigError::new(
            path,
            value,
            "not a sample",
            "give the numbers that the kind lists",
        ))
    };
    let sample = |(at, value): (usize, &'a Value)| {
        let path = format!("{}[{at}]", input.path(name));
        let fields = value.as_array().map(Vec::as_slice).filter(|fields| fields.len() == width);
        fields.map(|fields| (path.clone(), fields)).ok_or_else(|| wrong(&path, value))
    };
    input.array(name)?.iter().enumerate().map(sample).collect()
}

fn field(fields: &[Value], at: usize) -> &Value {
    fields.get(at).unwrap_or(&Value::Null)
}

fn flags(interval: CounterInterval) -> Vec<&'static str> {
    interval.flags.into_iter().map(CounterFlag::name).collect()
}

fn rapl_counter(input: &Input<'_>) -> Result<Value, CarbonError> {
    let mut counter = RaplCounter::new(limits(input)?);
    let mut intervals = Vec::new();
    for (path, sample) in samples(input, "samples_s_uj", 2)? {
        let (at_s, energy_uj) = (read_f64(&path, field(sample, 0))?, read_u64(&path, field(sample, 1))?);
        intervals.extend(counter.sample(at_s, energy_uj).map_err(|e| at_path(e, &path))?.map(flags));
    }
    let total = counter.total();
    Ok(json!({
        "measured_joules": total.measured_j.map(number), "filled_joules": total.filled_j.map(number),
        "unknown_s": number(total.unknown_s), "intervals": intervals,
        "tier": total.measured_j.or(total.filled_j).map(|_| total.tier().name()), "assumptions": total.assumptions,
    }))
}

fn at_path(error: CarbonError, path: &str) -> CarbonError {
    match error {
        CarbonError::BadRange { value, .. } => CarbonError::BadRange { path: path.to_owned(), value },
        CarbonError::BadNumber { value, .. } => CarbonError::BadNumber { path: path.to_owned(), value },
        other => other,
    }
}

/// The readings of one domain: a list of numbers, or what kept them from being read.
fn reads(zone: &str, fields: &Input<'_>) -> Result<Vec<u64>, CarbonError> {
    let path = format!("{zone}/energy_uj");
    let bad = |value: &Value| {
        CarbonError::from(MeterError::bad_reading(
            "rapl",
            &path,
            value.as_str().unwrap_or(&value.to_string()),
        ))
    };
    match fields.require("energy_uj")? {
        Value::Array(list) => {
            list.iter().map(|value| read_u64(&path, value).map_err(|_| bad(value))).collect()
        }
        Value::String(text) if text == "EACCES" || text == "EPERM" => {
            Err(MeterError::Permission { meter: "rapl", path, help: RAPL_PERMISSION_HELP }.into())
        }
        Value::String(text) if text == "ENOENT" => {
            Err(MeterError::Unavailable { meter: "rapl", reason: format!("`{path}` is missing") }.into())
        }
        other => Err(bad(other)),
    }
}

fn rapl_tree(input: &Input<'_>) -> Result<Value, CarbonError> {
    let missing = || ConfigError::new(input.path("powercap"), "", "missing", "give the zones of the tree");
    let tree = input.object("powercap")?.ok_or_else(missing)?;
    let mut zones = BTreeMap::new();
    for zone in tree.names() {
        if let Some(fields) = tree.object(zone)? {
            zones.insert(zone.to_owned(), fields.opt_str("name")?.unwrap_or_default().to_owned());
        }
    }
    let chosen = rapl_domains(&zones, input.opt_bool("psys")?.unwrap_or_default())?;
    let mut domains = Vec::new();
    for zone in &chosen {
        if let (Some(fields), Some(name)) = (tree.object(zone)?, zones.get(zone)) {
            domains.push((name.as_str(), reads(zone, &fields)?));
        }
    }
    let elapsed_s = input.opt_f64("elapsed_s")?.unwrap_or(1.0);
    if elapsed_s <= 0.0 {
        return Err(CarbonError::bad_number(input.path("elapsed_s"), elapsed_s));
    }
    let limits = limits(input)?;
    // A domain that was read fewer times than others ends the run for all.
    let turns = domains.iter().map(|(_, reads)| reads.len()).min().unwrap_or_default();
    let mut sampled = RaplTree::new(domains.iter().map(|(name, _)| (*name, limits)));
    let mut at_s = 0.0;
    for turn in 0..turns {
        let energy_uj: Vec<u64> = domains.iter().filter_map(|(_, reads)| reads.get(turn).copied()).collect();
        sampled.sample(at_s, &energy_uj)?;
        at_s += elapsed_s;
    }
    let names: Vec<&str> =
        sampled.domains().filter(|(_, _, mirrored)| !mirrored).map(|(name, _, _)| name).collect();
    let total = sampled.total();
    Ok(json!({
        "measured_joules": total.measured_j.map(number), "filled_joules": total.filled_j.map(number),
        "unknown_s": number(total.unknown_s), "domains": names, "assumptions": total.assumptions,
    }))
}

fn nvml_counter(input: &Input<'_>) -> Result<Value, CarbonError> {
    let mut counter = NvmlCounter::default();
    let mut intervals = Vec::new();
    let opt_u64 = |path: &str, value: &Value| match value {
        Value::Null => Ok(None),
        value => read_u64(path, value).map(Some),
    };
    for (path, sample) in samples(input, "samples_s_mj_mw", 3)? {
        let sample = NvmlSample {
            at_s: read_f64(&path, field(sample, 0))?,
            energy_mj: opt_u64(&path, field(sample, 1))?,
            power_mw: opt_u64(&path, field(sample, 2))?,
        };
        intervals.extend(counter.sample(sample).map_err(|e| at_path(e, &path))?.map(flags));
    }
    Ok(json!({
        "measured_joules": counter.total_j().map(number), "unknown_s": number(counter.unknown_s()),
        "intervals": intervals,
    }))
}

fn mig_allocation(input: &Input<'_>) -> Result<Value, CarbonError> {
    let gpu_joules = input.decimal("gpu_joules")?;
    let nanojoules = gpu_joules.checked_mul(Decimal::from(1_000_000_000)).and_then(|nj| nj.round().to_u128());
    let nanojoules =
        nanojoules.ok_or_else(|| CarbonError::bad_number(input.path("gpu_joules"), gpu_joules))?;
    let slices = input.array("compute_slices")?.iter().enumerate().map(|(at, value)| {
        let path = format!("{}[{at}]", input.path("compute_slices"));
        read_u64(&path, value)
    });
    let slices = slices.collect::<Result<Vec<_>, _>>()?;
    let shares = mig_shares(nanojoules, &slices, input.opt_u64("slices_total")?.unwrap_or(7))?;
    Ok(json!({
        "joules": shares.nanojoules.iter().map(|nj| joules(*nj)).collect::<Vec<_>>(),
        "unallocated_joules": joules(shares.unallocated_nanojoules),
        "tier": Tier::Modelled.name(), "assumptions": ["mig_share"],
    }))
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people: the nanojoules are exact")]
fn joules(nanojoules: u128) -> Value {
    number(nanojoules as f64 / 1e9)
}

fn counters(input: &Input<'_>) -> Result<Value, CarbonError> {
    let sum = |name: &str| -> Result<ExactSum, CarbonError> {
        let mut sum = ExactSum::default();
        for (at, value) in input.array(name)?.iter().enumerate().filter(|(_, value)| !value.is_null()) {
            let path = format!("{}[{at}]", input.path(name));
            sum.add(crate::units::check(&path, read_f64(&path, value)?)?)?;
        }
        Ok(sum)
    };
    let points = counter_points(&CounterSums {
        activity: input.opt_str("activity")?.unwrap_or("inference"),
        model: input.opt_str("model")?,
        provider: input.opt_str("provider")?,
        energy_j: sum("energy_joules")?,
        operational_g: sum("operational_g")?,
        embodied_g: input.get("embodied_g").map(|_| sum("embodied_g")).transpose()?,
    })?;
    Ok(json!({ "points": points }))
}
