//! The configuration, validated once and shared by threads.

use super::{
    Assumption, Assumptions, Boundary, CarbonConfig, CarbonError, DataId, EnergyMethod, Grid, ModelParams,
    Range, Tier,
    config::{self, Origin},
    data_id::Dataset,
    fixed::Fixed,
    inference::{Classes, class_factors},
    llm::Serving,
    pue::{self, Pue, to_facility},
    tables, zone,
};
use crate::{money::decimal, time::Timestamp};
use rust_decimal::Decimal;
use std::sync::Arc;

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
    fn declared(value: Decimal, from: Origin, zero: Assumption) -> Self {
        Self {
            ends: [value; 3],
            tier: Tier::Declared,
            data: DataId::DECLARED,
            from,
            assumptions: Assumptions::NONE.with_if(value.is_zero(), zero),
        }
    }

    const fn default(ends: [Decimal; 3], data: DataId, assumption: Assumption) -> Self {
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
    fn new(factor: Factor, facility: &[Decimal; 3]) -> Self {
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

/// Energy and carbon of a call by the flat method: the monitor's hot path.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct FlatImpact {
    /// Joules, facility: the f64 nearest to the exact figure.
    pub energy_joules: f64,
    /// Kilograms of CO2 equivalent: the f64 nearest to the exact figure.
    pub carbon_kg: f64,
}

/// A model of which parameters may be known. Look it up once and keep it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ModelHandle {
    /// The parameters.
    pub params: Option<ModelParams>,
    /// Where they came from.
    pub(crate) data: DataId,
}

impl ModelHandle {
    /// A model of which nothing is known.
    pub const UNKNOWN: Self = Self { params: None, data: DataId::DECLARED };

    /// A model of parameters that the caller states.
    #[must_use]
    pub const fn declared(params: ModelParams) -> Self {
        Self { params: Some(params), data: DataId::DECLARED }
    }
}

/// What [`CarbonModel`] shares.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) config: CarbonConfig,
    pub(crate) energy: Factor,
    /// Wh per 1,000 tokens.
    pub(crate) energy_range: Range,
    pub(crate) grid: GridState,
    pub(crate) training: Factor,
    pub(crate) pue: Pue,
    pub(crate) boundary: Boundary,
    pub(crate) method: EnergyMethod,
    pub(crate) serving: Serving,
    /// Litres per kWh of the site and of the grid.
    pub(crate) wue: Option<(Range, Range)>,
    pub(crate) classes: Option<Classes>,
    /// Wh per 1,000 tokens at the facility.
    facility: [Decimal; 3],
    /// A token's energy at the facility, and at the machines where the factor stops there.
    pub(crate) joules: [Fixed; 3],
    pub(crate) it_joules: [Fixed; 3],
}

/// Everything that is needed to turn usage into energy and carbon: validated once, shared by threads, cheap to clone.
///
/// ```
/// use finops_core::carbon::{CarbonConfig, CarbonModel};
/// let model = CarbonModel::new(CarbonConfig::default())?;
/// let impact = model.flat(1500);
/// assert_eq!((impact.energy_joules, impact.carbon_kg), (2700.0, 0.0003));
/// assert_eq!(model.carbon_exact(1500).to_string(), "0.0003");
/// # Ok::<(), finops_core::carbon::CarbonError>(())
/// ```
#[derive(Debug, Clone)]
pub struct CarbonModel(pub(crate) Arc<Inner>);

impl CarbonModel {
    /// Validates `config`.
    ///
    /// # Errors
    /// `config.invalid` naming the variable or argument, `carbon.unknown_zone`, `carbon.bad_pue`,
    /// `carbon.factor_missing`, `carbon.bad_number`, `carbon.bad_range`.
    pub fn new(mut config: CarbonConfig) -> Result<Self, CarbonError> {
        if let Some(Grid::Series(series)) = &config.grid {
            config.series = Some(Arc::clone(series));
            config.grid = None;
        }
        let energy = energy_factor(&config)?;
        Self::build(config, energy)
    }

