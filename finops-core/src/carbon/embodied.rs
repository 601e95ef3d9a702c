//! Embodied carbon: a share of what making a machine emitted.

use super::{CarbonError, llm};
use crate::units::check;

/// Life of a server in hours: four years (SCI, Cloud Carbon Footprint).
pub const SERVER_LIFE_H: f64 = 35_040.0;
/// Life of a server for language models in hours: three years (EcoLogits 0.11.3).
pub const LLM_SERVER_LIFE_H: f64 = 26_280.0;

// kg CO2e of a server's parts: ccf-coefficients @b0032d9, `constants.py`.
const SERVER_KG: f64 = 1000.0;
const SOCKET_KG: f64 = 100.0;
const MEMORY_KG_PER_GB: f64 = 533.0 / 384.0;
const MEMORY_INCLUDED_GB: f64 = 16.0;
const SSD_KG: f64 = 100.0;
const HDD_KG: f64 = 50.0;
const GPU_KG: f64 = 150.0;

/// What a piece of work had of a machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// Hours reserved.
    pub reserved_h: f64,
    /// Hours of the machine's life.
    pub lifespan_h: f64,
    /// Resources reserved, such as vCPUs.
    pub reserved_resources: f64,
    /// Resources of the machine.
    pub total_resources: f64,
}

fn positive(path: &str, value: f64) -> Result<f64, CarbonError> {
    match check(path, value)? {
        zero if zero <= 0.0 => Err(CarbonError::bad_number(path, value)),
        value => Ok(value),
    }
}

/// Grams of CO2 equivalent, `sci-embodied/1`: M = TE × TiR/EL × RR/ToR (SCI 1.1.0, ISO/IEC 21031:2024).
///
/// ```
/// use finops_core::carbon::embodied::{share_g, Share, SERVER_LIFE_H};
/// let hour = Share { reserved_h: 1.0, lifespan_h: SERVER_LIFE_H, reserved_resources: 1.0, total_resources: 1.0 };
/// assert_eq!(share_g(1000.0, hour)?, 28.538812785388128);
/// # Ok::<(), finops_core::carbon::CarbonError>(())
/// ```
///
/// # Errors
/// `carbon.bad_number` naming the field; lifespan and total resources must be positive.
pub fn share_g(te_kg: f64, share: Share) -> Result<f64, CarbonError> {
    let kg = check("te_kg", te_kg)?;
    let time = check("reserved_h", share.reserved_h)? / positive("lifespan_h", share.lifespan_h)?;
    let part = check("reserved_resources", share.reserved_resources)?
        / positive("total_resources", share.total_resources)?;
    Ok(kg * 1000.0 * time * part)
}

/// The parts of a server.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Server {
    /// CPU sockets.
    pub cpu_sockets: u32,
    /// Memory in GB; the first 16 are in the server's own figure.
    pub memory_gb: f64,
    /// Solid-state drives.
    pub ssd: u32,
    /// Hard disks.
    pub hdd: u32,
    /// GPUs.
    pub gpu: u32,
}

/// Kilograms of CO2 equivalent of making a server, `server-bom/1`.
///
/// TE = 1000 + 100·max(0, sockets − 1) + 533/384·max(0, GB − 16) + 100·SSD + 50·HDD + 150·GPU.
///
/// # Errors
/// `carbon.bad_number` for the memory.
pub fn server_kg(server: &Server) -> Result<f64, CarbonError> {
    let memory = check("memory_gb", server.memory_gb)?;
    let further_sockets = f64::from(server.cpu_sockets.saturating_sub(1));
    Ok(SERVER_KG
        + SOCKET_KG * further_sockets
        + MEMORY_KG_PER_GB * (memory - MEMORY_INCLUDED_GB).max(0.0)
        + SSD_KG * f64::from(server.ssd)
        + HDD_KG * f64::from(server.hdd)
        + GPU_KG * f64::from(server.gpu))
}

/// Grams of CO2 equivalent of one request to a language model, `embodied-llm/1`.
///
/// # Errors
/// `carbon.bad_number`; the batch must be positive.
pub fn llm_g(latency_s: f64, gpus: f64, batch: f64, gpu_kg: f64) -> Result<f64, CarbonError> {
    let (latency_s, gpus) = (check("latency_s", latency_s)?, check("gpus", gpus)?);
    let (batch, gpu_kg) = (positive("batch", batch)?, check("gpu_embodied_kg", gpu_kg)?);
    Ok(llm::embodied_kg(latency_s, gpus, batch, gpu_kg) * 1000.0)
}
