//! A quantity over time on a regular grid, with exact integrals over whole seconds.

use super::{CarbonError, range::names};
use crate::units::check;

names! {
    /// What a series says between its grid points.
    Interpolation {
        /// Each value holds for the step that starts at its grid point.
        Step = "step",
        /// Values hold at the grid points and change linearly between them.
        Linear = "linear",
    }
}

/// The longest span of a curve: 2^32 seconds, 136 years. It keeps every integral within 127 bits.
const SPAN_MAX_S: u64 = 1 << 32;

/// g/kWh over time: a value, or a gap, for each step of whole seconds, from second 0.
///
/// Values are held as integers of one power of two, so integrals over whole seconds are exact: equal windows compare
/// equal, and a tie is a tie.
///
/// ```
/// use finops_core::carbon::{Curve, Interpolation};
/// let curve = Curve::new(3600, Interpolation::Step, vec![Some(30.0), Some(100.0), None])?;
/// assert_eq!(curve.average(1800, 7200)?, (30.0 + 2.0 * 100.0) / 3.0);
/// assert_eq!(curve.average(0, 7201).unwrap_err().code(), "carbon.series_gap");
/// # Ok::<(), finops_core::carbon::CarbonError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    step_s: u64,
    interpolation: Interpolation,
    values: Vec<Option<f64>>,
    /// Each value × 2^`scale`, rounded half to even, below 2^58; 0 in a gap.
    fixed: Vec<i64>,
    scale: i32,
    /// `integral[i]` from second 0 to grid point i, × 2^`scale` × [`Curve::denominator`]; gaps count 0.
    integral: Vec<i128>,
}

/// A second on the grid: the grid point at or before it and the seconds since.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) tick: usize,
    pub(super) rest: u64,
}

impl Curve {
    /// A curve of `values` in g/kWh, one every `step_s` seconds; `None` is a gap.
    ///
    /// # Errors
    /// `carbon.bad_number` for a negative or non-finite value (its path is its index), a step of 0 or a span over 136
    /// years; `carbon.series_empty` without a value, or with fewer than two when linear.
    pub fn new(
        step_s: u64,
        interpolation: Interpolation,
        values: Vec<Option<f64>>,
    ) -> Result<Self, CarbonError> {
        let mut values = values;
        for (index, value) in values.iter_mut().enumerate() {
            if let Some(value) = value {
                *value = check("value", *value)
                    .map_err(|_| CarbonError::bad_number(format!("values[{index}]"), *value))?;
            }
        }
        let steps = match interpolation {
            Interpolation::Step => values.len(),
            Interpolation::Linear => values.len().saturating_sub(1),
        };
        if steps == 0 {
            return Err(CarbonError::SeriesEmpty { path: "values".to_owned() });
        }
        let span = u64::try_from(steps).ok().and_then(|n| n.checked_mul(step_s));
        if step_s == 0 || span.is_none_or(|span| span > SPAN_MAX_S) {
            return Err(CarbonError::bad_number("step_s", step_s));
        }
        let greatest = values.iter().flatten().copied().fold(0.0, f64::max);
        let scale = scale_for(greatest);
        let fixed = values.iter().map(|v| v.map_or(0, |v| to_fixed(v, scale))).collect();
        let mut curve = Self { step_s, interpolation, values, fixed, scale, integral: Vec::new() };
        curve.integral = curve.integrals(steps);
        Ok(curve)
    }

    /// The seconds from one grid point to the next.
    #[must_use]
    pub const fn step_s(&self) -> u64 {
        self.step_s
    }

    /// What the curve says between its grid points.
    #[must_use]
    pub const fn interpolation(&self) -> Interpolation {
        self.interpolation
    }

    /// The values in g/kWh; `None` is a gap.
    #[must_use]
    pub fn values(&self) -> &[Option<f64>] {
        &self.values
    }

