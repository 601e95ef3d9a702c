//! Usage from the response bodies of every provider.
//!
//! One file a family; only the fields in [`super::body::schema`] are read, never message text.
//!
//! # The provider
//! A given provider is kept as given. Without one, only a shape that a single provider answers with names it:
//! `usageMetadata` is `google`, with a `trafficType` `vertex`; `type: message` of a `claude` model `anthropic`;
//! Converse `bedrock`; `billed_units` `cohere`; `prompt_eval_count` `ollama`; and fields that one provider adds to the
//! common chat shape (`x_groq`, `is_byok`, `cost_in_usd_ticks`, `prompt_cache_hit_tokens`, `cost.total_cost`). Chat,
//! Responses and embeddings bodies are spoken by dozens of hosts, so their provider stays open and the model's name
//! decides at pricing.

mod anthropic;
mod chat;
mod cohere;
mod converse;
mod embeddings;
mod gemini;
mod langchain;
mod lookup;
mod ollama;
mod otel;
mod read;
mod reported;
mod responses;
mod speech;
mod untyped;
mod vercel;
pub mod words;

#[cfg(test)]
mod tests;

use super::{
    Usage, UsageError,
    body::{Body, schema},
};
use crate::{
    cost::{Assumption, Assumptions},
    money::Picodollars,
    time::DurationNs,
};
pub use lookup::{Lookup, SnakeCase, integral};
use std::borrow::Cow;

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
    pub provider: Option<Cow<'static, str>>,
    /// The model that the body names.
    pub model: Option<String>,
    /// The provider's id of the call.
    pub request_id: Option<String>,
    /// `stop`, `length`, `tool_calls`, `content_filter` or `error`.
    pub finish: Option<&'static str>,
    /// The served tier, normalised: `standard`, `batch`, `flex`, `priority`, `provisioned`, …
    pub service_tier: Option<Cow<'static, str>>,
    /// The serving region, when it is not the provider's default.
    pub region: Option<String>,
    /// The provider's `speed` of the call, when it is not the standard one.
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

impl Extracted {
    /// The body's model, else the `requested` one.
    ///
    /// # Errors
    /// `usage.missing_model` when neither is named: Converse and Cohere bodies carry no model, so the caller must.
    pub fn model_or<'a>(&'a self, requested: Option<&'a str>) -> Result<&'a str, UsageError> {
        let named = |model: &&str| !model.trim_ascii().is_empty();
        let model = self.model.as_deref().or(requested).filter(named);
        model.ok_or_else(|| UsageError::MissingModel { path: "model".to_owned() })
    }

    /// Takes the served tier in the words of any provider.
    fn set_tier(&mut self, word: &str) {
        let Some(tier) = words::tier(word) else { return };
        self.service_tier = Some(tier.name);
        if tier.auto {
            self.assumptions.insert(Assumption::tier_unknown_auto);
        }
    }
}

/// A body, and the fields by which its family is recognised.
struct Face<'a, L> {
    body: L,
    usage: Option<L>,
    object: Option<L>,
    kind: Option<L>,
    provider: Option<&'a str>,
}

impl<'a, L: Lookup> Face<'a, L> {
    fn new(body: L, provider: Option<&'a str>) -> Self {
        let provider = provider.map(str::trim_ascii).filter(|name| !name.is_empty());
        let (usage, object, kind) = (body.get("usage"), body.get("object"), body.get("type"));
        Self { body, usage, object, kind, provider }
    }

    fn usage(&self) -> Result<&L, UsageError> {
        self.usage.as_ref().ok_or_else(|| UsageError::Missing { path: "usage".to_owned() })
    }

    fn usage_has(&self, key: &str) -> bool {
        self.usage.as_ref().is_some_and(|usage| usage.get(key).is_some())
    }

    /// What most families have in common.
    fn start(&self) -> Extracted {
        Extracted {
            provider: self.provider.map(|given| match words::provider(given) {
                Some(name) if name == given => Cow::Borrowed(name),
                _ => Cow::Owned(given.to_owned()),
            }),
            model: read::text(&self.body, "model"),
            request_id: read::text(&self.body, "id"),
            complete: true,
            ..Extracted::default()
        }
    }

    fn finish(&self, of: &L, key: &str) -> Option<&'static str> {
        words::finish(&of.get(key)?.as_str()?)
    }

    fn apply_tier(&self, of: &L, key: &str, extracted: &mut Extracted) {
        if let Some(word) = of.get(key)
            && let Some(word) = word.as_str()
        {
            extracted.set_tier(&word);
        }
    }
}

/// The families in the order in which they are recognised; the first match reads the body.
macro_rules! families {
    ($($family:ident)+) => {
        fn read_first<L: Lookup>(face: &Face<'_, L>) -> Result<Extracted, UsageError> {
            $(if $family::recognises(face) { return $family::read(face); })+
            Err(UsageError::UnknownShape { problem: "none of the fields of a provider's response".to_owned() })
        }
    };
}

families! {
    gemini
    responses
    anthropic
    chat
    embeddings
    converse
    vercel
    langchain
    otel
    cohere
    ollama
    speech
    untyped
}

/// Reads the usage of a response body.
///
/// ```
/// use finops_core::usage::extract;
/// let body = serde_json::json!({
///     "object": "chat.completion", "model": "gpt-4o",
///     "usage": {"prompt_tokens": 10, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 8}},
/// });
/// let usage = extract(&body, Some("openai"))?.usage;
/// assert_eq!((usage.input, usage.cache_read, usage.output), (2, 8, 2));
/// # Ok::<(), finops_core::usage::UsageError>(())
/// ```
///
/// # Errors
/// `usage.unknown_shape` for a body of no known family, `usage.missing` for one without usage or without a required
/// count, `usage.not_a_count` and `usage.negative_remainder` with the path of the count.
pub fn extract<L: Lookup>(body: L, provider: Option<&str>) -> Result<Extracted, UsageError> {
    if !body.is_object() {
        return Err(UsageError::UnknownShape { problem: format!("it is {}", body.describe()) });
    }
    read_first(&Face::new(body, provider))
}

/// Reads the usage of a response body from its JSON text; other fields are skipped unread.
///
/// # Errors
/// As [`extract`]; text that is not JSON is `usage.unknown_shape` with the position.
pub fn extract_json(text: impl AsRef<[u8]>, provider: Option<&str>) -> Result<Extracted, UsageError> {
    let body =
        Body::parse(text.as_ref(), &schema::ROOT).map_err(|problem| UsageError::UnknownShape { problem })?;
    extract(&body, provider)
}
