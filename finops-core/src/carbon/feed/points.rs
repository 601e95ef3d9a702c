//! From dated values to a series on a grid.

use crate::{
    carbon::{
        Basis, CarbonError, Curve, DataId, Intensity, IntensitySeries, Interpolation, Period, Range, Signal,
        Source, Tier,
    },
    time::Timestamp,
};
use std::{borrow::Cow, collections::BTreeMap};

/// The longest series: a year of steps of 30 s. A forecast has some hundred.
const STEPS_MAX: u64 = 1 << 20;

/// One dated value of an answer.
#[derive(Debug, Clone)]
pub(super) struct Point {
    pub(super) at: Timestamp,
    pub(super) g_per_kwh: Option<f64>,
    pub(super) tier: Tier,
    pub(super) path: String,
}

/// What all values of an answer have in common.
#[derive(Debug, Clone)]
pub(super) struct Kind {
    pub(super) zone: Cow<'static, str>,
    pub(super) signal: Signal,
    pub(super) basis: Basis,
    pub(super) source: Source,
}

impl Kind {
    /// `point` as the intensity of `step_s` seconds.
    ///
    /// # Errors
    /// `carbon.feed_no_value` when it has none.
    pub(super) fn intensity(self, point: &Point, step_s: u64) -> Result<Intensity, CarbonError> {
        let value = point.g_per_kwh.ok_or_else(|| CarbonError::FeedNoValue { path: point.path.clone() })?;
        let ms = i64::try_from(step_s).unwrap_or(i64::MAX).saturating_mul(1000);
        Ok(Intensity {
            g_per_kwh: Range::point(value),
            signal: self.signal,
            basis: self.basis,
            zone: self.zone,
            period: Period::Span(point.at, point.at.saturating_add_ms(ms)),
            tier: point.tier,
            estimated: point.tier > Tier::Measured,
            source: self.source,
            data: DataId::LIVE,
        })
    }

    /// `points` as a series of `step_s` seconds: the steps between them that none holds are gaps, and so are points
    /// without a value. Their order does not matter.
    ///
    /// # Errors
    /// `carbon.feed_no_value` without any value, `carbon.feed_irregular` off the grid or twice on one of its places,
    /// `carbon.feed_shape` when they lie too far apart for a series.
    pub(super) fn series(
        self,
        points: Vec<Point>,
        step_s: u64,
        list: &str,
    ) -> Result<IntensitySeries, CarbonError> {
        let no_value = || CarbonError::FeedNoValue { path: list.to_owned() };
        let start = points.iter().map(|point| point.at).min().ok_or_else(no_value)?;
        let too_long =
            || CarbonError::feed_shape(list, format_args!("more than {STEPS_MAX} steps of {step_s} s"));
        let mut on_grid = BTreeMap::new();
        let mut tier = Tier::Measured;
        for point in points {
            let irregular = || CarbonError::FeedIrregular {
                path: point.path.clone(),
                value: point.at.to_string(),
                step_s,
            };
            let ms = u64::try_from(point.at.ms().saturating_sub(start.ms())).unwrap_or(u64::MAX);
            let step_ms = step_s.saturating_mul(1000);
            if ms.checked_rem(step_ms) != Some(0) {
                return Err(irregular());
            }
            let step = ms.checked_div(step_ms).filter(|step| *step < STEPS_MAX).ok_or_else(too_long)?;
            if on_grid.insert(step, point.g_per_kwh).is_some() {
                return Err(irregular());
            }
            if point.g_per_kwh.is_some() {
                tier = tier.worst(point.tier);
            }
        }
        if on_grid.values().all(Option::is_none) {
            return Err(no_value());
        }
        let last = on_grid.keys().next_back().copied().unwrap_or_default();
        let values = (0..=last).map(|step| on_grid.get(&step).copied().flatten()).collect();
        // Every value is checked where it is read; what remains is a span beyond what a curve can hold.
        let curve = Curve::new(step_s, Interpolation::Step, values).map_err(|_| too_long())?;
        Ok(IntensitySeries {
            start,
            curve,
            zone: self.zone,
            signal: self.signal,
            basis: self.basis,
            tier,
            estimated: tier > Tier::Measured,
            source: self.source,
            data: DataId::LIVE,
        })
    }
}
