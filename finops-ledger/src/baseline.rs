//! The frozen cost before a change.

use crate::{
    date::event_time,
    number::{Exact, Fraction, MONEY_DIGITS},
    opportunity::PriceBasis,
    read::{Fault, Fields},
};
use serde_json::{Value, json};

/// Hours of a month in every estimate and run rate (AWS Cost Optimization Hub's month).
pub const HOURS_PER_MONTH: i64 = 730;

/// Digits after the point of prices, drivers and quantities, as in the store's `numeric(38,18)`.
pub const RATE_DIGITS: u32 = 18;

const MS_PER_HOUR: i64 = 3_600_000;
const MS_PER_DAY: i64 = 86_400_000;
/// The shortest window of section 9.
const DAYS_MIN: i64 = 14;
/// The longest window: CalTRACK's limit of a baseline.
const DAYS_MAX: i64 = 366;

const MEMBERS: &[&str] = &[
    "id",
    "workload_id",
    "namespace",
    "cluster",
    "team",
    "resource",
    "monthly_cost",
    "cpu_cost",
    "memory_cost",
    "storage_cost",
    "network_cost",
    "period_start",
    "period_end",
    "currency",
    "price_basis",
    "cost",
    "fixed_share",
    "driver",
    "unit_price",
    "daily",
    "source",
    "source_sha256",
];

/// A baseline that cannot be frozen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BaselineError {
    /// A field in a form that is not accepted.
    #[error("`{path}`: {problem}")]
    Field {
        /// The field, as a JSON pointer.
        path: String,
        /// What is wrong and what is accepted.
        problem: String,
    },
    /// A window that is empty, shorter than 14 or longer than 366 days.
    #[error("`{path}`: {problem}")]
    Period {
        /// The field, as a JSON pointer.
        path: String,
        /// What is wrong and what is accepted.
        problem: String,
    },
    /// Neither `cost` nor `monthly_cost`, or both and they disagree.
    #[error("`{path}`: {problem}")]
    Monthly {
        /// The field, as a JSON pointer.
        path: String,
        /// What is wrong and what is accepted.
        problem: String,
    },
    /// Components above the month.
    #[error("`{path}`: cpu, memory, storage and network cost {sum}, more than the month's {monthly}")]
    Components {
        /// The month, as a JSON pointer.
        path: String,
        /// The sum of the components.
        sum: String,
        /// The cost of the month.
        monthly: String,
    },
    /// Days that do not add up to the window.
    #[error("`{path}`: the days add up to {sum}, not to the window's {cost}")]
    Daily {
        /// The days, as a JSON pointer.
        path: String,
        /// The sum of the days.
        sum: String,
        /// The cost of the window.
        cost: String,
    },
    /// A share outside 0..1.
    #[error("`{path}`: the fixed share must lie in 0 to 1")]
    FixedShare {
        /// The share, as a JSON pointer.
        path: String,
    },
}

impl BaselineError {
    /// The stable dotted code, for example `ledger.baseline.period`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Field { .. } => "ledger.baseline.field",
            Self::Period { .. } => "ledger.baseline.period",
            Self::Monthly { .. } => "ledger.baseline.monthly",
            Self::Components { .. } => "ledger.baseline.components",
            Self::Daily { .. } => "ledger.baseline.daily",
            Self::FixedShare { .. } => "ledger.baseline.fixed_share",
        }
    }

    /// The field at fault, as a JSON pointer.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Field { path, .. }
            | Self::Period { path, .. }
            | Self::Monthly { path, .. }
            | Self::Components { path, .. }
            | Self::Daily { path, .. }
            | Self::FixedShare { path } => path,
        }
    }
}

impl From<Fault> for BaselineError {
    fn from(fault: Fault) -> Self {
        Self::Field { path: fault.path, problem: fault.problem }
    }
}

/// Cost and driver of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// Cost of the day.
    pub cost: Exact,
    /// Driver of the day, when it is known.
    pub driver: Option<Exact>,
}

