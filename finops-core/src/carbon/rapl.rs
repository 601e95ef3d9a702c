//! Energy from a RAPL counter: differences, wraps and gaps.
//!
//! The counters are those of Linux' powercap interface,
//! <https://docs.kernel.org/power/powercap/powercap.html>: microjoules that wrap at `max_energy_range_uj`.

use super::{Assumption, Assumptions, CarbonError, Tier};

/// What is known about a counter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RaplLimits {
    /// Where the counter wraps, in microjoules; `None` when `max_energy_range_uj` cannot be read.
    pub max_energy_range_uj: Option<u64>,
    /// More than this many watts are a fault of the counter.
    pub max_plausible_w: f64,
    /// The processor's design power in watts; with it, samples too far apart to tell wraps are found.
    pub tdp_w: Option<f64>,
    /// Watts to fill a dropped interval with before any interval was good, such as from `cpu-tdp-cubic/1`.
    pub fallback_w: Option<f64>,
}

impl Default for RaplLimits {
    /// No range and no design power; at most 1000 W, more than any processor package draws.
    fn default() -> Self {
        Self { max_energy_range_uj: None, max_plausible_w: 1000.0, tdp_w: None, fallback_w: None }
    }
}

/// What happened between two samples of a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CounterFlag {
    /// The counter wrapped once.
    Wrapped,
    /// The difference cannot be true: it was dropped.
    Implausible,
    /// The samples lie so far apart that wraps may have gone unseen.
    Undersampled,
    /// The counter began anew.
    Reset,
    /// Power over time stands in for the counter.
    PowerIntegrated,
    /// Neither counter nor power could be read.
    Unknown,
}

impl CounterFlag {
    /// The wire name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wrapped => "wrapped",
            Self::Implausible => "implausible",
            Self::Undersampled => "undersampled",
            Self::Reset => "reset",
            Self::PowerIntegrated => "power_integrated",
            Self::Unknown => "unknown",
        }
    }
}

/// The energy of one interval between two samples.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CounterInterval {
    /// Joules that the counter gave; `None` when the interval was dropped.
    pub measured_j: Option<f64>,
    /// Joules that stand in for a dropped or ambiguous interval; `None` when nothing is known or nothing was dropped.
    pub filled_j: Option<f64>,
    /// What happened.
    pub flags: Vec<CounterFlag>,
}

/// The energy of many intervals.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CounterTotal {
    /// Joules from the counter; `None` when no interval was good.
    pub measured_j: Option<f64>,
    /// Joules that stand in for dropped intervals, a figure of its own and only modelled.
    pub filled_j: Option<f64>,
    /// Seconds about which nothing is known.
    pub unknown_s: f64,
    /// What was assumed.
    pub assumptions: Assumptions,
}

impl CounterTotal {
    /// Measured, or modelled as soon as anything stands in for the counter.
    #[must_use]
    pub const fn tier(&self) -> Tier {
        if self.filled_j.is_some() { Tier::Modelled } else { Tier::Measured }
    }

    fn add(&mut self, interval: &CounterInterval, seconds: f64) {
        if let Some(joules) = interval.measured_j {
            self.measured_j = Some(self.measured_j.unwrap_or_default() + joules);
        }
        if let Some(joules) = interval.filled_j {
            self.filled_j = Some(self.filled_j.unwrap_or_default() + joules);
        }
        if interval.measured_j.is_none() && interval.filled_j.is_none() {
            self.unknown_s += seconds;
        }
        if interval.flags.contains(&CounterFlag::Implausible) && interval.filled_j.is_some() {
            self.assumptions.insert(Assumption::counter_gap_filled);
        }
        if interval.flags.contains(&CounterFlag::Undersampled) {
            self.assumptions.insert(Assumption::counter_undersampled);
        }
    }

    /// This total and `other`.
    #[must_use]
    pub fn merged(self, other: Self) -> Self {
        let sum = |a: Option<f64>, b: Option<f64>| match (a, b) {
            (Some(a), Some(b)) => Some(a + b),
            (one, other) => one.or(other),
        };
        Self {
            measured_j: sum(self.measured_j, other.measured_j),
            filled_j: sum(self.filled_j, other.filled_j),
            unknown_s: self.unknown_s + other.unknown_s,
            assumptions: self.assumptions.union(other.assumptions),
        }
    }
}

