//! Factors of energy and intensity: exact numbers, where they came from and how well they are known.

use super::{
    Assumption, Assumptions, Boundary, CarbonConfig, CarbonError, DataId, Grid, Origin, Range, Tier, config,
    fixed::Fixed,
    pue::{self, Pue, to_facility},
    zone,
};
use crate::money::decimal;
use rust_decimal::Decimal;

/// Wh per 1,000 tokens, facility: the project's default times and over 10. EcoLogits gives 0.071 to 5.07 for the 5th
/// and the 85th percentile of 175 models behind an API.
const ENERGY_WH_PER_1K: [Decimal; 3] = [
    Decimal::from_parts(5, 0, 0, false, 2),
    Decimal::from_parts(5, 0, 0, false, 1),
    Decimal::from_parts(5, 0, 0, false, 0),
];
/// g/kWh: the project's default; ends are about the 5th and the 95th percentile of the country table.
const GRID_G_PER_KWH: [Decimal; 3] = [
    Decimal::from_parts(3526, 0, 0, false, 2),
    Decimal::from_parts(400, 0, 0, false, 0),
    Decimal::from_parts(71_612, 0, 0, false, 2),
];
/// kW of a training GPU, facility: the project's default; ends are a T4 (Cloud Carbon Footprint) and an H100 with its
/// share of the server at the average PUE, (700 W + 150 W) × 1.58.
pub(crate) const TRAINING_KW: [Decimal; 3] = [
    Decimal::from_parts(71, 0, 0, false, 3),
    Decimal::from_parts(25, 0, 0, false, 2),
    Decimal::from_parts(1343, 0, 0, false, 3),
];
/// 1 Wh per 1,000 tokens is 3.6 J a token.
const J_PER_TOKEN: Decimal = Decimal::from_parts(36, 0, 0, false, 1);
/// Wh per 1,000 tokens times g/kWh over this is kg a token.
const KG_SCALE: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);

/// A factor as three exact numbers, with how well it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Factor {
    pub(crate) ends: [Decimal; 3],
    pub(crate) tier: Tier,
    pub(crate) data: DataId,
    pub(crate) from: Origin,
    pub(crate) assumptions: Assumptions,
}

impl Factor {
    pub(crate) fn declared(value: Decimal, from: Origin, zero: Assumption) -> Self {
        Self {
            ends: [value; 3],
            tier: Tier::Declared,
            data: DataId::DECLARED,
            from,
            assumptions: Assumptions::NONE.with_if(value.is_zero(), zero),
        }
    }

    pub(crate) const fn default(ends: [Decimal; 3], data: DataId, assumption: Assumption) -> Self {
        let assumptions = Assumptions::NONE.with(assumption);
        Self { ends, tier: Tier::Assumed, data, from: Origin::Default, assumptions }
    }

    pub(crate) fn range(&self) -> Range {
        range_of(&self.ends)
    }
}

/// Three exact numbers as a range.
pub(crate) fn range_of(ends: &[Decimal; 3]) -> Range {
    let [low, central, high] = ends.map(decimal::to_f64);
    Range { low, central, high }
}

/// A range as exact numbers: those with the shortest text that reads back as its ends.
pub(crate) fn ends_of(path: &str, range: Range) -> Result<[Decimal; 3], CarbonError> {
    let exact = |value: f64| {
        let value = decimal::from_f64(value).ok_or_else(|| CarbonError::bad_number(path, value))?;
        config::check_factor(path, value)
    };
    Ok([exact(range.low)?, exact(range.central)?, exact(range.high)?])
}

/// An intensity with the carbon of a token at it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct GridState {
    pub(crate) factor: Factor,
    pub(crate) range: Range,
    pub(crate) kilograms: [Fixed; 3],
    pub(crate) grams: [Fixed; 3],
}

impl GridState {
    /// `facility` is Wh per 1,000 tokens.
    pub(crate) fn new(factor: Factor, facility: &[Decimal; 3]) -> Self {
        let [e0, e1, e2] = *facility;
        let [g0, g1, g2] = factor.ends;
        let kilograms = [(e0, g0), (e1, g1), (e2, g2)].map(|(e, g)| divide(multiply(e, g), KG_SCALE));
        Self {
            range: factor.range(),
            grams: kilograms.map(|kg| Fixed::new(multiply(kg, Decimal::ONE_THOUSAND))),
            kilograms: kilograms.map(Fixed::new),
            factor,
        }
    }
}

fn multiply(a: Decimal, b: Decimal) -> Decimal {
    // Factors lie below 10^9: products stay far below 7.9 × 10^28.
    a.checked_mul(b).unwrap_or(Decimal::MAX)
}

fn divide(a: Decimal, b: Decimal) -> Decimal {
    a.checked_div(b).unwrap_or(Decimal::MAX)
}

