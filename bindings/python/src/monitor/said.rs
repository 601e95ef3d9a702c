//! What a caller said of one inference, read and logged.

use super::PyMonitor;
use crate::{
    convert::{
        json,
        number::{count, count_or_zero, duration_ms, shown},
    },
    error::raise,
    record::PyInference,
    usage::PyUsage,
};
use finops::{
    core::{
        error::ConfigError,
        time::DurationNs,
        usage::{TextUsage, Usage, UsageError},
    },
    telemetry::monitor::{InferenceCall, Outcome, PlainCall, Trace},
};
use pyo3::{exceptions::PyTypeError, prelude::*, types::PyString};
use std::sync::Arc;

/// The arguments of `log_inference`, `None` where nothing was said.
pub(super) struct Said<'a, 'py> {
    pub(super) model: &'a Bound<'py, PyAny>,
    pub(super) input_tokens: &'a Bound<'py, PyAny>,
    pub(super) output_tokens: &'a Bound<'py, PyAny>,
    pub(super) duration_ms: Option<&'a Bound<'py, PyAny>>,
    pub(super) metadata: Option<&'a Bound<'py, PyAny>>,
    pub(super) provider: Option<&'a str>,
    pub(super) cache_read_tokens: Option<&'a Bound<'py, PyAny>>,
    pub(super) cache_write_tokens: Option<&'a Bound<'py, PyAny>>,
    pub(super) reasoning_tokens: Option<&'a Bound<'py, PyAny>>,
    pub(super) outcome: Option<&'a str>,
    pub(super) at: Option<&'a Bound<'py, PyAny>>,
}

impl<'a, 'py> Said<'a, 'py> {
    /// A model and its counts, and nothing else.
    #[inline]
    pub(super) const fn new(
        model: &'a Bound<'py, PyAny>,
        input_tokens: &'a Bound<'py, PyAny>,
        output_tokens: &'a Bound<'py, PyAny>,
    ) -> Self {
        Self {
            model,
            input_tokens,
            output_tokens,
            duration_ms: None,
            metadata: None,
            provider: None,
            cache_read_tokens: None,
            cache_write_tokens: None,
            reasoning_tokens: None,
            outcome: None,
            at: None,
        }
    }
}

/// The arguments that few calls have.
pub(super) struct Rare<'a, 'py> {
    pub(super) usage: Option<&'a Bound<'py, PyUsage>>,
    pub(super) cache_write_1h_tokens: Option<&'a Bound<'py, PyAny>>,
    pub(super) service_tier: Option<&'a str>,
    pub(super) region: Option<&'a str>,
    pub(super) request_id: Option<&'a str>,
    pub(super) finish: Option<&'a str>,
    pub(super) trace: Option<&'a Bound<'py, PyAny>>,
    pub(super) reservation: Option<&'a Bound<'py, PyAny>>,
}

impl Rare<'_, '_> {
    pub(super) const fn is_empty(&self) -> bool {
        self.usage.is_none()
            && self.cache_write_1h_tokens.is_none()
            && self.service_tier.is_none()
            && self.region.is_none()
            && self.request_id.is_none()
            && self.finish.is_none()
            && self.trace.is_none()
            && self.reservation.is_none()
    }
}

impl PyMonitor {
    /// Logs a call of which nothing rare was said.
    #[inline]
    pub(super) fn log_said(&self, py: Python<'_>, said: &Said<'_, '_>) -> PyResult<PyInference> {
        let model = model_name(said.model)?;
        let input = count(said.input_tokens, "input_tokens")?;
        let output = count(said.output_tokens, "output_tokens")?;
        let text = TextUsage {
            cache_read: count_or_zero(said.cache_read_tokens, "cache_read_tokens")?,
            cache_write_5m: count_or_zero(said.cache_write_tokens, "cache_write_tokens")?,
            reasoning: count_or_zero(said.reasoning_tokens, "reasoning_tokens")?,
            ..TextUsage::new(input, output)
        };
        let metadata = given(said.metadata);
        let tags = self.tags(metadata);
        let call = PlainCall {
            provider: said.provider,
            duration: duration(said.duration_ms)?,
            outcome: outcome(said.outcome)?,
            tags: &tags,
            ..PlainCall::new(model, text, self.at(said.at, py)?)
        };
        let payload = metadata.map(|object| Arc::new(object.clone().unbind()));
        let record = self.inner.log_plain(&call, payload.clone()).map_err(raise)?;
        Ok(PyInference { record, metadata: payload })
    }

