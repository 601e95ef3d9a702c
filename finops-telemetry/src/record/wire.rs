//! The wire form of records: the keys of the mapping view with exact amounts as text, and everything beside them.

use super::{
    Emissions, InferenceRecord, TrainingRecord,
    emissions::Context,
    head::{Counts, Head, Price},
    inference::Rare,
};
use crate::{
    Error,
    monitor::{Outcome, TagSchema, Tags, Trace, hours, number_f64},
};
use finops_core::{
    carbon, cost::Cost, error::ConfigError, money::Picodollars, price::Name, time::Timestamp, usage::Usage,
};
use serde::{
    Deserialize, Serialize,
    ser::{SerializeMap as _, Serializer},
};
use serde_json::Value;
use std::{borrow::Cow, sync::Arc};

const INFERENCE: &str = "finops.inference/1";
const TRAINING: &str = "finops.training/1";

#[derive(Serialize)]
struct InferenceOut<'a> {
    schema: &'static str,
    r#type: &'static str,
    timestamp: Timestamp,
    model: &'a str,
    input_tokens: u64,
    output_tokens: u64,
    total_tokens: u64,
    duration_ms: Option<f64>,
    input_cost_usd: Option<Picodollars>,
    output_cost_usd: Option<Picodollars>,
    compute_cost_usd: Option<Picodollars>,
    unit_cost_usd: Option<Picodollars>,
    energy_joules: Cow<'a, str>,
    carbon_kg: Cow<'a, str>,
    carbon_intensity_g_per_kwh: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a Value>,
    cost: Cow<'a, Cost>,
    usage: Usage,
    energy: Cow<'a, Value>,
    carbon: Cow<'a, Value>,
    status: &'static str,
    price_source: Option<&'static str>,
    provider: Option<&'a str>,
    requested_model: Option<&'a str>,
    tags: TagsOut<'a>,
    request_id: Option<&'a str>,
    finish: Option<&'static str>,
    outcome: &'static str,
    complete: bool,
    service_tier: Option<&'a str>,
    region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<&'a Trace>,
    assumptions: Vec<&'static str>,
}

/// Tags as an object, in the order of their schema.
struct TagsOut<'a>(&'a TagSchema, &'a Tags);

impl Serialize for TagsOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.0.names().iter().zip(self.1.values()) {
            if let Some(value) = value {
                map.serialize_entry(&**name, &**value)?;
            }
        }
        map.end()
    }
}

pub(super) fn inference_text(record: &InferenceRecord, metadata: Option<&Value>) -> String {
    text(&InferenceOut {
        schema: INFERENCE,
        r#type: "inference",
        timestamp: record.at,
        model: record.model(),
        input_tokens: record.input_tokens(),
        output_tokens: record.output_tokens(),
        total_tokens: record.total_tokens(),
        duration_ms: record.duration_ms(),
        input_cost_usd: record.input_cost(),
        output_cost_usd: record.output_cost(),
        compute_cost_usd: record.compute_cost(),
        unit_cost_usd: record.unit_cost(),
        energy_joules: Cow::Owned(record.energy_joules_text()),
        carbon_kg: Cow::Owned(record.carbon_kg_text()),
        carbon_intensity_g_per_kwh: record.carbon_intensity(),
        metadata,
        cost: record.cost(),
        usage: record.usage(),
        energy: record.emissions.energy(record.of()),
        carbon: record.emissions.carbon(record.of()),
        status: record.status().name(),
        price_source: record.price_source().map(|source| source.name()),
        provider: record.provider(),
        requested_model: record.requested_model(),
        tags: TagsOut(&record.head.context.schema, &record.tags),
        request_id: record.request_id(),
        finish: record.finish,
        outcome: record.outcome.name(),
        complete: record.complete,
        service_tier: record.service_tier(),
        region: record.region(),
        trace: record.trace(),
        assumptions: record.assumptions(),
    })
}

#[derive(Serialize)]
struct TrainingOut<'a> {
    schema: &'static str,
    timestamp: Timestamp,
    r#type: &'static str,
    model: &'a str,
    duration_hours: f64,
    gpu_count: u64,
    compute_cost_usd: Picodollars,
    energy_joules: Cow<'a, str>,
    carbon_kg: Cow<'a, str>,
    carbon_intensity_g_per_kwh: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a Value>,
    energy: Cow<'a, Value>,
    carbon: Cow<'a, Value>,
    tags: TagsOut<'a>,
    assumptions: Vec<&'static str>,
}

pub(super) fn training_text(record: &TrainingRecord, metadata: Option<&Value>) -> String {
    text(&TrainingOut {
        schema: TRAINING,
        timestamp: record.at,
        r#type: "training",
        model: record.model(),
        duration_hours: record.duration_hours(),
        gpu_count: record.gpu_count,
        compute_cost_usd: record.compute_cost,
        energy_joules: Cow::Owned(record.energy_joules_text()),
        carbon_kg: Cow::Owned(record.carbon_kg_text()),
        carbon_intensity_g_per_kwh: record.carbon_intensity(),
        metadata,
        energy: record.emissions.energy(record.of()),
        carbon: record.emissions.carbon(record.of()),
        tags: TagsOut(&record.context.schema, &record.tags),
        assumptions: record.assumptions(),
    })
}

fn text(out: &impl Serialize) -> String {
    // Strings, integers and finite numbers under string keys: JSON can hold every one of them.
    serde_json::to_string(out).unwrap_or_default()
}

