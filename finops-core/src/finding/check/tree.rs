//! The free parts of a record: evidence, metadata, the bill's figures and lineage.

use super::{
    super::{
        canonical::{has_control, push_string, utf16_order},
        parts::{Actual, Lineage},
        problem::Notes,
        record::FindingDraft,
        redact::redact_json,
    },
    HELP_FEWER, HELP_SHORT, HELP_TEXT,
};
use crate::json::{Json, Limits, Number, Object, ReadError, pointer_of, read};

/// 32 KiB of canonical bytes.
const PART_MAX: usize = 32 * 1024;
/// Containers inside one another, the record included.
pub(in super::super) const DEPTH_MAX: usize = 16;
/// Entries of the lists of a lineage.
const LINEAGE_MAX: usize = 1000;

/// Sorts members as RFC 8785 does and turns every number but an integer below 2^53 into the text of its digits.
fn canonical_tree(value: &mut Json) {
    match value {
        Json::Number(number) => {
            if let Some(text) = as_text(number) {
                *value = text;
            }
        }
        Json::Array(values) => values.iter_mut().for_each(canonical_tree),
        Json::Object(members) => {
            members.values_mut().for_each(canonical_tree);
            sort(members);
        }
        _ => {}
    }
}

fn sort(members: &mut Object) {
    let ordered =
        members.keys().zip(members.keys().skip(1)).all(|(one, next)| utf16_order(one, next).is_lt());
    if !ordered {
        let mut sorted: Vec<_> = std::mem::take(members).into_iter().collect();
        sorted.sort_unstable_by(|(one, _), (other, _)| utf16_order(one, other));
        *members = Object::from_unique(sorted);
    }
}

/// What becomes of a number; `None` where it stays as it is.
fn as_text(number: &Number) -> Option<Json> {
    const SAFE: i64 = 1 << 53;
    match number.as_i64() {
        // `-0` is an integer, too, but not its canonical text.
        Some(0) => (number.text() != "0").then(|| Json::from(0)),
        Some(value) if value > -SAFE && value < SAFE => None,
        _ => Some(Json::from(number.text())),
    }
}

/// Appends a canonical value as RFC 8785 writes it.
pub(in super::super) fn push_tree(out: &mut Vec<u8>, value: &Json) {
    match value {
        Json::Null => out.extend_from_slice(b"null"),
        Json::Bool(true) => out.extend_from_slice(b"true"),
        Json::Bool(false) => out.extend_from_slice(b"false"),
        Json::Number(number) => out.extend_from_slice(number.text().as_bytes()),
        Json::String(text) => push_string(out, text),
        Json::Array(values) => {
            out.push(b'[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                push_tree(out, value);
            }
            out.push(b']');
        }
        Json::Object(members) => push_members(out, members),
    }
}

/// Appends the members of a canonical object.
pub(in super::super) fn push_members(out: &mut Vec<u8>, members: &Object) {
    out.push(b'{');
    for (index, (name, value)) in members.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        push_string(out, name);
        out.push(b':');
        push_tree(out, value);
    }
    out.push(b'}');
}

/// How many containers stand inside one another, counted up to `most` and one more.
pub(in super::super) fn depth(value: &Json, most: usize) -> usize {
    let inside = |values: &mut dyn Iterator<Item = &Json>| match most.checked_sub(1) {
        None => 1,
        Some(left) => values.map(|value| depth(value, left)).max().unwrap_or(0).saturating_add(1),
    };
    match value {
        Json::Array(values) => inside(&mut values.iter()),
        Json::Object(members) => inside(&mut members.values()),
        _ => 0,
    }
}

/// The canonical bytes of a value.
fn measure(value: &Json) -> usize {
    let mut bytes = Vec::new();
    push_tree(&mut bytes, value);
    bytes.len()
}

/// Control characters in the names of members.
fn names(value: &Json, path: &mut Vec<String>, notes: &mut Notes) {
    match value {
        Json::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                path.push(index.to_string());
                names(value, path, notes);
                path.pop();
            }
        }
        Json::Object(members) => {
            for (name, value) in members.iter() {
                let container = matches!(value, Json::Array(_) | Json::Object(_));
                let refused = has_control(name);
                if !container && !refused {
                    continue;
                }
                path.push(name.to_owned());
                if refused {
                    let at = pointer_of(path.iter().map(String::as_str));
                    notes.problem("finding.bad_text", at, name, HELP_TEXT);
                }
                names(value, path, notes);
                path.pop();
            }
        }
        _ => {}
    }
}

