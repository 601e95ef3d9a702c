use super::{Assumptions, model_price::decimal_text};
use crate::money::{Picodollars, decimal};
use rust_decimal::Decimal;
use std::borrow::Cow;

/// How far an amount can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// A published or configured price, exactly applied.
    Priced,
    /// The provider's own figure.
    ProviderReported,
    /// Right but for what the assumptions name.
    Estimated,
    /// No price is known: the amounts are `None`, never 0.
    Unpriced,
}

impl Status {
    /// The wire name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Priced => "priced",
            Self::ProviderReported => "provider_reported",
            Self::Estimated => "estimated",
            Self::Unpriced => "unpriced",
        }
    }
}

/// Where the price came from, first of these that has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceSource {
    /// The user's entry for the model.
    Custom,
    /// The user's flat rates.
    Configured,
    /// The cost in the response body.
    Provider,
    /// The price catalogue.
    Catalogue,
    /// The flat default rates.
    Default,
}

impl PriceSource {
    /// The wire name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Custom => "custom",
            Self::Configured => "configured",
            Self::Provider => "provider",
            Self::Catalogue => "catalogue",
            Self::Default => "default",
        }
    }
}

/// What a rate counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RatePer {
    /// A million tokens.
    Mtok,
    /// One use.
    Use,
    /// One hour.
    Hour,
}

impl RatePer {
    /// The wire name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mtok => "mtok",
            Self::Use => "use",
            Self::Hour => "hour",
        }
    }
}

/// One line of a cost.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LineItem {
    /// A usage bucket or unit (`cache_read`, `web_search`), `compute`, or `reported`.
    pub unit: Cow<'static, str>,
    /// How many; seconds for `compute`.
    #[serde(with = "plain_text")]
    pub quantity: Decimal,
    /// USD per `per`; `None` when no rate is known or the provider stated the amount.
    #[serde(with = "decimal_text")]
    pub rate: Option<Decimal>,
    /// What the rate counts.
    pub per: RatePer,
    /// The exact amount; `None` when no rate is known.
    pub amount: Option<Picodollars>,
    /// The model priced, where the call had parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// What a call cost, line by line.
///
/// `input` and `output` sum their sides, `other` the per-use units and reported amounts, and `total` is the exact sum
/// of the items.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Cost {
    /// The exact sum of the items.
    pub total: Option<Picodollars>,
    /// The prompt side; `None` when not known apart.
    pub input: Option<Picodollars>,
    /// The completion side; `None` when not known apart.
    pub output: Option<Picodollars>,
    /// Machines.
    pub compute: Option<Picodollars>,
    /// Per-use units, and what a provider reported.
    pub other: Option<Picodollars>,
    /// The lines.
    pub line_items: Vec<LineItem>,
    /// How far to trust it.
    pub status: Status,
    /// Which price won; `None` when unpriced.
    pub price_source: Option<PriceSource>,
    /// Whatever was assumed.
    pub assumptions: Assumptions,
    /// The id of the catalogue consulted.
    pub catalogue: Option<String>,
    /// The ids of the catalogue rows applied, or that the list price stands on.
    pub price_rows: Vec<String>,
    /// The addresses of the sources that these rows stand on.
    #[serde(default)]
    pub sources: Vec<String>,
    /// The catalogue's price where another won.
    pub list_price: Option<Picodollars>,
    /// What the provider reported, whichever price won.
    pub reported: Option<Picodollars>,
    /// The provider whose price applies.
    #[serde(default)]
    pub provider: Option<String>,
    /// The model whose price applies, as the catalogue names it.
    #[serde(default)]
    pub model: Option<String>,
}

mod plain_text {
    use super::{Cow, Decimal, decimal};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&decimal::text(*value))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        decimal::parse(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is no decimal; write `0.25`")))
    }
}
