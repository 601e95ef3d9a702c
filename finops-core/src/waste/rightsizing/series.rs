//! The usage that a strategy looks at: one series a pod and resource.

use super::{Resource, exact};
use crate::{
    error::Fault,
    inventory::{Metric, Sample, UsageData, UsageSeries},
};
use std::borrow::Cow;

/// Seconds after the start of a container that do not count for CPU (specification of waste, 6.3, step 1).
const STARTUP_SECONDS: i64 = 600;

/// What one pod used of one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series<'a> {
    /// Of what.
    pub resource: Resource,
    /// How much.
    pub data: Data<'a>,
    /// When the container started in this pod, in Unix seconds: what follows is no measure of its CPU demand.
    pub starts: Cow<'a, [i64]>,
}

/// Samples, or their summary where only that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Data<'a> {
    /// Samples in the order of time, in nanocores or bytes; each describes `[at - step, at)`.
    Samples {
        /// The length of a step in seconds.
        step_seconds: u32,
        /// The values, one a time.
        samples: &'a [Sample],
    },
    /// Only a summary is known; nanocores or bytes.
    Summary {
        /// 95th percentile.
        p95: Option<u64>,
        /// Maximum.
        max: Option<u64>,
        /// Samples behind the two.
        samples: Option<u64>,
        /// Seconds that they cover.
        span_s: Option<u64>,
    },
}

impl<'a> Series<'a> {
    /// Samples of one pod.
    #[must_use]
    pub const fn samples(resource: Resource, step_seconds: u32, samples: &'a [Sample]) -> Self {
        Self { resource, data: Data::Samples { step_seconds, samples }, starts: Cow::Borrowed(&[]) }
    }

    /// The CPU or memory of a series of an inventory; `None` for another metric.
    #[must_use]
    pub fn of(series: &'a UsageSeries) -> Option<Self> {
        let resource = match series.metric {
            Metric::CpuUsage => Resource::Cpu,
            Metric::MemoryWorkingSet => Resource::Memory,
            _ => return None,
        };
        let data = match &series.data {
            UsageData::Samples { step_seconds, samples } => {
                Data::Samples { step_seconds: *step_seconds, samples }
            }
            UsageData::Summary(summary) => {
                let of = |nano: Option<i128>| from_nano(resource, nano?);
                let ends = summary.start.zip(summary.end);
                let span = ends.map(|(start, end)| end.ms().saturating_sub(start.ms()).div_euclid(1000));
                Data::Summary {
                    p95: of(summary.p95),
                    max: of(summary.max),
                    samples: summary.samples,
                    span_s: span.and_then(|span| u64::try_from(span).ok()),
                }
            }
        };
        Some(Self { resource, data, starts: Cow::Borrowed(&[]) })
    }

    /// With the times at which the container started.
    #[must_use]
    pub fn starting(mut self, starts: impl Into<Cow<'a, [i64]>>) -> Self {
        self.starts = starts.into();
        self
    }

