//! Gemini, on Google's API and on Vertex: the prompt includes cached tokens, thoughts stand beside the candidates.

use super::{
    Extracted, Face, Lookup, UsageError,
    read::{self, Base, Completion, Count, Prompt},
    words,
};
use std::borrow::Cow;

pub(super) fn recognises<L: Lookup>(face: &Face<'_, L>) -> bool {
    // With the provider given, candidates without usage are a Gemini body too: one that lacks its usage.
    face.body.get("usageMetadata").is_some()
        || ((words::is(face.provider, "google") || words::is(face.provider, "vertex"))
            && face.body.get("candidates").is_some())
}

pub(super) fn read<L: Lookup>(face: &Face<'_, L>) -> Result<Extracted, UsageError> {
    let base = Base::At("usageMetadata");
    let missing = || UsageError::Missing { path: "usageMetadata".to_owned() };
    let usage = face.body.get("usageMetadata").filter(Lookup::is_object).ok_or_else(missing)?;
    let mut extracted = face.start();
    extracted.model = read::text(&face.body, "modelVersion");
    extracted.request_id = read::text(&face.body, "responseId");

    let count = |path| base.or_zero(Some(&usage), path);
    let prompt_count = count("promptTokenCount")?;
    let tools = count("toolUsePromptTokenCount")?;
    let candidates = count("candidatesTokenCount")?;
    let thoughts = count("thoughtsTokenCount")?;
    let total = base.count(&usage, "totalTokenCount")?;

    let parts = Modalities::read(&usage, "promptTokensDetails", base)?.unwrap_or_default();
    let cached = Modalities::read(&usage, "cacheTokensDetails", base)?.unwrap_or_default();
    let mut prompt = Prompt {
        total: prompt_count,
        audio: parts.audio,
        image: parts.image,
        video: parts.video,
        cached: base.count(&usage, "cachedContentTokenCount")?,
        cached_audio: cached.audio,
        cached_image: cached.image,
        cached_video: cached.video,
        ..Prompt::default()
    };
    prompt.cached.get_or_insert(cached.sum);
    let mut tokens = prompt.disjoint(base)?;
    tokens.input = base.add(tokens.input, tools)?;

    let parts = Modalities::read(&usage, "candidatesTokensDetails", base)?.unwrap_or_default();
    let counts = (prompt_count.value.saturating_add(tools.value), candidates.value, thoughts.value);
    let reasoning_joins = read::reasoning_joins(counts, total, true, &mut extracted.assumptions);
    let (audio, image, video) = (parts.audio, parts.image, parts.video);
    Completion { total: candidates, audio, image, video, reasoning: thoughts, reasoning_joins }
        .fill(&mut tokens, base)?;
    extracted.usage = tokens;

    face.apply_tier(&usage, "trafficType", &mut extracted);
    face.apply_tier(&usage, "serviceTier", &mut extracted);
    if extracted.provider.is_none() {
        // Only Vertex states a traffic type, https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/GenerateContentResponse
        let vertex = usage.get("trafficType").is_some();
        extracted.provider = Some(Cow::Borrowed(if vertex { "vertex" } else { "google" }));
    }
    extracted.finish = read::items(face.body.get("candidates")).find_map(|c| face.finish(&c, "finishReason"));
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
        for entry in read::items(Some(list)) {
            let Some(tokens) = base.count_at(&entry, "tokenCount", path)? else { continue };
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
