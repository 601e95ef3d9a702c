//! The savings ledger of a process: each command appends an event, and the log decides.

use super::{
    EventLog, EventLogError, NewEvent,
    event_log::{new_id, time_of},
};
use finops_core::error::shorten;
use finops_ledger::{
    LedgerError,
    baseline::CostBaseline,
    event::{envelope::EventView, hex},
    number::Exact,
    report::{Report, ReportInputs},
    savings::{self, By, Draft, Entry, SavingsError},
    verification::measure::{Measurement, Proof, measure},
};
use serde_json::Value;
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Records that are read from the log at once.
const PAGE: u64 = 1000;

/// Who does something, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor<'a> {
    /// For example `user:ana`.
    pub name: &'a str,
    /// UTC with six fraction digits; the clock is read when none is given.
    pub at: Option<&'a str>,
}

impl<'a> Actor<'a> {
    /// Somebody, now.
    #[must_use]
    pub const fn now(name: &'a str) -> Self {
        Self { name, at: None }
    }
}

/// An event that was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its position.
    pub seq: u64,
    /// Its id, by which a row is corrected later.
    pub id: String,
    /// What happened, for example `opportunity.approved`.
    pub kind: String,
    /// Its data.
    pub data: Value,
}

/// What became of a measurement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Measured {
    /// The row was recorded with its verdict.
    Recorded(Recorded),
    /// Nothing can be said, and nothing was recorded: `driver_missing`, `driver_zero` or `split_required`.
    Unknown(&'static str),
}

struct State {
    fold: savings::SavingsLedger,
    /// The position of the next record to read.
    next: u64,
    anchored_up_to: Option<u64>,
    refused: Vec<(u64, LedgerError)>,
}

/// What happened to every opportunity and what it saved, on a log or, without one, in memory.
///
/// ```
/// use finops::ledger::{Actor, SavingsLedger};
/// use serde_json::json;
///
/// let ledger = SavingsLedger::new(None);
/// let found = json!({"type": "idle_nodes", "resource": "i-1", "estimated_monthly_savings": "120.5"});
/// let event = ledger.record(Actor::now("svc:detector"), |fold, by| fold.add_opportunity(&found, by))?;
/// assert_eq!(event.kind, "opportunity.detected");
/// assert_eq!(ledger.read(|fold| fold.total_estimated(false, None))??.to_string(), "120.5");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SavingsLedger {
    log: Option<Arc<EventLog>>,
    clock: fn() -> i64,
    state: Mutex<State>,
}

impl fmt::Debug for SavingsLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SavingsLedger").field("log", &self.log).finish_non_exhaustive()
    }
}

impl SavingsLedger {
    /// A ledger in memory, without a log and without a secret. From an estimate of `four_eyes_above` on, a proposal, its
    /// approval and the change need two people.
    #[must_use]
    pub fn new(four_eyes_above: Option<Exact>) -> Self {
        Self::empty(None, crate::clock::now_us, four_eyes_above)
    }

    /// The ledger of a log: its events are read, and commands append to it. Without `four_eyes_above`, that of the log
    /// counts.
    ///
    /// # Errors
    /// `ledger.replay.unknown_kind` for events of a later version, `store.*`.
    pub fn on(log: Arc<EventLog>, four_eyes_above: Option<Exact>) -> Result<Self, EventLogError> {
        let clock = log.clock();
        let four_eyes_above = four_eyes_above.or_else(|| log.four_eyes_above().cloned());
        let ledger = Self::empty(Some(log), clock, four_eyes_above);
        ledger.catch_up(&mut ledger.state(), None)?;
        Ok(ledger)
    }

    fn empty(log: Option<Arc<EventLog>>, clock: fn() -> i64, four_eyes_above: Option<Exact>) -> Self {
        let fold = savings::SavingsLedger::new(four_eyes_above);
        let state = State { fold, next: 0, anchored_up_to: None, refused: Vec::new() };
        Self { log, clock, state: Mutex::new(state) }
    }

    /// An event is applied whole or not at all, so a poisoned state is whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The log that commands append to.
    #[must_use]
    pub const fn log(&self) -> Option<&Arc<EventLog>> {
        self.log.as_ref()
    }

