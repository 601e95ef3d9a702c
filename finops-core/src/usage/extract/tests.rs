#![expect(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "tests read the shared vectors and count cases"
)]

use super::*;
use crate::{
    money::{Rate, decimal},
    usage::Bucket,
};
use serde_json::{Value, json};

mod fixtures;
mod laws;

fn section(name: &str) -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../bindings/vectors/metering.json");
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    vectors[name].as_array().unwrap().clone()
}

/// From the parsed body and from its text, which must agree.
fn both(body: &Value, provider: Option<&str>) -> Result<Extracted, UsageError> {
    let parsed = extract(body, provider);
    assert_eq!(extract_json(body.to_string(), provider), parsed, "{body}");
    parsed
}

fn amount(usage: &Usage, rates: &Value) -> String {
    let mut sum = Picodollars::ZERO;
    for bucket in Bucket::ALL {
        let count = usage.get(*bucket);
        if let Some(rate) = rates[bucket.name()].as_str() {
            let rate = decimal::parse(rate).unwrap();
            let per_use = bucket.side() == crate::usage::Side::Unit;
            let rate = if per_use { Rate::from_usd_per_use(rate) } else { Rate::from_usd_per_mtok(rate) };
            sum = sum.checked_add(rate.unwrap().times(count).unwrap()).unwrap();
        }
    }
    sum.to_string()
}

#[test]
fn the_extraction_vectors_pass() {
    let cases = section("extraction");
    for case in &cases {
        let id = case["id"].as_str().unwrap();
        let found =
            both(&case["response"], case["provider"].as_str()).unwrap_or_else(|e| panic!("{id}: {e}"));
        for (key, expected) in case["expected"].as_object().unwrap() {
            let actual = match key.as_str() {
                "usage" => serde_json::to_value(found.usage).unwrap(),
                "model_id" => json!(found.model),
                "service_tier" => json!(found.service_tier),
                "finish" => json!(found.finish),
                "reported_cost_usd" => json!(found.reported_cost.map(|cost| cost.to_string())),
                "duration_ns" => json!(found.duration.map(DurationNs::get)),
                "status" => json!(found.reported_cost.map(|_| "provider_reported")),
                "amount_usd" if case["rates_usd_per_mtok"].is_null() => {
                    json!(found.reported_cost.map(|cost| cost.to_string()))
                }
                "amount_usd" => json!(amount(&found.usage, &case["rates_usd_per_mtok"])),
                other => panic!("{id}: unknown expectation {other}"),
            };
            assert_eq!(&actual, expected, "{id}: {key}");
        }
        assert!(found.complete, "{id}");
        assert!(found.model_or(case["model"].as_str()).is_ok(), "{id}");
    }
    assert_eq!(cases.len(), 33);
}

#[test]
fn the_extraction_error_vectors_pass() {
    let cases = section("extraction_error");
    for case in &cases {
        let id = case["id"].as_str().unwrap();
        let error = both(&case["response"], case["provider"].as_str())
            .and_then(|found| found.model_or(None).map(str::to_owned))
            .unwrap_err();
        assert_eq!(error.code(), case["expected"]["error"], "{id}");
        assert_eq!(error.path(), case["expected"]["path"], "{id}");
    }
    assert_eq!(cases.len(), 6);
}

