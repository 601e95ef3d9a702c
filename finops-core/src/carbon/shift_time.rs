//! When to run: the cleanest window or the cleanest slots of an intensity curve. Method `shift-time/1`.

use super::{
    CarbonError, Curve,
    curve::{Interpolation, Place},
};

/// The best time for a job that runs in one piece. Seconds count from the start of the curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BestWindow {
    /// When to start.
    pub start_s: u64,
    /// When the job ends.
    pub end_s: u64,
    /// Mean g/kWh of the window.
    pub mean: f64,
    /// Mean g/kWh when starting at the earliest possible second; `None` when that window touches a gap.
    pub mean_if_now: Option<f64>,
    /// What waiting saves: 1 − `mean` / `mean_if_now`; 0 when there is nothing to save.
    pub saving_fraction: Option<f64>,
}

/// The best times for a job that can be interrupted. Seconds count from the start of the curve.
#[derive(Debug, Clone, PartialEq)]
pub struct BestSlots {
    /// First and last second of each slot, in time order, at most one a step of the curve.
    pub slots_s: Vec<(u64, u64)>,
    /// Mean g/kWh over the slots.
    pub mean: f64,
}

impl Curve {
    /// The cleanest window of `duration_s` seconds that starts at `earliest_s` or later and ends by `deadline_s` (the
    /// end of the curve when absent or later), among all whole seconds; the earliest of equals. O(n).
    ///
    /// The window's integral changes its course only where the start or the end meets a grid point, and within such a
    /// stretch a linear curve's is a parabola: these places and the seconds beside the vertices are all that is looked at.
    ///
    /// ```
    /// use finops_core::carbon::{Curve, Interpolation};
    /// let forecast = [300.0, 120.0, 80.0, 250.0].map(Some).to_vec();
    /// let best = Curve::new(1800, Interpolation::Step, forecast)?.best_window(2700, 0, None)?;
    /// assert_eq!((best.start_s, best.end_s), (2700, 5400));
    /// # Ok::<(), finops_core::carbon::CarbonError>(())
    /// ```
    ///
    /// # Errors
    /// `carbon.bad_number` for a duration of 0, `carbon.window_too_long` when the span is shorter, `carbon.series_gap`
    /// when every window touches a gap.
    pub fn best_window(
        &self,
        duration_s: u64,
        earliest_s: u64,
        deadline_s: Option<u64>,
    ) -> Result<BestWindow, CarbonError> {
        let deadline = self.check_span(duration_s, earliest_s, deadline_s)?;
        let mut best: Option<Candidate> = None;
        let mut now = None;
        for (first, last) in self.runs() {
            let (from, to) = (first.max(earliest_s), last.min(deadline));
            let Some(latest) = to.checked_sub(duration_s).filter(|latest| from <= *latest) else { continue };
            let at_once = self.sweep(from, latest, duration_s, &mut best);
            if from == earliest_s {
                now = at_once;
            }
        }
        let best = best.ok_or_else(|| CarbonError::SeriesGap { path: "values".to_owned() })?;
        let mean = self.mean_of(best.window, duration_s);
        let mean_if_now = now.map(|window| self.mean_of(window, duration_s));
        Ok(BestWindow {
            start_s: best.start_s,
            end_s: best.start_s.saturating_add(duration_s),
            mean,
            mean_if_now,
            saving_fraction: mean_if_now.map(|now| if now > 0.0 { 1.0 - mean / now } else { 0.0 }),
        })
    }

    /// The cleanest steps that add up to `duration_s` seconds between `earliest_s` and `deadline_s`: cheapest first,
    /// the earlier of equals, the last one used in part and from its start.
    ///
    /// # Errors
    /// As [`Curve::best_window`]; `carbon.series_gap` when the steps without gaps are too few.
    pub fn best_slots(
        &self,
        duration_s: u64,
        earliest_s: u64,
        deadline_s: Option<u64>,
    ) -> Result<BestSlots, CarbonError> {
        let deadline = self.check_span(duration_s, earliest_s, deadline_s)?;
        let mut steps: Vec<(i128, u64, u64)> = (0..self.steps())
            .filter(|tick| self.known(*tick))
            .filter_map(|tick| {
                let from = self.tick_s(tick).max(earliest_s);
                let to = self.tick_s(tick.saturating_add(1)).min(deadline);
                (from < to).then(|| (self.level(from, to), from, to))
            })
            .collect();
        steps.sort_unstable();
        let (mut left, mut total, mut slots_s) = (duration_s, 0_i128, Vec::new());
        for (_, from, to) in steps {
            if left == 0 {
                break;
            }
            let end = to.min(from.saturating_add(left));
            left = left.saturating_sub(end.saturating_sub(from));
            total = total.saturating_add(self.integral_to(end).saturating_sub(self.integral_to(from)));
            slots_s.push((from, end));
        }
        if left > 0 {
            return Err(CarbonError::SeriesGap { path: "values".to_owned() });
        }
        slots_s.sort_unstable();
        Ok(BestSlots { slots_s, mean: self.mean_of(total, duration_s) })
    }

