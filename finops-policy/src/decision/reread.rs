//! A decision read back from its record: what a language without our types keeps between deciding and explaining.

use super::{
    Action, Decision, DecisionSource, Fault, Outcome, UsedEngine, Violation,
    approval::Approved,
    exemption::{Exempted, ExemptionWarning},
    shadow::Shadow,
};
use crate::{Json, PolicyError, error::ConfigError};

/// Rules that may not have been evaluated (specification `policy.md` 3).
const RULES: [&str; 7] = [
    "budget.unit_cost",
    "budget.total_spend",
    "tags.required",
    "promotion.test_pass_rate",
    "promotion.security_scan",
    "carbon.intensity",
    "carbon.region",
];
/// Why they were not (same place).
const REASONS: [&str; 4] = ["input_absent", "input_invalid", "no_limit", "not_promoting"];
/// Why an exemption is ignored or mentioned (specification `policy.md` 9).
const EXEMPTION_CODES: [&str; 6] = [
    "exemption.invalid",
    "exemption.forbidden_rule",
    "exemption.not_yet_valid",
    "exemption.expired",
    "exemption.time_unknown",
    "exemption.expiring",
];
/// Why an approval does not count (same place).
const APPROVAL_CODES: [&str; 11] = [
    "approval.invalid",
    "approval.digest_mismatch",
    "approval.revision_mismatch",
    "approval.time_unknown",
    "approval.not_yet_valid",
    "approval.expired",
    "approval.ttl_too_long",
    "approval.requester_unknown",
    "approval.self_approval",
    "approval.rule_not_covered",
    "approval.duplicate_approver",
];
const OUTCOMES: [Outcome; 3] = [Outcome::Deny, Outcome::RequireApproval, Outcome::Allow];

impl Decision {
    /// Reads the record that [`Decision::to_json`] wrote; members that a binding added are ignored.
    ///
    /// ```
    /// use finops_policy::{Json, decision::{Context, Decision, Gate, GateOptions}};
    /// let decision = Gate::new(GateOptions::default())?.decide(r#"{"unit_cost_usd": 0.6}"#, &Context::default());
    /// assert_eq!(Decision::from_json(&decision.to_json())?, decision);
    /// # Ok::<(), finops_policy::PolicyError>(())
    /// ```
    ///
    /// # Errors
    /// `policy.config` with the pointer of a member that no record has.
    pub fn from_json(record: &Json) -> Result<Self, PolicyError> {
        Ok(Record(record).decision()?)
    }
}

struct Record<'r>(&'r Json);

type Read<T> = Result<T, ConfigError>;

fn refuse(name: &str, found: &Json) -> ConfigError {
    let problem = format!("`{}` is no such member", finops_core::error::shorten(&found.to_text()));
    ConfigError::new(format!("/{name}"), problem, "give the record of a decision")
}

impl<'r> Record<'r> {
    fn decision(&self) -> Read<Decision> {
        let decision = self.one_of("decision", OUTCOMES, Outcome::as_str)?;
        let mut violations = self.violations("violations", Action::Deny)?;
        let mut messages = self.texts("deny_messages")?.into_iter();
        let mut asking = self.texts("approval_messages")?.into_iter();
        for violation in &mut violations {
            let next = if violation.action == Action::RequireApproval { &mut asking } else { &mut messages };
            violation.message = next.next().ok_or_else(|| refuse("violations", self.0))?;
        }
        let fault = match (self.optional("code")?, self.optional("detail")?) {
            (Some(code), detail) => Some(Fault::new(code, detail.unwrap_or_default())),
            (None, _) => None,
        };
        Ok(Decision {
            decision,
            violations,
            warnings: self.told("warnings", "warn_messages", Action::Warn)?,
            advice: self.told("advice", "advice_messages", Action::Advice)?,
            not_evaluated: self.list("not_evaluated", |pair| {
                let text = |index: &str| pair.pointer(index).and_then(Json::as_str);
                Some((known(text("/0")?, &RULES)?, known(text("/1")?, &REASONS)?))
            })?,
            fault,
            exempted: self.list("exempted", |exempted| {
                Some(Exempted {
                    rule: text(exempted, "rule")?,
                    subject: text(exempted, "subject"),
                    exemption: text(exempted, "exemption")?,
                })
            })?,
            exemption_warnings: self.list("exemption_warnings", |pair| {
                let code = known(pair.pointer("/0")?.as_str()?, &EXEMPTION_CODES)?;
                Some(ExemptionWarning { code, id: nullable(pair.pointer("/1")?)? })
            })?,
            approvals: self.approvals(decision)?,
            decision_id: self.optional("decision_id")?,
            input_digest: self.text("input_digest")?.into(),
            policy_revision: self.text("policy_revision")?.into(),
            policy_digest: self.text("policy_digest")?.into(),
            engine: self.one_of(
                "engine",
                [UsedEngine::Typed, UsedEngine::Rvm, UsedEngine::Interpreter, UsedEngine::Remote],
                UsedEngine::as_str,
            )?,
            source: self.one_of(
                "decision_source",
                [DecisionSource::Embedded, DecisionSource::Opa, DecisionSource::FailClosed],
                DecisionSource::as_str,
            )?,
            shadow: self.shadow()?,
        })
    }

