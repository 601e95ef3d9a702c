//! The seven checks: each compares one fact with one limit.

use finops_core::time::Timestamp;

use super::{
    config::{GuardrailConfig, ProtectedTag},
    facts::{Fact, Facts, Malformed, Now},
    window::utc_text,
};
use crate::{
    Json,
    decision::{Action, Outcome},
    json::Object,
};

/// A check that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedCheck {
    /// The guardrail, or `input.type`, `input.range` for a malformed value.
    pub policy_name: &'static str,
    /// Deny or require_approval.
    pub action: Action,
    /// The sentence for people.
    pub reason: String,
    /// JSON pointer to the malformed value.
    pub path: Option<String>,
    /// Of `change_window` with a known time: when a window opens next; `Some(None)` when none does within eight days.
    pub next_open: Option<Option<Timestamp>>,
}

/// The answer of the guardrails to one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    failed: Vec<FailedCheck>,
}

impl Check {
    /// The strongest action of a failed check; allow when none failed.
    #[must_use]
    pub fn action(&self) -> Outcome {
        match self.deciding().map(|check| check.action) {
            None => Outcome::Allow,
            Some(Action::Deny) => Outcome::Deny,
            Some(_) => Outcome::RequireApproval,
        }
    }

    /// The name of the deciding check; `all_checks` when none failed.
    #[must_use]
    pub fn policy_name(&self) -> &'static str {
        self.deciding().map_or("all_checks", |check| check.policy_name)
    }

    /// The reason of the deciding check.
    #[must_use]
    pub fn reason(&self) -> &str {
        self.deciding().map_or("All guardrail checks passed", |check| &check.reason)
    }

    /// Every failed check: malformed values, then the guardrails in their order.
    #[must_use]
    pub fn failed(&self) -> &[FailedCheck] {
        &self.failed
    }

    /// The first failure of the strongest action.
    fn deciding(&self) -> Option<&FailedCheck> {
        self.failed.iter().find(|check| check.action == Action::Deny).or(self.failed.first())
    }

    /// `{action, policy_name, reason, failed}`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let action = match self.action() {
            Outcome::Deny => "deny",
            Outcome::RequireApproval => "require_approval",
            Outcome::Allow => "allow",
        };
        Json::object([
            ("action", Json::from(action)),
            ("policy_name", Json::from(self.policy_name())),
            ("reason", Json::from(self.reason())),
            ("failed", Json::Array(self.failed.iter().map(FailedCheck::to_json).collect())),
        ])
    }
}

impl FailedCheck {
    fn new(policy_name: &'static str, action: Action, reason: String) -> Self {
        Self { policy_name, action, reason, path: None, next_open: None }
    }

    fn to_json(&self) -> Json {
        let mut members = Object::new();
        members.insert("policy_name", self.policy_name);
        members.insert("action", if self.action == Action::Deny { "deny" } else { "require_approval" });
        members.insert("reason", self.reason.as_str());
        if let Some(path) = &self.path {
            members.insert("path", path.as_str());
        }
        if let Some(next_open) = self.next_open {
            members.insert("next_open", next_open.map_or(Json::Null, |at| Json::from(utc_text(at))));
        }
        Json::Object(members)
    }
}

impl From<Malformed> for FailedCheck {
    fn from(m: Malformed) -> Self {
        Self {
            policy_name: m.rule,
            action: Action::Deny,
            reason: m.reason,
            path: Some(m.path),
            next_open: None,
        }
    }
}

/// Checks one change against the limits.
///
/// `change` is a change record or the original's dictionary, `history` the list of changes already made; of those
/// only the changes of the local day of `now` count.
///
/// ```
/// use finops_policy::{decision::Outcome, guardrail::{self, GuardrailConfig, Now}, json::{self, Json}};
/// let change = r#"{"confidence": 0.9, "risk_score": 0.2, "monthly_saving_usd": "600", "namespace": "shop"}"#;
/// let change = json::read(change.as_bytes(), &json::Limits::default())?;
/// let now = Now::from_json(Some(&Json::from("2026-11-21T03:00:00Z")));
/// let check = guardrail::check(&change, &Json::Array(vec![]), now, &GuardrailConfig::default());
/// assert_eq!(check.action(), Outcome::RequireApproval);
/// assert_eq!(check.reason(), "Change amount $600 exceeds single change limit $500");
/// # Ok::<(), json::ReadError>(())
/// ```
#[must_use]
pub fn check(change: &Json, history: &Json, now: Now, config: &GuardrailConfig) -> Check {
    // Judged where they were written: to move the facts costs as much as to judge them.
    match &Facts::read(change, history, now, config) {
        Err(alone) => Check { failed: vec![alone.clone().into()] },
        Ok(facts) => Check { failed: judge(facts, now, config) },
    }
}

