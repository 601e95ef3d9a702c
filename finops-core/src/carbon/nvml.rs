//! Energy from NVIDIA's management library: its counter, its power reading where the counter fails, and its partitions.
//!
//! The counter is `nvmlDeviceGetTotalEnergyConsumption`: millijoules since the driver was loaded, Volta and later
//! (<https://docs.nvidia.com/deploy/nvml-api/group__nvmlDeviceQueries.html>).

use super::{CarbonError, CounterFlag, CounterInterval, rapl::elapsed};

/// One sample of a GPU.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NvmlSample {
    /// Seconds of a steady clock.
    pub at_s: f64,
    /// Millijoules since the driver was loaded; `None` when the counter is missing.
    pub energy_mj: Option<u64>,
    /// Milliwatts now; `None` when the reading is missing.
    pub power_mw: Option<u64>,
}

/// One GPU, sampled again and again: the counter first; power over time while it is missing or was reset.
///
/// When the counter returns, only what exceeds the integral is added; what the integral had too much is taken from the
/// intervals that follow. No interval is negative.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NvmlCounter {
    last: Option<NvmlSample>,
    /// The last reading of the counter, and the millijoules given out since then.
    counter: Option<u64>,
    since_counter_mj: f64,
    /// Millijoules given out beyond what the counter had shown, when it was last read.
    owed_mj: f64,
    total_j: Option<f64>,
    unknown_s: f64,
}

impl NvmlCounter {
    /// Takes a sample; the first one gives no interval.
    ///
    /// # Errors
    /// `carbon.bad_number` for a time that is no number, `carbon.bad_range` for one that is not after the last.
    pub fn sample(&mut self, sample: NvmlSample) -> Result<Option<CounterInterval>, CarbonError> {
        let Some(last) = self.last else {
            if !sample.at_s.is_finite() {
                return Err(CarbonError::bad_number("at_s", sample.at_s));
            }
            self.last = Some(sample);
            self.counter = sample.energy_mj;
            return Ok(None);
        };
        let seconds = elapsed(last.at_s, sample.at_s)?;
        self.last = Some(sample);
        let trapezoid_mj =
            last.power_mw.zip(sample.power_mw).map(|(a, b)| (float(a) + float(b)) / 2.0 * seconds);
        let (millijoules, flags) = self.interval(sample.energy_mj, trapezoid_mj);
        match millijoules {
            Some(millijoules) => {
                self.total_j = Some(self.total_j.unwrap_or_default() + millijoules / 1000.0);
            }
            None => self.unknown_s += seconds,
        }
        Ok(Some(CounterInterval { measured_j: millijoules.map(|mj| mj / 1000.0), filled_j: None, flags }))
    }

    /// Joules so far; `None` when nothing could be read.
    #[must_use]
    pub const fn total_j(&self) -> Option<f64> {
        self.total_j
    }

    /// Seconds about which nothing is known.
    #[must_use]
    pub const fn unknown_s(&self) -> f64 {
        self.unknown_s
    }

    fn interval(&mut self, now: Option<u64>, trapezoid_mj: Option<f64>) -> (Option<f64>, Vec<CounterFlag>) {
        let difference = now.zip(self.counter).map(|(now, before)| now.checked_sub(before));
        if let Some(Some(difference)) = difference {
            // Given out since the counter was last read, and before that beyond what it showed: both count against it.
            let open = float(difference) - self.since_counter_mj - self.owed_mj;
            self.counter = now;
            self.since_counter_mj = 0.0;
            self.owed_mj = (-open).max(0.0);
            return (Some(open.max(0.0)), Vec::new());
        }
        let mut flags = Vec::new();
        if difference.is_some() {
            flags.push(CounterFlag::Reset);
        }
        flags.push(if trapezoid_mj.is_some() { CounterFlag::PowerIntegrated } else { CounterFlag::Unknown });
        let given_mj = trapezoid_mj.map(|mj| {
            let paid = mj.min(self.owed_mj);
            // A debt paid now is not held against the counter a second time: what it will show holds this interval in full.
            self.owed_mj -= paid;
            self.since_counter_mj += mj;
            mj - paid
        });
        if now.is_some() {
            self.counter = now;
            self.since_counter_mj = 0.0;
        }
        (given_mj, flags)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "to nearest; exact below 2^53, 285 years at 1 kW in millijoules"
)]
const fn float(value: u64) -> f64 {
    value as f64
}

