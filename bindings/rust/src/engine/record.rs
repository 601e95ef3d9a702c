//! Findings into the savings ledger.

use super::{Engine, EngineError, Recorded, Refused, Run, opportunity::event_time};
use crate::ledger::{Actor, EventLogError, SavingsLedger, savings};
use finops_core::{json::Json, waste::Amount};
use serde_json::Value;
use std::sync::Arc;

/// Who records what a detection cycle found, when nobody is named.
pub const ACTOR: &str = "svc:finops";

/// The item that stands for a finding now.
fn latest(fold: &savings::SavingsLedger, fingerprint: &str) -> Option<Recorded> {
    let item = fold.latest(fingerprint)?;
    Some(Recorded { id: item.id.clone(), generation: item.generation, status: item.status.as_str() })
}

impl Engine {
    /// Records every finding with a known saving: a new item, or fresh figures for the one that is open, at most once a UTC
    /// day. Events are dated with the time of the run. What the ledger refuses is listed in the run and stops no other.
    ///
    /// A saving that is unknown is no saving of 0: such findings are listed, not recorded, as are those whose change costs
    /// money.
    ///
    /// # Errors
    /// `store.*`, `ledger.replay.unknown_kind`, `ledger.log.closed`: when the ledger itself cannot be used.
    pub fn record(&self, run: &mut Run, ledger: &SavingsLedger, actor: &str) -> Result<(), EngineError> {
        run.record(ledger, actor)?;
        self.state().last = Some(Arc::new(run.clone()));
        Ok(())
    }
}

impl Run {
    pub(super) fn record(&mut self, ledger: &SavingsLedger, actor: &str) -> Result<(), EngineError> {
        let run = self;
        let at = event_time(run.as_of);
        run.refused.clear();
        for found in &mut run.found {
            let finding_id = found.finding.finding_id();
            let saving = found.assessment.gross();
            let costs =
                found.assessment.estimate.as_ref().and_then(|estimate| estimate.cost_increase_monthly);
            if saving.is_none() || costs.is_some_and(|costs| costs > Amount::ZERO) {
                let message = "its saving is not known; nothing was recorded".to_owned();
                run.refused.push(Refused { finding_id, code: "waste.no_estimate".to_owned(), message });
                continue;
            }
            // The ledger gives ids and counts generations itself.
            let mut item = found.opportunity(run.as_of);
            if let Json::Object(members) = &mut item {
                members.remove("id");
                members.remove("generation");
                members.remove("status");
            }
            let item = match Value::try_from(&item) {
                Ok(item) => item,
                Err(error) => {
                    let message = error.to_string();
                    run.refused.push(Refused {
                        finding_id,
                        code: "waste.invalid_record".to_owned(),
                        message,
                    });
                    continue;
                }
            };
            match ledger.record_if(Actor { name: actor, at: Some(&at) }, |fold, by| fold.observe(&item, by)) {
                Ok(_) => {
                    let fingerprint = found.finding.fingerprint().to_string();
                    found.recorded = ledger.read(|fold| latest(fold, &fingerprint))?;
                }
                Err(EventLogError::Ledger(error)) => run.refused.push(Refused {
                    finding_id,
                    code: error.code().to_owned(),
                    message: error.to_string(),
                }),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
