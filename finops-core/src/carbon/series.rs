//! Carbon intensity over time, with its place, signal and source; and the carbon of work that follows it.

use super::{Basis, CarbonError, Curve, DataId, Intensity, Period, Range, Signal, Source, Tier};
use crate::time::Timestamp;
use std::borrow::Cow;

/// Carbon intensity of one zone over time.
#[derive(Debug, Clone, PartialEq)]
pub struct IntensitySeries {
    /// The instant of second 0 of the curve.
    pub start: Timestamp,
    /// g/kWh over time.
    pub curve: Curve,
    /// The zone.
    pub zone: Cow<'static, str>,
    /// The signal.
    pub signal: Signal,
    /// The basis.
    pub basis: Basis,
    /// How well the worst of the values is known.
    pub tier: Tier,
    /// Whether the publisher estimated or forecast any of the values.
    pub estimated: bool,
    /// Who published it.
    pub source: Source,
    /// The id of the data.
    pub data: DataId,
}

impl IntensitySeries {
    /// The intensity at instant `at`; `None` in a gap and outside the series.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> Option<Intensity> {
        let second = self.offset_s(at)?;
        let g_per_kwh = self.curve.at(second)?;
        let step = self.curve.step_s();
        let since = second.checked_rem(step)?;
        let from = self.instant(second.checked_sub(since)?);
        Some(Intensity {
            g_per_kwh: Range::point(g_per_kwh),
            signal: self.signal,
            basis: self.basis,
            zone: self.zone.clone(),
            period: Period::Span(from, self.instant(second.checked_sub(since)?.checked_add(step)?)),
            tier: self.tier,
            estimated: self.estimated,
            source: self.source.clone(),
            data: self.data,
        })
    }

    /// The g/kWh at instant `at`; `None` in a gap and outside the series.
    #[must_use]
    pub fn g_per_kwh_at(&self, at: Timestamp) -> Option<f64> {
        self.curve.at(self.offset_s(at)?)
    }

    /// The whole second of the curve that holds instant `at`; `None` before the start.
    #[must_use]
    pub fn offset_s(&self, at: Timestamp) -> Option<u64> {
        let ms = at.ms().checked_sub(self.start.ms())?;
        u64::try_from(ms).ok()?.checked_div(1000)
    }

    /// The instant of second `offset_s` of the curve, held at the end of the calendar.
    #[must_use]
    pub fn instant(&self, offset_s: u64) -> Timestamp {
        let ms = i64::try_from(offset_s).unwrap_or(i64::MAX).saturating_mul(1000);
        self.start.saturating_add_ms(ms)
    }
}

/// A stretch of constant power. Seconds count from the start of the curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerLoad {
    /// The first second.
    pub from_s: u64,
    /// The second after the last.
    pub to_s: u64,
    /// Watts, at the boundary that the carbon is asked for.
    pub power_w: f64,
}

/// Energy and carbon of work against a curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OperationalSeries {
    /// Mean g/kWh, weighted by energy; by time when there is no energy.
    pub mean_g_per_kwh: f64,
    /// The energy.
    pub energy_kwh: f64,
    /// The carbon.
    pub operational_g: f64,
}

/// Carbon of power that varies against an intensity that varies, `operational-series/1`: Σ power × overlap × intensity.
///
/// ```
/// use finops_core::carbon::{Curve, Interpolation, PowerLoad, operational_series};
/// let curve = Curve::new(1800, Interpolation::Step, [300.0, 200.0].map(Some).to_vec())?;
/// let carbon = operational_series(&curve, &[PowerLoad { from_s: 0, to_s: 3600, power_w: 700.0 }])?;
/// assert_eq!((carbon.energy_kwh, carbon.operational_g), (0.7, 175.0));
/// # Ok::<(), finops_core::carbon::CarbonError>(())
/// ```
///
/// # Errors
/// Those of [`Curve::average`] for each load; `carbon.bad_number` for a negative power; `carbon.series_empty` without a
/// load.
#[expect(clippy::cast_precision_loss, reason = "seconds are below 2^33")]
pub fn operational_series(curve: &Curve, loads: &[PowerLoad]) -> Result<OperationalSeries, CarbonError> {
    let (mut energy_kwh, mut operational_g, mut seconds, mut by_time) = (0.0, 0.0, 0.0, 0.0);
    for load in loads {
        let mean = curve.average(load.from_s, load.to_s)?;
        let length = load.to_s.saturating_sub(load.from_s) as f64;
        let kwh = crate::units::check("power_w", load.power_w)? * length / crate::units::J_PER_KWH;
        energy_kwh += kwh;
        operational_g += kwh * mean;
        seconds += length;
        by_time += length * mean;
    }
    if loads.is_empty() {
        return Err(CarbonError::SeriesEmpty { path: "loads".to_owned() });
    }
    let mean_g_per_kwh = if energy_kwh > 0.0 { operational_g / energy_kwh } else { by_time / seconds };
    Ok(OperationalSeries { mean_g_per_kwh, energy_kwh, operational_g })
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the values tested are exact")]
mod tests {
    use super::*;
    use crate::carbon::Interpolation;
    use proptest::prelude::*;

    fn curve(values: &[f64]) -> Curve {
        Curve::new(60, Interpolation::Step, values.iter().copied().map(Some).collect()).unwrap()
    }

    #[test]
    fn an_instant_has_the_intensity_of_its_interval() {
        let start: Timestamp = "2026-01-05T11:00:00Z".parse().unwrap();
        let series = IntensitySeries {
            start,
            curve: curve(&[10.0, 20.0]),
            zone: "test".into(),
            signal: Signal::Average,
            basis: Basis::Direct,
            tier: Tier::Modelled,
            estimated: true,
            source: Source { id: "test".into(), url: "".into(), licence: "".into(), retrieved: None },
            data: DataId::LIVE,
        };
        let at = |ms: i64| series.at(start.saturating_add_ms(ms));
        let second = at(119_999).unwrap();
        assert_eq!(second.g_per_kwh.central, 20.0);
        assert_eq!(second.period, Period::Span(series.instant(60), series.instant(120)));
        assert_eq!((at(-1), at(120_000)), (None, None));
        assert_eq!(series.g_per_kwh_at(start), Some(10.0));
    }

    #[test]
    fn work_without_power_has_the_mean_of_time() {
        let none = PowerLoad { from_s: 0, to_s: 120, power_w: 0.0 };
        let carbon = operational_series(&curve(&[10.0, 20.0]), &[none]).unwrap();
        assert_eq!((carbon.mean_g_per_kwh, carbon.operational_g), (15.0, 0.0));
        assert_eq!(operational_series(&curve(&[1.0]), &[]).unwrap_err().code(), "carbon.series_empty");
        let bad = PowerLoad { from_s: 0, to_s: 60, power_w: f64::NAN };
        assert_eq!(operational_series(&curve(&[1.0]), &[bad]).unwrap_err().path(), "power_w");
    }

    proptest! {
        #[test]
        fn a_load_split_in_two_emits_the_same(
            values in prop::collection::vec(0.0_f64..900.0, 3), cut in 1_u64..180, power_w in 1.0_f64..1000.0
        ) {
            let curve = curve(&values);
            let load = |from_s, to_s| PowerLoad { from_s, to_s, power_w };
            let whole = operational_series(&curve, &[load(0, 180)]).unwrap();
            let split = operational_series(&curve, &[load(0, cut), load(cut, 180)]);
            let split = if cut == 180 { Ok(whole) } else { split }.unwrap();
            prop_assert!((whole.operational_g - split.operational_g).abs() <= 1e-12 * whole.operational_g.max(1e-9));
        }
    }
}
