//! One-off questions: what does this cost, and what would it cost by another catalogue?

use super::{Call, Cost, CostPolicy, Status};
use crate::{Error, price::Catalogue, time::Timestamp};
use std::fmt::Write;

/// What to do with a model that has no price.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum OnUnknown {
    /// Fail with the `price.*` error.
    #[default]
    Raise,
    /// Answer with status `unpriced` and amounts of `None`.
    Null,
}

/// The catalogue's price of a call: no configured rates, no compute, no flat defaults.
///
/// ```
/// use finops_core::{cost::{Call, OnUnknown, cost}, price::Catalogue, usage::Usage};
/// let usage = Usage::new(1000, 500);
/// let at = "2026-11-01T12:00:00Z".parse()?;
/// let known = cost(&Catalogue::builtin(), &Call::new("gpt-4o", &usage, at), OnUnknown::Raise)?;
/// assert_eq!(known.total.map(|usd| usd.to_string()).as_deref(), Some("0.0075"));
/// let unknown = cost(&Catalogue::builtin(), &Call::new("my-model", &usage, at), OnUnknown::Null)?;
/// assert_eq!(unknown.total, None);
/// # Ok::<(), finops_core::Error>(())
/// ```
///
/// # Errors
/// `price.*` when no price is known and `on_unknown` raises; `usage.missing_model`, `money.overflow`.
pub fn cost(catalogue: &Catalogue, call: &Call<'_>, on_unknown: OnUnknown) -> Result<Cost, Error> {
    let call = Call { reported_cost: None, ..*call };
    match CostPolicy::catalogue_only(catalogue).charge(&call) {
        Ok(charge) => Ok(charge.cost(call.usage)),
        Err(Error::Price(_)) if on_unknown == OnUnknown::Null => Ok(Cost::unpriced(catalogue)),
        Err(error) => Err(error),
    }
}

/// What a call of the past costs by `catalogue` at `at`. Records keep the price that they were charged: this is a
/// question, not a correction.
///
/// # Errors
/// As [`cost`].
pub fn reprice(call: &Call<'_>, catalogue: &Catalogue, at: Timestamp) -> Result<Cost, Error> {
    cost(catalogue, &Call { at, ..*call }, OnUnknown::Raise)
}

impl Cost {
    /// No price is known: the amounts are `None`, never 0.
    #[must_use]
    pub fn unpriced(catalogue: &Catalogue) -> Self {
        Self {
            total: None,
            input: None,
            output: None,
            compute: None,
            other: None,
            line_items: Vec::new(),
            status: Status::Unpriced,
            price_source: None,
            assumptions: super::Assumptions::NONE,
            catalogue: Some(catalogue.id().to_owned()),
            price_rows: Vec::new(),
            sources: Vec::new(),
            list_price: None,
            reported: None,
            provider: None,
            model: None,
        }
    }

    /// The cost in words: its lines, a sentence for each assumption, the rows of the catalogue and their sources.
    #[must_use]
    pub fn explain(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_explanation(&mut out);
        out
    }

    fn write_explanation(&self, out: &mut String) -> std::fmt::Result {
        let amount = |usd: Option<crate::money::Picodollars>| {
            usd.map_or_else(|| "unknown".to_owned(), |usd| format!("{usd} USD"))
        };
        let source = self.price_source.map_or("no price", super::PriceSource::name);
        writeln!(out, "{} ({}, {source})", amount(self.total), self.status.name())?;
        if let (Some(provider), Some(model)) = (&self.provider, &self.model) {
            writeln!(out, "{provider} {model}")?;
        }
        for item in &self.line_items {
            let of = item.model.as_ref().map(|model| format!(" of {model}")).unwrap_or_default();
            let rate = item.rate.map(|rate| format!(" at {} USD per {}", rate.normalize(), item.per.name()));
            let unit = if item.unit == "compute" { "seconds of compute" } else { &item.unit };
            let (rate, amount) = (rate.unwrap_or_default(), amount(item.amount));
            writeln!(out, "  {} {unit}{of}{rate}: {amount}", item.quantity)?;
        }
        for assumption in self.assumptions.iter() {
            writeln!(out, "  {}: {}", assumption.code(), assumption.sentence())?;
        }
        if let Some(list) = self.list_price {
            writeln!(out, "list price {list} USD")?;
        }
        if let Some(reported) = self.reported {
            writeln!(out, "reported by the provider {reported} USD")?;
        }
        if let Some(catalogue) = &self.catalogue {
            writeln!(out, "catalogue {catalogue}")?;
        }
        for row in &self.price_rows {
            writeln!(out, "  row {row}")?;
        }
        for source in &self.sources {
            writeln!(out, "  source {source}")?;
        }
        Ok(())
    }
}
