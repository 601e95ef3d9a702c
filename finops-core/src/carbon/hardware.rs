//! Energy of cloud and host hardware, and of a fleet of serving GPUs.

use super::{
    Boundary, CarbonError, DataId, NETWORK_KWH_PER_GB, Range, Tier,
    data_id::Dataset,
    gpu::Gpu,
    pue::{self, to_facility},
    tables,
};
use crate::{error::ConfigError, units::check};

/// kWh per GB and hour of memory: ccf-coefficients @b0032d9, `constants.py`.
pub const MEMORY_KWH_PER_GB_H: f64 = 0.000_392;
/// Wh per TB and hour of solid-state storage: Cloud Carbon Footprint @b7a049c.
pub const SSD_WH_PER_TB_H: f64 = 1.2;
/// Wh per TB and hour of disks: Cloud Carbon Footprint @b7a049c.
pub const HDD_WH_PER_TB_H: f64 = 0.65;
/// Share of its design power that an idle CPU draws: CodeCarbon 3.3.2, `external/hardware.py`, machine mode.
const TDP_IDLE_SHARE: f64 = 0.1;

super::range::names! {
    /// What data lies on.
    Medium {
        /// Solid-state drives.
        Ssd = "ssd",
        /// Hard disks.
        Hdd = "hdd",
    }
}

/// Idle and full power of a vCPU.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VcpuPower {
    /// Watts when idle.
    pub min_w: f64,
    /// Watts at full load.
    pub max_w: f64,
    /// How well they are known.
    pub tier: Tier,
    /// The row.
    pub data: DataId,
}

/// The power of a vCPU of a micro-architecture (`Ice Lake`), or of a provider's average (`aws`, `azure`, `gcp`).
///
/// ```
/// use finops_core::carbon::hardware::vcpu_power;
/// assert_eq!(vcpu_power("sapphire rapids")?.max_w, 4.1605);
/// # Ok::<(), finops_core::carbon::CarbonError>(())
/// ```
///
/// # Errors
/// `config.invalid` for an unknown name.
pub fn vcpu_power(name: &str) -> Result<VcpuPower, CarbonError> {
    let index = tables::CPUS.iter().position(|row| row.0.eq_ignore_ascii_case(name.trim()));
    let unknown = || {
        let help = "give a micro-architecture such as `Ice Lake`, a provider, or min_w and max_w";
        ConfigError::new("processor", name, "not a known processor", help)
    };
    let index = index.ok_or_else(unknown)?;
    let row = tables::CPUS.get(index).ok_or_else(unknown)?;
    let data = DataId::new(Dataset::Cpus, u16::try_from(index).unwrap_or(u16::MAX));
    Ok(VcpuPower { min_w: row.1, max_w: row.2, tier: Tier::Benchmarked, data })
}

fn percent(path: &str, value: f64) -> Result<f64, CarbonError> {
    if (0.0..=100.0).contains(&value) {
        Ok(value)
    } else {
        Err(CarbonError::bad_utilisation(path, value, 100))
    }
}

fn ordered_power(min_w: f64, max_w: f64) -> Result<(), CarbonError> {
    check("min_w", min_w)?;
    check("max_w", max_w)?;
    if min_w > max_w {
        return Err(CarbonError::bad_range("min_w", format_args!("{min_w} / {max_w}")));
    }
    Ok(())
}

/// kWh at the facility of vCPU hours, `ccf-compute/1`: vCPUh × (min + u·(max − min)) ÷ 1000 × PUE.
///
/// # Errors
/// `carbon.bad_utilisation`, `carbon.bad_number`, `carbon.bad_range` for idle above full power, `carbon.bad_pue`.
pub fn vcpu_kwh(
    vcpu_hours: f64,
    utilisation_pct: f64,
    min_w: f64,
    max_w: f64,
    pue: f64,
) -> Result<f64, CarbonError> {
    let utilisation = percent("utilisation_pct", utilisation_pct)? / 100.0;
    ordered_power(min_w, max_w)?;
    let watts = min_w + utilisation * (max_w - min_w);
    at_facility(check("vcpu_hours", vcpu_hours)? * watts / 1000.0, pue)
}

/// kWh at the facility of memory, `ccf-memory/1`.
///
/// # Errors
/// `carbon.bad_number`, `carbon.bad_pue`.
pub fn memory_kwh(gb: f64, hours: f64, pue: f64) -> Result<f64, CarbonError> {
    at_facility(MEMORY_KWH_PER_GB_H * check("gb", gb)? * check("hours", hours)?, pue)
}

/// kWh at the facility of storage, `ccf-storage/1`.
///
/// # Errors
/// `carbon.bad_number`, `carbon.bad_pue`.
pub fn storage_kwh(medium: Medium, tb: f64, hours: f64, pue: f64) -> Result<f64, CarbonError> {
    let wh_per_tb_h = match medium {
        Medium::Ssd => SSD_WH_PER_TB_H,
        Medium::Hdd => HDD_WH_PER_TB_H,
    };
    at_facility(wh_per_tb_h * check("tb", tb)? * check("hours", hours)? / 1000.0, pue)
}

