//! Every kind of computation as a function from JSON to JSON: what Python, Node, the command line and the vectors call.

mod decision;
mod gate;
mod guardrail;
mod iac;
#[cfg(feature = "rego")]
mod lint;
#[cfg(feature = "rego")]
mod rego;

use crate::{Json, PolicyError, error::ConfigError};

/// One kind: from the members of its case to the members of its answer.
pub type Handler = fn(&Json) -> Result<Json, PolicyError>;

/// The tables of kinds, one a topic. A new topic is one line here.
const TABLES: &[&[(&str, Handler)]] = &[
    gate::KINDS,
    guardrail::KINDS,
    iac::KINDS,
    decision::KINDS,
    #[cfg(feature = "rego")]
    rego::KINDS,
    #[cfg(feature = "rego")]
    lint::KINDS,
];

/// Computes `kind` from the members of the object `input`.
///
/// # Errors
/// `policy.config` for an unknown kind (path `kind`) or a member of the wrong type, and the errors of the kind.
pub fn call(kind: &str, input: &Json) -> Result<Json, PolicyError> {
    let handler = TABLES.iter().copied().flatten().find(|(name, _)| *name == kind);
    let Some((_, handler)) = handler else {
        let help = "give one of the kinds that `finops_policy::wire::kinds` lists";
        let problem = format!("`{}` is not a known computation", finops_core::error::shorten(kind));
        return Err(ConfigError::new("kind", problem, help).into());
    };
    handler(input)
}

/// Every kind that [`call`] knows.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    TABLES.iter().copied().flatten().map(|(name, _)| *name)
}
