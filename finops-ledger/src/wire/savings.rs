//! Groups of the savings ledger.

use super::Handler;
use crate::{
    LedgerError,
    baseline::{CostBaseline, days},
    number::{Exact, apportion},
    opportunity::{Effect, Opportunity, Scope, Status, fingerprint, lifecycle, opportunity_id},
    overlap::{MonthlyCosts, net},
    read::{Fault, Fields},
    savings::{Entry, SavingsLedger},
    verification::{
        self, BaselineSide, Grounds, Method, ReportingSide, Saving,
        measure::{Measurement, Proof, share},
    },
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub(super) const GROUPS: &[(&str, Handler)] = &[
    ("opportunity_id", identity),
    ("saving", saving),
    ("measure", measure),
    ("half_width", half_width),
    ("verdict", verdict),
    ("drift", drift),
    ("apportion", split),
    ("overlap", overlap),
    ("transition", transition),
    ("fold", fold),
];

impl From<Fault> for LedgerError {
    fn from(fault: Fault) -> Self {
        let path = if fault.path.is_empty() { "input".to_owned() } else { fault.path };
        Self::Wire { path, problem: fault.problem }
    }
}

/// Digits of decimals in inputs: any that a row of the ledger could hold.
const DIGITS: u32 = 38;

pub(super) fn fields(input: &Value) -> Result<Fields<'_>, Fault> {
    Fields::of(input, "")
}

pub(super) fn array<'a>(fields: &Fields<'a>, key: &str) -> Result<&'a [Value], Fault> {
    match fields.get(key) {
        None => Ok(&[]),
        Some(Value::Array(values)) => Ok(values),
        Some(_) => Err(fields.fault(key, "must be an array")),
    }
}

pub(super) fn decimals(fields: &Fields<'_>, key: &str) -> Result<Vec<Exact>, Fault> {
    let number = |value: &Value| {
        let parsed = value.as_str().and_then(Exact::parse);
        parsed.ok_or_else(|| fields.fault(key, "must hold decimals as text in normal form"))
    };
    array(fields, key)?.iter().map(number).collect()
}

fn identity(input: &Value) -> Result<Value, LedgerError> {
    let fields = fields(input)?;
    let empty = Value::Object(Map::new());
    let scope = Scope::from_json(fields.get("scope").unwrap_or(&empty), "/scope")?;
    let print = match fields.text("fingerprint")? {
        Some(given) if fields.get("scope").is_none() => given.to_owned(),
        _ => fingerprint(&scope),
    };
    let id = opportunity_id(&print, fields.count("generation")?.unwrap_or(1));
    Ok(json!({"fingerprint": print, "opportunity_id": id}))
}

fn effect(fields: &Fields<'_>) -> Result<Effect, Fault> {
    fields.word("effect", Effect::WORDS)?.ok_or_else(|| fields.fault("effect", "is missing"))
}

fn saving(input: &Value) -> Result<Value, LedgerError> {
    let fields = fields(input)?;
    let null = Value::Null;
    let before = Fields::of(fields.get("baseline").unwrap_or(&null), "/baseline")?;
    let now = Fields::of(fields.get("reporting").unwrap_or(&null), "/reporting")?;
    let baseline = BaselineSide {
        cost: before.required_decimal("cost", DIGITS)?,
        hours: before.required_decimal("hours", DIGITS)?,
        driver: before.decimal("driver", DIGITS)?,
        fixed_share: before.decimal("fixed_share", DIGITS)?,
        unit_price: before.decimal("unit_price", DIGITS)?,
    };
    let reporting = ReportingSide {
        cost: now.required_decimal("cost", DIGITS)?,
        hours: now.required_decimal("hours", DIGITS)?,
        driver: now.decimal("driver", DIGITS)?,
        quantity: now.decimal("quantity", DIGITS)?,
    };
    let non_routine = decimals(&fields, "non_routine")?;
    let figures = match verification::saving(&baseline, &reporting, effect(&fields)?, &non_routine)? {
        Saving::Known(figures) => figures,
        Saving::Unknown(reason) => return Ok(json!({"status": "unknown", "reason": reason})),
    };
    let text = |value: &Option<Exact>| value.as_ref().map(Exact::to_string);
    Ok(json!({
        "status": "known",
        "calendar_baseline": figures.calendar_baseline.to_string(),
        "adjusted_baseline": figures.adjusted_baseline.to_string(),
        "non_routine": figures.non_routine.to_string(),
        "actual": figures.actual.to_string(),
        "total": figures.total.to_string(),
        "assumptions": figures.assumptions,
        "usage_effect": text(&figures.usage_effect),
        "rate_effect": text(&figures.rate_effect),
        "claimed": figures.claimed.to_string(),
        "avoided_growth": figures.avoided_growth.to_string(),
        "cash_reduction": figures.cash_reduction.to_string(),
    }))
}

