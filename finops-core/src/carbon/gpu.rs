//! GPUs by name: idle and maximum power.

use super::{CarbonError, DataId, Tier, data_id::Dataset, tables, zone::edit_distance};
use crate::error::shorten;

/// Idle and maximum power of a GPU.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gpu {
    /// The name of the row.
    pub name: &'static str,
    /// Watts when idle.
    pub idle_w: f64,
    /// Watts at full load.
    pub max_w: f64,
    /// How well they are known: a vendor's design power, with 10 % of it for idle, is modelled.
    pub tier: Tier,
    /// The row.
    pub data: DataId,
}

/// The GPU of that name: of a row, or NVML's product name, in any case.
///
/// ```
/// use finops_core::carbon::gpu;
/// assert_eq!(gpu::lookup("nvidia h100 80gb hbm3")?.name, "H100-SXM");
/// assert_eq!(gpu::lookup("A100").unwrap_err().code(), "carbon.ambiguous_gpu");
/// # Ok::<(), finops_core::carbon::CarbonError>(())
/// ```
///
/// # Errors
/// `carbon.ambiguous_gpu` listing the members of a family, `carbon.unknown_gpu` with the nearest names.
pub fn lookup(name: &str) -> Result<Gpu, CarbonError> {
    let wanted = name.trim();
    let same = |other: &str| other.eq_ignore_ascii_case(wanted);
    let index = tables::GPUS.iter().position(|row| same(row.0) || row.4.iter().any(|name| same(name)));
    if let Some((index, row)) = index.and_then(|index| Some((index, tables::GPUS.get(index)?))) {
        let vendor = tables::SOURCES.get(row.3).is_some_and(|source| source.0 == "vendor-tdp");
        return Ok(Gpu {
            name: row.0,
            idle_w: row.1,
            max_w: row.2,
            tier: if vendor { Tier::Modelled } else { Tier::Benchmarked },
            data: DataId::new(Dataset::Gpus, u16::try_from(index).unwrap_or(u16::MAX)),
        });
    }
    let family = format!("{}-", wanted.to_ascii_lowercase());
    let lower = |row: &super::rows::Gpu| row.0.to_ascii_lowercase();
    let members = tables::GPUS.iter().filter(|row| lower(row).starts_with(&family));
    let candidates: Vec<String> = members.map(|row| row.0.to_owned()).collect();
    let gpu = shorten(wanted);
    if candidates.len() > 1 {
        return Err(CarbonError::AmbiguousGpu { gpu, candidates });
    }
    if !candidates.is_empty() {
        return Err(CarbonError::UnknownGpu { gpu, suggestions: candidates });
    }
    Err(CarbonError::UnknownGpu { gpu, suggestions: nearest(wanted) })
}

/// Every GPU that [`lookup`] knows, by name.
pub fn names() -> impl Iterator<Item = &'static str> {
    tables::GPUS.iter().map(|row| row.0)
}

fn nearest(name: &str) -> Vec<String> {
    let wanted = name.to_ascii_lowercase();
    if wanted.len() > 40 {
        return Vec::new();
    }
    let distance = |row: &super::rows::Gpu| edit_distance(&wanted, &row.0.to_ascii_lowercase());
    let mut near: Vec<(usize, &str)> = tables::GPUS.iter().map(|row| (distance(row), row.0)).collect();
    near.sort_unstable();
    near.into_iter().take(3).map(|(_, name)| name.to_owned()).collect()
}
