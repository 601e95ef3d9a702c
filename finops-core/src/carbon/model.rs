//! The configuration, validated once and shared by threads.

use super::{
    Assumption, Assumptions, Boundary, CarbonConfig, CarbonError, DataId, EnergyMethod, Grid, ModelParams,
    Origin, Range, config,
    data_id::Dataset,
    factor::{
        Factor, GridState, ends_of, energy_factor, grid_factor, joules_per_token, pue_of, to_facility_ends,
        training_factor, wue_of,
    },
    fixed::Fixed,
    inference::{Classes, class_factors},
    llm::Serving,
    pue::Pue,
    tables,
};
use crate::{money::decimal, time::Timestamp};
use rust_decimal::Decimal;
use std::sync::Arc;

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
        let training = training_factor(&config)?;
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
