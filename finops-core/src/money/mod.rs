//! Exact money.
//!
//! | type | holds | where |
//! |---|---|---|
//! | [`Picodollars`] | an integer of 1e-12 USD | the hot path: every published token price is a whole number of them |
//! | [`Rate`] | an integer of 1e-15 USD a unit | a price; USD per million tokens with nine decimals is exact |
//! | [`Nanos`] | an integer of 1e-9 of a stated currency | the cells of a cluster's cost allocation |
//! | [`Money`] | an exact decimal and a [`Currency`] | bills, ledgers, anything that is not USD |
//!
//! Rounding happens in [`display`] only, and once, half to even, where a rate is finer than a picodollar or money
//! comes from time ([`time_cost`]).
//!
//! ```
//! use finops_core::money::{Picodollars, Rate};
//! let rate = Rate::from_usd_per_mtok("0.15".parse()?)?;
//! assert_eq!(rate.times(30)?.to_string(), "0.0000045"); // not 0.0
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod amount;
mod currency;
pub mod decimal;
pub mod display;
mod nanos;
mod picodollars;
mod rate;
mod weights;

pub use amount::Money;
pub use currency::Currency;
pub use nanos::Nanos;
pub(crate) use nanos::overflow;
pub use picodollars::Picodollars;
pub(crate) use rate::div_half_even;
pub use rate::{Rate, time_cost};
pub(crate) use weights::Apportioner;
pub use weights::apportion_weights;

/// What can go wrong with money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MoneyError {
    /// `money.overflow`: the result does not fit.
    #[error("the amount at `{path}` is larger than can be held exactly; split the work into smaller parts")]
    Overflow {
        /// Where it happened.
        path: String,
    },
    /// `money.currency_mismatch`: two currencies cannot be added.
    #[error("cannot combine `{left}` and `{right}`; convert one of them with a dated exchange rate first")]
    CurrencyMismatch {
        /// The currency on the left.
        left: Currency,
        /// The currency on the right.
        right: Currency,
    },
    /// `money.invalid`: no amount, or no currency.
    #[error("`{path}` is `{value}`: {problem}")]
    Invalid {
        /// Where it stood.
        path: String,
        /// What stood there.
        value: String,
        /// What is wrong with it and what is accepted.
        problem: &'static str,
    },
}

impl MoneyError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Overflow { .. } => "money.overflow",
            Self::CurrencyMismatch { .. } => "money.currency_mismatch",
            Self::Invalid { .. } => "money.invalid",
        }
    }

    /// The field or argument at fault.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Overflow { path } | Self::Invalid { path, .. } => path,
            Self::CurrencyMismatch { .. } => "currency",
        }
    }

    pub(crate) fn overflow(path: &str) -> Self {
        Self::Overflow { path: path.to_owned() }
    }

    /// Refuses `value` at `path`.
    #[must_use]
    pub fn invalid(path: &str, value: impl std::fmt::Display, problem: &'static str) -> Self {
        Self::Invalid { path: path.to_owned(), value: crate::error::shorten(&value.to_string()), problem }
    }
}
