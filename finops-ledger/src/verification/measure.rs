//! From a frozen baseline and a measured period to a row of proof and its verdict.

use super::{
    BaselineSide, Figures, Grounds, Method, ReportingSide, Saving, Verdict, Verification, VerificationError,
    interval::{Interval, half_width},
    saving, verdict,
};
use crate::{
    LedgerError,
    baseline::{CostBaseline, Day, RATE_DIGITS, days},
    date::Date,
    number::{Exact, MONEY_DIGITS, apportion},
    opportunity::{Effect, PriceBasis},
    read::{Fault, Fields},
    savings::SavingsError,
};
use serde_json::Value;

/// Days of the reporting period that section 9 asks for at least.
const WINDOW_DAYS_MIN: i64 = 14;
/// Days after the change until its bills have settled.
const SETTLE_DAYS: i64 = 3;

/// What the caller's model supplies for method C.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// What the period would have cost without the change.
    pub adjusted_baseline: Exact,
    /// Half of the 90 % interval of the total.
    pub half_width: Exact,
    /// CV(RMSE) of the model.
    pub cv_rmse: Exact,
    /// R2 of the model.
    pub r2: Exact,
}

/// What was measured after the change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measurement {
    /// The resource that was measured.
    pub resource: String,
    /// How it was measured.
    pub method: Method,
    /// What the change does.
    pub effect: Effect,
    /// The day of the change.
    pub implemented: Date,
    /// First day.
    pub period_start: Date,
    /// The day after the last.
    pub period_end: Date,
    /// ISO 4217.
    pub currency: String,
    /// The prices of the costs.
    pub price_basis: PriceBasis,
    /// Cost of the period.
    pub cost: Exact,
    /// The quantity that the cost follows.
    pub driver: Option<Exact>,
    /// Units bought.
    pub quantity: Option<Exact>,
    /// The days of the period, in order.
    pub daily: Vec<Day>,
    /// Signed adjustments for what has nothing to do with the change.
    pub non_routine: Vec<Exact>,
    /// Whether the resource is off the bill.
    pub gone: bool,
    /// The model of method C.
    pub model: Option<Model>,
}

/// What a measurement shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// The figures, the row that claims all of them, and the verdict.
    Known {
        /// What the figures say.
        verdict: Verdict,
        /// The row to record.
        row: Box<Verification>,
        /// All figures with their assumptions.
        figures: Box<Figures>,
        /// How the interval of method B came about.
        interval: Option<Box<Interval>>,
    },
    /// Why nothing can be said: `driver_missing`, `driver_zero` or `split_required`.
    Unknown(&'static str),
}

const MEMBERS: &[&str] = &[
    "resource",
    "method",
    "effect",
    "implemented",
    "period_start",
    "period_end",
    "currency",
    "price_basis",
    "cost",
    "driver",
    "quantity",
    "daily",
    "non_routine",
    "gone",
    "model",
];

impl Measurement {
    /// Reads the object `value` that stands at the JSON pointer `path`; days are `[cost, driver]`, the model of method C is
    /// `{"adjusted_baseline", "half_width", "cv_rmse", "r2"}`.
    ///
    /// # Errors
    /// `ledger.event.data` for a member in another form, `ledger.verification.method`.
    pub fn from_json(value: &Value, path: &str) -> Result<Self, LedgerError> {
        let fields = Fields::of(value, path).map_err(SavingsError::from)?;
        let method = Method::parse(fields.required_text("method").map_err(SavingsError::from)?)?;
        Ok(Self::read(&fields, method).map_err(SavingsError::from)?)
    }

