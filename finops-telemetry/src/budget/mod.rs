//! Budgets that are asked before money is spent, and never overshoot.
//!
//! A call reserves the upper bound of what it may cost, all budgets that cover it agree or none does, and settling
//! charges what it did cost. With hard budgets and upper bounds, `spent + reserved <= limit` at every instant.
//!
//! ```
//! use finops_telemetry::budget::{Amounts, Budget, Budgets, TTL_DEFAULT_MS};
//! let budgets = Budgets::new(vec![Budget::new("team", "1")?])?;
//! let at = "2026-11-02T10:00:00Z".parse()?;
//! let hold = budgets.reserve(None, &Amounts::usd("0.4".parse()?), &[], at, TTL_DEFAULT_MS)?;
//! let settled = budgets.settle(&hold.id, &Amounts::usd("0.3".parse()?), at)?;
//! assert_eq!((settled.released.to_string(), settled.overrun.to_string()), ("0.1".into(), "0".into()));
//! let error = budgets.reserve(None, &Amounts::usd("0.8".parse()?), &[], at, TTL_DEFAULT_MS).unwrap_err();
//! assert_eq!((error.code(), error.budget()), ("budget.exceeded", Some("team")));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod amounts;
mod config;
mod error;
mod instance;
mod table;
mod wire;

pub use amounts::{Amounts, Quantity, Unit};
pub use config::{Budget, OnUnpriced};
pub use error::BudgetError;
pub use table::{CLOSED_MAX, INSTANCES_MAX};

use finops_core::time::Timestamp;
use std::sync::{Mutex, MutexGuard, PoisonError};
use table::Table;

/// How long a hold lasts unless told otherwise: 600 s.
pub const TTL_DEFAULT_MS: u64 = 600_000;

/// Whether a reservation comes near a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Below the lowest warning threshold of every budget.
    Ok,
    /// At or past the lowest warning threshold of a budget.
    Warn,
}

impl Level {
    /// The wire name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
        }
    }
}

/// An amount that is held until it is settled, released or expires.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Reservation {
    /// By this it is settled or released.
    pub id: String,
    /// Whether it comes near a limit.
    pub level: Level,
    /// When the hold is freed unless settled.
    pub expires: Timestamp,
}

/// What settling a reservation, or recording spend, came to.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Settlement {
    /// The unit of `released` and `overrun`: money when it was given, else the first given of tokens, joules, grams.
    pub unit: Unit,
    /// What the hold had too much; 0 when late.
    pub released: Quantity,
    /// What was spent beyond the hold.
    pub overrun: Quantity,
    /// Whether the hold had been freed before.
    pub late: bool,
    /// Thresholds crossed by this call, as `id:threshold`.
    pub events: Vec<String>,
}

/// Where a budget stands in the window of an instant.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct BudgetState {
    /// The budget, with the values of its `per` tags: `id{user=u1}`.
    pub budget: String,
    /// The unit of the amounts.
    pub unit: Unit,
    /// The limit.
    pub limit: Quantity,
    /// What was charged.
    pub spent: Quantity,
    /// What is held.
    pub reserved: Quantity,
    /// Limit less spent less reserved; negative when overspent.
    pub remaining: Quantity,
    /// Calls whose amount in this unit was not known and that are in none of the above.
    pub unpriced: u64,
    /// The start of the window.
    pub window_start: Timestamp,
    /// The end of the window, which belongs to the next one.
    pub window_end: Timestamp,
}

/// A hierarchy of budgets, shared by threads.
#[derive(Debug)]
pub struct Budgets(Mutex<Table>);

impl Budgets {
    /// Budgets in declared order, which is the order in which they are asked.
    ///
    /// # Errors
    /// `budget.invalid` when two share an id.
    pub fn new(budgets: Vec<Budget>) -> Result<Self, BudgetError> {
        Table::new(budgets).map(|table| Self(Mutex::new(table)))
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // A panic elsewhere cannot leave the table half changed: every operation checks first and then changes.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds `amounts` in every budget that covers `tags`, or in none.
    ///
    /// `id` names the reservation; without one the table gives it the next number. The hold is freed `ttl_ms`
    /// milliseconds after `at` unless settled.
    ///
    /// # Errors
    /// `budget.exceeded` and `budget.unpriced` for the first hard budget, in declared order, that denies it;
    /// `budget.too_many_instances`; `budget.invalid` for an id in use, a negative amount, or a time before the windows
    /// that are kept.
    pub fn reserve(
        &self,
        id: Option<&str>,
        amounts: &Amounts,
        tags: &[(&str, &str)],
        at: Timestamp,
        ttl_ms: u64,
    ) -> Result<Reservation, BudgetError> {
        self.table().reserve(id, amounts, tags, at, ttl_ms)
    }

    /// Frees the hold and charges `actual` to the windows of the reservation. A unit that is not given is charged as
    /// held. What was spent is always charged, also late or beyond a limit.
    ///
    /// # Errors
    /// `budget.unknown_reservation`; `budget.already_settled` when it was settled with other amounts;
    /// `budget.invalid` for a negative amount.
    pub fn settle(&self, id: &str, actual: &Amounts, at: Timestamp) -> Result<Settlement, BudgetError> {
        self.table().settle(id, actual, at)
    }

    /// Frees the hold and charges nothing. May be repeated.
    ///
    /// # Errors
    /// `budget.unknown_reservation`; `budget.already_settled`.
    pub fn release(&self, id: &str, at: Timestamp) -> Result<(), BudgetError> {
        self.table().release(id, at)
    }

    /// Charges `amounts` without asking to every budget that covers `tags`.
    ///
    /// # Errors
    /// `budget.invalid` for a negative amount; `budget.too_many_instances`, when the other budgets were charged.
    pub fn record_spend(
        &self,
        amounts: &Amounts,
        tags: &[(&str, &str)],
        at: Timestamp,
    ) -> Result<Settlement, BudgetError> {
        self.table().record_spend(amounts, tags, at)
    }

    /// Where the budgets stand in the windows of `at`: all of them, or the one called `id` with all its instances, or
    /// the one instance `id{tag=value}`. In declared order, then by value.
    ///
    /// # Errors
    /// `budget.invalid` when there is no such budget, or the window is no longer kept.
    pub fn state(&self, id: Option<&str>, at: Timestamp) -> Result<Vec<BudgetState>, BudgetError> {
        self.table().state(id, at)
    }

    /// Names of tags that the budgets look at, sorted: those of scopes and of `per`.
    #[must_use]
    pub fn tags(&self) -> Vec<String> {
        self.table().tags()
    }

    /// How many counters, open reservations and closed reservations are held.
    #[must_use]
    pub fn sizes(&self) -> (usize, usize, usize) {
        self.table().sizes()
    }

    /// The whole state as JSON, the same bytes for the same state.
    ///
    /// # Errors
    /// `budget.invalid` when a part cannot be written, which no state made by this type does.
    pub fn to_json(&self) -> Result<String, BudgetError> {
        wire::write(&self.table())
    }

    /// The budgets that [`Budgets::to_json`] wrote, with everything spent and held.
    ///
    /// # Errors
    /// `budget.invalid` when the text is no such state.
    pub fn from_json(text: &str) -> Result<Self, BudgetError> {
        wire::read(text).map(|table| Self(Mutex::new(table)))
    }
}

#[cfg(test)]
mod tests;
