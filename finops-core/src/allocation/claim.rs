//! What a container claims: the larger of request and use at every instant, over the time in which it ran.

use super::row::UsageBasis;
use crate::inventory::{Metric, Name, Sample, UsageData, UsageSeries, UsageSubject};
use rustc_hash::FxHasher;
use std::hash::{Hash, Hasher};

/// The claim on one resource.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Claim {
    /// Amount-seconds of the larger of request and use.
    pub(super) claimed: u128,
    /// Amount-seconds in use over the known time.
    pub(super) used: u128,
    pub(super) basis: UsageBasis,
    /// Seconds of the running time in which the use is known.
    pub(super) known: u64,
}

/// What is known of the use of one resource.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Use<'a> {
    /// Nothing.
    #[default]
    Unknown,
    /// Its mean, in the unit of requests.
    Mean(u64),
    /// Its course: the seconds that a sample describes, up to its own.
    Samples(u32, &'a [Sample]),
}

impl<'a> Use<'a> {
    fn of(usage: &'a UsageSeries) -> Self {
        match &usage.data {
            UsageData::Samples { step_seconds, samples } => Self::Samples(*step_seconds, samples),
            UsageData::Summary(summary) => {
                let unit = usage.metric.unit().nano();
                let mean = summary.mean.and_then(|mean| crate::money::div_half_even(mean.max(0), unit));
                mean.map_or(Self::Unknown, |mean| Self::Mean(u64::try_from(mean).unwrap_or(u64::MAX)))
            }
        }
    }
}

/// The claim for `request` (nanocores or bytes) and what is known of its use over disjoint `intervals` of `seconds`.
pub(super) fn claim(request: u64, usage: Use<'_>, intervals: &[(i64, i64)], seconds: u64) -> Claim {
    let over = |amount: u64, seconds: u64| u128::from(amount).saturating_mul(u128::from(seconds));
    match usage {
        Use::Unknown => Claim { claimed: over(request, seconds), ..Claim::default() },
        Use::Samples(step, samples) => {
            let mut out = Claim { basis: UsageBasis::Series, ..Claim::default() };
            let step = i64::from(step);
            for (start, end) in intervals {
                let first = samples.partition_point(|sample| sample.at <= *start);
                let mut known_to = *start;
                for sample in samples.get(first..).unwrap_or_default() {
                    let from = sample.at.saturating_sub(step).max(known_to);
                    if sample.at.saturating_sub(step) >= *end {
                        break;
                    }
                    let to = sample.at.min(*end);
                    let known = to.saturating_sub(from).max(0).unsigned_abs();
                    let value = u64::try_from(sample.value).unwrap_or(0);
                    out.claimed = out.claimed.saturating_add(over(value.max(request), known));
                    out.used = out.used.saturating_add(over(value, known));
                    out.known = out.known.saturating_add(known);
                    known_to = known_to.max(to);
                }
            }
            let unknown = seconds.saturating_sub(out.known);
            out.claimed = out.claimed.saturating_add(over(request, unknown));
            if unknown == seconds && seconds > 0 {
                // Samples of other times tell nothing of this one.
                out.basis = UsageBasis::None;
            }
            out
        }
        Use::Mean(mean) => Claim {
            claimed: over(mean.max(request), seconds),
            used: over(mean, seconds),
            basis: UsageBasis::Average,
            known: seconds,
        },
    }
}

/// The usage series of containers, found by namespace, pod and container.
pub(super) struct UsageIndex<'a> {
    series: &'a [UsageSeries],
    /// Hashes with positions, in the order of buckets and then of positions: no name is copied.
    entries: Vec<(u32, u32)>,
    /// Where each bucket starts; the first bits of a hash are its bucket.
    starts: Vec<u32>,
    /// How many bits follow those.
    shift: u32,
}

/// Series in a bucket, about.
const BUCKET: usize = 4;

impl<'a> UsageIndex<'a> {
    pub(super) fn new(series: &'a [UsageSeries]) -> Self {
        let mut entries = Vec::with_capacity(series.len());
        for (position, series) in (0_u32..).zip(series) {
            if !matches!(series.metric, Metric::CpuUsage | Metric::MemoryWorkingSet) {
                continue;
            }
            if let UsageSubject::Pod { namespace, pod, container: Some(container), .. } = &series.subject {
                entries.push((hash(namespace, pod, container), position));
            }
        }
        let bits = entries.len().div_euclid(BUCKET).max(1).ilog2().clamp(1, 30);
        let mut index =
            Self { series, entries: Vec::new(), starts: Vec::new(), shift: 32_u32.saturating_sub(bits) };
        index.fill(&entries, bits);
        index
    }

    /// Sorts by bucket in one pass, which keeps the order of positions.
    fn fill(&mut self, entries: &[(u32, u32)], bits: u32) {
        let mut starts = vec![0_u32; 1_usize.wrapping_shl(bits).saturating_add(1)];
        for (hash, _) in entries {
            if let Some(count) = starts.get_mut(self.bucket(*hash).saturating_add(1)) {
                *count = count.saturating_add(1);
            }
        }
        let mut sum = 0_u32;
        for start in &mut starts {
            sum = sum.saturating_add(*start);
            *start = sum;
        }
        self.entries = vec![(0, 0); entries.len()];
        let mut next = starts.clone();
        for entry in entries {
            if let Some(at) = next.get_mut(self.bucket(entry.0)) {
                if let Some(slot) = self.entries.get_mut(super::row::place(*at)) {
                    *slot = *entry;
                }
                *at = at.saturating_add(1);
            }
        }
        self.starts = starts;
    }

