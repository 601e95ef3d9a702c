//! The figures of a saving (the shape of IPMVP, EVO 10000-1): adjusted baseline less actual cost.

use crate::{
    baseline::BaselineError,
    number::{Exact, Fraction, MONEY_DIGITS},
    opportunity::Effect,
};

/// Cost, length and driver of the baseline period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaselineSide {
    /// Cost of the period.
    pub cost: Exact,
    /// Its length.
    pub hours: Exact,
    /// The quantity that the cost follows.
    pub driver: Option<Exact>,
    /// The part of the cost that does not follow it; default 0 with a driver, else 1.
    pub fixed_share: Option<Exact>,
    /// Price of one unit, to tell price from quantity.
    pub unit_price: Option<Exact>,
}

/// Cost, length, driver and quantity of the reporting period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportingSide {
    /// Cost of the period.
    pub cost: Exact,
    /// Its length.
    pub hours: Exact,
    /// The quantity that the cost follows.
    pub driver: Option<Exact>,
    /// Units bought, to tell price from quantity.
    pub quantity: Option<Exact>,
}

/// The figures of a saving. `total = adjusted_baseline - actual`, `usage_effect + rate_effect = total` and
/// `cash_reduction + avoided_growth = claimed` hold to the last digit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// The baseline stretched to the length of the reporting period.
    pub calendar_baseline: Exact,
    /// What the reporting period would have cost without the change.
    pub adjusted_baseline: Exact,
    /// Sum of the non-routine adjustments in it.
    pub non_routine: Exact,
    /// What it did cost.
    pub actual: Exact,
    /// The saving of price and quantity together.
    pub total: Exact,
    /// The part of quantity, when both can be told apart.
    pub usage_effect: Option<Exact>,
    /// The part of price, when both can be told apart.
    pub rate_effect: Option<Exact>,
    /// The part that this kind of change may claim.
    pub claimed: Exact,
    /// The claimed part that growth would have added to the bill.
    pub avoided_growth: Exact,
    /// The claimed part by which the bill falls.
    pub cash_reduction: Exact,
    /// What was assumed: `calendar_only`, `rate_not_separated`.
    pub assumptions: Vec<&'static str>,
}

/// A saving, or why there is none to state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saving {
    /// The figures.
    Known(Box<Figures>),
    /// The reason: `driver_missing`, `driver_zero` or `split_required`.
    Unknown(&'static str),
}

/// Computes the figures of a saving: exact fractions, rounded once, half-even, at 12 digits.
///
/// # Errors
/// `ledger.baseline.fixed_share` for a share outside 0..1, `ledger.baseline.period` for a baseline of 0 hours or less.
pub fn saving(
    baseline: &BaselineSide,
    reporting: &ReportingSide,
    effect: Effect,
    non_routine: &[Exact],
) -> Result<Saving, BaselineError> {
    let one = Exact::from_int(1);
    let mut assumptions = Vec::new();
    let share = match (&baseline.fixed_share, &baseline.driver) {
        (Some(share), _) if share.is_negative() || *share > one => {
            return Err(BaselineError::FixedShare { path: "/baseline/fixed_share".to_owned() });
        }
        (Some(share), _) => share.clone(),
        (None, Some(_)) => Exact::zero(),
        (None, None) => {
            assumptions.push("calendar_only");
            one.clone()
        }
    };
    let stretched = baseline.cost.times(&reporting.hours).over(&baseline.hours);
    let Some(calendar) = stretched.filter(|_| baseline.hours.is_positive()) else {
        let problem = "must be above 0".to_owned();
        return Err(BaselineError::Period { path: "/baseline/hours".to_owned(), problem });
    };
    let adjustments: Exact = non_routine.iter().sum();
    let variable = one.minus(&share);
    let mut adjusted: Fraction = calendar.times(&share.fraction()).plus(&adjustments.fraction());
    if variable.is_positive() {
        let (Some(before), Some(now)) = (&baseline.driver, &reporting.driver) else {
            return Ok(Saving::Unknown("driver_missing"));
        };
        let Some(follows) = baseline.cost.times(now).over(before) else {
            return Ok(Saving::Unknown("driver_zero"));
        };
        adjusted = adjusted.plus(&follows.times(&variable.fraction()));
    }
    Ok(split(
        calendar.round(MONEY_DIGITS),
        adjusted.round(MONEY_DIGITS),
        baseline,
        reporting,
        (effect, adjustments, assumptions),
    ))
}

