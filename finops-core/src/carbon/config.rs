//! What a caller configures, and which of several statements wins.

use super::{
    Boundary, CarbonError, Intensity, IntensitySeries, ModelParams, Range, range::names, zone::OnUnknown,
};
use crate::{error::ConfigError, money::decimal};
use rust_decimal::Decimal;
use std::{collections::BTreeMap, sync::Arc};

/// The environment variable of the energy factor.
pub const ENERGY_VARIABLE: &str = "ENERGY_WH_PER_1K_TOKENS";
/// The environment variable of the grid's intensity.
pub const INTENSITY_VARIABLE: &str = "CARBON_INTENSITY_G_PER_KWH";
/// A factor at or above this is a mistake of units; below it no total of 2^64 tokens overflows.
const FACTOR_END: u64 = 1_000_000_000;

names! {
    /// How the energy of a call is found when it is not metered.
    EnergyMethod {
        /// All tokens times one factor: what the project's records are defined by.
        Flat = "flat",
        /// The model's parameters where they are known, else the flat factor.
        Auto = "auto",
        /// The model's parameters, or an error.
        Parameters = "parameters",
        /// The formula of EcoLogits 0.11.3, or an error.
        Ecologits = "ecologits",
    }
}

names! {
    /// Which statement decided a value.
    Origin {
        /// A constructor argument.
        Argument = "argument",
        /// The environment.
        Environment = "environment",
        /// The region's row.
        Region = "region",
        /// The default.
        Default = "default",
    }
}

/// The text of the environment variables, read by the binding. Blank means unset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// [`ENERGY_VARIABLE`].
    pub energy_wh_per_1k_tokens: Option<String>,
    /// [`INTENSITY_VARIABLE`].
    pub carbon_intensity_g_per_kwh: Option<String>,
}

/// Wh per 1,000 tokens by class. `input` and `output` are needed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClassFactors {
    /// Uncached input.
    pub input: Option<Decimal>,
    /// Output, reasoning included.
    pub output: Option<Decimal>,
    /// Cache reads; 0.08 of input unless given.
    pub cache_read: Option<Decimal>,
    /// Cache writes; input's unless given.
    pub cache_write: Option<Decimal>,
    /// Whether these are the preset, which is assumed within a factor of 3.
    pub preset: bool,
}

impl ClassFactors {
    /// The preset `api_anchors`: Magnus-Gille/claude-code-energy-monitor, a community's estimate.
    #[must_use]
    pub fn api_anchors() -> Self {
        Self {
            input: Some(Decimal::new(39, 2)),
            output: Some(Decimal::new(14, 1)),
            cache_read: Some(Decimal::new(15, 3)),
            cache_write: Some(Decimal::new(49, 2)),
            preset: true,
        }
    }
}

/// The intensity of the grid.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Grid {
    /// A number that the user states, g/kWh.
    Scalar(Decimal),
    /// A range that the user states, g/kWh.
    Range(Range),
    /// An intensity from a table, feed or file.
    Intensity(Box<Intensity>),
    /// Intensity over time: a record takes the interval that holds its instant. Outside the series the scalar that is
    /// otherwise configured serves.
    Series(Arc<IntensitySeries>),
}

impl From<Range> for Grid {
    fn from(g_per_kwh: Range) -> Self {
        Self::Range(g_per_kwh)
    }
}

impl From<IntensitySeries> for Grid {
    fn from(series: IntensitySeries) -> Self {
        Self::Series(Arc::new(series))
    }
}

impl From<Decimal> for Grid {
    fn from(g_per_kwh: Decimal) -> Self {
        Self::Scalar(g_per_kwh)
    }
}

impl From<Intensity> for Grid {
    fn from(intensity: Intensity) -> Self {
        Self::Intensity(Box::new(intensity))
    }
}

/// What is configured. Everything is optional; without anything the flat defaults apply, marked as assumed.
///
/// ```
/// use finops_core::carbon::{CarbonConfig, CarbonModel};
/// let config = CarbonConfig { region: Some("aws:eu-north-1".to_owned()), ..CarbonConfig::default() };
/// let model = CarbonModel::new(config)?;
/// assert_eq!(model.flat(1500).energy_joules, 2700.0);
/// assert_eq!(model.grid_g_per_kwh().central, 35.26);
/// # Ok::<(), finops_core::carbon::CarbonError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CarbonConfig {
    /// Wh per 1,000 tokens.
    pub energy_wh_per_1k_tokens: Option<Decimal>,
    /// Whether the energy factors hold PUE: facility unless declared otherwise.
    pub energy_boundary: Option<Boundary>,
    /// Wh per 1,000 tokens by class.
    pub wh_per_1k: Option<ClassFactors>,
    /// The method.
    pub energy_method: Option<EnergyMethod>,
    /// kW of a training GPU, facility.
    pub gpu_power_kw: Option<Decimal>,
    /// The intensity of the grid.
    pub grid: Option<Grid>,
    /// The intensity of the grid over time, beside the scalar in `grid`.
    pub series: Option<Arc<IntensitySeries>>,
    /// A zone or cloud region, for the intensity and the PUE.
    pub region: Option<String>,
    /// What an unknown region gives: an error unless declared otherwise.
    pub on_unknown: Option<OnUnknown>,
    /// The PUE.
    pub pue: Option<Range>,
    /// Litres per kWh of the site.
    pub wue_datacentre: Option<Range>,
    /// Litres per kWh of the grid.
    pub wue_grid: Option<Range>,
    /// Parameters of models by name.
    pub model_params: BTreeMap<String, ModelParams>,
    /// Requests served together.
    pub batch: Option<Range>,
    /// Bits a weight.
    pub bits: Option<f64>,
    /// The text of the environment variables.
    pub environment: Environment,
}

/// A value and the statement that decided it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decided {
    pub(crate) value: Decimal,
    pub(crate) from: Origin,
}

/// `text` as a factor: trimmed, `None` when blank.
///
/// # Errors
/// `config.invalid` naming `name`.
pub fn factor(name: &str, text: &str) -> Result<Option<Decimal>, CarbonError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let value = decimal::parse(text.trim()).ok_or_else(|| {
        ConfigError::new(name, text, "not a number", "give a plain number with a point, such as 0.5")
    })?;
    check_factor(name, value).map(Some)
}

/// `value` when at least 0 and of a sensible size.
///
/// # Errors
/// `config.invalid` naming `name`.
pub(crate) fn check_factor(name: &str, value: Decimal) -> Result<Decimal, CarbonError> {
    if value.is_sign_negative() && !value.is_zero() {
        return Err(ConfigError::new(name, value, "negative", "give a number of at least 0").into());
    }
    if value >= Decimal::from(FACTOR_END) {
        let help = "give a number below 1000000000, in the unit of the name";
        return Err(ConfigError::new(name, value, "far too large", help).into());
    }
    Ok(value.normalize())
}

/// Argument before environment before default; `None` stands for the default.
pub(crate) fn decide(
    argument: Option<(&'static str, Decimal)>,
    variable: &'static str,
    text: Option<&str>,
) -> Result<Option<Decided>, CarbonError> {
    if let Some((name, value)) = argument {
        return Ok(Some(Decided { value: check_factor(name, value)?, from: Origin::Argument }));
    }
    let value = text.map(|text| factor(variable, text)).transpose()?.flatten();
    Ok(value.map(|value| Decided { value, from: Origin::Environment }))
}
