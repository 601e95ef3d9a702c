//! What a report needs beside the ledger: where the log stands, and figures of other systems.

use crate::{
    LedgerError,
    baseline::RATE_DIGITS,
    date::Date,
    number::{Exact, MONEY_DIGITS},
    read::{Fault, Fields},
};
use serde_json::Value;

/// List and effective cost of one row of a bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostRow {
    /// Cost at list price, when it is known.
    pub list: Option<Exact>,
    /// Cost after discounts and commitments, amortised.
    pub effective: Exact,
    /// Whether the row buys a commitment.
    pub purchase: bool,
}

/// A figure of another system that a report shows as it is: spend, budget, guardrail counts, carbon, DORA.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Figure {
    /// Its name.
    pub name: String,
    /// The figure; `None` is shown as unknown with its reason.
    pub value: Option<Exact>,
    /// What it counts.
    pub unit: String,
    /// Why it is not known.
    pub reason: String,
    /// Where it comes from.
    pub source: String,
}

/// Two numbers that make a ratio, and where they come from.
pub type Pair = Option<(Exact, Exact, String)>;

/// What a report needs beside the ledger; all of it may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportInputs {
    /// Name of the log.
    pub origin: Option<String>,
    /// Root of its tree, hex.
    pub root: Option<String>,
    /// Largest anchored size.
    pub anchored_up_to: Option<u64>,
    /// Last day that the bill is complete for.
    pub latest_billing_day: Option<Date>,
    /// Share of cost lines that are estimates, 0..=1.
    pub estimated_lines_share: Option<Exact>,
    /// Currency of all sums, by the rates recorded in the log; `None`: the one of the items.
    pub currency: Option<String>,
    /// Rows of the bill.
    pub cost_rows: Vec<CostRow>,
    /// Where they come from.
    pub cost_source: String,
    /// Allocated cost and all cost.
    pub allocation: Pair,
    /// Actual and forecast cost.
    pub forecast: Pair,
    /// Cost under commitments and cost that could be.
    pub commitment_coverage: Pair,
    /// Used and bought commitment.
    pub commitment_utilisation: Pair,
    /// Cost and units of the business.
    pub unit_cost: Pair,
    /// Other figures.
    pub figures: Vec<Figure>,
}

const MEMBERS: &[&str] = &[
    "origin",
    "root",
    "anchored_up_to",
    "latest_billing_day",
    "estimated_lines_share",
    "currency",
    "cost_rows",
    "cost_source",
    "allocation",
    "forecast",
    "commitment_coverage",
    "commitment_utilisation",
    "unit_cost",
    "figures",
];

/// Reads rows of list and effective cost, as in the vectors.
pub(crate) fn cost_rows(value: Option<&Value>, path: &str) -> Result<Vec<CostRow>, Fault> {
    each(value, path, |row| {
        Ok(CostRow {
            list: row.decimal("list", RATE_DIGITS)?,
            effective: row.required_decimal("effective", RATE_DIGITS)?,
            purchase: row.get("purchase").and_then(Value::as_bool).unwrap_or_default(),
        })
    })
}

fn each<T>(
    value: Option<&Value>,
    path: &str,
    read: impl Fn(&Fields<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let rows = value
        .as_array()
        .ok_or_else(|| Fault { path: path.to_owned(), problem: "must be an array".to_owned() })?;
    rows.iter().enumerate().map(|(i, row)| read(&Fields::of(row, &format!("{path}/{i}"))?)).collect()
}

/// Reads `{"part", "whole", "source"}`.
fn pair(fields: &Fields<'_>, key: &str) -> Result<Pair, Fault> {
    let Some(value) = fields.get(key) else { return Ok(None) };
    let path = fields.fault(key, "").path;
    let pair = Fields::of(value, &path)?;
    pair.only(&["part", "whole", "source"])?;
    let (part, whole) = (pair.decimal("part", RATE_DIGITS)?, pair.decimal("whole", RATE_DIGITS)?);
    let source = pair.text_or_empty("source")?;
    Ok(part.zip(whole).map(|(part, whole)| (part, whole, source)))
}

impl ReportInputs {
    /// Reads the inputs; pairs are `{"part", "whole", "source"}`, figures `{"name", "value", "unit", "reason", "source"}`.
    ///
    /// # Errors
    /// `ledger.wire` with the path of the member at fault.
    pub fn from_json(value: &Value) -> Result<Self, LedgerError> {
        let fields = Fields::of(value, "/inputs")?;
        fields.only(MEMBERS)?;
        let text = |key: &str| fields.text(key).map(|text| text.map(str::to_owned));
        let day = fields.text("latest_billing_day")?.map(|day| {
            Date::parse(day)
                .ok_or_else(|| fields.fault("latest_billing_day", "is not a day such as `2026-03-14`"))
        });
        let figure = |row: &Fields<'_>| {
            Ok(Figure {
                name: row.required_text("name")?.to_owned(),
                value: row.decimal("value", MONEY_DIGITS)?,
                unit: row.text_or_empty("unit")?,
                reason: row.text_or_empty("reason")?,
                source: row.text_or_empty("source")?,
            })
        };
        let mut figures = each(fields.get("figures"), "/inputs/figures", figure)?;
        figures.sort();
        let currency = match fields.text("currency")? {
            None => None,
            Some(_) => Some(fields.currency("currency")?),
        };
        Ok(Self {
            origin: text("origin")?,
            root: text("root")?,
            anchored_up_to: fields.count("anchored_up_to")?,
            latest_billing_day: day.transpose()?,
            estimated_lines_share: fields.share("estimated_lines_share")?,
            currency,
            cost_rows: cost_rows(fields.get("cost_rows"), "/inputs/cost_rows")?,
            cost_source: fields.text_or_empty("cost_source")?,
            allocation: pair(&fields, "allocation")?,
            forecast: pair(&fields, "forecast")?,
            commitment_coverage: pair(&fields, "commitment_coverage")?,
            commitment_utilisation: pair(&fields, "commitment_utilisation")?,
            unit_cost: pair(&fields, "unit_cost")?,
            figures,
        })
    }
}