    fn build(config: CarbonConfig, energy: Factor) -> Result<Self, CarbonError> {
        let boundary = config.energy_boundary.unwrap_or(Boundary::Facility);
        let (grid, pue) = (grid_factor(&config)?, pue_of(&config)?);
        let training = match config.gpu_power_kw {
            Some(value) => {
                let value = config::check_factor("gpu_power_kw", value)?;
                Factor::declared(value, Origin::Argument, Assumption::zero_energy_declared)
            }
            None => Factor::default(TRAINING_KW, DataId::DEFAULT_TRAINING, Assumption::flat_training_default),
        };
        let serving =
            Serving { bits: config.bits.unwrap_or(16.0), batch: config.batch, ..Serving::default() };
        serving.check()?;
        let classes = config.wh_per_1k.as_ref();
        let classes = classes.map(|classes| class_factors(classes, boundary, &pue)).transpose()?;
        let facility = to_facility_ends(&energy.ends, boundary, &pue)?;
        Ok(Self(Arc::new(Inner {
            joules: facility.map(joules_per_token),
            it_joules: energy.ends.map(joules_per_token),
            grid: GridState::new(grid, &facility),
            facility,
            method: config.energy_method.unwrap_or(EnergyMethod::Flat),
            energy_range: energy.range(),
            energy,
            training,
            pue,
            boundary,
            serving,
            wue: wue_of(&config)?,
            classes,
            config,
        })))
    }

    /// The same model at another intensity, as an argument would have set it. A series keeps the scalar that was
    /// configured for instants outside it; anything else ends a series.
    ///
    /// # Errors
    /// `config.invalid`, `carbon.bad_number`.
    pub fn with_grid(&self, grid: Grid) -> Result<Self, CarbonError> {
        let config = self.0.config.clone();
        Self::new(match grid {
            Grid::Series(series) => CarbonConfig { series: Some(series), ..config },
            grid => CarbonConfig { grid: Some(grid), series: None, ..config },
        })
    }

    /// The same model at another flat factor with a range.
    pub(crate) fn with_energy_range(&self, wh_per_1k: Range) -> Result<Self, CarbonError> {
        let inner = &*self.0;
        let ends = ends_of("wh_per_1k", wh_per_1k)?;
        let [_, central, _] = ends;
        let declared = Factor::declared(central, Origin::Argument, Assumption::zero_energy_declared);
        Self::build(inner.config.clone(), Factor { ends, ..declared })
    }

    /// The intensity at an instant: of the series where it holds it, else the configured one.
    pub(crate) fn grid_at(&self, at: Option<Timestamp>) -> (Option<GridState>, Assumptions) {
        let Some(series) = &self.0.config.series else { return (None, Assumptions::NONE) };
        let outside = Assumptions::NONE.with(Assumption::series_out_of_range);
        let value = at.and_then(|at| series.g_per_kwh_at(at)).and_then(decimal::from_f64);
        let Some(value) = value.and_then(|value| config::check_factor("grid", value).ok()) else {
            return (None, outside);
        };
        let factor = Factor {
            ends: [value; 3],
            tier: series.tier,
            data: series.data,
            from: Origin::Argument,
            assumptions: Assumptions::NONE,
        };
        (Some(GridState::new(factor, &self.0.facility)), Assumptions::NONE)
    }

    /// The configuration that the model was built from.
    #[must_use]
    pub fn config(&self) -> &CarbonConfig {
        &self.0.config
    }

    /// Energy and carbon of `tokens` by the flat method, whichever method is configured.
    #[must_use]
    #[inline]
    pub fn flat(&self, tokens: u64) -> FlatImpact {
        let [_, joules, _] = self.0.joules;
        let [_, kilograms, _] = self.0.grid.kilograms;
        FlatImpact { energy_joules: joules.times(tokens), carbon_kg: kilograms.times(tokens) }
    }

    /// Whether an intensity series is configured: then use [`CarbonModel::flat_at`].
    #[must_use]
    #[inline]
    pub fn has_series(&self) -> bool {
        self.0.config.series.is_some()
    }

    /// Energy and carbon of `tokens` by the flat method at the intensity of an instant, and what was assumed about it.
    #[must_use]
    pub fn flat_at(&self, tokens: u64, at: Timestamp) -> (FlatImpact, Assumptions) {
        let (state, assumptions) = self.grid_at(Some(at));
        let [_, joules, _] = self.0.joules;
        let [_, kilograms, _] = state.as_ref().unwrap_or(&self.0.grid).kilograms;
        let impact = FlatImpact { energy_joules: joules.times(tokens), carbon_kg: kilograms.times(tokens) };
        (impact, assumptions)
    }

    /// g/kWh at an instant: of the series where it holds it, else the configured value.
    #[must_use]
    pub fn grid_g_per_kwh_at(&self, at: Timestamp) -> Range {
        self.grid_at(Some(at)).0.as_ref().unwrap_or(&self.0.grid).range
    }

    /// Joules of `tokens` by the flat method: exact up to 28 digits.
    #[must_use]
    pub fn energy_exact(&self, tokens: u64) -> Decimal {
        let [_, joules, _] = self.0.joules;
        joules.exact(tokens)
    }