    fn read(fields: &Fields<'_>, method: Method) -> Result<Self, Fault> {
        fields.only(MEMBERS)?;
        let day = |key: &str| {
            let text = fields.required_text(key)?;
            Date::parse(text).ok_or_else(|| fields.fault(key, "is not a day such as `2026-03-14`"))
        };
        let effect = fields.word("effect", Effect::WORDS)?;
        let number = |value: &Value| value.as_str().and_then(Exact::parse);
        let non_routine = match fields.get("non_routine") {
            None => Some(Vec::new()),
            Some(list) => list.as_array().and_then(|list| list.iter().map(number).collect()),
        };
        Ok(Self {
            resource: fields.required_text("resource")?.to_owned(),
            method,
            effect: effect.ok_or_else(|| fields.fault("effect", "is missing"))?,
            implemented: day("implemented")?,
            period_start: day("period_start")?,
            period_end: day("period_end")?,
            currency: fields.currency("currency")?,
            price_basis: fields.word("price_basis", PriceBasis::WORDS)?.unwrap_or_default(),
            cost: fields.required_decimal("cost", MONEY_DIGITS)?,
            driver: fields.decimal("driver", RATE_DIGITS)?,
            quantity: fields.decimal("quantity", RATE_DIGITS)?,
            daily: days(fields.get("daily"), &fields.fault("daily", "").path)?,
            non_routine: non_routine
                .ok_or_else(|| fields.fault("non_routine", "must be an array of decimals as text"))?,
            gone: fields.get("gone").and_then(Value::as_bool).unwrap_or_default(),
            model: model(fields)?,
        })
    }
}

fn model(fields: &Fields<'_>) -> Result<Option<Model>, Fault> {
    let Some(value) = fields.get("model") else { return Ok(None) };
    let path = fields.fault("model", "").path;
    let model = Fields::of(value, &path)?;
    model.only(&["adjusted_baseline", "half_width", "cv_rmse", "r2"])?;
    let half_width = model.required_decimal("half_width", MONEY_DIGITS)?;
    if half_width.is_negative() {
        return Err(model.fault("half_width", "must not be negative"));
    }
    Ok(Some(Model {
        adjusted_baseline: model.required_decimal("adjusted_baseline", MONEY_DIGITS)?,
        half_width,
        cv_rmse: model.required_decimal("cv_rmse", MONEY_DIGITS)?,
        r2: model.required_decimal("r2", MONEY_DIGITS)?,
    }))
}

fn check(baseline: &CostBaseline, now: &Measurement) -> Result<(), VerificationError> {
    if now.method == Method::C && now.model.is_none() {
        return Err(VerificationError::Method { method: "C".to_owned() });
    }
    if now.price_basis != baseline.price_basis {
        return Err(VerificationError::Basis { given: now.price_basis, baseline: baseline.price_basis });
    }
    if now.currency != baseline.currency {
        let (given, baseline) = (now.currency.clone(), baseline.currency.clone());
        return Err(VerificationError::Currency { given, baseline });
    }
    let days = now.period_end.days_since(now.period_start);
    if days < WINDOW_DAYS_MIN {
        return Err(VerificationError::Window { days });
    }
    let days = now.period_start.days_since(now.implemented);
    if days < SETTLE_DAYS { Err(VerificationError::Settle { days }) } else { Ok(()) }
}

fn known(side: &[Day]) -> Option<u64> {
    u64::try_from(side.len()).ok().filter(|n| *n > 0)
}

