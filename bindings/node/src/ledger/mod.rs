//! The ledger: logs, savings ledgers and reports by number, and every computation by name. Values cross as JSON text, which
//! `ts/ledger-value.ts` writes; secrets cross apart from it and are kept nowhere else.

mod append;
mod log;
mod savings;
mod work;

use crate::{error::thrown, handles::Handles, objects::gone};
use finops::ledger::{
    EventLog, EventLogError, LedgerError, SavingsLedger,
    baseline::CostBaseline,
    event::{
        canonical::{CanonicalError, Refusal},
        keys::Master,
        single,
        verify::Anchor,
    },
    number::Exact,
    opportunity::Opportunity,
    report::{Report, ReportInputs},
    wire,
};
use napi::bindgen_prelude::{AsyncTask, Either, Uint8Array};
use napi_derive::napi;
use serde_json::{Value, json};
use std::sync::Arc;
use work::{Opening, Working};

/// What JavaScript holds by number.
enum Held {
    Log(Arc<EventLog>),
    Savings(Arc<SavingsLedger>),
    Report(Arc<Report>),
}

thread_local! {
    static HELD: Handles<Held> = const { Handles::new() };
}

/// The error as JavaScript is told of it.
fn told(error: &EventLogError) -> Value {
    json!({"code": error.code(), "path": error.path(), "message": error.to_string()})
}

fn refused(error: impl Into<EventLogError>) -> napi::Error {
    napi::Error::from_reason(told(&error.into()).to_string())
}

/// `ledger.wire`: a member that cannot be read.
fn refused_member(path: &str, problem: &str) -> EventLogError {
    LedgerError::Wire { path: path.to_owned(), problem: problem.to_owned() }.into()
}

fn parse(json: &str) -> Result<Value, EventLogError> {
    serde_json::from_str(json).map_err(|error| refused_member("input", &format!("is no JSON: {error}")))
}

/// A member, where it is neither absent nor null.
fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.get(name).filter(|value| !value.is_null())
}

fn optional_text<'a>(value: &'a Value, name: &str) -> Result<Option<&'a str>, EventLogError> {
    let read = |value: &'a Value| value.as_str().ok_or_else(|| refused_member(name, "give text"));
    member(value, name).map(read).transpose()
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, EventLogError> {
    optional_text(value, name)?.ok_or_else(|| refused_member(name, "is missing; give text"))
}

fn optional_count(value: &Value, name: &str) -> Result<Option<u64>, EventLogError> {
    let read = |value: &Value| {
        value.as_u64().ok_or_else(|| refused_member(name, "give a whole number of at least 0"))
    };
    member(value, name).map(read).transpose()
}

fn count(value: &Value, name: &str) -> Result<u64, EventLogError> {
    optional_count(value, name)?
        .ok_or_else(|| refused_member(name, "is missing; give a whole number of at least 0"))
}

fn held<R>(handle: u32, take: impl FnOnce(&Held) -> Option<R>) -> napi::Result<R> {
    HELD.with(|held| held.with(handle as usize, |held| take(held))).flatten().ok_or_else(|| thrown(gone()))
}

fn log_of(handle: u32) -> napi::Result<Arc<EventLog>> {
    held(handle, |held| if let Held::Log(log) = held { Some(Arc::clone(log)) } else { None })
}

fn keep(held: Held) -> u32 {
    HELD.with(|all| all.insert(held))
}

/// A computation by its name: the members of its input in, its answer out. The names beside those of the groups check an
/// opportunity or a baseline, tell of a value without canonical form, and list the groups.
#[napi(catch_unwind)]
pub fn ledger_call(group: String, json: String) -> napi::Result<String> {
    let members = parse(&json).map_err(refused)?;
    let answer = match group.as_str() {
        "groups" => Ok(wire::groups().collect::<Value>()),
        "opportunity" => {
            Opportunity::from_json(&members, "").map(|item| item.to_json()).map_err(LedgerError::from)
        }
        "baseline" => CostBaseline::from_json(&members, "")
            .map(|baseline| baseline.to_json())
            .map_err(LedgerError::from),
        "refuse" => Err(refusal(&members)),
        group => wire::call(group, &members),
    };
    answer.map(|answer| answer.to_string()).map_err(refused)
}

