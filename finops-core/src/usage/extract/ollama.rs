//! Ollama: self-hosted; the prompt includes its cached part, and the duration is stated in nanoseconds.

use super::{
    Extracted, Face, Lookup, UsageError,
    read::{Base, Completion, Prompt},
    words,
};
use crate::time::DurationNs;
use std::borrow::Cow;

pub(super) fn recognises<L: Lookup>(face: &Face<'_, L>) -> bool {
    face.body.get("prompt_eval_count").is_some()
        || (words::is(face.provider, "ollama") && face.body.get("eval_count").is_some())
}

pub(super) fn read<L: Lookup>(face: &Face<'_, L>) -> Result<Extracted, UsageError> {
    let base = Base::Root;
    let mut extracted = face.start();
    extracted.provider.get_or_insert(Cow::Borrowed("ollama"));
    let prompt = Prompt {
        total: base.required(&face.body, "prompt_eval_count")?,
        cached: base.count(&face.body, "prompt_eval_cached_count")?,
        ..Prompt::default()
    };
    extracted.usage = prompt.disjoint(base)?;
    let output = base.or_zero(Some(&face.body), "eval_count")?;
    Completion { total: output, ..Completion::default() }.fill(&mut extracted.usage, base)?;
    extracted.duration = base.count(&face.body, "total_duration")?.map(|ns| DurationNs::new(ns.value));
    extracted.finish = face.finish(&face.body, "done_reason");
    Ok(extracted)
}
