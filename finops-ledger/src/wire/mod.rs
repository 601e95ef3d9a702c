//! Every computation as a function from JSON to JSON: what Python, Node, the command line and the vectors call.

mod event;
mod read;
mod report;
mod savings;

use crate::LedgerError;
use serde_json::Value;

/// One group: from the inputs of its case to its outputs.
pub type Handler = fn(&Value) -> Result<Value, LedgerError>;

/// The tables of groups, one a topic. A new topic is one line here.
const TABLES: &[&[(&str, Handler)]] = &[event::GROUPS, savings::GROUPS, report::GROUPS];

/// Computes `group` from the members of the object `input`.
///
/// # Errors
/// `ledger.wire` for an unknown group (path `group`) or a member of the wrong type, and the errors of the group.
pub fn call(group: &str, input: &Value) -> Result<Value, LedgerError> {
    let handler = TABLES.iter().copied().flatten().find(|(name, _)| *name == group);
    let Some((_, handler)) = handler else {
        let problem = format!("`{}` is not a known computation", finops_core::error::shorten(group));
        return Err(LedgerError::Wire { path: "group".to_owned(), problem });
    };
    handler(input)
}

/// Every group that [`call`] knows.
pub fn groups() -> impl Iterator<Item = &'static str> {
    TABLES.iter().copied().flatten().map(|(name, _)| *name)
}
