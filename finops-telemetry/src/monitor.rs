//! `ResourceMonitor`: meters every inference and training run.
//!
//! ```
//! use finops_core::{time::Timestamp, usage::Usage};
//! use finops_telemetry::monitor::{InferenceCall, MonitorConfig, MonitorOptions, ResourceMonitor};
//!
//! let config = MonitorConfig::new(MonitorOptions::default(), |_| None)?; // the environment is an argument
//! let monitor = ResourceMonitor::<()>::new(config)?;
//! let at: Timestamp = "2026-11-01T12:00:00Z".parse()?;
//! let record = monitor.log_inference(&InferenceCall::new("gpt-4o-mini", Usage::new(30, 0), at), None)?;
//! assert_eq!(record.unit_cost().unwrap().to_string(), "0.0000045"); // never rounded to 0
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod batch;
mod call;
mod config;
mod control;
mod ids;
mod log;
mod names;
mod plain;
mod plan;
mod pricing;
mod read;
mod routes;
mod settings;
mod sink;
mod state;
mod tags;

pub use batch::{BatchCall, BatchResult, Column};
pub use call::{
    Given, InferenceCall, Outcome, Trace, TrainingCall, count, count_f64, duration_ms, duration_ms_exact,
    hours, hours_exact,
};
pub use config::{MAX_RECORDS, MonitorConfig, MonitorOptions};
pub use ids::MAX_IDS;
pub use log::Logged;
pub use plain::PlainCall;
pub use plan::Plan;
pub use pricing::Pricing;
pub use read::{Filter, Stats};
pub use settings::{Setting, Settings, Source, number, number_f64};
pub use sink::SinkState;
pub use state::Entry;
pub use tags::{DEFAULT_ALIASES, DEFAULT_TAGS, TagSchema, Tags, number_text};

use crate::{Error, budget::Budgets};
use state::State;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Meters every inference and training run: cost, energy and carbon of each, exact totals of all.
///
/// Methods take `&self` and the time; one short lock guards the state. `P` is what the caller keeps beside a record, for
/// example its metadata: it is shared, never read, and dropped when no lock is held.
#[derive(Debug)]
pub struct ResourceMonitor<P = ()> {
    state: Mutex<State<P>>,
    schema: Arc<TagSchema>,
    budgets: Option<Arc<Budgets>>,
}

impl<P> ResourceMonitor<P> {
    /// A monitor of that configuration.
    ///
    /// # Errors
    /// `config.invalid`, `price.too_precise`, and the `carbon.*` codes of an unusable region, PUE or factor.
    pub fn new(config: MonitorConfig) -> Result<Self, Error> {
        let schema = Arc::clone(config.schema());
        let budgets = config.budgets().cloned();
        Ok(Self { state: Mutex::new(State::new(config)?), schema, budgets })
    }

    /// Which metadata keys become tags.
    #[must_use]
    pub const fn tag_schema(&self) -> &Arc<TagSchema> {
        &self.schema
    }

    /// The budgets that calls are charged to.
    #[must_use]
    pub const fn budgets(&self) -> Option<&Arc<Budgets>> {
        self.budgets.as_ref()
    }

    /// The state. A thread that panicked while it held the lock had not begun to change anything that must agree:
    /// counters move together at the end of a call, so the state is used as it is.
    fn lock(&self) -> MutexGuard<'_, State<P>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
