//! Approvals: people who lift rules that ask for one, for one input under one policy and for a short time.
//!
//! A denial is never approved away, and nobody approves their own request.

use super::{Action, Outcome, Violation};
use crate::{Json, PolicyError, error::ConfigError, json::pointer_of};
use finops_core::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

const MS_PER_HOUR: i64 = 3_600_000;

/// How many people a rule needs and how long an approval may live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalOptions {
    /// People needed by a rule that [`ApprovalOptions::quorum`] does not name; at least 1.
    pub default_quorum: u32,
    /// People needed by rule; at least 1.
    pub quorum: BTreeMap<String, u32>,
    /// The longest time from `approved_at` to `expires_at`, in hours.
    pub max_ttl_hours: u32,
}

impl Default for ApprovalOptions {
    /// One person, 24 hours (`shared/vectors/policy.json`, `defaults.approvals`).
    fn default() -> Self {
        Self { default_quorum: 1, quorum: BTreeMap::new(), max_ttl_hours: 24 }
    }
}

impl ApprovalOptions {
    /// Reads `{"default": 1, "<rule>": n}` found at the pointer `path`; a key left out keeps its default.
    ///
    /// # Errors
    /// `policy.config` when a number of people is no integer of at least 1.
    pub fn with_quorum(mut self, quorum: &Json, path: &str) -> Result<Self, PolicyError> {
        let help = "give an object from rule to the number of people, 1 or more, and `default` for the others";
        let Some(members) = quorum.as_object() else {
            return Err(ConfigError::new(path, format!("is of type {}", quorum.type_name()), help).into());
        };
        for (rule, value) in members.iter() {
            let people = match value {
                Json::Number(number) => number.text().parse::<u32>().ok().filter(|n| *n >= 1),
                _ => None,
            };
            let Some(people) = people else {
                let shown = finops_core::error::shorten(&value.to_text());
                let at = format!("{path}{}", pointer_of([rule]));
                return Err(ConfigError::new(at, format!("`{shown}` is no number of people"), help).into());
            };
            if rule == "default" {
                self.default_quorum = people;
            } else {
                self.quorum.insert(rule.to_owned(), people);
            }
        }
        Ok(self)
    }

    fn needed(&self, rule: &str) -> usize {
        let people = self.quorum.get(rule).copied().unwrap_or(self.default_quorum);
        usize::try_from(people.max(1)).unwrap_or(usize::MAX)
    }
}

/// What the approvals are checked against.
#[derive(Debug, Clone, Copy)]
pub struct ApprovalScope<'a> {
    /// Who asks; nobody may approve their own request.
    pub requester: Option<&'a str>,
    /// `sha256:<hex>` of the canonical input.
    pub input_digest: &'a str,
    /// The revision of the policy that decided.
    pub policy_revision: &'a str,
    /// The instant of the decision; without one no approval counts.
    pub now: Option<Timestamp>,
}

/// What the approvals achieved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approved {
    /// Deny when anything is denied, else require approval while somebody is missing, else allow.
    pub decision: Outcome,
    /// By pending rule, in the order of the decision, how many people are still needed.
    pub missing: Vec<(String, usize)>,
    /// Ids of the approvals that counted, sorted.
    pub used: Vec<String>,
    /// The others: id, if any, and code; duplicates of an approver last.
    pub rejected: Vec<(Option<String>, &'static str)>,
}

impl Approved {
    /// `{missing, used, rejected}`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let missing = self.missing.iter().map(|(rule, n)| (rule.as_str(), Json::from(*n)));
        let rejected = self.rejected.iter().map(|(id, code)| {
            Json::Array(vec![id.as_deref().map_or(Json::Null, Json::from), Json::from(*code)])
        });
        Json::object([
            ("missing", Json::object(missing)),
            ("used", Json::Array(self.used.iter().map(|id| Json::from(id.as_str())).collect())),
            ("rejected", Json::Array(rejected.collect())),
        ])
    }
}

struct Approval<'a> {
    id: &'a str,
    /// Trimmed and lower-cased: one person is one person.
    approver: String,
    rules: Vec<&'a str>,
}

