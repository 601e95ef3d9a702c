//! Which fields of a body are ever read: everything else is skipped unread.

/// A field that is read, and what is read below it.
#[derive(Debug)]
pub struct Field {
    /// Its name in the body.
    pub name: &'static str,
    /// What is read inside.
    pub shape: &'static Shape,
}

/// The fields of an object that are read. Of a list, every element has the same shape; scalars need none.
///
/// Shapes never contain themselves, so what is kept of a body is bounded in depth.
#[derive(Debug)]
pub struct Shape {
    fields: &'static [Field],
    base: Option<&'static Shape>,
}

impl Shape {
    /// The fields, most frequent first.
    pub fn fields(&self) -> impl Iterator<Item = &'static Field> {
        self.fields.iter().chain(self.base.map_or(&[][..], |base| base.fields))
    }

    pub(super) fn find(&self, name: &str) -> Option<&'static Field> {
        self.fields().find(|field| field.name == name)
    }
}

macro_rules! shape {
    ($(#[$doc:meta])* $name:ident $(extends $base:ident)? { $($key:literal $(: $shape:ident)?),* $(,)? }) => {
        $(#[$doc])*
        pub static $name: Shape = Shape {
            fields: &[$(Field { name: $key, shape: shape!(@of $($shape)?) }),*],
            base: shape!(@base $($base)?),
        };
    };
    (@of $shape:ident) => { &$shape };
    (@of) => { &SCALAR };
    (@base $base:ident) => { Some(&$base) };
    (@base) => { None };
}

shape! {
    /// A number, a text or a boolean.
    SCALAR {}
}
shape! {
    /// A response body or an event of a stream.
    ROOT extends BODY { "response": BODY, "message": BODY, "delta": BODY }
}
shape! {
    /// A response body, or what wraps its parts.
    BODY {
        "id", "object", "type", "model", "usage": USAGE, "choices": CHOICE, "service_tier", "status",
        "output": ITEM,
        "incomplete_details": REASON, "stop_reason", "stopReason", "finish_reason", "finishReason", "event_type",
        "usageMetadata": GEMINI, "candidates": CHOICE, "modelVersion", "responseId", "model_version", "response_id",
        "metadata": METADATA, "metrics": SCALAR, "serviceTier": TIER, "messageStart": SCALAR, "messageStop": CHOICE,
        "x_groq": X_GROQ, "usage_breakdown": BREAKDOWN,
        "usage_metadata": LANGCHAIN, "response_metadata": LANGCHAIN_RESPONSE,
        "meta": USAGE, "done", "done_reason", "prompt_eval_count", "prompt_eval_cached_count", "eval_count",
        "total_duration", "modelId",
        "gen_ai.provider.name", "gen_ai.system", "gen_ai.request.model", "gen_ai.response.model",
        "gen_ai.response.id", "gen_ai.response.finish_reasons", "gen_ai.usage.input_tokens",
        "gen_ai.usage.output_tokens", "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.reasoning.output_tokens",
    }
}
shape! {
    /// The usage of a call, of every family.
    USAGE {
        "prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details": DETAILS,
        "completion_tokens_details": DETAILS, "prompt_token_details": DETAILS, "num_cached_tokens", "cached_tokens",
        "input_tokens", "output_tokens", "input_tokens_details": DETAILS, "output_tokens_details": DETAILS,
        "input_token_details": DETAILS, "output_token_details": DETAILS,
        "cache_read_input_tokens", "cache_creation_input_tokens", "cache_creation": DETAILS,
        "service_tier", "inference_geo", "speed", "server_tool_use": DETAILS, "iterations": ITERATION,
        "prompt_cache_hit_tokens", "prompt_cache_miss_tokens", "cached_prompt_text_tokens", "reasoning_tokens",
        "cost": DETAILS, "cost_details": DETAILS, "is_byok", "cost_in_usd_ticks", "citation_tokens",
        "num_search_queries", "search_context_size", "seconds", "billed_units": DETAILS,
        "inputTokens", "outputTokens", "totalTokens", "cacheReadInputTokens", "cacheWriteInputTokens",
        "cacheDetails": DETAILS, "cachedInputTokens", "reasoningTokens", "inputTokenDetails": DETAILS,
        "outputTokenDetails": DETAILS,
    }
}
shape! {
    /// What a count is made of.
    DETAILS {
        "cached_tokens", "cache_write_tokens", "audio_tokens", "image_tokens", "text_tokens", "reasoning_tokens",
        "cached_tokens_details": SPLIT, "thinking_tokens", "ephemeral_5m_input_tokens",
        "ephemeral_1h_input_tokens", "web_search_requests", "input_tokens", "output_tokens", "search_units",
        "upstream_inference_cost", "total_cost", "ttl", "inputTokens", "cacheReadTokens", "cacheWriteTokens",
        "reasoningTokens", "cache_read", "cache_creation", "audio", "reasoning",
    }
}
shape! {
    /// Cached tokens by modality.
    SPLIT { "text_tokens", "audio_tokens", "image_tokens" }
}
shape! {
    /// One pass of an Anthropic call.
    ITERATION {
        "type", "model", "input_tokens", "output_tokens", "cache_read_input_tokens",
        "cache_creation_input_tokens", "cache_creation": DETAILS,
    }
}
shape! {
    /// Gemini's usage.
    GEMINI {
        "promptTokenCount", "candidatesTokenCount", "totalTokenCount", "thoughtsTokenCount",
        "cachedContentTokenCount", "toolUsePromptTokenCount", "promptTokensDetails": MODALITY,
        "candidatesTokensDetails": MODALITY, "cacheTokensDetails": MODALITY, "serviceTier", "trafficType",
    }
}
shape! {
    /// Tokens of one modality.
    MODALITY { "modality", "tokenCount", "token_count" }
}
shape! {
    /// One of the answers.
    CHOICE {
        "finish_reason", "finishReason", "stopReason", "usage": USAGE,
    }
}
shape! {
    /// One output item: of tool calls their type and status are read.
    ITEM { "type", "status" }
}
shape! {
    /// Why a response is incomplete.
    REASON { "reason" }
}
shape! {
    /// Bedrock's last event.
    METADATA { "usage": USAGE, "metrics": SCALAR, "serviceTier": TIER }
}
shape! {
    /// Bedrock's service tier.
    TIER { "type" }
}
shape! {
    /// Groq's own part of a chunk.
    X_GROQ { "usage": USAGE }
}
shape! {
    /// Groq's list of models of a compound call.
    BREAKDOWN { "models": BREAKDOWN_ENTRY }
}
shape! {
    /// One model of a compound call.
    BREAKDOWN_ENTRY { "model", "usage": USAGE }
}
shape! {
    /// LangChain's usage, and Gemini's as Google's Python SDK spells it.
    LANGCHAIN {
        "input_tokens", "output_tokens", "total_tokens", "input_token_details": DETAILS,
        "output_token_details": DETAILS,
        "prompt_token_count", "candidates_token_count", "total_token_count", "thoughts_token_count",
        "cached_content_token_count", "tool_use_prompt_token_count", "prompt_tokens_details": MODALITY,
        "candidates_tokens_details": MODALITY, "cache_tokens_details": MODALITY, "traffic_type",
    }
}
shape! {
    /// What LangChain keeps of the provider's response.
    LANGCHAIN_RESPONSE {
        "model_name", "model", "model_provider", "finish_reason", "stop_reason", "done_reason", "service_tier", "id",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_field_is_listed_twice() {
        for shape in [&ROOT, &BODY, &USAGE, &DETAILS, &ITERATION, &GEMINI, &LANGCHAIN, &LANGCHAIN_RESPONSE] {
            for field in shape.fields() {
                assert_eq!(shape.fields().filter(|f| f.name == field.name).count(), 1, "{}", field.name);
            }
        }
    }
}
