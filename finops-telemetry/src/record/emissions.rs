//! The energy and carbon of a record: two numbers now, everything else when somebody reads it.

use finops_core::{
    carbon::{Assumption, Assumptions},
    error::ConfigError,
    money::decimal,
};
use rust_decimal::Decimal;
use serde_json::Value;
use std::borrow::Cow;

/// Energy and carbon of one run.
#[derive(Debug, Clone)]
pub(crate) enum Emissions {
    /// As a wire form told them.
    Told(Box<Told>),
}

/// What a wire form says.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    joules: Exact,
    kg: Exact,
    intensity: Decimal,
    energy: Value,
    carbon: Value,
    assumptions: Assumptions,
}

/// A number as its exact text and the f64 nearest to it.
#[derive(Debug, Clone)]
struct Exact {
    text: Box<str>,
    value: f64,
}

impl Exact {
    fn read(path: &'static str, text: &str) -> Result<Self, ConfigError> {
        let value = text.parse::<f64>().ok().filter(|value| value.is_finite() && *value >= 0.0);
        let value = value.ok_or_else(|| {
            ConfigError::new(path, text, "not a number of at least 0", "pass what `to_json` gave")
        })?;
        Ok(Self { text: text.into(), value })
    }
}

impl Emissions {
    /// As a wire form told them.
    pub(super) fn told(
        joules: &str,
        kg: &str,
        intensity: Decimal,
        energy: Value,
        carbon: Value,
        assumptions: Assumptions,
    ) -> Result<Self, ConfigError> {
        Ok(Self::Told(Box::new(Told {
            joules: Exact::read("energy_joules", joules)?,
            kg: Exact::read("carbon_kg", kg)?,
            intensity,
            energy,
            carbon,
            assumptions,
        })))
    }

    pub(super) fn joules(&self) -> f64 {
        match self {
            Self::Told(told) => told.joules.value,
        }
    }

    pub(super) fn kg(&self) -> f64 {
        match self {
            Self::Told(told) => told.kg.value,
        }
    }

    pub(super) fn joules_text(&self) -> Cow<'_, str> {
        match self {
            Self::Told(told) => Cow::Borrowed(&told.joules.text),
        }
    }

    pub(super) fn kg_text(&self) -> Cow<'_, str> {
        match self {
            Self::Told(told) => Cow::Borrowed(&told.kg.text),
        }
    }

    pub(super) fn intensity(&self) -> Decimal {
        match self {
            Self::Told(told) => told.intensity,
        }
    }

    pub(super) fn intensity_f64(&self) -> f64 {
        decimal::to_f64(self.intensity())
    }

    pub(super) fn energy(&self) -> Cow<'_, Value> {
        match self {
            Self::Told(told) => Cow::Borrowed(&told.energy),
        }
    }

    pub(super) fn carbon(&self) -> Cow<'_, Value> {
        match self {
            Self::Told(told) => Cow::Borrowed(&told.carbon),
        }
    }

    pub(super) fn assumptions(&self) -> impl Iterator<Item = &'static str> {
        let set = match self {
            Self::Told(told) => told.assumptions,
        };
        set.iter().map(Assumption::code)
    }
}
