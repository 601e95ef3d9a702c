//! The Vercel AI SDK: version 6 counts everything in `inputTokens`, version 5 follows each provider.

use super::{
    Extracted, Face, Lookup, Usage, UsageError,
    read::{self, Base, Completion, Prompt},
    words,
};
use crate::cost::Assumption;

pub(super) fn recognises<L: Lookup>(face: &Face<'_, L>) -> bool {
    face.usage_has("inputTokens")
}

pub(super) fn read<L: Lookup>(face: &Face<'_, L>) -> Result<Extracted, UsageError> {
    let (usage, base) = (face.usage()?, Base::At("usage"));
    let mut extracted = face.start();
    if extracted.model.is_none() {
        let response = face.body.get("response");
        extracted.model = response.as_ref().and_then(|response| read::text(response, "modelId"));
    }
    let input = base.required(usage, "inputTokens")?;
    let output = base.required(usage, "outputTokens")?;
    let total = base.count(usage, "totalTokens")?;
    let mut reasoning = base.or_zero(Some(usage), "reasoningTokens")?;

    let mut prompt = Prompt { total: input, ..Prompt::default() };
    if let Some(details) = usage.get("inputTokenDetails") {
        prompt.cached = base.count(&details, "inputTokenDetails.cacheReadTokens")?;
        prompt.written_5m = base.or_zero(Some(&details), "inputTokenDetails.cacheWriteTokens")?;
        extracted.usage = prompt.disjoint(base)?;
        let details = usage.get("outputTokenDetails");
        let detailed = base.or_zero(details.as_ref(), "outputTokenDetails.reasoningTokens")?;
        if detailed.value > 0 {
            reasoning = detailed;
        }
    } else {
        let cached = base.count(usage, "cachedInputTokens")?;
        if excludes_cache(face.provider, extracted.model.as_deref()) {
            let cache_read = cached.map_or(0, |cached| cached.value);
            extracted.usage = Usage { cache_read, ..Usage::new(input.value, 0) };
            if cache_read > 0 {
                extracted.assumptions.insert(Assumption::v5_cache_convention);
            }
        } else {
            prompt.cached = cached;
            extracted.usage = prompt.disjoint(base)?;
        }
    }
    let counts = (input.value, output.value, reasoning.value);
    let reasoning_joins = read::reasoning_joins(counts, total, false, &mut extracted.assumptions);
    Completion { total: output, reasoning, reasoning_joins, ..Completion::default() }
        .fill(&mut extracted.usage, base)?;
    extracted.finish = face.finish(&face.body, "finishReason");
    Ok(extracted)
}

/// Before version 6 the counts of Anthropic and Bedrock passed through, <https://github.com/vercel/ai/issues/9921>.
fn excludes_cache(provider: Option<&str>, model: Option<&str>) -> bool {
    words::is(provider, "anthropic")
        || words::is_bedrock(provider)
        || (provider.is_none() && model.is_some_and(|model| model.contains("claude")))
}
