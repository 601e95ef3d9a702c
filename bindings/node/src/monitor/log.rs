//! The long way of logging: everything that a caller can say, as JSON.

use super::{Monitor, options};
use crate::{
    input::{Fields, refuse},
    objects,
};
use finops::{
    Error, InferenceCall, TrainingCall, Usage, carbon,
    core::usage::{Extracted, UsageError, extract::extract_json},
    telemetry::monitor::{Given, Logged, Outcome, Pricing, Setting, Trace, hours, hours_exact},
};
use serde_json::Value;

impl Monitor {
    pub(super) fn log_inference(&mut self, fields: Fields<'_>) -> Result<String, Error> {
        let call = inference(fields, self.engine.tag_schema())?;
        self.log(&call, fields)
    }

    pub(super) fn log_response(
        &mut self,
        fields: Fields<'_>,
        body: objects::Text<'_>,
    ) -> Result<String, Error> {
        let extracted = extract_json(body.bytes(), fields.text("provider")?)?;
        self.log_extracted(&extracted, fields, None)
    }

    /// Logs what a stream told; its provider and model stand where `fields` say nothing.
    pub(super) fn log_stream(&mut self, fields: Fields<'_>) -> Result<String, Error> {
        let handle = fields.size("stream")?.unwrap_or(usize::MAX);
        let (extracted, provider, model) = objects::with_stream(handle, |stream| {
            let extracted = stream.finish()?;
            Ok((extracted, stream.provider().map(str::to_owned), stream.model().map(str::to_owned)))
        })?;
        self.log_extracted(&extracted, fields, Some((provider, model)))
    }

    fn log_extracted(
        &mut self,
        extracted: &Extracted,
        fields: Fields<'_>,
        stream: Option<(Option<String>, Option<String>)>,
    ) -> Result<String, Error> {
        let (provider, model) = stream.unwrap_or_default();
        let given = Given {
            provider: fields.text("provider")?.or(provider.as_deref()),
            model: fields.text("model")?.or(model.as_deref()),
            duration: fields.duration("duration_ms")?,
            service_tier: fields.text("service_tier")?,
            region: fields.text("region")?,
            request_id: fields.text("request_id")?,
        };
        let mut call = InferenceCall::from_extracted(extracted, &given, fields.at()?)?;
        told(&mut call, fields)?;
        call.tags = fields.tags(self.engine.tag_schema());
        self.log(&call, fields)
    }

