//! Pure functions by name.

use crate::{
    error::thrown,
    input::{Fields, parse, refuse, usage},
    objects::{self, Text},
};
use finops::{
    Catalogue, Cost, Error, InferenceRecord, Sketch, Usage, carbon,
    core::{
        cost::{Call, OnUnknown, cost},
        money::{MoneyError, decimal, display},
        usage::{Extracted, extract::extract_json},
        waste::ai::calls::{CallFact, SignalConfig, signals},
    },
    telemetry::otel,
};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use serde_json::{Value, json};

type Answer<T> = std::result::Result<T, Error>;

/// A pure function of the engine: JSON in, JSON out. A response body comes apart from the JSON, as text or bytes.
#[napi(catch_unwind)]
pub fn call(name: String, json: String, body: Option<Either<String, Uint8Array>>) -> Result<String> {
    let body = Text::new(body.as_ref());
    let run = || -> Answer<String> {
        let input = parse(&json)?;
        if let Some(kind) = name.strip_prefix("carbon.") {
            return Ok(carbon::wire::call(kind, &input)?.to_string());
        }
        let fields = Fields::new("input", &input)?;
        if let Some(method) = name.strip_prefix("catalogue_") {
            return of_catalogue(method, fields);
        }
        pure(&name, fields, body).map(|answer| answer.to_string())
    };
    run().map_err(thrown)
}

fn pure(name: &str, fields: Fields<'_>, body: Text<'_>) -> Answer<Value> {
    let count = |name: &str| fields.count(name).map(Option::unwrap_or_default);
    Ok(match name {
        "version" => json!(env!("CARGO_PKG_VERSION")),
        "usage_new" => totals(&fields.usage()?),
        "usage_inclusive" => totals(&Usage::inclusive(
            count("prompt")?,
            count("completion")?,
            count("cached")?,
            count("cache_written")?,
        )?),
        "extract" => {
            let extracted = extract_json(body.bytes(), fields.text("provider")?)?;
            shown(&extracted, fields.text("model")?)
        }
        "cost" => price(fields)?,
        "explain" => json!(read_cost(fields)?.explain()),
        "otel_attributes" => {
            let record = fields.get("record").unwrap_or(&Value::Null).to_string();
            let (record, _) = InferenceRecord::from_json(&record)?;
            let attributes = otel::attributes(&record, fields.flag("aliases")? == Some(true));
            Value::Object(
                attributes.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect(),
            )
        }
        "round_amount" => {
            let text = fields.text("amount")?.unwrap_or_default();
            let amount = decimal::parse(text.trim());
            let amount = amount.ok_or_else(|| MoneyError::invalid("amount", text, "give decimal text"))?;
            json!(display::round(amount, places(fields)?)?)
        }
        "apportion" => {
            let rows = Fields::new("rows", fields.get("rows").unwrap_or(&Value::Null))?;
            let rows = display::rows_from_text(
                rows.entries().map(|(key, value)| (key, value.as_str().unwrap_or_default())),
            )?;
            let (rows, total) = display::apportion(&rows, places(fields)?)?;
            json!({"rows": rows, "total": total})
        }
        "call_facts" => json!(facts(fields)?),
        "call_signals" => call_signals(fields)?,
        "sketch_bucket" => json!(Sketch::bucket(objects::whole(fields, "value")?)),
        "sketch_representative" => {
            let bucket = count("bucket")?;
            let bucket = u16::try_from(bucket).map_err(|_| refuse("bucket", bucket, "no bucket"))?;
            json!(Sketch::representative(bucket).to_string())
        }
        other => return Err(refuse("name", other, "no function of the engine")),
    })
}

fn places(fields: Fields<'_>) -> Answer<u32> {
    let value = fields.get("places").unwrap_or(&Value::Null);
    let places = fields.count("places").ok().flatten().and_then(|places| u32::try_from(places).ok());
    places.ok_or_else(|| MoneyError::invalid("places", value, "give 0 to 18 decimals").into())
}

fn totals(usage: &Usage) -> Value {
    json!({
        "usage": usage, "prompt_tokens": usage.prompt_tokens(), "completion_tokens": usage.completion_tokens(),
        "total_tokens": usage.total_tokens(),
    })
}

/// What a body says; the caller's model stands where the body names none.
fn shown(extracted: &Extracted, model: Option<&str>) -> Value {
    let parts = extracted.parts.iter().map(|part| json!({"model": part.model, "usage": part.usage}));
    json!({
        "usage": extracted.usage,
        "provider": extracted.provider,
        "model": extracted.model.as_deref().or(model),
        "request_id": extracted.request_id,
        "finish": extracted.finish,
        "service_tier": extracted.service_tier,
        "region": extracted.region,
        "speed": extracted.speed,
        "search_context": extracted.search_context,
        "reported_cost": extracted.reported_cost,
        "duration_ns": extracted.duration.map(finops::core::time::DurationNs::get),
        "parts": parts.collect::<Vec<_>>(),
        "complete": extracted.complete,
        "assumptions": extracted.assumptions,
    })
}

