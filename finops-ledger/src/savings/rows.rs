//! Rows of proof: one resource and period has one set of facts, and no dollar of it is claimed twice.

use super::SavingsError;
use crate::{
    number::Exact,
    opportunity::Effect,
    verification::{Verdict, Verification},
};
use finops_core::time::Timestamp;
use std::collections::BTreeMap;

/// A row of proof as corrected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The event that brought it.
    pub event_id: String,
    /// The item that claims.
    pub opportunity: String,
    /// The figures as they stand.
    pub verification: Verification,
    /// What they say; a correction keeps it.
    pub verdict: Verdict,
    /// The event of the last correction.
    pub corrected_by: Option<String>,
}

/// An amount booked at the time of its event: a row, or the difference that a correction makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// When the event happened.
    pub at: Timestamp,
    /// The item that claims.
    pub opportunity: String,
    /// What the row says.
    pub verdict: Verdict,
    /// Claimed savings.
    pub claimed: Exact,
    /// The part by which the bill falls.
    pub cash_reduction: Exact,
    /// The part that growth would have added.
    pub avoided_growth: Exact,
    /// Position of the event in the log.
    pub seq: u64,
}

/// All rows in the order of the log, with their indexes.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    rows: Vec<Row>,
    by_event: BTreeMap<String, usize>,
    by_resource: BTreeMap<String, Vec<usize>>,
    by_item: BTreeMap<String, Vec<usize>>,
}

/// The identities of section 10, exactly.
fn check_identities(row: &Verification) -> Result<(), SavingsError> {
    let refuse = |path, problem| Err(SavingsError::Identity { path, problem });
    if row.total != row.adjusted_baseline.minus(&row.actual) {
        return refuse("/data/verification/total", "must be `adjusted_baseline` less `actual`");
    }
    match (&row.usage_effect, &row.rate_effect) {
        (Some(usage), Some(rate)) if usage.plus(rate) != row.total => {
            return refuse("/data/verification/usage_effect", "must make `total` with `rate_effect`");
        }
        (Some(_), None) => {
            return refuse("/data/verification/rate_effect", "is missing beside `usage_effect`");
        }
        (None, Some(_)) => {
            return refuse("/data/verification/usage_effect", "is missing beside `rate_effect`");
        }
        (None, None) if row.effect == Effect::Rate => {
            return refuse(
                "/data/verification/rate_effect",
                "is missing; a rate claim needs price and quantity apart",
            );
        }
        _ => {}
    }
    if row.cash_reduction.plus(&row.avoided_growth) != row.claimed {
        return refuse("/data/verification/cash_reduction", "must make `claimed` with `avoided_growth`");
    }
    Ok(())
}

/// What rows of this effect may claim together.
fn limit(row: &Verification) -> &Exact {
    match (row.effect, &row.usage_effect, &row.rate_effect) {
        (Effect::Rate, _, Some(rate)) => rate,
        (Effect::Usage | Effect::Eliminate, Some(usage), _) => usage,
        _ => &row.total,
    }
}

impl Rows {
    pub(super) fn of_event(&self, event_id: &str) -> Option<usize> {
        self.by_event.get(event_id).copied()
    }

    pub(super) fn get(&self, index: usize) -> Option<&Row> {
        self.rows.get(index)
    }

    pub(super) fn all(&self) -> &[Row] {
        &self.rows
    }

    /// The rows of an item, in the order of the log.
    pub(super) fn of_item(&self, id: &str) -> impl DoubleEndedIterator<Item = &Row> {
        self.by_item.get(id).into_iter().flatten().filter_map(|i| self.rows.get(*i))
    }

    /// Checks a row before it is recorded; `replaces` is the row that it corrects.
    pub(super) fn check(
        &self,
        item: (&str, &str),
        new: &Verification,
        verdict: Verdict,
        replaces: Option<usize>,
    ) -> Result<(), SavingsError> {
        check_identities(new)?;
        let (id, currency) = item;
        if new.currency != currency {
            let problem = format!("the row is in `{}` and its item in `{currency}`", new.currency);
            return Err(SavingsError::MixedCurrency { problem });
        }
        let others = |index: Option<&Vec<usize>>| -> Vec<&Row> {
            let wanted = |i: &&usize| Some(**i) != replaces;
            index.into_iter().flatten().filter(wanted).filter_map(|i| self.rows.get(*i)).collect()
        };
        let resource = others(self.by_resource.get(&new.resource));
        let unequal = |row: &&&Row| row.verification.overlaps(new) && !row.verification.same_period(new);
        if let Some(row) = resource.iter().find(unequal) {
            return Err(SavingsError::PeriodOverlap {
                resource: finops_core::error::shorten(&new.resource),
                start: row.verification.period_start.to_string(),
                end: row.verification.period_end.to_string(),
            });
        }
        if let Some(row) = others(self.by_item.get(id)).iter().find(|row| row.verification.same_period(new)) {
            let problem = format!("`{id}` has row `{}` for this period already", row.event_id);
            return Err(SavingsError::DoubleCount { problem });
        }
        let same: Vec<&Row> = resource.into_iter().filter(|row| row.verification.same_period(new)).collect();
        check_facts(new, &same)?;
        if verdict == Verdict::Inconclusive { Ok(()) } else { check_claims(new, &same) }
    }

    pub(super) fn push(&mut self, row: Row) {
        let index = self.rows.len();
        self.by_event.insert(row.event_id.clone(), index);
        self.by_resource.entry(row.verification.resource.clone()).or_default().push(index);
        self.by_item.entry(row.opportunity.clone()).or_default().push(index);
        self.rows.push(row);
    }

    pub(super) fn correct(&mut self, index: usize, new: Verification, event_id: &str) {
        let Some(row) = self.rows.get_mut(index) else { return };
        if row.verification.resource != new.resource {
            if let Some(held) = self.by_resource.get_mut(&row.verification.resource) {
                held.retain(|i| *i != index);
            }
            self.by_resource.entry(new.resource.clone()).or_default().push(index);
        }
        row.verification = new;
        row.corrected_by = Some(event_id.to_owned());
    }
}

/// A row that claims 0 binds nothing, so that shared facts are corrected one row after another.
fn check_facts(new: &Verification, same: &[&Row]) -> Result<(), SavingsError> {
    let binds = |row: &&&Row| !row.verification.claimed.is_zero() && !row.verification.same_facts(new);
    match same.iter().find(binds).filter(|_| !new.claimed.is_zero()) {
        None => Ok(()),
        Some(row) => Err(SavingsError::FactsDiffer {
            resource: finops_core::error::shorten(&new.resource),
            row: row.event_id.clone(),
        }),
    }
}

fn check_claims(new: &Verification, same: &[&Row]) -> Result<(), SavingsError> {
    if new.claimed.is_zero() {
        return Ok(());
    }
    let limit = limit(new);
    let of_rate = |row: &Verification| row.effect == Effect::Rate;
    let before: Exact = same
        .iter()
        .filter(|row| row.verdict != Verdict::Inconclusive && of_rate(&row.verification) == of_rate(new))
        .map(|row| &row.verification.claimed)
        .sum();
    let sum = before.plus(&new.claimed);
    let other_sign = new.claimed.is_negative() != limit.is_negative();
    if other_sign || sum.abs() > limit.abs() {
        let problem = format!("rows of this resource and period would claim {sum} of {limit}");
        return Err(SavingsError::DoubleCount { problem });
    }
    Ok(())
}
