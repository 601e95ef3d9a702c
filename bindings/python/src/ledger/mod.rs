//! `finops.ledger`: the event log, the savings ledger, reports, and every computation of the engine by name.

mod calls;
mod convert;
mod event_log;
mod report;
mod savings;
mod verification;

pub(crate) use calls::{
    ledger_baseline, ledger_call, ledger_groups, ledger_opportunity, sign_event, verify_event, verify_log,
};
pub(crate) use event_log::PyEventLog;
pub(crate) use report::PyReport;
pub(crate) use savings::PySavingsLedger;
pub(crate) use verification::PyVerification;
