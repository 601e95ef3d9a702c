//! Groups of the reports.

use super::{
    Handler,
    savings::{array, entries, fields, four_eyes_above},
};
use crate::{
    LedgerError,
    number::Exact,
    report::{
        Period, Report, ReportInputs, bar_lengths, cost_rows, effective_savings_rate, escape_html,
        escape_markdown, ratio,
    },
    savings::SavingsLedger,
};
use serde_json::{Map, Value, json};

pub(super) const GROUPS: &[(&str, Handler)] = &[
    ("report", figures),
    ("report_render", render),
    ("period", period),
    ("kpi", kpi),
    ("chart", chart),
    ("escape", escape),
];

/// Builds the report of `events` (and `config`, `inputs` when given) for `label`.
fn build(input: &Value) -> Result<Report, LedgerError> {
    let fields = fields(input)?;
    let (ledger, _) = SavingsLedger::replay(four_eyes_above(&fields)?, &entries(&fields)?)?;
    let inputs = match fields.get("inputs") {
        Some(inputs) => ReportInputs::from_json(inputs)?,
        None => ReportInputs::default(),
    };
    Report::build(&ledger, &inputs, fields.required_text("label")?)
}

/// The members that the vectors of section 12 name.
const FIGURES: &[&str] = &[
    "period",
    "totals",
    "counts",
    "by_status",
    "by_team",
    "by_type",
    "by_cluster",
    "ageing_days",
    "recommendations",
];

fn figures(input: &Value) -> Result<Value, LedgerError> {
    let report = build(input)?;
    let whole = report.to_value();
    let mut out: Map<String, Value> =
        FIGURES.iter().filter_map(|name| Some(((*name).to_owned(), whole.get(*name)?.clone()))).collect();
    let rate =
        report.kpis.iter().find(|kpi| kpi.name == "realisation_rate").and_then(|kpi| kpi.value.as_ref());
    out.insert("realisation_rate".to_owned(), json!(rate.map(Exact::to_string)));
    let top: Vec<Value> =
        report.top.iter().map(|top| json!({"id": top.id, "net": top.net.to_string()})).collect();
    out.insert("top".to_owned(), Value::Array(top));
    Ok(Value::Object(out))
}

/// The report as `text` in the `format` `json`, `markdown` or `html`, with the event that records it.
fn render(input: &Value) -> Result<Value, LedgerError> {
    let fields = fields(input)?;
    let report = build(input)?;
    let text = match fields.text("format")?.unwrap_or("json") {
        "json" => report.to_json()?,
        "markdown" | "md" => report.to_markdown(),
        "html" => report.to_html(),
        _ => return Err(fields.fault("format", "must be json, markdown or html").into()),
    };
    let issued = report.issued()?;
    Ok(json!({"text": text, "issued": {"kind": issued.kind, "data": issued.data}}))
}

fn period(input: &Value) -> Result<Value, LedgerError> {
    let period = Period::parse(fields(input)?.text("label")?.unwrap_or_default())?;
    Ok(json!({"start": period.start.to_string(), "end": period.end.to_string()}))
}

fn kpi(input: &Value) -> Result<Value, LedgerError> {
    let fields = fields(input)?;
    let text = |value: Option<Exact>| value.map(|value| value.to_string());
    if fields.get("rows").is_some() {
        let (esr, coverage) = effective_savings_rate(&cost_rows(fields.get("rows"), "/rows")?);
        return Ok(json!({"esr": text(esr), "coverage": text(coverage)}));
    }
    let (a, b) = (fields.decimal("a", 38)?, fields.decimal("b", 38)?);
    Ok(json!(text(ratio(a.as_ref(), b.as_ref()))))
}

fn chart(input: &Value) -> Result<Value, LedgerError> {
    let fields = fields(input)?;
    let value = |value: &Value| match value {
        Value::Null => Ok(None),
        _ => match value.as_str().and_then(Exact::parse) {
            Some(number) => Ok(Some(number)),
            None => Err(fields.fault("values", "must hold decimals as text in normal form, or null")),
        },
    };
    let values = array(&fields, "values")?.iter().map(value).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({"lengths": bar_lengths(&values)}))
}

fn escape(input: &Value) -> Result<Value, LedgerError> {
    let text = fields(input)?.text_or_empty("text")?;
    Ok(json!({"html": escape_html(&text), "markdown": escape_markdown(&text)}))
}
