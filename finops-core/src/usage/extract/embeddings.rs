//! Embeddings and rankings: a list with usage. Voyage states the total alone.

use super::{
    Extracted, Face, Lookup, Usage, UsageError, chat,
    read::{self, Base},
    reported,
};

pub(super) fn recognises<L: Lookup>(face: &Face<'_, L>) -> bool {
    face.usage.is_some() && read::is(face.object.as_ref(), "list")
}

pub(super) fn read<L: Lookup>(face: &Face<'_, L>) -> Result<Extracted, UsageError> {
    let (usage, base) = (face.usage()?, Base::At("usage"));
    let mut extracted = face.start();
    extracted.usage = match base.count(usage, "total_tokens")? {
        Some(total) if usage.get("prompt_tokens").is_none() => Usage::new(total.value, 0),
        _ => chat::usage_of(usage, base, false, &mut extracted.assumptions)?,
    };
    reported::apply(usage, &mut extracted);
    Ok(extracted)
}