/// Energy of a GPU shared over its partitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigShares {
    /// Nanojoules of each instance, in the given order.
    pub nanojoules: Vec<u128>,
    /// Nanojoules of the slices that belong to no instance.
    pub unallocated_nanojoules: u128,
}

/// Shares `nanojoules` of a GPU over its MIG instances by their compute slices of `slices_total`, for NVML meters no
/// instance (assumption `mig_share`, tier modelled). Largest remainder, ties to the earlier; the shares add up.
///
/// # Errors
/// `carbon.bad_number` for no slices in total, for more in the instances than in total, or for more than 2^96 nJ.
pub fn mig_shares(
    nanojoules: u128,
    compute_slices: &[u64],
    slices_total: u64,
) -> Result<MigShares, CarbonError> {
    if nanojoules >> 96 != 0 || slices_total == 0 || slices_total > u64::from(u32::MAX) {
        let (path, value) = if slices_total == 0 || nanojoules >> 96 == 0 {
            ("slices_total", u128::from(slices_total))
        } else {
            ("gpu_joules", nanojoules)
        };
        return Err(CarbonError::bad_number(path, value));
    }
    let used = compute_slices.iter().try_fold(0_u64, |sum, slices| sum.checked_add(*slices));
    let Some(free) = used.and_then(|used| slices_total.checked_sub(used)) else {
        return Err(CarbonError::bad_number(
            "compute_slices",
            format_args!("{compute_slices:?} of {slices_total}"),
        ));
    };
    // The free slices are one more share, and the last in a tie.
    let weights: Vec<u64> = compute_slices.iter().copied().chain([free]).collect();
    let total = u128::from(slices_total);
    // Below 2^96 × 2^32: no product overflows.
    let scaled = |weight: u64| nanojoules.saturating_mul(u128::from(weight));
    let mut shares: Vec<u128> =
        weights.iter().map(|w| scaled(*w).checked_div(total).unwrap_or_default()).collect();
    let given = shares.iter().fold(0_u128, |sum, share| sum.saturating_add(*share));
    let missing = usize::try_from(nanojoules.saturating_sub(given)).unwrap_or_default();
    let mut order: Vec<(u128, usize)> = weights
        .iter()
        .enumerate()
        .map(|(at, w)| (scaled(*w).checked_rem(total).unwrap_or_default(), at))
        .collect();
    order.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, at) in order.into_iter().take(missing) {
        if let Some(share) = shares.get_mut(at) {
            *share = share.saturating_add(1);
        }
    }
    let unallocated_nanojoules = shares.pop().unwrap_or_default();
    Ok(MigShares { nanojoules: shares, unallocated_nanojoules })
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the values tested are exact")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(samples: &[(f64, Option<u64>, Option<u64>)]) -> (NvmlCounter, Vec<Option<f64>>) {
        let mut gpu = NvmlCounter::default();
        let take = |(at_s, energy_mj, power_mw): &(f64, Option<u64>, Option<u64>)| {
            gpu.sample(NvmlSample { at_s: *at_s, energy_mj: *energy_mj, power_mw: *power_mw }).unwrap()
        };
        let intervals = samples.iter().filter_map(take).map(|interval| interval.measured_j).collect();
        (gpu, intervals)
    }

    #[test]
    fn an_integral_that_was_too_much_is_taken_from_what_follows() {
        let w = Some(500_000);
        let (gpu, intervals) = run(&[
            (0.0, Some(0), w),
            (1.0, None, w),
            (2.0, Some(400_000), w),
            (3.0, Some(450_000), w),
            (4.0, Some(700_000), w),
        ]);
        assert_eq!(intervals, [Some(500.0), Some(0.0), Some(0.0), Some(200.0)]);
        assert_eq!(gpu.total_j(), Some(700.0), "what the counter says");
    }

    #[test]
    fn a_debt_is_paid_once() {
        let w = Some(100_000);
        let (gpu, intervals) = run(&[
            (0.0, Some(0), Some(500_000)),
            (1.0, None, Some(500_000)),
            (2.0, Some(440_000), w),
            (3.0, None, w),
            (4.0, Some(640_000), w),
        ]);
        assert_eq!(intervals, [Some(500.0), Some(0.0), Some(40.0), Some(100.0)]);
        assert_eq!(gpu.total_j(), Some(640.0));
    }

    #[test]
    fn no_reading_is_unknown_not_zero() {
        let (gpu, intervals) = run(&[(0.0, None, None), (1.0, None, Some(5)), (2.0, None, None)]);
        assert_eq!(intervals, [None, None]);
        assert_eq!((gpu.total_j(), gpu.unknown_s()), (None, 2.0));
        let (gpu, _) = run(&[(0.0, Some(10), None), (1.0, None, None), (2.0, Some(2010), None)]);
        assert_eq!(gpu.total_j(), Some(2.0), "the counter knows what happened meanwhile");
    }

    #[test]
    fn more_slices_than_the_gpu_has_are_refused() {
        assert_eq!(mig_shares(7, &[4, 4], 7).unwrap_err().path(), "compute_slices");
        assert_eq!(mig_shares(7, &[u64::MAX, 4], 7).unwrap_err().path(), "compute_slices");
        assert_eq!(mig_shares(7, &[], 0).unwrap_err().path(), "slices_total");
        assert_eq!(mig_shares(u128::MAX, &[1], 7).unwrap_err().path(), "gpu_joules");
        let shares = mig_shares(10, &[1, 1], 7).unwrap();
        assert_eq!((shares.nanojoules, shares.unallocated_nanojoules), (vec![2, 1], 7));
    }

    proptest! {
        #[test]
        fn no_interval_is_negative_and_a_steady_counter_is_the_truth(
            samples in prop::collection::vec((1_u32..50, prop::option::of(0_u64..3_000_000), prop::option::of(0_u64..700_000)), 2..40)
        ) {
            let (mut at, mut all) = (0.0, Vec::new());
            for (wait, energy, power) in samples {
                at += f64::from(wait) / 10.0;
                all.push((at, energy, power));
            }
            let (gpu, intervals) = run(&all);
            prop_assert!(intervals.iter().flatten().all(|joules| *joules >= 0.0));
            let sum: f64 = intervals.iter().flatten().sum();
            prop_assert_eq!(gpu.total_j().unwrap_or_default(), sum);
        }

        #[test]
        fn a_counter_that_only_pauses_gives_its_own_difference_in_the_end(
            steps in prop::collection::vec((prop::bool::ANY, 0_u64..1000, 0_u64..1000), 1..30)
        ) {
            let (mut at, mut energy, mut all) = (0.0, 0_u64, vec![(0.0, Some(0), Some(500))]);
            for (shown, step, power) in steps {
                at += 1.0;
                energy = energy.saturating_add(step);
                all.push((at, shown.then_some(energy), Some(power)));
            }
            // The last interval is long enough to pay every debt.
            energy = energy.saturating_add(100_000);
            all.push((at + 1.0, Some(energy), Some(0)));
            let (gpu, _) = run(&all);
            prop_assert!((gpu.total_j().unwrap() * 1000.0 - f64::from(u32::try_from(energy).unwrap())).abs() < 1e-6);
        }

        #[test]
        fn shares_add_up(nanojoules in 0_u128..1_u128 << 96, slices in prop::collection::vec(0_u64..4, 0..6), more in 0_u64..4) {
            let total = slices.iter().sum::<u64>().saturating_add(more);
            if let Ok(shares) = mig_shares(nanojoules, &slices, total) {
                let sum: u128 = shares.nanojoules.iter().sum();
                prop_assert_eq!(sum.checked_add(shares.unallocated_nanojoules), Some(nanojoules));
            } else {
                prop_assert_eq!(total, 0);
            }
        }
    }
}
