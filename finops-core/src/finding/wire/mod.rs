//! The kinds of `findings.json` as functions from JSON to JSON: what Python, Node, the command line and the vectors call.

mod identity;
mod input;
mod records;
mod scores;

pub use input::validator;
pub use records::outcome;
pub use scores::{combined, totalled};

pub use crate::kinds::Handler;

use crate::{
    error::Fault,
    json::Json,
    kinds::{self, Table},
};

/// The tables of kinds, one a topic. A new topic is one line here.
const TABLES: &[Table] = &[identity::KINDS, records::KINDS, scores::KINDS];

/// Computes `kind` from `input`.
///
/// # Errors
/// `config.invalid` for an unknown kind (path `kind`), and the errors of the kind.
pub fn call(kind: &str, input: &Json) -> Result<Json, Fault> {
    kinds::call(TABLES, kind, input)
}

/// The names of all kinds, in the order of the tables.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    kinds::names(TABLES)
}