    /// The mean between two seconds of one step, up to a factor that is the same for all steps.
    fn level(&self, from_s: u64, to_s: u64) -> i128 {
        let value = |at: u64| self.place(at).map_or(0, |place| self.value_at(place));
        let start = value(from_s);
        match self.interpolation() {
            Interpolation::Step => start,
            Interpolation::Linear => start.saturating_add(value(to_s)),
        }
    }

    /// The second by which the job must end.
    fn check_span(
        &self,
        duration_s: u64,
        earliest_s: u64,
        deadline_s: Option<u64>,
    ) -> Result<u64, CarbonError> {
        if duration_s == 0 {
            return Err(CarbonError::bad_number("duration_s", duration_s));
        }
        let end = self.span_s();
        let deadline = deadline_s.unwrap_or(end).min(end);
        let span = deadline.saturating_sub(earliest_s);
        if duration_s > span {
            return Err(CarbonError::WindowTooLong {
                path: "duration_s".to_owned(),
                value: duration_s.to_string(),
                span: span.to_string(),
            });
        }
        Ok(deadline)
    }

    /// Looks at every start from `first` to `last` that can be best, and returns the window that starts at `first`.
    /// No gap lies between `first` and the end of the last window.
    ///
    /// As the window moves it gains what its head meets and loses what its tail leaves: its integral changes by the
    /// difference of the two, exactly.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "integrals stay below 2^125 (see Curve); slopes are below 2^92 and seconds below 2^33"
    )]
    fn sweep(&self, first: u64, last: u64, duration_s: u64, best: &mut Option<Candidate>) -> Option<i128> {
        let step = self.step_s();
        let mut tail = self.place(first)?;
        let mut head = self.place(first.checked_add(duration_s)?)?;
        let at_once = self.integral_at(head) - self.integral_at(tail);
        let (mut window, mut start_s) = (at_once, first);
        Candidate { window, start_s }.keep(best);
        let slope_at = |tail: Place, head: Place| self.value_at(head) - self.value_at(tail);
        let mut slope = slope_at(tail, head);
        while start_s < last {
            let length = (step - tail.rest).min(step - head.rest).min(last - start_s);
            let (tail_next, head_next) = (tail.advanced(length, step), head.advanced(length, step));
            match self.interpolation() {
                Interpolation::Step => {
                    window += slope * i128::from(length);
                    slope = slope_at(tail_next, head_next);
                }
                Interpolation::Linear => {
                    let slope_next = slope_at(tail_next, head_next);
                    if slope < 0 && slope_next > 0 && !above(window, slope, slope_next, length, best.as_ref())
                    {
                        let vertex = -slope * i128::from(length) / (slope_next - slope);
                        let vertex = u64::try_from(vertex).unwrap_or_default();
                        for offset in [vertex, vertex + 1] {
                            if (1..length).contains(&offset) {
                                let there =
                                    slope_at(tail.advanced(offset, step), head.advanced(offset, step));
                                let window = window + (slope + there) * i128::from(offset);
                                Candidate { window, start_s: start_s + offset }.keep(best);
                            }
                        }
                    }
                    window += (slope + slope_next) * i128::from(length);
                    slope = slope_next;
                }
            }
            (tail, head, start_s) = (tail_next, head_next, start_s + length);
            Candidate { window, start_s }.keep(best);
        }
        Some(at_once)
    }
}

/// Whether the vertex of a parabola that begins at `window` certainly lies above the best window so far, which spares
/// the exact division. Floats err by 1e-15 of the window, a millionth of the margin.
#[expect(clippy::cast_precision_loss, reason = "the margin covers it")]
fn above(window: i128, slope: i128, slope_next: i128, length: u64, best: Option<&Candidate>) -> bool {
    let (slope, rise) = (slope as f64, slope_next as f64 - slope as f64);
    let depth = slope * slope * (length as f64) / rise;
    let margin = 1e-9 * window as f64;
    best.is_some_and(|best| window as f64 - depth - margin > best.window as f64)
}

#[derive(Clone, Copy)]
struct Candidate {
    window: i128,
    start_s: u64,
}

impl Candidate {
    fn keep(self, best: &mut Option<Self>) {
        // Candidates come in time order: only a strictly better one replaces an earlier one.
        if best.is_none_or(|best| self.window < best.window) {
            *best = Some(self);
        }
    }
}

