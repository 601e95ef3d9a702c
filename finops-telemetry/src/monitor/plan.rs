//! Before the call: what it may cost, and holding that much.

use super::{
    ResourceMonitor, Tags,
    log::{amounts, check_model},
};
use crate::{
    Error,
    budget::{Amounts, Reservation, TTL_DEFAULT_MS},
    record::Emissions,
};
use finops_core::{
    cost::{Call, Charge, Cost},
    error::ConfigError,
    time::Timestamp,
    usage::Usage,
};
use std::sync::Arc;

/// A call that is about to be made.
///
/// ```
/// use finops_core::time::Timestamp;
/// use finops_telemetry::monitor::{MonitorConfig, MonitorOptions, Plan, ResourceMonitor};
/// let monitor = ResourceMonitor::<()>::new(MonitorConfig::new(MonitorOptions::default(), |_| None)?)?;
/// let at: Timestamp = "2026-11-01T12:00:00Z".parse()?;
/// let cost = monitor.estimate(&Plan { max_output_tokens: 500, ..Plan::new("gpt-4o", 1000, at) })?;
/// assert_eq!(cost.total.unwrap().to_string(), "0.0075");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Plan<'a> {
    /// Who will serve it.
    pub provider: Option<&'a str>,
    /// The model.
    pub model: &'a str,
    /// Tokens of the prompt.
    pub input_tokens: u64,
    /// The most tokens that the answer may have.
    pub max_output_tokens: u64,
    /// The tier to ask for.
    pub service_tier: Option<&'a str>,
    /// When.
    pub at: Timestamp,
}

impl<'a> Plan<'a> {
    /// A call of `model` with a prompt of `input_tokens` and no answer.
    #[must_use]
    pub const fn new(model: &'a str, input_tokens: u64, at: Timestamp) -> Self {
        Self { provider: None, model, input_tokens, max_output_tokens: 0, service_tier: None, at }
    }

    fn usage(&self) -> Usage {
        Usage::new(self.input_tokens, self.max_output_tokens)
    }
}

impl<P> ResourceMonitor<P> {
    /// What a call costs at most, as far as tokens decide it.
    ///
    /// # Errors
    /// `usage.missing_model`; `price.*` for a strict monitor.
    pub fn estimate(&self, plan: &Plan<'_>) -> Result<Cost, Error> {
        let usage = plan.usage();
        Ok(self.price_plan(plan, &usage)?.cost(&usage))
    }

    /// Holds the estimate of a call in every budget that covers its tags, until it is settled by logging the call with
    /// the reservation's id, released, or `ttl_ms` milliseconds (600,000 unless given) have passed.
    ///
    /// # Errors
    /// `config.invalid` for a monitor without budgets, `budget.exceeded`, `budget.unpriced`,
    /// `budget.too_many_instances`, and as [`ResourceMonitor::estimate`].
    pub fn reserve(&self, plan: &Plan<'_>, tags: &Tags, ttl_ms: Option<u64>) -> Result<Reservation, Error> {
        let budgets = self.budgets().ok_or_else(|| {
            let help = "make the monitor with `budgets`";
            ConfigError::new("budgets", "none", "a monitor without budgets has nothing to reserve", help)
        })?;
        let amounts = self.plan_amounts(plan)?;
        let tags = self.tag_schema().pairs(tags);
        Ok(budgets.reserve(None, &amounts, &tags, plan.at, ttl_ms.unwrap_or(TTL_DEFAULT_MS))?)
    }

    /// What a call takes from budgets at most.
    ///
    /// # Errors
    /// As [`ResourceMonitor::estimate`].
    pub fn plan_amounts(&self, plan: &Plan<'_>) -> Result<Amounts, Error> {
        let usage = plan.usage();
        let charge = self.price_plan(plan, &usage)?;
        let state = self.lock();
        let (carbon, context) = (state.carbon.clone(), Arc::clone(&state.context));
        drop(state);
        let emissions = Emissions::of_inference(&carbon, plan.model, &usage, None, plan.at)?;
        Ok(amounts(charge.total(), &usage, &emissions, &context))
    }

    fn price_plan(&self, plan: &Plan<'_>, usage: &Usage) -> Result<Charge, Error> {
        check_model(plan.model)?;
        let call = Call {
            provider: plan.provider,
            service_tier: plan.service_tier,
            ..Call::new(plan.model, usage, plan.at)
        };
        Ok(self.lock().policy.charge(&call)?)
    }
}