    /// Kilograms of CO2 equivalent of `tokens` by the flat method: exact up to 28 digits.
    #[must_use]
    pub fn carbon_exact(&self, tokens: u64) -> Decimal {
        let [_, kilograms, _] = self.0.grid.kilograms;
        kilograms.exact(tokens)
    }

    /// Whether [`CarbonModel::flat`] is what [`CarbonModel::inference`] would give for every call that is not metered:
    /// the method is flat and no class factors are configured.
    #[must_use]
    pub fn is_flat(&self) -> bool {
        self.0.classes.is_none()
            && (self.0.method == EnergyMethod::Flat || self.0.energy.from != Origin::Default)
    }

    /// The model of that name: registered parameters, else the open-weight table; `UNKNOWN` when neither knows it.
    #[must_use]
    pub fn model(&self, name: &str) -> ModelHandle {
        if let Some(params) = self.0.config.model_params.get(name) {
            return ModelHandle::declared(*params);
        }
        open_weight(name).unwrap_or(ModelHandle::UNKNOWN)
    }

    /// Wh per 1,000 tokens as configured, before any PUE.
    #[must_use]
    pub fn energy_wh_per_1k(&self) -> Range {
        self.0.energy_range
    }

    /// Wh per 1,000 tokens as configured, exactly: the central value.
    #[must_use]
    pub fn energy_wh_per_1k_exact(&self) -> Decimal {
        let [_, central, _] = self.0.energy.ends;
        central
    }

    /// g/kWh.
    #[must_use]
    pub fn grid_g_per_kwh(&self) -> Range {
        self.0.grid.range
    }

    /// g/kWh exactly: the central value.
    #[must_use]
    pub fn grid_g_per_kwh_exact(&self) -> Decimal {
        let [_, central, _] = self.0.grid.factor.ends;
        central
    }

    /// kW of a training GPU.
    #[must_use]
    pub fn gpu_power_kw(&self) -> Range {
        self.0.training.range()
    }

    /// The PUE that parameter methods and metered energy are multiplied by.
    #[must_use]
    pub fn pue(&self) -> Pue {
        self.0.pue
    }

    /// Which statement decided the energy factor: argument, environment or default.
    #[must_use]
    pub fn energy_from(&self) -> Origin {
        self.0.energy.from
    }

    /// Which statement decided the intensity: argument, environment, region or default.
    #[must_use]
    pub fn grid_from(&self) -> Origin {
        self.0.grid.factor.from
    }

    /// The method configured.
    #[must_use]
    pub fn energy_method(&self) -> EnergyMethod {
        self.0.method
    }
}

/// Looks `name` up in the open-weight table.
pub(crate) fn open_weight(name: &str) -> Option<ModelHandle> {
    let lower = |text: &str| -> Vec<u8> { text.bytes().map(|b| b.to_ascii_lowercase()).collect() };
    let wanted = lower(name.trim());
    let index = tables::MODELS.binary_search_by(|row| lower(row.0).cmp(&wanted)).ok()?;
    let row = tables::MODELS.get(index)?;
    let params = ModelParams::new(Range::point(row.1), Range::point(row.2)).ok()?;
    let data = DataId::new(Dataset::Models, u16::try_from(index).ok()?);
    Some(ModelHandle { params: Some(params), data })
}

fn multiply(a: Decimal, b: Decimal) -> Decimal {
    // Factors lie below 10^9: products stay far below 7.9 × 10^28.
    a.checked_mul(b).unwrap_or(Decimal::MAX)
}

fn divide(a: Decimal, b: Decimal) -> Decimal {
    a.checked_div(b).unwrap_or(Decimal::MAX)
}

fn energy_factor(config: &CarbonConfig) -> Result<Factor, CarbonError> {
    let argument = config.energy_wh_per_1k_tokens.map(|value| ("energy_wh_per_1k_tokens", value));
    let text = config.environment.energy_wh_per_1k_tokens.as_deref();
    Ok(match config::decide(argument, config::ENERGY_VARIABLE, text)? {
        Some(decided) => Factor::declared(decided.value, decided.from, Assumption::zero_energy_declared),
        None => Factor::default(ENERGY_WH_PER_1K, DataId::DEFAULT_ENERGY, Assumption::flat_energy_default),
    })
}

fn grid_factor(config: &CarbonConfig) -> Result<Factor, CarbonError> {
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

fn pue_of(config: &CarbonConfig) -> Result<Pue, CarbonError> {
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
fn wue_of(config: &CarbonConfig) -> Result<Option<(Range, Range)>, CarbonError> {
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
