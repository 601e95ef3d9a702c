//! Bedrock Converse: input excludes cached tokens, and the body names no model.

use super::{
    Extracted, Face, Lookup, Usage, UsageError,
    read::{self, Base, Count},
    words,
};
use crate::cost::Assumption;
use std::borrow::Cow;

pub(super) fn recognises<L: Lookup>(face: &Face<'_, L>) -> bool {
    face.usage_has("inputTokens")
        && (face.body.get("stopReason").is_some()
            || face.body.get("metrics").is_some()
            // The Vercel SDK in front of Bedrock has fields of its own.
            || (words::is_bedrock(face.provider)
                && !face.usage_has("cachedInputTokens")
                && !face.usage_has("inputTokenDetails")))
}

pub(super) fn read<L: Lookup>(face: &Face<'_, L>) -> Result<Extracted, UsageError> {
    let (usage, base) = (face.usage()?, Base::At("usage"));
    let mut extracted = face.start();
    extracted.provider.get_or_insert(Cow::Borrowed("bedrock"));

    let input = base.required(usage, "inputTokens")?.value;
    let output = base.required(usage, "outputTokens")?.value;
    let cache_read = base.or_zero(Some(usage), "cacheReadInputTokens")?.value;
    let zero = Count { value: 0, path: "cacheDetails" };
    let (mut one_hour, mut sum) = (zero, zero);
    for (index, entry) in read::items(usage.get("cacheDetails")).enumerate() {
        let tokens = base.in_list(&entry, "cacheDetails", index, "inputTokens")?;
        sum.value = base.add(sum.value, tokens)?;
        if read::is(entry.get("ttl").as_ref(), "1h") {
            one_hour.value = base.add(one_hour.value, tokens)?;
        }
    }
    let written = base.count(usage, "cacheWriteInputTokens")?.unwrap_or(sum);
    let cache_write_5m = base.take(written.value, one_hour, written)?;
    extracted.usage =
        Usage { cache_read, cache_write_5m, cache_write_1h: one_hour.value, ..Usage::new(input, output) };
    if let Some(total) = base.count(usage, "totalTokens")? {
        // Some models leave the cache out of the total.
        let uncached = input.saturating_add(output);
        if total.value != extracted.usage.total_tokens() && total.value != uncached {
            extracted.assumptions.insert(Assumption::total_mismatch);
        }
    }
    if let Some(tier) = face.body.get("serviceTier") {
        face.apply_tier(&tier, "type", &mut extracted);
    }
    extracted.finish = face.finish(&face.body, "stopReason");
    Ok(extracted)
}