pub(crate) fn energy_factor(config: &CarbonConfig) -> Result<Factor, CarbonError> {
    let argument = config.energy_wh_per_1k_tokens.map(|value| ("energy_wh_per_1k_tokens", value));
    let text = config.environment.energy_wh_per_1k_tokens.as_deref();
    Ok(match config::decide(argument, config::ENERGY_VARIABLE, text)? {
        Some(decided) => Factor::declared(decided.value, decided.from, Assumption::zero_energy_declared),
        None => Factor::default(ENERGY_WH_PER_1K, DataId::DEFAULT_ENERGY, Assumption::flat_energy_default),
    })
}

pub(crate) fn grid_factor(config: &CarbonConfig) -> Result<Factor, CarbonError> {
    // The environment and the region are checked even where an argument beats them: a fault fails when the model is
    // built, never later.
    let text = config.environment.carbon_intensity_g_per_kwh.as_deref();
    let environment = config::decide(None, config::INTENSITY_VARIABLE, text)?;
    let on_unknown = config.on_unknown.unwrap_or(zone::OnUnknown::Error);
    let region = config.region.as_deref().map(str::trim).filter(|region| !region.is_empty());
    let region = region.map(|region| zone::resolve_at("region", region, None, on_unknown)).transpose()?;
    const NAME: &str = "carbon_intensity_g_per_kwh";
    let zero = Assumption::zero_intensity_declared;
    match &config.grid {
        Some(Grid::Scalar(value)) => {
            let value = config::check_factor(NAME, *value)?;
            return Ok(Factor::declared(value, Origin::Argument, zero));
        }
        Some(Grid::Range(range)) => {
            let range = Range::new(range.low, range.central, range.high);
            let ends = ends_of(NAME, range.map_err(|error| error.under(NAME))?)?;
            let [_, central, _] = ends;
            return Ok(Factor { ends, ..Factor::declared(central, Origin::Argument, zero) });
        }
        Some(Grid::Intensity(intensity)) => {
            return Ok(Factor {
                ends: ends_of(NAME, intensity.g_per_kwh)?,
                tier: intensity.tier,
                data: intensity.data,
                from: Origin::Argument,
                assumptions: Assumptions::NONE,
            });
        }
        // A series stands beside the scalar that serves outside it.
        Some(Grid::Series(_)) | None => {}
    }
    if let Some(decided) = environment {
        return Ok(Factor::declared(decided.value, decided.from, Assumption::zero_intensity_declared));
    }
    Ok(match region {
        Some(resolved) => Factor {
            ends: ends_of("region", resolved.intensity.g_per_kwh)?,
            tier: resolved.intensity.tier,
            data: resolved.intensity.data,
            from: Origin::Region,
            assumptions: resolved.assumptions,
        },
        None => {
            Factor::default(GRID_G_PER_KWH, DataId::DEFAULT_INTENSITY, Assumption::flat_intensity_default)
        }
    })
}

pub(crate) fn pue_of(config: &CarbonConfig) -> Result<Pue, CarbonError> {
    if let Some(value) = config.pue {
        return Pue::declared(value);
    }
    let region = config.region.as_deref().map(str::trim).filter(|region| !region.is_empty());
    match region.map(pue::lookup) {
        Some(Ok(pue)) => Ok(pue),
        // An unknown region was refused before, unless the world stands for it.
        Some(Err(_)) | None => Ok(pue::unknown_cloud()),
    }
}

/// Water usage of site and grid, when both are known. The site's may come from its region's row.
pub(crate) fn wue_of(config: &CarbonConfig) -> Result<Option<(Range, Range)>, CarbonError> {
    let checked = |name: &str, range: Option<Range>| -> Result<Option<Range>, CarbonError> {
        let range = range.map(|range| Range::new(range.low, range.central, range.high)).transpose();
        range.map_err(|error| error.under(name))
    };
    let site = checked("wue_datacentre", config.wue_datacentre)?;
    let row = || config.region.as_deref().and_then(|region| pue::wue_datacentre(region).ok().flatten());
    let site = site.or_else(|| row().map(Range::point));
    Ok(site.zip(checked("wue_grid", config.wue_grid)?))
}

/// Joules a token of a factor in Wh per 1,000 tokens.
pub(crate) fn joules_per_token(wh_per_1k: Decimal) -> Fixed {
    Fixed::new(multiply(wh_per_1k, J_PER_TOKEN))
}

/// Exact factors at the facility's boundary.
pub(crate) fn to_facility_ends(
    ends: &[Decimal; 3],
    boundary: Boundary,
    pue: &Pue,
) -> Result<[Decimal; 3], CarbonError> {
    let [low, central, high] = ends_of("pue", pue.value)?;
    let [a, b, c] = *ends;
    Ok([to_facility(a, boundary, low), to_facility(b, boundary, central), to_facility(c, boundary, high)])
}

/// kW of a training GPU.
pub(crate) fn training_factor(config: &CarbonConfig) -> Result<Factor, CarbonError> {
    Ok(match config.gpu_power_kw {
        Some(value) => {
            let value = config::check_factor("gpu_power_kw", value)?;
            Factor::declared(value, Origin::Argument, Assumption::zero_energy_declared)
        }
        None => Factor::default(TRAINING_KW, DataId::DEFAULT_TRAINING, Assumption::flat_training_default),
    })
}