    /// Applies what the log holds beyond the state; answers why the event `own` was refused, if it was.
    fn catch_up(&self, state: &mut State, own: Option<&str>) -> Result<Option<LedgerError>, EventLogError> {
        let Some(log) = &self.log else { return Ok(None) };
        let mut of_own = None;
        loop {
            let page = log.events(state.next.checked_sub(1), PAGE)?;
            if page.is_empty() {
                return Ok(of_own);
            }
            for record in &page {
                let view = EventView::parse(&record.event).map_err(|_| SavingsError::Data {
                    path: String::new(),
                    problem: "is no event of a log; verify the log".to_owned(),
                });
                let view = view.map_err(LedgerError::from)?;
                let entry = Entry::of_record(record.seq, &view);
                match state.fold.apply(&entry) {
                    Ok(()) => {}
                    Err(error @ LedgerError::Savings(SavingsError::UnknownKind { .. })) => {
                        return Err(error.into());
                    }
                    Err(error) => {
                        if own == Some(entry.id.as_str()) {
                            of_own = Some(error.clone());
                        }
                        state.refused.push((record.seq, error));
                    }
                }
                if entry.kind == "log.anchored" {
                    state.anchored_up_to = anchored(log, &entry.data)?.max(state.anchored_up_to);
                }
                state.next = record.seq.saturating_add(1);
            }
        }
    }