    fn bucket(&self, hash: u32) -> usize {
        super::row::place(hash.wrapping_shr(self.shift))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What is known of the use of cores and of memory.
    pub(super) fn find(&self, namespace: &Name, pod: &Name, container: &Name) -> [Use<'a>; 2] {
        if self.is_empty() {
            return [Use::Unknown; 2];
        }
        let mut found: [Option<&UsageSeries>; 2] = [None; 2];
        let hash = hash(namespace, pod, container);
        let bucket = self.bucket(hash);
        let edge = |at: usize| self.starts.get(at).map_or(0, |start| super::row::place(*start));
        let all = self.entries.get(edge(bucket)..edge(bucket.saturating_add(1))).unwrap_or_default();
        let same = all.iter().filter(|entry| entry.0 == hash);
        for series in same.filter_map(|entry| self.series.get(super::row::place(entry.1))) {
            let UsageSubject::Pod { namespace: n, pod: p, container: Some(c), .. } = &series.subject else {
                continue;
            };
            if n == namespace && p == pod && c == container {
                let [cpu, memory] = &mut found;
                let place = if series.metric == Metric::CpuUsage { cpu } else { memory };
                place.get_or_insert(series);
            }
        }
        found.map(|series| series.map_or(Use::Unknown, Use::of))
    }
}

fn hash(namespace: &str, pod: &str, container: &str) -> u32 {
    let mut hasher = FxHasher::default();
    (namespace, pod, container).hash(&mut hasher);
    // The upper half mixes best.
    u32::try_from(hasher.finish() >> 32).unwrap_or(0)
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test's numbers are small")]
mod tests {
    use super::*;
    use crate::inventory::{Name, Sample, UsageSummary};
    use proptest::prelude::*;

    fn series(metric: Metric, data: UsageData) -> UsageSeries {
        let subject = UsageSubject::Pod {
            namespace: Name::from("n"),
            pod: Name::from("p"),
            container: Some(Name::from("c")),
            device: None,
        };
        UsageSeries { subject, metric, data }
    }

    fn samples(step_seconds: u32, samples: &[(i64, i64)]) -> UsageSeries {
        let samples = samples.iter().map(|(at, value)| Sample { at: *at, value: *value }).collect();
        series(Metric::CpuUsage, UsageData::Samples { step_seconds, samples })
    }

    #[test]
    fn unknown_time_counts_the_request() {
        let usage = samples(10, &[(10, 5), (20, 1), (40, 9)]);
        // [0, 10) 5, [10, 20) request 2 over 1, [20, 30) unknown, [30, 40) 9.
        let found = claim(2, Use::of(&usage), &[(0, 40)], 40);
        assert_eq!((found.claimed, found.used, found.known), (50 + 20 + 20 + 90, 50 + 10 + 90, 30));
        assert_eq!(claim(2, Use::Unknown, &[(0, 40)], 40).claimed, 80);
        // Of a time that no sample describes nothing is known: that is not idle.
        let other_time = claim(2, Use::of(&usage), &[(100, 140)], 40);
        assert_eq!((other_time.claimed, other_time.known, other_time.basis), (80, 0, UsageBasis::None));
        // A part of a step counts for its seconds.
        assert_eq!(claim(0, Use::of(&usage), &[(5, 12), (35, 38)], 10).used, 25 + 2 + 27);
    }

    #[test]
    fn a_mean_is_rounded_to_its_unit() {
        let mean = |metric, mean| {
            let data =
                UsageData::Summary(Box::new(UsageSummary { mean: Some(mean), ..UsageSummary::default() }));
            claim(1, Use::of(&series(metric, data)), &[(0, 10)], 10)
        };
        assert_eq!(mean(Metric::MemoryWorkingSet, 7_500_000_000).used, 80);
        assert_eq!(mean(Metric::CpuUsage, 7).used, 70);
        assert_eq!(
            (mean(Metric::CpuUsage, 0).claimed, mean(Metric::CpuUsage, 0).basis),
            (10, UsageBasis::Average)
        );
    }

    proptest! {
        #[test]
        fn a_claim_is_what_every_second_claims(
            steps in prop::collection::vec((1_i64..40, 0_i64..9), 0..12), step in 1_u32..25,
            cuts in prop::collection::vec(0_i64..200, 0..6), request in 0_u64..6,
        ) {
            let mut at = 0;
            let points: Vec<(i64, i64)> = steps.iter().map(|(gap, value)| { at += gap; (at, *value) }).collect();
            let mut cuts = cuts;
            cuts.sort_unstable();
            cuts.dedup();
            let intervals: Vec<(i64, i64)> = cuts.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
            let seconds = intervals.iter().map(|(s, e)| u64::try_from(e - s).unwrap()).sum();
            let usage = samples(step, &points);
            let found = claim(request, Use::of(&usage), &intervals, seconds);
            let mut by_hand = 0_u128;
            for second in intervals.iter().flat_map(|(s, e)| *s..*e) {
                // The earliest sample after a second describes it, when its step reaches back that far.
                let value = points.iter().find(|(at, _)| *at > second);
                let value = value.filter(|(at, _)| at - i64::from(step) <= second);
                let value = value.map_or(0, |(_, value)| u64::try_from(*value).unwrap());
                by_hand += u128::from(value.max(request));
            }
            prop_assert_eq!(found.claimed, by_hand);
        }
    }
}