    /// The number of steps: one fewer than points when linear.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.integral.len().saturating_sub(1)
    }

    /// The seconds from the first grid point to the end.
    #[must_use]
    pub fn span_s(&self) -> u64 {
        self.tick_s(self.steps())
    }

    /// The value at second `at_s`; `None` in a gap and outside the curve, whose end belongs to it only when linear.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "seconds are below 2^32")]
    pub fn at(&self, at_s: u64) -> Option<f64> {
        let Place { tick, rest } = self.place(at_s)?;
        let here = self.values.get(tick).copied().flatten()?;
        if self.interpolation == Interpolation::Step || rest == 0 {
            return Some(here);
        }
        let next = self.values.get(tick.saturating_add(1)).copied().flatten()?;
        Some(here + (next - here) * (rest as f64 / self.step_s as f64))
    }

    /// The time-weighted mean from second `from_s` to second `to_s`.
    ///
    /// # Errors
    /// `carbon.bad_range` when the end is not after the start, `carbon.window_too_long` beyond the end of the curve,
    /// `carbon.series_gap` when a gap lies in between.
    pub fn average(&self, from_s: u64, to_s: u64) -> Result<f64, CarbonError> {
        if to_s <= from_s {
            return Err(CarbonError::bad_range("to_s", format_args!("{from_s} to {to_s}")));
        }
        let span = self.span_s();
        if to_s > span {
            return Err(CarbonError::WindowTooLong {
                path: "to_s".to_owned(),
                value: to_s.to_string(),
                span: span.to_string(),
            });
        }
        if !self.covers(from_s, to_s) {
            return Err(CarbonError::SeriesGap { path: "values".to_owned() });
        }
        let window = self.integral_to(to_s).saturating_sub(self.integral_to(from_s));
        Ok(self.mean_of(window, to_s.saturating_sub(from_s)))
    }

    /// Whether no gap lies between two seconds of the curve.
    pub(super) fn covers(&self, from_s: u64, to_s: u64) -> bool {
        self.runs().any(|(start, end)| start <= from_s && to_s <= end)
    }

    /// The longest stretches without a gap, as first and last second.
    pub(super) fn runs(&self) -> impl Iterator<Item = (u64, u64)> {
        let steps = self.steps();
        let mut tick = 0;
        std::iter::from_fn(move || {
            while tick < steps && !self.known(tick) {
                tick = tick.saturating_add(1);
            }
            let start = tick;
            while tick < steps && self.known(tick) {
                tick = tick.saturating_add(1);
            }
            (start < tick).then(|| (self.tick_s(start), self.tick_s(tick)))
        })
    }

    /// Whether step `tick` has the values it needs.
    pub(super) fn known(&self, tick: usize) -> bool {
        let has = |at: usize| self.values.get(at).is_some_and(Option::is_some);
        match self.interpolation {
            Interpolation::Step => has(tick),
            Interpolation::Linear => has(tick) && has(tick.saturating_add(1)),
        }
    }

    /// The second of grid point `tick`.
    pub(super) fn tick_s(&self, tick: usize) -> u64 {
        u64::try_from(tick).unwrap_or(u64::MAX).saturating_mul(self.step_s)
    }

    /// Where second `at_s` lies; `None` beyond the last grid point.
    pub(super) fn place(&self, at_s: u64) -> Option<Place> {
        let tick = usize::try_from(at_s.checked_div(self.step_s)?).ok()?;
        let rest = at_s.checked_rem(self.step_s)?;
        (tick < self.steps() || (tick == self.steps() && rest == 0)).then_some(Place { tick, rest })
    }

    /// What integrals are multiplied with, beside 2^`scale`, to be whole.
    const fn denominator(&self) -> u64 {
        match self.interpolation {
            Interpolation::Step => 1,
            Interpolation::Linear => self.step_s.saturating_mul(2),
        }
    }

    fn fixed_at(&self, tick: usize) -> i64 {
        self.fixed.get(tick).copied().unwrap_or_default()
    }

    /// The value at `place` in fixed point, × step when linear.
    #[expect(clippy::arithmetic_side_effects, reason = "58 bits of value and 32 of seconds fit in 127")]
    pub(super) fn value_at(&self, place: Place) -> i128 {
        let here = self.fixed_at(place.tick);
        match self.interpolation {
            Interpolation::Step => i128::from(here),
            Interpolation::Linear => {
                let flat = product(here, self.step_s);
                if place.rest == 0 {
                    return flat;
                }
                flat + product(self.fixed_at(place.tick.saturating_add(1)) - here, place.rest)
            }
        }
    }

    /// The integral from second 0 to `place`, in fixed point × denominator.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "values are below 2^58 and step × span at most 2^64: every term stays below 2^125"
    )]
    pub(super) fn integral_at(&self, place: Place) -> i128 {
        let whole = self.integral.get(place.tick).copied().unwrap_or_default();
        if place.rest == 0 {
            return whole;
        }
        let (here, rest) = (self.fixed_at(place.tick), i128::from(place.rest));
        match self.interpolation {
            Interpolation::Step => whole + product(here, place.rest),
            Interpolation::Linear => {
                let rise = self.fixed_at(place.tick.saturating_add(1)) - here;
                whole + (product(here, self.denominator()) + product(rise, place.rest)) * rest
            }
        }
    }

    pub(super) fn integral_to(&self, at_s: u64) -> i128 {
        self.place(at_s).map_or(0, |place| self.integral_at(place))
    }

    /// The mean in g/kWh of a window of `duration_s` seconds whose integral is `window`.
    #[expect(clippy::cast_precision_loss, reason = "rounded to nearest: two roundings of the exact quotient")]
    pub(super) fn mean_of(&self, window: i128, duration_s: u64) -> f64 {
        let divisor = u128::from(self.denominator()).saturating_mul(u128::from(duration_s));
        libm::ldexp(window as f64 / divisor as f64, self.scale.saturating_neg())
    }

    fn integrals(&self, steps: usize) -> Vec<i128> {
        let step = i128::from(self.step_s);
        let mut total = 0_i128;
        let mut integrals = Vec::with_capacity(steps.saturating_add(1));
        integrals.push(0);
        for tick in 0..steps {
            if self.known(tick) {
                let here = i128::from(self.fixed_at(tick));
                let area = match self.interpolation {
                    Interpolation::Step => here.saturating_mul(step),
                    Interpolation::Linear => here
                        .saturating_add(i128::from(self.fixed_at(tick.saturating_add(1))))
                        .saturating_mul(step)
                        .saturating_mul(step),
                };
                total = total.saturating_add(area);
            }
            integrals.push(total);
        }
        integrals
    }
}

