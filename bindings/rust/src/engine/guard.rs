//! What the guardrails say about each finding, in the order of the report.

use super::run::Found;
use finops_core::{
    change::{GuardrailInput, Part, Request, guardrail_record},
    json::Json,
    time::Timestamp,
};
use finops_policy::guardrail::{Check, GuardrailConfig, Now, check};

/// A change of the day: what the guardrails read of it, with its time.
pub(super) fn entry(change: &Json, at: Timestamp) -> Json {
    let mut change = change.clone();
    if let Json::Object(members) = &mut change {
        members.insert("at", at.to_string());
    }
    change
}

/// What the guardrails decide on for some findings of one subject.
pub(super) fn record(parts: &[&Found], as_of: Timestamp) -> GuardrailInput {
    let of = |found: &&'_ Found| (found.finding.finding_id(), found.finding.fingerprint().to_string());
    let ids: Vec<(String, String)> = parts.iter().map(of).collect();
    let list: Vec<Part<'_>> = parts
        .iter()
        .zip(&ids)
        .map(|(found, (finding_id, fingerprint))| Part {
            assessment: &found.assessment,
            finding_id,
            fingerprint,
        })
        .collect();
    let leading = parts.first();
    guardrail_record(&Request {
        parts: &list,
        cluster: leading.map_or("", |found| &found.cluster),
        tags: leading.map_or(&[][..], |found| &found.tags),
        environment: leading.and_then(|found| found.environment.as_deref()),
        as_of,
    })
}

/// The answer before anything was decided: it denies.
pub(super) fn undecided() -> Check {
    check(&Json::Null, &Json::Null, Now::Unknown, &GuardrailConfig::default())
}

/// Judges every finding; those that are allowed are changes of the day for those after them. A finding is never counted
/// against itself.
pub(super) fn judge(
    found: &mut [Found],
    made: &[(String, Json)],
    config: &GuardrailConfig,
    as_of: Timestamp,
) {
    let mut day: Vec<(String, Json)> = made.to_vec();
    for item in found.iter_mut() {
        item.guardrail_input = record(&[item], as_of).json();
        let fingerprint = item.finding.fingerprint().to_string();
        let history = day.iter().filter(|(key, _)| *key != fingerprint).map(|(_, change)| change.clone());
        let history = Json::Array(history.collect());
        item.guardrail = check(&item.guardrail_input, &history, Now::At(as_of), config);
        if is_allowed(&item.guardrail) {
            day.retain(|(key, _)| *key != fingerprint);
            day.push((fingerprint, entry(&item.guardrail_input, as_of)));
        }
    }
}

pub(super) fn is_allowed(check: &Check) -> bool {
    check.action() == finops_policy::decision::Outcome::Allow
}

pub(super) fn is_denied(check: &Check) -> bool {
    check.action() == finops_policy::decision::Outcome::Deny
}
