//! Events in and out.

use super::place::{Place, failed};
use crate::{
    Answer, Failure,
    output::{BAD_DATA, bytes_of},
};
use finops::ledger::{EventLog, LogRecord, NewEvent, event::canonical};
use serde_json::{Value, json};

/// Records that are read at once.
const PAGE: u64 = 1000;
/// The members of a line.
const MEMBERS: [&str; 5] = ["kind", "data", "actor", "id", "at"];

#[derive(clap::Args)]
pub(crate) struct Append {
    /// Lines of JSON with kind, actor, data, id and at, recorded all or none; standard input unless given
    #[arg(default_value = "-", conflicts_with = "kind")]
    file: String,
    /// The kind of one event, such as `acme.deploy`
    #[arg(long, requires = "actor")]
    kind: Option<String>,
    /// Who did it, such as `svc:ci` or `user:ana`
    #[arg(long, requires = "kind")]
    actor: Option<String>,
    /// What happened: a JSON object; amounts are text
    #[arg(long, requires = "kind", default_value = "{}", value_name = "JSON")]
    data: String,
    /// Unique in the log; a new UUIDv7 unless given. A retry gives id and time again
    #[arg(long, requires = "kind")]
    id: Option<String>,
    /// UTC with six fraction digits; now unless given
    #[arg(long, requires = "kind", value_name = "TIME")]
    at: Option<String>,
    /// Print each record as a line of JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

impl Append {
    pub(super) fn run(self) -> Result<Answer, Failure> {
        let events = match (&self.kind, &self.actor) {
            (Some(kind), Some(actor)) => {
                let data = parsed(self.data.as_bytes(), "data")?;
                let (id, at) = (self.id.clone(), self.at.clone());
                vec![NewEvent { kind: kind.clone(), data, actor: actor.clone(), id, at }]
            }
            _ => lines(&bytes_of(&self.file)?)?,
        };
        let log = self.place.open()?;
        let seqs = log.append_many(events).map_err(failed)?;
        let mut text = String::new();
        for seq in seqs {
            if self.json {
                let mut records = log.events(seq.checked_sub(1), 1).map_err(failed)?;
                records.pop().iter().for_each(|record| text.push_str(&object(record)));
            } else {
                text.push_str(&format!("{seq}\n"));
            }
        }
        log.close().map_err(failed)?;
        Ok(Answer::yes(text))
    }
}

/// A JSON text whose numbers are integers, as the log records them.
fn parsed(text: &[u8], at: &str) -> Result<Value, Failure> {
    canonical::from_json(text)
        .map_err(|error| Failure::with_status(format!("{}: {error}", error.code()), BAD_DATA).note("at", at))
}

/// One event a line; empty lines are skipped.
fn lines(text: &[u8]) -> Result<Vec<NewEvent>, Failure> {
    let mut events = Vec::new();
    for (number, line) in (1_u64..).zip(text.split(|byte| *byte == b'\n')) {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let place = format!("line {number}");
        let refuse = |problem: String| {
            Failure::with_status(format!("ledger.event.field: {problem}"), BAD_DATA)
                .note("at", place.as_str())
        };
        let Value::Object(mut members) = parsed(line, &place)? else {
            return Err(refuse("a line must be a JSON object".to_owned()));
        };
        let mut text = |name: &str| match members.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(refuse(format!("`{name}` must be a text"))),
        };
        let (kind, actor, id, at) = (text("kind")?, text("actor")?, text("id")?, text("at")?);
        let data = members.remove("data").unwrap_or_else(|| json!({}));
        if let Some(name) = members.keys().next() {
            let name = finops::core::error::shorten(name);
            return Err(refuse(format!("`{name}` is not one of {}", MEMBERS.join(", "))));
        }
        let kind = kind.ok_or_else(|| refuse("`kind` is missing".to_owned()))?;
        let actor = actor.ok_or_else(|| refuse("`actor` is missing".to_owned()))?;
        events.push(NewEvent { kind, data, actor, id, at });
    }
    Ok(events)
}

#[derive(clap::Args)]
pub(crate) struct Events {
    /// Only records after this one
    #[arg(long, value_name = "SEQ")]
    after: Option<u64>,
    /// At most so many
    #[arg(long, value_name = "COUNT")]
    limit: Option<u64>,
    /// Only events of this kind, or of the kinds that begin with it and a dot
    #[arg(long)]
    kind: Option<String>,
    /// Print each record as a line of JSON instead of a line of the log's file
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

impl Events {
    pub(super) fn run(self) -> Result<Answer, Failure> {
        let log = self.place.read()?;
        let mut left = self.limit.unwrap_or(u64::MAX);
        let mut text = String::new();
        let mut after = self.after;
        while left > 0 {
            let page = log.events(after, PAGE).map_err(failed)?;
            let Some(last) = page.last() else { break };
            after = Some(last.seq);
            let wanted =
                page.iter().filter(|record| self.kind.as_deref().is_none_or(|kind| is(record, kind)));
            for record in wanted {
                if left == 0 {
                    break;
                }
                left = left.saturating_sub(1);
                text.push_str(&if self.json { object(record) } else { line(record) });
            }
        }
        told_if_false(&log);
        Ok(Answer::yes(text))
    }
}

/// A log that does not verify is still shown, and this says so.
fn told_if_false(log: &EventLog) {
    if let Some(error) = log.opened().error {
        eprintln!("finops: {}: {error}; `finops ledger verify` says more", error.code());
    }
}

fn event_of(record: &LogRecord) -> Value {
    canonical::from_json(&record.event).unwrap_or_default()
}

fn is(record: &LogRecord, kind: &str) -> bool {
    let event = event_of(record);
    let of = event.get("kind").and_then(Value::as_str).unwrap_or_default();
    of.strip_prefix(kind).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The record as a line of the log's file.
fn line(record: &LogRecord) -> String {
    let mut out = Vec::new();
    record.as_record().write_line(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// The record as a line of JSON.
fn object(record: &LogRecord) -> String {
    let tag = finops::ledger::event::hex::encode(&record.tag);
    format!(
        "{}\n",
        json!({"seq": record.seq, "kid": record.kid.to_string(), "tag": tag, "event": event_of(record)})
    )
}