fn judge(facts: &Facts, now: Now, config: &GuardrailConfig) -> Vec<FailedCheck> {
    let mut failed: Vec<FailedCheck> = Vec::new();
    failed.extend(facts.malformed.iter().cloned().map(FailedCheck::from));

    let limit = &config.min_confidence;
    let reason = match &facts.confidence {
        Fact::Known(x) if *x < limit.value => {
            Some(format!("Confidence {} below threshold {}", x.text(), limit.text))
        }
        Fact::Unknown => Some(format!("Confidence unknown, threshold {}", limit.text)),
        Fact::Known(_) | Fact::Invalid => None,
    };
    failed.extend(reason.map(|reason| FailedCheck::new("min_confidence", Action::Deny, reason)));

    let mut ask = |policy_name, reason: Option<String>| {
        failed.extend(reason.map(|reason| FailedCheck::new(policy_name, Action::RequireApproval, reason)));
    };

    let limit = &config.max_risk_score;
    let reason = match &facts.risk_score {
        Fact::Known(x) if *x > limit.value => {
            Some(format!("Risk score {} above threshold {}", x.text(), limit.text))
        }
        Fact::Unknown => Some(format!("Risk score unknown, threshold {}", limit.text)),
        Fact::Known(_) | Fact::Invalid => None,
    };
    ask("max_risk_score", reason);

    let limit = &config.max_single_change;
    let reason = match &facts.amount {
        Fact::Known(x) if *x > limit.value => {
            Some(format!("Change amount ${} exceeds single change limit ${}", x.text(), limit.text))
        }
        Fact::Unknown => Some(format!("Change amount unknown, single change limit ${}", limit.text)),
        Fact::Known(_) | Fact::Invalid => None,
    };
    ask("max_single_change", reason);

    let limit = &config.max_daily_change;
    let reason = match &facts.daily_total {
        Fact::Known(sum) if *sum > limit.value => {
            Some(format!("Daily change limit would be exceeded (${} > ${})", sum.text(), limit.text))
        }
        Fact::Unknown => Some(format!("Daily change total unknown, limit ${}", limit.text)),
        Fact::Known(_) | Fact::Invalid => None,
    };
    ask("max_daily_change", reason);

    let tags = config.protected_tags.list();
    let reason = match &facts.tag_hits {
        Fact::Known(hits) if !hits.is_empty() => {
            let mut texts: Vec<&str> =
                hits.iter().filter_map(|n| Some(tags.get(*n)?.text.as_str())).collect();
            texts.sort_unstable();
            texts.dedup();
            Some(format!("Resource has protected tags: {}", texts.join(", ")))
        }
        Fact::Unknown => Some(format!("Tags unknown, protected tags: {}", list(tags))),
        Fact::Known(_) | Fact::Invalid => None,
    };
    ask("protected_tags", reason);

    let windows = &config.windows;
    let reason = match &facts.window_open {
        Fact::Known(false) => Some(format!("Outside change window {}", windows.text())),
        Fact::Unknown => Some(format!("Time unknown, change window {}", windows.text())),
        Fact::Known(true) | Fact::Invalid => None,
    };
    ask("change_window", reason);
    if let (Fact::Known(false), Now::At(now)) = (&facts.window_open, now)
        && let Some(check) = failed.last_mut()
    {
        check.next_open = Some(windows.next_open(now));
    }

    let limit = config.blast_radius_limit;
    let reason = match &facts.namespaces {
        Fact::Known(n) if *n > limit => Some(format!("Blast radius {n} namespaces exceeds limit {limit}")),
        Fact::Unknown => Some(format!("Blast radius unknown, limit {limit}")),
        Fact::Known(_) | Fact::Invalid => None,
    };
    failed.extend(reason.map(|reason| FailedCheck::new("blast_radius", Action::RequireApproval, reason)));
    failed
}

fn list(tags: &[ProtectedTag]) -> String {
    tags.iter().map(|tag| tag.text.as_str()).collect::<Vec<_>>().join(", ")
}
