//! OpenTelemetry attributes `gen_ai.*`: input includes cached tokens.

use super::{
    Extracted, Face, Lookup, UsageError,
    read::{self, Base, Completion, Prompt},
    words,
};
use std::borrow::Cow;

const INPUT: &str = "gen_ai.usage.input_tokens";
const OUTPUT: &str = "gen_ai.usage.output_tokens";
const CACHE_READ: &str = "gen_ai.usage.cache_read.input_tokens";
const CACHE_WRITE: &str = "gen_ai.usage.cache_write.input_tokens";
/// The older name of `CACHE_WRITE`.
const CACHE_CREATION: &str = "gen_ai.usage.cache_creation.input_tokens";
const REASONING: &str = "gen_ai.usage.reasoning.output_tokens";

pub(super) fn recognises<L: Lookup>(face: &Face<'_, L>) -> bool {
    [INPUT, OUTPUT, "gen_ai.provider.name", "gen_ai.system", "gen_ai.response.model"]
        .iter()
        .any(|key| face.body.get(key).is_some())
}

pub(super) fn read<L: Lookup>(face: &Face<'_, L>) -> Result<Extracted, UsageError> {
    let base = Base::Root;
    let count = |key| base.count_at(&face.body, key, key);
    let required =
        |key: &'static str| count(key)?.ok_or_else(|| UsageError::Missing { path: key.to_owned() });
    let mut extracted = face.start();
    let (input, output) = (required(INPUT)?, required(OUTPUT)?);
    let written = match count(CACHE_WRITE)? {
        Some(written) => Some(written),
        None => count(CACHE_CREATION)?,
    };
    let prompt = Prompt {
        total: input,
        cached: count(CACHE_READ)?,
        written_5m: written.unwrap_or_default(),
        ..Prompt::default()
    };
    extracted.usage = prompt.disjoint(base)?;
    let reasoning = count(REASONING)?.unwrap_or_default();
    Completion { total: output, reasoning, ..Completion::default() }.fill(&mut extracted.usage, base)?;

    let text = |key| read::text(&face.body, key);
    extracted.model = text("gen_ai.response.model").or_else(|| text("gen_ai.request.model"));
    extracted.request_id = text("gen_ai.response.id");
    if extracted.provider.is_none() {
        let name = text("gen_ai.provider.name").or_else(|| text("gen_ai.system"));
        extracted.provider = name.map(|name| match words::provider(&name) {
            Some(known) => Cow::Borrowed(known),
            None => Cow::Owned(name),
        });
    }
    let reasons = face.body.get("gen_ai.response.finish_reasons");
    extracted.finish = read::items(reasons).find_map(|reason| words::finish(&reason.as_str()?));
    Ok(extracted)
}