/// The refusal of a value that JavaScript could not write: `{word, at}`.
fn refusal(members: &Value) -> LedgerError {
    let at = member(members, "at").and_then(Value::as_str).unwrap_or_default().to_owned();
    let refusal = match member(members, "word").and_then(Value::as_str) {
        Some("not_finite") => Refusal::NotFinite,
        Some("surrogate") => Refusal::Surrogate,
        Some("integer_range") => Refusal::IntegerRange,
        Some("depth") => Refusal::Depth,
        Some("size") => Refusal::Size,
        _ => {
            let problem = member(members, "problem").and_then(Value::as_str).unwrap_or_default().to_owned();
            return LedgerError::Wire { path: at, problem };
        }
    };
    CanonicalError { refusal, at }.into()
}

/// The signature of an event outside a log, or whether `signature` is it.
#[napi(catch_unwind)]
pub fn ledger_sign(
    json: String,
    secret: String,
    signature: Option<String>,
) -> napi::Result<Either<String, bool>> {
    let event = parse(&json).map_err(refused)?;
    let master = Master::new(&secret).map_err(refused)?;
    match signature {
        None => single::sign_event(&event, &master).map(Either::A).map_err(refused),
        Some(signature) => single::verify_event(&event, &signature, &master).map(Either::B).map_err(refused),
    }
}

/// A log. Without a secret, secrets come from the member `environment`.
#[napi(catch_unwind)]
pub fn ledger_log(
    json: String,
    secret: Option<String>,
    previous: Vec<String>,
    seed: Option<String>,
) -> napi::Result<u32> {
    let log = Opening { json, secret, previous, seed }.open().map_err(refused)?;
    Ok(keep(Held::Log(Arc::new(log))))
}

/// As [`ledger_log`], on a thread that JavaScript does not wait for.
#[napi(catch_unwind)]
pub fn ledger_log_later(
    json: String,
    secret: Option<String>,
    previous: Vec<String>,
    seed: Option<String>,
) -> AsyncTask<Opening> {
    AsyncTask::new(Opening { json, secret, previous, seed })
}

/// A savings ledger, on a log where its number is given.
#[napi(catch_unwind)]
pub fn ledger_savings(log: Option<u32>, four_eyes_above: Option<String>) -> napi::Result<u32> {
    let amount = |text: &String| {
        Exact::parse(text)
            .ok_or_else(|| refused(refused_member("fourEyesAbove", "is no amount; give a decimal")))
    };
    let above = four_eyes_above.as_ref().map(amount).transpose()?;
    let ledger = match log {
        None => SavingsLedger::new(above),
        Some(log) => SavingsLedger::on(log_of(log)?, above).map_err(refused)?,
    };
    Ok(keep(Held::Savings(Arc::new(ledger))))
}

/// The savings ledger of this number.
pub(crate) fn savings_of(ledger: u32) -> napi::Result<Arc<SavingsLedger>> {
    held(ledger, |held| if let Held::Savings(ledger) = held { Some(Arc::clone(ledger)) } else { None })
}

/// The report of a label, from the state and the figures `json` of other systems.
#[napi(catch_unwind)]
pub fn ledger_report(ledger: u32, label: String, json: String) -> napi::Result<u32> {
    let ledger =
        held(ledger, |held| if let Held::Savings(ledger) = held { Some(Arc::clone(ledger)) } else { None })?;
    let inputs = ReportInputs::from_json(&parse(&json).map_err(refused)?).map_err(refused)?;
    let report = ledger.report(inputs, &label).map_err(refused)?;
    Ok(keep(Held::Report(Arc::new(report))))
}

/// Records that a report was issued, `{actor, at}`, on a thread that JavaScript does not wait for.
#[napi(catch_unwind)]
pub fn ledger_issue(ledger: u32, report: u32, json: String) -> napi::Result<AsyncTask<Working>> {
    let ledger =
        held(ledger, |held| if let Held::Savings(ledger) = held { Some(Arc::clone(ledger)) } else { None })?;
    let report =
        held(report, |held| if let Held::Report(report) = held { Some(Arc::clone(report)) } else { None })?;
    Ok(Working::task(move || Ok(savings::issue(&ledger, &report, &parse(&json)?)?.to_string())))
}

