//! Guardrails: typed limits on automated change, with time zones and change windows.
//!
//! The first check denies, the others ask for an approval; every failing check is reported, and what is unknown or
//! malformed never passes. `rego/builtin/guardrails.rego` decides the same on what [`rego_input`] hands over.

mod check;
mod config;
mod facts;
mod quantity;
#[cfg(test)]
mod tests;
mod twin;
#[cfg(test)]
#[cfg(feature = "rego")]
mod twin_tests;
mod window;

pub use check::{Check, FailedCheck, check};
pub use config::{GuardrailConfig, GuardrailError};
pub use facts::Now;
pub use twin::{rego_data, rego_input};
pub use window::{ChangeWindow, ChangeWindows, HORIZON_MIN, utc_text};

use crate::Json;

/// Guardrails with their limits: what a service holds and asks.
///
/// ```
/// use finops_policy::{decision::Outcome, guardrail::{Guardrails, Now}, json::Json};
/// let mut guardrails = Guardrails::default();
/// guardrails.update_policy("min_confidence", &Json::from("0.8"))?;
/// let change = [("confidence", "0.79"), ("risk_score", "0.1"), ("monthly_saving_usd", "10")];
/// let change = Json::object(change.map(|(name, value)| (name, Json::from(value))));
/// let check = guardrails.check_opportunity(&change, &Json::Array(vec![]), Now::Unknown);
/// assert_eq!((check.action(), check.policy_name()), (Outcome::Deny, "min_confidence"));
/// assert_eq!(check.failed().len(), 2, "and the time is unknown");
/// # Ok::<(), finops_policy::guardrail::GuardrailError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guardrails {
    config: GuardrailConfig,
}

impl Guardrails {
    /// Guardrails with these limits.
    #[must_use]
    pub const fn new(config: GuardrailConfig) -> Self {
        Self { config }
    }

    /// The limits in effect.
    #[must_use]
    pub const fn config(&self) -> &GuardrailConfig {
        &self.config
    }

    /// Checks one change; see [`check`].
    #[must_use]
    pub fn check_opportunity(&self, change: &Json, history: &Json, now: impl Into<Now>) -> Check {
        check(change, history, now.into(), &self.config)
    }

    /// Sets one limit; a refused value leaves the old one in force.
    ///
    /// # Errors
    /// As [`GuardrailConfig::update`].
    pub fn update_policy(&mut self, name: &str, value: &Json) -> Result<(), GuardrailError> {
        self.config.update(name, value)
    }
}