    fn log(&mut self, call: &InferenceCall<'_>, fields: Fields<'_>) -> Result<String, Error> {
        let Logged { record, payload, duplicate, .. } = self.engine.log(call, fields.count("slot")?)?;
        let slot = payload.map_or(Value::Null, |slot| Value::from(*slot));
        Ok(format!(r#"{{"duplicate":{duplicate},"slot":{slot},"record":{}}}"#, record.to_json(None)))
    }

    pub(super) fn log_training(&mut self, fields: Fields<'_>) -> Result<String, Error> {
        let hours = match fields.get("duration_hours") {
            Some(Value::Number(number)) => hours("duration_hours", number.as_f64().unwrap_or(f64::NAN))?,
            Some(Value::String(text)) => match finops::core::money::decimal::parse(text.trim()) {
                Some(exact) => hours_exact("duration_hours", exact)?,
                None => return Err(no_duration("duration_hours", text)),
            },
            other => return Err(no_duration("duration_hours", other.unwrap_or(&Value::Null))),
        };
        let gpus = fields.get("gpu_count").and_then(Value::as_f64).filter(|gpus| *gpus >= 1.0);
        let gpus = gpus.and_then(|gpus| finops::telemetry::monitor::count_f64("gpu_count", gpus).ok());
        let gpus = gpus.ok_or_else(|| UsageError::InvalidGpuCount {
            path: "gpu_count".to_owned(),
            value: finops::core::error::shorten(&fields.get("gpu_count").unwrap_or(&Value::Null).to_string()),
        })?;
        let call = TrainingCall {
            gpu_power_kw: fields.decimal("gpu_power_kw")?,
            tags: fields.tags(self.engine.tag_schema()),
            ..TrainingCall::new(fields.model()?, hours, gpus, fields.at()?)
        };
        let record = self.engine.log_training(&call, fields.count("slot")?)?;
        Ok(format!(r#"{{"record":{}}}"#, record.to_json(None)))
    }

    /// Assigns a number.
    pub(super) fn set(&mut self, fields: Fields<'_>) -> Result<String, Error> {
        let name = fields.text("name")?.unwrap_or_default();
        let setting =
            Setting::from_name(name).ok_or_else(|| refuse("name", name, "no number of a monitor"))?;
        let value = fields.get("value").unwrap_or(&Value::Null);
        self.engine.set(setting, crate::input::decimal(name, value)?)?;
        self.changed()
    }

    pub(super) fn set_price(&mut self, fields: Fields<'_>) -> Result<String, Error> {
        self.engine.set_price(options::price(fields)?)?;
        self.changed()
    }

    pub(super) fn set_grid(&mut self, fields: Fields<'_>) -> Result<String, Error> {
        let given = serde_json::json!({ "grid": fields.get("grid") });
        let grid = carbon::wire::configuration(&given)?.grid;
        self.engine.set_grid(grid.ok_or_else(|| refuse("grid", "null", "no intensity"))?)?;
        self.changed()
    }

    fn changed(&mut self) -> Result<String, Error> {
        self.version = self.version.wrapping_add(1);
        self.own_intensity = super::own_intensity(&self.engine);
        Ok("null".to_owned())
    }
}

fn no_duration(path: &str, value: impl std::fmt::Display) -> Error {
    let value = finops::core::error::shorten(&value.to_string());
    UsageError::InvalidDuration { path: path.to_owned(), value }.into()
}

/// The call that `fields` tell of.
fn inference<'a>(
    fields: Fields<'a>,
    schema: &finops::telemetry::monitor::TagSchema,
) -> Result<InferenceCall<'a>, Error> {
    let count = |name: &str| fields.count(name).map(Option::unwrap_or_default);
    let usage = match fields.get("usage") {
        Some(_) => fields.usage()?,
        None => Usage {
            cache_read: count("cache_read_tokens")?,
            cache_write_5m: count("cache_write_tokens")?,
            cache_write_1h: count("cache_write_1h_tokens")?,
            reasoning: count("reasoning_tokens")?,
            ..Usage::new(count("input_tokens")?, count("output_tokens")?)
        },
    };
    let mut call = InferenceCall {
        provider: fields.text("provider")?,
        duration: fields.duration("duration_ms")?,
        service_tier: fields.text("service_tier")?,
        region: fields.text("region")?,
        request_id: fields.text("request_id")?,
        tags: fields.tags(schema),
        ..InferenceCall::new(fields.model()?, usage, fields.at()?)
    };
    told(&mut call, fields)?;
    Ok(call)
}

/// What no response body tells.
fn told<'a>(call: &mut InferenceCall<'a>, fields: Fields<'a>) -> Result<(), Error> {
    call.reservation = fields.text("reservation")?;
    if let Some(outcome) = fields.text("outcome")? {
        call.outcome = Outcome::from_name(outcome)?;
    }
    if let Some(finish) = fields.text("finish")? {
        call.finish = Some(finish);
    }
    if let Some(trace) = fields.get("trace") {
        let read = serde_json::from_value::<Trace>(trace.clone());
        call.trace = Some(read.map_err(|error| refuse("trace", error, "not the fingerprints of a call"))?);
    }
    Ok(())
}

/// The wire form of the record that a call made, from the prices and factors it was made with.
pub(crate) fn remade(pricing: &Pricing, fields: Fields<'_>) -> Result<String, Error> {
    let call = inference(fields, pricing.tag_schema())?;
    Ok(pricing.record(&call)?.to_json(None))
}