/// From a baseline and a measurement, with the estimates of the items that share the resource, to rows and verdict.
fn measure(input: &Value) -> Result<Value, LedgerError> {
    let fields = fields(input)?;
    let null = Value::Null;
    let baseline = CostBaseline::from_json(fields.get("baseline").unwrap_or(&null), "/baseline")?;
    let now = Measurement::from_json(fields.get("measurement").unwrap_or(&null), "/measurement")?;
    let estimates = decimals(&fields, "estimates")?;
    match verification::measure::measure(&baseline, &now)? {
        Proof::Unknown(reason) => Ok(json!({"status": "unknown", "reason": reason})),
        Proof::Known { verdict, row, figures, .. } => {
            let rows = if estimates.is_empty() { Some(vec![*row]) } else { share(&row, &estimates) };
            let rows = rows.ok_or_else(|| fields.fault("estimates", "must not be negative, nor all 0"))?;
            let rows: Vec<Value> = rows.iter().map(verification::Verification::to_json).collect();
            let assumptions = &figures.assumptions;
            Ok(
                json!({"status": "known", "verdict": verdict.as_str(), "assumptions": assumptions, "rows": rows}),
            )
        }
    }
}

fn half_width(input: &Value) -> Result<Value, LedgerError> {
    let fields = fields(input)?;
    let baseline = days(fields.get("baseline"), "/baseline")?;
    let reporting = days(fields.get("reporting"), "/reporting")?;
    let share = fields.share("fixed_share")?.unwrap_or_else(|| Exact::from_int(1));
    let interval = verification::interval::half_width(&baseline, &reporting, &share);
    Ok(interval.map_or(Value::Null, |interval| {
        json!({
            "df": interval.df,
            "t": interval.t.to_string(),
            "n_eff_baseline": interval.n_eff_baseline.to_string(),
            "n_eff_reporting": interval.n_eff_reporting.to_string(),
            "standard_error": interval.standard_error.to_string(),
            "half_width": interval.half_width.to_string(),
        })
    }))
}

fn verdict(input: &Value) -> Result<Value, LedgerError> {
    let fields = fields(input)?;
    let judgement = verification::verdict(&Grounds {
        method: Method::parse(fields.required_text("method")?)?,
        effect: effect(&fields)?,
        claimed: fields.required_decimal("claimed", DIGITS)?,
        half_width: fields.decimal("half_width", DIGITS)?,
        n_baseline: fields.count("n_baseline")?,
        n_reporting: fields.count("n_reporting")?,
        gone: fields.get("gone").and_then(Value::as_bool).unwrap_or_default(),
        cv_rmse: fields.decimal("cv_rmse", DIGITS)?,
        r2: fields.decimal("r2", DIGITS)?,
    });
    let (low, high) = judgement.ci90.map(|(low, high)| (low.to_string(), high.to_string())).unzip();
    Ok(json!({"verdict": judgement.verdict.as_str(), "ci90_low": low, "ci90_high": high}))
}

fn drift(input: &Value) -> Result<Value, LedgerError> {
    let fields = fields(input)?;
    let first = fields.required_decimal("first", DIGITS)?;
    Ok(json!({"drifted": verification::drifted(&first, &decimals(&fields, "later")?)}))
}

fn split(input: &Value) -> Result<Value, LedgerError> {
    let fields = fields(input)?;
    let total = fields.required_decimal("total", DIGITS)?;
    // 38 digits, as in the store's widest column.
    let places = fields.count("places")?.unwrap_or(2);
    let places = u32::try_from(places).ok().filter(|places| *places <= DIGITS);
    let places = places.ok_or_else(|| fields.fault("places", "must be at most 38"))?;
    let rows = apportion(&decimals(&fields, "weights")?, &total, places)
        .ok_or_else(|| fields.fault("weights", "must not be negative, nor all 0 for a total"))?;
    Ok(json!({"rows": rows.iter().map(Exact::to_string).collect::<Vec<_>>()}))
}

