//! Cohere: what is billed, not what was tokenised.

use super::{
    Extracted, Face, Lookup, Usage, UsageError,
    read::{self, Base},
};
use std::borrow::Cow;

pub(super) fn recognises<L: Lookup>(face: &Face<'_, L>) -> bool {
    billed(face).is_some()
}

fn billed<L: Lookup>(face: &Face<'_, L>) -> Option<(L, Base)> {
    if let Some(units) = face.usage.as_ref().and_then(|usage| usage.get("billed_units")) {
        return Some((units, Base::At("usage.billed_units")));
    }
    face.body.get("meta")?.get("billed_units").map(|units| (units, Base::At("meta.billed_units")))
}

pub(super) fn read<L: Lookup>(face: &Face<'_, L>) -> Result<Extracted, UsageError> {
    let missing = || UsageError::Missing { path: "usage.billed_units".to_owned() };
    let (units, base) = billed(face).ok_or_else(missing)?;
    let mut extracted = face.start();
    extracted.provider.get_or_insert(Cow::Borrowed("cohere"));
    let input = base.count(&units, "input_tokens")?;
    let image = base.count(&units, "image_tokens")?;
    let searches = base.count(&units, "search_units")?;
    let output = base.count(&units, "output_tokens")?;
    if input.is_none() && image.is_none() && searches.is_none() {
        return Err(UsageError::Missing { path: base.path("input_tokens") });
    }
    let value = |count: Option<read::Count>| count.map_or(0, |count| count.value);
    extracted.usage = Usage {
        input_image: value(image),
        rerank: value(searches),
        ..Usage::new(value(input), value(output))
    };
    extracted.finish = face.finish(&face.body, "finish_reason");
    Ok(extracted)
}
