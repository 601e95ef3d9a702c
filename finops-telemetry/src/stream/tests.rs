#![expect(
    clippy::disallowed_methods,
    clippy::arithmetic_side_effects,
    reason = "tests read the shared vectors and make up counts"
)]

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

fn chat_usage(prompt: u64, completion: u64) -> Value {
    json!({"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [],
        "usage": {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}})
}

#[test]
fn two_requests_do_not_share_a_meter() {
    for (first, second) in [
        (chat_usage(1, 1), json!({"id": "d", "choices": [{"delta": {}}]})),
        (
            json!({"type": "message_start", "message": {"id": "a", "usage": {"input_tokens": 1, "output_tokens": 1}}}),
            json!({"type": "message_start", "message": {"id": "b", "usage": {"input_tokens": 1, "output_tokens": 1}}}),
        ),
        (
            json!({"responseId": "a", "usageMetadata": {"promptTokenCount": 1}}),
            json!({"responseId": "b", "usageMetadata": {"promptTokenCount": 1}}),
        ),
        (
            json!({"type": "response.created", "response": {"id": "a"}}),
            json!({"type": "response.created", "response": {"id": "b"}}),
        ),
    ] {
        let mut meter = StreamMeter::new(None, None, Some("mine"));
        meter.push(&first).unwrap();
        let error = meter.push(&second).unwrap_err();
        assert_eq!((error.code(), error.path()), ("stream.mixed_requests", "id"));
        assert_eq!(meter.finish().unwrap_err(), error, "the mixture stays an error");
    }
}

#[test]
fn a_finished_meter_takes_nothing_more() {
    let mut meter = StreamMeter::new(None, None, Some("mine"));
    meter.push(&chat_usage(3, 2)).unwrap();
    assert_eq!(meter.finish().unwrap().request_id.as_deref(), Some("mine"));
    for error in [
        meter.push(&chat_usage(3, 2)).unwrap_err(),
        meter.push_sse("data: {}\n\n").unwrap_err(),
        meter.finish().unwrap_err(),
    ] {
        assert_eq!((error.code(), error.path()), ("stream.already_finished", ""));
    }
}

#[test]
fn a_stream_without_usage_names_its_request() {
    let mut meter = StreamMeter::new(None, None, None);
    meter.push(&json!({"id": "c-1", "choices": [{"finish_reason": "stop"}]})).unwrap();
    let error = meter.finish().unwrap_err();
    assert_eq!((error.code(), error.path()), ("stream.no_usage", "usage"));
    assert!(error.to_string().contains("`c-1`"), "{error}");
    assert_eq!(StreamMeter::new(None, None, None).finish().unwrap_err().code(), "stream.no_usage");
}

#[test]
fn bad_counts_are_refused_not_guessed() {
    for bad in [json!("7"), json!(-7), json!(7.5), json!(true)] {
        let mut chunk = chat_usage(3, 2);
        chunk["usage"]["prompt_tokens"] = bad;
        for events in [[&chunk, &chat_usage(3, 2)], [&chat_usage(3, 2), &chunk]] {
            let mut meter = StreamMeter::new(None, None, None);
            events.iter().try_for_each(|event| meter.push(*event)).unwrap();
            let error = meter.finish().unwrap_err();
            assert_eq!((error.code(), error.path()), ("usage.not_a_count", "usage.prompt_tokens"));
        }
    }
}

#[test]
fn text_is_read_in_every_form_of_a_stream() {
    let chunk = chat_usage(30, 20);
    let pretty = serde_json::to_string_pretty(&chunk).unwrap().replace('\n', "\ndata: ");
    for text in [
        format!("data: {chunk}\n\n"),
        format!(
            ": keep-alive\r\n\r\nevent: x\r\nid: 1\r\nretry: 10\r\ndata:{chunk}\r\n\r\ndata: [DONE]\r\n\r\n"
        ),
        format!("data: {pretty}\n\n"),
        format!("data: {chunk}\ndata: {chunk}\ndata: [DONE]\n"),
        format!("{chunk}\n{chunk}"),
        format!("[{chunk}]\n"),
        format!("data: ping\n\ndata: {chunk}"),
    ] {
        let mut meter = StreamMeter::new(None, None, None);
        meter.push_sse(&text).unwrap();
        let found = meter.finish().unwrap();
        assert_eq!((found.usage.input, found.usage.output, found.complete), (30, 20, true), "{text}");
    }
    let mut meter = StreamMeter::new(None, None, None);
    meter.push_sse(&format!("data: {chunk}\n\ndata: {{\"usage\": {{\"promp\n\n")).unwrap();
    let found = meter.finish().unwrap();
    assert!(!found.complete && found.assumptions.contains(Assumption::stream_incomplete));
}