/// The figures from rounded baselines on: everything here is a difference, so that identities hold exactly.
pub(super) fn split(
    calendar: Exact,
    adjusted: Exact,
    baseline: &BaselineSide,
    reporting: &ReportingSide,
    (effect, non_routine, mut assumptions): (Effect, Exact, Vec<&'static str>),
) -> Saving {
    let total = adjusted.minus(&reporting.cost);
    let split = baseline.unit_price.as_ref().zip(reporting.quantity.as_ref()).map(|(price, quantity)| {
        let at_old_price = price.times(quantity).round(MONEY_DIGITS);
        (adjusted.minus(&at_old_price), at_old_price.minus(&reporting.cost))
    });
    let claimed = match (effect, &split) {
        (Effect::Eliminate, _) => total.clone(),
        (Effect::Usage, Some((usage, _))) => usage.clone(),
        (Effect::Usage, None) => {
            assumptions.push("rate_not_separated");
            total.clone()
        }
        (Effect::Rate, Some((_, rate))) => rate.clone(),
        (Effect::Rate, None) => return Saving::Unknown("split_required"),
    };
    let avoided_growth = if effect == Effect::Rate { Exact::zero() } else { adjusted.minus(&calendar) };
    let (usage_effect, rate_effect) = split.unzip();
    Saving::Known(Box::new(Figures {
        cash_reduction: claimed.minus(&avoided_growth),
        calendar_baseline: calendar,
        adjusted_baseline: adjusted,
        non_routine,
        actual: reporting.cost.clone(),
        total,
        usage_effect,
        rate_effect,
        claimed,
        avoided_growth,
        assumptions,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cents(range: std::ops::Range<i64>) -> impl Strategy<Value = Exact> {
        range.prop_map(|n| Exact::from_int(n).times(&Exact::parse("0.001").unwrap_or_default()))
    }

    proptest! {
        #[test]
        fn identities_hold_to_the_last_digit(
            cost in cents(0..9_000_000), actual in cents(0..9_000_000), hours in 1_i64..9000, now in 1_i64..9000,
            drivers in proptest::option::of((1_i64..999, 0_i64..999)), share in 0_i64..=10,
            split in proptest::option::of((cents(0..9000), cents(0..9_000_000))), effect in 0_usize..3,
            adjustment in cents(-9000..9000),
        ) {
            let baseline = BaselineSide {
                cost, hours: Exact::from_int(hours), driver: drivers.map(|(b, _)| Exact::from_int(b)),
                fixed_share: drivers.map(|_| Exact::from_int(share).times(&Exact::parse("0.1").unwrap())),
                unit_price: split.as_ref().map(|(price, _)| price.clone()),
            };
            let reporting = ReportingSide {
                cost: actual, hours: Exact::from_int(now), driver: drivers.map(|(_, r)| Exact::from_int(r)),
                quantity: split.map(|(_, quantity)| quantity),
            };
            let effect = [Effect::Eliminate, Effect::Usage, Effect::Rate][effect];
            match saving(&baseline, &reporting, effect, std::slice::from_ref(&adjustment)).unwrap() {
                Saving::Known(f) => {
                    prop_assert_eq!(f.adjusted_baseline.minus(&f.actual), f.total.clone());
                    prop_assert_eq!(f.cash_reduction.plus(&f.avoided_growth), f.claimed);
                    if let (Some(usage), Some(rate)) = (f.usage_effect, f.rate_effect) {
                        prop_assert_eq!(usage.plus(&rate), f.total);
                    }
                    prop_assert!(f.adjusted_baseline.scale() <= MONEY_DIGITS);
                }
                Saving::Unknown(reason) => {
                    prop_assert_eq!(reason, "split_required");
                    prop_assert!(effect == Effect::Rate && reporting.quantity.is_none());
                }
            }
        }
    }
}
