use crate::{budget::BudgetError, stream::StreamError};
use finops_core::{
    carbon::CarbonError, error::ConfigError, money::MoneyError, price::PriceError, usage::UsageError,
};

/// Any error of this crate.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Money, prices, usage, configuration, energy and carbon.
    #[error(transparent)]
    Core(#[from] finops_core::Error),
    /// Budgets.
    #[error(transparent)]
    Budget(#[from] BudgetError),
    /// Streams.
    #[error(transparent)]
    Stream(#[from] StreamError),
}

impl Error {
    /// The stable dotted code, for example `usage.duplicate_id`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Core(e) => e.code(),
            Self::Budget(e) => e.code(),
            Self::Stream(e) => e.code(),
        }
    }

    /// Where the fault lies: a path into the input or the name of an argument; empty for the input as a whole.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Core(e) => e.path(),
            Self::Budget(e) => e.path(),
            Self::Stream(e) => e.path(),
        }
    }
}

macro_rules! through_core {
    ($($error:ty),+) => {$(
        impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::Core(error.into())
            }
        }
    )+};
}

through_core!(MoneyError, PriceError, UsageError, ConfigError, CarbonError);