    /// Records what `draft` makes of the present state.
    ///
    /// The event is checked before it is appended. Where another process was faster, the log holds both and the second one
    /// changes nothing: then its refusal is answered here.
    ///
    /// # Errors
    /// `ledger.opportunity.*`, `ledger.baseline.*`, `ledger.savings.*`, `ledger.overlap.chain`, `ledger.event.*`, and those
    /// of [`EventLog::append`].
    pub fn record(
        &self,
        actor: Actor<'_>,
        draft: impl FnOnce(&savings::SavingsLedger, &By<'_>) -> Result<Draft, LedgerError>,
    ) -> Result<Recorded, EventLogError> {
        let made = self.record_if(actor, |fold, by| draft(fold, by).map(Some))?;
        // `draft` always answers an event.
        made.ok_or_else(|| {
            let problem = "no event was made".to_owned();
            LedgerError::Wire { path: "draft".to_owned(), problem }.into()
        })
    }

    /// As [`SavingsLedger::record`], where there may be nothing to record.
    ///
    /// # Errors
    /// Those of [`SavingsLedger::record`].
    pub fn record_if(
        &self,
        actor: Actor<'_>,
        draft: impl FnOnce(&savings::SavingsLedger, &By<'_>) -> Result<Option<Draft>, LedgerError>,
    ) -> Result<Option<Recorded>, EventLogError> {
        let mut state = self.state();
        self.catch_up(&mut state, None)?;
        let at = actor.at.map_or_else(|| time_of(self.clock), str::to_owned);
        let by = By { actor: actor.name, at: &at };
        let Some(draft) = draft(&state.fold, &by)? else { return Ok(None) };
        let (id, kind, data) = (new_id(), draft.kind.clone(), draft.data.clone());
        let seq = match &self.log {
            Some(log) => {
                let seq = log.append(NewEvent {
                    kind: draft.kind,
                    data: draft.data,
                    actor: actor.name.to_owned(),
                    id: Some(id.clone()),
                    at: Some(at.clone()),
                })?;
                if let Some(refusal) = self.catch_up(&mut state, Some(&id))? {
                    return Err(refusal.into());
                }
                seq
            }
            None => {
                let seq = state.next;
                state.fold.apply(&Entry::new(seq, &id, &by, draft))?;
                state.next = seq.saturating_add(1);
                seq
            }
        };
        Ok(Some(Recorded { seq, id, kind, data }))
    }

    /// Measures the saving of item `id` against its baseline and records the row with its verdict.
    ///
    /// The baseline is the one given by id, else the one frozen for the item. Non-routine adjustments that the log holds for
    /// the resource within the period are added to those of the measurement.
    ///
    /// # Errors
    /// `ledger.verification.*`, `ledger.wire` when there is no baseline, and those of [`SavingsLedger::record`].
    pub fn verify(
        &self,
        id: &str,
        measurement: &Measurement,
        baseline_id: Option<&str>,
        actor: Actor<'_>,
    ) -> Result<Measured, EventLogError> {
        let mut unknown = None;
        let recorded = self.record_if(actor, |fold, by| {
            let baseline = baseline_of(fold, id, baseline_id)?;
            let mut now = measurement.clone();
            let adjusted = fold.adjustments(&now.resource, now.period_start, now.period_end);
            now.non_routine
                .extend(adjusted.filter(|a| a.currency == measurement.currency).map(|a| a.amount.clone()));
            match measure(baseline, &now)? {
                Proof::Unknown(reason) => {
                    unknown = Some(reason);
                    Ok(None)
                }
                Proof::Known { verdict, row, .. } => fold.verify(id, &row, verdict, by).map(Some),
            }
        })?;
        Ok(match recorded {
            Some(recorded) => Measured::Recorded(recorded),
            None => Measured::Unknown(unknown.unwrap_or_default()),
        })
    }

    /// What `ask` finds in the state, which is brought up to date first.
    ///
    /// # Errors
    /// `ledger.replay.unknown_kind`, `store.*`.
    pub fn read<T>(&self, ask: impl FnOnce(&savings::SavingsLedger) -> T) -> Result<T, EventLogError> {
        let mut state = self.state();
        self.catch_up(&mut state, None)?;
        Ok(ask(&state.fold))
    }

    /// Events of the log that changed nothing, with why.
    ///
    /// # Errors
    /// `ledger.replay.unknown_kind`, `store.*`.
    pub fn refused(&self) -> Result<Vec<(u64, LedgerError)>, EventLogError> {
        let mut state = self.state();
        self.catch_up(&mut state, None)?;
        Ok(state.refused.clone())
    }

    /// The report of `label`, a week such as `2026-W12` or a month such as `2026-03`. Where the inputs leave them out, name,
    /// root and anchored size are those of the log.
    ///
    /// # Errors
    /// `ledger.report.period`, `ledger.savings.mixed_currency`, `store.*`.
    pub fn report(&self, mut inputs: ReportInputs, label: &str) -> Result<Report, EventLogError> {
        let mut state = self.state();
        self.catch_up(&mut state, None)?;
        if let Some(log) = &self.log {
            inputs.origin.get_or_insert_with(|| log.origin().to_owned());
            if inputs.root.is_none() {
                inputs.root = log.root_at(state.fold.size())?.map(|root| hex::encode(&root));
            }
            inputs.anchored_up_to = inputs.anchored_up_to.or(state.anchored_up_to);
        }
        Ok(Report::build(&state.fold, &inputs, label)?)
    }
}

impl SavingsLedger {
    /// Records that a report was issued, with the SHA-256 of its JSON; a store with tables keeps the JSON too and signs a
    /// checkpoint.
    ///
    /// # Errors
    /// `store.row` for a report of another log, and those of [`SavingsLedger::record`].
    pub fn issue(&self, report: &Report, actor: Actor<'_>) -> Result<Recorded, EventLogError> {
        // A report that says when it was issued, and one without a log, are events like others.
        let Some(log) = self.log.as_ref().filter(|_| actor.at.is_none()) else {
            let draft = report.issued()?;
            return self.record(actor, |_, _| Ok(draft));
        };
        let seq = log.issue(report, actor.name)?;
        let record = log.events(seq.checked_sub(1), 1)?.pop();
        let record = record.ok_or(EventLogError::NoRecord { seq, size: seq })?;
        let view = EventView::parse(&record.event).map_err(|_| SavingsError::Data {
            path: String::new(),
            problem: "is no event of a log; verify the log".to_owned(),
        });
        let view = view.map_err(LedgerError::from)?;
        Ok(Recorded { seq, id: view.id.to_owned(), kind: view.kind.to_owned(), data: view.data() })
    }
}

/// The size that `log.anchored` names, if the log really had that root there.
fn anchored(log: &EventLog, data: &Value) -> Result<Option<u64>, EventLogError> {
    let Some(size) = data.get("size").and_then(Value::as_u64) else { return Ok(None) };
    let root = log.root_at(size)?.map(|root| hex::encode(&root));
    Ok(root.filter(|root| data.get("root").and_then(Value::as_str) == Some(root)).map(|_| size))
}

fn baseline_of<'a>(
    fold: &'a savings::SavingsLedger,
    id: &str,
    baseline_id: Option<&str>,
) -> Result<&'a CostBaseline, LedgerError> {
    let of_item = || fold.get(id).and_then(|item| item.baseline_id.as_deref());
    let found = baseline_id.or_else(of_item).and_then(|baseline| fold.baseline(baseline));
    found.ok_or_else(|| {
        let problem = match baseline_id {
            None => "the item names no baseline that is frozen; give the id of one".to_owned(),
            Some(given) => format!("`{}` is no frozen baseline; freeze it first", shorten(given)),
        };
        LedgerError::Wire { path: "baseline".to_owned(), problem }
    })
}
