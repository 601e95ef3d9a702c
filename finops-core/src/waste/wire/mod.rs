//! The kinds of `waste.json` as functions from JSON to JSON: what Python, Node, the command line and the vectors call.

mod ai;
mod change;
mod kubernetes;
mod measures;
mod portfolio;
mod read;
mod recommend;
mod render;
mod rightsizing;
mod simulation;
mod summary;

pub use recommend::rightsized;
pub use render::{
    assessment, claim, confidence_inputs, estimate, evidence, facts, portfolio, report, risk_inputs, value,
};

pub use crate::kinds::Handler;

use crate::{
    error::Fault,
    json::Json,
    kinds::{self, Table},
};

/// The tables of kinds, one a topic. A new topic is one line here.
const TABLES: &[Table] = &[
    ai::KINDS,
    change::KINDS,
    kubernetes::KINDS,
    measures::KINDS,
    portfolio::KINDS,
    recommend::KINDS,
    rightsizing::KINDS,
    simulation::KINDS,
    summary::KINDS,
];

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
