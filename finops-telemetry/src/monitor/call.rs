//! What a caller tells the monitor: calls and training runs, and the checks of their raw numbers.

use super::tags::Tags;
use finops_core::{
    cost::{Assumptions, Hosting},
    error::ConfigError,
    money::{Picodollars, decimal},
    time::{DurationNs, Timestamp},
    usage::{Extracted, Part, Usage, UsageError},
};
use rust_decimal::Decimal;

/// How a call ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It gave an answer.
    #[default]
    Ok,
    /// It failed.
    Error,
    /// The caller gave up.
    Cancelled,
}

impl Outcome {
    /// The wire name: `ok`, `error` or `cancelled`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Cancelled => "cancelled",
        }
    }

    /// The outcome of that wire name.
    ///
    /// # Errors
    /// `config.invalid` for any other name.
    pub fn from_name(name: &str) -> Result<Self, ConfigError> {
        match name {
            "ok" => Ok(Self::Ok),
            "error" => Ok(Self::Error),
            "cancelled" => Ok(Self::Cancelled),
            _ => {
                Err(ConfigError::new("outcome", name, "not an outcome", "write `ok`, `error` or `cancelled`"))
            }
        }
    }
}

/// Opaque keyed fingerprints of a call, for the waste signals. Prompts never enter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Trace {
    /// The conversation or task that the call belongs to.
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

/// One inference to be logged.
///
/// ```
/// use finops_core::{time::Timestamp, usage::Usage};
/// use finops_telemetry::monitor::InferenceCall;
/// let call = InferenceCall {
///     provider: Some("openai"),
///     ..InferenceCall::new("gpt-4o", Usage::new(1000, 500), Timestamp::default())
/// };
/// assert_eq!(call.usage.total_tokens(), 1500);
/// ```
#[derive(Debug, Clone)]
pub struct InferenceCall<'a> {
    /// Who served it; `None`: resolved from the model's name.
    pub provider: Option<&'a str>,
    /// The model, as the response names it.
    pub model: &'a str,
    /// The model that was asked for, when another.
    pub requested_model: Option<&'a str>,
    /// Its tokens and counters.
    pub usage: Usage,
    /// Parts to be priced one by one; empty when the whole is one part.
    pub parts: &'a [Part],
    /// When it ended.
    pub at: Timestamp,
    /// How long it took, when known.
    pub duration: Option<DurationNs>,
    /// The served tier.
    pub service_tier: Option<&'a str>,
    /// The serving region.
    pub region: Option<&'a str>,
    /// The provider's `speed`.
    pub speed: Option<&'a str>,
    /// The search context size.
    pub search_context: Option<&'a str>,
    /// What the provider says it cost.
    pub reported_cost: Option<Picodollars>,
    /// Who runs the model, when known.
    pub hosting: Option<Hosting>,
    /// What was assumed about the usage.
    pub assumptions: Assumptions,
    /// The caller's or provider's id: logging it twice counts it once.
    pub request_id: Option<&'a str>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why the model stopped: `stop`, `length`, `tool_calls`, `content_filter`, `error`, or a provider's own word.
    pub finish: Option<&'a str>,
    /// Whether the response was complete; `false` for a stream that broke off.
    pub complete: bool,
    /// Fingerprints for the waste signals.
    pub trace: Option<Trace>,
    /// The tags, from [`TagSchema::collect`](super::TagSchema::collect).
    pub tags: Tags,
    /// The reservation that this call settles.
    pub reservation: Option<&'a str>,
}

impl<'a> InferenceCall<'a> {
    /// A complete call of `model` that ended well at `at`.
    #[must_use]
    pub fn new(model: &'a str, usage: Usage, at: Timestamp) -> Self {
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
            request_id: None,
            outcome: Outcome::Ok,
            finish: None,
            complete: true,
            trace: None,
            tags: Tags::default(),
            reservation: None,
        }
    }

    /// The call that a response body tells of. `given` holds what the caller said: its model is the requested one, and
    /// its provider, tier, region, duration and request id stand where the body is silent.
    ///
    /// # Errors
    /// `usage.missing_model` when neither names a model.
    pub fn from_extracted(body: &'a Extracted, given: &Given<'a>, at: Timestamp) -> Result<Self, UsageError> {
        let model = body.model_or(given.model)?;
        Ok(Self {
            provider: given.provider.or(body.provider.as_deref()),
            requested_model: given.model.filter(|requested| *requested != model),
            parts: &body.parts,
            duration: given.duration.or(body.duration),
            service_tier: body.service_tier.as_deref().or(given.service_tier),
            region: body.region.as_deref().or(given.region),
            speed: body.speed.as_deref(),
            search_context: body.search_context.as_deref(),
            reported_cost: body.reported_cost,
            assumptions: body.assumptions,
            request_id: given.request_id.or(body.request_id.as_deref()),
            finish: body.finish,
            complete: body.complete,
            ..Self::new(model, body.usage, at)
        })
    }
}

/// What a caller says beside a response body.
#[derive(Debug, Clone, Copy, Default)]
pub struct Given<'a> {
    /// The provider.
    pub provider: Option<&'a str>,
    /// The model that was asked for.
    pub model: Option<&'a str>,
    /// The measured duration.
    pub duration: Option<DurationNs>,
    /// The requested tier.
    pub service_tier: Option<&'a str>,
    /// The region.
    pub region: Option<&'a str>,
    /// The caller's id of the call.
    pub request_id: Option<&'a str>,
}

