//! Series that join others.

use super::super::{ClusterInventory, Sample, UsageData, UsageSeries};
use std::cmp::Ordering;

/// At each time the larger value of two sorted series.
pub(super) fn maximum(one: &[Sample], other: &[Sample]) -> Vec<Sample> {
    let mut merged = Vec::with_capacity(one.len().max(other.len()));
    let (mut one, mut other) = (one.iter().copied().peekable(), other.iter().copied().peekable());
    loop {
        let order = match (one.peek(), other.peek()) {
            (Some(a), Some(b)) => a.at.cmp(&b.at),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return merged,
        };
        merged.extend(match order {
            Ordering::Less => one.next(),
            Ordering::Greater => other.next(),
            Ordering::Equal => one.next().max(other.next()),
        });
    }
}

impl ClusterInventory {
    /// Adds usage; returns how many series joined others of their subject and metric.
    ///
    /// Samples of one step are joined, at each time the larger value; samples replace a summary; of two steps the
    /// shorter stays, and of two summaries the first.
    pub fn add_usage(&mut self, series: Vec<UsageSeries>) -> u64 {
        let usage = self.usage.get_or_insert_default();
        usage.extend(series);
        // Stable: what was there comes before what is added.
        usage.sort_by(|one, other| {
            one.subject.cmp(&other.subject).then_with(|| one.metric.cmp(&other.metric))
        });
        let before = usage.len();
        usage.dedup_by(|next, kept| {
            let same = next.metric == kept.metric && next.subject == kept.subject;
            if same {
                join(kept, next);
            }
            same
        });
        u64::try_from(before.saturating_sub(usage.len())).unwrap_or(u64::MAX)
    }
}

fn join(kept: &mut UsageSeries, next: &mut UsageSeries) {
    match (&mut kept.data, &mut next.data) {
        (
            UsageData::Samples { step_seconds, samples },
            UsageData::Samples { step_seconds: next_step, samples: next_samples },
        ) => match (*step_seconds).cmp(next_step) {
            Ordering::Less => {}
            Ordering::Equal => *samples = maximum(samples, next_samples),
            Ordering::Greater => std::mem::swap(&mut kept.data, &mut next.data),
        },
        (UsageData::Summary(_), UsageData::Samples { .. }) => std::mem::swap(&mut kept.data, &mut next.data),
        (_, UsageData::Summary(_)) => {}
    }
}
