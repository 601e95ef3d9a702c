//! Calls of which only the common is known: most of them, and the fastest.

use super::{
    Entry, InferenceCall, Outcome, ResourceMonitor, Tags, log::as_charged, routes::Lane, state::State,
};
use crate::{
    Error,
    record::{Counts, Emissions, InferenceRecord, Record, Sides},
    rollup::{Costs, Measures, RollupKey, TextRequest},
};
use finops_core::{
    cost::Assumptions,
    time::{DurationNs, Timestamp},
    usage::{TextUsage, Usage},
};
use std::sync::Arc;

/// A call of text that asked for nothing special: [`InferenceCall`] has everything that can be said of one.
///
/// ```
/// use finops_core::{time::Timestamp, usage::TextUsage};
/// use finops_telemetry::monitor::{MonitorConfig, MonitorOptions, PlainCall, ResourceMonitor};
/// let monitor = ResourceMonitor::<()>::new(MonitorConfig::new(MonitorOptions::default(), |_| None)?)?;
/// let at: Timestamp = "2026-11-01T12:00:00Z".parse()?;
/// let record = monitor.log_plain(&PlainCall::new("gpt-4o", TextUsage::new(1000, 500), at), None)?;
/// assert_eq!(record.unit_cost().unwrap().to_string(), "0.0075");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct PlainCall<'a> {
    /// Who served it; `None`: resolved from the model's name.
    pub provider: Option<&'a str>,
    /// The model, as the response names it.
    pub model: &'a str,
    /// Its tokens.
    pub usage: TextUsage,
    /// When it ended.
    pub at: Timestamp,
    /// How long it took, when known.
    pub duration: Option<DurationNs>,
    /// How it ended.
    pub outcome: Outcome,
    /// The tags, from [`TagSchema::collect`](super::TagSchema::collect).
    pub tags: &'a Tags,
}

impl<'a> PlainCall<'a> {
    /// A call of `model` that ended well at `at`.
    #[must_use]
    pub const fn new(model: &'a str, usage: TextUsage, at: Timestamp) -> Self {
        let (outcome, tags) = (Outcome::Ok, Tags::none());
        Self { provider: None, model, usage, at, duration: None, outcome, tags }
    }
}

impl<'a> From<&PlainCall<'a>> for InferenceCall<'a> {
    fn from(call: &PlainCall<'a>) -> Self {
        Self {
            provider: call.provider,
            duration: call.duration,
            outcome: call.outcome,
            tags: call.tags.clone(),
            ..Self::new(call.model, Usage::from(call.usage), call.at)
        }
    }
}

impl InferenceCall<'_> {
    /// The tokens, where the model, the provider and the time are all else that decides the price.
    #[inline]
    pub(super) fn text_alone(&self) -> Option<TextUsage> {
        let is_plain = as_charged(self).is_plain() && self.assumptions == Assumptions::NONE;
        if is_plain { self.usage.as_text() } else { None }
    }

    /// The same call, where nothing is lost.
    #[inline]
    pub(super) fn as_plain(&self) -> Option<PlainCall<'_>> {
        let silent = self.complete
            && self.service_tier.is_none()
            && self.request_id.is_none()
            && self.finish.is_none()
            && self.trace.is_none()
            && self.reservation.is_none();
        let usage = if silent { self.text_alone()? } else { return None };
        let (provider, duration) = (self.provider, self.duration);
        let (outcome, tags) = (self.outcome, &self.tags);
        Some(PlainCall { provider, duration, outcome, tags, ..PlainCall::new(self.model, usage, self.at) })
    }
}

impl<P> ResourceMonitor<P> {
    /// Logs a plain call, with what the caller shares beside its record.
    ///
    /// # Errors
    /// As [`ResourceMonitor::log`].
    pub fn log_plain(
        &self,
        call: &PlainCall<'_>,
        payload: Option<Arc<P>>,
    ) -> Result<Arc<InferenceRecord>, Error> {
        match self.log_known(call, payload.as_ref()) {
            Some(record) => Ok(record),
            None => self.log_any(&InferenceCall::from(call), payload).map(|logged| logged.record),
        }
    }

    /// Logs a plain call of a name that was seen before; `None` when it has to go the long way, and then nothing
    /// changed.
    #[inline]
    pub(super) fn log_known(
        &self,
        call: &PlainCall<'_>,
        payload: Option<&Arc<P>>,
    ) -> Option<Arc<InferenceRecord>> {
        if self.budgets.is_some() {
            return None;
        }
        let mut state = self.lock();
        let (record, evicted) = state.log_known(call, payload)?;
        // What callers keep beside records may run their code when it goes: not under the lock.
        drop(state);
        drop(evicted);
        Some(record)
    }
}

/// What left the ring for a new record, but for the record itself.
type Evicted<P> = (Option<Arc<P>>, Option<Entry<P>>);