/// Where a body is read, by the order of 6.1: each wins over everything below it.
#[test]
fn the_first_known_mark_decides_the_family() {
    let chat_usage = json!({"prompt_tokens": 7, "completion_tokens": 1});
    let many = json!({
        "prompt_tokens": 7, "completion_tokens": 1, "input_tokens": 6, "output_tokens": 1,
        "inputTokens": 5, "outputTokens": 1, "seconds": 4, "billed_units": {"input_tokens": 3, "output_tokens": 1},
    });
    for (body, provider, prompt, recognised) in [
        (
            json!({"usageMetadata": {"promptTokenCount": 9}, "type": "message", "usage": many}),
            None,
            9,
            Some("google"),
        ),
        (
            json!({"usageMetadata": {"promptTokenCount": 9, "trafficType": "ON_DEMAND"}}),
            None,
            9,
            Some("vertex"),
        ),
        (
            json!({"type": "response.done", "object": "chat.completion", "usage": many,
                "response": {"usage": {"input_tokens": 8, "output_tokens": 1}}}),
            None,
            8,
            None,
        ),
        (json!({"object": "response", "type": "message", "usage": many}), None, 6, None),
        (json!({"type": "message", "object": "chat.completion", "usage": many}), None, 6, None),
        (json!({"type": "message", "model": "claude-haiku-4-5", "usage": many}), None, 6, Some("anthropic")),
        (
            json!({"type": "message", "model": "claude-haiku-4-5", "usage": many}),
            Some("bedrock"),
            6,
            Some("bedrock"),
        ),
        (json!({"object": "chat.completion.chunk", "stopReason": "x", "usage": many}), None, 7, None),
        (
            json!({"object": "chat.completion", "x_groq": {"id": "r"}, "usage": chat_usage}),
            None,
            7,
            Some("groq"),
        ),
        (json!({"object": "list", "stopReason": "x", "usage": many}), None, 7, None),
        (json!({"object": "list", "usage": {"total_tokens": 2}}), Some("voyageai"), 2, Some("voyageai")),
        (json!({"stopReason": "end_turn", "usage": many, "usage_metadata": {}}), None, 5, Some("bedrock")),
        (json!({"metrics": {}, "usage": {"inputTokens": 5, "outputTokens": 1}}), None, 5, Some("bedrock")),
        (json!({"usage": {"inputTokens": 5, "outputTokens": 1}}), Some("aws"), 5, Some("aws")),
        (json!({"usage": many, "usage_metadata": {}}), None, 5, None),
        (
            json!({"usage_metadata": {"input_tokens": 2, "output_tokens": 1}, "gen_ai.usage.input_tokens": 1,
                "response_metadata": {"model_provider": "google_vertexai"}}),
            None,
            2,
            Some("vertex"),
        ),
        (
            json!({"usage_metadata": {"prompt_token_count": 2, "total_token_count": 2}, "model_version": "gemini-x"}),
            None,
            2,
            Some("google"),
        ),
        (
            json!({"gen_ai.usage.input_tokens": 1, "gen_ai.usage.output_tokens": 1, "usage": {"seconds": 4},
                "gen_ai.system": "aws.bedrock"}),
            None,
            1,
            Some("bedrock"),
        ),
        (
            json!({"meta": {"billed_units": {"input_tokens": 3}}, "prompt_eval_count": 2}),
            None,
            3,
            Some("cohere"),
        ),
        (json!({"prompt_eval_count": 2, "usage": {"seconds": 4}}), None, 2, Some("ollama")),
        (json!({"usage": {"seconds": 4, "prompt_tokens": 1}}), None, 0, None),
        (json!({"object": "text_completion", "usage": chat_usage}), None, 7, None),
        (json!({"object": "thread.run", "usage": chat_usage, "status": "completed"}), None, 7, None),
        (
            json!({"usage": {"input_tokens": 6, "output_tokens": 1, "cache_read_input_tokens": 4}}),
            None,
            10,
            None,
        ),
        (json!({"usage": {"input_tokens": 6, "output_tokens": 1}}), Some("anthropic"), 6, Some("anthropic")),
        (
            json!({"object": "response.compaction", "usage": {"input_tokens": 6, "output_tokens": 1,
                "input_tokens_details": {"cached_tokens": 4}}}),
            None,
            6,
            None,
        ),
    ] {
        let found = both(&body, provider).unwrap_or_else(|e| panic!("{body}: {e}"));
        assert_eq!(found.usage.prompt_tokens(), prompt, "{body}");
        assert_eq!(found.provider.as_deref(), recognised, "{body}");
    }
}

