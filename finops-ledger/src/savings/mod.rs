//! The savings ledger: a pure fold over events. Every change of state is an event; commands return the event to append.
//!
//! ```
//! use finops_ledger::savings::{By, Entry, SavingsLedger};
//! use serde_json::json;
//!
//! let mut ledger = SavingsLedger::new(None);
//! let by = By { actor: "svc:detector", at: "2026-01-05T12:00:00.000000Z" };
//! let found = json!({"type": "idle_nodes", "resource": "i-1", "estimated_monthly_savings": "120.5"});
//! let draft = ledger.add_opportunity(&found, &by)?;
//! ledger.apply(&Entry::new(0, "e1", &by, draft))?;
//! assert_eq!(ledger.total_estimated(false, None)?.to_string(), "120.5");
//! # Ok::<(), finops_ledger::LedgerError>(())
//! ```

mod apply;
mod commands;
mod due;
mod error;
mod fx;
mod queries;
mod rows;

pub use commands::{By, Draft, Extra};
pub use due::Due;
pub use error::SavingsError;
pub use fx::{FxRate, FxTable};
pub use queries::Conversion;
pub(crate) use queries::{Sum, or_unallocated};
pub use rows::{Booking, Row};

use crate::{
    LedgerError,
    baseline::CostBaseline,
    date::Date,
    number::Exact,
    opportunity::{Opportunity, Status},
    overlap::MonthlyCosts,
};
use finops_core::time::Timestamp;
use rows::Rows;
use serde_json::Value;
use std::collections::BTreeMap;

/// One event of the log, as the fold reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Position in the log.
    pub seq: u64,
    /// Unique in the log.
    pub id: String,
    /// RFC 3339 in UTC with six fraction digits.
    pub at: String,
    /// Who did it, for example `user:u_1`.
    pub actor: String,
    /// What happened, for example `opportunity.approved`.
    pub kind: String,
    /// Its data.
    pub data: Value,
}

/// An item with what the fold remembers of it.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) opportunity: Opportunity,
    /// When it entered its present state.
    pub(crate) entered_at: Timestamp,
    imported: bool,
    proposer: Option<String>,
    approver: Option<String>,
    refreshed_on: Date,
}

/// A signed adjustment for what has nothing to do with a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    /// The resource.
    pub resource: String,
    /// First day.
    pub period_start: Date,
    /// The day after the last.
    pub period_end: Date,
    /// Added to the baseline.
    pub amount: Exact,
    /// ISO 4217.
    pub currency: String,
    /// Why.
    pub reason: String,
    /// Who says so.
    pub author: String,
}

/// A step of the lifecycle that happened, for the counts of a report.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) at: Timestamp,
    /// The event without `opportunity.`.
    pub(crate) event: String,
}

/// What happened to every opportunity and what it saved: the state after the events applied so far.
#[derive(Debug, Clone, Default)]
pub struct SavingsLedger {
    four_eyes_above: Option<Exact>,
    items: BTreeMap<String, Item>,
    /// Ids by fingerprint, oldest first.
    fingerprints: BTreeMap<String, Vec<String>>,
    baselines: BTreeMap<String, CostBaseline>,
    monthly_costs: MonthlyCosts,
    /// Ids of items that book on a pool, by pool and by their own resource: where a chain could form.
    books_on: BTreeMap<String, Vec<String>>,
    booking_resources: BTreeMap<String, Vec<String>>,
    rows: Rows,
    bookings: Vec<Booking>,
    steps: Vec<Step>,
    adjustments: Vec<Adjustment>,
    fx: FxTable,
    size: u64,
}

impl SavingsLedger {
    /// An empty ledger. From an estimate of `four_eyes_above` on, a proposal, its approval and the change need two people.
    #[must_use]
    pub fn new(four_eyes_above: Option<Exact>) -> Self {
        Self { four_eyes_above, ..Self::default() }
    }

    /// The ledger after `entries`, in the order of their `seq`, and those that it refused.
    ///
    /// # Errors
    /// `ledger.replay.unknown_kind`: what such an event means is not known, so no state after it is.
    pub fn replay<'a>(
        four_eyes_above: Option<Exact>,
        entries: impl IntoIterator<Item = &'a Entry>,
    ) -> Result<(Self, Vec<(u64, LedgerError)>), LedgerError> {
        let mut entries: Vec<&Entry> = entries.into_iter().collect();
        entries.sort_by_key(|entry| entry.seq);
        let (mut ledger, mut refused) = (Self::new(four_eyes_above), Vec::new());
        for entry in entries {
            match ledger.apply(entry) {
                Ok(()) => {}
                Err(error @ LedgerError::Savings(SavingsError::UnknownKind { .. })) => return Err(error),
                Err(error) => refused.push((entry.seq, error)),
            }
        }
        Ok((ledger, refused))
    }

    /// Records of the log that this state stands on.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The opportunity of an id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Opportunity> {
        self.items.get(id).map(|item| &item.opportunity)
    }

    /// The newest opportunity of a fingerprint.
    #[must_use]
    pub fn latest(&self, fingerprint: &str) -> Option<&Opportunity> {
        self.get(self.fingerprints.get(fingerprint)?.last()?)
    }

    /// Whether the item came with its history from another system: its savings were not verified here.
    #[must_use]
    pub fn is_imported(&self, id: &str) -> bool {
        self.items.get(id).is_some_and(|item| item.imported)
    }

    /// Every opportunity, by id.
    pub fn opportunities(&self) -> impl Iterator<Item = &Opportunity> {
        self.items.values().map(|item| &item.opportunity)
    }

    /// The frozen baseline of an id.
    #[must_use]
    pub fn baseline(&self, id: &str) -> Option<&CostBaseline> {
        self.baselines.get(id)
    }

    /// Every row of proof as corrected, in the order of the log.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        self.rows.all()
    }

    /// Every booking, in the order of the log.
    #[must_use]
    pub fn bookings(&self) -> &[Booking] {
        &self.bookings
    }

    /// Exchange rates recorded in the log.
    #[must_use]
    pub const fn fx(&self) -> &FxTable {
        &self.fx
    }

    /// Adjustments of `resource` whose period lies within `start..end`.
    pub fn adjustments(&self, resource: &str, start: Date, end: Date) -> impl Iterator<Item = &Adjustment> {
        let within = move |a: &&Adjustment| a.period_start >= start && a.period_end <= end;
        self.adjustments.iter().filter(move |a| a.resource == resource).filter(within)
    }

    pub(crate) fn items(&self) -> &BTreeMap<String, Item> {
        &self.items
    }

    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    pub(crate) fn rows_of(&self, id: &str) -> impl DoubleEndedIterator<Item = &Row> {
        self.rows.of_item(id)
    }

    /// Whether its estimate is netted, now or after another proposal.
    fn may_be_netted(&self, id: &str) -> bool {
        self.get(id).is_some_and(|o| o.status.is_open() || o.status == Status::Failed)
    }
}

#[cfg(test)]
mod tests;
