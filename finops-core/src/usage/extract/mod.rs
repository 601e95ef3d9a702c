//! Usage from the response bodies of every provider.
//!
//! One file a family; only the paths of usage, model, tier, finish and id are read, never message text.

use super::{Usage, UsageError};
use crate::{cost::Assumptions, money::Picodollars, time::DurationNs};
use rust_decimal::Decimal;

/// Read access to a response body, whatever holds it: JSON, a Python object, a recorded stream.
pub trait Lookup: Sized {
    /// The member `key` of an object; `None` when absent or null.
    fn get(&self, key: &str) -> Option<Self>;
    /// The element `index` of a list.
    fn item(&self, index: usize) -> Option<Self>;
    /// Elements of a list; `None` when it is no list.
    fn len(&self) -> Option<usize>;
    /// The text.
    fn as_str(&self) -> Option<String>;
    /// The number, exactly; `None` for text, booleans and what is not finite.
    fn as_decimal(&self) -> Option<Decimal>;
    /// What stands here, for an error message.
    fn describe(&self) -> String;
    /// Whether this is an object.
    fn is_object(&self) -> bool;
}

/// One model or pass of a body that names several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The model of this part; `None`: that of the body.
    pub model: Option<String>,
    /// Its usage.
    pub usage: Usage,
}

/// What a response body says of its call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extracted {
    /// All tokens of the call.
    pub usage: Usage,
    /// The provider, given or recognised.
    pub provider: Option<String>,
    /// The model that the body names.
    pub model: Option<String>,
    /// The provider's id of the call.
    pub request_id: Option<String>,
    /// `stop`, `length`, `tool_calls`, `content_filter` or `error`.
    pub finish: Option<&'static str>,
    /// The served tier, normalised: `standard`, `batch`, `flex`, `priority`, `provisioned`, …
    pub service_tier: Option<String>,
    /// The serving region.
    pub region: Option<String>,
    /// The provider's `speed` of the call.
    pub speed: Option<String>,
    /// The search context size.
    pub search_context: Option<String>,
    /// What the provider says the call cost.
    pub reported_cost: Option<Picodollars>,
    /// How long the provider says it took.
    pub duration: Option<DurationNs>,
    /// Parts to be priced one by one; empty when the whole is one part.
    pub parts: Vec<Part>,
    /// Whether the call ended; `false` for a stream that broke off.
    pub complete: bool,
    /// Whatever was assumed.
    pub assumptions: Assumptions,
}
