//! Anthropic Messages, also on Vertex, on Bedrock and of others who speak them: input excludes cached tokens.

use super::{
    Extracted, Face, Lookup, Part, Usage, UsageError,
    read::{self, Base},
};
use crate::cost::Assumption;
use std::borrow::Cow;

pub(super) fn recognises<L: Lookup>(face: &Face<'_, L>) -> bool {
    read::is(face.kind.as_ref(), "message")
}

pub(super) fn read<L: Lookup>(face: &Face<'_, L>) -> Result<Extracted, UsageError> {
    let (usage, base) = (face.usage()?, Base::At("usage"));
    let mut extracted = face.start();
    if extracted.provider.is_none() && extracted.model.as_deref().is_some_and(|m| m.starts_with("claude")) {
        extracted.provider = Some(Cow::Borrowed("anthropic"));
    }
    extracted.usage = usage_of(usage, base)?;
    iterations(usage, &mut extracted)?;
    let thinking = usage.get("output_tokens_details");
    extracted.usage.reasoning =
        base.or_zero(thinking.as_ref(), "output_tokens_details.thinking_tokens")?.value;
    let tools = usage.get("server_tool_use");
    extracted.usage.web_search = base.or_zero(tools.as_ref(), "server_tool_use.web_search_requests")?.value;

    face.apply_tier(usage, "service_tier", &mut extracted);
    extracted.finish = face.finish(&face.body, "stop_reason");
    let default_region = |geo: &String| matches!(geo.as_str(), "global" | "not_available");
    extracted.region = read::text(usage, "inference_geo").filter(|geo| !default_region(geo));
    extracted.speed = read::text(usage, "speed").filter(|speed| speed != "standard");
    Ok(extracted)
}

fn usage_of<L: Lookup>(usage: &L, base: Base) -> Result<Usage, UsageError> {
    let input = base.required(usage, "input_tokens")?.value;
    let output = base.required(usage, "output_tokens")?.value;
    let cache_read = base.or_zero(Some(usage), "cache_read_input_tokens")?.value;
    let written = base.count(usage, "cache_creation_input_tokens")?;
    let split = usage.get("cache_creation");
    let split = split.as_ref();
    let mut cache_write_5m = base.or_zero(split, "cache_creation.ephemeral_5m_input_tokens")?;
    let one_hour = base.or_zero(split, "cache_creation.ephemeral_1h_input_tokens")?;
    if let Some(written) = written {
        // What the split leaves open has the default lifetime.
        let rest = base.take(written.value, one_hour, written)?;
        base.take(rest, cache_write_5m, written)?;
        cache_write_5m.value = rest;
    }
    Ok(Usage {
        cache_read,
        cache_write_5m: cache_write_5m.value,
        cache_write_1h: one_hour.value,
        ..Usage::new(input, output)
    })
}

/// The passes of a call: the top level leaves out compaction and advisors, so their sum is the usage.
fn iterations<L: Lookup>(usage: &L, extracted: &mut Extracted) -> Result<(), UsageError> {
    let Some(list) = usage.get("iterations") else { return Ok(()) };
    let Some(len) = list.len() else {
        extracted.assumptions.insert(Assumption::breakdown_mismatch);
        return Ok(());
    };
    let mut parts = Vec::new();
    let mut sum = Usage::default();
    for index in 0..len {
        let Some(entry) = list.item(index).filter(Lookup::is_object) else {
            extracted.assumptions.insert(Assumption::breakdown_mismatch);
            return Ok(());
        };
        let usage = usage_of(&entry, Base::Item("usage.iterations", index, ""))?;
        sum = sum.checked_add(&usage)?;
        parts.push(Part { model: read::text(&entry, "model"), usage });
    }
    if !parts.is_empty() {
        extracted.usage = sum;
        extracted.parts = parts;
    }
    Ok(())
}