/// What a resource cost before the change, and what drove the cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostBaseline {
    /// Unique name; empty until recorded.
    pub id: String,
    /// Kubernetes workload.
    pub workload_id: String,
    /// Kubernetes namespace.
    pub namespace: String,
    /// Kubernetes cluster.
    pub cluster: String,
    /// Who owns it.
    pub team: String,
    /// The resource outside Kubernetes.
    pub resource: String,
    /// Cost of the window.
    pub cost: Exact,
    /// Cost per 730-hour month.
    pub monthly_cost: Exact,
    /// Parts of the month: cpu, memory, storage, network.
    pub components: [Option<Exact>; 4],
    /// Start of the window, in the form of an event's `at`.
    pub period_start: String,
    /// End of the window, not part of it.
    pub period_end: String,
    /// ISO 4217.
    pub currency: String,
    /// The prices of the costs.
    pub price_basis: PriceBasis,
    /// The part of the cost that does not follow the driver, 0..=1.
    pub fixed_share: Option<Exact>,
    /// What the cost follows: name and quantity of the window.
    pub driver: Option<(String, Exact)>,
    /// Price of one unit, when price and quantity are to be told apart.
    pub unit_price: Option<Exact>,
    /// The days of the window, in order.
    pub daily: Vec<Day>,
    /// Where the costs come from.
    pub source: String,
    /// SHA-256 of the source.
    pub source_sha256: Option<String>,
    hours: Exact,
}

/// Names of [`CostBaseline::components`].
const COMPONENTS: [&str; 4] = ["cpu_cost", "memory_cost", "storage_cost", "network_cost"];

/// Reads `[[cost, driver or null], ...]`.
pub(crate) fn days(value: Option<&Value>, path: &str) -> Result<Vec<Day>, Fault> {
    let fault = |path: String, problem: &str| Fault { path, problem: problem.to_owned() };
    let Some(value) = value else { return Ok(Vec::new()) };
    let Some(rows) = value.as_array() else { return Err(fault(path.to_owned(), "must be an array of days")) };
    let number = |value: &Value| value.as_str().and_then(Exact::parse);
    let mut days = Vec::with_capacity(rows.len());
    for (i, row) in rows.iter().enumerate() {
        let bad = || {
            fault(format!("{path}/{i}"), "must be `[cost, driver]`, decimals as text; the driver may be null")
        };
        let (cost, driver) = match row.as_array().map(Vec::as_slice) {
            Some([cost]) | Some([cost, Value::Null]) => (number(cost), None),
            Some([cost, driver]) => (number(cost), Some(number(driver).ok_or_else(bad)?)),
            _ => return Err(bad()),
        };
        days.push(Day { cost: cost.ok_or_else(bad)?, driver });
    }
    Ok(days)
}

/// `cost` over `hours` as the cost of a 730-hour month, at 12 digits; 0 hours have no month.
#[must_use]
pub fn monthly(cost: &Exact, hours: &Exact) -> Option<Exact> {
    Some(cost.times(&Exact::from_int(HOURS_PER_MONTH)).over(hours)?.round(MONEY_DIGITS))
}

impl CostBaseline {
    /// Reads the object `value` that stands at the JSON pointer `path`. One of `cost` and `monthly_cost` suffices.
    ///
    /// # Errors
    /// `ledger.baseline.field`, `.period`, `.monthly`, `.components`, `.daily`, `.fixed_share`.
    pub fn from_json(value: &Value, path: &str) -> Result<Self, BaselineError> {
        let fields = Fields::of(value, path)?;
        fields.only(MEMBERS)?;
        let (period_start, period_end, hours) = window(&fields)?;
        let (cost, monthly_cost) = costs(&fields, &hours)?;
        let mut components = [const { None }; 4];
        for (slot, key) in components.iter_mut().zip(COMPONENTS) {
            *slot = not_negative(&fields, key, MONEY_DIGITS)?;
        }
        let sum: Exact = components.iter().flatten().sum();
        if sum > monthly_cost {
            let path = fields.fault("monthly_cost", "").path;
            return Err(BaselineError::Components {
                path,
                sum: sum.to_string(),
                monthly: monthly_cost.to_string(),
            });
        }
        let daily = days(fields.get("daily"), &fields.fault("daily", "").path)?;
        let total: Exact = daily.iter().map(|day| &day.cost).sum();
        // A cost derived from the month is rounded, its days are not.
        let slack = if fields.get("cost").is_some() { Exact::zero() } else { tolerance() };
        if !daily.is_empty() && total.minus(&cost).abs() > slack {
            let path = fields.fault("daily", "").path;
            return Err(BaselineError::Daily { path, sum: total.to_string(), cost: cost.to_string() });
        }
        let fixed_share = match fields.decimal("fixed_share", MONEY_DIGITS)? {
            Some(share) if share.is_negative() || share > Exact::from_int(1) => {
                return Err(BaselineError::FixedShare { path: fields.fault("fixed_share", "").path });
            }
            share => share,
        };
        Ok(Self {
            id: fields.text_or_empty("id")?,
            workload_id: fields.text_or_empty("workload_id")?,
            namespace: fields.text_or_empty("namespace")?,
            cluster: fields.text_or_empty("cluster")?,
            team: fields.text_or_empty("team")?,
            resource: fields.text_or_empty("resource")?,
            cost,
            monthly_cost,
            components,
            period_start,
            period_end,
            currency: fields.currency("currency")?,
            price_basis: fields.word("price_basis", PriceBasis::WORDS)?.unwrap_or_default(),
            fixed_share,
            driver: driver(&fields)?,
            unit_price: not_negative(&fields, "unit_price", RATE_DIGITS)?,
            daily,
            source: fields.text_or_empty("source")?,
            source_sha256: sha256(&fields)?,
            hours,
        })
    }

