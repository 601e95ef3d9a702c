//! Bringing records near before they are written.
//!
//! In a sorted table the next record may lie anywhere in memory, and a text is reached through its record alone: writing
//! one after the other waits for each of some forty places in turn. Reading a byte of every place some records ahead lets
//! those waits run beside one another; it halves the time of a content hash.

use super::record::Finding;
use crate::json::Json;
use std::hint::black_box;

/// Bytes of a line of the processor's cache: 64 on x86-64, 64 or 128 on ARM.
const LINE: usize = 64;

/// How many records ahead the record itself, its texts and what hangs on those are read.
const AHEAD: [usize; 3] = [6, 4, 2];

/// Calls `write` with each of `findings` in their order.
pub(super) fn each<'a>(
    findings: impl ExactSizeIterator<Item = &'a Finding> + Clone,
    mut write: impl FnMut(&'a Finding),
) {
    let [mut first, mut second, mut third] = AHEAD.map(|ahead| findings.clone().skip(ahead));
    for finding in findings {
        let record = first
            .next()
            .map_or(0, |ahead| texts(ahead).into_iter().map(str::len).fold(0, usize::wrapping_add));
        let texts = second.next().map_or(0, own);
        let inner = third.next().map_or(0, inner);
        // Else the compiler would drop what nobody uses.
        black_box((record, texts, inner));
        write(finding);
    }
}

/// A byte of every line that a text takes.
fn bytes(text: &str) -> usize {
    text.as_bytes().iter().step_by(LINE).map(|byte| usize::from(*byte)).fold(0, usize::wrapping_add)
}

fn optional(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or_default()
}

/// The texts that a record holds itself.
fn texts(finding: &Finding) -> [&str; 20] {
    let draft = &finding.draft;
    let (scope, estimated) = (&draft.scope, &draft.estimated);
    [
        &draft.check_id,
        &scope.cloud,
        &scope.account_id,
        &scope.service,
        optional(&scope.region),
        optional(&scope.resource_type),
        optional(&scope.resource_id),
        optional(&scope.resource_arn),
        optional(&draft.check_name),
        optional(&draft.category),
        optional(&draft.sub_category),
        optional(&draft.title),
        optional(&draft.message),
        optional(&draft.advice),
        optional(&draft.remediation),
        optional(&draft.metadata_json),
        optional(&estimated.notes),
        optional(&estimated.reason),
        optional(&draft.source.source_ref),
        optional(&draft.source.external_id),
    ]
}

/// The texts of a record, and the entries of its lists and maps.
fn own(finding: &Finding) -> usize {
    let draft = &finding.draft;
    let texts = texts(finding).into_iter().map(bytes);
    let maps = [&draft.tags, &draft.labels, &draft.dimensions].into_iter().flat_map(|map| map.keys());
    let names = maps.chain(draft.metrics.keys()).map(str::len);
    let lists = draft.frameworks.iter().map(String::len).chain(draft.links.iter().map(|link| link.url.len()));
    let evidence = match &draft.evidence {
        Some(Json::Object(members)) => {
            members.iter().map(|(name, _)| name.len()).fold(0, usize::wrapping_add)
        }
        _ => 0,
    };
    texts.chain(names).chain(lists).fold(evidence, usize::wrapping_add)
}

/// The texts of those entries.
fn inner(finding: &Finding) -> usize {
    let draft = &finding.draft;
    let maps = [&draft.tags, &draft.labels, &draft.dimensions].into_iter().flat_map(|map| map.iter());
    let maps = maps.map(|(name, value)| bytes(name).wrapping_add(bytes(value)));
    let metrics = draft.metrics.keys().map(bytes);
    let lists = draft.frameworks.iter().map(|text| bytes(text));
    let links =
        draft.links.iter().map(|link| bytes(&link.url).wrapping_add(link.label.as_deref().map_or(0, bytes)));
    let evidence = match &draft.evidence {
        Some(Json::Object(members)) => members
            .iter()
            .map(|(name, value)| bytes(name).wrapping_add(below(value)))
            .fold(0, usize::wrapping_add),
        _ => 0,
    };
    maps.chain(metrics).chain(lists).chain(links).fold(evidence, usize::wrapping_add)
}

/// The text of a value, or the names below it: deeper ones are few.
fn below(value: &Json) -> usize {
    match value {
        Json::Number(number) => bytes(number.text()),
        Json::String(text) => bytes(text),
        Json::Object(members) => members.iter().map(|(name, _)| bytes(name)).fold(0, usize::wrapping_add),
        _ => 0,
    }
}
