//! The methods of a savings ledger.

use super::{member, optional_text, refused_member, text};
use finops::{
    Timestamp,
    ledger::{
        Actor, EventLogError, LedgerError, Measured, Recorded, SavingsLedger,
        baseline::CostBaseline,
        number::Exact,
        opportunity::{Opportunity, Status},
        overlap::Net,
        report::Report,
        savings::{self, By, Conversion, Draft, Due},
        verification::measure::Measurement,
    },
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub(super) fn call(ledger: &SavingsLedger, method: &str, given: &Value) -> Result<Value, EventLogError> {
    Ok(match method {
        "record" => {
            let (kind, data) = (text(given, "kind")?, object(given, "data")?);
            draft(ledger, given, |fold, by| fold.draft(kind, data, by).map(Some))?
        }
        "step" => {
            let (kind, data) = (text(given, "kind")?, object(given, "data")?);
            let id = text(&data, "opportunity")?.to_owned();
            draft(ledger, given, |fold, by| fold.draft(kind, data, by).map(Some))?;
            item(ledger, &id)?
        }
        "add" => {
            let item = object(given, "opportunity")?;
            let made = draft(ledger, given, |fold, by| fold.add_opportunity(&item, by).map(Some))?;
            added(ledger, &item, &made)?
        }
        "observe" => {
            let item = object(given, "opportunity")?;
            let made = draft(ledger, given, |fold, by| fold.observe(&item, by))?;
            added(ledger, &item, &made)?
        }
        "freeze" => {
            let baseline = object(given, "baseline")?;
            let made = draft(ledger, given, |fold, by| fold.freeze(&baseline, by).map(Some))?;
            let id = made.pointer("/data/baseline/id").or_else(|| made.get("id")).and_then(Value::as_str);
            frozen(ledger, id.unwrap_or_default())?
        }
        "verify" => verify(ledger, given)?,
        "item" => item(ledger, text(given, "id")?)?,
        "items" => items(ledger, optional_text(given, "status")?)?,
        "baseline" => frozen(ledger, text(given, "id")?)?,
        "total_estimated" => {
            let gross = member(given, "gross").and_then(Value::as_bool).unwrap_or_default();
            total(ask(ledger, given, |fold, into| fold.total_estimated(gross, into))?)
        }
        "total_realized" => total(ask(ledger, given, savings::SavingsLedger::total_realized)?),
        "by_team" => amounts(ask(ledger, given, savings::SavingsLedger::savings_by_team)?),
        "by_type" => amounts(ask(ledger, given, savings::SavingsLedger::savings_by_type)?),
        "by_cluster" => amounts(ask(ledger, given, savings::SavingsLedger::savings_by_cluster)?),
        "nets" => {
            let nets = ledger.read(savings::SavingsLedger::nets)?.map_err(LedgerError::from)?;
            let net =
                |(id, net): (String, Net)| (id, json!({"net": net.net.to_string(), "reason": net.reason}));
            Value::Object(nets.into_iter().map(net).collect())
        }
        "due" => due(ledger, given)?,
        "refused" => {
            let refused = ledger.refused()?;
            let shown = |(seq, error): (u64, LedgerError)| json!({"seq": seq, "code": error.code(), "path": error.path(), "message": error.to_string()});
            refused.into_iter().map(shown).collect()
        }
        _ => return Err(refused_member("method", "give a method of a savings ledger")),
    })
}

/// A member that is an object, without its nulls: absent and unknown are the same.
fn object(given: &Value, name: &str) -> Result<Value, EventLogError> {
    let members = member(given, name).and_then(Value::as_object);
    let members = members.ok_or_else(|| refused_member(name, "give an object"))?;
    let known = members.iter().filter(|(_, value)| !value.is_null());
    Ok(Value::Object(known.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>()))
}

fn actor(given: &Value) -> Result<Actor<'_>, EventLogError> {
    Ok(Actor { name: text(given, "actor")?, at: optional_text(given, "at")? })
}

fn made(recorded: Recorded) -> Value {
    let Recorded { seq, id, kind, data } = recorded;
    json!({"seq": seq, "id": id, "kind": kind, "data": data})
}

/// Records that a report was issued.
pub(super) fn issue(ledger: &SavingsLedger, report: &Report, given: &Value) -> Result<Value, EventLogError> {
    Ok(made(ledger.issue(report, actor(given)?)?))
}