/// Computes the proof of a saving against its frozen baseline.
///
/// # Errors
/// `ledger.verification.method`, `.basis`, `.currency`, `.window`, `.settle`, in this order.
pub fn measure(baseline: &CostBaseline, now: &Measurement) -> Result<Proof, LedgerError> {
    check(baseline, now)?;
    let before = BaselineSide {
        cost: baseline.cost.clone(),
        hours: baseline.hours().clone(),
        driver: baseline.driver.as_ref().map(|(_, quantity)| quantity.clone()),
        fixed_share: baseline.fixed_share.clone(),
        unit_price: baseline.unit_price.clone(),
    };
    let hours = now.period_end.days_since(now.period_start).saturating_mul(24);
    let after = ReportingSide {
        cost: now.cost.clone(),
        hours: Exact::from_int(hours),
        driver: now.driver.clone(),
        quantity: now.quantity.clone(),
    };
    let model = now.model.as_ref().filter(|_| now.method == Method::C);
    let saving = match model {
        None => saving(&before, &after, now.effect, &now.non_routine)?,
        Some(model) => {
            let calendar = before.cost.times(&after.hours).over(&before.hours);
            let calendar = calendar.map(|c| c.round(MONEY_DIGITS)).unwrap_or_default();
            let adjustments = now.non_routine.iter().sum();
            let assumptions = vec!["caller_model"];
            let given = (now.effect, adjustments, assumptions);
            super::saving::split(
                calendar,
                model.adjusted_baseline.round(MONEY_DIGITS),
                &before,
                &after,
                given,
            )
        }
    };
    let figures = match saving {
        Saving::Known(figures) => figures,
        Saving::Unknown(reason) => return Ok(Proof::Unknown(reason)),
    };
    let share = before.fixed_share.unwrap_or_else(|| Exact::from_int(i64::from(before.driver.is_none())));
    let interval = match now.method {
        Method::B => half_width(&baseline.daily, &now.daily, &share),
        Method::A | Method::C => None,
    };
    let half_width = match model {
        Some(model) => Some(model.half_width.clone()),
        None => interval.as_ref().map(|interval| interval.half_width.clone()),
    };
    let judgement = verdict(&Grounds {
        method: now.method,
        effect: now.effect,
        claimed: figures.claimed.clone(),
        half_width,
        n_baseline: known(&baseline.daily),
        n_reporting: known(&now.daily),
        gone: now.gone,
        cv_rmse: model.map(|m| m.cv_rmse.clone()),
        r2: model.map(|m| m.r2.clone()),
    });
    let (ci90_low, ci90_high) = judgement.ci90.unzip();
    let row = Verification {
        resource: now.resource.clone(),
        method: now.method,
        effect: now.effect,
        period_start: now.period_start,
        period_end: now.period_end,
        currency: now.currency.clone(),
        price_basis: now.price_basis,
        adjusted_baseline: figures.adjusted_baseline.clone(),
        actual: figures.actual.clone(),
        non_routine: figures.non_routine.clone(),
        total: figures.total.clone(),
        usage_effect: figures.usage_effect.clone(),
        rate_effect: figures.rate_effect.clone(),
        claimed: figures.claimed.clone(),
        cash_reduction: figures.cash_reduction.clone(),
        avoided_growth: figures.avoided_growth.clone(),
        ci90_low,
        ci90_high,
    };
    Ok(Proof::Known {
        verdict: judgement.verdict,
        row: Box::new(row),
        figures,
        interval: interval.map(Box::new),
    })
}

