//! One question to a gate, on this thread or on another.

use super::{at, parse, refused_member};
use finops::{
    Timestamp,
    policy::{
        Asking, Json, Now, PolicyGate,
        decision::Input,
        gate::Foreign,
        json::{Limits, MAX_DEPTH, read},
    },
};
use napi::bindgen_prelude::*;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Instant,
};

/// An input, the instant, who asks and which approvals there are.
pub struct Question {
    input: Given,
    conditions: Conditions,
}

enum Given {
    /// A JavaScript value.
    Value(Json),
    /// JSON text, or what should have been.
    Text(Vec<u8>),
}

/// What a decision may know besides its input.
pub(super) struct Conditions {
    pub(super) now: Option<Timestamp>,
    pub(super) requester: Option<String>,
    pub(super) approvals: Vec<Json>,
    pub(super) decision_id: Option<String>,
    /// What JSON cannot hold of the input.
    pub(super) foreign: Vec<Foreign>,
}

impl Conditions {
    /// Reads `more`, which is empty when there is nothing to know.
    pub(super) fn read(now_ms: f64, more: &Json) -> Result<Self> {
        let text = |name: &str| match more.get(name) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::String(text)) => Ok(Some(text.clone())),
            Some(other) => Err(refused_member(&format!("/{name}"), &other.to_text(), "give text")),
        };
        let list = |name: &str| match more.get(name) {
            None | Some(Json::Null) => Ok([].as_slice()),
            Some(Json::Array(items)) => Ok(items.as_slice()),
            Some(other) => Err(refused_member(&format!("/{name}"), &other.to_text(), "give a list")),
        };
        let foreign = |item: &Json| {
            let path = item.pointer("/0").and_then(Json::as_str)?.to_owned();
            let number = item.pointer("/1").and_then(Json::as_bool)?;
            let found = item.pointer("/2").and_then(Json::as_str)?.to_owned();
            Some(Foreign { path, number, found })
        };
        let foreign = |item| foreign(item).ok_or_else(|| refused_member("/foreign", "", "give triples"));
        Ok(Self {
            now: at(now_ms)?,
            requester: text("requester")?,
            approvals: list("approvals")?.to_vec(),
            decision_id: text("decision_id")?,
            foreign: list("foreign")?.iter().map(foreign).collect::<Result<_>>()?,
        })
    }
}

/// The instant of milliseconds since 1970.
pub(super) fn instant(ms: f64) -> Result<Timestamp> {
    // Every instant from year 1 to 9999 is below 2^53 milliseconds from 1970.
    #[expect(clippy::cast_possible_truncation, reason = "`Timestamp` refuses what is out of its years")]
    let at = Timestamp::from_ms(ms as i64);
    at.ok_or_else(|| refused_member("/now", &ms.to_string(), "give an instant"))
}

/// A value that JavaScript wrote as text. It may be larger or deeper than an input: the gate says so.
pub(super) fn value(text: &[u8]) -> Option<Json> {
    read(text, &Limits { bytes: usize::MAX, depth: MAX_DEPTH }).ok()
}

impl Question {
    pub(super) fn read(
        input: &Either<String, Uint8Array>,
        is_value: bool,
        now_ms: f64,
        more: &str,
    ) -> Result<Self> {
        let text: &[u8] = match input {
            Either::A(text) => text.as_bytes(),
            Either::B(bytes) => bytes,
        };
        let more = if more.is_empty() { Json::Null } else { parse(more.as_bytes())? };
        let input = match is_value.then(|| value(text)).flatten() {
            Some(value) => Given::Value(value),
            None => Given::Text(text.to_vec()),
        };
        Ok(Self { input, conditions: Conditions::read(now_ms, &more)? })
    }

    /// The record with the time it took, as JSON text.
    pub(super) fn ask(&self, gate: &PolicyGate) -> String {
        let conditions = &self.conditions;
        let asking = Asking {
            now: conditions.now.map_or(Now::Unknown, Now::At),
            requester: conditions.requester.as_deref(),
            approvals: &conditions.approvals,
            decision_id: conditions.decision_id.as_deref(),
        };
        let start = Instant::now();
        let decision = match &self.input {
            Given::Value(value) => gate.decide(Input::Native(value, &conditions.foreign), &asking),
            Given::Text(text) => gate.decide(text.as_slice(), &asking),
        };
        let eval_ns = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let mut record = decision.to_json();
        if let Json::Object(members) = &mut record {
            members.insert("eval_ns", eval_ns);
        }
        record.to_text()
    }
}

/// A question that a thread of the pool asks.
pub struct Deciding {
    gate: Arc<PolicyGate>,
    question: Question,
}

impl Deciding {
    pub(super) const fn new(gate: Arc<PolicyGate>, question: Question) -> Self {
        Self { gate, question }
    }
}

impl Task for Deciding {
    type Output = String;
    type JsValue = String;

    fn compute(&mut self) -> Result<String> {
        // Nothing of a question outlives it, so nothing half changed can be seen afterwards.
        let asked = catch_unwind(AssertUnwindSafe(|| self.question.ask(&self.gate)));
        asked.map_err(|_| refused_member("/input", "", "report this: the engine panicked"))
    }

    fn resolve(&mut self, _: Env, record: String) -> Result<String> {
        Ok(record)
    }
}