/// kWh of network transfer, `ccf-network/1`: the network is no data centre and has no PUE.
///
/// # Errors
/// `carbon.bad_number`.
pub fn network_kwh(gb: f64) -> Result<f64, CarbonError> {
    Ok(check("gb", gb)? * NETWORK_KWH_PER_GB)
}

/// Watts of a CPU at a load, `cpu-tdp-cubic/1`: TDP × (0.1 + 0.9·load³).
///
/// # Errors
/// `carbon.bad_number`, `carbon.bad_utilisation`.
pub fn cpu_tdp_w(tdp_w: f64, load_pct: f64) -> Result<f64, CarbonError> {
    let load = percent("load_pct", load_pct)? / 100.0;
    Ok(check("tdp_w", tdp_w)? * (TDP_IDLE_SHARE + (1.0 - TDP_IDLE_SHARE) * (load * load * load)))
}

/// kWh at the facility of a fleet of serving GPUs without meters, `gpu-time/1`:
/// GPUs × (idle + u·(max − idle) + host) × h ÷ 1000 × PUE.
///
/// # Errors
/// `carbon.bad_number`, `carbon.bad_utilisation`, `carbon.bad_pue`.
pub fn gpu_time_kwh(
    gpu: &Gpu,
    gpus: u32,
    utilisation: Range,
    host_w: f64,
    hours: f64,
    pue: Range,
) -> Result<Range, CarbonError> {
    let pue = pue::check("pue", pue)?;
    let (host_w, hours) = (check("host_watts_per_gpu", host_w)?, check("hours", hours)?);
    for u in [utilisation.low, utilisation.central, utilisation.high] {
        if !(0.0..=1.0).contains(&u) {
            return Err(CarbonError::bad_utilisation("utilisation", u, 1));
        }
    }
    let watts = utilisation.map(|u| gpu.idle_w + u * (gpu.max_w - gpu.idle_w) + host_w);
    let kwh = watts.map(|watts| f64::from(gpus) * watts * hours / 1000.0);
    Ok(to_facility(kwh, Boundary::It, pue))
}

fn at_facility(it_kwh: f64, pue: f64) -> Result<f64, CarbonError> {
    pue::check("pue", Range::point(pue))?;
    Ok(to_facility(it_kwh, Boundary::It, pue))
}

/// Power, or any other figure, over utilisation: linear between points (the Teads curve, as in Impact Framework 1.1.0).
///
/// ```
/// use finops_core::carbon::hardware::PowerCurve;
/// let curve = PowerCurve::new(vec![(0.0, 0.12), (10.0, 0.32), (50.0, 0.75), (100.0, 1.02)])?;
/// assert_eq!(curve.at(50.0)?, 0.75);
/// assert_eq!(curve.at(101.0).unwrap_err().code(), "carbon.bad_utilisation");
/// # Ok::<(), finops_core::carbon::CarbonError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PowerCurve(Vec<(f64, f64)>);

impl PowerCurve {
    /// Points of percent and value, ascending in percent.
    ///
    /// # Errors
    /// `carbon.series_empty` without points, `carbon.bad_utilisation`, `carbon.bad_number`, `carbon.bad_range` for
    /// percentages that do not ascend.
    pub fn new(points: Vec<(f64, f64)>) -> Result<Self, CarbonError> {
        if points.is_empty() {
            return Err(CarbonError::SeriesEmpty { path: "x_pct".to_owned() });
        }
        for (x, y) in &points {
            percent("x_pct", *x)?;
            check("y", *y)?;
        }
        for (left, right) in points.iter().zip(points.iter().skip(1)) {
            if left.0 >= right.0 {
                return Err(CarbonError::bad_range("x_pct", format_args!("{} / {}", left.0, right.0)));
            }
        }
        Ok(Self(points))
    }

    /// The value at a utilisation.
    ///
    /// # Errors
    /// `carbon.bad_utilisation` outside 0 to 100 and outside the points.
    pub fn at(&self, utilisation_pct: f64) -> Result<f64, CarbonError> {
        let x = percent("utilisation_pct", utilisation_pct)?;
        let outside = || CarbonError::bad_utilisation("utilisation_pct", utilisation_pct, 100);
        for (left, right) in self.0.iter().zip(self.0.iter().skip(1)) {
            if left.0 <= x && x <= right.0 {
                return Ok(left.1 + (right.1 - left.1) * (x - left.0) / (right.0 - left.0));
            }
        }
        match self.0.as_slice() {
            [only] if only.0.total_cmp(&x).is_eq() => Ok(only.1),
            _ => Err(outside()),
        }
    }
}
