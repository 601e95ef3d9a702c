//! The words in which providers say the same thing: why a call ended, which tier served it.

use std::borrow::Cow;

/// The common word for why a call ended; `None` for any other reason.
///
/// `stop`, `length`, `tool_calls`, `content_filter` or `error`, from the words of every provider.
#[must_use]
pub fn finish(reason: &str) -> Option<&'static str> {
    let words: [(&'static str, &[&str]); 5] = [
        ("stop", &["stop", "end_turn", "stop_sequence", "complete", "completed"]),
        (
            "length",
            &["length", "model_length", "max_tokens", "max_output_tokens", "model_context_window_exceeded"],
        ),
        ("tool_calls", &["tool_calls", "tool_use", "tool_call", "function_call"]),
        (
            "content_filter",
            &[
                "content_filter",
                "safety",
                "recitation",
                "blocklist",
                "prohibited_content",
                "spii",
                "refusal",
                "guardrail_intervened",
                "model_armor",
            ],
        ),
        ("error", &["error", "failed"]),
    ];
    let same = |word: &&str| {
        let fold = |byte: u8| if byte == b'-' { b'_' } else { byte.to_ascii_lowercase() };
        word.len() == reason.len() && word.bytes().eq(reason.bytes().map(fold))
    };
    words.iter().find(|(_, synonyms)| synonyms.iter().any(same)).map(|(word, _)| *word)
}

/// A served tier in the catalogue's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    /// `standard`, `batch`, `flex`, `priority`, `provisioned`, or the provider's own word in lower case.
    pub name: Cow<'static, str>,
    /// Whether the provider said `auto`, which leaves open what served the call: standard is assumed.
    pub auto: bool,
}

/// The common word for a service tier, a traffic type or a served class; `None` when blank or unspecified.
#[must_use]
pub fn tier(word: &str) -> Option<Tier> {
    let word = word.trim_ascii();
    let known = |name| Some(Tier { name: Cow::Borrowed(name), auto: false });
    let is = |known: &str| word.eq_ignore_ascii_case(known);
    let any = |words: &[&str]| words.iter().any(|known| is(known));
    if any(&["default", "standard", "on_demand"]) {
        known("standard")
    } else if any(&["", "unspecified", "TRAFFIC_TYPE_UNSPECIFIED"]) {
        None
    } else if any(&["priority", "fast", "ON_DEMAND_PRIORITY"]) {
        known("priority")
    } else if any(&["flex", "ON_DEMAND_FLEX"]) {
        known("flex")
    } else if is("batch") {
        known("batch")
    } else if any(&["provisioned", "scale", "PROVISIONED_THROUGHPUT"]) {
        known("provisioned")
    } else if is("auto") {
        Some(Tier { name: Cow::Borrowed("standard"), auto: true })
    } else {
        Some(Tier { name: Cow::Owned(word.to_ascii_lowercase()), auto: false })
    }
}

/// The catalogue's name of a provider as tracing tools write it; `None` when it is not among theirs.
///
/// OpenTelemetry: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/gen-ai/>; LangChain:
/// `response_metadata.model_provider`.
#[must_use]
pub fn provider(name: &str) -> Option<&'static str> {
    Some(match name {
        "openai" => "openai",
        "azure" | "azure.ai.openai" | "az.ai.openai" | "azure_openai" => "azure",
        "anthropic" => "anthropic",
        "google" | "gcp.gemini" | "gemini" | "google_genai" => "google",
        "vertex" | "gcp.vertex_ai" | "vertex_ai" | "google_vertexai" => "vertex",
        "bedrock" | "aws.bedrock" | "aws_bedrock" | "amazon-bedrock" | "bedrock_converse" => "bedrock",
        "mistral" | "mistral_ai" | "mistralai" => "mistral",
        "deepseek" => "deepseek",
        "xai" | "x_ai" | "x-ai" => "xai",
        "cohere" => "cohere",
        "groq" => "groq",
        "openrouter" => "openrouter",
        "perplexity" => "perplexity",
        "fireworks" => "fireworks",
        "together" => "together",
        "cerebras" => "cerebras",
        "moonshotai" | "moonshot_ai" => "moonshotai",
        "ollama" => "ollama",
        _ => return None,
    })
}

/// Whether `provider` is `bedrock`, under any of its names.
pub(super) fn is_bedrock(provider: Option<&str>) -> bool {
    let names = ["bedrock", "amazon-bedrock", "aws", "aws.bedrock", "aws_bedrock"];
    provider.is_some_and(|given| names.iter().any(|name| given.eq_ignore_ascii_case(name)))
}

/// Whether `provider` is `name`, in ASCII lower case.
pub(super) fn is(provider: Option<&str>, name: &str) -> bool {
    provider.is_some_and(|given| given.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_for_an_end_is_known_and_no_other() {
        for (word, expected) in [
            ("stop", Some("stop")),
            ("STOP", Some("stop")),
            ("end_turn", Some("stop")),
            ("stop-sequence", Some("stop")),
            ("COMPLETE", Some("stop")),
            ("completed", Some("stop")),
            ("length", Some("length")),
            ("model_length", Some("length")),
            ("MAX_TOKENS", Some("length")),
            ("max_output_tokens", Some("length")),
            ("model_context_window_exceeded", Some("length")),
            ("tool-calls", Some("tool_calls")),
            ("tool_use", Some("tool_calls")),
            ("TOOL_CALL", Some("tool_calls")),
            ("function_call", Some("tool_calls")),
            ("content-filter", Some("content_filter")),
            ("SAFETY", Some("content_filter")),
            ("RECITATION", Some("content_filter")),
            ("BLOCKLIST", Some("content_filter")),
            ("PROHIBITED_CONTENT", Some("content_filter")),
            ("SPII", Some("content_filter")),
            ("refusal", Some("content_filter")),
            ("guardrail_intervened", Some("content_filter")),
            ("MODEL_ARMOR", Some("content_filter")),
            ("error", Some("error")),
            ("failed", Some("error")),
            ("pause_turn", None),
            ("UNEXPECTED_TOOL_CALL", None),
            ("in_progress", None),
            ("", None),
        ] {
            assert_eq!(finish(word), expected, "{word}");
        }
    }

    #[test]
    fn tiers_have_one_name() {
        for (word, name, auto) in [
            ("default", "standard", false),
            ("on_demand", "standard", false),
            ("ON_DEMAND", "standard", false),
            ("standard", "standard", false),
            ("auto", "standard", true),
            ("fast", "priority", false),
            ("priority", "priority", false),
            ("ON_DEMAND_PRIORITY", "priority", false),
            ("flex", "flex", false),
            ("ON_DEMAND_FLEX", "flex", false),
            ("batch", "batch", false),
            ("scale", "provisioned", false),
            ("PROVISIONED_THROUGHPUT", "provisioned", false),
            ("Ultrafast", "ultrafast", false),
            ("reserved", "reserved", false),
        ] {
            assert_eq!(tier(word), Some(Tier { name: name.into(), auto }), "{word}");
        }
        assert_eq!((tier(""), tier("  "), tier("TRAFFIC_TYPE_UNSPECIFIED")), (None, None, None));
    }

    #[test]
    fn the_names_of_tracing_tools_become_those_of_the_catalogue() {
        assert_eq!(provider("gcp.vertex_ai"), Some("vertex"));
        assert_eq!(provider("aws.bedrock"), Some("bedrock"));
        assert_eq!(provider("acme"), None);
    }
}
