//! Findings: records in, a table out, and what is computed over tables. Long work is done on a thread of the pool.

use crate::{error::thrown, handles::Handles, objects::gone};
use finops::{
    EngineError,
    core::{
        error::Fault,
        finding::{Finding, Intake, Judged, Problem, RecordStream, content_hash, wire as kinds},
        json::Json,
    },
    engine::wire,
};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
};

type Table = Arc<Vec<Finding>>;

/// What takes records.
enum Taker {
    /// Into a table in total order; none once it is made.
    Table(Option<Box<Intake>>),
    /// As they come, each of which must stand.
    List(RecordStream, Vec<Finding>),
    /// One by one.
    Stream(RecordStream),
}

thread_local! {
    static TAKERS: Handles<Arc<Mutex<Taker>>> = const { Handles::new() };
    static TABLES: Handles<Table> = const { Handles::new() };
}

fn refused(error: impl Into<EngineError>) -> napi::Error {
    crate::engine::refused(error)
}

fn closed() -> Fault {
    Fault::new("config.invalid", "records", "the table was made already", "start anew")
}

/// Runs `work`; a panic becomes an error.
fn guarded<T>(work: impl FnOnce() -> std::result::Result<T, Fault>) -> Result<T> {
    // A taker that panicked is used no more: what it holds is dropped with it.
    let done = catch_unwind(AssertUnwindSafe(work));
    let broken = || Fault::new("config.invalid", "", "the engine panicked", "report this");
    done.unwrap_or_else(|_| Err(broken())).map_err(refused)
}

/// What takes records as `mode` says: `table`, `list` or `stream`.
#[napi(catch_unwind)]
pub fn findings_new(json: String, mode: String, strict: bool) -> Result<u32> {
    let options = wire::parse(json.as_bytes()).map_err(refused)?;
    let validator = kinds::validator(&Json::object([("options", options)])).map_err(refused)?;
    let taker = match mode.as_str() {
        "table" => Taker::Table(Some(Box::new(Intake::new(validator, strict)))),
        "list" => Taker::List(RecordStream::new(validator.any_mode()), Vec::new()),
        _ => Taker::Stream(RecordStream::new(validator)),
    };
    Ok(TAKERS.with(|takers| takers.insert(Arc::new(Mutex::new(taker)))))
}

/// Drops what takes records.
#[napi(catch_unwind)]
pub fn findings_free(handle: u32) {
    TAKERS.with(|takers| takers.remove(handle));
}

/// What is given next.
enum Given {
    Piece(Vec<u8>),
    Refused(Vec<Problem>),
    End,
}

fn shown(judged: &[Judged]) -> Json {
    Json::array(judged.iter().map(|(place, result)| {
        let (finding, told) = match result {
            Ok(checked) => {
                let warnings = checked.warnings.iter().map(|warning| {
                    Json::object([("code", Json::from(warning.code)), ("path", Json::from(&warning.path))])
                });
                (checked.finding.to_json(), Json::array(warnings))
            }
            Err(problems) => (Json::Null, Json::array(problems.iter().map(Problem::to_json))),
        };
        Json::array([Json::from(*place), finding, told])
    }))
}

impl Given {
    fn to(self, stream: &mut RecordStream) -> Vec<Judged> {
        let mut judged = Vec::new();
        match self {
            Self::Piece(bytes) => stream.piece(&bytes, |one| judged.push(one)),
            Self::Refused(problems) => stream.refuse(problems, |one| judged.push(one)),
            Self::End => stream.end(|one| judged.push(one)),
        }
        judged
    }

    fn take(self, taker: &mut Taker) -> std::result::Result<String, Fault> {
        match taker {
            Taker::Table(intake) => {
                let intake = intake.as_mut().ok_or_else(closed)?;
                match self {
                    Self::Piece(bytes) => intake.piece(&bytes)?,
                    Self::Refused(problems) => intake.refuse(problems)?,
                    Self::End => {}
                }
            }
            Taker::List(stream, findings) => {
                for (index, result) in self.to(stream) {
                    let stands = result
                        .map_err(|errors| finops::core::finding::Rejection { index, errors }.to_fault())?;
                    findings.push(stands.finding);
                }
            }
            Taker::Stream(stream) => return Ok(shown(&self.to(stream)).to_text()),
        }
        Ok("[]".to_owned())
    }
}

/// Records that a thread of the pool takes.
pub struct Taking(Arc<Mutex<Taker>>, Option<Given>);

impl Task for Taking {
    type Output = String;
    type JsValue = String;