/// One RAPL domain, sampled again and again.
///
/// ```
/// use finops_core::carbon::{RaplCounter, RaplLimits};
/// let limits = RaplLimits { max_energy_range_uj: Some(262_143_328_850), ..RaplLimits::default() };
/// let mut package = RaplCounter::new(limits);
/// package.sample(0.0, 262_143_000_000)?;
/// package.sample(10.0, 500_000_000)?;
/// assert_eq!(package.total().measured_j, Some(500.32885));
/// # Ok::<(), finops_core::carbon::CarbonError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RaplCounter {
    limits: RaplLimits,
    last: Option<(f64, u64)>,
    last_good_w: Option<f64>,
    total: CounterTotal,
}

impl RaplCounter {
    /// A domain that has not been sampled.
    #[must_use]
    pub const fn new(limits: RaplLimits) -> Self {
        let total =
            CounterTotal { measured_j: None, filled_j: None, unknown_s: 0.0, assumptions: Assumptions::NONE };
        Self { limits, last: None, last_good_w: None, total }
    }

    /// Takes the reading `energy_uj` at second `at_s` of a steady clock; the first one gives no interval.
    ///
    /// # Errors
    /// `carbon.bad_number` for a time that is no number, `carbon.bad_range` for one that is not after the last.
    pub fn sample(&mut self, at_s: f64, energy_uj: u64) -> Result<Option<CounterInterval>, CarbonError> {
        let Some((since_s, before_uj)) = self.last else {
            finite(at_s)?;
            self.last = Some((at_s, energy_uj));
            return Ok(None);
        };
        let seconds = elapsed(since_s, at_s)?;
        self.last = Some((at_s, energy_uj));
        let interval = self.interval(seconds, before_uj, energy_uj);
        self.total.add(&interval, seconds);
        Ok(Some(interval))
    }

    /// Goes on from the reading `energy_uj` at second `at_s` without counting what led to it.
    pub(super) const fn rebase(&mut self, at_s: f64, energy_uj: u64) {
        self.last = Some((at_s, energy_uj));
    }

    /// The energy so far.
    #[must_use]
    pub const fn total(&self) -> CounterTotal {
        self.total
    }

    fn interval(&mut self, seconds: f64, before_uj: u64, now_uj: u64) -> CounterInterval {
        let RaplLimits { max_energy_range_uj: range, max_plausible_w, tdp_w, fallback_w } = self.limits;
        let stand_in_w = self.last_good_w.or(fallback_w);
        let mut flags = Vec::new();
        let difference = now_uj.checked_sub(before_uj).or_else(|| {
            let wrapped = range?.checked_sub(before_uj)?.checked_add(now_uj)?;
            flags.push(CounterFlag::Wrapped);
            Some(wrapped)
        });
        let Some(joules) = difference.map(joules).filter(|joules| *joules <= max_plausible_w * seconds)
        else {
            return CounterInterval {
                measured_j: None,
                filled_j: stand_in_w.map(|watts| watts * seconds),
                flags: vec![CounterFlag::Implausible],
            };
        };
        if let (Some(range), Some(tdp)) = (range.map(self::joules), tdp_w)
            && seconds > range / (2.0 * tdp)
        {
            // Whole ranges may have passed: take as many as bring the interval nearest to the last known power.
            let unseen =
                stand_in_w.map_or(0.0, |watts| ((watts * seconds - joules) / range).round().max(0.0));
            flags.push(CounterFlag::Undersampled);
            return CounterInterval { measured_j: None, filled_j: Some(joules + unseen * range), flags };
        }
        self.last_good_w = Some(joules / seconds);
        CounterInterval { measured_j: Some(joules), filled_j: None, flags }
    }
}

/// Joules of `microjoules`, rounded once.
#[expect(clippy::cast_precision_loss, reason = "to nearest; below 2^53 µJ, 285 years at 1 W, exactly")]
fn joules(microjoules: u64) -> f64 {
    microjoules as f64 / 1e6
}