/// The exact product of a value and seconds below 2^63, as one multiplication of two signed words.
#[expect(clippy::arithmetic_side_effects, reason = "two words make a double word")]
fn product(value: i64, seconds: u64) -> i128 {
    i128::from(value) * i128::from(seconds.cast_signed())
}

/// The power of two that brings `greatest` just below 2^58.
fn scale_for(greatest: f64) -> i32 {
    let (_, exponent) = libm::frexp(greatest);
    if greatest > 0.0 { 58_i32.saturating_sub(exponent) } else { 0 }
}

#[expect(clippy::cast_possible_truncation, reason = "the scale brings every value to at most 2^58")]
fn to_fixed(value: f64, scale: i32) -> i64 {
    libm::ldexp(value, scale).round_ties_even() as i64
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the values tested are exact")]
mod tests {
    use super::*;

    #[test]
    fn a_bad_curve_names_what_is_wrong() {
        let code = |step, interpolation, values: &[Option<f64>]| {
            let error = Curve::new(step, interpolation, values.to_vec()).unwrap_err();
            (error.code(), error.path().to_owned())
        };
        let empty = ("carbon.series_empty", "values".to_owned());
        assert_eq!(code(60, Interpolation::Step, &[]), empty);
        assert_eq!(code(60, Interpolation::Linear, &[Some(1.0)]), empty);
        let number = |path: &str| ("carbon.bad_number", path.to_owned());
        assert_eq!(code(0, Interpolation::Step, &[Some(1.0)]), number("step_s"));
        assert_eq!(code(u64::MAX, Interpolation::Step, &[Some(1.0)]), number("step_s"));
        assert_eq!(code(60, Interpolation::Step, &[None, Some(f64::NAN)]), number("values[1]"));
    }

    #[test]
    fn a_curve_has_values_between_its_points_but_not_in_gaps() {
        let values = vec![Some(10.0), Some(20.0), None, Some(40.0)];
        let step = Curve::new(100, Interpolation::Step, values.clone()).unwrap();
        assert_eq!(
            [0, 99, 100, 250, 399, 400].map(|s| step.at(s)),
            [Some(10.0), Some(10.0), Some(20.0), None, Some(40.0), None]
        );
        let linear = Curve::new(100, Interpolation::Linear, values).unwrap();
        assert_eq!(
            [0, 50, 100, 101, 250, 300, 301].map(|s| linear.at(s)),
            [Some(10.0), Some(15.0), Some(20.0), None, None, Some(40.0), None]
        );
        assert_eq!(step.runs().collect::<Vec<_>>(), [(0, 200), (300, 400)]);
        assert_eq!(linear.runs().collect::<Vec<_>>(), [(0, 100)]);
    }

    #[test]
    fn extreme_values_neither_overflow_nor_vanish() {
        for value in [f64::MAX, f64::MIN_POSITIVE, 5e-324, 1e-300, 458.29, 0.0] {
            for interpolation in [Interpolation::Step, Interpolation::Linear] {
                let curve =
                    Curve::new(1 << 31, interpolation, vec![Some(value); 3].into_iter().take(2).collect());
                let curve = curve.unwrap();
                assert_eq!(curve.average(0, curve.span_s()).unwrap(), value, "{interpolation} {value:e}");
                assert_eq!(curve.average(5, 8).unwrap(), value, "{interpolation} {value:e}");
            }
        }
    }

    #[test]
    fn an_average_stays_inside() {
        let curve = Curve::new(60, Interpolation::Step, vec![Some(1.0); 3]).unwrap();
        assert_eq!(curve.average(60, 60).unwrap_err().code(), "carbon.bad_range");
        assert_eq!(curve.average(60, 181).unwrap_err().code(), "carbon.window_too_long");
        assert_eq!(curve.average(60, 180).unwrap(), 1.0);
    }
}
