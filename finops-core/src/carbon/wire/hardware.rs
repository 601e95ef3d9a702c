//! Cloud and host energy, water, embodied carbon and SCI.

use super::{Handler, Input, input::read_f64, number, whole};
use crate::{
    carbon::{
        CarbonError, HOST_W, Signal, UTILISATION,
        embodied::{self, Server, Share},
        gpu,
        hardware::{self, Medium, PowerCurve},
        pue, sci,
    },
    units::{Carbon, Energy, check},
};
use serde_json::{Value, json};

pub(super) const KINDS: &[(&str, Handler)] = &[
    ("vcpu_energy", vcpu_energy),
    ("memory_energy", memory_energy),
    ("storage_energy", storage_energy),
    ("network_energy", network_energy),
    ("cpu_tdp_power", cpu_tdp_power),
    ("power_curve", power_curve),
    ("gpu_time", gpu_time),
    ("water", water),
    ("operational", operational),
    ("embodied", embodied_share),
    ("embodied_share", embodied_share),
    ("embodied_server", embodied_server),
    ("server_embodied", embodied_server),
    ("embodied_llm", embodied_llm),
    ("sci", sci),
];

/// The default of a cloud of which nothing is known, unless a PUE is given.
fn pue_of(input: &Input<'_>) -> Result<f64, CarbonError> {
    Ok(input.opt_f64("pue")?.unwrap_or(pue::CLOUD_DEFAULT.central))
}

/// The result, with carbon where an intensity is given.
fn with_carbon(input: &Input<'_>, kwh: f64) -> Result<Value, CarbonError> {
    let grid = input.opt_f64("grid_g_per_kwh")?;
    let grams = grid.map(|grid| check(&input.path("grid_g_per_kwh"), grid).map(|grid| kwh * grid));
    let grams = grams.transpose()?.map_or(Value::Null, number);
    Ok(json!({ "energy_kwh": number(kwh), "operational_g": grams }))
}

fn vcpu_energy(input: &Input<'_>) -> Result<Value, CarbonError> {
    let (min_w, max_w) = match input.opt_str("processor")? {
        Some(name) => {
            let power = hardware::vcpu_power(name)?;
            (power.min_w, power.max_w)
        }
        None => (input.f64("min_w")?, input.f64("max_w")?),
    };
    let (hours, utilisation) = (input.f64("vcpu_hours")?, input.f64("utilisation_pct")?);
    with_carbon(input, hardware::vcpu_kwh(hours, utilisation, min_w, max_w, pue_of(input)?)?)
}

fn memory_energy(input: &Input<'_>) -> Result<Value, CarbonError> {
    with_carbon(input, hardware::memory_kwh(input.f64("gb")?, input.f64("hours")?, pue_of(input)?)?)
}

fn storage_energy(input: &Input<'_>) -> Result<Value, CarbonError> {
    input.require("medium")?;
    let medium = input.choice("medium", Medium::from_name, "give `ssd` or `hdd`")?.unwrap_or(Medium::Ssd);
    let kwh = hardware::storage_kwh(medium, input.f64("tb")?, input.f64("hours")?, pue_of(input)?)?;
    with_carbon(input, kwh)
}

fn network_energy(input: &Input<'_>) -> Result<Value, CarbonError> {
    with_carbon(input, hardware::network_kwh(input.f64("gb")?)?)
}

fn cpu_tdp_power(input: &Input<'_>) -> Result<Value, CarbonError> {
    Ok(json!({ "watts": number(hardware::cpu_tdp_w(input.f64("tdp_w")?, input.f64("load_pct")?)?) }))
}

fn power_curve(input: &Input<'_>) -> Result<Value, CarbonError> {
    let numbers = |name: &str| -> Result<Vec<f64>, CarbonError> {
        let path = input.path(name);
        input.array(name)?.iter().map(|value| read_f64(&path, value)).collect()
    };
    let (x, y) = (numbers("x_pct")?, numbers("y")?);
    if x.len() != y.len() {
        let lengths = format!("{} values for {} points", y.len(), x.len());
        return Err(CarbonError::bad_range(input.path("y"), lengths));
    }
    let curve = PowerCurve::new(x.into_iter().zip(y).collect())?;
    Ok(json!({ "y": number(curve.at(input.f64("utilisation_pct")?)?) }))
}