fn finite(at_s: f64) -> Result<f64, CarbonError> {
    if at_s.is_finite() { Ok(at_s) } else { Err(CarbonError::bad_number("at_s", at_s)) }
}

/// The positive seconds between two samples.
pub(super) fn elapsed(since_s: f64, at_s: f64) -> Result<f64, CarbonError> {
    let seconds = finite(at_s)? - since_s;
    if seconds > 0.0 && seconds.is_finite() {
        Ok(seconds)
    } else {
        Err(CarbonError::bad_range("at_s", format_args!("{since_s} then {at_s}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RANGE: u64 = 262_143_328_850;

    fn counter() -> RaplCounter {
        RaplCounter::new(RaplLimits { max_energy_range_uj: Some(RANGE), ..RaplLimits::default() })
    }

    fn flags(counter: &mut RaplCounter, at: f64, uj: u64) -> Vec<&'static str> {
        counter.sample(at, uj).unwrap().unwrap().flags.into_iter().map(CounterFlag::name).collect()
    }

    #[test]
    fn a_dropped_interval_is_filled_apart_and_the_counter_goes_on() {
        let mut package = counter();
        package.sample(0.0, 0).unwrap();
        assert!(flags(&mut package, 2.0, 100_000_000).is_empty());
        assert_eq!(flags(&mut package, 3.0, 90_000_000), ["implausible"]);
        assert!(flags(&mut package, 4.0, 150_000_000).is_empty());
        let total = package.total();
        assert_eq!((total.measured_j, total.filled_j, total.unknown_s), (Some(160.0), Some(50.0), 0.0));
        assert_eq!(total.assumptions, Assumptions::NONE.with(Assumption::counter_gap_filled));
        assert_eq!(total.tier(), Tier::Modelled);
    }

    #[test]
    fn what_is_not_known_is_not_zero() {
        let mut package = RaplCounter::new(RaplLimits::default());
        package.sample(0.0, 100).unwrap();
        assert_eq!(
            flags(&mut package, 1.0, 50),
            ["implausible"],
            "a wrap without a range cannot be resolved"
        );
        let total = package.total();
        assert_eq!((total.measured_j, total.filled_j, total.unknown_s), (None, None, 1.0));
        assert_eq!(package.sample(1.0, 60).unwrap_err().code(), "carbon.bad_range");
        assert_eq!(package.sample(f64::NAN, 60).unwrap_err().code(), "carbon.bad_number");
    }

    #[test]
    fn samples_too_far_apart_are_modelled_with_the_wraps_that_the_power_suggests() {
        let limits =
            RaplLimits { max_energy_range_uj: Some(RANGE), tdp_w: Some(200.0), ..RaplLimits::default() };
        let mut package = RaplCounter::new(limits);
        package.sample(0.0, 0).unwrap();
        assert!(flags(&mut package, 600.0, 90_000_000_000).is_empty(), "150 W for ten minutes");
        assert_eq!(flags(&mut package, 4600.0, 90_000_000_000 + 600_000_000_000 % RANGE), ["undersampled"]);
        let total = package.total();
        assert!((total.filled_j.unwrap() - 600_000.0).abs() < 1e-6, "{total:?}");
        assert_eq!(total.assumptions, Assumptions::NONE.with(Assumption::counter_undersampled));
    }

    proptest! {
        #[test]
        fn energy_is_never_negative_nor_beyond_the_plausible(
            reads in prop::collection::vec((1_u32..100_000, any::<u64>()), 1..30), range in prop::option::of(any::<u64>()),
            tdp_w in prop::option::of(1.0_f64..500.0)
        ) {
            let mut package = RaplCounter::new(RaplLimits { max_energy_range_uj: range, tdp_w, ..RaplLimits::default() });
            let mut at = 0.0;
            for (wait, uj) in reads {
                at += f64::from(wait) / 10.0;
                if let Some(interval) = package.sample(at, uj).unwrap() {
                    let measured = interval.measured_j.unwrap_or_default();
                    prop_assert!((0.0..=100.0 * f64::from(wait)).contains(&measured));
                    prop_assert!(interval.filled_j.unwrap_or_default() >= 0.0);
                    prop_assert!(interval.measured_j.is_none() || interval.filled_j.is_none());
                }
            }
        }
    }
}