impl Place {
    /// This place `seconds` later, where at most one grid point is reached and none is passed.
    const fn advanced(self, seconds: u64, step_s: u64) -> Self {
        let rest = self.rest.saturating_add(seconds);
        if rest < step_s {
            Self { tick: self.tick, rest }
        } else {
            Self { tick: self.tick.saturating_add(1), rest: rest.saturating_sub(step_s) }
        }
    }
}

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "small numbers"
)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Twice the integral over each single second times the step, or `None` where it touches a gap.
    fn seconds(step: u64, interpolation: Interpolation, values: &[Option<u16>]) -> Vec<Option<i64>> {
        let steps = values.len() - usize::from(interpolation == Interpolation::Linear);
        let s = step as i64;
        (0..steps as u64 * step)
            .map(|second| {
                let (tick, rest) = ((second / step) as usize, (second % step) as i64);
                let here = i64::from(values[tick]?);
                Some(match interpolation {
                    Interpolation::Step => 2 * s * here,
                    Interpolation::Linear => {
                        let next = i64::from(values[tick + 1]?);
                        let at = |r: i64| here * s + (next - here) * r;
                        at(rest) + at(rest + 1)
                    }
                })
            })
            .collect()
    }

    fn brute(
        per_second: &[Option<i64>],
        duration: usize,
        earliest: usize,
        deadline: usize,
    ) -> Option<(usize, i64)> {
        let window =
            |start: usize| per_second.get(start..start + duration)?.iter().copied().sum::<Option<i64>>();
        (earliest..=deadline.checked_sub(duration)?)
            .filter_map(|start| Some((window(start)?, start)))
            .min()
            .map(|(sum, start)| (start, sum))
    }

    type Job = (u64, Interpolation, Vec<Option<u16>>, u64, u64, Option<u64>);

    fn jobs(gap: f64) -> impl Strategy<Value = Job> {
        let value = prop::option::weighted(1.0 - gap, prop_oneof![0_u16..5, 0_u16..900]);
        (
            1_u64..25,
            prop::sample::select(Interpolation::ALL),
            prop::collection::vec(value, 2..12),
            1_u64..90,
            0_u64..60,
            prop::option::of(0_u64..300),
        )
    }

    fn curve(step: u64, interpolation: Interpolation, values: &[Option<u16>]) -> Curve {
        Curve::new(step, interpolation, values.iter().map(|v| v.map(f64::from)).collect()).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]
        #[test]
        fn the_best_window_is_that_of_a_search_through_every_second(
            (step, interpolation, values, duration, earliest, deadline) in jobs(0.1)
        ) {
            let curve = curve(step, interpolation, &values);
            let per_second = seconds(step, interpolation, &values);
            let end = deadline.unwrap_or(u64::MAX).min(curve.span_s());
            let expected = brute(&per_second, duration as usize, earliest as usize, end as usize);
            match curve.best_window(duration, earliest, deadline) {
                Ok(best) => {
                    let (start, sum) = expected.unwrap();
                    prop_assert_eq!(best.start_s, start as u64);
                    let mean = sum as f64 / (2 * step * duration) as f64;
                    prop_assert!((best.mean - mean).abs() <= 1e-12 * mean, "{} {}", best.mean, mean);
                    let now = brute(&per_second, duration as usize, earliest as usize, (earliest + duration) as usize);
                    prop_assert_eq!(best.mean_if_now.is_some(), now.is_some());
                    prop_assert!(best.mean_if_now.is_none_or(|now| best.mean <= now));
                }
                Err(error) => {
                    prop_assert_eq!(expected, None);
                    let fits = end.saturating_sub(earliest) >= duration;
                    prop_assert_eq!(error.code(), if fits { "carbon.series_gap" } else { "carbon.window_too_long" });
                }
            }
        }

        #[test]
        fn slots_add_up_and_beat_every_window_of_a_stepped_curve(
            (step, interpolation, values, duration, earliest, deadline) in jobs(0.1)
        ) {
            let curve = curve(step, interpolation, &values);
            if let Ok(best) = curve.best_slots(duration, earliest, deadline) {
                prop_assert_eq!(best.slots_s.iter().map(|(a, b)| b - a).sum::<u64>(), duration);
                prop_assert!(best.slots_s.windows(2).all(|pair| pair[0].1 <= pair[1].0));
                prop_assert!(best.slots_s.iter().all(|(a, b)| curve.covers(*a, *b)));
                prop_assert!(best.slots_s[0].0 >= earliest);
                if let (Interpolation::Step, Ok(window)) = (interpolation, curve.best_window(duration, earliest, deadline)) {
                    prop_assert!(best.mean <= window.mean * (1.0 + 1e-12));
                }
            } else {
                prop_assert!(curve.best_window(duration, earliest, deadline).is_err());
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn the_best_window_is_never_worse_than_the_best_tick(
            values in prop::collection::vec(0.0_f64..900.0, 2..60),
            interpolation in prop::sample::select(Interpolation::ALL),
            duration in 1_u64..40_000, step in prop::sample::select(&[300_u64, 1800, 3600])
        ) {
            let curve = Curve::new(step, interpolation, values.into_iter().map(Some).collect()).unwrap();
            if let Ok(best) = curve.best_window(duration, 0, None) {
                let ticks = (0..=(curve.span_s() - duration) / step).map(|tick| tick * step);
                for start in ticks {
                    prop_assert!(best.mean <= curve.average(start, start + duration).unwrap());
                }
            }
        }
    }

    #[test]
    fn a_curve_of_zeros_saves_nothing() {
        let curve = curve(60, Interpolation::Step, &[Some(0), Some(0)]);
        let best = curve.best_window(60, 30, None).unwrap();
        assert_eq!((best.start_s, best.saving_fraction), (30, Some(0.0)));
        assert_eq!(curve.best_window(0, 0, None).unwrap_err().path(), "duration_s");
    }
}
