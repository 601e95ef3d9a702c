//! Severity, priority, sums and outcomes.

use super::{
    Handler,
    input::{self, flag, integer, required, text},
};
use crate::{
    error::Fault,
    finding::{
        money::Attos,
        outcome::{CheckOutcome, outcome as verdict},
        parts::{Level, Share, Status},
        record::Finding,
        severity::{Base, Stake, Thresholds, priority as points, severity as judge},
        totals::{combine as together, totals as sums},
        validate::currency,
    },
    json::Json,
};

pub(super) const KINDS: &[(&str, Handler)] = &[
    ("severity", severity),
    ("priority", priority),
    ("combine", combine),
    ("totals", totals),
    ("outcome", outcome),
];

fn amount(path: &str, value: &Json) -> Result<Option<Attos>, Fault> {
    let text = match value {
        Json::Null => return Ok(None),
        Json::String(text) if text.trim().is_empty() => return Ok(None),
        Json::String(text) => text,
        Json::Number(number) => number.text(),
        other => return Err(input::wrong(path, other, "give a decimal, best as text")),
    };
    let read = Attos::parse(text).map_err(|error| {
        Fault::new(error.code(), path, format!("`{}` is {error}", crate::error::shorten(text)), error.help())
    });
    read.map(Some)
}

fn member(input: &Json, name: &str) -> Result<Option<Attos>, Fault> {
    input.get(name).map_or(Ok(None), |value| amount(name, value))
}

/// A share of one, rounded down to four places.
fn share(input: &Json, name: &str) -> Result<Option<Share>, Fault> {
    let Some(amount) = member(input, name)? else { return Ok(None) };
    let parts = amount.get().checked_div(100_000_000_000_000).and_then(|parts| u16::try_from(parts).ok());
    let within = (Attos::ZERO..=Attos::from_units(1)).contains(&amount);
    match parts.filter(|_| within).and_then(Share::from_ten_thousandths) {
        Some(share) => Ok(Some(share)),
        None => {
            let problem = format!("`{amount}` is not from 0 to 1");
            Err(Fault::new("finding.out_of_range", name, problem, "give a decimal from 0 to 1"))
        }
    }
}

fn status(input: &Json) -> Result<Status, Fault> {
    let word = required(input, "status")?;
    Status::of(word).ok_or_else(|| input::unknown("status", word, "give `fail`, `pass`, `info` or `unknown`"))
}

fn level(name: &str, word: &str) -> Result<Level, Fault> {
    Level::of(word)
        .ok_or_else(|| input::unknown(name, word, "give `info`, `low`, `medium`, `high` or `critical`"))
}

fn stake(input: &Json) -> Result<Stake, Fault> {
    let currency = match text(input, "currency")? {
        None => None,
        Some(text) => {
            let help = "write three letters of ISO 4217 such as `USD`";
            Some(currency(text).ok_or_else(|| input::unknown("currency", text, help))?)
        }
    };
    let thresholds = match input::list(input, "thresholds")? {
        None => Thresholds::of(currency),
        Some([low, middle, high]) => {
            let of = |value: &Json| amount("thresholds", value)?.ok_or_else(|| input::missing("thresholds"));
            Some(Thresholds::new(of(low)?, of(middle)?, of(high)?)?)
        }
        Some(_) => return Err(input::wrong("thresholds", input, "give three amounts")),
    };
    Ok(Stake {
        monthly_savings: member(input, "monthly_savings")?,
        confidence: share(input, "confidence")?,
        thresholds,
    })
}

fn severity(input: &Json) -> Result<Json, Fault> {
    let base = match input.get("base") {
        None | Some(Json::Null) => Base::default(),
        Some(Json::String(word)) => Base::new(level("base", word)?, None),
        Some(base @ Json::Object(_)) => {
            let score = integer(base, "score", 1000)?.and_then(|score| u16::try_from(score).ok());
            Base::new(level("base.level", required(base, "level")?)?, score)
        }
        Some(other) => return Err(input::wrong("base", other, "give a level, or a level and a score")),
    };
    let severity = judge(status(input)?, base, stake(input)?);
    Ok(Json::object([
        ("level", Json::from(severity.level.name())),
        ("score", Json::from(severity.score)),
        ("basis", Json::from(severity.basis.name())),
    ]))
}

fn priority(input: &Json) -> Result<Json, Fault> {
    let given = integer(input, "given", 1000)?.unwrap_or_default();
    if given > 0 {
        return Ok(Json::from(given));
    }
    let score = integer(input, "score", 1000)?.ok_or_else(|| input::missing("score"))?;
    let score = u16::try_from(score).unwrap_or(1000);
    Ok(Json::from(points(status(input)?, score, stake(input)?, share(input, "risk")?)))
}

fn decimal(amount: Option<Attos>) -> Json {
    Json::from(amount.map(|amount| amount.to_string()))
}

fn combine(input: &Json) -> Result<Json, Fault> {
    combined(&input::findings(input)?)
}

/// What findings are worth together, as the kind `combine` tells it.
///
/// # Errors
/// `finding.overflow`.
pub fn combined<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Result<Json, Fault> {
    let combined = together(findings)?;
    Ok(Json::object([
        ("monthly_cost", decimal(combined.monthly_cost)),
        ("monthly_savings", decimal(combined.monthly_savings)),
        ("confidence", Json::from(combined.confidence)),
        ("currency", Json::from(combined.currency.as_ref().map(crate::money::Currency::code))),
        ("reason", Json::from(combined.reason)),
    ]))
}

fn totals(input: &Json) -> Result<Json, Fault> {
    totalled(&input::findings(input)?)
}

/// The sums of findings by currency, as the kind `totals` tells them.
///
/// # Errors
/// `finding.overflow`.
pub fn totalled<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Result<Json, Fault> {
    let rows = sums(findings)?;
    Ok(Json::object(rows.iter().map(|(currency, total)| {
        let row = Json::object([
            ("findings", Json::from(total.findings)),
            ("savings", decimal(Some(total.savings))),
            ("cost", decimal(Some(total.cost))),
            ("savings_unknown", Json::from(total.savings_unknown)),
            ("cost_unknown", Json::from(total.cost_unknown)),
        ]);
        (currency.as_ref().map_or("-", crate::money::Currency::code), row)
    })))
}

fn outcome(input: &Json) -> Result<Json, Fault> {
    let word = required(input, "outcome")?;
    let help = "give `finding`, `ok`, `undetermined`, `inapplicable`, `error` or `denied`";
    let outcome = CheckOutcome::of(word).ok_or_else(|| input::unknown("outcome", word, help))?;
    let verdict = verdict(outcome, flag(input, "informational")?, flag(input, "emit_pass")?);
    Ok(Json::object([
        ("status", Json::from(verdict.status.map(Status::name))),
        ("reason", Json::from(verdict.reason)),
        ("coverage", Json::from(verdict.coverage.name())),
    ]))
}