    fn compute(&mut self) -> Result<String> {
        let given = self.1.take().unwrap_or(Given::End);
        guarded(|| given.take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    fn resolve(&mut self, _: Env, answer: String) -> Result<String> {
        Ok(answer)
    }
}

/// Takes the next bytes of JSON Lines, a record without a JSON form (`{path, number, found}`), or the end. A stream
/// answers `[[place, finding or null, warnings or errors]]`.
#[napi(catch_unwind)]
pub fn findings_take(
    handle: u32,
    bytes: Option<Uint8Array>,
    foreign: Option<String>,
) -> Result<AsyncTask<Taking>> {
    let taker = TAKERS
        .with(|takers| takers.with(handle as usize, |taker| Arc::clone(taker)))
        .ok_or_else(|| thrown(gone()))?;
    let given = match (bytes, foreign) {
        (Some(bytes), _) => Given::Piece(bytes.to_vec()),
        (None, Some(foreign)) => {
            let foreign = wire::parse(foreign.as_bytes()).map_err(refused)?;
            let text = |name: &str| foreign.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
            let number = foreign.get("number").and_then(Json::as_bool).unwrap_or_default();
            let code = if number { "finding.bad_json" } else { "finding.wrong_type" };
            let help = "give text, finite numbers, booleans, arrays, plain objects or null";
            let value = finops::core::error::shorten(&text("found"));
            Given::Refused(vec![Problem { path: text("path"), code, value, help }])
        }
        (None, None) => Given::End,
    };
    Ok(AsyncTask::new(Taking(taker, Some(given))))
}

/// The table of a taker.
pub struct Finishing(Arc<Mutex<Taker>>);

impl Task for Finishing {
    type Output = (Table, Json);
    type JsValue = String;

    fn compute(&mut self) -> Result<(Table, Json)> {
        guarded(|| {
            let mut taker = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match &mut *taker {
                Taker::Table(intake) => {
                    let validated = intake.take().ok_or_else(closed)?.finish()?;
                    let said = Json::object(kinds::outcome(&validated));
                    let (places, findings): (Vec<_>, Vec<_>) = validated.accepted.into_iter().unzip();
                    let said = Json::object([("places", Json::array(places)), ("said", said)]);
                    Ok((Arc::new(findings), said))
                }
                Taker::List(_, findings) => Ok((Arc::new(std::mem::take(findings)), Json::Null)),
                Taker::Stream(_) => Err(closed()),
            }
        })
    }

    fn resolve(&mut self, _: Env, (table, said): (Table, Json)) -> Result<String> {
        let length = table.len();
        let handle = TABLES.with(|tables| tables.insert(table));
        let members =
            [("table", Json::from(u64::from(handle))), ("length", Json::from(length)), ("told", said)];
        Ok(Json::object(members).to_text())
    }
}

/// Makes the table: `{table, length, told}`.
#[napi(catch_unwind)]
pub fn findings_finish(handle: u32) -> Result<AsyncTask<Finishing>> {
    let taker = TAKERS
        .with(|takers| takers.with(handle as usize, |taker| Arc::clone(taker)))
        .ok_or_else(|| thrown(gone()))?;
    Ok(AsyncTask::new(Finishing(taker)))
}

fn table(handle: u32) -> Result<Table> {
    TABLES
        .with(|tables| tables.with(handle as usize, |table| Arc::clone(table)))
        .ok_or_else(|| thrown(gone()))
}

/// Some findings of a table as JSON.
#[napi(catch_unwind)]
pub fn findings_at(handle: u32, from: u32, count: u32) -> Result<String> {
    let table = table(handle)?;
    let some = table.iter().skip(from as usize).take(count as usize);
    Ok(Json::array(some.map(Finding::to_json)).to_text())
}

/// Drops a table.
#[napi(catch_unwind)]
pub fn findings_drop(handle: u32) {
    TABLES.with(|tables| tables.remove(handle));
}

/// A sum over a table.
pub struct Summing(Table, String);

impl Task for Summing {
    type Output = String;
    type JsValue = String;

    fn compute(&mut self) -> Result<String> {
        guarded(|| {
            Ok(match self.1.as_str() {
                "totals" => kinds::totalled(self.0.iter())?.to_text(),
                "combine" => kinds::combined(self.0.iter())?.to_text(),
                _ => Json::from(content_hash(self.0.iter())).to_text(),
            })
        })
    }

    fn resolve(&mut self, _: Env, answer: String) -> Result<String> {
        Ok(answer)
    }
}

/// `totals`, `combine` or `content_hash` of a table as JSON.
#[napi(catch_unwind)]
pub fn findings_sum(handle: u32, what: String) -> Result<AsyncTask<Summing>> {
    Ok(AsyncTask::new(Summing(table(handle)?, what)))
}

/// The canonical bytes of a record as text.
#[napi(catch_unwind)]
pub fn findings_canonical(record: String, json: String) -> Result<String> {
    let options = wire::parse(json.as_bytes()).map_err(refused)?;
    let validator = kinds::validator(&Json::object([("options", options)])).map_err(refused)?;
    let mut stream = RecordStream::new(validator.any_mode());
    let mut judged = Vec::new();
    stream.record(&wire::parse(record.as_bytes()).map_err(refused)?, |one| judged.push(one));
    let (index, result) = judged.pop().ok_or_else(|| refused(closed()))?;
    let checked =
        result.map_err(|errors| refused(finops::core::finding::Rejection { index, errors }.to_fault()))?;
    let mut bytes = Vec::new();
    checked.finding.write_canonical(&mut bytes);
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
