use crate::money::{Rate, decimal};
use rust_decimal::Decimal;

/// Who runs the model, which decides whether compute is added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hosting {
    /// A provider behind an API: its rates include the machines.
    #[default]
    Api,
    /// Your own machines: `duration * compute_cost_per_hour` is added.
    SelfHosted,
}

impl Hosting {
    /// The wire name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::SelfHosted => "self_hosted",
        }
    }
}

/// The user's own price of a model, which wins over every other.
///
/// Its wire form has the names of the constructor arguments (`input_usd_per_mtok`, …) with decimals as text.
///
/// ```
/// use finops_core::cost::ModelPrice;
/// let price: ModelPrice = serde_json::from_str(r#"{"model":"gpt-4o","input_usd_per_mtok":"2"}"#)?;
/// assert_eq!(price.input.map(|rate| rate.to_string()).as_deref(), Some("2"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelPrice {
    /// The model, as calls name it.
    pub model: String,
    /// Applies to calls at this provider only, given or resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Who runs it.
    #[serde(default)]
    pub hosting: Hosting,
    /// Rate of input tokens.
    #[serde(
        default,
        rename = "input_usd_per_mtok",
        with = "rate_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub input: Option<Rate>,
    /// Rate of output tokens.
    #[serde(
        default,
        rename = "output_usd_per_mtok",
        with = "rate_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub output: Option<Rate>,
    /// Rate of tokens read from the cache.
    #[serde(
        default,
        rename = "cache_read_usd_per_mtok",
        with = "rate_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub cache_read: Option<Rate>,
    /// Rate of tokens written to the cache, whatever their lifetime.
    #[serde(
        default,
        rename = "cache_write_usd_per_mtok",
        with = "rate_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub cache_write: Option<Rate>,
    /// USD an hour of the machines that run it.
    #[serde(default, with = "decimal_text", skip_serializing_if = "Option::is_none")]
    pub compute_cost_per_hour: Option<Decimal>,
}

impl ModelPrice {
    /// An entry for `model` without rates; set fields with struct update syntax.
    #[must_use]
    pub fn new(model: impl Into<String>) -> Self {
        Self { model: model.into(), ..Self::default() }
    }

    /// Whether any token rate is stated.
    #[must_use]
    pub const fn has_token_rates(&self) -> bool {
        self.input.is_some()
            || self.output.is_some()
            || self.cache_read.is_some()
            || self.cache_write.is_some()
    }
}

mod rate_text {
    use super::{Rate, decimal, decimal_text};
    use serde::{Deserializer, Serializer, de::Error};

    #[expect(clippy::ref_option, reason = "the signature that serde asks for")]
    pub fn serialize<S: Serializer>(value: &Option<Rate>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(rate) => serializer.serialize_str(&decimal::text(rate.usd_per_mtok())),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Rate>, D::Error> {
        let usd = decimal_text::deserialize(deserializer)?;
        usd.map(Rate::from_usd_per_mtok).transpose().map_err(D::Error::custom)
    }
}

/// Decimals as text on the wire, `null` when absent.
pub(super) mod decimal_text {
    use super::{Decimal, decimal};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::ref_option, reason = "the signature that serde asks for")]
    pub fn serialize<S: Serializer>(value: &Option<Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => serializer.serialize_str(&decimal::text(*value)),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
        let text = <Option<std::borrow::Cow<'de, str>>>::deserialize(deserializer)?;
        let parse = |text: std::borrow::Cow<'de, str>| {
            decimal::parse(&text)
                .ok_or_else(|| D::Error::custom(format!("`{text}` is no decimal; write `0.25`")))
        };
        text.map(parse).transpose()
    }
}
