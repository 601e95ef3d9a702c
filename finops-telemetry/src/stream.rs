//! Usage from streamed responses, idempotent.
//!
//! Counters in streams are cumulative, so each raw field keeps its maximum and events may repeat, come out of order or
//! report only a part. Gemini is the exception: the chunk with a `finishReason` counts whole, before it the latest.
//! What is kept is one usage object and a few names, whatever the length of the stream.

mod error;
mod reader;
#[cfg(test)]
mod recorded_tests;
#[cfg(test)]
mod tests;

pub use error::StreamError;

use finops_core::{
    cost::Assumption,
    usage::{
        Extracted, Lookup, UsageError,
        body::{Body, schema, schema::Shape},
        extract,
        extract::SnakeCase,
    },
};
use reader::EventReader;
use std::borrow::Cow;

/// The events that end a Responses or Realtime stream and carry the whole response.
const RESPONSE_ENDS: [&str; 4] =
    ["response.completed", "response.incomplete", "response.failed", "response.done"];
/// The states in which a thread run stays, <https://platform.openai.com/docs/api-reference/runs/object>.
const RUN_ENDS: [&str; 5] = ["completed", "incomplete", "failed", "cancelled", "expired"];

/// Reads the usage of one streamed call, event by event.
///
/// ```
/// use finops_telemetry::stream::StreamMeter;
/// let mut meter = StreamMeter::new(Some("anthropic"), None, None);
/// meter.push_sse("data: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"model\":\"claude-haiku-4-5\",")?;
/// meter.push_sse("\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}}\n\n")?;
/// meter.push_sse("data: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":15}}\n\n")?;
/// meter.push_sse("data: {\"type\":\"message_stop\"}\n\n")?;
/// let found = meter.finish()?;
/// assert_eq!((found.usage.input, found.usage.output, found.complete), (25, 15, true));
/// # Ok::<(), finops_telemetry::stream::StreamError>(())
/// ```
#[derive(Debug, Clone)]
pub struct StreamMeter {
    provider: Option<String>,
    model: Option<String>,
    request_id: Option<String>,
    seen_id: Option<String>,
    other_id: Option<String>,
    /// The events so far as the body that a call without streaming would have answered.
    merged: Body<'static>,
    has_usage: bool,
    gemini_ended: bool,
    ended: bool,
    /// An event could not be read: what it reported is missing.
    damaged: bool,
    finished: bool,
    reader: EventReader,
}

impl StreamMeter {
    /// A meter of one call; `model` is the requested one and `request_id` the caller's own, where there are any.
    #[must_use]
    pub fn new(provider: Option<&str>, model: Option<&str>, request_id: Option<&str>) -> Self {
        let owned = |text: Option<&str>| text.filter(|t| !t.trim_ascii().is_empty()).map(str::to_owned);
        Self {
            provider: owned(provider),
            model: owned(model),
            request_id: owned(request_id),
            seen_id: None,
            other_id: None,
            merged: Body::Object(Vec::new()),
            has_usage: false,
            gemini_ended: false,
            ended: false,
            damaged: false,
            finished: false,
            reader: EventReader::default(),
        }
    }

    /// The provider that was given.
    #[must_use]
    pub fn provider(&self) -> Option<&str> {
        self.provider.as_deref()
    }

