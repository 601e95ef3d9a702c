//! The money loop: detect waste, guard the change, propose it, record what it should save.
//!
//! ```
//! use finops::{
//!     core::{json::{Limits, read}, waste::summary::ClusterData},
//!     engine::{Engine, EngineOptions, Given},
//! };
//! let data = read(
//!     br#"{"cluster": "finance-cluster", "workloads": {"finance": [{"name": "payment-service",
//!         "cpu_request": 2.0, "cpu_usage": 0.3, "memory_request_gb": 4.0, "memory_usage_gb": 0.5, "team": "payments"}]}}"#,
//!     &Limits::default(),
//! )?;
//! let data = ClusterData::from_json(&data, Some("2026-11-20T03:00:00Z".parse()?))?;
//! let engine = Engine::new(EngineOptions::default());
//! let run = engine.detect(&[Given::from(data)], None)?;
//! let savings: Vec<_> = run.found.iter().map(|found| found.assessment.gross().unwrap().to_string()).collect();
//! assert_eq!(savings, ["113.150000000", "23.725000000"]);
//! let changes = engine.propose(&run, &[]);
//! assert_eq!(changes[0].proposal.title, "Cost Optimization: Right-size CPU for payment-service");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A run never stops for one bad record, one failing detector or one change that cannot be written: each is reported.

mod change;
mod cycle;
mod documents;
mod error;
mod finding;
pub mod git;
mod guard;
mod input;
mod opportunity;
mod options;
mod other;
mod overlap;
mod portfolio;
#[cfg(feature = "pull-request")]
pub mod pull_request;
mod record;
mod reported;
mod run;
mod select;
mod sources;
pub mod wire;

pub use change::Change;
pub use cycle::Cycle;
pub use documents::{Document, DocumentOptions, Documents, Remark, Span};
pub use error::EngineError;
pub use input::{Given, run_time};
pub use options::EngineOptions;
pub use other::Other;
pub use portfolio::Portfolio;
pub use record::ACTOR;
pub use reported::Reported;
pub use run::{Found, Recorded, Refused, Run};
pub use select::Opportunities;
pub use sources::{SourceLimits, read_sources};
pub use wire::write_change;

use finops_core::{json::Json, time::Timestamp};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Detects, guards, proposes and records. One engine serves all threads.
#[derive(Debug, Default)]
pub struct Engine {
    options: Arc<EngineOptions>,
    state: Mutex<State>,
}

/// What an engine remembers between calls.
#[derive(Debug, Default)]
struct State {
    last: Option<Arc<Run>>,
    /// Changes that were proposed, by fingerprint of their findings: what the guardrails call the changes of the day.
    made: BTreeMap<String, Json>,
}

impl Engine {
    /// An engine with these options.
    #[must_use]
    pub fn new(options: EngineOptions) -> Self {
        Self { options: Arc::new(options), state: Mutex::default() }
    }

    /// The options.
    #[must_use]
    pub fn options(&self) -> &EngineOptions {
        &self.options
    }

    /// The last run.
    #[must_use]
    pub fn last(&self) -> Option<Arc<Run>> {
        self.state().last.clone()
    }

    /// Nothing is left half changed in the state.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Detects waste in inventories and has the guardrails judge every finding. Without `as_of` the time of the run is that
    /// of the first inventory, or the clock's where there is none.
    ///
    /// # Errors
    /// `finding.*` for a time of the run outside the years that findings have.
    pub fn detect(&self, inventories: &[Given], as_of: Option<Timestamp>) -> Result<Run, EngineError> {
        self.detect_with(inventories, &[], as_of)
    }

    /// As [`Engine::detect`], with what detectors of one's own reported.
    ///
    /// # Errors
    /// As [`Engine::detect`].
    pub fn detect_with(
        &self,
        inventories: &[Given],
        reported: &[Reported],
        as_of: Option<Timestamp>,
    ) -> Result<Run, EngineError> {
        let run = self.look(inventories, reported, as_of)?;
        self.state().last = Some(Arc::new(run.clone()));
        Ok(run)
    }

    /// A run that is not remembered yet.
    fn look(
        &self,
        inventories: &[Given],
        reported: &[Reported],
        as_of: Option<Timestamp>,
    ) -> Result<Run, EngineError> {
        let as_of = as_of.or_else(|| inventories.first().map(Given::as_of)).unwrap_or_else(crate::clock::now);
        let made: Vec<(String, Json)> =
            self.state().made.iter().map(|(key, change)| (key.clone(), change.clone())).collect();
        run::run(&self.options, inventories, reported, as_of, &made)
    }
}
