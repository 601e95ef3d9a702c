//! `simple` and `simple_limit`: what robusta's KRR answers (`robusta_krr/strategies/simple.py`, `simple_limit.py`,
//! `core/runner.py`), rounded in integers.
//!
//! KRR computes `ceil(value * 1000) / 1000` in floats and so raises 731 of 100,000 exact millicore values by one.

use super::{Resource, Withheld, round};

/// Least points over all pods (`simple.py`, `points_required`).
pub const POINTS_MIN: u64 = 100;
/// Least span of the points in seconds: three hours.
pub const SPAN_MIN_S: u64 = 3 * 3600;
/// Memory above the highest use, in percent (`simple.py`, `memory_buffer_percentage`).
pub(super) const MEMORY_PERCENT: u32 = 115;
/// Memory above the limit at which the container was killed, in percent (`simple.py`, `oom_memory_buffer_percentage`).
const OOM_PERCENT: u32 = 125;
/// `simple_limit.py`: percentiles of the pooled samples.
const LIMIT_REQUEST_PERCENTILE: u64 = 66;
const LIMIT_LIMIT_PERCENTILE: u64 = 96;

/// What one pod used over the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PodUse {
    /// 95th percentile in nanocores.
    pub cpu_p95: u64,
    /// Highest working set in bytes.
    pub memory_max: u64,
    /// Samples behind the two.
    pub points: u64,
}

/// Requests and limits of one container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Simple {
    /// Nanocores; no limit goes with it.
    pub cpu_request: u64,
    /// Bytes; the limit is the same.
    pub memory_request: u64,
}

/// KRR's `simple` answer for a container in all its pods.
///
/// `span_s` is the time that the points cover where it is known.
///
/// # Errors
/// [`Withheld::HpaDetected`] where a horizontal autoscaler acts on the resource, [`Withheld::NotEnoughSamples`] below
/// 100 points or three hours.
pub fn simple(
    pods: &[PodUse],
    oom_limit: Option<u64>,
    hpa_on_resource: bool,
    span_s: Option<u64>,
) -> Result<Simple, Withheld> {
    if hpa_on_resource {
        return Err(Withheld::HpaDetected);
    }
    let points = pods.iter().fold(0_u64, |sum, pod| sum.saturating_add(pod.points));
    if points < POINTS_MIN || span_s.is_some_and(|span| span < SPAN_MIN_S) {
        return Err(Withheld::NotEnoughSamples);
    }
    let cpu = pods.iter().map(|pod| pod.cpu_p95).max().unwrap_or_default();
    let memory = pods.iter().map(|pod| pod.memory_max).max().unwrap_or_default();
    let by_use = round::with_margin(Resource::Memory, memory, MEMORY_PERCENT);
    let by_kill = oom_limit.map(|limit| round::with_margin(Resource::Memory, limit, OOM_PERCENT));
    Ok(Simple {
        cpu_request: round::with_margin(Resource::Cpu, cpu, 100),
        memory_request: by_kill.map_or(by_use, |bytes| bytes.max(by_use)),
    })
}

/// KRR's `simple_limit` for CPU: request and limit in nanocores from the samples of all pods together; `None` without
/// samples. Sorts `samples`.
#[must_use]
pub fn simple_limit(samples: &mut [u64]) -> Option<(u64, u64)> {
    samples.sort_unstable();
    let at = |percentile| {
        let (numerator, denominator) = interpolate(samples, percentile)?;
        Some(round::ceil(Resource::Cpu, numerator, denominator))
    };
    Some((at(LIMIT_REQUEST_PERCENTILE)?, at(LIMIT_LIMIT_PERCENTILE)?))
}

/// The percentile of sorted values by linear interpolation between the closest ranks, as a fraction.
pub(super) fn interpolate(sorted: &[u64], percentile: u64) -> Option<(u128, u128)> {
    let last = u64::try_from(sorted.len().checked_sub(1)?).ok()?;
    let position = u128::from(last).checked_mul(u128::from(percentile))?;
    let (index, rest) = (usize::try_from(position.div_euclid(100)).ok()?, position.rem_euclid(100));
    let low = u128::from(*sorted.get(index)?);
    let high = sorted.get(index.checked_add(1)?).map_or(low, |value| u128::from(*value));
    let step = high.checked_sub(low)?.checked_mul(rest)?;
    Some((low.checked_mul(100)?.checked_add(step)?, 100))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POD: PodUse = PodUse { cpu_p95: 123_400_000, memory_max: 268_435_456, points: 200 };

    #[test]
    fn a_hundred_points_and_three_hours_are_enough() {
        let few = PodUse { points: 99, ..POD };
        assert_eq!(simple(&[few], None, false, None), Err(Withheld::NotEnoughSamples));
        assert_eq!(simple(&[POD], None, false, Some(SPAN_MIN_S - 1)), Err(Withheld::NotEnoughSamples));
        let just = PodUse { points: 100, ..POD };
        let answer = simple(&[just], None, false, Some(SPAN_MIN_S)).unwrap();
        assert_eq!(answer.cpu_request, 124 * round::MILLICORE);
    }

    #[test]
    fn a_percentile_lies_between_two_samples() {
        assert_eq!(interpolate(&[10, 20], 66), Some((1660, 100)));
        assert_eq!(interpolate(&[7], 96), Some((700, 100)));
        assert_eq!(interpolate(&[], 50), None);
        assert_eq!(simple_limit(&mut []), None);
    }
}
