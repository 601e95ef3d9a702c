//! The 90 % interval of method B, without floats: equal digits on every platform.

use crate::{
    baseline::Day,
    number::{Exact, Fraction, MONEY_DIGITS},
};

/// Digits of daily residuals and of the root.
const ROOT_DIGITS: u32 = 18;

/// Quantiles of Student's t at 0.95 for df 1..30 (NIST/SEMATECH e-Handbook 1.3.6.7.2).
const T_TO_30: [&str; 30] = [
    "6.314", "2.92", "2.353", "2.132", "2.015", "1.943", "1.895", "1.86", "1.833", "1.812", "1.796", "1.782",
    "1.771", "1.761", "1.753", "1.746", "1.74", "1.734", "1.729", "1.725", "1.721", "1.717", "1.714",
    "1.711", "1.708", "1.706", "1.703", "1.701", "1.699", "1.697",
];

/// The same table above 30, largest df first.
const T_ABOVE_30: [(usize, &str); 3] = [(100, "1.66"), (60, "1.671"), (40, "1.684")];

/// Half of a 90 % interval and how it came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval {
    /// Degrees of freedom.
    pub df: usize,
    /// Quantile of Student's t.
    pub t: Exact,
    /// Effective number of baseline days, at 6 digits.
    pub n_eff_baseline: Exact,
    /// Effective number of reporting days, at 6 digits.
    pub n_eff_reporting: Exact,
    /// Standard error of the mean difference, at 18 digits.
    pub standard_error: Exact,
    /// Half the width of the interval of the total, at 12 digits.
    pub half_width: Exact,
}

/// The largest tabulated quantile not above `df`.
fn student_t(df: usize) -> Exact {
    let above = T_ABOVE_30.iter().find(|(least, _)| *least <= df).map(|(_, t)| *t);
    let index = df.min(T_TO_30.len()).saturating_sub(1);
    let text = above.or_else(|| T_TO_30.get(index).copied()).unwrap_or_default();
    Exact::parse(text).unwrap_or_default()
}

fn count(n: usize) -> Exact {
    Exact::from_int(i64::try_from(n).unwrap_or(i64::MAX))
}

/// What the baseline lets one expect of a day.
struct Model {
    fixed: Fraction,
    per_unit: Option<Fraction>,
}

impl Model {
    fn of(baseline: &[Day], share: &Exact) -> Option<Self> {
        let cost: Exact = baseline.iter().map(|day| &day.cost).sum();
        let variable = Exact::from_int(1).minus(share);
        let per_unit = if variable.is_positive() {
            let units = baseline.iter().map(|day| day.driver.as_ref()).collect::<Option<Vec<_>>>()?;
            Some(cost.times(&variable).over(&units.into_iter().sum())?)
        } else {
            None
        };
        Some(Self { fixed: cost.times(share).over(&count(baseline.len()))?, per_unit })
    }

    /// Cost less expectation of each day; `None` without a driver that is needed.
    fn residuals(&self, days: &[Day]) -> Option<Vec<Exact>> {
        let residual = |day: &Day| {
            let expected = match &self.per_unit {
                Some(per_unit) => self.fixed.plus(&per_unit.times(&day.driver.as_ref()?.fraction())),
                None => self.fixed.clone(),
            };
            let negative = expected.times(&Exact::from_int(-1).fraction());
            Some(day.cost.fraction().plus(&negative).round(ROOT_DIGITS))
        };
        days.iter().map(residual).collect()
    }
}

/// Variance of the mean over the effective number of days, and that number.
fn spread(residuals: &[Exact]) -> Option<(Fraction, Fraction)> {
    let n = count(residuals.len());
    let sum: Exact = residuals.iter().sum();
    // Deviations times n stay whole decimals; the factor cancels in p and is divided out of v.
    let deviations: Vec<Exact> = residuals.iter().map(|x| x.times(&n).minus(&sum)).collect();
    let squares: Exact = deviations.iter().map(|d| d.times(d)).sum();
    let products: Exact = deviations.iter().zip(deviations.iter().skip(1)).map(|(a, b)| a.times(b)).sum();
    let variance = squares.over(&n.times(&n).times(&n.minus(&Exact::from_int(1))))?;
    let effective = if products.is_positive() {
        // p > 0: n (1-p)/(1+p), ASHRAE Guideline 14 as in kW-Labs/nmecr; we apply it at every p > 0, the careful side.
        n.times(&squares.minus(&products)).over(&squares.plus(&products))?
    } else {
        n.fraction()
    };
    Some((variance.over(&effective)?, effective))
}

/// Half of the 90 % interval of the total, from the days of both periods and the fixed share (0..=1).
///
/// `None` when it cannot be told: a day without its driver, a driver of 0, or too few effective days for one degree of
/// freedom.
#[must_use]
pub fn half_width(baseline: &[Day], reporting: &[Day], fixed_share: &Exact) -> Option<Interval> {
    let model = Model::of(baseline, fixed_share)?;
    let (before, n_before) = spread(&model.residuals(baseline)?)?;
    let (after, n_after) = spread(&model.residuals(reporting)?)?;
    let least = n_before.clone().min(n_after.clone()).floor();
    let df = usize::try_from(least).ok()?.checked_sub(1).filter(|df| *df >= 1)?;
    let t = student_t(df);
    let standard_error = before.plus(&after).root(ROOT_DIGITS);
    let half_width = t.times(&count(reporting.len())).times(&standard_error).round(MONEY_DIGITS);
    Some(Interval {
        df,
        t,
        n_eff_baseline: n_before.round(6),
        n_eff_reporting: n_after.round(6),
        standard_error,
        half_width,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_downwards() {
        for (df, t) in
            [(1, "6.314"), (30, "1.697"), (39, "1.697"), (40, "1.684"), (99, "1.671"), (5000, "1.66")]
        {
            assert_eq!(student_t(df).to_string(), t, "{df}");
        }
    }

    #[test]
    fn too_few_days_have_no_interval() {
        let day = |cost| Day { cost: Exact::from_int(cost), driver: None };
        assert_eq!(half_width(&[], &[], &Exact::from_int(1)), None);
        assert_eq!(half_width(&[day(1)], &[day(1)], &Exact::from_int(1)), None);
        assert_eq!(half_width(&[day(1), day(2)], &[day(1), day(2)], &Exact::zero()), None);
    }
}
