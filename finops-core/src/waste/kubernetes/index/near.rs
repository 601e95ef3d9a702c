//! Bringing workloads near before they are judged.
//!
//! What is known of a workload lies in some twenty places of memory, each reached through the one before: going from one
//! workload to the next waits for them in turn. Reading a word of every place of the next few workloads, one kind of place
//! after another, lets those waits run beside one another.

use super::{Index, Part};
use crate::inventory::{Labels, Resources, UsageData, UsageSeries, UsageSummary, Workload};
use std::{hint::black_box, ops::Range};

/// Reads these.
pub(super) fn bring(words: impl Iterator<Item = usize>) {
    // Else the compiler would drop what nobody uses.
    black_box(words.fold(0, usize::wrapping_add));
}

impl Index<'_> {
    /// Reads what the detectors will read of these workloads.
    pub(in crate::waste) fn bring_near(&self, block: Range<usize>) {
        let works = self.works.get(block).unwrap_or_default();
        let usage = || works.iter().flat_map(|work| self.usage.get(work.usage.clone()).unwrap_or_default());
        bring(works.iter().map(|work| record(work.record)));
        bring(usage().map(|one| series(one)));
        bring(usage().filter_map(|one| one.summary()).map(summary));
        bring(works.iter().flat_map(|work| &work.parts).map(part));
    }
}

/// A word of the lines of a series that are asked for most.
pub(super) fn series(series: &UsageSeries) -> usize {
    match &series.data {
        UsageData::Samples { samples, .. } => samples.len(),
        UsageData::Summary(_) => usize::from(series.metric.unit().nano() > 0),
    }
}

/// A word of every line of a summary.
fn summary(summary: &UsageSummary) -> usize {
    let figures = [summary.mean, summary.p50, summary.p95, summary.p99, summary.max];
    let known = figures.iter().filter(|figure| figure.is_some()).count();
    known.wrapping_add([summary.start, summary.end].iter().flatten().count())
}

/// A word of the lines of a workload, and of its labels.
pub(super) fn record(record: &Workload) -> usize {
    let labels = [&record.labels, &record.pod_labels, &record.annotations];
    let first = |labels: &Labels| {
        labels.iter().next().map_or(0, |(name, value)| name.len().wrapping_add(value.len()))
    };
    let all = labels.into_iter().flatten().map(first).fold(0, usize::wrapping_add);
    let lines = [record.replicas.is_some(), record.completed_at.is_some(), record.containers.is_some()];
    lines.into_iter().map(usize::from).fold(all, usize::wrapping_add)
}

/// A word of what a container requests.
fn part(part: &Part<'_>) -> usize {
    let both = [&part.record.requests, &part.record.limits];
    both.into_iter().flatten().filter_map(Resources::cpu).count()
}
