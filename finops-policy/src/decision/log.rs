//! The decision log: one event a decision, in the shape of OPA's decision log, and what a replay needs from it.
//!
//! `{decision_id, timestamp, path, input, result, labels, bundles, metrics, custom?, erased, masked}`. `custom` holds what
//! besides input and policy went into the decision: requester, approvals, another time than the event's, values that JSON
//! cannot hold, and the digest of the conditions (exemptions, quorum, candidate); it is left out when there is none.

use super::{
    Decision, Outcome, gate,
    mask::{self, Mask},
};
use crate::{Json, PolicyError, error::ConfigError, gate::Foreign, json::Object};
use finops_core::time::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// A recorded decision that cannot be decided again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The recorded input is not the one that was decided on.
    #[error(
        "the recorded input was masked or changed: its digest is `{found}`, not `{recorded}`; replay needs the original"
    )]
    Masked {
        /// The digest in the record.
        recorded: String,
        /// The digest of the recorded input.
        found: String,
    },
    /// The gate holds another policy, other exemptions, quorum or candidate.
    #[error("the decision was made under `{recorded}`, the gate holds `{held}`; load what the event names")]
    Revision {
        /// What the event names.
        recorded: String,
        /// What the gate holds.
        held: String,
    },
    /// The event is not of the shape that this crate writes.
    #[error("`{path}` is missing or of the wrong type; give an event as the decision log wrote it")]
    Event {
        /// JSON pointer into the event.
        path: &'static str,
    },
}

impl ReplayError {
    /// `policy.replay_masked`, `policy.replay_revision` or `policy.replay_event`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Masked { .. } => "policy.replay_masked",
            Self::Revision { .. } => "policy.replay_revision",
            Self::Event { .. } => "policy.replay_event",
        }
    }

    /// JSON pointer into the event.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        match self {
            Self::Masked { .. } => "/input",
            Self::Revision { .. } => "/result/policy_digest",
            Self::Event { path } => path,
        }
    }
}

/// What an event says besides the decision; times, labels and metrics are the caller's.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EventFields {
    /// When the decision was made.
    pub timestamp: Option<Timestamp>,
    /// Who writes: for example `{"id", "version"}`.
    pub labels: Object,
    /// Durations in nanoseconds, for example `{"timer_rego_query_eval_ns"}`.
    pub metrics: Object,
}

/// What went into a decision besides input and policy.
#[derive(Debug, Clone, Copy, Default)]
pub struct Conditions<'a> {
    /// The instant that the decision knew.
    pub now: Option<Timestamp>,
    /// Who asked.
    pub requester: Option<&'a str>,
    /// The approvals given.
    pub approvals: &'a [Json],
    /// What JSON cannot hold of the input.
    pub foreign: &'a [Foreign],
    /// Digest of exemptions, quorum and candidate, if there are any.
    pub digest: Option<&'a str>,
}

/// The event of a decision, masked. `input` is none when the text could not be read: unread text cannot be masked.
///
/// `path` is the entry package.
#[must_use]
pub fn event(
    decision: &Decision,
    input: Option<&Json>,
    conditions: &Conditions<'_>,
    path: &str,
    fields: &EventFields,
    masks: &[Mask],
) -> Json {
    // Without a set the revision is the policy digest: the set that decided is named by the decision, not by the gate,
    // which may have loaded another one since.
    let revision = (decision.policy_revision != decision.policy_digest).then_some(&*decision.policy_revision);
    let mut members = Object::new();
    members.insert("decision_id", decision.decision_id.as_deref());
    members.insert("timestamp", fields.timestamp.map(|at| at.to_string()));
    members.insert("path", path);
    if let Some(input) = input {
        members.insert("input", input.clone());
    }
    members.insert("result", decision.to_json());
    members.insert("labels", fields.labels.clone());
    let bundle = revision.map(|revision| (path, Json::object([("revision", Json::from(revision))])));
    members.insert("bundles", Json::object(bundle));
    members.insert("metrics", fields.metrics.clone());
    let custom = custom(conditions, fields.timestamp);
    if !custom.is_empty() {
        members.insert("custom", custom);
    }
    masked(&Json::Object(members), masks)
}

/// `event` masked, with the members `erased` and `masked`.
#[must_use]
pub fn masked(event: &Json, masks: &[Mask]) -> Json {
    let done = mask::mask(event, masks);
    let mut event = done.event;
    if let Json::Object(members) = &mut event {
        let input_left_out = !members.contains_key("input");
        let erased: BTreeSet<String> =
            done.erased.into_iter().chain(input_left_out.then(|| "/input".to_owned())).collect();
        members.insert("erased", Json::array(erased));
        members.insert("masked", done.masked);
    }
    event
}

fn custom(conditions: &Conditions<'_>, timestamp: Option<Timestamp>) -> Object {
    let mut custom = Object::new();
    if conditions.now != timestamp {
        custom.insert("now", conditions.now.map(|now| now.to_string()));
    }
    if let Some(requester) = conditions.requester {
        custom.insert("requester", requester);
    }
    if !conditions.approvals.is_empty() {
        custom.insert("approvals", conditions.approvals.to_vec());
    }
    if !conditions.foreign.is_empty() {
        let foreign = conditions.foreign.iter().map(|foreign| {
            Json::object([
                ("path", Json::from(foreign.path.as_str())),
                ("number", Json::from(foreign.number)),
                ("found", Json::from(foreign.found.as_str())),
            ])
        });
        custom.insert("foreign", Json::array(foreign));
    }
    if let Some(digest) = conditions.digest {
        custom.insert("conditions", digest);
    }
    custom
}

