//! Every recorded response and stream of the project is read exactly as expected.

#![expect(clippy::disallowed_methods, reason = "tests read the recorded responses")]

use super::*;
use finops_core::usage::{Usage, extract_json};
use serde_json::{Map, Value};
use std::io::Read;

fn recorded() -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/data/recorded.jsonl.gz");
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Inclusive counts, zeros left out.
fn counts(usage: &Usage) -> Map<String, Value> {
    let cache_read =
        [usage.cache_read, usage.cache_read_audio, usage.cache_read_image, usage.cache_read_video];
    [
        ("prompt", usage.prompt_tokens()),
        ("completion", usage.completion_tokens()),
        ("cache_read", cache_read.iter().sum()),
        ("cache_write", usage.cache_write_5m.saturating_add(usage.cache_write_1h)),
        ("reasoning", usage.reasoning),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .map(|(name, count)| (name.to_owned(), count.into()))
    .collect()
}

fn summary(found: &Extracted) -> Value {
    let mut all = counts(&found.usage);
    all.insert("model".to_owned(), found.model.clone().into());
    if !found.parts.is_empty() {
        let part = |part: &finops_core::usage::Part| {
            let mut all = counts(&part.usage);
            all.insert("model".to_owned(), part.model.clone().or_else(|| found.model.clone()).into());
            Value::Object(all)
        };
        all.insert("parts".to_owned(), found.parts.iter().map(part).collect());
    }
    Value::Object(all)
}

fn as_text(form: &str, events: &[Value]) -> String {
    let line = |event: &Value| match form {
        "sse" => format!("data: {event}\r\n\r\n"),
        _ => format!("{event}\n"),
    };
    events.iter().map(line).collect()
}

fn read(line: &Value, provider: Option<&str>) -> [Result<Extracted, StreamError>; 2] {
    let (form, body) = (line["form"].as_str().unwrap(), &line["body"]);
    if form == "json" {
        let text = body.to_string();
        return [
            extract(body, provider).map_err(Into::into),
            extract_json(&text, provider).map_err(Into::into),
        ];
    }
    let events = body.as_array().unwrap();
    let mut parsed = StreamMeter::new(provider, None, None);
    let pushed = events.iter().try_for_each(|event| parsed.push(event)).and_then(|()| parsed.finish());
    let mut cut = StreamMeter::new(provider, None, None);
    let text = as_text(form, events);
    let sent = text.as_bytes().chunks(997).try_for_each(|piece| cut.push_bytes(piece));
    [pushed, sent.and_then(|()| cut.finish())]
}

#[test]
fn every_recorded_response_is_read_exactly() {
    let lines = recorded();
    let mut wrong = Vec::new();
    for line in &lines {
        let provider = line["provider"].as_str();
        let [parsed, text] = read(line, provider);
        if parsed != text {
            wrong.push(format!("{}: {parsed:?} parsed, {text:?} from text", line["id"]));
        }
        match parsed {
            Ok(found) if summary(&found) == line["expected"] && found.complete => {
                let open = found.provider.as_deref() != provider;
                if open || found.assumptions.contains(Assumption::total_mismatch) {
                    wrong.push(format!("{}: {found:?}", line["id"]));
                }
            }
            Ok(found) => wrong.push(format!(
                "{} {provider:?} {}: {} expected, {} found (complete: {})",
                line["id"],
                line["family"],
                line["expected"],
                summary(&found),
                found.complete
            )),
            Err(error) => wrong.push(format!("{} {provider:?} {}: {error}", line["id"], line["family"])),
        }
    }
    assert_eq!(lines.len(), 1162);
    assert!(wrong.is_empty(), "{} of {} wrong\n{}", wrong.len(), lines.len(), wrong.join("\n"));
}

#[test]
fn no_recorded_response_needs_its_provider_to_be_counted_right() {
    for line in recorded() {
        let [parsed, text] = read(&line, None);
        let (parsed, text) = (parsed.unwrap(), text.unwrap());
        assert_eq!(summary(&parsed), line["expected"], "{}", line["id"]);
        assert_eq!(parsed, text);
        // What is recognised must be right: the shape of one provider never names another.
        let given = line["provider"].as_str();
        if let Some(provider) = parsed.provider.as_deref() {
            let same_api = (given, provider) == (Some("bedrock"), "anthropic");
            assert!(given == Some(provider) || same_api, "{}: {given:?} read as {provider}", line["id"]);
        }
    }
}