/// Counts `approvals` for the pending rules among `violations`.
#[must_use]
pub fn approve(
    violations: &[Violation],
    approvals: &[Json],
    scope: &ApprovalScope<'_>,
    options: &ApprovalOptions,
) -> Approved {
    let mut pending: Vec<&str> = Vec::new();
    for violation in violations.iter().filter(|v| v.action == Action::RequireApproval) {
        if !pending.contains(&violation.rule.as_str()) {
            pending.push(&violation.rule);
        }
    }
    let denied = violations.iter().any(|v| v.action == Action::Deny);
    let mut approvers: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let (mut used, mut rejected, mut duplicates) = (Vec::new(), Vec::new(), Vec::new());
    for item in approvals {
        let approval = match read(item, scope, options, &pending) {
            Ok(approval) => approval,
            Err(code) => {
                rejected.push((id(item).map(str::to_owned), code));
                continue;
            }
        };
        let mut counted = false;
        for rule in pending.iter().filter(|rule| approval.covers(rule)) {
            counted |= approvers.entry(rule).or_default().insert(approval.approver.clone());
        }
        if counted {
            used.push(approval.id.to_owned());
        } else {
            duplicates.push((Some(approval.id.to_owned()), "approval.duplicate_approver"));
        }
    }
    used.sort();
    rejected.append(&mut duplicates);
    let missing: Vec<(String, usize)> = pending
        .iter()
        .filter_map(|rule| {
            let agreed = approvers.get(rule).map_or(0, BTreeSet::len);
            let missing = options.needed(rule).saturating_sub(agreed);
            (missing > 0).then(|| ((*rule).to_owned(), missing))
        })
        .collect();
    let decision = match (denied, missing.is_empty()) {
        (true, _) => Outcome::Deny,
        (false, false) => Outcome::RequireApproval,
        (false, true) => Outcome::Allow,
    };
    Approved { decision, missing, used, rejected }
}

impl Approval<'_> {
    fn covers(&self, rule: &str) -> bool {
        self.rules.iter().any(|covered| *covered == "*" || *covered == rule)
    }
}

fn read<'a>(
    item: &'a Json,
    scope: &ApprovalScope<'_>,
    options: &ApprovalOptions,
    pending: &[&str],
) -> Result<Approval<'a>, &'static str> {
    const INVALID: &str = "approval.invalid";
    let text = |name: &str| item.get(name).and_then(not_blank).ok_or(INVALID);
    let (id, approver) = (text("id")?, person(text("approver")?));
    let (digest, revision) = (text("input_digest")?, text("policy_revision")?);
    let rules: Option<Vec<&str>> =
        item.get("rules").and_then(Json::as_array).ok_or(INVALID)?.iter().map(not_blank).collect();
    let rules = rules.filter(|rules| !rules.is_empty()).ok_or(INVALID)?;
    let date = |name: &str| -> Option<Timestamp> { item.get(name)?.as_str()?.parse().ok() };
    let (approved_at, expires_at) = date("approved_at").zip(date("expires_at")).ok_or(INVALID)?;
    if approved_at >= expires_at {
        return Err(INVALID);
    }
    if digest != scope.input_digest {
        return Err("approval.digest_mismatch");
    }
    if revision != scope.policy_revision {
        return Err("approval.revision_mismatch");
    }
    let now = scope.now.ok_or("approval.time_unknown")?;
    if now < approved_at {
        return Err("approval.not_yet_valid");
    }
    if now >= expires_at {
        return Err("approval.expired");
    }
    let ttl_ms = expires_at.ms().saturating_sub(approved_at.ms());
    if ttl_ms > MS_PER_HOUR.saturating_mul(i64::from(options.max_ttl_hours)) {
        return Err("approval.ttl_too_long");
    }
    match scope.requester.map(person).filter(|requester| !requester.is_empty()) {
        None => return Err("approval.requester_unknown"),
        Some(requester) if requester == approver => return Err("approval.self_approval"),
        Some(_) => {}
    }
    let covers = |rule: &&str| *rule == "*" || pending.contains(rule);
    if !rules.iter().any(covers) {
        return Err("approval.rule_not_covered");
    }
    Ok(Approval { id, approver, rules })
}

/// One person however the name was typed.
fn person(name: &str) -> String {
    name.trim().to_lowercase()
}

fn not_blank(value: &Json) -> Option<&str> {
    value.as_str().filter(|text| !text.trim().is_empty())
}

fn id(item: &Json) -> Option<&str> {
    item.get("id").and_then(not_blank)
}
