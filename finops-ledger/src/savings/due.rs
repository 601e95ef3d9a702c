//! What is due: lapsing items, the next verification, the end of tracking. The ledger only says so; a person or a job acts.

use super::{Item, SavingsLedger};
use crate::{
    date::{Date, event_time},
    opportunity::Status,
};
use finops_core::time::Timestamp;

/// Days that one verification measures (section 9 of the specification).
const MEASURE_DAYS: i64 = 30;
/// Days after a change until its bills have settled.
const SETTLE_DAYS: i64 = 3;
/// Days that a saving is verified again and again; then it is the new normal.
const TRACK_DAYS: i64 = 365;

/// What is to be done with an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Due {
    /// Its time to act has passed: `opportunity.expired`.
    Expire,
    /// A full window lies behind the change or the last row: measure it.
    Verify,
    /// A year has passed since the change: `opportunity.closed`.
    Close,
}

fn day(at: Option<&String>) -> Option<Date> {
    at.and_then(|at| event_time(at)).map(Date::of)
}

impl SavingsLedger {
    /// What is due at `now`, by id.
    #[must_use]
    pub fn due(&self, now: Timestamp) -> Vec<(&str, Due)> {
        let of = |item| self.due_of(item, now).map(|due| (item.opportunity.id.as_str(), due));
        self.items.values().filter_map(of).collect()
    }

    fn due_of(&self, item: &Item, now: Timestamp) -> Option<Due> {
        let (opportunity, today) = (&item.opportunity, Date::of(now));
        match opportunity.status {
            Status::Detected | Status::Proposed | Status::Approved => {
                let expires = opportunity.expires_at.as_deref().and_then(event_time)?;
                (expires <= now).then_some(Due::Expire)
            }
            Status::Implemented | Status::Verified | Status::Inconclusive | Status::Regressed => {
                let changed = day(opportunity.implemented_at.as_ref());
                let tracked = changed.is_some_and(|changed| today.days_since(changed) >= TRACK_DAYS);
                if tracked && opportunity.status != Status::Implemented {
                    return Some(Due::Close);
                }
                let last = self.rows_of(&opportunity.id).map(|row| row.verification.period_end).max();
                let from = last.or_else(|| changed?.plus_days(SETTLE_DAYS))?;
                (today.days_since(from) >= MEASURE_DAYS).then_some(Due::Verify)
            }
            _ => None,
        }
    }
}
