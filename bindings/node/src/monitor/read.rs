//! Everything that only reads, drains or resets.

use super::Monitor;
use crate::input::{Fields, refuse, text, texts};
use finops::{
    Error,
    core::money::decimal,
    telemetry::monitor::{Entry, Filter, Plan, Setting},
};
use serde_json::{Map, Value, json};

impl Monitor {
    pub(super) fn read(&mut self, method: &str, fields: Fields<'_>) -> Result<String, Error> {
        Ok(match method {
            "schema" => self.schema(),
            "pricing" => {
                let intensity = self.engine.setting(Setting::CarbonIntensityGPerKwh);
                json!({"handle": self.pricing_object(), "intensity": decimal::to_f64(intensity)})
            }
            "setting" => {
                let name = fields.text("name")?.unwrap_or_default();
                let setting =
                    Setting::from_name(name).ok_or_else(|| refuse("name", name, "no number of a monitor"))?;
                json!(decimal::to_f64(self.engine.setting(setting)))
            }
            "config" => self.config(),
            "metrics" => self.metrics(fields)?,
            "drain" => slots(&self.engine.drain(fields.size("max")?)),
            "reset" => {
                self.engine.reset_metrics();
                Value::Null
            }
            "summary" => return self.summary(fields),
            "stats" => json!(self.engine.stats()),
            "openmetrics" => json!(self.engine.openmetrics(fields.at()?)?),
            "snapshot" => json!(self.engine.snapshot()?),
            "restore" => {
                self.engine.restore(fields.text("text")?.unwrap_or_default())?;
                Value::Null
            }
            "sink_next" => {
                let (engine, max) = (&self.engine, fields.size("max")?);
                let batch = self.sink.next(|| engine.drain(max).iter().map(slot).collect());
                json!(batch)
            }
            "sink_written" => {
                self.sink.written();
                Value::Null
            }
            "sink_failed" => self.sink_failed(fields)?,
            other => return Err(refuse("method", other, "no method of a monitor")),
        }
        .to_string())
    }

    fn schema(&self) -> Value {
        let schema = self.engine.tag_schema();
        let keys: Vec<_> = schema.keys().iter().map(|(key, place)| json!([&**key, place])).collect();
        json!({"keys": keys, "tags": schema.names().len(), "max_records": self.max_records})
    }

    /// The exact value of every number and where it came from.
    fn config(&self) -> Value {
        let told = Setting::ALL.map(|setting| {
            let source = self.engine.source_of(setting.name()).map(|source| source.name());
            let value = decimal::text(self.engine.setting(setting));
            (setting.name().to_owned(), json!({"value": value, "source": source}))
        });
        Value::Object(told.into_iter().collect::<Map<_, _>>())
    }

    fn metrics(&self, fields: Fields<'_>) -> Result<Value, Error> {
        let since = match fields.text("since")? {
            None => None,
            Some(text) => Some(text.parse()?),
        };
        let kind = match fields.text("type")? {
            Some(kind) if !["inference", "training"].contains(&kind) => {
                return Err(refuse("type", kind, "neither `inference` nor `training`"));
            }
            kind => kind,
        };
        let filter = Filter { limit: fields.size("limit")?, kind, model: fields.text("model")?, since };
        Ok(slots(&self.engine.get_metrics(&filter)))
    }

    fn summary(&self, fields: Fields<'_>) -> Result<String, Error> {
        let group_by =
            fields.get("group_by").map(|value| texts("group_by", value)).transpose()?.unwrap_or_default();
        let group_by: Vec<&str> = group_by.iter().map(String::as_str).collect();
        let mut filter = Vec::new();
        if let Some(given) = fields.get("where") {
            let given = given.as_object().ok_or_else(|| refuse("where", given, "not an object"))?;
            for (name, value) in given {
                // `null` asks for the calls without that tag.
                let value = if value.is_null() { None } else { Some(text("where", value)?) };
                filter.push((name.as_str(), value));
            }
        }
        let rows = self.engine.summary(&group_by, &filter)?;
        serde_json::to_string(&rows)
            .map_err(|error| refuse("summary", error, "a total that JSON cannot hold"))
    }

    /// Whether the batch is kept for another try.
    fn sink_failed(&mut self, fields: Fields<'_>) -> Result<Value, Error> {
        let batch = fields.get("slots").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let lost = self.sink.failed(batch.iter().filter_map(Value::as_u64).collect());
        if lost > 0 {
            self.engine.sink_failed(lost);
        }
        Ok(json!(lost == 0))
    }

    pub(super) fn estimate(&self, fields: Fields<'_>) -> Result<String, Error> {
        let cost = self.engine.estimate(&plan(fields)?)?;
        serde_json::to_string(&cost).map_err(|error| refuse("cost", error, "an amount that JSON cannot hold"))
    }

    pub(super) fn reserve(&self, fields: Fields<'_>) -> Result<String, Error> {
        let tags = fields.tags(self.engine.tag_schema());
        let reservation = self.engine.reserve(&plan(fields)?, &tags, crate::objects::ttl_ms(fields)?)?;
        Ok(json!(reservation).to_string())
    }
}

fn slot(entry: &Entry<u64>) -> u64 {
    entry.payload.as_ref().map_or(0, |slot| **slot)
}

fn slots(entries: &[Entry<u64>]) -> Value {
    entries.iter().map(slot).collect()
}

fn plan(fields: Fields<'_>) -> Result<Plan<'_>, Error> {
    Ok(Plan {
        provider: fields.text("provider")?,
        max_output_tokens: fields.count("max_output_tokens")?.unwrap_or_default(),
        service_tier: fields.text("service_tier")?,
        ..Plan::new(fields.model()?, fields.count("input_tokens")?.unwrap_or_default(), fields.at()?)
    })
}