/// Records what `draft` makes; null where there is nothing to record.
fn draft(
    ledger: &SavingsLedger,
    given: &Value,
    draft: impl FnOnce(&savings::SavingsLedger, &By<'_>) -> Result<Option<Draft>, LedgerError>,
) -> Result<Value, EventLogError> {
    Ok(ledger.record_if(actor(given)?, draft)?.map_or(Value::Null, made))
}

fn verify(ledger: &SavingsLedger, given: &Value) -> Result<Value, EventLogError> {
    let measurement = Measurement::from_json(&object(given, "measurement")?, "/measurement")?;
    let measured = ledger.verify(
        text(given, "id")?,
        &measurement,
        optional_text(given, "baseline_id")?,
        actor(given)?,
    )?;
    Ok(match measured {
        Measured::Unknown(reason) => json!({"status": "unknown", "reason": reason}),
        Measured::Recorded(recorded) => {
            let mut known = made(recorded);
            if let Value::Object(members) = &mut known {
                members.insert("status".to_owned(), Value::from("known"));
            }
            known
        }
    })
}

/// An item as JavaScript sees it: what it saved so far is one of its fields.
fn shown(fold: &savings::SavingsLedger, item: &Opportunity) -> Value {
    let mut fields = item.to_json();
    if let Some(realized) = fields.get_mut("realized_savings") {
        *realized = Value::String(fold.realized_savings(&item.id).to_string());
    }
    fields
}

fn item(ledger: &SavingsLedger, id: &str) -> Result<Value, EventLogError> {
    Ok(ledger.read(|fold| fold.get(id).map(|item| shown(fold, item)))?.unwrap_or(Value::Null))
}

fn frozen(ledger: &SavingsLedger, id: &str) -> Result<Value, EventLogError> {
    Ok(ledger.read(|fold| fold.baseline(id).map(CostBaseline::to_json))?.unwrap_or(Value::Null))
}

/// The item that was added or seen again; null where nothing was recorded.
fn added(ledger: &SavingsLedger, item: &Value, made: &Value) -> Result<Value, EventLogError> {
    if made.is_null() {
        return Ok(Value::Null);
    }
    let fingerprint =
        Opportunity::from_json(item, "/data/opportunity").map_err(LedgerError::from)?.fingerprint;
    Ok(ledger.read(|fold| fold.latest(&fingerprint).map(|item| shown(fold, item)))?.unwrap_or(Value::Null))
}

/// The items in a state, by detection; all of them by id, without one.
fn items(ledger: &SavingsLedger, status: Option<&str>) -> Result<Value, EventLogError> {
    let refuse = |word: &str| {
        let words: Vec<&str> = Status::ALL.iter().map(|status| status.as_str()).collect();
        let word = finops::core::error::shorten(word);
        refused_member("status", &format!("`{word}` is no status; use one of {}", words.join(", ")))
    };
    let status = status.map(|word| Status::parse(word).ok_or_else(|| refuse(word))).transpose()?;
    ledger.read(|fold| {
        let items: Vec<&Opportunity> = match status {
            Some(status) => fold.opportunities_by_status(status),
            None => fold.opportunities().collect(),
        };
        items.into_iter().map(|item| shown(fold, item)).collect()
    })
}

/// A sum in `currency` by the rates that the log holds; without one, in the currency of the items.
fn ask<T>(
    ledger: &SavingsLedger,
    given: &Value,
    ask: impl FnOnce(&savings::SavingsLedger, Option<Conversion<'_>>) -> Result<T, LedgerError>,
) -> Result<T, EventLogError> {
    let currency = optional_text(given, "currency")?;
    Ok(ledger.read(|fold| ask(fold, currency.map(|to| Conversion { table: fold.fx(), to })))??)
}

fn total(sum: Exact) -> Value {
    Value::String(sum.to_string())
}

fn amounts(sums: BTreeMap<String, Exact>) -> Value {
    Value::Object(sums.into_iter().map(|(key, sum)| (key, total(sum))).collect())
}

fn due(ledger: &SavingsLedger, given: &Value) -> Result<Value, EventLogError> {
    let now = member(given, "now_ms").and_then(Value::as_i64).and_then(Timestamp::from_ms);
    let now = now.ok_or_else(|| refused_member("now", "give an instant"))?;
    let word = |due| match due {
        Due::Expire => "expire",
        Due::Verify => "verify",
        Due::Close => "close",
    };
    ledger.read(|fold| {
        Value::Object(
            fold.due(now).into_iter().map(|(id, due)| (id.to_owned(), Value::from(word(due)))).collect(),
        )
    })
}
