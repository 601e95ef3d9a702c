//! Figures of usage: from samples, or from the summary that stands in their place.

use crate::{
    inventory::{UsageData, UsageSeries, UsageSummary},
    time::Timestamp,
    waste::{Coverage, largest},
};

/// What was used in a window; amounts in 1e-9 of a core, byte or piece.
#[derive(Debug, Clone)]
pub(super) enum Figures<'a> {
    /// A summary that stands alone is read where it is: most containers of a cluster have one a metric.
    Told(&'a UsageSummary),
    /// Counted from samples, or joined from several series.
    Counted(Box<Totals>),
}

/// Figures that were counted. Of several pods each is the largest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Totals {
    mean: Option<i128>,
    p95: Option<i128>,
    p99: Option<i128>,
    max: Option<i128>,
    samples: u64,
    window: Option<(Timestamp, Timestamp)>,
    span_seconds: Option<u64>,
}

impl Default for Figures<'_> {
    fn default() -> Self {
        Self::Counted(Box::default())
    }
}

impl<'a> Figures<'a> {
    pub(super) fn mean(&self) -> Option<i128> {
        match self {
            Self::Told(summary) => summary.mean,
            Self::Counted(totals) => totals.mean,
        }
    }

    pub(super) fn p95(&self) -> Option<i128> {
        match self {
            Self::Told(summary) => summary.p95,
            Self::Counted(totals) => totals.p95,
        }
    }

    pub(super) fn p99(&self) -> Option<i128> {
        match self {
            Self::Told(summary) => summary.p99,
            Self::Counted(totals) => totals.p99,
        }
    }

    pub(super) fn max(&self) -> Option<i128> {
        match self {
            Self::Told(summary) => summary.max,
            Self::Counted(totals) => totals.max,
        }
    }

    pub(super) fn samples(&self) -> u64 {
        match self {
            Self::Told(summary) => summary.samples.unwrap_or(0),
            Self::Counted(totals) => totals.samples,
        }
    }

    /// The first and last instant measured, where both are known.
    pub(super) fn window(&self) -> Option<(Timestamp, Timestamp)> {
        match self {
            Self::Told(summary) => summary.start.zip(summary.end),
            Self::Counted(totals) => totals.window,
        }
    }

    /// Seconds that were measured, counted once where pods overlap.
    pub(super) fn span_seconds(&self) -> Option<u64> {
        match self {
            Self::Told(_) => self.window().map(|(start, end)| seconds_between(start, end)),
            Self::Counted(totals) => totals.span_seconds,
        }
    }

    /// When it begins and ends, as far as either is known.
    fn ends(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        match self {
            Self::Told(summary) => (summary.start, summary.end),
            Self::Counted(totals) => totals.window.unzip(),
        }
    }