    /// Length of the window in hours.
    #[must_use]
    pub fn hours(&self) -> &Exact {
        &self.hours
    }

    /// The baseline as JSON: every field, money as text, unknown as null.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let text = |value: &Option<Exact>| value.as_ref().map(Exact::to_string);
        let [cpu, memory, storage, network] = &self.components;
        json!({
            "id": self.id, "workload_id": self.workload_id, "namespace": self.namespace, "cluster": self.cluster,
            "team": self.team, "resource": self.resource, "cost": self.cost.to_string(),
            "monthly_cost": self.monthly_cost.to_string(), "cpu_cost": text(cpu), "memory_cost": text(memory),
            "storage_cost": text(storage), "network_cost": text(network), "period_start": self.period_start,
            "period_end": self.period_end, "currency": self.currency, "price_basis": self.price_basis.as_str(),
            "fixed_share": text(&self.fixed_share),
            "driver": self.driver.as_ref().map(|(name, quantity)| json!({"name": name, "quantity": quantity.to_string()})),
            "unit_price": text(&self.unit_price),
            "daily": self.daily.iter().map(|day| json!([day.cost.to_string(), text(&day.driver)])).collect::<Vec<_>>(),
            "source": self.source, "source_sha256": self.source_sha256,
        })
    }
}

/// Two statements of one cost may differ by this much (section 9).
fn tolerance() -> Exact {
    Exact::parse("0.000001").unwrap_or_default()
}

fn not_negative(fields: &Fields<'_>, key: &str, digits: u32) -> Result<Option<Exact>, Fault> {
    let value = fields.decimal(key, digits)?;
    if value.as_ref().is_some_and(Exact::is_negative) {
        return Err(fields.fault(key, "must not be negative"));
    }
    Ok(value)
}

fn window(fields: &Fields<'_>) -> Result<(String, String, Exact), BaselineError> {
    let time = |key: &str| fields.time(key)?.ok_or_else(|| fields.fault(key, "is missing; give a time"));
    let (start, end) = (time("period_start")?, time("period_end")?);
    let ms = |text: &str| event_time(text).map_or(0, finops_core::time::Timestamp::ms);
    let length = ms(&end).saturating_sub(ms(&start));
    if length < DAYS_MIN.saturating_mul(MS_PER_DAY) || length > DAYS_MAX.saturating_mul(MS_PER_DAY) {
        let fault = fields.fault("period_end", format!("the window must be {DAYS_MIN} to {DAYS_MAX} days"));
        return Err(BaselineError::Period { path: fault.path, problem: fault.problem });
    }
    let hours = Exact::from_int(length).over(&Exact::from_int(MS_PER_HOUR));
    Ok((start, end, hours.map(|h: Fraction| h.round(RATE_DIGITS)).unwrap_or_default()))
}

fn costs(fields: &Fields<'_>, hours: &Exact) -> Result<(Exact, Exact), BaselineError> {
    let given = not_negative(fields, "cost", MONEY_DIGITS)?;
    let month = not_negative(fields, "monthly_cost", MONEY_DIGITS)?;
    let refuse =
        |problem: String| BaselineError::Monthly { path: fields.fault("monthly_cost", "").path, problem };
    let (cost, monthly_cost) = match (given, month) {
        (None, None) => return Err(refuse("is missing; give `cost` or `monthly_cost`".to_owned())),
        (Some(cost), None) => {
            let month = monthly(&cost, hours).unwrap_or_default();
            (cost, month)
        }
        (None, Some(month)) => {
            let whole = month.times(hours).over(&Exact::from_int(HOURS_PER_MONTH));
            (whole.map(|cost| cost.round(MONEY_DIGITS)).unwrap_or_default(), month)
        }
        (Some(cost), Some(month)) => {
            let expected = monthly(&cost, hours).unwrap_or_default();
            if expected.minus(&month).abs() > tolerance() {
                return Err(refuse(format!("is {month}, but `cost` makes {expected} for 730 hours")));
            }
            (cost, month)
        }
    };
    Ok((cost, monthly_cost))
}

