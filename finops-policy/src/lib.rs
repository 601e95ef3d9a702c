#![forbid(unsafe_code)]
//! What is allowed: the policy gate and the guardrails. Pure: no IO, no clock, no randomness.
//!
//! Laws: only a valid input, evaluated completely and without a denial, is allowed; every fault denies with a code;
//! unknown never passes; numbers are the decimal text that was written; same input, configuration and set, same bytes out.

pub mod decision;
pub mod error;
pub mod gate;
pub mod guardrail;
pub mod iac;
pub use finops_core::json;
#[cfg(feature = "rego")]
pub mod rego;
pub mod wire;

pub use error::PolicyError;
pub use json::Json;
