//! The default policy: typed rules over a validated input.
//!
//! ```
//! use finops_policy::{gate::{self, GateConfig}, json::{Limits, read}};
//! let input = read(br#"{"unit_cost_usd": 0.6, "cost_tags": {"team": "ai", "environment": "dev"}}"#, &Limits::default())?;
//! let answer = gate::decide(&input, &GateConfig::default());
//! assert!(!answer.allowed());
//! assert_eq!(answer.deny_messages().collect::<Vec<_>>(), ["Unit cost 0.6 USD exceeds budget cap of 0.5 USD"]);
//! # Ok::<(), finops_policy::json::ReadError>(())
//! ```

mod answer;
pub mod canonical;
mod cell;
mod config;
mod field;
mod input;
mod message;
pub mod number;
mod rego;
#[cfg(test)]
mod row_tests;
mod rules;
#[cfg(test)]
pub(crate) mod sample;
mod telling;
#[cfg(test)]
mod tests;

pub use answer::Answer;
pub use cell::{Cell, Row, Tags};
pub use config::GateConfig;
pub use input::Foreign;
pub use number::Exact;
#[cfg(feature = "rego")]
pub(crate) use rego::rounded;
pub use rego::{opa_input, rego_data, rego_input};
pub(crate) use rules::decide_row;
pub use rules::{decide, decide_text, decide_with};
pub use telling::Findings;

/// Whether `name` is a field that the default policy knows.
#[must_use]
pub fn is_known_field(name: &str) -> bool {
    field::Field::named(name).is_some()
}

/// The names of the fields that the default policy knows, in the order in which findings are reported.
pub fn known_fields() -> impl Iterator<Item = &'static str> {
    field::Field::ALL.into_iter().map(field::Field::name)
}
