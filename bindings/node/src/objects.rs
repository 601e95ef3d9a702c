//! Objects other than monitors, by number: budgets, sketches, streams, catalogues, prices of an instant.

use crate::{
    error::thrown,
    handles::Handles,
    input::{Fields, decimal, parse, refuse, text},
    monitor,
};
use finops::{
    Budgets, Catalogue, Error, Picodollars, Sketch, StreamMeter,
    carbon::{CarbonError, CounterTotal},
    meter::{self, EnergyMeter, NvmlMeter, RaplMeter},
    telemetry::{
        budget::{Amounts, Budget, TTL_DEFAULT_MS},
        monitor::Pricing,
        stream::StreamError,
    },
};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use serde_json::{Value, json};
use std::sync::Arc;

type Answer<T> = std::result::Result<T, Error>;

pub enum Object {
    Budgets(Arc<Budgets>),
    Sketch(Box<Sketch>),
    Stream(Box<StreamMeter>),
    Catalogue(Catalogue),
    Pricing(Box<Pricing>),
    Meter(Box<dyn EnergyMeter>),
}

thread_local! {
    static OBJECTS: Handles<Object> = const { Handles::new() };
}

/// The error for a number that stands for nothing, or for something else.
pub fn gone() -> Error {
    refuse("handle", "unknown", "an object of another thread, or one that is freed")
}

/// Text or bytes that come apart from the JSON of a call.
#[derive(Clone, Copy)]
pub struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    pub fn new(body: Option<&'a Either<String, Uint8Array>>) -> Self {
        Self(match body {
            None => &[],
            Some(Either::A(text)) => text.as_bytes(),
            Some(Either::B(bytes)) => bytes,
        })
    }

    pub const fn bytes(self) -> &'a [u8] {
        self.0
    }
}

/// Keeps an object and says under which number.
pub fn keep(object: Object) -> u32 {
    OBJECTS.with(|objects| objects.insert(object))
}

fn with<R>(handle: usize, run: impl FnOnce(&mut Object) -> Answer<R>) -> Answer<R> {
    OBJECTS.with(|objects| objects.with(handle, run)).ok_or_else(gone)?
}

/// Runs `run` with a stream.
pub fn with_stream<R>(
    handle: usize,
    run: impl FnOnce(&mut StreamMeter) -> std::result::Result<R, StreamError>,
) -> Answer<R> {
    with(handle, |object| match object {
        Object::Stream(stream) => Ok(run(stream)?),
        _ => Err(gone()),
    })
}

/// The budgets of a number.
pub fn budgets(handle: usize) -> Answer<Arc<Budgets>> {
    with(handle, |object| match object {
        Object::Budgets(budgets) => Ok(Arc::clone(budgets)),
        _ => Err(gone()),
    })
}

/// The catalogue of a number; `None` is the compiled one.
pub fn catalogue(handle: Option<usize>) -> Answer<Option<Catalogue>> {
    let Some(handle) = handle else { return Ok(None) };
    with(handle, |object| match object {
        Object::Catalogue(catalogue) => Ok(Some(catalogue.clone())),
        _ => Err(gone()),
    })
}

/// How long a reservation lasts, from seconds.
pub fn ttl_ms(fields: Fields<'_>) -> Answer<Option<u64>> {
    let Some(seconds) = fields.decimal("ttl_s")? else { return Ok(None) };
    let ms = seconds.checked_mul(rust_decimal::Decimal::ONE_THOUSAND).map(|ms| ms.round());
    let ms = ms.and_then(|ms| u64::try_from(ms).ok());
    ms.map(Some).ok_or_else(|| refuse("ttl_s", seconds, "too long"))
}

