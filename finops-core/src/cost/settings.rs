//! What a policy is configured with. A setting that was made is explicit, whatever its value.

use super::{
    CostPolicy, ModelPrice,
    policy::{DEFAULT_COMPUTE_PER_HOUR, DEFAULT_INPUT, DEFAULT_OUTPUT},
};
use crate::{
    Error,
    error::ConfigError,
    money::{Rate, decimal, time_cost},
    price::{Catalogue, PriceError, resolve},
    time::DurationNs,
};
use rust_decimal::Decimal;

impl CostPolicy {
    /// Sets `cost_per_1k_input_tokens`; an explicit 0 is a price, `None` takes the setting back.
    ///
    /// # Errors
    /// `config.invalid` for a negative rate, `price.too_precise` for more than twelve decimals.
    pub fn set_input_per_1k(&mut self, usd: Option<Decimal>) -> Result<(), Error> {
        self.input = rate_per_1k("cost_per_1k_input_tokens", usd)?;
        Ok(())
    }

    /// Sets `cost_per_1k_output_tokens`.
    ///
    /// # Errors
    /// As [`CostPolicy::set_input_per_1k`].
    pub fn set_output_per_1k(&mut self, usd: Option<Decimal>) -> Result<(), Error> {
        self.output = rate_per_1k("cost_per_1k_output_tokens", usd)?;
        Ok(())
    }

    /// Sets `cost_per_1k_cached_input_tokens`, the rate of cache reads beside flat rates.
    ///
    /// # Errors
    /// As [`CostPolicy::set_input_per_1k`].
    pub fn set_cached_per_1k(&mut self, usd: Option<Decimal>) -> Result<(), Error> {
        self.cached = rate_per_1k("cost_per_1k_cached_input_tokens", usd)?;
        Ok(())
    }

    /// Sets `compute_cost_per_hour`; once set it is added for every model.
    ///
    /// # Errors
    /// `config.invalid` for a negative rate, or one with more than twelve decimals.
    pub fn set_compute_per_hour(&mut self, usd: Option<Decimal>) -> Result<(), Error> {
        usd.map_or(Ok(()), |usd| check_hourly("compute_cost_per_hour", usd))?;
        self.compute = usd;
        Ok(())
    }

    /// Adds the user's price of a model, or replaces the one of the same model and provider.
    ///
    /// # Errors
    /// `config.invalid` for a blank model or a negative hourly rate.
    pub fn set_price(&mut self, price: ModelPrice) -> Result<(), Error> {
        let model = price.model.trim_ascii();
        if model.is_empty() {
            return Err(ConfigError::new("model", &price.model, "blank", "name the model").into());
        }
        price.compute_cost_per_hour.map_or(Ok(()), |usd| check_hourly("compute_cost_per_hour", usd))?;
        let same = |known: &ModelPrice| {
            known.model.trim_ascii() == model
                && known.provider.as_deref().map(resolve::provider_alias)
                    == price.provider.as_deref().map(resolve::provider_alias)
        };
        if let Some(known) = self.models.iter_mut().find(|known| same(known)) {
            *known = price;
        } else {
            self.by_model.entry(model.into()).or_default().push(self.models.len());
            self.models.push(price);
        }
        Ok(())
    }

    /// Sets the catalogue to price by.
    pub fn set_catalogue(&mut self, catalogue: Catalogue) {
        self.catalogue = catalogue;
    }

    /// Sets whether the catalogue is consulted.
    pub const fn set_use_catalogue(&mut self, yes: bool) {
        self.use_catalogue = yes;
    }

    /// Sets whether a price that is not certain is an error.
    pub const fn set_strict(&mut self, yes: bool) {
        self.strict = yes;
    }

    /// USD per 1,000 input tokens: the setting, else 0.001.
    #[must_use]
    pub fn input_per_1k(&self) -> Decimal {
        per_1k(self.input.unwrap_or(DEFAULT_INPUT))
    }

    /// USD per 1,000 output tokens: the setting, else 0.002.
    #[must_use]
    pub fn output_per_1k(&self) -> Decimal {
        per_1k(self.output.unwrap_or(DEFAULT_OUTPUT))
    }

    /// USD per 1,000 cached input tokens; `None`: the input rate.
    #[must_use]
    pub fn cached_per_1k(&self) -> Option<Decimal> {
        self.cached.map(per_1k)
    }

    /// USD per hour of compute: the setting, else 1.
    #[must_use]
    pub fn compute_per_hour(&self) -> Decimal {
        self.compute.unwrap_or(DEFAULT_COMPUTE_PER_HOUR)
    }

    /// The catalogue.
    #[must_use]
    pub const fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The user's prices.
    #[must_use]
    pub fn prices(&self) -> &[ModelPrice] {
        &self.models
    }
}

fn rate_per_1k(name: &str, usd: Option<Decimal>) -> Result<Option<Rate>, Error> {
    let read = |usd: Decimal| {
        Rate::from_usd_per_1k(usd).map_err(|error| match error {
            PriceError::InvalidRate { rate } => Error::from(ConfigError::new(
                name,
                rate,
                "negative or too large",
                "give a number of at least 0",
            )),
            other => other.into(),
        })
    };
    usd.map(read).transpose()
}

/// USD per 1,000 tokens of a rate.
fn per_1k(rate: Rate) -> Decimal {
    Decimal::new(rate.femtodollars(), 12).normalize()
}

fn check_hourly(name: &str, usd: Decimal) -> Result<(), Error> {
    if usd.is_sign_negative() && !usd.is_zero() {
        return Err(ConfigError::new(name, usd, "negative", "give a number of at least 0").into());
    }
    // An hourly rate of whole picodollars: what `time_cost` can hold.
    time_cost(DurationNs::new(0), usd, 1).map(|_| ()).map_err(|_| {
        ConfigError::new(
            name,
            decimal::text(usd),
            "not a whole number of picodollars",
            "round it to 12 decimals",
        )
        .into()
    })
}
