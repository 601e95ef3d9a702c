//! The prices and factors of an instant, apart from any state: a record can be made from them again and again.

use super::{
    InferenceCall, ResourceMonitor, TagSchema,
    log::{Priced, as_charged, check_model, new_record},
    names::Names,
};
use crate::{
    Error,
    record::{Context, Emissions, InferenceRecord},
};
use finops_core::{carbon::CarbonModel, cost::CostPolicy};
use std::sync::Arc;

/// What a monitor priced calls with at some instant. Making a record of it changes nothing anywhere.
///
/// ```
/// use finops_core::{time::Timestamp, usage::Usage};
/// use finops_telemetry::monitor::{InferenceCall, MonitorConfig, MonitorOptions, ResourceMonitor};
/// let monitor = ResourceMonitor::<()>::new(MonitorConfig::new(MonitorOptions::default(), |_| None)?)?;
/// let call = InferenceCall::new("gpt-4o", Usage::new(1000, 500), "2026-11-01T12:00:00Z".parse()?);
/// let logged = monitor.log_inference(&call, None)?;
/// assert_eq!(monitor.pricing().record(&call)?, *logged);
/// assert_eq!(monitor.stats().requests, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Pricing {
    policy: CostPolicy,
    carbon: CarbonModel,
    context: Arc<Context>,
}

impl<P> ResourceMonitor<P> {
    /// The prices and factors as they are now.
    #[must_use]
    pub fn pricing(&self) -> Pricing {
        let state = self.lock();
        Pricing {
            policy: state.policy.clone(),
            carbon: state.carbon.clone(),
            context: Arc::clone(&state.context),
        }
    }
}

impl Pricing {
    /// The record that logging `call` made or would make. Reservations and earlier request ids play no part.
    ///
    /// # Errors
    /// `usage.missing_model`, `price.*` for a strict monitor, `carbon.*`, `money.overflow`.
    pub fn record(&self, call: &InferenceCall<'_>) -> Result<InferenceRecord, Error> {
        check_model(call.model)?;
        let charge = self.policy.charge(&as_charged(call))?;
        let emissions =
            Emissions::of_inference(&self.carbon, call.model, &call.usage, call.duration, call.at)?;
        let id = call.request_id.filter(|id| !id.trim_ascii().is_empty());
        let priced = Priced::Charged(charge);
        Ok(new_record(&mut Names::default(), &self.context, call, priced, emissions, id))
    }

    /// The energy and carbon model.
    #[must_use]
    pub const fn carbon(&self) -> &CarbonModel {
        &self.carbon
    }

    /// Which metadata keys become tags.
    #[must_use]
    pub fn tag_schema(&self) -> &Arc<TagSchema> {
        &self.context.schema
    }
}
