//! A detection cycle: look, and record what was found.

use super::{Engine, EngineError, Given, Reported, Run, record::ACTOR};
use crate::ledger::SavingsLedger;
use finops_core::time::Timestamp;
use finops_policy::guardrail::GuardrailConfig;
use std::sync::Arc;

/// What a detection cycle looks at.
#[derive(Debug, Clone, Default)]
pub struct Cycle {
    /// The inventories.
    pub inventories: Vec<Given>,
    /// What detectors of one's own reported.
    pub reported: Vec<Reported>,
    /// The time of the run; that of the first inventory, else the clock's, without one.
    pub as_of: Option<Timestamp>,
    /// The guardrails of this cycle; the engine's without them.
    pub guardrails: Option<GuardrailConfig>,
    /// Who records; [`ACTOR`] without one.
    pub actor: Option<String>,
}

impl Engine {
    /// One detection cycle; with a ledger the findings are recorded in it. The run is remembered by the engine.
    ///
    /// # Errors
    /// `finding.*` for a time of the run outside the years that findings have; `store.*`.
    pub fn cycle(&self, mut cycle: Cycle, ledger: Option<&SavingsLedger>) -> Result<Arc<Run>, EngineError> {
        if let Some(engine) = cycle.guardrails.take().and_then(|guardrails| self.guarded(guardrails)) {
            let run = engine.cycle(cycle, ledger)?;
            self.remember(engine);
            return Ok(run);
        }
        let mut run = self.look(&cycle.inventories, &cycle.reported, cycle.as_of)?;
        let actor = cycle.actor.as_deref().unwrap_or(ACTOR);
        let recorded = ledger.map_or(Ok(()), |ledger| run.record(ledger, actor));
        let run = Arc::new(run);
        self.state().last = Some(Arc::clone(&run));
        recorded.map(|()| run)
    }
}
