//! LangChain's `usage_metadata`: input is the sum of all its kinds, whatever the provider.

use super::{
    Extracted, Face, Lookup, UsageError,
    read::{self, Base, Completion, Prompt},
    words,
};
use std::borrow::Cow;

pub(super) fn recognises<L: Lookup>(face: &Face<'_, L>) -> bool {
    face.body.get("usage_metadata").is_some()
}

pub(super) fn read<L: Lookup>(face: &Face<'_, L>) -> Result<Extracted, UsageError> {
    let base = Base::At("usage_metadata");
    let missing = || UsageError::Missing { path: "usage_metadata".to_owned() };
    let usage = face.body.get("usage_metadata").ok_or_else(missing)?;
    let mut extracted = face.start();

    let input = base.required(&usage, "input_tokens")?;
    let output = base.required(&usage, "output_tokens")?;
    let total = base.count(&usage, "total_tokens")?;
    let mut prompt = Prompt { total: input, ..Prompt::default() };
    if let Some(details) = usage.get("input_token_details") {
        prompt.cached = base.count(&details, "input_token_details.cache_read")?;
        prompt.written_5m = base.or_zero(Some(&details), "input_token_details.cache_creation")?;
        prompt.audio = base.or_zero(Some(&details), "input_token_details.audio")?;
    }
    extracted.usage = prompt.disjoint(base)?;
    let details = usage.get("output_token_details");
    let details = details.as_ref();
    let audio = base.or_zero(details, "output_token_details.audio")?;
    let reasoning = base.or_zero(details, "output_token_details.reasoning")?;
    let counts = (input.value, output.value, reasoning.value);
    let reasoning_joins = read::reasoning_joins(counts, total, false, &mut extracted.assumptions);
    Completion { total: output, audio, reasoning, reasoning_joins, ..Completion::default() }
        .fill(&mut extracted.usage, base)?;

    if let Some(response) = face.body.get("response_metadata") {
        let model = read::text(&response, "model_name").or_else(|| read::text(&response, "model"));
        extracted.model = model.or(extracted.model);
        if extracted.provider.is_none() {
            let provider = read::text(&response, "model_provider");
            extracted.provider = provider.map(|name| match words::provider(&name) {
                Some(known) => Cow::Borrowed(known),
                None => Cow::Owned(name),
            });
        }
        face.apply_tier(&response, "service_tier", &mut extracted);
        let reasons = ["finish_reason", "stop_reason", "done_reason"];
        extracted.finish = reasons.iter().find_map(|reason| face.finish(&response, reason));
    }
    Ok(extracted)
}
