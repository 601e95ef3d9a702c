//! Power usage effectiveness, applied exactly once, and water.

use super::{
    Assumption, Boundary, CarbonError, DataId, Range, Tier,
    data_id::Dataset,
    range::names,
    tables,
    zone::{self, Provider},
};
use std::ops::Mul;

/// PUE of a cloud of which no row is known: the default of SPRUCE (DigitalPebble/spruce @8840d3c); ends are the least
/// and the greatest row of `tables.rs`.
pub const CLOUD_DEFAULT: Range = Range { low: 1.07, central: 1.15, high: 1.46 };
/// PUE of an own data centre: averages of the Uptime Institute's global surveys of 2023 (1.58) and 2011 (1.98).
pub const ON_PREM_DEFAULT: Range = Range { low: 1.07, central: 1.58, high: 1.98 };
names! {
    /// Where a PUE came from.
    PueFrom {
        /// The caller or the configuration.
        Argument = "argument",
        /// The region's own row.
        Row = "row",
        /// The average that AWS publishes for the continent.
        Prefix = "prefix",
        /// Google's fleet.
        Fleet = "fleet",
        /// The default of clouds.
        UnknownCloud = "unknown_cloud",
        /// The default of own data centres.
        OnPrem = "on_prem",
    }
}

/// A PUE and where it came from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pue {
    /// The value.
    pub value: Range,
    /// Where it came from.
    pub from: PueFrom,
    /// How well it is known.
    pub tier: Tier,
    /// The row.
    pub data: DataId,
}

impl Pue {
    /// A PUE that the caller stated.
    ///
    /// # Errors
    /// `carbon.bad_pue` outside 1 to 10.
    pub fn declared(value: Range) -> Result<Self, CarbonError> {
        let value = check("pue", value)?;
        Ok(Self { value, from: PueFrom::Argument, tier: Tier::Declared, data: DataId::DECLARED })
    }

    /// What was assumed in choosing it.
    #[must_use]
    pub const fn assumption(&self) -> Option<Assumption> {
        match self.from {
            PueFrom::UnknownCloud => Some(Assumption::pue_default_cloud),
            PueFrom::OnPrem => Some(Assumption::pue_default_on_prem),
            PueFrom::Argument | PueFrom::Row | PueFrom::Prefix | PueFrom::Fleet => None,
        }
    }
}

/// `pue` when it lies between 1 and 10.
///
/// # Errors
/// `carbon.bad_pue` naming `path`.
pub fn check(path: &str, pue: Range) -> Result<Range, CarbonError> {
    let ordered = pue.low <= pue.central && pue.central <= pue.high;
    if ordered && (1.0..=10.0).contains(&pue.low) && (1.0..=10.0).contains(&pue.high) {
        Ok(pue)
    } else if pue.is_point() {
        Err(CarbonError::bad_pue(path, pue.central))
    } else {
        Err(CarbonError::bad_pue(path, pue))
    }
}

/// Energy at the facility's boundary. The only place of this crate that multiplies by a PUE.
///
/// ```
/// use finops_core::carbon::{Boundary, pue::to_facility};
/// assert_eq!(to_facility(100.0, Boundary::It, 1.5), 150.0);
/// assert_eq!(to_facility(150.0, Boundary::Facility, 1.5), 150.0);
/// ```
#[must_use]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "floats, ranges of them, and decimals checked to be small"
)]
pub fn to_facility<T: Mul<Output = T>>(energy: T, boundary: Boundary, pue: T) -> T {
    match boundary {
        Boundary::It => energy * pue,
        Boundary::Facility => energy,
    }
}

/// The PUE of a site: a cloud region, `on_prem`, or a country or state, of whose clouds nothing is known.
///
/// # Errors
/// `carbon.unknown_zone`.
pub fn lookup(site: &str) -> Result<Pue, CarbonError> {
    if site.trim().eq_ignore_ascii_case("on_prem") {
        let data = DataId::DEFAULT_PUE_ON_PREM;
        return Ok(Pue { value: ON_PREM_DEFAULT, from: PueFrom::OnPrem, tier: Tier::Assumed, data });
    }
    Ok(match zone::region_index(site, "site")? {
        Some(index) => of_region(index),
        None => unknown_cloud(),
    })
}

/// Litres of water per kWh of the machines that a cloud region uses on site; `None` where none is published.
///
/// # Errors
/// `carbon.unknown_zone`.
pub fn wue_datacentre(site: &str) -> Result<Option<f64>, CarbonError> {
    let region = zone::region_index(site, "site")?.and_then(|index| tables::REGIONS.get(index));
    let Some(region) = region else { return Ok(None) };
    let prefix = region.1.split('-').next().unwrap_or_default();
    let average = || match region.0 {
        Provider::Aws => tables::AWS_PUE_PREFIX.iter().find(|row| row.0 == prefix).and_then(|row| row.2),
        Provider::Azure | Provider::Gcp => None,
    };
    Ok(region.4.or_else(average))
}

/// The default of clouds.
#[must_use]
pub const fn unknown_cloud() -> Pue {
    let data = DataId::DEFAULT_PUE_CLOUD;
    Pue { value: CLOUD_DEFAULT, from: PueFrom::UnknownCloud, tier: Tier::Assumed, data }
}

fn of_region(index: usize) -> Pue {
    let Some(region) = tables::REGIONS.get(index) else { return unknown_cloud() };
    let disclosed = |value: f64, from, dataset| Pue {
        value: Range::point(value),
        from,
        tier: Tier::VendorDisclosed,
        data: DataId::new(dataset, u16::try_from(index).unwrap_or(u16::MAX)),
    };
    if let Some(pue) = region.3 {
        return disclosed(pue, PueFrom::Row, Dataset::PueRegion);
    }
    match region.0 {
        Provider::Aws => {
            let prefix = region.1.split('-').next().unwrap_or_default();
            match tables::AWS_PUE_PREFIX.iter().position(|row| row.0 == prefix) {
                Some(row) => Pue {
                    value: Range::point(
                        tables::AWS_PUE_PREFIX.get(row).map_or(CLOUD_DEFAULT.central, |r| r.1),
                    ),
                    from: PueFrom::Prefix,
                    tier: Tier::VendorDisclosed,
                    data: DataId::new(Dataset::PuePrefix, u16::try_from(row).unwrap_or(u16::MAX)),
                },
                None => unknown_cloud(),
            }
        }
        Provider::Gcp => disclosed(tables::GOOGLE_FLEET_PUE, PueFrom::Fleet, Dataset::PueFleet),
        Provider::Azure => unknown_cloud(),
    }
}

/// Water, `water/1`: litres = it_kWh × (WUE of the site + PUE × WUE of the grid), at each end.
#[must_use]
pub fn water(it_kwh: Range, pue: Range, wue_datacentre: Range, wue_grid: Range) -> Range {
    let grid = to_facility(wue_grid, Boundary::It, pue);
    it_kwh.product(wue_datacentre.sum(grid))
}