/// Drops what is kept under a number.
#[napi(catch_unwind)]
pub fn ledger_free(handle: u32) {
    HELD.with(|held| held.remove(handle));
}

/// Appends requests, each all or nothing: `[[{kind, data, actor, id, at}]]` in, `[{seqs} | {error}]` out.
#[napi(catch_unwind)]
pub fn ledger_append(handle: u32, json: String) -> napi::Result<String> {
    let log = log_of(handle)?;
    append::run(&log, &json).map_err(refused)
}

/// As [`ledger_append`], on a thread that JavaScript does not wait for.
#[napi(catch_unwind)]
pub fn ledger_append_later(handle: u32, json: String) -> napi::Result<AsyncTask<Working>> {
    let log = log_of(handle)?;
    Ok(Working::task(move || append::run(&log, &json)))
}

/// A method of what is kept under a number: JSON in, JSON out.
#[napi(catch_unwind)]
pub fn ledger_method(
    handle: u32,
    method: String,
    json: String,
    secret: Option<String>,
) -> napi::Result<String> {
    job(handle, method, json, secret)?().map_err(refused)
}

/// As [`ledger_method`], on a thread that JavaScript does not wait for.
#[napi(catch_unwind)]
pub fn ledger_method_later(
    handle: u32,
    method: String,
    json: String,
    secret: Option<String>,
) -> napi::Result<AsyncTask<Working>> {
    Ok(Working::task(job(handle, method, json, secret)?))
}

/// Verifies the bytes of a file, on a thread that JavaScript does not wait for; without secrets in public mode.
#[napi(catch_unwind)]
pub fn ledger_verify(file: Uint8Array, json: String, secrets: Vec<String>) -> AsyncTask<Working> {
    let file = file.to_vec();
    Working::task(move || log::verify_file(&file, &json, &secrets))
}

type Answer = Result<String, EventLogError>;

fn job(
    handle: u32,
    method: String,
    json: String,
    secret: Option<String>,
) -> napi::Result<Box<dyn FnOnce() -> Answer + Send>> {
    held(handle, |held| {
        Some(match held {
            Held::Log(log) => {
                let log = Arc::clone(log);
                Box::new(move || Ok(log::call(&log, &method, &parse(&json)?, secret.as_deref())?.to_string()))
                    as Box<dyn FnOnce() -> Answer + Send>
            }
            Held::Savings(ledger) => {
                let ledger = Arc::clone(ledger);
                Box::new(move || Ok(savings::call(&ledger, &method, &parse(&json)?)?.to_string()))
            }
            Held::Report(report) => {
                let report = Arc::clone(report);
                Box::new(move || render(&report, &method))
            }
        })
    })
}

/// The text of a report.
fn render(report: &Report, method: &str) -> Answer {
    match method {
        "json" => Ok(report.to_json()?),
        "markdown" => Ok(report.to_markdown()),
        "html" => Ok(report.to_html()),
        _ => Err(refused_member("method", "give a method of a report")),
    }
}

/// A checkpoint kept elsewhere: the text of a note, or `{size, root}`.
fn anchors(given: &Value) -> Result<Vec<Anchor<'_>>, EventLogError> {
    use finops::ledger::event::{checkpoint::TreeHead, hex};
    let list = member(given, "anchors").map_or(Ok([].as_slice()), |list| {
        list.as_array()
            .map(Vec::as_slice)
            .ok_or_else(|| refused_member("anchors", "give a list, also of one"))
    })?;
    list.iter()
        .enumerate()
        .map(|(at, anchor)| {
            let head = || {
                let size = member(anchor, "size")?.as_u64()?;
                let root = hex::decode_array(member(anchor, "root")?.as_str()?)?;
                Some(Anchor::Head(TreeHead { size, root }))
            };
            let note = anchor.as_str().map(|note| Anchor::Note(note.as_bytes()));
            let problem = "give the text of a checkpoint, or its size and its root in 64 hexadecimal digits";
            note.or_else(head).ok_or_else(|| refused_member(&format!("anchors/{at}"), problem))
        })
        .collect()
}