/// A fleet of serving GPUs without meters.
fn gpu_time(input: &Input<'_>) -> Result<Value, CarbonError> {
    let gpu = gpu::lookup(input.str("gpu")?)?;
    let utilisation = input.opt_range("utilisation")?.unwrap_or(UTILISATION);
    let host_w = input.opt_f64("host_watts_per_gpu")?.unwrap_or(HOST_W);
    let pue = input.opt_range("pue")?.unwrap_or(pue::CLOUD_DEFAULT);
    let (gpus, hours) = (whole(input, "gpu_count", 1)?, input.f64("hours")?);
    let kwh = hardware::gpu_time_kwh(&gpu, gpus, utilisation, host_w, hours, pue)?;
    Ok(json!({ "energy_kwh": super::range(kwh), "method": "gpu-time/1" }))
}

fn water(input: &Input<'_>) -> Result<Value, CarbonError> {
    let pue = pue::check("pue", input.range("pue")?)?;
    let (site, grid) = (input.range("wue_datacentre_l_per_kwh")?, input.range("wue_grid_l_per_kwh")?);
    let litres = pue::water(input.range("it_energy_kwh")?, pue, site, grid);
    Ok(json!({ "litres": super::range(litres) }))
}

fn operational(input: &Input<'_>) -> Result<Value, CarbonError> {
    let grams = crate::carbon::operational(input.range("energy_kwh")?, input.range("grid_g_per_kwh")?);
    Ok(json!({ "operational_g": super::range(grams) }))
}

fn share(input: &Input<'_>) -> Result<Share, CarbonError> {
    Ok(Share {
        reserved_h: input.f64("reserved_h")?,
        lifespan_h: input.opt_f64("lifespan_h")?.unwrap_or(embodied::SERVER_LIFE_H),
        reserved_resources: input.opt_f64("reserved_resources")?.unwrap_or(1.0),
        total_resources: input.opt_f64("total_resources")?.unwrap_or(1.0),
    })
}

fn embodied_share(input: &Input<'_>) -> Result<Value, CarbonError> {
    Ok(json!({ "m_g": number(embodied::share_g(input.f64("te_kg")?, share(input)?)?) }))
}

fn embodied_server(input: &Input<'_>) -> Result<Value, CarbonError> {
    let count = |name: &str, default: u32| whole(input, name, default);
    let server = Server {
        cpu_sockets: count("cpu_sockets", 1)?,
        memory_gb: input.opt_f64("memory_gb")?.unwrap_or(0.0),
        ssd: count("ssd", 0)?,
        hdd: count("hdd", 0)?,
        gpu: count("gpu", 0)?,
    };
    let kg = embodied::server_kg(&server)?;
    Ok(json!({ "te_kg": number(kg), "m_g": number(embodied::share_g(kg, share(input)?)?) }))
}

fn embodied_llm(input: &Input<'_>) -> Result<Value, CarbonError> {
    let gpu_kg = input.opt_f64("gpu_embodied_kg")?.unwrap_or(crate::carbon::llm::GPU_KG.central);
    let (latency_s, gpus, batch) = (input.f64("latency_s")?, input.f64("gpus")?, input.f64("batch")?);
    Ok(json!({ "m_g": number(embodied::llm_g(latency_s, gpus, batch, gpu_kg)?) }))
}

fn sci(input: &Input<'_>) -> Result<Value, CarbonError> {
    let signal = input.choice("signal", Signal::from_name, "give average or marginal")?;
    let energy_kwh = check(&input.path("energy_kwh"), input.f64("energy_kwh")?)?;
    let result = sci::sci(
        Energy::from_kwh(energy_kwh)?,
        input.f64("grid_g_per_kwh")?,
        signal.unwrap_or(Signal::Average),
        Carbon::from_grams(input.opt_f64("embodied_g")?.unwrap_or(0.0))?,
        input.f64("functional_units")?,
        input.opt_str("unit")?.unwrap_or("unit"),
    )?;
    Ok(json!({
        "sci_g_per_unit": number(result.g_per_unit), "unit": result.unit, "signal": result.signal.name(),
    }))
}
