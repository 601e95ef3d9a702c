//! What the integration tests share: the vectors, and calls as they write them.

use finops_core::{
    carbon::CarbonConfig,
    money::decimal,
    time::{DurationNs, Timestamp},
    usage::Usage,
};
use finops_telemetry::{
    Error,
    monitor::{
        InferenceCall, MonitorConfig, MonitorOptions, ResourceMonitor, Tags, count, duration_ms, number,
    },
};
use rust_decimal::Decimal;
use serde_json::Value;

pub type Monitor = ResourceMonitor<Value>;

/// The `count` cases of a section.
pub fn vectors(section: &str, count: usize) -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../bindings/vectors/metering.json");
    let text = std::fs::read_to_string(path).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let cases = file[section].as_array().unwrap().clone();
    assert_eq!(cases.len(), count, "{section}");
    assert_eq!(file["counts"][section], count, "{section}");
    cases
}

pub fn plain() -> Monitor {
    monitor(&Value::Null).unwrap()
}

/// A monitor of the case's `config` and `env`.
pub fn monitor(case: &Value) -> Result<Monitor, Error> {
    let mut options = MonitorOptions::default();
    if let Some(config) = case["config"].as_object() {
        for (name, value) in config {
            let text = || value.as_str().unwrap();
            match name.as_str() {
                "cost_per_1k_input_tokens" => options.cost_per_1k_input_tokens = Some(number(name, text())?),
                "cost_per_1k_output_tokens" => {
                    options.cost_per_1k_output_tokens = Some(number(name, text())?)
                }
                "compute_cost_per_hour" => options.compute_cost_per_hour = Some(number(name, text())?),
                "gpu_power_kw" => options.gpu_power_kw = Some(number(name, text())?),
                "carbon_intensity_g_per_kwh" => {
                    options.carbon_intensity_g_per_kwh = Some(number(name, text())?);
                }
                "strict" => options.strict = value.as_bool().unwrap(),
                "models" => options.models = serde_json::from_value(value.clone()).unwrap(),
                "max_groups" => options.max_groups = Some(value.as_u64().unwrap() as usize),
                "tags" => options.tags = Some(serde_json::from_value(value.clone()).unwrap()),
                other => panic!("unknown setting `{other}`"),
            }
        }
    }
    options.carbon = CarbonConfig::default();
    let env = |name: &str| case["env"].get(name).map(|value| value.as_str().unwrap().to_owned());
    ResourceMonitor::new(MonitorConfig::new(options, env)?)
}

/// A number that stands as JSON or as text.
pub fn amount(value: &Value) -> Decimal {
    match value {
        Value::String(text) => decimal::parse(text).unwrap(),
        Value::Number(number) => decimal::from_f64(number.as_f64().unwrap()).unwrap(),
        other => panic!("{other} is no number"),
    }
}

/// A call that owns what it names.
pub struct OwnedCall {
    model: String,
    provider: Option<String>,
    request_id: Option<String>,
    usage: Usage,
    duration: Option<DurationNs>,
    at: Timestamp,
    tags: Tags,
}

impl OwnedCall {
    pub fn as_call(&self) -> InferenceCall<'_> {
        InferenceCall {
            provider: self.provider.as_deref(),
            request_id: self.request_id.as_deref(),
            duration: self.duration,
            tags: self.tags.clone(),
            ..InferenceCall::new(&self.model, self.usage, self.at)
        }
    }
}

/// A call of a vector, checked as a binding checks its arguments.
pub fn call_of(monitor: &Monitor, call: &Value) -> Result<OwnedCall, Error> {
    let text = |name: &str| call.get(name).map(|value| value.as_str().unwrap().to_owned());
    let tokens = |name: &str| match call.get(name) {
        None => Ok(0),
        Some(value) => count(name, i128::from(value.as_i64().unwrap())),
    };
    for name in call.as_object().unwrap().keys() {
        let known = [
            "model",
            "provider",
            "request_id",
            "usage",
            "duration_ms",
            "at",
            "metadata",
            "input_tokens",
            "output_tokens",
            "cache_read_tokens",
        ];
        assert!(known.contains(&name.as_str()), "unknown argument `{name}`");
    }
    let usage = match call.get("usage") {
        Some(usage) => serde_json::from_value(usage.clone()).unwrap(),
        None => Usage {
            cache_read: tokens("cache_read_tokens")?,
            ..Usage::new(tokens("input_tokens")?, tokens("output_tokens")?)
        },
    };
    let duration = match call.get("duration_ms") {
        None => None,
        Some(Value::String(nan)) if nan == "NaN" => Some(duration_ms("duration_ms", f64::NAN)?),
        Some(value) => Some(duration_ms("duration_ms", value.as_f64().unwrap())?),
    };
    let at = text("at").unwrap_or_else(|| "2026-11-01T12:00:00Z".to_owned());
    Ok(OwnedCall {
        model: text("model").unwrap(),
        provider: text("provider"),
        request_id: text("request_id"),
        usage,
        duration,
        at: at.parse::<Timestamp>().unwrap(),
        tags: call.get("metadata").map(|m| monitor.tag_schema().collect_json(m)).unwrap_or_default(),
    })
}