/// Shares one row among the items that changed its resource, by their estimates: claims, cash and avoided growth add up
/// to the row's to the last digit. The interval is of the whole and goes with no share. `None` when every estimate is 0.
#[must_use]
pub fn share(row: &Verification, estimates: &[Exact]) -> Option<Vec<Verification>> {
    let claimed = apportion(estimates, &row.claimed, MONEY_DIGITS)?;
    let growth = apportion(estimates, &row.avoided_growth, MONEY_DIGITS)?;
    let one = estimates.len() == 1;
    let rows = claimed.into_iter().zip(growth).map(|(claimed, avoided_growth)| Verification {
        cash_reduction: claimed.minus(&avoided_growth),
        claimed,
        avoided_growth,
        ci90_low: row.ci90_low.clone().filter(|_| one),
        ci90_high: row.ci90_high.clone().filter(|_| one),
        ..row.clone()
    });
    Some(rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn baseline() -> CostBaseline {
        let daily: Vec<_> = (0..28).map(|i| json!([if i % 2 == 0 { "10.5" } else { "9.5" }, null])).collect();
        CostBaseline::from_json(
            &json!({"id": "b", "resource": "i-1", "cost": "280", "daily": daily, "fixed_share": "1",
                "period_start": "2026-01-01T00:00:00.000000Z", "period_end": "2026-01-29T00:00:00.000000Z"}),
            "",
        )
        .unwrap()
    }

    fn exact(text: &str) -> Exact {
        Exact::parse(text).unwrap()
    }

    fn measurement() -> Measurement {
        let day = |i: i64| Day { cost: exact(if i % 2 == 0 { "4.5" } else { "3.5" }), driver: None };
        Measurement {
            resource: "i-1".to_owned(),
            method: Method::B,
            effect: Effect::Usage,
            implemented: Date::parse("2026-01-30").unwrap(),
            period_start: Date::parse("2026-02-02").unwrap(),
            period_end: Date::parse("2026-03-04").unwrap(),
            currency: "USD".to_owned(),
            price_basis: PriceBasis::Effective,
            cost: exact("120"),
            driver: None,
            quantity: None,
            daily: (0..30).map(day).collect(),
            non_routine: Vec::new(),
            gone: false,
            model: None,
        }
    }

    #[test]
    fn a_clear_saving_is_verified_with_its_interval() {
        let Ok(Proof::Known { verdict, row, interval, .. }) = measure(&baseline(), &measurement()) else {
            panic!()
        };
        assert_eq!((verdict, row.claimed.to_string()), (Verdict::Verified, "180".to_owned()));
        let half = interval.unwrap().half_width;
        assert_eq!(row.ci90_low, Some(exact("180").minus(&half)));
        assert!(half.is_positive());
    }

    #[test]
    fn what_proves_nothing_is_refused_by_name() {
        let code = |change: fn(&mut Measurement)| {
            let mut now = measurement();
            change(&mut now);
            measure(&baseline(), &now).map_err(|e| e.code()).unwrap_err()
        };
        assert_eq!(code(|m| m.method = Method::C), "ledger.verification.method");
        assert_eq!(code(|m| m.price_basis = PriceBasis::List), "ledger.verification.basis");
        assert_eq!(code(|m| m.currency = "EUR".to_owned()), "ledger.verification.currency");
        assert_eq!(
            code(|m| m.period_end = m.period_start.plus_days(13).unwrap()),
            "ledger.verification.window"
        );
        assert_eq!(
            code(|m| m.implemented = m.period_start.plus_days(-2).unwrap()),
            "ledger.verification.settle"
        );
    }

    #[test]
    fn a_model_is_read_and_its_gates_hold() {
        let value = |cv: &str| {
            json!({"resource": "i-1", "method": "C", "effect": "usage", "implemented": "2026-01-30", "cost": "120",
                "period_start": "2026-02-02", "period_end": "2026-03-04", "daily": vec![json!(["4", null]); 30],
                "model": {"adjusted_baseline": "310.5", "half_width": "20", "cv_rmse": cv, "r2": "0.9"}})
        };
        let proof =
            |cv: &str| measure(&baseline(), &Measurement::from_json(&value(cv), "").unwrap()).unwrap();
        let Proof::Known { verdict, row, figures, .. } = proof("0.2") else { panic!() };
        assert_eq!((verdict, row.claimed.to_string()), (Verdict::Verified, "190.5".to_owned()));
        assert_eq!(
            (row.avoided_growth.to_string(), figures.assumptions[0]),
            ("10.5".to_owned(), "caller_model")
        );
        assert!(matches!(proof("0.25"), Proof::Known { verdict: Verdict::Inconclusive, .. }));
        let mut bad = value("0.2");
        bad["non_routine"] = json!([1]);
        let error = Measurement::from_json(&bad, "/measurement").unwrap_err();
        assert_eq!((error.code(), error.path()), ("ledger.event.data", "/measurement/non_routine"));
    }

    #[test]
    fn shares_add_up_to_the_row() {
        let Ok(Proof::Known { row, .. }) = measure(&baseline(), &measurement()) else { panic!() };
        let rows = share(&row, &[exact("1"), exact("1"), exact("1")]).unwrap();
        assert_eq!(rows.iter().map(|r| &r.claimed).sum::<Exact>(), row.claimed);
        assert!(
            rows.iter().all(|r| r.same_facts(&row) && r.cash_reduction.plus(&r.avoided_growth) == r.claimed)
        );
    }
}
