//! The engine: detects, guards, proposes and records; and every computation of waste, allocation and findings by name.
//! Values cross as exact JSON text, which `ts/exact.ts` writes and reads.

use crate::{error::thrown, handles::Handles, objects::gone};
use finops::{
    Engine, EngineError, EngineOptions,
    change::SourceFile,
    core::json::Json,
    engine::{SourceLimits, git, pull_request, read_sources, wire},
};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::{path::Path, sync::Arc, time::Duration};

thread_local! {
    static HELD: Handles<Arc<Engine>> = const { Handles::new() };
}

pub(crate) fn refused(error: impl Into<EngineError>) -> napi::Error {
    let error = error.into();
    let told = Json::object([
        ("code", Json::from(error.code())),
        ("path", error.path().into()),
        ("message", error.to_string().into()),
    ]);
    napi::Error::from_reason(told.to_text())
}

fn engine(handle: u32) -> Result<Arc<Engine>> {
    HELD.with(|held| held.with(handle as usize, |engine| Arc::clone(engine))).ok_or_else(|| thrown(gone()))
}

fn parse(text: &str) -> Result<Json> {
    wire::parse(text.as_bytes()).map_err(refused)
}

fn text<'a>(value: &'a Json, name: &str) -> &'a str {
    value.get(name).and_then(Json::as_str).unwrap_or_default()
}

/// A new engine.
#[napi(catch_unwind)]
pub fn engine_new(json: String) -> Result<u32> {
    let options = EngineOptions::from_json(&parse(&json)?).map_err(refused)?;
    Ok(HELD.with(|held| held.insert(Arc::new(Engine::new(options)))))
}

/// Drops an engine.
#[napi(catch_unwind)]
pub fn engine_free(handle: u32) {
    HELD.with(|held| held.remove(handle));
}

/// One detection cycle, recorded in the ledger of this number where one is given.
#[napi(catch_unwind)]
pub fn engine_run(handle: u32, json: String, ledger: Option<u32>) -> Result<String> {
    let ledger = ledger.map(crate::ledger::savings_of).transpose()?;
    let report = engine(handle)?.run_json(&parse(&json)?, ledger.as_deref()).map_err(refused)?;
    Ok(report.to_text())
}

/// The sources of a call: those that came along, else those below `root`.
fn sources(request: &Json, paths: Option<Vec<String>>, files: Vec<Uint8Array>) -> Result<Vec<SourceFile>> {
    if let Some(paths) = paths {
        return Ok(paths
            .into_iter()
            .zip(files)
            .map(|(path, bytes)| SourceFile { path, bytes: bytes.to_vec() })
            .collect());
    }
    match text(request, "root") {
        "" => Ok(Vec::new()),
        root => read_sources(Path::new(root), SourceLimits::default()).map_err(refused),
    }
}

/// The changes of opportunities; `paths` and `files` are the sources, in the same order.
#[napi(catch_unwind)]
pub fn engine_propose(
    handle: u32,
    json: String,
    paths: Option<Vec<String>>,
    files: Vec<Uint8Array>,
) -> Result<String> {
    let request = parse(&json)?;
    let files = sources(&request, paths, files)?;
    Ok(engine(handle)?.propose_json(&request, &files).map_err(refused)?.to_text())
}

/// Everything known about an opportunity.
#[napi(catch_unwind)]
pub fn engine_evidence(
    handle: u32,
    json: String,
    paths: Option<Vec<String>>,
    files: Vec<Uint8Array>,
) -> Result<String> {
    let request = parse(&json)?;
    let files = sources(&request, paths, files)?;
    let opportunity = request.get("opportunity").unwrap_or(&Json::Null);
    Ok(engine(handle)?.evidence_json(opportunity, &files).map_err(refused)?.to_text())
}

/// Writes, commits or opens a change: `write` {folder}, `commit` {folder, base}, `open` {token, repository, base, api_url}.
#[napi(catch_unwind)]
pub fn change_method(method: String, change: String, json: String) -> Result<String> {
    let (change, arguments) = (parse(&change)?, parse(&json)?);
    let folder = Path::new(text(&arguments, "folder"));
    let answer = match method.as_str() {
        "write" => Json::array(wire::write_change(&change, folder).map_err(refused)?),
        "commit" => git::commit(&change, folder, text(&arguments, "base")).map_err(refused)?.to_json(),
        _ => {
            let at = pull_request::GitHub {
                token: text(&arguments, "token").to_owned(),
                repository: text(&arguments, "repository").to_owned(),
                base: text(&arguments, "base").to_owned(),
                api_url: text(&arguments, "api_url").to_owned(),
                timeout: Duration::from_secs(30),
            };
            let opened = pull_request::open(&change, &at).map_err(refused)?;
            Json::object([("number", Json::from(opened.number)), ("url", opened.url.into())])
        }
    };
    Ok(answer.to_text())
}

/// A change that a thread of the pool writes, commits or opens.
pub struct Changing {
    method: String,
    change: String,
    json: String,
}

impl Task for Changing {
    type Output = String;
    type JsValue = String;

    fn compute(&mut self) -> Result<String> {
        change_method(self.method.clone(), self.change.clone(), self.json.clone())
    }

    fn resolve(&mut self, _: Env, answer: String) -> Result<String> {
        Ok(answer)
    }
}

/// As [`change_method`], on a thread that JavaScript does not wait for.
#[napi(catch_unwind)]
pub fn change_later(method: String, change: String, json: String) -> AsyncTask<Changing> {
    AsyncTask::new(Changing { method, change, json })
}

/// Computes a kind of `waste`, `allocation` or `findings` from JSON text to JSON text; without a kind, the names of all.
#[napi(catch_unwind)]
pub fn topic_call(topic: String, kind: String, json: String) -> Result<String> {
    if kind.is_empty() {
        return Ok(Json::array(wire::kinds(&topic)).to_text());
    }
    wire::compute(&topic, &kind, json.as_bytes()).map_err(refused)
}

/// Reads what `kubectl get -o json` prints: `{inventory, diagnostics}`.
#[napi(catch_unwind)]
pub fn inventory_kubernetes(documents: Vec<Uint8Array>, cluster: String, as_of: String) -> Result<String> {
    let documents: Vec<&[u8]> = documents.iter().map(|document| &**document).collect();
    let as_of = as_of.parse().map_err(|error: finops::core::usage::UsageError| thrown(error))?;
    Ok(wire::read_cluster(&documents, &cluster, as_of).map_err(refused)?.to_text())
}

/// Adds the answer of a Prometheus query to an inventory: `{inventory, diagnostics}`.
#[napi(catch_unwind)]
pub fn inventory_prometheus(
    inventory: String,
    metric: String,
    answer: Uint8Array,
    step_seconds: u32,
) -> Result<String> {
    let inventory = parse(&inventory)?;
    Ok(wire::add_prometheus(&inventory, &metric, &answer, step_seconds).map_err(refused)?.to_text())
}
