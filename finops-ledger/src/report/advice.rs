//! What to do next, from rules that anyone can check.

use super::{Period, ReportInputs};
use crate::{
    number::Exact,
    opportunity::{Opportunity, Status},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Days that an item may wait for a person before the report says so.
const WAITING_DAYS: i64 = 14;
/// Days until a verification is due: 3 for the bills to settle, 30 to measure (section 9).
const VERIFY_DAYS: i64 = 33;
/// Verified items from which on the realisation rate says something.
const RATE_ITEMS: usize = 5;

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recommendation {
    /// Stable name, for example `approve_waiting`.
    pub code: &'static str,
    /// How many items, records or days it is about.
    pub count: u64,
    /// What is at stake per month, when it can be said.
    pub amount: Option<Exact>,
    /// The type, for `largest_type`.
    pub key: Option<String>,
}

impl Recommendation {
    /// Code, count, amount and key as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut out = json!({
            "code": self.code, "count": self.count, "amount": self.amount.as_ref().map(Exact::to_string),
        });
        if let (Some(key), Some(members)) = (&self.key, out.as_object_mut()) {
            members.insert("key".to_owned(), Value::from(key.as_str()));
        }
        out
    }
}

/// An item with its net estimate and its days in the present state at the period's end.
pub(super) struct Aged<'a> {
    pub item: &'a Opportunity,
    pub net: Exact,
    pub days: i64,
}

/// What recommendations rest on.
pub(super) struct Grounds<'a> {
    pub aged: &'a [Aged<'a>],
    pub estimates_of_failed: &'a Exact,
    pub realisation_rate: Option<&'a Exact>,
    pub verified_items: usize,
    pub size: u64,
    pub inputs: &'a ReportInputs,
    pub period: &'a Period,
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// All recommendations, in the order of section 12.
pub(super) fn recommend(grounds: &Grounds<'_>) -> Vec<Recommendation> {
    use Status::{Approved, Detected, Failed, Implemented, Implementing, Proposed, Regressed};
    let mut out = Vec::new();
    let mut add = |code, count, amount, key| {
        if count > 0 {
            out.push(Recommendation { code, count, amount, key });
        }
    };
    let sum = |wanted: &dyn Fn(&Aged<'_>) -> bool| {
        let items: Vec<&Aged<'_>> = grounds.aged.iter().filter(|a| wanted(a)).collect();
        let amount: Exact = items.iter().map(|a| &a.net).sum();
        (count(items.len()), Some(amount))
    };
    let of = |a: &Aged<'_>, states: &[Status]| states.contains(&a.item.status);
    let (n, amount) = sum(&|a| of(a, &[Detected, Proposed]) && a.net.is_positive() && a.days >= WAITING_DAYS);
    add("approve_waiting", n, amount, None);
    let (n, amount) =
        sum(&|a| of(a, &[Approved, Implementing]) && a.net.is_positive() && a.days >= WAITING_DAYS);
    add("implement_approved", n, amount, None);
    let (n, amount) = sum(&|a| of(a, &[Implemented]) && a.days >= VERIFY_DAYS);
    add("verify_implemented", n, amount, None);
    let (n, _) = sum(&|a| of(a, &[Regressed]));
    add("investigate_regressed", n, None, None);
    let (n, _) = sum(&|a| of(a, &[Failed]));
    add("retry_failed", n, Some(grounds.estimates_of_failed.clone()), None);
    let (n, amount) = sum(&|a| a.item.team.is_empty() && a.net.is_positive());
    add("name_owner", n, amount, None);
    // Below seven tenths of what was promised (section 12).
    let low = Exact::parse("0.7").zip(grounds.realisation_rate).is_some_and(|(least, rate)| *rate < least);
    if low && grounds.verified_items >= RATE_ITEMS {
        add("low_realisation", count(grounds.verified_items), None, None);
    }
    if let Some((key, (n, amount))) = largest_type(grounds.aged) {
        add("largest_type", n, Some(amount), Some(key.to_owned()));
    }
    // Without the name of a log the events are in memory only, and there is nothing to anchor.
    if grounds.inputs.origin.is_some() {
        let anchored = grounds.inputs.anchored_up_to.unwrap_or(0);
        add("anchor_log", grounds.size.saturating_sub(anchored), None, None);
    }
    if let Some(day) = grounds.inputs.latest_billing_day {
        let late = grounds.period.last_day().days_since(day);
        add("billing_late", u64::try_from(late).unwrap_or(0), None, None);
    }
    out
}

/// The type whose open items have the most to win; of two the first by name.
fn largest_type<'a>(aged: &[Aged<'a>]) -> Option<(&'a str, (u64, Exact))> {
    let mut types: BTreeMap<&str, (u64, Exact)> = BTreeMap::new();
    for a in aged.iter().filter(|a| a.item.status.is_open() && a.net.is_positive()) {
        let (n, amount) = types.entry(&a.item.opportunity_type).or_default();
        *n = n.saturating_add(1);
        *amount = amount.plus(&a.net);
    }
    types.into_iter().fold(None, |best: Option<(&str, (u64, Exact))>, next| match best {
        Some(held) if held.1.1 >= next.1.1 => Some(held),
        _ => Some(next),
    })
}
