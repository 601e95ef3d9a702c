//! What the records of one model and price share, and the small rest that each has of its own.

use super::emissions::Context;
use finops_core::{
    cost::{Charge, Cost},
    money::Picodollars,
    price::Name,
    usage::{TextUsage, Usage},
};
use std::sync::Arc;

/// What a record says that others may say too.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) model: Name,
    pub(crate) provider: Option<Name>,
    pub(crate) price: Price,
    pub(crate) context: Arc<Context>,
}

/// The price of a record: as it was charged, or as a wire form told it.
#[derive(Debug)]
pub(crate) enum Price {
    Charged(Charge),
    Told(Box<Cost>),
}

/// What one of many records of the same price cost: the prompt and the completion, and nothing else.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sides {
    /// Picodollars.
    pub(crate) input: i64,
    /// Picodollars.
    pub(crate) output: i64,
}

impl Sides {
    pub(crate) fn input(self) -> Picodollars {
        Picodollars::new(self.input.into())
    }

    pub(crate) fn output(self) -> Picodollars {
        Picodollars::new(self.output.into())
    }

    pub(crate) fn total(self) -> Picodollars {
        Picodollars::new(i128::from(self.input).saturating_add(self.output.into()))
    }
}

/// Tokens and units: most records count text alone, which takes a quarter of the room.
#[derive(Debug, Clone)]
pub(crate) enum Counts {
    Text(TextUsage),
    All(Box<Usage>),
}

impl Counts {
    pub(crate) fn usage(&self) -> Usage {
        match self {
            Self::Text(text) => Usage::from(*text),
            Self::All(usage) => **usage,
        }
    }

    pub(crate) const fn input(&self) -> u64 {
        match self {
            Self::Text(text) => text.input,
            Self::All(usage) => usage.input,
        }
    }

    pub(crate) const fn output(&self) -> u64 {
        match self {
            Self::Text(text) => text.output,
            Self::All(usage) => usage.output,
        }
    }

    pub(crate) fn total_tokens(&self) -> u64 {
        match self {
            Self::Text(text) => text.total_tokens(),
            Self::All(usage) => usage.total_tokens(),
        }
    }
}

impl From<&Usage> for Counts {
    fn from(usage: &Usage) -> Self {
        usage.as_text().map_or_else(|| Self::All(Box::new(*usage)), Self::Text)
    }
}
