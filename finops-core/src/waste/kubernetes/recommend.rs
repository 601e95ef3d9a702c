//! What a container should request: from raw samples by the strategy that is tested on its history, else by a margin on
//! the summary.

use super::{
    common::oom_limit,
    figures::in_window,
    index::{Index, Part, TWO_WEEKS, Work},
    price::NANO,
};
use crate::{
    inventory::{Metric, Sample, UsageData, UsageSeries, UsageSubject},
    waste::{
        Reason,
        rightsizing::{Resource, Withheld, exact, hpa, round},
    },
};
use std::borrow::Cow;

/// The margin on a summary, in percent (specification, section 5: p95 and max times 1.15).
const SUMMARY_PERCENT: u32 = 115;
/// Memory above the limit at which a container was killed, in percent (specification 6.3, step 5).
const OOM_PERCENT: u32 = 125;
/// Seconds after the start of a container that do not count for CPU (specification 6.3, step 1).
const STARTUP_SECONDS: i64 = 600;

/// A recommendation in nanocores or bytes.
pub(super) struct Recommendation {
    pub request: u64,
    /// Folds and misses where it was tested on the history.
    pub backtest: Option<(u64, u64)>,
    /// The target of the autoscaler that must change with it, in percent.
    pub target: Option<u64>,
}

/// The metric of a resource.
pub(super) const fn metric(resource: Resource) -> Metric {
    match resource {
        Resource::Cpu => Metric::CpuUsage,
        Resource::Memory => Metric::MemoryWorkingSet,
    }
}

/// What a container should request of a resource; the request of today in nanocores or bytes.
pub(super) fn recommend(
    index: &Index<'_>,
    work: &Work<'_>,
    part: &Part<'_>,
    resource: Resource,
    request: u64,
) -> Result<Recommendation, Reason> {
    let killed_at = match resource {
        Resource::Cpu => None,
        Resource::Memory => oom_limit(index, work, part).and_then(|limit| u64::try_from(limit).ok()),
    };
    let raw: Vec<&UsageSeries> = index
        .series(work, Some(part.name), metric(resource))
        .filter(|series| series.summary().is_none())
        .collect();
    let (advised, backtest) = if raw.is_empty() {
        (by_summary(part, resource, killed_at).ok_or(Reason::NoUsage)?, None)
    } else {
        let pods = blocks(index, work, part, &raw, resource);
        let value = |sample: &Sample| sample.value.max(0).unsigned_abs();
        let advice = exact::advise_by(resource, &pods, value, killed_at, &exact::Config::default());
        let advice = advice.map_err(|(withheld, _)| reason(withheld))?;
        (advice.request, Some((advice.test.folds.into(), advice.test.misses.into())))
    };
    let name = resource.name();
    let least = index.least_request(&work.record.namespace, name).and_then(|least| match resource {
        Resource::Cpu => u64::try_from(least).ok(),
        Resource::Memory => u64::try_from(least.div_euclid(NANO)).ok(),
    });
    let advised = advised.max(least.unwrap_or(0));
    let Some(target) = super::common::scaler(work, name).filter(|_| advised < request) else {
        return Ok(Recommendation { request: advised, backtest, target: None });
    };
    // A lower request alone raises utilisation, and so the number of replicas.
    let pair = hpa::pair(request, advised, target.into())
        .filter(|pair| resource == Resource::Cpu || pair.request == advised);
    let pair = pair.ok_or(Reason::NoChange)?;
    Ok(Recommendation { request: pair.request, backtest, target: Some(pair.target) })
}

const fn reason(withheld: Withheld) -> Reason {
    match withheld {
        Withheld::NotEnoughSamples => Reason::NotEnoughSamples,
        Withheld::HpaDetected => Reason::HpaDetected,
        Withheld::HistoryTooShort => Reason::HistoryTooShort,
        Withheld::UnstableDemand => Reason::UnstableDemand,
    }
}

