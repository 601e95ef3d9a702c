//! Key figures: ratios at 6 digits, half-even; unknown is null with its reason, never 0.

use super::inputs::{CostRow, ReportInputs};
use crate::number::Exact;
use serde_json::{Value, json};

/// Digits of a ratio.
const RATIO_DIGITS: u32 = 6;

/// `a / b`; `None` when either is unknown or `b` is 0.
#[must_use]
pub fn ratio(a: Option<&Exact>, b: Option<&Exact>) -> Option<Exact> {
    Some(a?.over(b?)?.round(RATIO_DIGITS))
}

/// Effective savings rate (list - effective)/list over rows with a known list price, and the part of the effective cost
/// that those rows are; purchases are left out, rows that cost more than list stay in (finops.org FOCUS use case).
#[must_use]
pub fn effective_savings_rate(rows: &[CostRow]) -> (Option<Exact>, Option<Exact>) {
    let (mut list, mut effective, mut all) = (Exact::zero(), Exact::zero(), Exact::zero());
    for row in rows.iter().filter(|row| !row.purchase) {
        all = all.plus(&row.effective);
        if let Some(price) = &row.list {
            list = list.plus(price);
            effective = effective.plus(&row.effective);
        }
    }
    (ratio(Some(&list.minus(&effective)), Some(&list)), ratio(Some(&effective), Some(&all)))
}

/// A key figure, or why it is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kpi {
    /// Its name in data.
    pub name: &'static str,
    /// The figure at 6 digits.
    pub value: Option<Exact>,
    /// Why there is none.
    pub reason: Option<&'static str>,
    /// Where the figures come from.
    pub source: String,
}

impl Kpi {
    fn new(name: &'static str, value: Option<Exact>, reason: &'static str, source: &str) -> Self {
        let reason = if value.is_none() { Some(reason) } else { None };
        Self { name, value, reason, source: source.to_owned() }
    }

    /// Value, reason and source as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "value": self.value.as_ref().map(Exact::to_string), "reason": self.reason, "source": self.source,
        })
    }
}

/// What the ledger itself contributes.
pub(super) struct FromLedger {
    /// Run rates of verified items.
    pub run_rate: Exact,
    /// Estimates of the same items.
    pub estimates: Exact,
    /// Realised in the period.
    pub realized: Exact,
    /// The part of it that is recorded below the last anchor.
    pub anchored: Option<Exact>,
}

const NOT_GIVEN: &str = "not given";

/// All key figures, in the order of section 12.
pub(super) fn all(ledger: &FromLedger, inputs: &ReportInputs) -> Vec<Kpi> {
    let known = |pair: &Option<(Exact, Exact, String)>| {
        let (a, b) = pair.as_ref().map(|(a, b, _)| (a, b)).unzip();
        let source = pair.as_ref().map_or("", |(.., source)| source);
        let reason = if pair.is_none() { NOT_GIVEN } else { "nothing to divide by" };
        (ratio(a, b), reason, source.to_owned())
    };
    let of = |name: &'static str, pair| {
        let (value, reason, source) = known(pair);
        Kpi::new(name, value, reason, &source)
    };
    let (esr, coverage) = effective_savings_rate(&inputs.cost_rows);
    let no_rows = if inputs.cost_rows.is_empty() { NOT_GIVEN } else { "no row has a list price" };
    let variance = inputs
        .forecast
        .as_ref()
        .map(|(actual, forecast, source)| (actual.minus(forecast).abs(), forecast.abs(), source.clone()));
    let utilisation = of("commitment_utilisation", &inputs.commitment_utilisation);
    let waste = utilisation.value.as_ref().map(|used| Exact::from_int(1).minus(used));
    let waste_reason = utilisation.reason.unwrap_or(NOT_GIVEN);
    let rate = ratio(Some(&ledger.run_rate), Some(&ledger.estimates));
    let anchored = ratio(ledger.anchored.as_ref(), Some(&ledger.realized));
    let not_anchored = if ledger.anchored.is_none() {
        "the log has no anchor"
    } else {
        "nothing was realised in the period"
    };
    vec![
        Kpi::new("realisation_rate", rate, "no verified item has an estimate", "ledger"),
        Kpi::new("effective_savings_rate", esr, no_rows, &inputs.cost_source),
        Kpi::new("effective_savings_rate_coverage", coverage, no_rows, &inputs.cost_source),
        of("allocation", &inputs.allocation),
        of("forecast_variance", &variance),
        of("commitment_coverage", &inputs.commitment_coverage),
        Kpi::new("commitment_waste", waste, waste_reason, &utilisation.source),
        utilisation,
        of("unit_cost", &inputs.unit_cost),
        Kpi::new("anchored_share", anchored, not_anchored, "ledger"),
    ]
}
