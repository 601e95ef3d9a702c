//! Prices of tokens: those that the input states, else those of the catalogue.

use crate::{
    cost::{Assumption, Call, CostPolicy, PriceSource, Status},
    error::{Fault, shorten},
    json::Json,
    money::Picodollars,
    price::Catalogue,
    time::Timestamp,
    usage::Usage,
    waste::{Ratio, summary::refused_input},
};
use std::borrow::Cow;

/// Prices that stand before those of the catalogue; what is `None` is looked up there, for each model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenPrices {
    /// A token of input.
    pub input: Option<Ratio>,
    /// A token written to a cache.
    pub cache_write: Option<Ratio>,
    /// A token read from a cache.
    pub cache_read: Option<Ratio>,
    /// The fewest tokens of a prefix that are cached.
    pub minimum_cacheable_tokens: Option<Ratio>,
    /// What a batch costs of the standard price, such as 0.5.
    pub batch_multiplier: Option<Ratio>,
}

impl TokenPrices {
    /// Reads `{input, cache_write, cache_read, minimum_cacheable_tokens, batch_multiplier}`, each a number of at least 0.
    ///
    /// # Errors
    /// `waste.invalid_record` for another shape, an unknown member or a value that is no number of at least 0.
    pub fn from_json(value: &Json, path: &str) -> Result<Self, Fault> {
        let mut prices = Self::default();
        let members = value.as_object().ok_or_else(|| {
            let problem = format!("a {} is no table of prices", value.type_name());
            refused_input(path, problem, "give an object such as `{\"input\": \"0.000003\"}`")
        })?;
        for (name, value) in members.iter() {
            let slot = match name {
                "input" => &mut prices.input,
                "cache_write" => &mut prices.cache_write,
                "cache_read" => &mut prices.cache_read,
                "minimum_cacheable_tokens" => &mut prices.minimum_cacheable_tokens,
                "batch_multiplier" => &mut prices.batch_multiplier,
                other => {
                    let problem = format!("`{}` is no known price", shorten(other));
                    return Err(refused_input(
                        path,
                        problem,
                        "give `input`, `cache_write`, `cache_read`, ...",
                    ));
                }
            };
            if value.is_null() {
                continue;
            }
            let text = value.as_number().map(crate::json::Number::text).or_else(|| value.as_str());
            let number = text.and_then(Ratio::parse).filter(|number| !number.is_negative());
            *slot = Some(number.ok_or_else(|| {
                let problem = format!("`{}` is no price", shorten(&value.to_text()));
                refused_input(
                    &format!("{path}.{name}"),
                    problem,
                    "give a number of at least 0, dollars a token",
                )
            })?);
        }
        Ok(prices)
    }
}

/// Looks prices of tokens up.
pub(super) struct Pricer<'a> {
    stated: &'a TokenPrices,
    catalogue: &'a Catalogue,
    policy: CostPolicy,
    at: Timestamp,
}

/// Tokens that are priced to learn the price of one: so few that no price for long prompts applies (the lowest
/// threshold of the catalogue is 32,000), so many that a whole number of picodollars states the price exactly.
const PROBE: u64 = 1000;
/// Picodollars of a dollar.
const PICO: i128 = 1_000_000_000_000;

/// Dollars of an exact amount.
pub(super) fn dollars(amount: Picodollars) -> Ratio {
    Ratio::new(amount.get(), PICO).unwrap_or_default()
}

impl<'a> Pricer<'a> {
    pub(super) fn new(stated: &'a TokenPrices, catalogue: &'a Catalogue, at: Timestamp) -> Self {
        Self { stated, catalogue, policy: CostPolicy::catalogue_only(catalogue), at }
    }

    fn total(&self, provider: Option<&str>, model: &str, usage: &Usage, tier: Option<&str>) -> Option<Ratio> {
        let call = Call { provider, service_tier: tier, ..Call::new(model, usage, self.at) };
        let charge = self.policy.charge(&call).ok()?;
        let catalogue = charge.price_source() == PriceSource::Catalogue && charge.status() == Status::Priced;
        let exact = catalogue && !charge.assumptions().contains(Assumption::tier_at_standard);
        charge.total().filter(|_| exact).map(dollars)
    }

    fn token(
        &self,
        stated: Option<&Ratio>,
        provider: Option<&str>,
        model: &str,
        usage: &Usage,
    ) -> Option<Ratio> {
        match stated {
            Some(price) => Some(price.clone()),
            None => self.total(provider, model, usage, None)?.over(&Ratio::from(PROBE)),
        }
    }

    /// A token of input.
    pub(super) fn input(&self, provider: Option<&str>, model: &str) -> Option<Ratio> {
        let usage = Usage { input: PROBE, ..Usage::default() };
        self.token(self.stated.input.as_ref(), provider, model, &usage)
    }

    /// A token written to a cache.
    pub(super) fn cache_write(&self, provider: Option<&str>, model: &str) -> Option<Ratio> {
        let usage = Usage { cache_write_5m: PROBE, ..Usage::default() };
        self.token(self.stated.cache_write.as_ref(), provider, model, &usage)
    }

    /// A token read from a cache.
    pub(super) fn cache_read(&self, provider: Option<&str>, model: &str) -> Option<Ratio> {
        let usage = Usage { cache_read: PROBE, ..Usage::default() };
        self.token(self.stated.cache_read.as_ref(), provider, model, &usage)
    }

    /// The fewest tokens of a prefix that are cached.
    pub(super) fn minimum_cacheable(&self, provider: Option<&str>, model: &str) -> Option<Ratio> {
        let of_catalogue =
            || self.catalogue.offering(provider, model)?.cache_min_tokens.map(i64::from).map(Ratio::from);
        self.stated.minimum_cacheable_tokens.clone().or_else(of_catalogue)
    }

    /// What a batch costs of the standard price: where input and output differ, the dearer.
    pub(super) fn batch_multiplier(&self, provider: Option<&str>, model: &str) -> Option<Ratio> {
        if let Some(multiplier) = &self.stated.batch_multiplier {
            return Some(multiplier.clone());
        }
        let share = |usage: Usage| {
            let standard = self.total(provider, model, &usage, None)?;
            self.total(provider, model, &usage, Some("batch"))?.over(&standard)
        };
        let input = share(Usage { input: PROBE, ..Usage::default() })?;
        Some(input.max(share(Usage { output: PROBE, ..Usage::default() })?))
    }

    /// Where prices come from: the input as soon as it states one of those that are used.
    pub(super) fn source(&self, stated: bool) -> (Cow<'static, str>, Option<String>) {
        if stated {
            ("input.prices".into(), None)
        } else {
            (format!("catalogue {}", self.catalogue.id()).into(), Some(self.catalogue.generated().to_owned()))
        }
    }

    pub(super) fn stated(&self) -> &TokenPrices {
        self.stated
    }
}
