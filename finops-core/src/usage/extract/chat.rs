//! OpenAI chat completions and everyone who speaks them; completions and thread runs share the fields.

use super::{
    Extracted, Face, Lookup, Part, Usage, UsageError,
    read::{self, Base, Completion, Count, Prompt},
    reported, words,
};
use crate::cost::{Assumption, Assumptions};
use std::borrow::Cow;

/// The field that marks a body: `object: chat.completion` or `chat.completion.chunk`.
pub(super) fn recognises<L: Lookup>(face: &Face<'_, L>) -> bool {
    face.object.as_ref().is_some_and(|o| o.as_str().is_some_and(|text| text.starts_with("chat.completion")))
}

pub(super) fn read<L: Lookup>(face: &Face<'_, L>) -> Result<Extracted, UsageError> {
    let usage = face.usage()?;
    let mut extracted = face.start();
    extracted.usage = usage_of(usage, Base::At("usage"), true, &mut extracted.assumptions)?;
    face.apply_tier(&face.body, "service_tier", &mut extracted);
    extracted.finish = finish(face);
    reported::apply(usage, &mut extracted);
    extras(face, usage, &mut extracted)?;
    breakdown(face, &mut extracted)?;
    Ok(extracted)
}

/// The counts of a chat usage; `output` says whether a completion count is required.
pub(super) fn usage_of<L: Lookup>(
    usage: &L,
    base: Base,
    output: bool,
    assumptions: &mut Assumptions,
) -> Result<Usage, UsageError> {
    let prompt = base.required(usage, "prompt_tokens")?;
    let completion = if output {
        base.required(usage, "completion_tokens")?
    } else {
        base.or_zero(Some(usage), "completion_tokens")?
    };
    let total = base.count(usage, "total_tokens")?;

    // Assistants write `prompt_token_details`.
    let details = match usage.get("prompt_tokens_details") {
        Some(details) => Some((details, PROMPT_TOKENS)),
        None => usage.get("prompt_token_details").map(|details| (details, PROMPT_TOKEN)),
    };
    let mut whole = Prompt { total: prompt, ..Prompt::default() };
    if let Some((details, paths)) = &details {
        whole.cached = base.count(details, paths.cached)?;
        whole.written_5m = base.or_zero(Some(details), paths.cache_write)?;
        whole.audio = base.or_zero(Some(details), paths.audio)?;
        whole.image = base.or_zero(Some(details), paths.image)?;
    }
    for synonym in CACHED_SYNONYMS {
        if whole.cached.is_some() {
            break;
        }
        whole.cached = base.count(usage, synonym)?;
    }
    let mut disjoint = whole.disjoint(base)?;

    let details = usage.get("completion_tokens_details");
    let details = details.as_ref();
    let mut reasoning = base.or_zero(details, "completion_tokens_details.reasoning_tokens")?;
    if reasoning.value == 0 {
        reasoning = base.or_zero(Some(usage), "reasoning_tokens")?;
    }
    let counts = (prompt.value, completion.value, reasoning.value);
    let reasoning_joins = read::reasoning_joins(counts, total, false, assumptions);
    let audio = base.or_zero(details, "completion_tokens_details.audio_tokens")?;
    Completion { total: completion, audio, reasoning, reasoning_joins, ..Completion::default() }
        .fill(&mut disjoint, base)?;
    Ok(disjoint)
}

/// Where the cached count stands without details: Mistral, Hugging Face and Moonshot, DeepSeek, xAI's SDK.
const CACHED_SYNONYMS: [&str; 4] =
    ["num_cached_tokens", "cached_tokens", "prompt_cache_hit_tokens", "cached_prompt_text_tokens"];

struct DetailPaths {
    cached: &'static str,
    cache_write: &'static str,
    audio: &'static str,
    image: &'static str,
}

const PROMPT_TOKENS: DetailPaths = DetailPaths {
    cached: "prompt_tokens_details.cached_tokens",
    cache_write: "prompt_tokens_details.cache_write_tokens",
    audio: "prompt_tokens_details.audio_tokens",
    image: "prompt_tokens_details.image_tokens",
};

const PROMPT_TOKEN: DetailPaths = DetailPaths {
    cached: "prompt_token_details.cached_tokens",
    cache_write: "prompt_token_details.cache_write_tokens",
    audio: "prompt_token_details.audio_tokens",
    image: "prompt_token_details.image_tokens",
};

/// The first choice that ended; a thread run ends by its status.
fn finish<L: Lookup>(face: &Face<'_, L>) -> Option<&'static str> {
    if let Some(choices) = face.body.get("choices") {
        return read::items(Some(choices)).find_map(|choice| face.finish(&choice, "finish_reason"));
    }
    super::responses::finish(face, &face.body)
}

/// Fields that single providers add to the common shape.
fn extras<L: Lookup>(face: &Face<'_, L>, usage: &L, extracted: &mut Extracted) -> Result<(), UsageError> {
    let base = Base::At("usage");
    let queries = base.count(usage, "num_search_queries")?;
    let context = read::text(usage, "search_context_size");
    if extracted.provider.is_none() {
        let provider = if queries.is_some() || context.is_some() {
            Some("perplexity")
        } else if usage.get("prompt_cache_hit_tokens").is_some() {
            Some("deepseek")
        } else if face.body.get("x_groq").is_some() {
            Some("groq")
        } else {
            None
        };
        extracted.provider = provider.map(Cow::Borrowed);
    }
    if words::is(extracted.provider.as_deref(), "perplexity") {
        // Citations are billed as input and are not in `prompt_tokens`, https://docs.perplexity.ai/getting-started/pricing
        let citations: Count = base.or_zero(Some(usage), "citation_tokens")?;
        extracted.usage.input = base.add(extracted.usage.input, citations)?;
        extracted.usage.web_search = queries.map_or(0, |queries| queries.value);
        extracted.search_context = context.map(|size| size.to_ascii_lowercase());
    }
    Ok(())
}

/// Groq's compound models: one part an entry, when the entries add up to the usage.
fn breakdown<L: Lookup>(face: &Face<'_, L>, extracted: &mut Extracted) -> Result<(), UsageError> {
    let Some(breakdown) = face.body.get("usage_breakdown") else { return Ok(()) };
    let Some(models) = breakdown.get("models") else { return Ok(()) };
    if models.is_empty() == Some(true) {
        return Ok(());
    }
    let mut parts = Vec::new();
    let mut sum = Usage::default();
    for (index, entry) in read::items(Some(models)).enumerate() {
        let Some(usage) = entry.get("usage") else {
            extracted.assumptions.insert(Assumption::breakdown_mismatch);
            return Ok(());
        };
        let base = Base::Item("usage_breakdown.models", index, "usage");
        let usage = usage_of(&usage, base, true, &mut extracted.assumptions)?;
        sum = sum.checked_add(&usage)?;
        parts.push(Part { model: read::text(&entry, "model"), usage });
    }
    // Reasoning is a subset that entries may leave out.
    if parts.is_empty() || (Usage { reasoning: extracted.usage.reasoning, ..sum }) != extracted.usage {
        extracted.assumptions.insert(Assumption::breakdown_mismatch);
    } else {
        extracted.parts = parts;
    }
    Ok(())
}