#[test]
fn every_error_names_the_field_at_fault() {
    let chat = |usage: Value| json!({"object": "chat.completion", "usage": usage});
    let anthropic = |usage: Value| json!({"type": "message", "usage": usage});
    let gemini = |usage: Value| json!({"usageMetadata": usage});
    for (body, code, path) in [
        (json!([]), "unknown_shape", ""),
        (json!("usage"), "unknown_shape", ""),
        (json!({"usage": {"tokens": 1}}), "unknown_shape", ""),
        (chat(json!({"completion_tokens": 1})), "missing", "usage.prompt_tokens"),
        (chat(json!({"prompt_tokens": 1, "completion_tokens": null})), "missing", "usage.completion_tokens"),
        (chat(json!({"prompt_tokens": true, "completion_tokens": 1})), "not_a_count", "usage.prompt_tokens"),
        (chat(json!({"prompt_tokens": 1.5, "completion_tokens": 1})), "not_a_count", "usage.prompt_tokens"),
        (chat(json!({"prompt_tokens": 1e300, "completion_tokens": 1})), "not_a_count", "usage.prompt_tokens"),
        (
            chat(
                json!({"prompt_tokens": 5, "completion_tokens": 1, "prompt_tokens_details": {"audio_tokens": "x"}}),
            ),
            "not_a_count",
            "usage.prompt_tokens_details.audio_tokens",
        ),
        (
            chat(
                json!({"prompt_tokens": 5, "completion_tokens": 1, "prompt_token_details": {"cached_tokens": 6}}),
            ),
            "negative_remainder",
            "usage.prompt_token_details.cached_tokens",
        ),
        (
            chat(json!({"prompt_tokens": 5, "completion_tokens": 1, "num_cached_tokens": 6})),
            "negative_remainder",
            "usage.num_cached_tokens",
        ),
        (
            chat(
                json!({"prompt_tokens": 5, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 3}}),
            ),
            "negative_remainder",
            "usage.prompt_tokens_details.cache_write_tokens",
        ),
        (
            chat(
                json!({"prompt_tokens": 5, "completion_tokens": 1, "completion_tokens_details": {"audio_tokens": 2}}),
            ),
            "negative_remainder",
            "usage.completion_tokens_details.audio_tokens",
        ),
        (
            json!({"type": "response.done", "response": {"usage": {"input_tokens": 5, "output_tokens": 1,
                "input_token_details": {"audio_tokens": 2, "cached_tokens": 4, "cached_tokens_details": {"audio_tokens": 3}}}}}),
            "negative_remainder",
            "response.usage.input_token_details.cached_tokens_details.audio_tokens",
        ),
        (json!({"type": "response.done", "response": {}}), "missing", "response.usage"),
        (
            anthropic(json!({"input_tokens": 1, "output_tokens": 1, "cache_creation_input_tokens": 3,
                "cache_creation": {"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 2}})),
            "negative_remainder",
            "usage.cache_creation.ephemeral_5m_input_tokens",
        ),
        (
            anthropic(json!({"input_tokens": 1, "output_tokens": 1, "iterations": [
                {"input_tokens": 1, "output_tokens": 1}, {"input_tokens": 1, "output_tokens": -1}]})),
            "not_a_count",
            "usage.iterations[1].output_tokens",
        ),
        (
            gemini(
                json!({"promptTokenCount": 5, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 5}, {"modality": "AUDIO", "tokenCount": "1"}]}),
            ),
            "not_a_count",
            "usageMetadata.promptTokensDetails[1].tokenCount",
        ),
        (
            gemini(json!({"promptTokenCount": 5, "cachedContentTokenCount": 6})),
            "negative_remainder",
            "usageMetadata.cachedContentTokenCount",
        ),
        (
            json!({"stopReason": "x", "usage": {"inputTokens": 1, "outputTokens": 1, "cacheWriteInputTokens": 1,
                "cacheDetails": [{"ttl": "1h", "inputTokens": 2}]}}),
            "negative_remainder",
            "usage.cacheDetails",
        ),
        (
            json!({"gen_ai.usage.input_tokens": 1, "gen_ai.usage.output_tokens": "1"}),
            "not_a_count",
            "gen_ai.usage.output_tokens",
        ),
        (json!({"gen_ai.provider.name": "openai"}), "missing", "gen_ai.usage.input_tokens"),
        (
            json!({"usage": {"billed_units": {"input_tokens": 1.25}}}),
            "not_a_count",
            "usage.billed_units.input_tokens",
        ),
        (json!({"prompt_eval_count": -1}), "not_a_count", "prompt_eval_count"),
        (
            json!({"object": "chat.completion", "usage": {"prompt_tokens": 1, "completion_tokens": 1},
                "usage_breakdown": {"models": [{"model": "m", "usage": {"prompt_tokens": 1}}]}}),
            "missing",
            "usage_breakdown.models[0].usage.completion_tokens",
        ),
    ] {
        let error = both(&body, None).unwrap_err();
        assert_eq!((error.code(), error.path()), (format!("usage.{code}").as_str(), path), "{body}");
    }
    let error = both(&json!({"candidates": []}), Some("google")).unwrap_err();
    assert_eq!((error.code(), error.path()), ("usage.missing", "usageMetadata"));
}

#[test]
fn text_that_is_no_json_says_where() {
    for (text, position) in [
        (&b"{\"usage\": "[..], "line 1 column 10"),
        (b"", "line 1 column 0"),
        (b"{\"id\": \"\xff\xfe\", \"usage\": {}}", "line 1 column 9"),
        (b"{\"object\":\n1 2}", "line 2 column 3"),
        (b"{} {}", "line 1 column 4"),
    ] {
        let error = extract_json(text, None).unwrap_err();
        assert_eq!((error.code(), error.path()), ("usage.unknown_shape", ""));
        assert!(error.to_string().contains(position), "{error} should name {position}");
    }
}

#[test]
fn message_text_is_never_kept() {
    let long = "x".repeat(100_000);
    let body = json!({
        "object": "chat.completion", "model": "m", "response": long, "message": {"content": long},
        "choices": [{"message": {"content": long, "role": "assistant"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "unknown": long},
    });
    let text = body.to_string();
    let kept = Body::parse(text.as_bytes(), &schema::ROOT).unwrap();
    assert!(format!("{kept:?}").len() < 1000);
    assert_eq!(both(&body, None).unwrap().finish, Some("stop"));
}

#[test]
fn passes_that_cannot_be_read_are_flagged_and_left_out() {
    let anthropic = |iterations: Value| json!({"type": "message", "usage": {"input_tokens": 3, "output_tokens": 2, "iterations": iterations}});
    for (iterations, flagged) in
        [(json!("x"), true), (json!([7]), true), (json!({}), true), (json!([]), false)]
    {
        let found = both(&anthropic(iterations), None).unwrap();
        assert_eq!(found.assumptions.contains(Assumption::breakdown_mismatch), flagged);
        assert_eq!((found.usage, found.parts.len()), (Usage::new(3, 2), 0));
    }
    let groq = |first: u64| {
        json!({"object": "chat.completion", "usage": {"prompt_tokens": 3, "completion_tokens": 2},
            "usage_breakdown": {"models": [
                {"model": "a", "usage": {"prompt_tokens": first, "completion_tokens": 1}},
                {"model": "b", "usage": {"prompt_tokens": 1, "completion_tokens": 1}}]}})
    };
    let found = both(&groq(2), None).unwrap();
    assert_eq!((found.parts.len(), found.assumptions.is_empty()), (2, true));
    let found = both(&groq(1), None).unwrap();
    assert_eq!((found.parts.len(), found.usage), (0, Usage::new(3, 2)));
    assert!(found.assumptions.contains(Assumption::breakdown_mismatch));
}

#[test]
fn a_total_that_fits_neither_reading_is_flagged() {
    let chat = |total: u64| {
        let usage = json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": total,
            "completion_tokens_details": {"reasoning_tokens": 3}});
        both(&json!({"object": "chat.completion", "usage": usage}), None).unwrap()
    };
    for (total, output, flagged) in [(15, 5, false), (18, 8, false), (16, 5, true)] {
        let found = chat(total);
        assert_eq!((found.usage.output, found.usage.reasoning), (output, 3));
        assert_eq!(found.assumptions.contains(Assumption::total_mismatch), flagged);
    }
    let gemini =
        json!({"usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 2, "thoughtsTokenCount": 3}});
    assert_eq!(both(&gemini, None).unwrap().usage.output, 5, "without a total thoughts are added");
}

#[test]
fn what_the_body_says_beside_its_counts() {
    let body = json!({"type": "message", "model": "claude-x", "usage": {"input_tokens": 1, "output_tokens": 1,
        "inference_geo": "us", "speed": "fast", "service_tier": "priority"}});
    let found = both(&body, None).unwrap();
    assert_eq!((found.region.as_deref(), found.speed.as_deref()), (Some("us"), Some("fast")));
    assert_eq!(found.service_tier.as_deref(), Some("priority"));
    for geo in ["global", "not_available", ""] {
        let body = json!({"type": "message", "usage": {"input_tokens": 1, "output_tokens": 1, "inference_geo": geo}});
        assert_eq!(both(&body, None).unwrap().region, None);
    }
    let body = json!({"object": "response", "service_tier": "auto", "status": "incomplete",
        "incomplete_details": {"reason": "max_output_tokens"}, "usage": {"input_tokens": 1, "output_tokens": 1}});
    let found = both(&body, None).unwrap();
    assert_eq!((found.service_tier.as_deref(), found.finish), (Some("standard"), Some("length")));
    assert!(found.assumptions.contains(Assumption::tier_unknown_auto));
    let body = json!({"stopReason": "end-turn", "serviceTier": {"type": "flex"}, "usage": {"inputTokens": 1, "outputTokens": 1}});
    assert_eq!(both(&body, None).unwrap().service_tier.as_deref(), Some("flex"));
    let body = json!({"object": "chat.completion", "usage": {"prompt_tokens": 10, "completion_tokens": 1,
        "citation_tokens": 5, "num_search_queries": 2, "search_context_size": "low", "cost": {"total_cost": 0.006}}});
    let found = both(&body, None).unwrap();
    assert_eq!((found.usage.input, found.usage.web_search), (15, 2));
    assert_eq!(
        (found.provider.as_deref(), found.search_context.as_deref()),
        (Some("perplexity"), Some("low"))
    );
    assert_eq!(found.reported_cost.unwrap().to_string(), "0.006");
}

#[test]
fn cached_tokens_leave_their_own_modality() {
    let gemini = |cache: Value| {
        let usage = json!({"promptTokenCount": 100, "cachedContentTokenCount": 60, "cacheTokensDetails": cache,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 40}, {"modality": "AUDIO", "tokenCount": 50},
                {"modality": "DOCUMENT", "tokenCount": 10}]});
        both(&json!({"usageMetadata": usage}), None).unwrap().usage
    };
    let split =
        gemini(json!([{"modality": "AUDIO", "tokenCount": 45}, {"modality": "TEXT", "tokenCount": 15}]));
    assert_eq!((split.input, split.input_audio, split.input_image), (25, 5, 10));
    assert_eq!((split.cache_read, split.cache_read_audio), (15, 45));
    let whole = gemini(Value::Null);
    assert_eq!((whole.input, whole.input_audio, whole.input_image), (0, 30, 10));
    assert_eq!((whole.cache_read, whole.cache_read_audio), (40, 20));
}
