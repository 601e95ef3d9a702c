//! Carbon intensity of electricity: how much, which signal, on which basis, where, when and from whom.

use super::{CarbonError, DataId, Range, Tier, range::names};
use crate::time::Timestamp;
use std::borrow::Cow;

names! {
    /// Which question an intensity answers.
    Signal {
        /// All generation over all consumption.
        Average = "average",
        /// The generation that one more kilowatt hour would call up.
        Marginal = "marginal",
        /// Contracts and certificates.
        Market = "market",
    }
}

names! {
    /// Which emissions an intensity counts.
    Basis {
        /// Fuel supply and construction included.
        Lifecycle = "lifecycle",
        /// The power station's own.
        Direct = "direct",
    }
}

/// The time that an intensity stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// A calendar year.
    Year(u16),
    /// From an instant to another, the end excluded.
    Span(Timestamp, Timestamp),
}

impl serde::Serialize for Period {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Year(year) => serializer.serialize_u16(*year),
            Self::Span(from, to) => serializer.collect_seq([from, to]),
        }
    }
}

/// Who published a figure.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Source {
    /// The dataset or service, `ember-owid/2026-06-30`.
    pub id: Cow<'static, str>,
    /// Where it is published.
    pub url: Cow<'static, str>,
    /// The licence, and the attribution it asks for.
    pub licence: Cow<'static, str>,
    /// The day on which the file was downloaded; `None` for a live answer and for rows entered by hand.
    pub retrieved: Option<Cow<'static, str>>,
}

/// The carbon intensity of one zone over one period.
///
/// ```
/// use finops_core::carbon::zone;
/// let france = zone::intensity("FR")?;
/// assert_eq!((france.g_per_kwh.central, france.zone.as_ref()), (41.44, "FR"));
/// # Ok::<(), finops_core::carbon::CarbonError>(())
/// ```
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Intensity {
    /// Grams of CO2 equivalent per kilowatt hour.
    pub g_per_kwh: Range,
    /// The signal.
    pub signal: Signal,
    /// The basis.
    pub basis: Basis,
    /// The zone of the figure, which may be coarser than the zone asked for.
    pub zone: Cow<'static, str>,
    /// The period.
    pub period: Period,
    /// How well it is known.
    pub tier: Tier,
    /// Whether the publisher estimated it.
    pub estimated: bool,
    /// Who published it.
    pub source: Source,
    /// The id of the row.
    pub data: DataId,
}

/// Carbon of energy at an intensity, `operational/1`: g = kWh × g/kWh.
#[must_use]
pub fn operational(energy_kwh: Range, g_per_kwh: Range) -> Range {
    energy_kwh.product(g_per_kwh)
}

/// Refuses to compare intensities of two signals or two bases.
///
/// # Errors
/// `carbon.basis_mismatch`.
pub fn check_comparable(path: &str, a: &Intensity, b: &Intensity) -> Result<(), CarbonError> {
    let mismatch = |left, right| Err(CarbonError::BasisMismatch { path: path.to_owned(), left, right });
    if a.signal != b.signal {
        return mismatch(a.signal.name(), b.signal.name());
    }
    if a.basis != b.basis {
        return mismatch(a.basis.name(), b.basis.name());
    }
    Ok(())
}