    /// The requested model.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// The caller's id of the request, else the first one seen in the stream.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref().or(self.seen_id.as_deref())
    }

    /// Takes one event, parsed; events without usage cost next to nothing.
    ///
    /// # Errors
    /// `stream.mixed_requests` for an event of another request, `stream.already_finished`.
    pub fn push(&mut self, event: impl Lookup) -> Result<(), StreamError> {
        self.check_open()?;
        self.take(&event);
        self.check_unmixed()
    }

    /// Takes text of a stream, cut anywhere: server-sent events or one JSON object a line.
    ///
    /// # Errors
    /// As [`StreamMeter::push`].
    pub fn push_sse(&mut self, text: &str) -> Result<(), StreamError> {
        self.push_bytes(text.as_bytes())
    }

    /// As [`StreamMeter::push_sse`], of bytes that may be cut inside a character.
    ///
    /// # Errors
    /// As [`StreamMeter::push`].
    pub fn push_bytes(&mut self, bytes: &[u8]) -> Result<(), StreamError> {
        self.check_open()?;
        let mut reader = std::mem::take(&mut self.reader);
        reader.feed(bytes, &mut |event| self.take_json(event));
        self.damaged |= reader.lost_an_event();
        self.reader = reader;
        self.check_unmixed()
    }

    /// The usage of the call; `complete` is false when the stream broke off before its end marker.
    ///
    /// # Errors
    /// `stream.no_usage`, `stream.mixed_requests`, `stream.already_finished`; the codes of
    /// [`extract`](finops_core::usage::extract()) for counts that are none.
    pub fn finish(&mut self) -> Result<Extracted, StreamError> {
        self.check_open()?;
        let mut reader = std::mem::take(&mut self.reader);
        reader.flush(&mut |event| self.take_json(event));
        self.finished = true;
        self.check_unmixed()?;
        if !self.has_usage {
            return Err(StreamError::NoUsage { request_id: self.request_id().map(str::to_owned) });
        }
        let mut found = extract(&self.merged, self.provider.as_deref())?;
        found.request_id = self.request_id().map(str::to_owned);
        found.complete = self.ended && !self.damaged;
        if !found.complete {
            found.assumptions.insert(Assumption::stream_incomplete);
        }
        Ok(found)
    }

    const fn check_open(&self) -> Result<(), StreamError> {
        if self.finished { Err(StreamError::AlreadyFinished) } else { Ok(()) }
    }

    fn check_unmixed(&self) -> Result<(), StreamError> {
        match (&self.seen_id, &self.other_id) {
            (Some(first), Some(other)) => {
                Err(StreamError::MixedRequests { first: first.clone(), other: other.clone() })
            }
            _ => Ok(()),
        }
    }

    fn take_json(&mut self, json: &[u8]) {
        if let Ok(event) = Body::parse(json, &schema::ROOT) {
            self.take(&&event);
            return;
        }
        // Some servers leave out the empty line between events.
        let mut lines = json.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let one_line = lines.clone().nth(1).is_none();
        if one_line {
            // `[DONE]` and keep-alive words are no JSON, an object cut short is.
            self.damaged |= lines.next().is_some_and(|line| line.trim_ascii_start().starts_with(b"{"));
            return;
        }
        for line in lines {
            match Body::parse(line, &schema::ROOT) {
                Ok(event) => self.take(&&event),
                Err(_) => self.damaged |= line.trim_ascii_start().starts_with(b"{"),
            }
        }
    }

    fn take<L: Lookup>(&mut self, event: &L) {
        if let Some(len) = event.len() {
            (0..len).filter_map(|index| event.item(index)).filter(L::is_object).for_each(|e| self.take(&e));
            return;
        }
        let kind = event.get("type");
        match kind.as_ref().and_then(Lookup::as_str).as_deref() {
            Some("message_start") => {
                if let Some(message) = event.get("message")
                    && self.same_request(text(&message, "id"))
                {
                    self.put("type", "message");
                    self.copy(&message, "model", "model");
                    self.merge(&message, "usage", &schema::USAGE);
                }
            }
            Some("message_delta") => {
                self.put("type", "message");
                if let Some(delta) = event.get("delta") {
                    self.copy(&delta, "stop_reason", "stop_reason");
                }
                self.merge(event, "usage", &schema::USAGE);
            }
            Some("message_stop") => self.ended = true,
            Some("message-start") => {
                self.same_request(text(event, "id"));
            }
            Some("message-end") => {
                if let Some(delta) = event.get("delta") {
                    self.copy(&delta, "finish_reason", "finish_reason");
                    self.merge(&delta, "usage", &schema::USAGE);
                }
                self.ended = true;
            }
            Some(kind) if kind.starts_with("response.") => {
                let response = event.get("response").filter(L::is_object);
                if let Some(response) = response
                    && self.same_request(text(&response, "id"))
                    && RESPONSE_ENDS.contains(&kind)
                {
                    self.take_response(event, &response);
                }
            }
            // Pieces of the answer and keep-alives, by far the most frequent events.
            Some(kind) if kind.starts_with("content") || matches!(kind, "ping" | "error") => {}
            _ => self.take_untyped(event),
        }
    }

    fn take_response<L: Lookup>(&mut self, event: &L, response: &L) {
        self.has_usage |= response.get("usage").is_some();
        self.ended = true;
        if text(response, "object").as_deref() == Some("realtime.response") {
            self.merged.merge(Body::keep(event, &schema::ROOT));
        } else {
            self.merged.merge(Body::keep(response, &schema::ROOT));
            self.put("object", "response");
        }
    }

    fn take_untyped<L: Lookup>(&mut self, event: &L) {
        let object = text(event, "object");
        match object.as_deref() {
            Some("thread.run") => {
                if self.same_request(text(event, "id")) {
                    self.take_whole(event);
                    let status = text(event, "status");
                    self.ended |= status.is_some_and(|status| RUN_ENDS.contains(&status.as_str()));
                }
            }
            // Messages and steps of a run have ids and counts of their own, which the run contains.
            Some(part) if part.starts_with("thread.") => {}
            _ if event.get("choices").is_some() => self.take_chat(event),
            _ if event.get("usageMetadata").is_some() => self.take_gemini(event),
            _ if event.get("candidates").is_some() => {
                if event.get("usage_metadata").is_some() {
                    self.take_gemini(&SnakeCase(event.clone()));
                } else {
                    self.take_gemini(event);
                }
            }
            _ => self.take_other(event),
        }
    }

    fn take_gemini<L: Lookup>(&mut self, event: &L) {
        if !self.same_request(text(event, "responseId")) {
            return;
        }
        let finish = items(event.get("candidates")).find_map(|candidate| text(&candidate, "finishReason"));
        let ends = finish.is_some();
        self.copy(event, "modelVersion", "modelVersion");
        if let Some(finish) = finish {
            self.put_choice("candidates", "finishReason", finish);
        }
        if let Some(usage) = event.get("usageMetadata")
            && (ends || !self.gemini_ended)
        {
            self.merged.put("usageMetadata", Body::keep(&usage, &schema::GEMINI));
            self.has_usage = true;
        }
        self.gemini_ended |= ends;
        self.ended |= ends;
    }

    fn take_chat<L: Lookup>(&mut self, event: &L) {
        if !self.same_request(text(event, "id")) {
            return;
        }
        self.put("object", "chat.completion");
        self.copy(event, "model", "model");
        self.copy(event, "service_tier", "service_tier");
        let choices = event.get("choices");
        for choice in items(choices.clone()) {
            if let Some(finish) = text(&choice, "finish_reason") {
                self.put_choice("choices", "finish_reason", finish);
                self.ended = true;
            }
            // Moonshot's place, https://platform.moonshot.ai/docs/api/chat
            self.merge(&choice, "usage", &schema::USAGE);
        }
        self.merge(event, "usage", &schema::USAGE);
        if let Some(groq) = event.get("x_groq") {
            self.merge(&groq, "usage", &schema::USAGE);
        }
        self.merge(event, "usage_breakdown", &schema::BREAKDOWN);
        let only_usage = choices.is_some_and(|choices| choices.is_empty() == Some(true));
        self.ended |= only_usage && event.get("usage").is_some();
    }

    /// Bedrock, Ollama, Cohere's first version, and whole bodies.
    fn take_other<L: Lookup>(&mut self, event: &L) {
        if let Some(stop) = event.get("messageStop") {
            self.copy(&stop, "stopReason", "stopReason");
        } else if let Some(metadata) = event.get("metadata").filter(|m| m.get("usage").is_some()) {
            // The mark by which a Converse body is recognised.
            self.merged.put("metrics", Body::Object(Vec::new()));
            self.merge(&metadata, "usage", &schema::USAGE);
            if let Some(tier) = metadata.get("serviceTier") {
                self.merged.put("serviceTier", Body::keep(&tier, &schema::TIER));
            }
            self.ended = true;
        } else if let Some(done) = event.get("done") {
            self.copy(event, "model", "model");
            if done.as_bool() == Some(true) {
                self.has_usage |=
                    event.get("prompt_eval_count").is_some() || event.get("eval_count").is_some();
                self.merged.merge(Body::keep(event, &schema::ROOT));
                self.ended = true;
            }
        } else if text(event, "event_type").as_deref() == Some("stream-end") {
            self.copy(event, "finish_reason", "finish_reason");
            if let Some(response) = event.get("response") {
                self.take_whole(&response);
            }
            self.ended = true;
        } else if self.is_whole_body(event) && self.same_request(text(event, "id")) {
            self.has_usage = true;
            self.merged.merge(Body::keep(event, &schema::ROOT));
            self.ended = true;
        }
    }

    /// Whether this is a body of its own; one with a bad count is, and is refused at the end.
    fn is_whole_body<L: Lookup>(&self, event: &L) -> bool {
        let found = extract(event.clone(), self.provider.as_deref());
        !matches!(found, Err(UsageError::UnknownShape { .. } | UsageError::Missing { .. }))
    }

    fn take_whole<L: Lookup>(&mut self, body: &L) {
        self.has_usage |= body.get("usage").is_some() || body.get("meta").is_some();
        self.merged.merge(Body::keep(body, &schema::ROOT));
    }

    /// Whether an event with this id belongs to the request; one without an id does.
    fn same_request(&mut self, id: Option<String>) -> bool {
        let Some(id) = id else { return true };
        match &self.seen_id {
            None => self.seen_id = Some(id),
            Some(seen) if *seen == id => {}
            Some(_) => {
                self.other_id.get_or_insert(id);
                return false;
            }
        }
        true
    }

    fn merge<L: Lookup>(&mut self, from: &L, name: &'static str, shape: &'static Shape) {
        if let Some(value) = from.get(name).filter(L::is_object) {
            self.has_usage |= name == "usage";
            self.merged.merge(Body::Object(vec![(name, Body::keep(&value, shape))]));
        }
    }

    fn copy<L: Lookup>(&mut self, from: &L, key: &str, name: &'static str) {
        if let Some(value) = text(from, key) {
            self.merged.put(name, Body::Text(Cow::Owned(value)));
        }
    }

    fn put(&mut self, name: &'static str, value: &'static str) {
        self.merged.put(name, Body::Text(Cow::Borrowed(value)));
    }

    fn put_choice(&mut self, list: &'static str, name: &'static str, finish: String) {
        let choice = Body::Object(vec![(name, Body::Text(Cow::Owned(finish)))]);
        self.merged.put(list, Body::List(vec![choice]));
    }
}

/// The text `key` of `of`; `None` when absent, blank or too long to be a name.
fn text<L: Lookup>(of: &L, key: &str) -> Option<String> {
    let value = of.get(key)?;
    let text = value.as_str()?;
    let is_name = !text.trim_ascii().is_empty() && text.len() <= finops_core::usage::body::MAX_TEXT;
    is_name.then(|| text.into_owned())
}

fn items<L: Lookup>(list: Option<L>) -> impl Iterator<Item = L> {
    let len = list.as_ref().and_then(Lookup::len).unwrap_or(0);
    (0..len).filter_map(move |index| list.as_ref()?.item(index))
}