    fn member(&self, name: &str) -> &'r Json {
        self.0.get(name).unwrap_or(&Json::Null)
    }

    fn optional(&self, name: &str) -> Read<Option<String>> {
        let member = self.member(name);
        nullable(member).ok_or_else(|| refuse(name, member))
    }

    fn text(&self, name: &str) -> Read<String> {
        self.optional(name)?.ok_or_else(|| refuse(name, &Json::Null))
    }

    fn one_of<T: Copy, const N: usize>(
        &self,
        name: &str,
        values: [T; N],
        as_str: fn(T) -> &'static str,
    ) -> Read<T> {
        let member = self.member(name);
        let found = values.into_iter().find(|value| member.as_str() == Some(as_str(*value)));
        found.ok_or_else(|| refuse(name, member))
    }

    /// A list, empty where there is none.
    fn list<T>(&self, name: &str, read: impl Fn(&Json) -> Option<T>) -> Read<Vec<T>> {
        let member = self.member(name);
        let items = match member {
            Json::Null => &[],
            Json::Array(items) => items.as_slice(),
            other => return Err(refuse(name, other)),
        };
        items.iter().map(|item| read(item).ok_or_else(|| refuse(name, item))).collect()
    }

    fn texts(&self, name: &str) -> Read<Vec<String>> {
        self.list(name, |item| item.as_str().map(str::to_owned))
    }

    fn violations(&self, name: &str, otherwise: Action) -> Read<Vec<Violation>> {
        let actions = [Action::Deny, Action::RequireApproval, Action::Warn, Action::Advice];
        self.list(name, |violation| {
            let action = match violation.get("action") {
                None => otherwise,
                Some(name) => actions.into_iter().find(|action| name.as_str() == Some(action.as_str()))?,
            };
            Some(Violation {
                path: text(violation, "path").map(Into::into),
                subject: text(violation, "subject"),
                actual: text(violation, "actual"),
                limit: text(violation, "limit"),
                resource: text(violation, "resource"),
                ..Violation::new(text(violation, "rule")?, action, "")
            })
        })
    }

    fn told(&self, name: &str, messages: &str, action: Action) -> Read<Vec<Violation>> {
        let mut told = self.violations(name, action)?;
        let messages = self.texts(messages)?;
        if messages.len() != told.len() {
            return Err(refuse(name, self.member(name)));
        }
        for (violation, message) in told.iter_mut().zip(messages) {
            violation.message = message;
        }
        Ok(told)
    }

    fn approvals(&self, decision: Outcome) -> Read<Option<Approved>> {
        let member = self.member("approvals");
        if member.is_null() {
            return Ok(None);
        }
        let approvals = Record(member);
        let missing = || {
            let counts = member.get("missing")?.as_object()?.iter();
            let count = |count: &Json| usize::try_from(count.as_number()?.as_u64()?).ok();
            counts.map(|(rule, value)| Some((rule.to_owned(), count(value)?))).collect::<Option<Vec<_>>>()
        };
        Ok(Some(Approved {
            decision,
            missing: missing().ok_or_else(|| refuse("approvals", member))?,
            used: approvals.texts("used")?,
            rejected: approvals.list("rejected", |pair| {
                let code = known(pair.pointer("/1")?.as_str()?, &APPROVAL_CODES)?;
                Some((nullable(pair.pointer("/0")?)?, code))
            })?,
        }))
    }

    fn shadow(&self) -> Read<Option<Shadow>> {
        let member = self.member("shadow");
        if member.is_null() {
            return Ok(None);
        }
        let shadow = Record(member);
        let pairs = |name| {
            shadow.list(name, |pair| {
                Some((pair.pointer("/0")?.as_str()?.to_owned(), nullable(pair.pointer("/1")?)?))
            })
        };
        Ok(Some(Shadow {
            decision: shadow.one_of("decision", OUTCOMES, Outcome::as_str)?,
            changed: shadow.member("changed").as_bool().ok_or_else(|| refuse("shadow", member))?,
            added: pairs("added")?,
            removed: pairs("removed")?,
        }))
    }
}

fn text(value: &Json, name: &str) -> Option<String> {
    value.get(name).and_then(Json::as_str).map(str::to_owned)
}

/// Text or null; nothing for another type.
#[expect(clippy::option_option, reason = "a value that is null and one that is wrong differ")]
fn nullable(value: &Json) -> Option<Option<String>> {
    match value {
        Json::Null => Some(None),
        Json::String(text) => Some(Some(text.clone())),
        _ => None,
    }
}

fn known(text: &str, names: &[&'static str]) -> Option<&'static str> {
    names.iter().copied().find(|name| *name == text)
}