    /// The figures of all series together over the `window_seconds` before `as_of`; `None` without any sample.
    ///
    /// A summary stands for its whole time, whatever the window.
    pub(super) fn of(
        series: impl Iterator<Item = &'a UsageSeries>,
        as_of: Timestamp,
        window_seconds: u64,
    ) -> Option<Self> {
        let mut found = series.filter_map(|series| Self::one(series, as_of, window_seconds));
        let first = found.next()?;
        // Most containers have one series: the workload's own.
        let Some(second) = found.next() else { return Some(first) };
        let mut all = vec![first, second];
        all.extend(found);
        all.sort_by_key(Self::ends);
        let mut joined: Option<Totals> = None;
        let (mut until, mut group): (Option<Timestamp>, u64) = (None, 0);
        for figures in all {
            let ((start, end), samples) = (figures.ends(), figures.samples());
            let Some(sum) = &mut joined else {
                (until, group) = (end, samples);
                joined = Some(figures.totals());
                continue;
            };
            // Pods that ran one after another add their samples; of pods side by side the fullest counts.
            let apart = matches!((until, start), (Some(until), Some(start)) if start >= until);
            let more = if apart { samples } else { samples.saturating_sub(group) };
            sum.samples = sum.samples.saturating_add(more);
            group = if apart { samples } else { group.max(samples) };
            sum.span_seconds = span(sum.span_seconds, until, start, end);
            until = until.max(end);
            sum.mean = sum.mean.max(figures.mean());
            sum.p95 = sum.p95.max(figures.p95());
            sum.p99 = sum.p99.max(figures.p99());
            sum.max = sum.max.max(figures.max());
            sum.window = match (sum.window, figures.window()) {
                (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
                (one, other) => one.or(other),
            };
        }
        joined.map(|totals| Self::Counted(Box::new(totals)))
    }

    fn one(series: &'a UsageSeries, as_of: Timestamp, window_seconds: u64) -> Option<Self> {
        match &series.data {
            UsageData::Summary(summary) => Some(Self::Told(summary)),
            UsageData::Samples { step_seconds, .. } => {
                let totals = Totals::counted(series, *step_seconds, as_of, window_seconds)?;
                Some(Self::Counted(Box::new(totals)))
            }
        }
    }

    fn totals(self) -> Totals {
        match self {
            Self::Counted(totals) => *totals,
            Self::Told(summary) => Totals {
                mean: summary.mean,
                p95: summary.p95,
                p99: summary.p99,
                max: summary.max,
                samples: self.samples(),
                window: self.window(),
                span_seconds: self.span_seconds(),
            },
        }
    }

    /// Whether enough was measured: samples, and a span where that is known.
    pub(super) fn suffices(&self, samples: u64, span_seconds: u64) -> bool {
        self.samples() >= samples && self.span_seconds().is_none_or(|span| span >= span_seconds)
    }

    /// Coverage of a window, one sample an hour.
    pub(super) fn coverage(&self, window_seconds: u64) -> Coverage {
        let mut coverage = Coverage::of_window(0, window_seconds, self.samples());
        coverage.span_seconds = self.span_seconds().map(|span| (span, window_seconds));
        coverage
    }
}

/// Seconds measured when another stretch of time joins; stretches come in the order of their start.
fn span(
    before: Option<u64>,
    until: Option<Timestamp>,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
) -> Option<u64> {
    let (before, until, start, end) = (before?, until?, start?, end?);
    Some(before.saturating_add(seconds_between(start.max(until), end)))
}

/// Whole seconds from one instant to a later one; 0 to an earlier one.
pub(super) fn seconds_between(start: Timestamp, end: Timestamp) -> u64 {
    u64::try_from(end.ms().saturating_sub(start.ms()).div_euclid(1000)).unwrap_or(0)
}

impl Totals {
    /// The figures of the samples in the window; `None` without any.
    fn counted(
        series: &UsageSeries,
        step_seconds: u32,
        as_of: Timestamp,
        window_seconds: u64,
    ) -> Option<Self> {
        let values = in_window(series, as_of, window_seconds);
        let (first, last) = (values.first()?.at, values.last()?.at);
        let instant = |seconds: i64| Timestamp::from_ms(seconds.saturating_mul(1000));
        let window = instant(first.saturating_sub(i64::from(step_seconds))).zip(instant(last));
        let nano = series.metric.unit().nano();
        let scaled = |value: i64| i128::from(value).saturating_mul(nano);
        // 2^64 samples of 2^63 would be needed to wrap.
        let sum = values.iter().fold(0, |sum: i128, sample| sum.wrapping_add(sample.value.into()));
        let count = i128::try_from(values.len()).unwrap_or(1);
        let max = values.iter().map(|sample| sample.value).max().map(scaled);
        let above = [95, 99].map(|percent| largest::above(values.len(), percent));
        let mut top = largest::at_least(&[values], |sample| sample.value, above[0].saturating_add(1));
        let [p95, p99] = above.map(|above| largest::below(&mut top, above).map(scaled));
        Some(Self {
            mean: sum.saturating_mul(nano).checked_div(count),
            p95,
            p99,
            max,
            samples: u64::try_from(count).unwrap_or(0),
            window,
            span_seconds: window.map(|(start, end)| seconds_between(start, end)),
        })
    }
}

/// The samples of a series in the window before `as_of`; samples are in the order of time.
pub(super) fn in_window(
    series: &UsageSeries,
    as_of: Timestamp,
    window_seconds: u64,
) -> &[crate::inventory::Sample] {
    let samples = series.samples();
    let now = as_of.ms().div_euclid(1000);
    let from = now.saturating_sub(i64::try_from(window_seconds).unwrap_or(i64::MAX));
    let start = samples.partition_point(|sample| sample.at <= from);
    let end = samples.partition_point(|sample| sample.at <= now);
    samples.get(start..end).unwrap_or_default()
}

/// The value at rank `ceil(percent * n / 100)`: one that was observed, without interpolation (allocation.md 3.3).
pub(super) fn nearest_rank(values: &mut [i64], percent: usize) -> Option<i64> {
    let rank = values.len().saturating_mul(percent).div_ceil(100).checked_sub(1)?;
    (rank < values.len()).then(|| *values.select_nth_unstable(rank).1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Metric, Name, Sample, UsageSubject};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn summary(start: &str, end: &str, samples: u64, p95: i128) -> UsageSeries {
        let summary = UsageSummary {
            p95: Some(p95),
            samples: Some(samples),
            start: Some(at(start)),
            end: Some(at(end)),
            ..UsageSummary::default()
        };
        UsageSeries {
            subject: UsageSubject::Node(Name::from("n")),
            metric: Metric::CpuUsage,
            data: UsageData::Summary(Box::new(summary)),
        }
    }

    #[test]
    fn pods_one_after_another_add_up_and_pods_side_by_side_do_not() {
        let days = [
            summary("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z", 24, 5),
            summary("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z", 20, 9),
            summary("2026-11-02T00:00:00Z", "2026-11-03T12:00:00Z", 36, 1),
        ];
        let figures = Figures::of(days.iter().rev(), at("2026-11-20T00:00:00Z"), 86_400).unwrap();
        assert_eq!((figures.samples(), figures.span_seconds(), figures.p95()), (60, Some(216_000), Some(9)));
        assert!(figures.suffices(60, 216_000) && !figures.suffices(61, 0));
    }

    #[test]
    fn samples_outside_the_window_do_not_count() {
        let now = at("2026-11-20T00:00:00Z");
        let seconds = now.ms() / 1000;
        let samples =
            (0..200).map(|hour| Sample { at: seconds - 3600 * (199 - hour), value: hour }).collect();
        let series = UsageSeries {
            data: UsageData::Samples { step_seconds: 3600, samples },
            ..summary("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z", 0, 0)
        };
        let figures = Figures::of([&series].into_iter(), now, 100 * 3600).unwrap();
        assert_eq!((figures.samples(), figures.max(), figures.p95()), (100, Some(199), Some(194)));
        assert_eq!(figures.span_seconds(), Some(360_000));
        assert!(Figures::of([&series].into_iter(), at("2026-10-01T00:00:00Z"), 3600).is_none());
    }
}
