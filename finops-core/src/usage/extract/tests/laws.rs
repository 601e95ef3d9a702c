use super::*;
use proptest::prelude::*;

const NAMES: &[&str] = &[
    "usage",
    "usageMetadata",
    "usage_metadata",
    "type",
    "object",
    "response",
    "message",
    "meta",
    "billed_units",
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "prompt_tokens_details",
    "cached_tokens",
    "input_tokens",
    "output_tokens",
    "input_token_details",
    "cached_tokens_details",
    "audio_tokens",
    "cache_creation",
    "cache_creation_input_tokens",
    "ephemeral_1h_input_tokens",
    "iterations",
    "inputTokens",
    "outputTokens",
    "cacheDetails",
    "ttl",
    "promptTokenCount",
    "candidatesTokenCount",
    "thoughtsTokenCount",
    "promptTokensDetails",
    "modality",
    "tokenCount",
    "totalTokenCount",
    "cost",
    "is_byok",
    "cost_details",
    "usage_breakdown",
    "models",
    "model",
    "choices",
    "finish_reason",
    "seconds",
    "prompt_eval_count",
    "id",
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
    "stopReason",
    "service_tier",
    "candidates",
];

fn json() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0_u64..50).prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![
            "message",
            "response",
            "response.done",
            "chat.completion",
            "list",
            "1h",
            "AUDIO",
            "stop",
            ""
        ])
        .prop_map(Value::from),
    ];
    scalar.prop_recursive(5, 60, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(prop::sample::select(NAMES), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_reads_alike_from_value_and_text(body in json(), given in any::<bool>()) {
        let provider = given.then_some("bedrock");
        let (parsed, text) = (extract(&body, provider), extract_json(body.to_string(), provider));
        match (parsed, text) {
            (Ok(parsed), Ok(text)) => prop_assert_eq!(parsed, text),
            (Err(parsed), Err(text)) => {
                prop_assert_eq!((parsed.code(), parsed.path()), (text.code(), text.path()));
            }
            (parsed, text) => prop_assert!(false, "{:?} but {:?}", parsed, text),
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = extract_json(&bytes, None);
    }

    #[test]
    fn any_count_anywhere_is_read_or_refused(body in json(), a in any::<u64>(), b in any::<u64>(), c in any::<u64>()) {
        let body = json!({"object": "chat.completion", "x": body, "usage": {"prompt_tokens": a, "completion_tokens": b,
            "total_tokens": c, "completion_tokens_details": {"reasoning_tokens": c}, "prompt_tokens_details": {"cached_tokens": c}}});
        if let Ok(found) = both(&body, None) {
            prop_assert_eq!(found.usage.prompt_tokens(), a);
        }
    }

    #[test]
    fn inclusive_bodies_become_disjoint_and_total_again(
        text in 0_u64..1 << 40, audio in 0_u64..1 << 40, read in 0_u64..1 << 40, write in 0_u64..1 << 40,
        output in 0_u64..1 << 40, reasoning in 0_u64..1 << 20,
    ) {
        let prompt = text + audio + read + write;
        let reasoning = reasoning.min(output);
        let total = prompt + output;
        let chat = json!({"object": "chat.completion", "usage": {"prompt_tokens": prompt, "completion_tokens": output,
            "total_tokens": total, "completion_tokens_details": {"reasoning_tokens": reasoning},
            "prompt_tokens_details": {"cached_tokens": read, "cache_write_tokens": write, "audio_tokens": audio}}});
        let responses = json!({"object": "response", "usage": {"input_tokens": prompt, "output_tokens": output,
            "total_tokens": total, "output_tokens_details": {"reasoning_tokens": reasoning},
            "input_tokens_details": {"cached_tokens": read, "cache_write_tokens": write, "audio_tokens": audio}}});
        let langchain = json!({"usage_metadata": {"input_tokens": prompt, "output_tokens": output, "total_tokens": total,
            "output_token_details": {"reasoning": reasoning},
            "input_token_details": {"cache_read": read, "cache_creation": write, "audio": audio}}});
        for body in [&chat, &responses, &langchain] {
            let found = both(body, None).unwrap();
            prop_assert!(found.assumptions.is_empty());
            let usage = found.usage;
            prop_assert_eq!((usage.prompt_tokens(), usage.completion_tokens(), usage.reasoning), (prompt, output, reasoning));
            prop_assert_eq!((usage.cache_read + usage.cache_read_audio, usage.cache_write_5m), (read, write));
            prop_assert_eq!(usage.input_audio + usage.cache_read_audio <= audio, true);
        }
        let otel = json!({"gen_ai.usage.input_tokens": prompt, "gen_ai.usage.output_tokens": output,
            "gen_ai.usage.cache_read.input_tokens": read, "gen_ai.usage.cache_write.input_tokens": write});
        let vercel = json!({"usage": {"inputTokens": prompt, "outputTokens": output, "totalTokens": total,
            "inputTokenDetails": {"cacheReadTokens": read, "cacheWriteTokens": write}}});
        for body in [&otel, &vercel] {
            let usage = both(body, None).unwrap().usage;
            prop_assert_eq!((usage.input, usage.cache_read, usage.cache_write_5m), (text + audio, read, write));
            prop_assert_eq!(usage.total_tokens(), total);
        }
        let gemini = json!({"usageMetadata": {"promptTokenCount": prompt, "candidatesTokenCount": output,
            "thoughtsTokenCount": reasoning, "totalTokenCount": total + reasoning, "cachedContentTokenCount": read,
            "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": audio}]}});
        let usage = both(&gemini, None).unwrap().usage;
        prop_assert_eq!((usage.prompt_tokens(), usage.completion_tokens()), (prompt, output + reasoning));
        let anthropic = json!({"type": "message", "usage": {"input_tokens": text, "output_tokens": output,
            "cache_read_input_tokens": read, "cache_creation_input_tokens": write}});
        prop_assert_eq!(both(&anthropic, None).unwrap().usage.prompt_tokens(), text + read + write);
    }
}
