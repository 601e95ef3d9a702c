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
        let help =
            "give an object from rule to the number of people, 1 or more, and `default` for the others";
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
        if !pending.contains(&violation.rule.as_ref()) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, read};
    use proptest::prelude::*;

    const DIGEST: &str = "sha256:12";

    fn json(text: &str) -> Json {
        read(text.as_bytes(), &Limits::default()).unwrap()
    }

    /// An approval with these members replaced; `null` removes.
    fn given(changes: &str) -> Json {
        let mut approval = json(
            r#"{"id":"AP-1","approver":"lead@x","input_digest":"sha256:12","policy_revision":"r1","rules":["a"],
                "approved_at":"2026-11-21T02:00:00Z","expires_at":"2026-11-21T08:00:00Z"}"#,
        );
        let Json::Object(members) = &mut approval else { panic!() };
        for (key, value) in json(changes).as_object().unwrap().iter() {
            if value.is_null() {
                members.remove(key);
            } else {
                members.insert(key, value.clone());
            }
        }
        approval
    }

    fn scope(now: &str) -> ApprovalScope<'static> {
        ApprovalScope {
            requester: Some("dev@x"),
            input_digest: DIGEST,
            policy_revision: "r1",
            now: now.parse().ok(),
        }
    }

    fn pending(rules: &[&str]) -> Vec<Violation> {
        rules.iter().map(|rule| Violation::new((*rule).to_owned(), Action::RequireApproval, "")).collect()
    }

    fn run(approvals: &[Json], rules: &[&str]) -> Approved {
        approve(&pending(rules), approvals, &scope("2026-11-21T03:00:00Z"), &ApprovalOptions::default())
    }

    fn fault(changes: &str) -> Option<&'static str> {
        let approved = run(&[given(changes)], &["a"]);
        assert_eq!(approved.decision == Outcome::Allow, approved.rejected.is_empty(), "{changes}");
        approved.rejected.first().map(|(_, code)| *code)
    }

    #[test]
    fn the_first_fault_is_named_in_the_order_of_the_specification() {
        assert_eq!(fault("{}"), None);
        for changes in [
            r#"{"approver":" "}"#,
            r#"{"id":5}"#,
            r#"{"input_digest":null}"#,
            r#"{"rules":[]}"#,
            r#"{"rules":"a"}"#,
            r#"{"rules":["a",""]}"#,
            r#"{"rules":null}"#,
            r#"{"approved_at":"2026-11-21T02:00:00"}"#,
            r#"{"approved_at":"2026-11-21T08:00:00Z"}"#,
            r#"{"expires_at":"later","input_digest":"x"}"#,
        ] {
            assert_eq!(fault(changes), Some("approval.invalid"), "{changes}");
        }
        assert_eq!(
            fault(r#"{"input_digest":"12","policy_revision":"r0"}"#),
            Some("approval.digest_mismatch")
        );
        assert_eq!(
            fault(r#"{"policy_revision":"R1","expires_at":"2026-11-21T02:30:00Z"}"#),
            Some("approval.revision_mismatch")
        );
        assert_eq!(
            fault(r#"{"approved_at":"2026-11-21T03:00:00.001Z","approver":"dev@x"}"#),
            Some("approval.not_yet_valid")
        );
        assert_eq!(
            fault(r#"{"expires_at":"2026-11-21T03:00:00Z","approver":"dev@x"}"#),
            Some("approval.expired")
        );
        assert_eq!(
            fault(r#"{"approved_at":"2026-11-20T07:59:59.999Z","approver":"dev@x"}"#),
            Some("approval.ttl_too_long")
        );
        assert_eq!(fault(r#"{"approver":"\tDev@X","rules":["b"]}"#), Some("approval.self_approval"));
        assert_eq!(fault(r#"{"rules":["b"]}"#), Some("approval.rule_not_covered"));
        assert_eq!(fault(r#"{"rules":["b","*"]}"#), None);
    }

    #[test]
    fn an_unknown_requester_or_time_counts_for_nothing() {
        let options = ApprovalOptions::default();
        for requester in [None, Some(""), Some(" ")] {
            let scope = ApprovalScope { requester, ..scope("2026-11-21T03:00:00Z") };
            let approved = approve(&pending(&["a"]), &[given("{}")], &scope, &options);
            assert_eq!(approved.rejected[0].1, "approval.requester_unknown");
        }
        let approved = approve(&pending(&["a"]), &[given("{}")], &scope("never"), &options);
        assert_eq!(
            (approved.decision, approved.rejected[0].1),
            (Outcome::RequireApproval, "approval.time_unknown")
        );
    }

    #[test]
    fn one_person_counts_once_a_rule_and_is_listed_last() {
        let options = ApprovalOptions::default().with_quorum(&json(r#"{"default":2}"#), "/quorum").unwrap();
        let approvals = [
            given("{}"),
            given(r#"{"id":"AP-2","approver":"LEAD@X "}"#),
            given(r#"{"id":"AP-0","approver":"lead@x","rules":["a","b"]}"#),
            given(r#"{"id":null,"rules":["a"]}"#),
        ];
        let approved = approve(&pending(&["a", "b"]), &approvals, &scope("2026-11-21T03:00:00Z"), &options);
        assert_eq!(approved.used, ["AP-0", "AP-1"]);
        assert_eq!(approved.missing, [("a".to_owned(), 1), ("b".to_owned(), 1)]);
        let duplicate = (Some("AP-2".to_owned()), "approval.duplicate_approver");
        assert_eq!(approved.rejected, [(None, "approval.invalid"), duplicate]);
        assert_eq!(approved.decision, Outcome::RequireApproval);
    }

    #[test]
    fn a_denial_is_never_approved_away() {
        let mut violations = pending(&["a"]);
        violations.push(Violation::new("d", Action::Deny, ""));
        let approved = approve(
            &violations,
            &[given(r#"{"rules":["*"]}"#)],
            &scope("2026-11-21T03:00:00Z"),
            &ApprovalOptions::default(),
        );
        assert_eq!((approved.decision, approved.missing.len()), (Outcome::Deny, 0));
    }

    #[test]
    fn a_quorum_is_a_number_of_people() {
        for (quorum, path) in [
            ("[]", "/quorum"),
            (r#"{"default":0}"#, "/quorum/default"),
            (r#"{"a/b":-1}"#, "/quorum/a~1b"),
            (r#"{"a":1.5}"#, "/quorum/a"),
            (r#"{"a":true}"#, "/quorum/a"),
            (r#"{"a":"2"}"#, "/quorum/a"),
            (r#"{"a":null}"#, "/quorum/a"),
        ] {
            let error = ApprovalOptions::default().with_quorum(&json(quorum), "/quorum").unwrap_err();
            assert_eq!((error.code(), error.path()), ("policy.config", path), "{quorum}");
        }
    }

    fn some_approval() -> impl Strategy<Value = Json> {
        let rules = prop_oneof![Just(r#"["a"]"#), Just(r#"["b"]"#), Just(r#"["*"]"#), Just("[]")];
        let expires = prop_oneof![Just("2026-11-21T02:30:00Z"), Just("2026-11-21T08:00:00Z")];
        ("[0-9]", "[ w-z]", rules, expires).prop_map(|(id, who, rules, expires)| {
            given(&format!(r#"{{"id":"{id}","approver":"{who}","rules":{rules},"expires_at":"{expires}"}}"#))
        })
    }

    proptest! {
        #[test]
        fn fewer_approvals_never_allow_more(
            approvals in prop::collection::vec(some_approval(), 1..6),
            drop in any::<prop::sample::Index>(),
            quorum in 1_u32..4,
        ) {
            let options = ApprovalOptions { default_quorum: quorum, ..ApprovalOptions::default() };
            let scope = scope("2026-11-21T03:00:00Z");
            let all = approve(&pending(&["a", "b"]), &approvals, &scope, &options);
            let mut fewer = approvals;
            fewer.remove(drop.index(fewer.len()));
            let less = approve(&pending(&["a", "b"]), &fewer, &scope, &options);
            prop_assert!(less.decision <= all.decision);
            let more_people = ApprovalOptions { default_quorum: quorum.saturating_add(1), ..options };
            prop_assert!(approve(&pending(&["a", "b"]), &fewer, &scope, &more_people).decision <= less.decision);
            let mut denied = pending(&["a", "b"]);
            denied.push(Violation::new("c", Action::RequireApproval, ""));
            prop_assert!(approve(&denied, &fewer, &scope, &more_people).decision <= less.decision);
        }

        #[test]
        fn the_order_of_approvals_changes_no_decision(
            (approvals, other) in prop::collection::vec(some_approval(), 0..6)
                .prop_flat_map(|items| (Just(items.clone()), Just(items).prop_shuffle())),
            quorum in 1_u32..4,
        ) {
            let options = ApprovalOptions { default_quorum: quorum, ..ApprovalOptions::default() };
            let scope = scope("2026-11-21T03:00:00Z");
            let one = approve(&pending(&["a", "b"]), &approvals, &scope, &options);
            let two = approve(&pending(&["a", "b"]), &other, &scope, &options);
            prop_assert_eq!((one.decision, one.missing), (two.decision, two.missing));
        }
    }
}