fn driver(fields: &Fields<'_>) -> Result<Option<(String, Exact)>, Fault> {
    let Some(value) = fields.get("driver") else { return Ok(None) };
    let path = fields.fault("driver", "").path;
    let driver = Fields::of(value, &path)?;
    driver.only(&["name", "quantity"])?;
    let quantity = not_negative(&driver, "quantity", RATE_DIGITS)?
        .ok_or_else(|| driver.fault("quantity", "is missing; give a decimal as text"))?;
    Ok(Some((driver.required_text("name")?.to_owned(), quantity)))
}

fn sha256(fields: &Fields<'_>) -> Result<Option<String>, Fault> {
    let text = fields.text("source_sha256")?.filter(|text| !text.is_empty());
    let is_hash = |t: &str| t.len() == 64 && t.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    match text {
        Some(text) if !is_hash(text) => {
            Err(fields.fault("source_sha256", "must be 64 lower-case hex digits"))
        }
        text => Ok(text.map(str::to_owned)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(changes: &[(&str, Value)]) -> Result<CostBaseline, BaselineError> {
        let mut value = json!({"id": "b1", "workload_id": "api", "cost": "672",
            "period_start": "2026-01-01T00:00:00.000000Z", "period_end": "2026-01-29T00:00:00.000000Z"});
        for (key, change) in changes {
            value[*key] = change.clone();
        }
        CostBaseline::from_json(&value, "/data/baseline")
    }

    fn code(changes: &[(&str, Value)]) -> (&'static str, String) {
        let error = with(changes).unwrap_err();
        (error.code(), error.path().to_owned())
    }

    #[test]
    fn the_month_follows_from_the_window_and_back() {
        assert_eq!(with(&[]).map(|b| b.monthly_cost.to_string()), Ok("730".to_owned()));
        let month = with(&[("cost", Value::Null), ("monthly_cost", json!("365"))]);
        assert_eq!(month.map(|b| b.cost.to_string()), Ok("336".to_owned()));
        assert!(with(&[("monthly_cost", json!("730.000001"))]).is_ok());
    }

    #[test]
    fn contradictions_are_refused_where_they_stand() {
        let at = |field: &str| format!("/data/baseline/{field}");
        assert_eq!(
            code(&[("monthly_cost", json!("730.0000011"))]),
            ("ledger.baseline.monthly", at("monthly_cost"))
        );
        assert_eq!(code(&[("cost", Value::Null)]), ("ledger.baseline.monthly", at("monthly_cost")));
        let end = json!("2026-01-14T23:59:59.999999Z");
        assert_eq!(code(&[("period_end", end)]), ("ledger.baseline.period", at("period_end")));
        let parts = [("cpu_cost", json!("700")), ("memory_cost", json!("30.01"))];
        assert_eq!(code(&parts), ("ledger.baseline.components", at("monthly_cost")));
        assert_eq!(code(&[("daily", json!([["671.99", null]]))]), ("ledger.baseline.daily", at("daily")));
        assert_eq!(
            code(&[("fixed_share", json!("1.1"))]),
            ("ledger.baseline.fixed_share", at("fixed_share"))
        );
        assert_eq!(code(&[("daily", json!([[672, null]]))]), ("ledger.baseline.field", at("daily/0")));
        assert_eq!(
            code(&[("driver", json!({"name": "requests"}))]),
            ("ledger.baseline.field", at("driver/quantity"))
        );
    }

    #[test]
    fn what_is_written_is_read_back() {
        let driver = json!({"name": "requests", "quantity": "1000"});
        let baseline =
            with(&[("driver", driver), ("daily", json!([["600", "900"], ["72", "100"]]))]).unwrap();
        assert_eq!(CostBaseline::from_json(&baseline.to_json(), ""), Ok(baseline));
    }
}