fn by_summary(part: &Part<'_>, resource: Resource, killed_at: Option<u64>) -> Option<u64> {
    let demand = match resource {
        Resource::Cpu => part.cpu.as_ref()?.p95?,
        Resource::Memory => part.memory.as_ref()?.max?,
    };
    let scale = match resource {
        Resource::Cpu => 100,
        Resource::Memory => 100_i128.saturating_mul(NANO),
    };
    let worth = demand.max(0).unsigned_abs().saturating_mul(SUMMARY_PERCENT.into());
    let by_use = round::ceil(resource, worth, scale.unsigned_abs());
    let by_kill = killed_at.map_or(0, |limit| round::with_margin(resource, limit, OOM_PERCENT));
    Some(by_use.max(by_kill))
}

/// The samples of each series cut into the blocks of the time that was measured.
fn blocks<'a>(
    index: &Index<'a>,
    work: &Work<'_>,
    part: &Part<'_>,
    raw: &[&'a UsageSeries],
    resource: Resource,
) -> Vec<Vec<Cow<'a, [Sample]>>> {
    let windows: Vec<(&UsageSeries, &'a [Sample])> =
        raw.iter().map(|series| (*series, in_window(series, index.as_of, TWO_WEEKS))).collect();
    let step = |series: &UsageSeries| match &series.data {
        UsageData::Samples { step_seconds, .. } => i64::from(*step_seconds),
        UsageData::Summary(_) => 0,
    };
    let starts =
        windows.iter().filter_map(|(series, samples)| Some(samples.first()?.at.saturating_sub(step(series))));
    let ends = windows.iter().filter_map(|(_, samples)| Some(samples.last()?.at));
    let (Some(start), Some(end)) = (starts.min(), ends.max()) else { return Vec::new() };
    let span = u64::try_from(end.saturating_sub(start)).unwrap_or(0);
    let count = exact::blocks(span);
    let place = |sample: &Sample| {
        // A sample at `t` describes the step before it.
        let since = u64::try_from(sample.at.saturating_sub(start).saturating_sub(1)).unwrap_or(0);
        u128::from(since)
            .saturating_mul(u128::try_from(count).unwrap_or(1))
            .checked_div(u128::from(span.max(1)))
            .and_then(|place| usize::try_from(place).ok())
            .unwrap_or(0)
    };
    let cut = |(series, samples): &(&UsageSeries, &'a [Sample])| {
        let warm = startups(index, work, part, series, resource);
        let starting = |sample: &Sample| {
            warm.iter().any(|start| (*start..start.saturating_add(STARTUP_SECONDS)).contains(&sample.at))
        };
        let mut rest = *samples;
        let block = |block: usize| {
            // Samples are in the order of time.
            let (own, later) =
                rest.split_at_checked(rest.partition_point(|sample| place(sample) <= block))?;
            rest = later;
            Some(if warm.is_empty() {
                Cow::Borrowed(own)
            } else {
                own.iter().filter(|sample| !starting(sample)).copied().collect()
            })
        };
        (0..count).filter_map(block).collect()
    };
    windows.iter().map(cut).collect()
}

/// When the container of a series started, in seconds; nothing for memory, whose peak at the start counts.
fn startups(
    index: &Index<'_>,
    work: &Work<'_>,
    part: &Part<'_>,
    series: &UsageSeries,
    resource: Resource,
) -> Vec<i64> {
    let UsageSubject::Pod { pod: name, .. } = &series.subject else { return Vec::new() };
    if resource == Resource::Memory {
        return Vec::new();
    }
    let pods = index.pods(work).iter().filter(|pod| pod.name == *name);
    let containers = pods.flat_map(|pod| pod.containers.iter()).filter(|found| found.name == *part.name);
    let running = containers.filter_map(|found| found.running.as_ref()).flat_map(|running| running.iter());
    running.map(|(start, _)| start.ms().div_euclid(1000)).collect()
}
