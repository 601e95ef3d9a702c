use super::Quantity;
use finops_core::{error::shorten, time::Timestamp};
use std::fmt::Display;

/// What can go wrong with budgets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BudgetError {
    /// `budget.exceeded`: a hard budget has too little left.
    #[error(
        "budget `{budget}` has {remaining} left and {requested} was asked for; {}",
        retry(.retry_at.as_ref())
    )]
    Exceeded {
        /// The budget that denies it.
        budget: String,
        /// Limit less spent less reserved.
        remaining: Quantity,
        /// What was asked for.
        requested: Quantity,
        /// When the window ends; `None` when waiting does not help.
        retry_at: Option<Timestamp>,
    },
    /// `budget.unpriced`: a hard money budget denies what has no price.
    #[error(
        "budget `{budget}` refuses a call without a price; set a price for the model, or `on_unpriced` to `allow`"
    )]
    Unpriced {
        /// The budget that denies it.
        budget: String,
    },
    /// `budget.already_settled`: settled before with other amounts.
    #[error("reservation `{id}` is settled already; settle a reservation once")]
    AlreadySettled {
        /// The reservation.
        id: String,
    },
    /// `budget.unknown_reservation`: no such reservation, or one closed long ago.
    #[error("no reservation `{id}`; settle with the id that reserving gave")]
    UnknownReservation {
        /// The id asked for.
        id: String,
    },
    /// `budget.too_many_instances`: a budget with `per` met too many values in one window.
    #[error("budget `{budget}` counts {max} values of its `per` tags already; use tags with fewer values")]
    TooManyInstances {
        /// The budget.
        budget: String,
        /// The most counters it may have.
        max: usize,
    },
    /// `budget.invalid`: a configuration, an amount or a state that cannot be used.
    #[error("`{path}` is `{value}`: {problem}")]
    Invalid {
        /// The field or argument.
        path: String,
        /// What stood there.
        value: String,
        /// What is wrong with it and what is accepted.
        problem: &'static str,
    },
}

fn retry(at: Option<&Timestamp>) -> String {
    match at {
        Some(at) => format!("ask for less, or again at {at}"),
        None => "ask for less, or raise its limit".to_owned(),
    }
}

impl BudgetError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Exceeded { .. } => "budget.exceeded",
            Self::Unpriced { .. } => "budget.unpriced",
            Self::AlreadySettled { .. } => "budget.already_settled",
            Self::UnknownReservation { .. } => "budget.unknown_reservation",
            Self::TooManyInstances { .. } => "budget.too_many_instances",
            Self::Invalid { .. } => "budget.invalid",
        }
    }

    /// The field or argument at fault.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Exceeded { .. } => "amounts",
            Self::Unpriced { .. } => "usd",
            Self::AlreadySettled { .. } | Self::UnknownReservation { .. } => "reservation_id",
            Self::TooManyInstances { .. } => "tags",
            Self::Invalid { path, .. } => path,
        }
    }

    /// The budget that denied it.
    #[must_use]
    pub fn budget(&self) -> Option<&str> {
        match self {
            Self::Exceeded { budget, .. }
            | Self::Unpriced { budget }
            | Self::TooManyInstances { budget, .. } => Some(budget),
            _ => None,
        }
    }

    pub(super) fn invalid(path: impl Into<String>, value: impl Display, problem: &'static str) -> Self {
        Self::Invalid { path: path.into(), value: shorten(&value.to_string()), problem }
    }
}
