//! The policy engine: gates and guardrails by number, and every computation by name. Documents cross as exact JSON text,
//! which `ts/exact.ts` writes and reads.

mod deciding;
mod gate;
mod guardrails;

use crate::{
    error::thrown,
    handles::Handles,
    objects::{Text, gone},
};
use deciding::{Deciding, Question, instant};
use finops::policy::{
    Json, PolicyError, PolicyGate, SetupError,
    decision::log::ReplayError,
    error::ConfigError,
    gate::GateConfig,
    guardrail::{GuardrailConfig, Guardrails},
    json::{Limits, MAX_DEPTH, read},
    rego::{RegoError, builtin, lint::Finding},
    wire,
};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::sync::Arc;

/// What JavaScript holds by number.
enum Held {
    Gate(Arc<PolicyGate>),
    Guardrails(Box<Guardrails>),
}

thread_local! {
    static HELD: Handles<Held> = const { Handles::new() };
}

/// An error as JavaScript is told of it, with the findings that refused a set.
fn told(code: &str, path: &str, message: &str, findings: Json) -> napi::Error {
    let error = Json::object([
        ("code", Json::from(code)),
        ("path", Json::from(path)),
        ("message", Json::from(message)),
        ("findings", findings),
    ]);
    napi::Error::from_reason(error.to_text())
}

fn refused(error: impl Into<PolicyError>) -> napi::Error {
    refused_setup(&SetupError::Policy(error.into()))
}

fn refused_setup(error: &SetupError) -> napi::Error {
    let findings = Finding::list(error.rego().map_or(&[], RegoError::findings));
    told(error.code(), error.path(), &error.to_string(), findings)
}

fn refused_replay(error: &ReplayError) -> napi::Error {
    told(error.code(), error.path(), &error.to_string(), Json::array::<Json>([]))
}

fn refused_member(path: &str, found: &str, help: &'static str) -> napi::Error {
    let problem = format!("`{}` is not accepted", finops::core::error::shorten(found));
    refused(ConfigError::new(path, problem, help))
}

/// Text that JavaScript wrote, of any size.
fn parse(text: &[u8]) -> Result<Json> {
    read(text, &Limits { bytes: usize::MAX, depth: MAX_DEPTH }).map_err(refused)
}

/// A member, where it is neither absent nor null.
fn member<'a>(json: &'a Json, name: &str) -> Option<&'a Json> {
    json.get(name).filter(|value| !value.is_null())
}

fn with<R>(handle: u32, run: impl FnOnce(&mut Held) -> Result<R>) -> Result<R> {
    HELD.with(|held| held.with(handle as usize, run)).unwrap_or_else(|| Err(thrown(gone())))
}

fn gate(handle: u32) -> Result<Arc<PolicyGate>> {
    with(handle, |held| match held {
        Held::Gate(gate) => Ok(Arc::clone(gate)),
        Held::Guardrails(_) => Err(thrown(gone())),
    })
}

/// A new gate or new guardrails; the archive of a bundle comes apart from the JSON.
#[napi(catch_unwind)]
pub fn policy_new(kind: String, json: String, archive: Option<Uint8Array>) -> Result<u32> {
    let arguments = parse(json.as_bytes())?;
    let held = match kind.as_str() {
        "gate" => Held::Gate(Arc::new(gate::new(&arguments, archive.as_deref())?)),
        "guardrails" => {
            let config = GuardrailConfig::from_json(&arguments).map_err(refused)?;
            Held::Guardrails(Box::new(Guardrails::new(config)))
        }
        other => return Err(refused_member("kind", other, "give `gate` or `guardrails`")),
    };
    Ok(HELD.with(|all| all.insert(held)))
}

/// Drops a gate or guardrails.
#[napi(catch_unwind)]
pub fn policy_free(handle: u32) {
    HELD.with(|held| held.remove(handle));
}

/// Decides: the record as JSON text. `is_value` tells a JavaScript value, written as text, from a text that the caller had;
/// `now_ms` is NaN when the instant is unknown; `more` is empty, or JSON with what else the decision may know.
#[napi(catch_unwind)]
pub fn policy_decide(
    handle: u32,
    input: Either<String, Uint8Array>,
    is_value: bool,
    now_ms: f64,
    more: String,
) -> Result<String> {
    let gate = gate(handle)?;
    Ok(Question::read(&input, is_value, now_ms, &more)?.ask(&gate))
}

/// As [`policy_decide`], on a thread that JavaScript does not wait for.
#[napi(catch_unwind)]
pub fn policy_decide_async(
    handle: u32,
    input: Either<String, Uint8Array>,
    is_value: bool,
    now_ms: f64,
    more: String,
) -> Result<AsyncTask<Deciding>> {
    let gate = gate(handle)?;
    Ok(AsyncTask::new(Deciding::new(gate, Question::read(&input, is_value, now_ms, &more)?)))
}

/// A method of a gate or of guardrails: JSON in, JSON out; a document of the caller's comes apart from the JSON.
#[napi(catch_unwind)]
pub fn policy_method(
    handle: u32,
    method: String,
    json: String,
    body: Option<Either<String, Uint8Array>>,
) -> Result<String> {
    let arguments = parse(json.as_bytes())?;
    let body = Text::new(body.as_ref()).bytes();
    with(handle, |held| match held {
        Held::Gate(gate) => gate::call(gate, &method, &arguments, body),
        Held::Guardrails(guardrails) => guardrails::call(guardrails, &method, &arguments),
    })
    .map(|answer| answer.to_text())
}

/// A computation by its name: the members of its input in, those of its answer out. The text of one member, named
/// `body_of`, may come apart from the JSON.
#[napi(catch_unwind)]
pub fn policy_call(
    kind: String,
    json: String,
    body_of: Option<String>,
    body: Option<Either<String, Uint8Array>>,
) -> Result<String> {
    let mut members = parse(json.as_bytes())?;
    if let (Some(name), Json::Object(members)) = (body_of, &mut members) {
        members.insert(name, parse(Text::new(body.as_ref()).bytes())?);
    }
    let answer = match kind.as_str() {
        "kinds" => Json::array(wire::kinds()),
        "builtin" => shipped(&members)?,
        kind => wire::call(kind, &members).map_err(refused)?,
    };
    Ok(answer.to_text())
}

/// The default policy as Rego, with a configuration as its data: `{modules: {name: text}, data}`.
fn shipped(config: &Json) -> Result<Json> {
    Ok(builtin::shipped(&GateConfig::from_json(config).map_err(refused)?))
}

/// The instant of milliseconds since 1970; NaN is none.
fn at(now_ms: f64) -> Result<Option<finops::Timestamp>> {
    if now_ms.is_nan() {
        return Ok(None);
    }
    instant(now_ms).map(Some)
}