/// A new object of a kind.
#[napi(catch_unwind)]
pub fn object_new(kind: String, json: String, body: Option<Either<String, Uint8Array>>) -> Result<u32> {
    let body = Text::new(body.as_ref());
    let make = || -> Answer<Object> {
        let arguments = parse(&json)?;
        Ok(match kind.as_str() {
            "budgets" => Object::Budgets(Arc::new(new_budgets(&arguments)?)),
            "sketch" => Object::Sketch(Box::default()),
            "stream" => {
                let fields = Fields::new("options", &arguments)?;
                let (provider, model) = (fields.text("provider")?, fields.text("model")?);
                let stream = StreamMeter::new(provider, model, fields.text("request_id")?);
                Object::Stream(Box::new(stream))
            }
            "catalogue" => {
                let fields = Fields::new("options", &arguments)?;
                let text = std::str::from_utf8(body.bytes());
                let text = text.map_err(|error| refuse("text", error, "not UTF-8"))?;
                Object::Catalogue(match fields.flag("overlay")? {
                    Some(true) => {
                        catalogue(fields.size("base")?)?.unwrap_or_else(Catalogue::builtin).overlay(text)?
                    }
                    _ => Catalogue::from_jsonl(text)?,
                })
            }
            "rapl" => {
                let fields = Fields::new("options", &arguments)?;
                let root = fields.text("root")?.unwrap_or(meter::POWERCAP);
                Object::Meter(Box::new(RaplMeter::open(root).map_err(CarbonError::from)?))
            }
            "nvml" => Object::Meter(Box::new(NvmlMeter::open().map_err(CarbonError::from)?)),
            other => return Err(refuse("kind", other, "no kind of object")),
        })
    };
    make().map(keep).map_err(thrown)
}

fn new_budgets(arguments: &Value) -> Answer<Budgets> {
    if let Some(state) = arguments.get("state") {
        return Ok(Budgets::from_json(text("state", state)?)?);
    }
    let list = arguments.as_array().ok_or_else(|| refuse("budgets", arguments, "not a list"))?;
    let read = |(place, value): (usize, &Value)| {
        serde_json::from_value::<Budget>(value.clone()).map_err(|error| {
            Error::from(finops::BudgetError::Invalid {
                path: format!("budgets[{place}]"),
                value: finops::core::error::shorten(&error.to_string()),
                problem: "not a budget",
            })
        })
    };
    Ok(Budgets::new(list.iter().enumerate().map(read).collect::<Answer<_>>()?)?)
}

/// Drops an object.
#[napi(catch_unwind)]
pub fn object_free(handle: u32) {
    OBJECTS.with(|objects| objects.remove(handle));
}

/// A method of an object: JSON in, JSON out.
#[napi(catch_unwind)]
pub fn object_call(
    handle: u32,
    method: String,
    json: String,
    body: Option<Either<String, Uint8Array>>,
) -> Result<String> {
    let body = Text::new(body.as_ref());
    let run = || -> Answer<String> {
        let arguments = parse(&json)?;
        let fields = Fields::new("arguments", &arguments)?;
        if method == "merge" {
            return merge(handle, fields);
        }
        with(handle as usize, |object| match object {
            Object::Budgets(budgets) => budgets_call(budgets, &method, fields),
            Object::Sketch(sketch) => sketch_call(sketch, &method, fields),
            Object::Stream(stream) => {
                stream.push_bytes(body.bytes())?;
                Ok("null".to_owned())
            }
            Object::Pricing(pricing) => monitor::remade(pricing, fields),
            Object::Meter(meter) => meter_call(meter.as_mut(), &method),
            Object::Catalogue(_) => Err(refuse("method", &method, "no method of a catalogue")),
        })
    };
    run().map_err(thrown)
}

/// Adds another sketch.
fn merge(handle: u32, fields: Fields<'_>) -> Answer<String> {
    let sketch = |object: &mut Object| match object {
        Object::Sketch(sketch) => Ok(sketch.clone()),
        _ => Err(gone()),
    };
    let other = with(fields.size("other")?.unwrap_or(usize::MAX), sketch)?;
    with(handle as usize, |object| match object {
        Object::Sketch(sketch) => {
            sketch.merge(&other);
            Ok("null".to_owned())
        }
        _ => Err(gone()),
    })
}

fn sketch_call(sketch: &mut Sketch, method: &str, fields: Fields<'_>) -> Answer<String> {
    Ok(match method {
        "add" => {
            sketch.add(whole(fields, "value")?, fields.count("count")?.unwrap_or(1));
            Value::Null
        }
        "quantile" => {
            let q = fields.get("q").and_then(Value::as_f64).unwrap_or(f64::NAN);
            json!(sketch.quantile(q)?.map(|value| value.to_string()))
        }
        "count" => json!(sketch.count().to_string()),
        other => return Err(refuse("method", other, "no method of a sketch")),
    }
    .to_string())
}

