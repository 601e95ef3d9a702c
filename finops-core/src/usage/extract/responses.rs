//! OpenAI Responses and Realtime, and the images and transcriptions that share their fields.

use super::{
    Extracted, Face, Lookup, Usage, UsageError,
    read::{self, Base, Completion, Prompt},
    reported,
};
use crate::cost::Assumptions;

/// The events that carry a whole response: the one of Realtime, and the ends of a Responses stream.
const ENDS: [&str; 4] = ["response.done", "response.completed", "response.incomplete", "response.failed"];

pub(super) fn recognises<L: Lookup>(face: &Face<'_, L>) -> bool {
    ENDS.iter().any(|end| read::is(face.kind.as_ref(), end)) || read::is(face.object.as_ref(), "response")
}

pub(super) fn read<L: Lookup>(face: &Face<'_, L>) -> Result<Extracted, UsageError> {
    if !ENDS.iter().any(|end| read::is(face.kind.as_ref(), end)) {
        return read_at(face, Base::At("usage"));
    }
    let missing = || UsageError::Missing { path: "response.usage".to_owned() };
    let inner = Face::new(face.body.get("response").ok_or_else(missing)?, face.provider);
    if inner.usage.is_none() {
        return Err(missing());
    }
    read_at(&inner, Base::At("response.usage"))
}

fn read_at<L: Lookup>(face: &Face<'_, L>, base: Base) -> Result<Extracted, UsageError> {
    let usage = face.usage()?;
    let mut extracted = face.start();
    extracted.usage = usage_of(usage, base, &mut extracted.assumptions)?;
    face.apply_tier(&face.body, "service_tier", &mut extracted);
    extracted.finish = finish(face, &face.body);
    reported::apply(usage, &mut extracted);
    count_tools(face, &mut extracted.usage);
    Ok(extracted)
}

/// By status; an incomplete response by the reason why.
pub(super) fn finish<L: Lookup>(face: &Face<'_, L>, body: &L) -> Option<&'static str> {
    if !read::is(body.get("status").as_ref(), "incomplete") {
        return face.finish(body, "status");
    }
    face.finish(&body.get("incomplete_details")?, "reason")
}

fn count_tools<L: Lookup>(face: &Face<'_, L>, usage: &mut Usage) {
    for item in read::items(face.body.get("output")) {
        let kind = item.get("type");
        let kind = kind.as_ref().and_then(Lookup::as_str);
        let counter = match kind.as_deref() {
            Some("web_search_call") => &mut usage.web_search,
            Some("file_search_call") => &mut usage.file_search,
            Some("code_interpreter_call") => &mut usage.code_execution,
            _ => continue,
        };
        if read::is(item.get("status").as_ref(), "completed") {
            *counter = counter.saturating_add(1);
        }
    }
}

/// The counts of a usage whose input includes cached tokens.
pub(super) fn usage_of<L: Lookup>(
    usage: &L,
    base: Base,
    assumptions: &mut Assumptions,
) -> Result<Usage, UsageError> {
    let input = base.required(usage, "input_tokens")?;
    let output = base.required(usage, "output_tokens")?;
    let total = base.count(usage, "total_tokens")?;

    let mut prompt = Prompt { total: input, ..Prompt::default() };
    if let Some(details) = usage.get("input_tokens_details") {
        prompt.cached = base.count(&details, "input_tokens_details.cached_tokens")?;
        prompt.written_5m = base.or_zero(Some(&details), "input_tokens_details.cache_write_tokens")?;
        prompt.audio = base.or_zero(Some(&details), "input_tokens_details.audio_tokens")?;
        prompt.image = base.or_zero(Some(&details), "input_tokens_details.image_tokens")?;
    } else if let Some(details) = usage.get("input_token_details") {
        prompt.cached = base.count(&details, "input_token_details.cached_tokens")?;
        prompt.audio = base.or_zero(Some(&details), "input_token_details.audio_tokens")?;
        prompt.image = base.or_zero(Some(&details), "input_token_details.image_tokens")?;
        let split = details.get("cached_tokens_details");
        let split = split.as_ref();
        prompt.cached_audio =
            base.or_zero(split, "input_token_details.cached_tokens_details.audio_tokens")?;
        prompt.cached_image =
            base.or_zero(split, "input_token_details.cached_tokens_details.image_tokens")?;
        if prompt.cached.is_none() {
            // Without their sum the split is all there is.
            let mut sum = base.or_zero(split, "input_token_details.cached_tokens_details.text_tokens")?;
            sum.value = base.add(sum.value, prompt.cached_audio)?;
            sum.value = base.add(sum.value, prompt.cached_image)?;
            prompt.cached = Some(sum);
        }
    }
    let mut disjoint = prompt.disjoint(base)?;

    let mut completion = Completion { total: output, ..Completion::default() };
    if let Some(details) = usage.get("output_tokens_details") {
        completion.reasoning = base.or_zero(Some(&details), "output_tokens_details.reasoning_tokens")?;
        completion.audio = base.or_zero(Some(&details), "output_tokens_details.audio_tokens")?;
        completion.image = base.or_zero(Some(&details), "output_tokens_details.image_tokens")?;
    } else if let Some(details) = usage.get("output_token_details") {
        completion.reasoning = base.or_zero(Some(&details), "output_token_details.reasoning_tokens")?;
        completion.audio = base.or_zero(Some(&details), "output_token_details.audio_tokens")?;
    }
    let counts = (input.value, output.value, completion.reasoning.value);
    completion.reasoning_joins = read::reasoning_joins(counts, total, false, assumptions);
    completion.fill(&mut disjoint, base)?;
    Ok(disjoint)
}