fn price(fields: Fields<'_>) -> Answer<Value> {
    let usage = usage("usage", fields.get("usage").unwrap_or(&Value::Null))?;
    let call = Call {
        provider: fields.text("provider")?,
        service_tier: fields.text("service_tier")?,
        region: fields.text("region")?,
        speed: fields.text("speed")?,
        search_context: fields.text("search_context")?,
        ..Call::new(fields.model()?, &usage, fields.at()?)
    };
    let on_unknown = match fields.text("on_unknown")? {
        None | Some("raise") => OnUnknown::Raise,
        Some("null") => OnUnknown::Null,
        Some(other) => return Err(refuse("on_unknown", other, "neither `raise` nor `null`")),
    };
    Ok(json!(cost(&of(fields)?, &call, on_unknown)?))
}

fn of(fields: Fields<'_>) -> Answer<Catalogue> {
    Ok(objects::catalogue(fields.size("catalogue")?)?.unwrap_or_else(Catalogue::builtin))
}

fn read_cost(fields: Fields<'_>) -> Answer<Cost> {
    let cost = fields.get("cost").cloned().unwrap_or_default();
    serde_json::from_value(cost).map_err(|error| refuse("cost", error, "not the wire form of a cost"))
}

fn facts(fields: Fields<'_>) -> Answer<Vec<CallFact>> {
    let records = fields.get("records").unwrap_or(&Value::Null);
    let records = records.as_array().ok_or_else(|| refuse("records", records, "not a list"))?;
    let mut facts = Vec::with_capacity(records.len());
    for (place, record) in records.iter().enumerate() {
        facts.extend(fact(place, record)?);
    }
    Ok(facts)
}

fn call_signals(fields: Fields<'_>) -> Answer<Value> {
    let facts = facts(fields)?;
    let mut config = fields.get("config").cloned().unwrap_or_else(|| json!({}));
    if let (Value::Object(config), Some(candidates)) = (&mut config, fields.get("candidates")) {
        config.insert("candidates".to_owned(), candidates.clone());
    }
    let config: SignalConfig = serde_json::from_value(config)
        .map_err(|error| refuse("config", error, "not settings of the signals"))?;
    Ok(json!(signals(&facts, &config, &of(fields)?)))
}

/// A record in its wire form, or the fields of a call; a training run is no call.
fn fact(place: usize, record: &Value) -> Answer<Option<CallFact>> {
    let path = format!("records[{place}]");
    match Fields::new(&path, record)?.text("schema")? {
        None => {}
        Some(schema) if schema.starts_with("finops.training/") => return Ok(None),
        Some(_) => return Ok(Some(InferenceRecord::from_json(&record.to_string())?.0.call_fact(place))),
    }
    let mut fields = record.clone();
    if let Value::Object(fields) = &mut fields {
        fields.entry("id").or_insert_with(|| Value::from(place.to_string()));
    }
    serde_json::from_value(fields).map(Some).map_err(|error| refuse(&path, error, "not a call"))
}

fn of_catalogue(method: &str, fields: Fields<'_>) -> Answer<String> {
    let catalogue = of(fields)?;
    Ok(match method {
        "id" => json!(catalogue.id()),
        "generated" => json!(catalogue.generated()),
        "resolve" => json!(catalogue.resolve(fields.text("provider")?, fields.model()?)?),
        "rows" => {
            let of_model = fields.text("model")?;
            let rows = catalogue.rows().filter(|row| of_model.is_none_or(|model| row.price.model == model));
            json!(rows.collect::<Vec<_>>())
        }
        "offerings" => json!(catalogue.offerings().collect::<Vec<_>>()),
        other => return Err(refuse("method", other, "no method of a catalogue")),
    }
    .to_string())
}

/// Energy and carbon, row by row.
#[napi(object, object_from_js = false)]
pub struct CarbonColumns {
    /// Joules; NaN for a row that was refused.
    pub energy_joules: Float64Array,
    /// Kilograms of CO2e; NaN for a row that was refused.
    pub carbon_kg: Float64Array,
    /// The rows that were refused, as JSON.
    pub json: String,
}

/// Columns of inferences in, joules and kilograms out; a bad row is an error with its place.
#[napi(catch_unwind)]
pub fn carbon_batch(json: String, input: &[f64], output: &[f64]) -> Result<CarbonColumns> {
    let run = || crate::carbon::batch(&parse(&json)?, input, output);
    let columns = run().map_err(thrown)?;
    Ok(CarbonColumns {
        energy_joules: columns.joules.into(),
        carbon_kg: columns.kg.into(),
        json: json!({ "errors": columns.errors }).to_string(),
    })
}