/// Whether the event of `decision` is kept when allows are sampled at `sample_allow`, 0 to 1.
///
/// Denials and outstanding approvals always are; so is a decision without an id. The same id gives the same answer
/// everywhere.
#[must_use]
pub fn is_sampled(decision: &Decision, sample_allow: f64) -> bool {
    let id = match (decision.decision, decision.decision_id.as_deref()) {
        (Outcome::Allow, Some(id)) => id,
        _ => return true,
    };
    let digest = Sha256::digest(id.as_bytes());
    let first = digest.iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    // 53 bits fit a double exactly, so the share is the same on every machine.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double")]
    let share = (first >> 11) as f64 / (1_u64 << 53) as f64;
    share < sample_allow
}

/// A rate at which allows are sampled.
///
/// # Errors
/// `policy.config` at `path` outside 0 to 1.
pub fn sample_rate(rate: f64, path: &str) -> Result<f64, PolicyError> {
    if (0.0..=1.0).contains(&rate) {
        return Ok(rate);
    }
    let help = "give a share from 0 (no allow) to 1 (every allow)";
    Err(ConfigError::new(path, format!("`{rate}` is no share"), help).into())
}

/// What a recorded event says, checked against its own digest.
#[derive(Debug, Clone)]
pub struct Recorded<'e> {
    pub(super) event: &'e Json,
    pub(super) input: &'e Json,
    pub(super) result: &'e Json,
    pub(super) outcome: Outcome,
    pub(super) decision_id: Option<&'e str>,
    pub(super) policy_digest: &'e str,
    pub(super) now: Option<Timestamp>,
    pub(super) requester: Option<&'e str>,
    pub(super) approvals: &'e [Json],
    pub(super) foreign: Vec<Foreign>,
    pub(super) conditions: Option<&'e str>,
}

impl<'e> Recorded<'e> {
    /// Reads an event.
    ///
    /// # Errors
    /// `policy.replay_event` for another shape, `policy.replay_masked` when the input is not the one decided on.
    pub fn read(event: &'e Json) -> Result<Self, ReplayError> {
        let text = |path: &'static str| {
            event.pointer(path).and_then(Json::as_str).ok_or(ReplayError::Event { path })
        };
        let result = event.get("result").ok_or(ReplayError::Event { path: "/result" })?;
        let outcome = match text("/result/decision")? {
            "deny" => Outcome::Deny,
            "require_approval" => Outcome::RequireApproval,
            "allow" => Outcome::Allow,
            _ => return Err(ReplayError::Event { path: "/result/decision" }),
        };
        let recorded = text("/result/input_digest")?;
        let found = event.get("input").map(gate::digest).unwrap_or_default();
        if found != recorded {
            return Err(ReplayError::Masked { recorded: recorded.to_owned(), found });
        }
        let Some(input) = event.get("input") else {
            return Err(ReplayError::Event { path: "/input" });
        };
        Ok(Self {
            event,
            input,
            result,
            outcome,
            decision_id: event.get("decision_id").and_then(Json::as_str),
            policy_digest: text("/result/policy_digest")?,
            now: now(event)?,
            requester: event.pointer("/custom/requester").and_then(Json::as_str),
            approvals: event.pointer("/custom/approvals").and_then(Json::as_array).unwrap_or_default(),
            foreign: foreign(event).ok_or(ReplayError::Event { path: "/custom/foreign" })?,
            conditions: event.pointer("/custom/conditions").and_then(Json::as_str),
        })
    }

    /// Rule and subject of every recorded violation.
    pub(super) fn violation_keys(&self) -> BTreeSet<(String, Option<String>)> {
        let violations = self.result.get("violations").and_then(Json::as_array).unwrap_or_default();
        let text = |violation: &Json, name| violation.get(name).and_then(Json::as_str).map(str::to_owned);
        violations.iter().filter_map(|v| Some((text(v, "rule")?, text(v, "subject")))).collect()
    }
}

fn foreign(event: &Json) -> Option<Vec<Foreign>> {
    let Some(list) = event.pointer("/custom/foreign") else { return Some(Vec::new()) };
    let one = |foreign: &Json| {
        Some(Foreign {
            path: foreign.get("path")?.as_str()?.to_owned(),
            number: foreign.get("number")?.as_bool()?,
            found: foreign.get("found")?.as_str()?.to_owned(),
        })
    };
    list.as_array()?.iter().map(one).collect()
}

fn now(event: &Json) -> Result<Option<Timestamp>, ReplayError> {
    let (path, text) = match event.pointer("/custom/now") {
        Some(now) => ("/custom/now", Some(now)),
        None => ("/timestamp", event.get("timestamp")),
    };
    match text {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => text.parse().map(Some).map_err(|_| ReplayError::Event { path }),
        Some(_) => Err(ReplayError::Event { path }),
    }
}
