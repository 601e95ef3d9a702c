//! Software Carbon Intensity: SCI 1.1.0, ISO/IEC 21031:2024.

use super::{CarbonError, Signal};
use crate::units::{Carbon, Energy, J_PER_KWH, check};

/// A rate of carbon per functional unit.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Sci {
    /// Grams of CO2 equivalent per unit.
    pub g_per_unit: f64,
    /// The functional unit, such as `request`.
    pub unit: String,
    /// The signal of the intensity that was used.
    pub signal: Signal,
}

/// (E·I + M)/R, with E at the facility's boundary, I in g/kWh, M in grams and R in functional units.
///
/// ```
/// use finops_core::{carbon::{Signal, sci::sci}, units::{Carbon, Energy}};
/// let rate = sci(Energy::from_kwh(3.0)?, 400.0, Signal::Average, Carbon::ZERO, 300.0, "requests")?;
/// assert_eq!(rate.g_per_unit, 4.0);
/// # Ok::<(), finops_core::carbon::CarbonError>(())
/// ```
///
/// # Errors
/// `carbon.sci_zero_units`, `carbon.sci_market_signal` (the standard excludes market-based measures),
/// `carbon.bad_number`.
pub fn sci(
    energy: Energy,
    g_per_kwh: f64,
    signal: Signal,
    embodied: Carbon,
    functional_units: f64,
    unit: &str,
) -> Result<Sci, CarbonError> {
    if signal == Signal::Market {
        return Err(CarbonError::SciMarketSignal { path: "signal".to_owned() });
    }
    let units = check("functional_units", functional_units)?;
    if units <= 0.0 {
        return Err(CarbonError::SciZeroUnits { path: "functional_units".to_owned() });
    }
    let intensity = check("grid_g_per_kwh", g_per_kwh)?;
    let grams = energy.joules() / J_PER_KWH * intensity + embodied.grams();
    let g_per_unit = check("sci_g_per_unit", grams / units)?;
    Ok(Sci { g_per_unit, unit: unit.to_owned(), signal })
}