#[derive(Deserialize)]
struct InferenceIn {
    schema: String,
    timestamp: Timestamp,
    model: String,
    duration_ms: Option<f64>,
    energy_joules: String,
    carbon_kg: String,
    carbon_intensity_g_per_kwh: f64,
    metadata: Option<Value>,
    cost: Cost,
    usage: Usage,
    energy: Value,
    carbon: Value,
    provider: Option<String>,
    requested_model: Option<String>,
    #[serde(default)]
    tags: TagsIn,
    request_id: Option<String>,
    finish: Option<String>,
    outcome: String,
    #[serde(default = "whole")]
    complete: bool,
    service_tier: Option<String>,
    region: Option<String>,
    trace: Option<Trace>,
    assumptions: Vec<String>,
}

const fn whole() -> bool {
    true
}

/// Tags in the order in which they were written.
#[derive(Default)]
struct TagsIn(Vec<(String, String)>);

impl<'de> Deserialize<'de> for TagsIn {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> serde::de::Visitor<'de> for InOrder {
            type Value = TagsIn;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of strings")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<TagsIn, A::Error> {
                let mut tags = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    tags.push(entry);
                }
                Ok(TagsIn(tags))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

impl TagsIn {
    fn read(self) -> Result<(Arc<Context>, Tags), ConfigError> {
        let (names, values): (Vec<String>, Vec<String>) = self.0.into_iter().unzip();
        let schema = TagSchema::new(Some(&names), Some(&std::collections::BTreeMap::new()), [])?;
        let mut tags = Tags::default();
        for (place, value) in values.iter().enumerate() {
            tags.set(place, values.len(), value);
        }
        Ok((Arc::new(Context { schema: Arc::new(schema), carbon: None }), tags))
    }
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, ConfigError> {
    serde_json::from_str(text).map_err(|error| {
        ConfigError::new("record", error, "not the wire form of a record", "pass what `to_json` gave")
    })
}

fn expect_schema(found: &str, expected: &'static str) -> Result<(), ConfigError> {
    if found == expected {
        Ok(())
    } else {
        Err(ConfigError::new(
            "schema",
            found,
            "another kind or version of record",
            "pass what `to_json` gave",
        ))
    }
}

pub(super) fn read_inference(text: &str) -> Result<(InferenceRecord, Option<Value>), Error> {
    let wire: InferenceIn = parse(text)?;
    expect_schema(&wire.schema, INFERENCE)?;
    let (context, tags) = wire.tags.read()?;
    let emissions = told(
        &wire.energy_joules,
        &wire.carbon_kg,
        wire.carbon_intensity_g_per_kwh,
        (wire.energy, wire.carbon),
        &wire.assumptions,
    )?;
    let rare = Rare {
        requested_model: wire.requested_model.map(Into::into),
        request_id: wire.request_id.map(Into::into),
        service_tier: wire.service_tier.map(Into::into),
        region: wire.region.map(Into::into),
        trace: wire.trace,
    };
    let record = InferenceRecord {
        head: Arc::new(Head {
            model: Name::from(wire.model.as_str()),
            provider: wire.provider.as_deref().map(Name::from),
            price: Price::Told(Box::new(wire.cost)),
            context,
        }),
        sides: None,
        at: wire.timestamp,
        counts: Counts::from(&wire.usage),
        duration: wire.duration_ms.map(|ms| crate::monitor::duration_ms("duration_ms", ms)).transpose()?,
        emissions,
        outcome: Outcome::from_name(&wire.outcome)?,
        complete: wire.complete,
        finish: wire.finish.as_deref().and_then(finops_core::usage::extract::words::finish),
        tags,
        rare: (rare != Rare::default()).then(|| Box::new(rare)),
    };
    Ok((record, wire.metadata))
}

#[derive(Deserialize)]
struct TrainingIn {
    schema: String,
    timestamp: Timestamp,
    model: String,
    duration_hours: f64,
    gpu_count: u64,
    compute_cost_usd: Picodollars,
    energy_joules: String,
    carbon_kg: String,
    carbon_intensity_g_per_kwh: f64,
    metadata: Option<Value>,
    energy: Value,
    carbon: Value,
    #[serde(default)]
    tags: TagsIn,
    assumptions: Vec<String>,
}

pub(super) fn read_training(text: &str) -> Result<(TrainingRecord, Option<Value>), Error> {
    let wire: TrainingIn = parse(text)?;
    expect_schema(&wire.schema, TRAINING)?;
    let (context, tags) = wire.tags.read()?;
    let record = TrainingRecord {
        at: wire.timestamp,
        model: Name::from(wire.model.as_str()),
        duration_hours: hours("duration_hours", wire.duration_hours)?,
        gpu_count: wire.gpu_count,
        compute_cost: wire.compute_cost_usd,
        emissions: told(
            &wire.energy_joules,
            &wire.carbon_kg,
            wire.carbon_intensity_g_per_kwh,
            (wire.energy, wire.carbon),
            &wire.assumptions,
        )?,
        context,
        tags,
    };
    Ok((record, wire.metadata))
}

fn told(
    joules: &str,
    kg: &str,
    intensity: f64,
    (energy, carbon): (Value, Value),
    assumptions: &[String],
) -> Result<Emissions, ConfigError> {
    let codes = assumptions.iter().filter_map(|code| carbon::Assumption::from_code(code)).collect();
    let intensity = number_f64("carbon_intensity_g_per_kwh", intensity)?;
    Emissions::told(joules, kg, intensity, energy, carbon, codes)
}