    /// Logs a call of which anything may be said. Never inlined: the common call would carry its stack.
    #[inline(never)]
    pub(super) fn log_in_full(
        &self,
        py: Python<'_>,
        said: &Said<'_, '_>,
        rare: &Rare<'_, '_>,
    ) -> PyResult<PyInference> {
        let model = model_name(said.model)?;
        let usage = usage(said, rare)?;
        let metadata = given(said.metadata);
        let reservation = rare.reservation.map(reservation_id).transpose()?;
        let call = InferenceCall {
            provider: said.provider,
            duration: duration(said.duration_ms)?,
            service_tier: rare.service_tier,
            region: rare.region,
            request_id: rare.request_id,
            outcome: outcome(said.outcome)?,
            finish: rare.finish,
            trace: trace(rare.trace)?,
            tags: self.tags(metadata),
            reservation: reservation.as_deref(),
            ..InferenceCall::new(model, usage, self.at(said.at, py)?)
        };
        self.log(&call, metadata)
    }
}

/// The counts of a call; where there is a `Usage` too, they must agree with it.
fn usage(said: &Said<'_, '_>, rare: &Rare<'_, '_>) -> PyResult<Usage> {
    let input = count(said.input_tokens, "input_tokens")?;
    let output = count(said.output_tokens, "output_tokens")?;
    let Some(usage) = rare.usage else {
        return Ok(Usage {
            cache_read: count_or_zero(said.cache_read_tokens, "cache_read_tokens")?,
            cache_write_5m: count_or_zero(said.cache_write_tokens, "cache_write_tokens")?,
            cache_write_1h: count_or_zero(rare.cache_write_1h_tokens, "cache_write_1h_tokens")?,
            reasoning: count_or_zero(said.reasoning_tokens, "reasoning_tokens")?,
            ..Usage::new(input, output)
        });
    };
    let usage = usage.get().0;
    let optional = |value: Option<&Bound<'_, PyAny>>, name| value.map(|value| count(value, name)).transpose();
    let told = [
        ("input_tokens", Some(input), usage.input),
        ("output_tokens", Some(output), usage.output),
        ("cache_read_tokens", optional(said.cache_read_tokens, "cache_read_tokens")?, usage.cache_read),
        (
            "cache_write_tokens",
            optional(said.cache_write_tokens, "cache_write_tokens")?,
            usage.cache_write_5m,
        ),
        (
            "cache_write_1h_tokens",
            optional(rare.cache_write_1h_tokens, "cache_write_1h_tokens")?,
            usage.cache_write_1h,
        ),
        ("reasoning_tokens", optional(said.reasoning_tokens, "reasoning_tokens")?, usage.reasoning),
    ];
    for (name, count, inside) in told {
        if let Some(count) = count
            && count != inside
        {
            return Err(disagree(name, count, inside));
        }
    }
    Ok(usage)
}

#[cold]
fn disagree(name: &str, count: u64, usage: u64) -> PyErr {
    raise(UsageError::not_a_count(name, format!("{count}, while `usage` says {usage}")))
}

/// `None` and absent metadata are the same.
#[inline]
pub(super) fn given<'a, 'py>(metadata: Option<&'a Bound<'py, PyAny>>) -> Option<&'a Bound<'py, PyAny>> {
    metadata.filter(|object| !object.is_none())
}

#[inline]
pub(crate) fn outcome(name: Option<&str>) -> PyResult<Outcome> {
    match name {
        None => Ok(Outcome::Ok),
        Some(name) => Outcome::from_name(name).map_err(raise),
    }
}

pub(super) fn trace(value: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Trace>> {
    let Some(value) = value else { return Ok(None) };
    let fields = json::from_python(value)?;
    serde_json::from_value(fields).map(Some).map_err(|error| {
        let help = "give session, prompt_hash, prefix_hash, prefix_tokens, tool_hash";
        raise(ConfigError {
            name: "trace".to_owned(),
            value: error.to_string(),
            problem: "not a trace",
            help,
        })
    })
}

#[inline]
pub(crate) fn duration(value: Option<&Bound<'_, PyAny>>) -> PyResult<Option<DurationNs>> {
    match value {
        Some(value) if !value.is_none() => duration_ms(value, "duration_ms").map(Some),
        _ => Ok(None),
    }
}

#[inline]
pub(super) fn model_name<'a>(model: &'a Bound<'_, PyAny>) -> PyResult<&'a str> {
    // The exact type first: it is known by its address alone.
    if let Ok(name) = model.cast_exact::<PyString>() {
        return name.to_str();
    }
    match model.cast::<PyString>() {
        Ok(name) => name.to_str(),
        Err(_) => Err(no_model(model)),
    }
}

#[cold]
fn no_model(model: &Bound<'_, PyAny>) -> PyErr {
    if model.is_none() {
        return raise(UsageError::MissingModel { path: "model".to_owned() });
    }
    PyTypeError::new_err(format!("model must be text, not {}", shown(model)))
}

/// The id of a reservation: the object, or its id.
pub(super) fn reservation_id(value: &Bound<'_, PyAny>) -> PyResult<String> {
    match value.cast::<PyString>() {
        Ok(id) => Ok(id.to_str()?.to_owned()),
        Err(_) => value.getattr("id")?.extract(),
    }
}
