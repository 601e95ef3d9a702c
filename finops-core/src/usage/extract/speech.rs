//! Transcriptions that are billed by the second.

use super::{Extracted, Face, Lookup, Usage, UsageError, read::Base};

pub(super) fn recognises<L: Lookup>(face: &Face<'_, L>) -> bool {
    face.usage_has("seconds")
}

pub(super) fn read<L: Lookup>(face: &Face<'_, L>) -> Result<Extracted, UsageError> {
    let mut extracted = face.start();
    let seconds = Base::At("usage").required(face.usage()?, "seconds")?;
    extracted.usage = Usage { audio_second: seconds.value, ..Usage::default() };
    Ok(extracted)
}
