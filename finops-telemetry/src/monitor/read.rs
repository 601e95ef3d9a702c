//! Reading what was metered.

use super::{Entry, ResourceMonitor, routes::Routes};
use crate::{
    Error,
    exposition::{Exposition, openmetrics},
    record::Record,
    rollup::{Rollup, SummaryRow},
};
use finops_core::time::Timestamp;

/// Which records to read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    /// At most so many, the newest; still oldest first.
    pub limit: Option<usize>,
    /// `inference` or `training`.
    pub kind: Option<&'a str>,
    /// Of this model.
    pub model: Option<&'a str>,
    /// Not older than this.
    pub since: Option<Timestamp>,
}

impl Filter<'_> {
    fn takes(&self, record: &Record) -> bool {
        self.kind.is_none_or(|kind| kind == record.kind())
            && self.model.is_none_or(|model| model == record.model())
            && self.since.is_none_or(|since| record.at() >= since)
    }
}

/// Counters of a monitor and the lengths of its tables.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Stats {
    /// Records in the ring.
    pub records: usize,
    /// Runs metered since the last reset.
    pub requests: u64,
    /// Those that failed or were given up.
    pub errors: u64,
    /// Records overwritten before a drain, or given up by a sink.
    pub dropped: u64,
    /// Batches that a sink could not write.
    pub sink_errors: u64,
    /// Calls that a budget could not count.
    pub budget_errors: u64,
    /// Records that wait for a drain.
    pub undrained: usize,
    /// Groups of the roll-up.
    pub groups: usize,
    /// Names of unresolved models with a group of their own.
    pub unknown_models: usize,
    /// Request ids remembered.
    pub request_ids: usize,
    /// Model names shared by records.
    pub names: usize,
}

impl<P> ResourceMonitor<P> {
    /// Records of the ring, oldest first. Reading does not drain.
    #[must_use]
    pub fn get_metrics(&self, filter: &Filter<'_>) -> Vec<Entry<P>> {
        let state = self.lock();
        let mut found: Vec<Entry<P>> = state
            .ring
            .iter()
            .rev()
            .filter(|entry| filter.takes(&entry.record))
            .take(filter.limit.unwrap_or(usize::MAX))
            .cloned()
            .collect();
        drop(state);
        found.reverse();
        found
    }

    /// The oldest records that were not drained yet, at most `max`: each is handed out once.
    #[must_use]
    pub fn drain(&self, max: Option<usize>) -> Vec<Entry<P>> {
        self.lock().ring.drain(max)
    }

    /// Clears ring, roll-ups, request ids and `dropped`; configuration, budgets and sinks stay.
    pub fn reset_metrics(&self) {
        let mut state = self.lock();
        let records = state.ring.clear();
        let ids = state.ids.take();
        state.rollup.clear();
        state.routes = Routes::default();
        // What callers keep beside records may run their code when it goes: not under the lock.
        drop(state);
        drop((records, ids));
    }

    /// Exact totals by any subset of `provider`, `model`, `status` and the tags, of the groups that match `filter`.
    ///
    /// # Errors
    /// `config.invalid` naming a column that is none.
    pub fn summary(
        &self,
        group_by: &[&str],
        filter: &[(&str, Option<&str>)],
    ) -> Result<Vec<SummaryRow>, Error> {
        // Copied out so that summing many groups keeps nobody waiting.
        let rollup = self.rollup();
        Ok(rollup.summary(group_by, filter)?)
    }

    /// A copy of the roll-up: for intervals ([`Rollup::diff`]) and merges elsewhere.
    #[must_use]
    pub fn rollup(&self) -> Rollup {
        self.lock().rollup.clone()
    }

    /// OpenMetrics 1.0 text of everything metered; budgets stand as in the windows of `at`.
    ///
    /// # Errors
    /// `budget.invalid` when `at` lies before the windows that the budgets keep.
    pub fn openmetrics(&self, at: Timestamp) -> Result<String, Error> {
        let state = self.lock();
        let (rollup, records_dropped, sink_errors) =
            (state.rollup.clone(), state.ring.dropped(), state.sink_errors);
        let catalogue = state.policy.catalogue().clone();
        // Written from a copy: 10,000 groups keep nobody waiting.
        drop(state);
        let exposition = Exposition {
            records_dropped,
            sink_errors,
            budgets: self.budgets().map(AsRef::as_ref),
            catalogue: Some((catalogue.id(), catalogue.generated())),
            ..Exposition::new(&rollup)
        };
        Ok(openmetrics(&exposition, at)?)
    }

    /// Counters and table lengths.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let state = self.lock();
        Stats {
            records: state.ring.len(),
            requests: state.rollup.requests(),
            errors: state.rollup.errors(),
            dropped: state.ring.dropped(),
            sink_errors: state.sink_errors,
            budget_errors: state.budget_errors,
            undrained: state.ring.pending(),
            groups: state.rollup.len(),
            unknown_models: state.rollup.unknown_models(),
            request_ids: state.ids.len(),
            names: state.names.len(),
        }
    }
}