/// One training run to be logged.
#[derive(Debug, Clone)]
pub struct TrainingCall<'a> {
    /// The model that was trained.
    pub model: &'a str,
    /// How long it took, in hours.
    pub duration_hours: Decimal,
    /// On how many GPUs, at least 1.
    pub gpu_count: u64,
    /// Power of one GPU in kilowatts; `None`: that of the monitor.
    pub gpu_power_kw: Option<Decimal>,
    /// When it ended.
    pub at: Timestamp,
    /// The tags, from [`TagSchema::collect`](super::TagSchema::collect).
    pub tags: Tags,
}

impl<'a> TrainingCall<'a> {
    /// A run of `duration_hours` on `gpu_count` GPUs that ended at `at`.
    #[must_use]
    pub fn new(model: &'a str, duration_hours: Decimal, gpu_count: u64, at: Timestamp) -> Self {
        Self { model, duration_hours, gpu_count, gpu_power_kw: None, at, tags: Tags::default() }
    }
}

/// A count from a signed integer, as Python and JSON hold it.
///
/// # Errors
/// `usage.not_a_count` naming `path`.
pub fn count(path: &str, value: i128) -> Result<u64, UsageError> {
    u64::try_from(value).map_err(|_| UsageError::not_a_count(path, value))
}

/// A count from a float, as JavaScript holds it: whole, and at most 2^53 - 1, above which floats skip integers.
///
/// # Errors
/// `usage.not_a_count` naming `path`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole and range-checked before the cast"
)]
pub fn count_f64(path: &str, value: f64) -> Result<u64, UsageError> {
    const MAX_SAFE: f64 = 9_007_199_254_740_991.0;
    if (0.0..=MAX_SAFE).contains(&value) && value.fract().abs() <= 0.0 {
        Ok(value as u64)
    } else {
        Err(UsageError::not_a_count(path, value))
    }
}

/// A duration from milliseconds, read by the shortest decimal of the float.
///
/// # Errors
/// `usage.invalid_duration` naming `path`: negative, not finite or longer than 584 years.
pub fn duration_ms(path: &str, value: f64) -> Result<DurationNs, UsageError> {
    DurationNs::from_ms_f64(value).ok_or_else(|| invalid_duration(path, value))
}

/// A duration from exact milliseconds.
///
/// # Errors
/// As [`duration_ms`].
pub fn duration_ms_exact(path: &str, value: Decimal) -> Result<DurationNs, UsageError> {
    DurationNs::from_ms_decimal(value).ok_or_else(|| invalid_duration(path, value))
}

/// Hours of training, read by the shortest decimal of the float.
///
/// # Errors
/// `usage.invalid_duration` naming `path`.
pub fn hours(path: &str, value: f64) -> Result<Decimal, UsageError> {
    let exact = decimal::from_f64(value).ok_or_else(|| invalid_duration(path, value))?;
    hours_exact(path, exact)
}

/// Exact hours of training.
///
/// # Errors
/// `usage.invalid_duration` naming `path`.
pub fn hours_exact(path: &str, value: Decimal) -> Result<Decimal, UsageError> {
    DurationNs::from_hours_decimal(value)
        .map(|_| value.normalize())
        .ok_or_else(|| invalid_duration(path, value))
}

fn invalid_duration(path: &str, value: impl std::fmt::Display) -> UsageError {
    UsageError::InvalidDuration {
        path: path.to_owned(),
        value: finops_core::error::shorten(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_numbers_are_counts_or_refused() {
        assert_eq!(count("n", 5).unwrap(), 5);
        assert_eq!(count_f64("n", 9_007_199_254_740_991.0).unwrap(), (1 << 53) - 1);
        for value in [-1.0, 0.5, f64::NAN, f64::INFINITY, 9_007_199_254_740_992.0] {
            assert_eq!(count_f64("n", value).unwrap_err().code(), "usage.not_a_count", "{value}");
        }
        assert_eq!(count("input_tokens", -1).unwrap_err().path(), "input_tokens");
        for value in [-0.5, f64::NAN, 1e30] {
            assert_eq!(duration_ms("d", value).unwrap_err().code(), "usage.invalid_duration");
            assert_eq!(hours("d", value).unwrap_err().code(), "usage.invalid_duration");
        }
        assert_eq!(duration_ms("d", 333.333).unwrap().get(), 333_333_000);
    }

    #[test]
    fn a_body_wins_over_what_was_asked_for() {
        let body = Extracted {
            model: Some("gpt-4o-2024-08-06".to_owned()),
            service_tier: Some("flex".into()),
            complete: true,
            ..Extracted::default()
        };
        let given = Given { model: Some("gpt-4o"), service_tier: Some("priority"), ..Given::default() };
        let call = InferenceCall::from_extracted(&body, &given, Timestamp::default()).unwrap();
        assert_eq!((call.model, call.requested_model), ("gpt-4o-2024-08-06", Some("gpt-4o")));
        assert_eq!(call.service_tier, Some("flex"));
        let silent = Extracted::default();
        let call = InferenceCall::from_extracted(&silent, &given, Timestamp::default()).unwrap();
        assert_eq!((call.model, call.requested_model), ("gpt-4o", None));
        let error = InferenceCall::from_extracted(&silent, &Given::default(), Timestamp::default());
        assert_eq!(error.unwrap_err().code(), "usage.missing_model");
    }
}