/// A whole number of at most 2^64 - 1, as text because JavaScript skips integers above 2^53.
pub fn whole(fields: Fields<'_>, name: &str) -> Answer<u64> {
    let digits = fields.text(name)?.unwrap_or_default();
    digits.parse().map_err(|_| finops::core::usage::UsageError::not_a_count(name, digits).into())
}

fn meter_call(meter: &mut dyn EnergyMeter, method: &str) -> Answer<String> {
    Ok(match method {
        "info" => {
            let info = meter.info();
            let devices = info.devices.iter();
            let devices = devices
                .map(|device| json!({"name": device.name, "id": device.id, "limit_w": device.limit_w}));
            json!({
                "meter": info.meter, "devices": devices.collect::<Vec<_>>(),
                "interval_max_s": info.interval_max.as_secs_f64(),
            })
        }
        "read" => {
            let reading = meter.read().map_err(CarbonError::from)?;
            let devices = reading.devices.iter();
            let devices = devices.map(|device| counted(&device.total, [("name", json!(device.name))]));
            let devices = devices.collect::<Vec<_>>();
            let elapsed = reading.elapsed.as_secs_f64();
            Value::Object(counted(
                &reading.total,
                [("elapsed_s", json!(elapsed)), ("devices", json!(devices))],
            ))
        }
        other => return Err(refuse("method", other, "no method of a meter")),
    }
    .to_string())
}

/// Joules of a counter, and further members.
fn counted<const N: usize>(total: &CounterTotal, more: [(&str, Value); N]) -> serde_json::Map<String, Value> {
    let known = total.measured_j.or(total.filled_j);
    let told = [
        ("measured_joules", json!(total.measured_j)),
        ("filled_joules", json!(total.filled_j)),
        ("unknown_s", json!(total.unknown_s)),
        ("tier", json!(known.map(|_| total.tier().name()))),
        ("assumptions", json!(total.assumptions)),
    ];
    told.into_iter().chain(more).map(|(name, value)| (name.to_owned(), value)).collect()
}

fn budgets_call(budgets: &Budgets, method: &str, fields: Fields<'_>) -> Answer<String> {
    let tags = || -> Answer<Vec<(&str, &str)>> {
        let Some(tags) = fields.get("tags") else { return Ok(Vec::new()) };
        let tags = Fields::new("tags", tags)?.entries();
        tags.map(|(name, value)| Ok((name, text("tags", value)?))).collect()
    };
    let id = fields.text("id")?;
    Ok(match method {
        "reserve" => {
            let ttl = ttl_ms(fields)?.unwrap_or(TTL_DEFAULT_MS);
            json!(budgets.reserve(None, &amounts(fields)?, &tags()?, fields.at()?, ttl)?)
        }
        "settle" => json!(budgets.settle(id.unwrap_or_default(), &amounts(fields)?, fields.at()?)?),
        "release" => {
            budgets.release(id.unwrap_or_default(), fields.at()?)?;
            Value::Null
        }
        "record_spend" => json!(budgets.record_spend(&amounts(fields)?, &tags()?, fields.at()?)?),
        "state" => {
            let states = budgets.state(id, fields.at()?)?;
            match (id, states.as_slice()) {
                (Some(_), [one]) => json!(one),
                _ => json!(states),
            }
        }
        "to_json" => return Ok(budgets.to_json()?),
        other => return Err(refuse("method", other, "no method of budgets")),
    }
    .to_string())
}

fn amounts(fields: Fields<'_>) -> Answer<Amounts> {
    let invalid = |name: &str, value: &Value| -> Error {
        finops::BudgetError::Invalid {
            path: name.to_owned(),
            value: finops::core::error::shorten(&value.to_string()),
            problem: "not an amount; give a number of at least 0",
        }
        .into()
    };
    let number = |name: &str| {
        let Some(value) = fields.get(name) else { return Ok(None) };
        decimal(name, value).map(Some).map_err(|_| invalid(name, value))
    };
    let usd = number("usd")?.map(Picodollars::from_usd).transpose()?;
    let tokens = fields.count("tokens")?;
    Ok(Amounts { usd, tokens, joules: number("joules")?, grams_co2e: number("grams_co2e")? })
}
