#![expect(clippy::disallowed_methods, reason = "tests read the shared vectors")]

use super::*;
use serde_json::{Value, json};

fn vectors() -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../bindings/vectors/metering.json");
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    vectors["stream"].as_array().unwrap().clone()
}

fn pushed(events: &[Value], provider: Option<&str>, model: Option<&str>) -> Result<Extracted, StreamError> {
    let mut meter = StreamMeter::new(provider, model, None);
    for event in events {
        meter.push(event)?;
    }
    meter.finish()
}

fn sent(events: &[Value], provider: Option<&str>, model: Option<&str>) -> Result<Extracted, StreamError> {
    let mut meter = StreamMeter::new(provider, model, None);
    for event in events {
        meter.push_sse(&format!("event: e\ndata: {event}\n\n"))?;
    }
    meter.push_sse("data: [DONE]\n\n")?;
    meter.finish()
}

#[test]
fn the_stream_vectors_pass() {
    let cases = vectors();
    for case in &cases {
        let id = case["id"].as_str().unwrap();
        let (provider, model) = (case["provider"].as_str(), case["model"].as_str());
        let events = case["events"].as_array().unwrap();
        let found = pushed(events, provider, model);
        assert_eq!(sent(events, provider, model), found, "{id}");
        for (key, expected) in case["expected"].as_object().unwrap() {
            let actual = match (key.as_str(), &found) {
                ("error", Err(error)) => json!(error.code()),
                (_, Err(error)) => panic!("{id}: {error}"),
                ("usage", Ok(found)) => serde_json::to_value(found.usage).unwrap(),
                ("complete", Ok(found)) => json!(found.complete),
                ("finish", Ok(found)) => json!(found.finish),
                ("model_id", Ok(found)) => json!(found.model),
                ("service_tier", Ok(found)) => json!(found.service_tier),
                ("request_id", Ok(found)) => json!(found.request_id),
                ("assumptions", Ok(found)) => json!(found.assumptions),
                // The status is the price's; of a stream that broke off it follows from the assumption.
                ("status", Ok(found)) if found.assumptions.contains(Assumption::stream_incomplete) => {
                    json!("estimated")
                }
                (other, _) => panic!("{id}: unknown expectation {other}"),
            };
            assert_eq!(&actual, expected, "{id}: {key}");
        }
    }
    assert_eq!(cases.len(), 8);
}
