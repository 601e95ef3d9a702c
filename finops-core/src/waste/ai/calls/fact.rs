use crate::{
    cost::PriceSource,
    money::{Picodollars, decimal},
    time::Timestamp,
    usage::Usage,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is known of one call. Of a record: its request id, or else its place in the list, and its unit cost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CallFact {
    /// The caller's id.
    pub id: String,
    /// When it ended.
    pub at: Timestamp,
    /// Who served it.
    pub provider: Option<String>,
    /// The model.
    pub model: String,
    /// Its tokens.
    pub usage: Usage,
    /// What it cost; `None` when no price is known.
    pub cost_usd: Option<Picodollars>,
    /// What its answer cost, when known apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_cost_usd: Option<Picodollars>,
    /// Where the price came from, when known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_source: Option<PriceSource>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The served tier.
    pub service_tier: Option<String>,
    /// `ok`, `error` or `cancelled`; not given is ok.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Why the model stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish: Option<String>,
    /// The conversation or task it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Fingerprint of the whole prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_hash: Option<String>,
    /// Fingerprint of the part of the prompt that calls share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix_hash: Option<String>,
    /// Tokens of that part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix_tokens: Option<u64>,
    /// Fingerprint of the tool call that the answer asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_hash: Option<String>,
}

impl CallFact {
    pub(super) fn is_ok(&self) -> bool {
        self.outcome.as_deref().is_none_or(|outcome| outcome == "ok")
    }

    pub(super) fn cost(&self) -> Picodollars {
        self.cost_usd.unwrap_or(Picodollars::ZERO)
    }
}

/// The kinds of signal, in the order in which they are found and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SignalType {
    /// The call failed and was billed.
    #[serde(rename = "call.failed")]
    Failed,
    /// The same prompt was sent again soon after.
    #[serde(rename = "call.retry")]
    Retry,
    /// The answer was cut off.
    #[serde(rename = "call.truncated")]
    Truncated,
    /// The same tool call again and again.
    #[serde(rename = "call.loop")]
    Loop,
    /// The same prompt again within a day.
    #[serde(rename = "call.repeated")]
    Repeated,
    /// A long shared prefix that no cache served.
    #[serde(rename = "call.uncached_prefix")]
    UncachedPrefix,
    /// A cheaper model that the user named.
    #[serde(rename = "call.cheaper_model")]
    CheaperModel,
    /// Work that can wait, served at once.
    #[serde(rename = "call.batch_eligible")]
    BatchEligible,
    /// Calls without a price of their own.
    #[serde(rename = "call.unpriced")]
    Unpriced,
}

impl SignalType {
    /// The wire name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Failed => "call.failed",
            Self::Retry => "call.retry",
            Self::Truncated => "call.truncated",
            Self::Loop => "call.loop",
            Self::Repeated => "call.repeated",
            Self::UncachedPrefix => "call.uncached_prefix",
            Self::CheaperModel => "call.cheaper_model",
            Self::BatchEligible => "call.batch_eligible",
            Self::Unpriced => "call.unpriced",
        }
    }
}

/// The first and the last instant of a signal's calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignalWindow {
    /// The first call's.
    pub start: Timestamp,
    /// The last call's.
    pub end: Timestamp,
}

/// Calls that spent more than they had to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallSignal {
    /// The kind.
    pub r#type: SignalType,
    /// Ids of the calls, by instant, then id.
    pub calls: Vec<String>,
    /// From the first to the last of them.
    pub window: SignalWindow,
    /// What could have been saved; `None` when not known (`call.unpriced` only).
    pub saving_usd: Option<Picodollars>,
    /// How sure the saving is, 0 to 1.
    #[serde(with = "decimal_text")]
    pub confidence: Decimal,
    /// The model to change to (`call.cheaper_model` only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// What the signal stands on: model, counts, thresholds.
    pub evidence: BTreeMap<String, serde_json::Value>,
}

/// Thresholds and wishes. The defaults are those of the documentation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignalConfig {
    /// Models that may stand in for a model, by name. Nothing is suggested that the user did not list.
    pub candidates: BTreeMap<String, Vec<String>>,
    /// A retry follows within this many seconds.
    pub retry_s: u32,
    /// A session goes on within this many seconds.
    pub continuation_s: u32,
    /// From this call on, the same tool call is a loop
    /// (google-gemini/gemini-cli `loopDetectionService.ts`: 5 identical tool calls).
    pub loop_calls: u32,
    /// So many equal prompts are a repetition.
    pub repeated_calls: u32,
    /// Within this many seconds.
    pub repeated_s: u32,
    /// So many calls share an uncached prefix.
    pub prefix_calls: u32,
    /// At most this many seconds apart: a cache entry lives five minutes by default
    /// (<https://platform.claude.com/docs/en/build-with-claude/prompt-caching>).
    pub prefix_gap_s: u32,
    /// Unpriced tokens above this percentage of all tokens are reported.
    pub unpriced_percent: u32,
}

impl Default for SignalConfig {
    fn default() -> Self {
        Self {
            candidates: BTreeMap::new(),
            retry_s: 60,
            continuation_s: 600,
            loop_calls: 5,
            repeated_calls: 3,
            repeated_s: 86_400,
            prefix_calls: 3,
            prefix_gap_s: 300,
            unpriced_percent: 5,
        }
    }
}

mod decimal_text {
    use super::{Decimal, decimal};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&decimal::text(*value))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        decimal::parse(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is no decimal; write `0.9`")))
    }
}
