//! The wire form of the user's rows.

use super::CloudPrice;
use crate::{
    error::{Fault, shorten},
    json::Json,
    money::{Currency, decimal},
    time::Timestamp,
};
use rust_decimal::Decimal;

pub(super) fn rows(json: &Json) -> Result<Vec<CloudPrice>, Fault> {
    let Some(rows) = json.as_array() else {
        return Err(refuse("", format!("prices are a list of rows, not a {}", json.type_name())));
    };
    let at = |(index, json)| row(json).map_err(|fault| fault.below(&format!("[{index}]")));
    rows.iter().enumerate().map(at).collect()
}

fn refuse(path: &str, problem: impl Into<String>) -> Fault {
    const HELP: &str =
        "write rows like `{\"sku\": \"ec2.ebs.gp3\", \"region\": \"us-east-1\", \"usd\": \"0.08\"}`";
    Fault::new("price.invalid_catalogue", path, problem, HELP)
}

fn row(json: &Json) -> Result<CloudPrice, Fault> {
    let text = |name: &'static str| {
        let found = json.get(name).and_then(Json::as_str).filter(|text| !text.is_empty());
        found.map(str::to_owned).ok_or_else(|| refuse(name, format!("a row needs its {name}")))
    };
    let amount = json.get("usd").or_else(|| json.get("price")).and_then(number);
    let amount = amount.filter(|amount| !amount.is_sign_negative() || amount.is_zero());
    let amount = amount.ok_or_else(|| refuse("usd", "a row needs its price, a decimal of at least 0"))?;
    let currency = match json.get("currency").and_then(Json::as_str) {
        Some(code) if code == "USD" || json.get("usd").is_none() => {
            code.parse().map_err(|_| refuse("currency", format!("`{}` is no currency", shorten(code))))?
        }
        Some(_) => {
            return Err(refuse("currency", "`usd` is a price in USD; write `price` for another currency"));
        }
        None => Currency::USD,
    };
    let source = json.get("src").and_then(|src| match src {
        Json::Array(sources) => sources.first().and_then(Json::as_str),
        other => other.as_str(),
    });
    Ok(CloudPrice {
        sku: text("sku")?,
        region: text("region")?,
        unit: json.get("unit").and_then(Json::as_str).unwrap_or_default().to_owned(),
        amount,
        currency,
        from: day(json, "from")?.unwrap_or(Timestamp::MIN),
        to: day(json, "to")?,
        verified: json.get("verified").and_then(Json::as_bool).unwrap_or(true),
        source: source.unwrap_or("user").to_owned(),
        title: String::new(),
    })
}

fn number(json: &Json) -> Option<Decimal> {
    match json {
        Json::String(text) => decimal::parse(text),
        Json::Number(number) => decimal::parse(number.text()),
        _ => None,
    }
}

/// A date is its midnight in UTC.
fn day(json: &Json, name: &'static str) -> Result<Option<Timestamp>, Fault> {
    let Some(value) = json.get(name).filter(|value| !value.is_null()) else { return Ok(None) };
    let text = value.as_str().unwrap_or_default();
    let midnight = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    let at = midnight.parse().map_err(|_| refuse(name, format!("`{}` is no date", shorten(text))))?;
    Ok(Some(at))
}