fn overlap(input: &Value) -> Result<Value, LedgerError> {
    let fields = fields(input)?;
    let items = array(&fields, "opportunities")?
        .iter()
        .enumerate()
        .map(|(i, item)| Opportunity::from_json(item, &format!("/opportunities/{i}")))
        .collect::<Result<Vec<_>, _>>()?;
    let mut costs = MonthlyCosts::default();
    for (i, baseline) in array(&fields, "baselines")?.iter().enumerate() {
        let path = format!("/baselines/{i}");
        let baseline = Fields::of(baseline, &path)?;
        let part = |key: &str| baseline.text(key).map(Option::unwrap_or_default);
        let workload = [part("cluster")?, part("namespace")?, part("workload_id")?];
        let month = baseline.required_decimal("monthly_cost", DIGITS)?;
        costs.freeze(part("resource")?, workload, &baseline.currency("currency")?, month);
    }
    let nets = net(&items, &costs)?;
    let gross: Exact =
        items.iter().filter(|i| i.status.counts_estimate()).map(|i| &i.estimated_monthly_savings).sum();
    let total: Exact = nets.values().map(|net| &net.net).sum();
    let nets: Map<String, Value> = nets
        .into_iter()
        .map(|(id, net)| (id, json!({"net": net.net.to_string(), "reason": net.reason})))
        .collect();
    Ok(json!({"net": nets, "total_gross": gross.to_string(), "total_net": total.to_string()}))
}

fn transition(input: &Value) -> Result<Value, LedgerError> {
    let fields = fields(input)?;
    let state = fields.required_text("state")?;
    let state = Status::parse(state).ok_or_else(|| fields.fault("state", "is no state of an opportunity"))?;
    let to = lifecycle::transition("opportunity", state, fields.required_text("event")?)?;
    Ok(json!({"to": to.as_str()}))
}

/// The events of a case in their order; a missing `seq` is the position.
pub(super) fn entries(fields: &Fields<'_>) -> Result<Vec<Entry>, Fault> {
    let entry = |(i, value): (usize, &Value)| {
        let path = format!("/events/{i}");
        let event = Fields::of(value, &path)?;
        let text = |key: &str| event.required_text(key).map(str::to_owned);
        let seq = event.count("seq")?.or_else(|| u64::try_from(i).ok()).unwrap_or_default();
        let data = event.get("data").cloned().unwrap_or_default();
        Ok(Entry { seq, id: text("id")?, at: text("at")?, actor: text("actor")?, kind: text("kind")?, data })
    };
    array(fields, "events")?.iter().enumerate().map(entry).collect()
}

pub(super) fn four_eyes_above(fields: &Fields<'_>) -> Result<Option<Exact>, Fault> {
    match fields.get("config") {
        None => Ok(None),
        Some(config) => Fields::of(config, "/config")?.decimal("four_eyes_above", DIGITS),
    }
}

fn fold(input: &Value) -> Result<Value, LedgerError> {
    let fields = fields(input)?;
    let mut ledger = SavingsLedger::new(four_eyes_above(&fields)?);
    let mut refused = Map::new();
    for (i, entry) in entries(&fields)?.iter().enumerate() {
        if let Err(error) = ledger.apply(entry) {
            refused.insert(i.to_string(), Value::from(error.code()));
        }
    }
    let of = |value: fn(&SavingsLedger, &Opportunity) -> String| -> Map<String, Value> {
        ledger.opportunities().map(|item| (item.id.clone(), Value::from(value(&ledger, item)))).collect()
    };
    let sum = |result: Result<Exact, LedgerError>| match result {
        Ok(sum) => Value::from(sum.to_string()),
        Err(error) => json!({"error": error.code()}),
    };
    let keys = |result: Result<BTreeMap<String, Exact>, LedgerError>| match result {
        Ok(keys) => keys.into_iter().map(|(key, sum)| (key, Value::from(sum.to_string()))).collect(),
        Err(error) => json!({"error": error.code()}),
    };
    let state = json!({
        "status": of(|_, item| item.status.to_string()),
        "realized_savings": of(|ledger, item| ledger.realized_savings(&item.id).to_string()),
        "total_estimated": sum(ledger.total_estimated(false, None)),
        "total_estimated_gross": sum(ledger.total_estimated(true, None)),
        "total_realized": sum(ledger.total_realized(None)),
        "by_team": keys(ledger.savings_by_team(None)),
        "by_type": keys(ledger.savings_by_type(None)),
        "by_cluster": keys(ledger.savings_by_cluster(None)),
    });
    Ok(json!({"refused": refused, "state": state}))
}
