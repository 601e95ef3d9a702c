//! What usage was before a change: statistics, a profile of the week, and usage against request and limit.

mod group;
mod statistics;
#[cfg(test)]
mod tests;
mod workloads;
mod write;

pub use group::{BaselineSubject, baselines};
pub use statistics::{Statistics, nearest_rank, profile};
pub use workloads::{ResourceUse, WorkloadUse, workload_uses};

use super::Metric;

/// Hours of a week, from Monday 00:00 UTC.
pub const HOURS_OF_WEEK: usize = 168;

/// The usage of a container, workload, service, namespace or node by one metric.
///
/// Amounts are 1e-9 of a core, a byte, a piece, or of 1 for shares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageBaseline {
    /// Whose.
    pub subject: BaselineSubject,
    /// Of what.
    pub metric: Metric,
    /// Statistics of the series: of several pods, of their sum at each time.
    pub statistics: Statistics,
    /// For each statistic the maximum over the pods of a workload; `None` for other subjects.
    pub per_pod: Option<Statistics>,
    /// From the start of the first step to the end of the last, in seconds.
    pub span_seconds: u64,
    /// Seconds that samples describe, summed over containers.
    pub covered_seconds: u64,
    /// Seconds in which the containers ran, as far as the inventory says, summed over them.
    pub running_seconds: Option<u64>,
    /// Means by hour of the week, Monday 00:00 UTC first; `None` for hours without a sample.
    pub profile: Box<[Option<i128>]>,
    /// What is requested of it.
    pub request: Option<i128>,
    /// Its limit; `None` where a container has none.
    pub limit: Option<i128>,
}

impl UsageBaseline {
    /// Covered seconds of running seconds in parts per million, at most 1,000,000; `None` where nothing is known to run.
    #[must_use]
    pub fn coverage_ppm(&self) -> Option<u64> {
        let running = self.running_seconds.filter(|seconds| *seconds > 0)?;
        let ppm = u128::from(self.covered_seconds).saturating_mul(1_000_000).checked_div(running.into())?;
        u64::try_from(ppm.min(1_000_000)).ok()
    }

    /// Mean usage of the request in parts per million, rounded half-even; `None` without a request.
    #[must_use]
    pub fn mean_of_request_ppm(&self) -> Option<i128> {
        ratio_ppm(self.statistics.mean, self.request?)
    }

    /// Mean usage of the limit in parts per million, rounded half-even; `None` without a limit.
    #[must_use]
    pub fn mean_of_limit_ppm(&self) -> Option<i128> {
        ratio_ppm(self.statistics.mean, self.limit?)
    }
}

fn ratio_ppm(part: i128, whole: i128) -> Option<i128> {
    if whole <= 0 { None } else { crate::money::div_half_even(part.checked_mul(1_000_000)?, whole) }
}
