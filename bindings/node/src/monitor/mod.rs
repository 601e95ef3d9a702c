//! Monitors, by number.

mod batch;
mod log;
mod options;
mod read;

pub(crate) use log::remade;

use crate::{
    error::thrown,
    handles::Handles,
    input::{Fields, parse},
    objects::{self, Object},
};
use finops::{Error, MonitorConfig, ResourceMonitor, telemetry::monitor::SinkState};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use serde_json::Value;
use std::sync::Arc;

/// Names that a monitor keeps for the hot path; JavaScript forgets them all before it asks for more.
const NAMES_MAX: usize = 65_536;

/// A monitor and what the border keeps beside it. Its payload is the place of a record in the ring of JavaScript.
pub struct Monitor {
    pub engine: ResourceMonitor<u64>,
    /// Names of models and values of tags, by their numbers on the hot path.
    pub names: Vec<Arc<str>>,
    /// How many tags there are.
    pub tags: usize,
    /// Counts changes of prices and factors.
    pub version: u32,
    /// Whether calls of one version may have intensities of their own: those of a series, by their instants.
    pub own_intensity: bool,
    sink: SinkState<u64>,
    max_records: usize,
}

thread_local! {
    static MONITORS: Handles<Monitor> = const { Handles::new() };
}

/// Runs `run` with a monitor; `None` when there is none of that number.
pub fn with_monitor<R>(handle: usize, run: impl FnOnce(&mut Monitor) -> R) -> Option<R> {
    MONITORS.with(|monitors| monitors.with(handle, run))
}

/// A monitor of the given arguments.
#[napi(catch_unwind)]
pub fn monitor_new(json: String) -> Result<u32> {
    let make = || -> std::result::Result<Monitor, Error> {
        let arguments = parse(&json)?;
        let fields = Fields::new("options", &arguments)?;
        let options = options::read(fields)?;
        let env = fields.get("env").and_then(Value::as_object);
        let config = MonitorConfig::new(options, |name| Some(env?.get(name)?.as_str()?.to_owned()))?;
        let max_records = fields.size("max_records")?.unwrap_or(finops::telemetry::monitor::MAX_RECORDS);
        let engine = ResourceMonitor::new(config)?;
        let tags = engine.tag_schema().names().len();
        let own_intensity = own_intensity(&engine);
        let sink = SinkState::new();
        Ok(Monitor { engine, names: Vec::new(), tags, version: 0, own_intensity, sink, max_records })
    };
    let monitor = make().map_err(thrown)?;
    Ok(MONITORS.with(|monitors| monitors.insert(monitor)))
}

fn own_intensity(engine: &ResourceMonitor<u64>) -> bool {
    let carbon = engine.carbon();
    carbon.has_series() || !carbon.is_flat()
}

/// Drops a monitor.
#[napi(catch_unwind)]
pub fn monitor_free(handle: u32) {
    MONITORS.with(|monitors| monitors.remove(handle));
}

/// The number of a model's name or of a tag's value on the hot path; -1 when there are too many.
#[napi(catch_unwind)]
pub fn intern(handle: u32, text: String) -> i32 {
    let place = with_monitor(handle as usize, |monitor| {
        if monitor.names.len() >= NAMES_MAX {
            return -1;
        }
        monitor.names.push(text.into());
        i32::try_from(monitor.names.len().saturating_sub(1)).unwrap_or(-1)
    });
    place.unwrap_or(-1)
}

/// Forgets the numbers of names. Records keep the names themselves.
#[napi(catch_unwind)]
pub fn forget(handle: u32) {
    with_monitor(handle as usize, |monitor| monitor.names.clear());
}

/// A method of a monitor: JSON in, JSON out. A response body or events of a stream come apart from the JSON, as text or bytes.
#[napi(catch_unwind)]
pub fn monitor_call(
    handle: u32,
    method: String,
    json: String,
    body: Option<Either<String, Uint8Array>>,
) -> Result<String> {
    let body = objects::Text::new(body.as_ref());
    let run = || -> std::result::Result<String, Error> {
        let arguments = parse(&json)?;
        let fields = Fields::new("arguments", &arguments)?;
        if method == "merge" {
            return merge(handle, fields);
        }
        with_monitor(handle as usize, |monitor| monitor.call(&method, fields, body))
            .ok_or_else(objects::gone)?
    };
    run().map_err(thrown)
}

/// Adds the roll-up of another monitor.
fn merge(handle: u32, fields: Fields<'_>) -> std::result::Result<String, Error> {
    let other = fields.size("other")?.unwrap_or(usize::MAX);
    let rollup = with_monitor(other, |other| other.engine.rollup()).ok_or_else(objects::gone)?;
    with_monitor(handle as usize, |monitor| monitor.engine.merge_rollup(&rollup))
        .ok_or_else(objects::gone)??;
    Ok("null".to_owned())
}

impl Monitor {
    fn call(
        &mut self,
        method: &str,
        fields: Fields<'_>,
        body: objects::Text<'_>,
    ) -> std::result::Result<String, Error> {
        match method {
            "log_inference" => self.log_inference(fields),
            "log_response" => self.log_response(fields, body),
            "log_stream" => self.log_stream(fields),
            "log_training" => self.log_training(fields),
            "estimate" => self.estimate(fields),
            "reserve" => self.reserve(fields),
            "set" => self.set(fields),
            "set_price" => self.set_price(fields),
            "set_grid" => self.set_grid(fields),
            _ => self.read(method, fields),
        }
    }

    /// The number of an object that keeps the prices and factors as they are now.
    fn pricing_object(&self) -> u32 {
        objects::keep(Object::Pricing(Box::new(self.engine.pricing())))
    }
}
