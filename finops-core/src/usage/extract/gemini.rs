//! Gemini, on Google's API and on Vertex: the prompt includes cached tokens, thoughts stand beside the candidates.

use super::{
    Extracted, Face, Lookup, SnakeCase, UsageError,
    read::{self, Base, Completion, Count, Prompt},
    words,
};
use std::borrow::Cow;

pub(super) fn recognises<L: Lookup>(face: &Face<'_, L>) -> bool {
    // With the provider given, candidates without usage are a Gemini body too: one that lacks its usage.
    face.body.get("usageMetadata").is_some()
        || ((words::is(face.provider, "google") || words::is(face.provider, "vertex"))
            && face.body.get("candidates").is_some())
        || is_snake_case(&face.body)
}

/// Whether this is the object of Google's Python SDK; LangChain's `usage_metadata` has other counts.
fn is_snake_case<L: Lookup>(body: &L) -> bool {
    let counts = ["prompt_token_count", "total_token_count"];
    body.get("usage_metadata").is_some_and(|usage| counts.iter().any(|count| usage.get(count).is_some()))
}

pub(super) fn read<L: Lookup>(face: &Face<'_, L>) -> Result<Extracted, UsageError> {
    let provider = face.provider;
    if is_snake_case(&face.body) {
        return read_body(&SnakeCase(face.body.clone()), face.start(), provider);
    }
    read_body(&face.body, face.start(), provider)
}

fn read_body<L: Lookup>(
    body: &L,
    mut extracted: Extracted,
    provider: Option<&str>,
) -> Result<Extracted, UsageError> {
    let base = Base::At("usageMetadata");
    let missing = || UsageError::Missing { path: "usageMetadata".to_owned() };
    let usage = body.get("usageMetadata").filter(Lookup::is_object).ok_or_else(missing)?;
    extracted.model = read::text(body, "modelVersion");
    extracted.request_id = read::text(body, "responseId");

    let parts = Modalities::read(&usage, "promptTokensDetails", base)?;
    let cached = Modalities::read(&usage, "cacheTokensDetails", base)?.unwrap_or_default();
    let whole = base.count(&usage, "promptTokenCount")?;
    let split = parts.as_ref().unwrap_or(&cached);
    let mut prompt = Prompt {
        // A count that is left out is 0, or the sum of its parts where these are stated.
        total: whole.or_else(|| parts.as_ref().map(|parts| parts.sum)).unwrap_or_default(),
        audio: split.audio,
        image: split.image,
        video: split.video,
        cached: base.count(&usage, "cachedContentTokenCount")?,
        cached_audio: cached.audio,
        cached_image: cached.image,
        cached_video: cached.video,
        ..Prompt::default()
    };
    prompt.cached.get_or_insert(cached.sum);
    let tools = base.or_zero(Some(&usage), "toolUsePromptTokenCount")?;
    let mut tokens = prompt.disjoint(base)?;
    tokens.input = base.add(tokens.input, tools)?;

    let thoughts = base.or_zero(Some(&usage), "thoughtsTokenCount")?;
    let total = base.count(&usage, "totalTokenCount")?;
    let parts = Modalities::read(&usage, "candidatesTokensDetails", base)?.unwrap_or_default();
    let candidates = base.count(&usage, "candidatesTokenCount")?.unwrap_or(parts.sum);
    let counts = (prompt.total.value.saturating_add(tools.value), candidates.value, thoughts.value);
    let reasoning_joins = read::reasoning_joins(counts, total, true, &mut extracted.assumptions);
    let (audio, image, video) = (parts.audio, parts.image, parts.video);
    Completion { total: candidates, audio, image, video, reasoning: thoughts, reasoning_joins }
        .fill(&mut tokens, base)?;
    extracted.usage = tokens;

    let traffic = read::text(&usage, "trafficType");
    let tier = read::text(&usage, "serviceTier").filter(|word| words::tier(word).is_some());
    if let Some(word) = tier.as_ref().or(traffic.as_ref()) {
        extracted.set_tier(word);
    }
    if provider.is_none() {
        // Only Vertex states a traffic type, https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/GenerateContentResponse
        extracted.provider = Some(Cow::Borrowed(if traffic.is_some() { "vertex" } else { "google" }));
    }
    let reason = |candidate: L| words::finish(&candidate.get("finishReason")?.as_str()?);
    extracted.finish = read::items(body.get("candidates")).find_map(reason);
    Ok(extracted)
}

/// Tokens by modality; text is what the others leave.
#[derive(Default)]
struct Modalities {
    audio: Count,
    image: Count,
    video: Count,
    sum: Count,
}

impl Modalities {
    fn read<L: Lookup>(usage: &L, path: &'static str, base: Base) -> Result<Option<Self>, UsageError> {
        let Some(list) = usage.get(path) else { return Ok(None) };
        let zero = Count { value: 0, path };
        let mut found = Self { audio: zero, image: zero, video: zero, sum: zero };
        for (index, entry) in read::items(Some(list)).enumerate() {
            let tokens = base.in_list(&entry, path, index, "tokenCount")?;
            let modality = entry.get("modality");
            let modality = modality.as_ref().and_then(Lookup::as_str);
            let bucket = match modality.as_deref() {
                Some("AUDIO") => Some(&mut found.audio),
                Some("IMAGE" | "DOCUMENT") => Some(&mut found.image),
                Some("VIDEO") => Some(&mut found.video),
                _ => None,
            };
            if let Some(bucket) = bucket {
                bucket.value = base.add(bucket.value, tokens)?;
            }
            found.sum.value = base.add(found.sum.value, tokens)?;
        }
        Ok(Some(found))
    }
}
