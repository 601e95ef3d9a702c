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
/// samples. Moves `samples` about.
#[must_use]
pub fn simple_limit(samples: &mut [u64]) -> Option<(u64, u64)> {
    let places = [LIMIT_REQUEST_PERCENTILE, LIMIT_LIMIT_PERCENTILE].map(|share| place(samples.len(), share));
    let [(request, request_rest), (limit, limit_rest)] = [places[0]?, places[1]?];
    let mut sample: Vec<u64> =
        samples.iter().step_by(samples.len().div_euclid(SAMPLE).max(1) | 1).copied().collect();
    sample.sort_unstable();
    let mut request = Bracket::around(request, samples.len(), &sample);
    let mut limit = Bracket::around(limit, samples.len(), &sample);
    for value in samples.iter() {
        request.see(*value);
        limit.see(*value);
    }
    let mut rounded = |bracket: Bracket, rest| {
        let (low, next) = bracket.pair(samples)?;
        Some(round::ceil(Resource::Cpu, interpolate(low, next, rest)?, 100))
    };
    Some((rounded(request, request_rest)?, rounded(limit, limit_rest)?))
}

/// The percentile of sorted values by linear interpolation between the closest ranks, as a fraction.
pub(super) fn percentile(sorted: &[u64], percentile: u64) -> Option<(u128, u128)> {
    let (at, rest) = place(sorted.len(), percentile)?;
    let next = at.checked_add(1).and_then(|next| sorted.get(next)).copied();
    Some((interpolate(*sorted.get(at)?, next, rest)?, 100))
}

/// Values that are looked at to guess where a percentile lies.
const SAMPLE: usize = 1024;

/// The values around one place of the sorted order: few enough to look closely at.
struct Bracket {
    place: usize,
    least: u64,
    most: u64,
    /// How many values lie below.
    below: usize,
    kept: Vec<u64>,
    count: usize,
}

impl Bracket {
    /// Three deviations of the share that a sample shows, to both sides.
    fn around(place: usize, total: usize, sample: &[u64]) -> Self {
        let middle = place.saturating_mul(sample.len()).checked_div(total).unwrap_or(0);
        let left = sample.len().saturating_sub(middle);
        let variance = middle.saturating_mul(left).checked_div(sample.len()).unwrap_or(0);
        let width = variance.isqrt().saturating_mul(3).saturating_add(2);
        let expected = width.saturating_mul(4).saturating_mul(total).checked_div(sample.len()).unwrap_or(0);
        let at = |place: Option<usize>| place.and_then(|place| sample.get(place)).copied();
        Self {
            place,
            least: at(middle.checked_sub(width)).unwrap_or(0),
            most: at(middle.checked_add(width)).unwrap_or(u64::MAX),
            below: 0,
            kept: vec![0; expected.min(total)],
            count: 0,
        }
    }

    /// Without a branch that depends on the value: no processor foresees which side of a percentile comes next.
    fn see(&mut self, value: u64) {
        self.below = self.below.wrapping_add(usize::from(value < self.least));
        if let Some(free) = self.kept.get_mut(self.count) {
            *free = value;
        }
        self.count = self.count.wrapping_add(usize::from((self.least..=self.most).contains(&value)));
    }

    /// The value at the place and the one above it; all are looked at where the sample was wrong.
    fn pair(mut self, all: &mut [u64]) -> Option<(u64, Option<u64>)> {
        let is_last = self.place.saturating_add(1) == all.len();
        let kept = self.kept.get_mut(..self.count).unwrap_or_default();
        let place = self.place.checked_sub(self.below);
        let place = place.filter(|place| place.saturating_add(usize::from(!is_last)) < kept.len());
        let (values, place) = match place {
            Some(place) => (kept, place),
            None => (all, self.place),
        };
        if place >= values.len() {
            return None;
        }
        let (_, low, above) = values.select_nth_unstable(place);
        Some((*low, above.iter().copied().min()))
    }
}

/// Where the percentile of so many sorted values lies: the place below it, and hundredths of the way to the next.
fn place(total: usize, percentile: u64) -> Option<(usize, u128)> {
    let last = u64::try_from(total.checked_sub(1)?).ok()?;
    let position = u128::from(last).checked_mul(u128::from(percentile))?;
    Some((usize::try_from(position.div_euclid(100)).ok()?, position.rem_euclid(100)))
}

/// A hundred times the value at so many hundredths of the way from one to the next.
fn interpolate(low: u64, next: Option<u64>, hundredths: u128) -> Option<u128> {
    let (low, high) = (u128::from(low), u128::from(next.unwrap_or(low)));
    low.checked_mul(100)?.checked_add(high.checked_sub(low)?.checked_mul(hundredths)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
        assert_eq!((place(2, 66), interpolate(10, Some(20), 66)), (Some((0, 66)), Some(1660)));
        assert_eq!((place(1, 96), interpolate(7, None, 0)), (Some((0, 0)), Some(700)));
        assert_eq!((place(0, 50), simple_limit(&mut [])), (None, None));
    }

    proptest! {
        #[test]
        fn both_percentiles_are_those_of_a_sorted_list(mut samples in prop::collection::vec(0_u64..1 << 40, 1..4000)) {
            let mut sorted = samples.clone();
            sorted.sort_unstable();
            let at = |percentile| {
                let (place, rest) = place(sorted.len(), percentile)?;
                let value = interpolate(*sorted.get(place)?, sorted.get(place.saturating_add(1)).copied(), rest)?;
                Some(round::ceil(Resource::Cpu, value, 100))
            };
            prop_assert_eq!(simple_limit(&mut samples), at(66).zip(at(96)));
        }
    }
}
