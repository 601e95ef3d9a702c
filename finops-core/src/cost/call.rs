use super::{Assumptions, Hosting};
use crate::{
    money::Picodollars,
    time::{DurationNs, Timestamp},
    usage::{Part, Usage},
};

/// One call to be charged: everything that decides its price, borrowed.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Who served it; `None`: the first party that lists the model, then hosts.
    pub provider: Option<&'a str>,
    /// The model that the body names.
    pub model: &'a str,
    /// The model that was asked for; priced on Bedrock and where `model` does not resolve.
    pub requested_model: Option<&'a str>,
    /// All tokens and units of the call.
    pub usage: &'a Usage,
    /// Parts to be priced one by one; empty when the whole is one part.
    pub parts: &'a [Part],
    /// When the call completed.
    pub at: Timestamp,
    /// How long it took.
    pub duration: Option<DurationNs>,
    /// The served tier; `None` is standard.
    pub service_tier: Option<&'a str>,
    /// The serving region; `None` is the provider's default.
    pub region: Option<&'a str>,
    /// The provider's `speed`; `None` is standard.
    pub speed: Option<&'a str>,
    /// The search context size.
    pub search_context: Option<&'a str>,
    /// What the provider says the call cost.
    pub reported_cost: Option<Picodollars>,
    /// Who runs the model, where the caller knows.
    pub hosting: Option<Hosting>,
    /// What extraction assumed; the charge carries it on.
    pub assumptions: Assumptions,
}

impl<'a> Call<'a> {
    /// A standard call of `model` that ended at `at`; set further fields with struct update syntax.
    #[must_use]
    pub const fn new(model: &'a str, usage: &'a Usage, at: Timestamp) -> Self {
        Self {
            provider: None,
            model,
            requested_model: None,
            usage,
            parts: &[],
            at,
            duration: None,
            service_tier: None,
            region: None,
            speed: None,
            search_context: None,
            reported_cost: None,
            hosting: None,
            assumptions: Assumptions::NONE,
        }
    }

    /// Whether it asks for nothing special: then its model, provider, time and tokens decide the price.
    #[must_use]
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.parts.is_empty()
            && self.requested_model.is_none()
            && self.reported_cost.is_none()
            && self.hosting.is_none()
            // What extraction calls the tier that every call has.
            && self.service_tier.is_none_or(|tier| tier == "standard")
            && self.region.is_none()
            && self.speed.is_none()
            && self.search_context.is_none()
    }
}
