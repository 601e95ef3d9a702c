//! The proof of a saving: adjusted baseline less actual cost, with its interval and verdict.

pub mod interval;
pub mod measure;
mod saving;
mod verdict;

pub use saving::{BaselineSide, Figures, ReportingSide, Saving, saving};
pub use verdict::{DAYS_MIN, Grounds, Judgement, Method, Verdict, drifted, verdict};

use crate::{
    date::Date,
    number::{Exact, MONEY_DIGITS},
    opportunity::{Effect, PriceBasis},
    read::{Fault, Fields},
};
use serde_json::{Value, json};

/// A measurement that proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerificationError {
    /// A method that is not offered, or one without what it needs.
    #[error("method `{method}` is not accepted; use A, B, or C with a model")]
    Method {
        /// The method.
        method: String,
    },
    /// Baseline and reporting period on different prices.
    #[error("the reporting period is priced `{given}` and the baseline `{baseline}`; use one price basis")]
    Basis {
        /// Of the reporting period.
        given: PriceBasis,
        /// Of the baseline.
        baseline: PriceBasis,
    },
    /// Baseline and reporting period in different currencies.
    #[error("the reporting period is in `{given}` and the baseline in `{baseline}`; use one currency")]
    Currency {
        /// Of the reporting period.
        given: String,
        /// Of the baseline.
        baseline: String,
    },
    /// A reporting period that is too short.
    #[error("the reporting period has {days} days; measure 30, at least 14")]
    Window {
        /// Its whole days.
        days: i64,
    },
    /// A reporting period that starts before the bills have settled.
    #[error(
        "the reporting period starts {days} days after the change; start 3 days after it, bills come late"
    )]
    Settle {
        /// Days from the change to the start.
        days: i64,
    },
}

impl VerificationError {
    /// The stable dotted code, for example `ledger.verification.window`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Method { .. } => "ledger.verification.method",
            Self::Basis { .. } => "ledger.verification.basis",
            Self::Currency { .. } => "ledger.verification.currency",
            Self::Window { .. } => "ledger.verification.window",
            Self::Settle { .. } => "ledger.verification.settle",
        }
    }

    /// The member at fault, as a JSON pointer into the measurement.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        match self {
            Self::Method { .. } => "/method",
            Self::Basis { .. } => "/price_basis",
            Self::Currency { .. } => "/currency",
            Self::Window { .. } => "/period_end",
            Self::Settle { .. } => "/period_start",
        }
    }
}

/// One row of proof: what a resource cost in a period, and the part that an item claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// The resource that was measured; rows of one resource and period share their facts.
    pub resource: String,
    /// How it was measured.
    pub method: Method,
    /// What the change does.
    pub effect: Effect,
    /// First day.
    pub period_start: Date,
    /// The day after the last.
    pub period_end: Date,
    /// ISO 4217.
    pub currency: String,
    /// The prices of the costs.
    pub price_basis: PriceBasis,
    /// What the period would have cost without the change.
    pub adjusted_baseline: Exact,
    /// What it did cost.
    pub actual: Exact,
    /// Sum of the non-routine adjustments in the baseline.
    pub non_routine: Exact,
    /// `adjusted_baseline - actual`.
    pub total: Exact,
    /// The part of quantity, when both can be told apart.
    pub usage_effect: Option<Exact>,
    /// The part of price, when both can be told apart.
    pub rate_effect: Option<Exact>,
    /// The part that this item claims.
    pub claimed: Exact,
    /// The claimed part by which the bill falls.
    pub cash_reduction: Exact,
    /// The claimed part that growth would have added.
    pub avoided_growth: Exact,
    /// Low end of the 90 % interval of the claim.
    pub ci90_low: Option<Exact>,
    /// High end of the 90 % interval of the claim.
    pub ci90_high: Option<Exact>,
}

const MEMBERS: &[&str] = &[
    "resource",
    "method",
    "effect",
    "period_start",
    "period_end",
    "currency",
    "price_basis",
    "adjusted_baseline",
    "actual",
    "non_routine",
    "total",
    "usage_effect",
    "rate_effect",
    "claimed",
    "cash_reduction",
    "avoided_growth",
    "ci90_low",
    "ci90_high",
];