pub(super) fn evidence(draft: &mut FindingDraft, notes: &mut Notes) {
    let Some(value) = &mut draft.evidence else { return };
    if !matches!(value, Json::Object(_)) {
        let given = value.to_text();
        notes.problem("finding.wrong_type", "/evidence", &given, "give an object");
        return;
    }
    // A draft made in memory was not read with a limit.
    if depth(value, DEPTH_MAX) >= DEPTH_MAX {
        notes.problem("finding.too_deep", "/evidence", "", "flatten it");
        draft.evidence = None;
        return;
    }
    names(value, &mut vec!["evidence".to_owned()], notes);
    // Numbers first: what became text is looked at once and for all.
    canonical_tree(value);
    redact_json(value, &mut notes.counts.redactions);
    if measure(value) > PART_MAX {
        notes.problem("finding.too_large", "/evidence", "", "keep the evidence within 32 KiB");
    }
}

pub(super) fn metadata(draft: &mut FindingDraft, notes: &mut Notes) {
    const PATH: &str = "/metadata_json";
    let Some(text) = &mut draft.metadata_json else { return };
    if text.trim().is_empty() {
        draft.metadata_json = None;
        return;
    }
    let parsed = read(text.as_bytes(), &Limits { depth: DEPTH_MAX, ..Limits::default() });
    match parsed {
        Ok(mut value) => {
            canonical_tree(&mut value);
            redact_json(&mut value, &mut notes.counts.redactions);
            let mut bytes = Vec::with_capacity(text.len());
            push_tree(&mut bytes, &value);
            if bytes.len() > PART_MAX {
                notes.problem("finding.too_large", PATH, text, "keep the metadata within 32 KiB");
            }
            *text = String::from_utf8(bytes).unwrap_or_default();
        }
        Err(error) => notes.problem(read_code(&error), PATH, text, "give one JSON value"),
    }
}

/// The code of a text that is no record.
pub(in super::super) const fn read_code(error: &ReadError) -> &'static str {
    match error {
        ReadError::TooLarge { .. } => "finding.too_large",
        ReadError::TooDeep { .. } => "finding.too_deep",
        ReadError::Syntax { .. } => "finding.bad_json",
        ReadError::DuplicateKey { .. } => "finding.duplicate_key",
    }
}

pub(super) fn actual(draft: &mut FindingDraft, notes: &mut Notes) {
    let Some(Actual(members)) = &mut draft.actual else { return };
    if members.values().any(|value| depth(value, DEPTH_MAX) >= DEPTH_MAX) {
        notes.problem("finding.too_deep", "/actual", "", "flatten it");
        draft.actual = None;
        return;
    }
    members.values_mut().for_each(canonical_tree);
    sort(members);
    let mut bytes = Vec::new();
    push_members(&mut bytes, members);
    if bytes.len() > PART_MAX {
        notes.problem("finding.too_large", "/actual", "", "keep the figures within 32 KiB");
    }
}

pub(super) fn lineage(draft: &mut FindingDraft, notes: &mut Notes) {
    let Some(lineage) = &mut draft.lineage else { return };
    let Lineage { pricing_source, pricing_version, pricing_date, rule_version, .. } = lineage;
    let texts = [
        (pricing_source, "/lineage/pricing_source"),
        (pricing_version, "/lineage/pricing_version"),
        (pricing_date, "/lineage/pricing_date"),
        (rule_version, "/lineage/rule_version"),
    ];
    for (text, path) in texts {
        notes.optional_id(text, path, 512);
    }
    let digest =
        |text: &str| text.len() == 64 && text.bytes().all(|byte| b"0123456789abcdef".contains(&byte));
    const HELP: &str = "give the 64 hexadecimal digits of a SHA-256";
    let mut check = |text: &mut String, path: String| {
        text.make_ascii_lowercase();
        if text.is_empty() {
            notes.problem("finding.missing_field", path, "", HELP);
        } else if !digest(text) {
            notes.problem("finding.bad_id", path, text, HELP);
        }
    };
    if let Some(text) = &mut lineage.sources_digest {
        check(text, "/lineage/sources_digest".to_owned());
    }
    for (index, text) in lineage.source_fingerprints.iter_mut().flatten().enumerate() {
        check(text, format!("/lineage/source_fingerprints/{index}"));
    }
    for (index, input) in lineage.inputs.iter_mut().flatten().enumerate() {
        check(&mut input.sha256, format!("/lineage/inputs/{index}/sha256"));
    }
    for (index, input) in lineage.inputs.iter_mut().flatten().enumerate() {
        let path = format!("/lineage/inputs/{index}/name");
        if input.name.len() > 512 {
            notes.problem("finding.too_long", path, &input.name, HELP_SHORT);
        } else if has_control(&input.name) {
            notes.problem("finding.bad_text", path, &input.name, HELP_TEXT);
        }
    }
    if let Some(sources) = &mut lineage.source_fingerprints {
        sources.sort_unstable();
    }
    let lists = [
        (lineage.source_fingerprints.as_ref().map(Vec::len), "/lineage/source_fingerprints"),
        (lineage.inputs.as_ref().map(Vec::len), "/lineage/inputs"),
    ];
    for (len, path) in lists {
        if len.is_some_and(|len| len > LINEAGE_MAX) {
            notes.problem("finding.too_many", path, "", HELP_FEWER);
        }
    }
}