impl<P> State<P> {
    #[inline]
    fn log_known(
        &mut self,
        call: &PlainCall<'_>,
        payload: Option<&Arc<P>>,
    ) -> Option<(Arc<InferenceRecord>, Evicted<P>)> {
        if !self.carbon.is_flat() || self.carbon.has_series() {
            return None;
        }
        let (lane, sides) = self.routes.price(call.model, call.provider, &call.usage, call.at)?;
        let impact = self.carbon.flat(call.usage.total_tokens());
        let request = TextRequest {
            error: call.outcome != Outcome::Ok,
            usage: &call.usage,
            input: sides.input(),
            output: sides.output(),
            total: sides.total(),
            energy_joules: impact.energy_joules,
            carbon_kg: impact.carbon_kg,
            duration: call.duration,
        };
        match lane.group(call.tags) {
            Some(place) => self.rollup.record_text(place, &request, &mut lane.hints)?,
            None => {
                let values: Vec<Option<&str>> = call.tags.values().iter().map(Option::as_deref).collect();
                let usage = Usage::from(call.usage);
                let (key, measures) = in_full(lane, &values, &usage, &request);
                self.rollup.record(&key, &measures).ok()?;
                lane.remember(call.tags, self.rollup.last());
            }
        }
        let own = Own { sides, emissions: Emissions::Flat(impact) };
        let Some(oldest) = self.ring.recycle() else {
            let record = Arc::new(new_record(lane, call, own));
            let entry = Entry { record: Record::Inference(Arc::clone(&record)), payload: payload.cloned() };
            let refused = self.ring.push(entry);
            return Some((record, (None, refused)));
        };
        if let Record::Inference(record) = &mut oldest.record
            && let Some(old) = Arc::get_mut(record)
        {
            write_over(old, lane, call, own);
            let left = std::mem::replace(&mut oldest.payload, payload.cloned());
            return Some((Arc::clone(record), (left, None)));
        }
        let record = Arc::new(new_record(lane, call, own));
        let entry = Entry { record: Record::Inference(Arc::clone(&record)), payload: payload.cloned() };
        Some((record, (None, Some(std::mem::replace(oldest, entry)))))
    }
}

/// What the roll-up is told of a request whose group is not known.
fn in_full<'a>(
    lane: &'a Lane,
    tags: &'a [Option<&'a str>],
    usage: &'a Usage,
    request: &TextRequest<'_>,
) -> (RollupKey<'a>, Measures<'a>) {
    let head = &lane.head;
    let (provider, model) = (head.provider.as_deref(), &*head.model);
    // Only prices of the catalogue stand.
    let key = RollupKey { provider, model, resolved: true, status: lane.status.name(), tags };
    let costs =
        Costs { total: request.total, input: request.input, output: request.output, ..Costs::default() };
    let measures = Measures {
        error: request.error,
        cost: Some(costs),
        energy_joules: Some(request.energy_joules),
        carbon_kg: Some(request.carbon_kg),
        duration: request.duration,
        ..Measures::new(usage)
    };
    (key, measures)
}

/// What a record has of its own beside what the call says.
struct Own {
    sides: Sides,
    emissions: Emissions,
}

fn new_record(lane: &Lane, call: &PlainCall<'_>, own: Own) -> InferenceRecord {
    InferenceRecord {
        head: Arc::clone(&lane.head),
        sides: Some(own.sides),
        at: call.at,
        counts: Counts::Text(call.usage),
        duration: call.duration,
        emissions: own.emissions,
        outcome: call.outcome,
        complete: true,
        finish: None,
        tags: tags_of(lane, call).clone(),
        rare: None,
    }
}

/// The tags of a call whose group is known, shared with the calls before it.
#[inline]
fn tags_of<'a>(lane: &'a Lane, call: &PlainCall<'a>) -> &'a Tags {
    lane.tags().unwrap_or(call.tags)
}

/// Makes a record that nobody holds any more the one of `call`: as [`new_record`], but for the room that it takes.
#[inline]
fn write_over(old: &mut InferenceRecord, lane: &Lane, call: &PlainCall<'_>, own: Own) {
    let InferenceRecord {
        head,
        sides,
        at,
        counts,
        duration,
        emissions,
        outcome,
        complete,
        finish,
        tags,
        rare,
    } = old;
    // Most calls are as those before them: what is the same is neither let go nor taken again.
    if !Arc::ptr_eq(head, &lane.head) {
        *head = Arc::clone(&lane.head);
    }
    let told = tags_of(lane, call);
    if !tags.is_shared(told) {
        tags.clone_from(told);
    }
    if rare.is_some() {
        *rare = None;
    }
    (*sides, *at, *counts) = (Some(own.sides), call.at, Counts::Text(call.usage));
    (*duration, *emissions) = (call.duration, own.emissions);
    (*outcome, *complete, *finish) = (call.outcome, true, None);
}

#[cfg(test)]
mod tests;