impl Verification {
    /// Reads the object `value` at the JSON pointer `path`; the identities are the ledger's to check.
    pub(crate) fn from_json(value: &Value, path: &str) -> Result<Self, Fault> {
        let fields = Fields::of(value, path)?;
        fields.only(MEMBERS)?;
        let day = |key: &str| {
            let text = fields.required_text(key)?;
            Date::parse(text).ok_or_else(|| fields.fault(key, "is not a day such as `2026-03-14`"))
        };
        let (period_start, period_end) = (day("period_start")?, day("period_end")?);
        if period_end <= period_start {
            return Err(fields.fault("period_end", "must be after the start"));
        }
        let missing = |key: &str| fields.fault(key, "is missing");
        let money = |key: &str| fields.required_decimal(key, MONEY_DIGITS);
        let known = |key: &str| fields.decimal(key, MONEY_DIGITS);
        Ok(Self {
            resource: fields.required_text("resource")?.to_owned(),
            method: Method::parse(fields.required_text("method")?)
                .map_err(|error| fields.fault("method", error.to_string()))?,
            effect: fields.word("effect", Effect::WORDS)?.ok_or_else(|| missing("effect"))?,
            period_start,
            period_end,
            currency: fields.currency("currency")?,
            price_basis: fields.word("price_basis", PriceBasis::WORDS)?.unwrap_or_default(),
            adjusted_baseline: money("adjusted_baseline")?,
            actual: money("actual")?,
            non_routine: known("non_routine")?.unwrap_or_default(),
            total: money("total")?,
            usage_effect: known("usage_effect")?,
            rate_effect: known("rate_effect")?,
            claimed: money("claimed")?,
            cash_reduction: money("cash_reduction")?,
            avoided_growth: money("avoided_growth")?,
            ci90_low: known("ci90_low")?,
            ci90_high: known("ci90_high")?,
        })
    }

    /// The row as JSON: every field, money as text, unknown as null.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let text = |value: &Option<Exact>| value.as_ref().map(Exact::to_string);
        json!({
            "resource": self.resource, "method": self.method.as_str(), "effect": self.effect.as_str(),
            "period_start": self.period_start.to_string(), "period_end": self.period_end.to_string(),
            "currency": self.currency, "price_basis": self.price_basis.as_str(),
            "adjusted_baseline": self.adjusted_baseline.to_string(), "actual": self.actual.to_string(),
            "non_routine": self.non_routine.to_string(), "total": self.total.to_string(),
            "usage_effect": text(&self.usage_effect), "rate_effect": text(&self.rate_effect),
            "claimed": self.claimed.to_string(), "cash_reduction": self.cash_reduction.to_string(),
            "avoided_growth": self.avoided_growth.to_string(), "ci90_low": text(&self.ci90_low),
            "ci90_high": text(&self.ci90_high),
        })
    }

    /// Length of the period in hours.
    #[must_use]
    pub fn hours(&self) -> Exact {
        Exact::from_int(self.period_end.days_since(self.period_start).saturating_mul(24))
    }

    /// The claim per 730-hour month, at 12 digits.
    #[must_use]
    pub fn run_rate(&self) -> Exact {
        // A row's period has at least a day.
        crate::baseline::monthly(&self.claimed, &self.hours()).unwrap_or_default()
    }

    /// Whether both rows state the same facts; what an item claims of them is its own.
    #[must_use]
    pub fn same_facts(&self, other: &Self) -> bool {
        self.currency == other.currency
            && self.price_basis == other.price_basis
            && self.adjusted_baseline == other.adjusted_baseline
            && self.actual == other.actual
            && self.non_routine == other.non_routine
            && self.total == other.total
            && self.usage_effect == other.usage_effect
            && self.rate_effect == other.rate_effect
    }

    /// Whether both rows are of one period.
    #[must_use]
    pub fn same_period(&self, other: &Self) -> bool {
        (self.period_start, self.period_end) == (other.period_start, other.period_end)
    }

    /// Whether the periods share a day.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.period_start < other.period_end && other.period_start < self.period_end
    }
}
