//! Bodies that do not say what they are, read by the names of their counts.

use super::{Extracted, Face, Lookup, UsageError, anthropic, chat, responses, words};

pub(super) fn recognises<L: Lookup>(face: &Face<'_, L>) -> bool {
    face.usage_has("prompt_tokens") || face.usage_has("input_tokens")
}

pub(super) fn read<L: Lookup>(face: &Face<'_, L>) -> Result<Extracted, UsageError> {
    if face.usage_has("prompt_tokens") {
        chat::read(face)
    } else if words::is(face.provider, "anthropic")
        || face.usage_has("cache_read_input_tokens")
        || face.usage_has("cache_creation_input_tokens")
    {
        anthropic::read(face)
    } else {
        responses::read(face)
    }
}