    pub(super) const fn raw(&self) -> Option<(u32, &'a [Sample])> {
        match self.data {
            Data::Samples { step_seconds, samples } => Some((step_seconds, samples)),
            Data::Summary { .. } => None,
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        match self.data {
            Data::Samples { samples, .. } => samples.is_empty(),
            Data::Summary { p95, max, .. } => p95.is_none() && max.is_none(),
        }
    }

    /// Whether a value of this time shows the start of the container instead of its demand. Memory at the start counts.
    pub(super) fn is_startup(&self, at: i64) -> bool {
        self.resource == Resource::Cpu
            && self.starts.iter().any(|start| (*start..start.saturating_add(STARTUP_SECONDS)).contains(&at))
    }

    /// The same series up to or from a time.
    pub(super) fn part(&self, samples: &'a [Sample]) -> Self {
        match self.data {
            Data::Samples { step_seconds, .. } => {
                Self { data: Data::Samples { step_seconds, samples }, ..self.clone() }
            }
            Data::Summary { .. } => self.clone(),
        }
    }
}

/// 1e-9 of a core or byte in nanocores or bytes; a part of a byte counts as one.
pub(crate) fn from_nano(resource: Resource, nano: i128) -> Option<u64> {
    let nano = u128::try_from(nano).ok()?;
    let whole = match resource {
        Resource::Cpu => nano,
        Resource::Memory => nano.div_ceil(1_000_000_000),
    };
    u64::try_from(whole).ok()
}

/// A sample's value; a negative one is nothing.
pub(super) fn value_of(sample: &Sample) -> u64 {
    u64::try_from(sample.value).unwrap_or(0)
}

/// Refuses usage of which nothing is known and samples out of order.
pub(super) fn check(series: &[Series<'_>]) -> Result<(), Fault> {
    for (index, one) in series.iter().enumerate() {
        let Some((_, samples)) = one.raw() else { continue };
        if let Some(place) = samples.iter().zip(samples.iter().skip(1)).position(|(a, b)| a.at >= b.at) {
            let path = format!("series[{index}].samples[{}]", place.saturating_add(1));
            let problem = "its time is not after that of the sample before it";
            let help = "sort the samples by time, one a time";
            return Err(Fault::new("rightsizing.unsorted", path, problem, help));
        }
    }
    if series.iter().all(Series::is_empty) {
        let help = "give a series of `cpu_usage` or `memory_working_set`";
        return Err(Fault::new("rightsizing.no_samples", "series", "no usage is given", help));
    }
    Ok(())
}

/// Equal blocks of the time that series describe.
#[derive(Debug, Clone, Copy)]
pub(super) struct Blocks {
    start: i64,
    span: u64,
    pub count: usize,
}

impl Blocks {
    /// The time of raw series, from the start of the first step to the end of the last, in so many blocks as its days
    /// give (specification 6.3, step 2); `None` without samples.
    pub(super) fn of(series: &[&Series<'_>]) -> Option<Self> {
        let raw = || series.iter().filter_map(|one| one.raw());
        let starts =
            raw().filter_map(|(step, samples)| Some(samples.first()?.at.saturating_sub(i64::from(step))));
        let start = starts.min()?;
        let end = raw().filter_map(|(_, samples)| Some(samples.last()?.at)).max()?;
        let span = u64::try_from(end.saturating_sub(start)).unwrap_or(0);
        Some(Self { start, span, count: exact::blocks(span) })
    }

    pub(super) const fn span_s(&self) -> u64 {
        self.span
    }

    /// The block of a time. A sample at `t` describes the step before it.
    pub(super) fn place(&self, at: i64) -> usize {
        let since = u64::try_from(at.saturating_sub(self.start).saturating_sub(1)).unwrap_or(0);
        let place = u128::from(since)
            .saturating_mul(u128::try_from(self.count).unwrap_or(1))
            .checked_div(u128::from(self.span.max(1)));
        place.and_then(|place| usize::try_from(place).ok()).unwrap_or(0)
    }

    /// Where a block begins, in Unix seconds.
    pub(super) fn begin(&self, block: usize) -> i64 {
        let share = u128::from(self.span).saturating_mul(u128::try_from(block).unwrap_or(0));
        let since = share.checked_div(u128::try_from(self.count.max(1)).unwrap_or(1));
        self.start.saturating_add(since.and_then(|since| i64::try_from(since).ok()).unwrap_or(0))
    }

    /// The samples of each series by block, without those of starting containers.
    pub(super) fn cut<'s>(&self, series: &[&Series<'s>]) -> Vec<Vec<Cow<'s, [Sample]>>> {
        let of_one = |one: &&Series<'s>| {
            let mut rest = one.raw().map_or(&[][..], |(_, samples)| samples);
            let block = |block: usize| {
                // Samples are in the order of time.
                let (own, later) =
                    rest.split_at_checked(rest.partition_point(|sample| self.place(sample.at) <= block))?;
                rest = later;
                let starting = one.resource == Resource::Cpu && !one.starts.is_empty();
                Some(if starting {
                    own.iter().filter(|sample| !one.is_startup(sample.at)).copied().collect()
                } else {
                    Cow::Borrowed(own)
                })
            };
            (0..self.count).filter_map(block).collect()
        };
        series.iter().map(of_one).collect()
    }
}
