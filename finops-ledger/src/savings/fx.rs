//! Dated exchange rates with their source.

use super::SavingsError;
use crate::{
    baseline::RATE_DIGITS,
    date::Date,
    number::{Exact, MONEY_DIGITS},
    read::Fields,
};
use serde_json::Value;
use std::collections::BTreeMap;

/// Exchange rates by pair of currencies and day. A rate is used as it was stated, never turned round or chained.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FxTable(BTreeMap<(String, String), BTreeMap<Date, FxRate>>);

/// One rate: an amount in `from` times it is an amount in `to`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FxRate {
    /// ISO 4217.
    pub from: String,
    /// ISO 4217.
    pub to: String,
    /// Units of `to` for one of `from`, above 0.
    pub rate: Exact,
    /// The day it was fixed.
    pub date: Date,
    /// Who fixed it, for example `ECB`.
    pub source: String,
}

impl FxRate {
    /// Reads the data of an `fx.recorded` event that stands at the JSON pointer `path`.
    ///
    /// # Errors
    /// `ledger.event.data`.
    pub fn from_json(value: &Value, path: &str) -> Result<Self, SavingsError> {
        let fields = Fields::of(value, path)?;
        fields.required_text("from")?;
        fields.required_text("to")?;
        let rate = fields.required_decimal("rate", RATE_DIGITS)?;
        if !rate.is_positive() {
            return Err(fields.fault("rate", "must be above 0").into());
        }
        let date = Date::parse(fields.required_text("date")?)
            .ok_or_else(|| fields.fault("date", "is not a day such as `2026-03-14`"))?;
        let (from, to) = (fields.currency("from")?, fields.currency("to")?);
        Ok(Self { from, to, rate, date, source: fields.required_text("source")?.to_owned() })
    }
}

impl FxTable {
    /// Adds a rate; a later one of the same pair and day takes its place.
    pub fn record(&mut self, rate: FxRate) {
        self.0.entry((rate.from.clone(), rate.to.clone())).or_default().insert(rate.date, rate);
    }

    /// `amount` in `to`, at 12 digits, by the last rate fixed on or before `on` (`None`: the last of all).
    ///
    /// # Errors
    /// `ledger.savings.mixed_currency` when there is no such rate.
    pub fn convert(
        &self,
        amount: &Exact,
        from: &str,
        to: &str,
        on: Option<Date>,
    ) -> Result<Exact, SavingsError> {
        if from == to {
            return Ok(amount.clone());
        }
        let rates = self.0.get(&(from.to_owned(), to.to_owned()));
        let rate = rates.and_then(|rates| match on {
            Some(day) => rates.range(..=day).next_back(),
            None => rates.last_key_value(),
        });
        match rate {
            Some((_, rate)) => Ok(amount.times(&rate.rate).round(MONEY_DIGITS)),
            None => {
                let when = on.map_or_else(String::new, |day| format!(" on or before {day}"));
                let problem = format!("there is no rate from `{from}` to `{to}`{when}");
                Err(SavingsError::MixedCurrency { problem })
            }
        }
    }
}