#[test]
fn every_family_streams_to_its_end_marker() {
    let bedrock = json!({"metadata": {"usage": {"inputTokens": 3, "outputTokens": 2}, "serviceTier": {"type": "flex"}}});
    let run = |status: &str, usage: Value| json!({"id": "run", "object": "thread.run", "status": status, "usage": usage});
    let step = json!({"id": "step", "object": "thread.run.step", "usage": {"prompt_tokens": 9, "completion_tokens": 9}});
    let used = json!({"prompt_tokens": 3, "completion_tokens": 2});
    let moonshot = json!({"id": "c", "choices": [{"finish_reason": "stop", "usage": used}]});
    let realtime = json!({"type": "response.done", "response": {"id": "r", "object": "realtime.response",
        "usage": {"input_tokens": 3, "output_tokens": 2, "input_token_details": {"text_tokens": 3}}}});
    let cohere_v1 = json!({"event_type": "stream-end", "finish_reason": "COMPLETE",
        "response": {"meta": {"billed_units": {"input_tokens": 3, "output_tokens": 2}}}});
    let ollama = json!({"model": "m", "done": true, "prompt_eval_count": 3, "eval_count": 2});
    let whole = json!({"id": "m", "type": "message", "usage": {"input_tokens": 3, "output_tokens": 2}});
    let sdk = json!({"response_id": "g", "model_version": "gemini-x", "candidates": [{"finish_reason": "STOP"}],
        "usage_metadata": {"prompt_token_count": 3, "candidates_token_count": 2}});
    for (events, finish) in [
        (vec![json!({"messageStop": {"stopReason": "end_turn"}}), bedrock], Some("stop")),
        (vec![run("queued", Value::Null), step, run("completed", used)], Some("stop")),
        (vec![moonshot], Some("stop")),
        (vec![realtime], None),
        (vec![cohere_v1], Some("stop")),
        (vec![json!({"model": "m", "done": false}), ollama], None),
        (vec![whole], None),
        (vec![sdk], Some("stop")),
    ] {
        let found = pushed(&events, None, None).unwrap_or_else(|e| panic!("{events:?}: {e}"));
        assert_eq!((found.usage.input, found.usage.output, found.complete), (3, 2, true), "{events:?}");
        assert_eq!(found.finish, finish, "{events:?}");
        assert_eq!(sent(&events, None, None).unwrap(), found);
    }
}

#[test]
fn a_long_stream_is_held_in_little_memory() {
    let mut meter = StreamMeter::new(None, None, None);
    let text = "x".repeat(200);
    for count in 0..20_000 {
        let chunk = json!({"id": "c", "model": "m", "choices": [{"delta": {"content": text}, "finish_reason": null}],
            "usage": {"prompt_tokens": 10, "completion_tokens": count}});
        meter.push_sse(&format!("data: {chunk}\n\n")).unwrap();
    }
    assert!(format!("{meter:?}").len() < 4096);
    assert_eq!(meter.finish().unwrap().usage.output, 19_999);
}

#[test]
fn geminis_last_chunk_counts_whole() {
    let chunk = |prompt: u64, finish: Option<&str>| {
        json!({"responseId": "g", "candidates": [{"finishReason": finish}],
            "usageMetadata": {"promptTokenCount": prompt, "candidatesTokenCount": 12, "totalTokenCount": prompt + 12}})
    };
    let events = [chunk(169, None), chunk(79, Some("STOP")), chunk(169, None)];
    assert_eq!(pushed(&events, None, None).unwrap().usage.input, 79);
    assert_eq!(pushed(&events[..1], None, None).unwrap().usage.input, 169);
}

mod laws {
    use super::*;
    use proptest::prelude::*;

    fn anthropic(counts: &[u64]) -> Vec<Value> {
        let mut events = vec![json!({"type": "message_start", "message": {"id": "m", "model": "claude-x",
            "usage": {"input_tokens": 25, "cache_read_input_tokens": 5, "output_tokens": 1}}})];
        events.extend(counts.iter().map(|count| {
            json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": count}})
        }));
        events.push(json!({"type": "message_stop"}));
        events
    }

    proptest! {
        #[test]
        fn repeated_and_reordered_events_change_nothing(
            counts in prop::collection::vec(1_u64..1000, 1..6),
            picks in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
            seed in any::<prop::sample::Index>(),
        ) {
            let chat: Vec<Value> = counts.iter().map(|count| chat_usage(10, *count)).collect();
            for events in [anthropic(&counts), chat] {
                let straight = pushed(&events, None, None).unwrap();
                prop_assert_eq!(straight.usage.output, counts.iter().copied().max().unwrap());
                let mut shuffled = events.clone();
                shuffled.extend(picks.iter().map(|pick| pick.get(&events).clone()));
                let turn = seed.index(shuffled.len());
                shuffled.rotate_left(turn);
                shuffled.reverse();
                // A total is cumulative as well, so the maxima stay consistent.
                prop_assert_eq!(pushed(&shuffled, None, None).unwrap(), straight.clone());
                prop_assert_eq!(sent(&shuffled, None, None).unwrap(), straight);
            }
        }

        #[test]
        fn a_broken_stream_is_flagged_and_never_more(keep in 1_usize..5) {
            let events = anthropic(&[3, 9, 15]);
            let found = pushed(&events[..keep.min(4)], None, None).unwrap();
            prop_assert!(!found.complete && found.assumptions.contains(Assumption::stream_incomplete));
            prop_assert!(found.usage.output <= 15);
        }

        #[test]
        fn any_bytes_are_taken(pieces in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            Just(b"data: {\"usage\":".to_vec()),
            Just(b"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\n".to_vec()),
            Just(b"{\"type\":\"message_delta\",\"usage\":{\"output_tokens\":[]}}\n".to_vec()),
            Just(b"\r\n\r\n".to_vec()),
        ], 0..12)) {
            let mut meter = StreamMeter::new(None, None, None);
            for piece in &pieces {
                let _ = meter.push_bytes(piece);
            }
            let _ = meter.finish();
        }
    }
}
