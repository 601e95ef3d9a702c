//! Appends of one or many callers, together where that changes nothing for any of them.

use super::{Answer, optional_text, parse, refused_member, text, told};
use finops::ledger::{EventLog, EventLogError, NewEvent};
use serde_json::{Map, Value, json};

const MEMBERS: [&str; 5] = ["kind", "data", "actor", "id", "at"];

/// An event of its members.
pub(super) fn event(given: &Value) -> Result<NewEvent, EventLogError> {
    let members = given.as_object().ok_or_else(|| refused_member("event", "give an object"))?;
    if let Some(other) = members.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
        return Err(refused_member(other, "is no member of an event; use kind, data, actor, id, at"));
    }
    let owned = |name: &str| optional_text(given, name).map(|text| text.map(str::to_owned));
    Ok(NewEvent {
        kind: text(given, "kind")?.to_owned(),
        data: given.get("data").cloned().unwrap_or_else(|| Value::Object(Map::new())),
        actor: text(given, "actor")?.to_owned(),
        id: owned("id")?,
        at: owned("at")?,
    })
}

/// Appends the requests of `json` and tells what became of each.
pub(super) fn run(log: &EventLog, json: &str) -> Answer {
    let given = parse(json)?;
    let refuse = || refused_member("events", "give lists of events");
    let requests = given.as_array().ok_or_else(refuse)?;
    let read = |request: &Value| {
        let events = request.as_array().ok_or_else(refuse)?;
        events.iter().map(event).collect::<Result<Vec<_>, _>>()
    };
    let requests: Vec<Request> = requests.iter().map(read).collect();
    let mut answers = Vec::with_capacity(requests.len());
    together(log, &requests, &mut answers);
    let shown = |answer: Result<Vec<u64>, EventLogError>| match answer {
        Ok(seqs) => json!({"seqs": seqs}),
        Err(error) => json!({"error": told(&error)}),
    };
    Ok(answers.into_iter().map(shown).collect::<Value>().to_string())
}

/// The events of one call, or why they cannot be read.
type Request = Result<Vec<NewEvent>, EventLogError>;

/// Several requests in one batch, so that they share one wait for the disk. A batch that is refused is tried in halves, in
/// order, until the request at fault stands alone.
fn together(log: &EventLog, requests: &[Request], answers: &mut Vec<Result<Vec<u64>, EventLogError>>) {
    match requests {
        [] => return,
        [request] => return answers.push(request.clone().and_then(|events| log.append_many(events))),
        _ => {}
    }
    let batch: Vec<NewEvent> = requests.iter().flatten().flatten().cloned().collect();
    match log.append_many(batch) {
        Ok(seqs) => {
            let mut rest = seqs.into_iter();
            answers.extend(requests.iter().map(|request| match request {
                Ok(events) => Ok(rest.by_ref().take(events.len()).collect()),
                Err(error) => Err(error.clone()),
            }));
        }
        // What a store failed at may have been written: a second try under new ids could write it twice.
        Err(error) if error.code().starts_with("store.") => {
            answers
                .extend(requests.iter().map(|request| Err(request.as_ref().err().unwrap_or(&error).clone())));
        }
        // One request spoils the batch, and nothing of it was recorded.
        Err(_) => {
            let (first, second) = requests.split_at(requests.len() / 2);
            together(log, first, answers);
            together(log, second, answers);
        }
    }
}
