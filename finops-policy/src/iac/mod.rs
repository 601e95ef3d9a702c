//! Infrastructure as code: gates over a Terraform plan, Kubernetes manifests and an Infracost report.
//!
//! What a change would create is judged before it exists: tags that cost allocation needs, instance types that the
//! provider has superseded, requests without which nothing can be right-sized, and the cost of the change itself.

mod config;
mod infracost;
mod instance;
mod kubernetes;
mod pattern;
mod terraform;
#[cfg(test)]
mod tests;

pub use config::{CostConfig, IacAction, IacConfig};
pub use infracost::infracost;
pub use kubernetes::kubernetes;
pub use terraform::terraform;

use std::cmp::Ordering;

use serde::Serialize;

use crate::{
    Json,
    decision::{Action, Outcome, Violation},
    gate::number::Exact,
};

/// One finding of an infrastructure gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IacViolation {
    /// What the rule demands.
    pub action: Action,
    /// The rule, for example `iac.tags.required`.
    pub rule: &'static str,
    /// The address of the resource; `None` when the document as a whole is meant.
    pub resource: Option<String>,
    /// The tag, type, container, amount or version in question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The sentence for people.
    pub message: String,
}

impl From<IacViolation> for Violation {
    fn from(v: IacViolation) -> Self {
        Self {
            rule: v.rule.into(),
            action: v.action,
            path: None,
            subject: v.subject,
            actual: None,
            limit: None,
            resource: v.resource,
            message: v.message,
        }
    }
}

/// The answer of an infrastructure gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IacAnswer {
    /// Deny if a finding denies, else require_approval if one asks for it, else allow.
    pub decision: Outcome,
    /// The findings by action, rule, resource and subject.
    pub violations: Vec<IacViolation>,
}

impl IacAnswer {
    /// This answer as JSON; `resource` is null where none is meant.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let text = |value: &str| Json::String(value.to_owned());
        let each = self.violations.iter().map(|v| {
            let resource = v.resource.as_deref().map_or(Json::Null, text);
            let subject = v.subject.as_deref().map(|subject| ("subject", text(subject)));
            let members =
                [("action", text(action_name(v.action))), ("rule", text(v.rule)), ("resource", resource)];
            let message = ("message", text(&v.message));
            Json::object(members.into_iter().chain(subject).chain([message]))
        });
        let decision = match self.decision {
            Outcome::Deny => "deny",
            Outcome::RequireApproval => "require_approval",
            Outcome::Allow => "allow",
        };
        Json::object([("decision", text(decision)), ("violations", Json::Array(each.collect()))])
    }
}

const fn action_name(action: Action) -> &'static str {
    match action {
        Action::Deny => "deny",
        Action::RequireApproval => "require_approval",
        Action::Warn => "warn",
        Action::Advice => "advice",
    }
}

/// Collects findings; what a configuration switches off is dropped.
#[derive(Debug, Default)]
struct Findings(Vec<IacViolation>);

impl Findings {
    fn add(
        &mut self,
        action: impl Into<IacAction>,
        rule: &'static str,
        resource: Option<&str>,
        subject: Option<&str>,
        message: String,
    ) {
        let Some(action) = action.into().action() else { return };
        let (resource, subject) = (resource.map(str::to_owned), subject.map(str::to_owned));
        self.0.push(IacViolation { action, rule, resource, subject, message });
    }

    fn into_answer(self) -> IacAnswer {
        let mut violations = self.0;
        violations.sort_by(by_place);
        violations.dedup_by(|a, b| by_place(a, b).is_eq());
        let decision = match violations.first().map(|v| v.action) {
            Some(Action::Deny) => Outcome::Deny,
            Some(Action::RequireApproval) => Outcome::RequireApproval,
            _ => Outcome::Allow,
        };
        IacAnswer { decision, violations }
    }

    /// The answer to a document that cannot be judged at all.
    fn alone(rule: &'static str, subject: Option<&str>, message: String) -> IacAnswer {
        let mut findings = Self::default();
        findings.add(Action::Deny, rule, None, subject, message);
        findings.into_answer()
    }
}

fn by_place(a: &IacViolation, b: &IacViolation) -> Ordering {
    let key = |v: &'_ IacViolation| (v.action, v.rule);
    key(a).cmp(&key(b)).then_with(|| a.resource.cmp(&b.resource)).then_with(|| a.subject.cmp(&b.subject))
}

/// Text with at least one character that is not white space: what counts as a tag's value.
fn is_given(value: Option<&Json>) -> bool {
    value.and_then(Json::as_str).is_some_and(|text| !text.trim().is_empty())
}

/// A JSON number or a decimal text of a length that sums take.
fn amount(value: &Json) -> Option<Exact> {
    let exact = match value {
        Json::Number(number) => Exact::from_number(number),
        Json::String(text) => Exact::from_text(text)?,
        _ => return None,
    };
    exact.is_summable().then_some(exact)
}

/// The elements of a list, none of anything else.
fn list(of: Option<&Json>) -> &[Json] {
    of.and_then(Json::as_array).unwrap_or_default()
}

/// The part of a version before the first dot.
fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or_default()
}

/// Judges one instance type: the family is superseded, or the type matches a forbidden pattern.
fn judge_type(found: &mut Findings, config: &IacConfig, resource: &str, name: &str) {
    if let Some(why) = instance::forbidden(name, config) {
        let message = format!("{resource} uses the instance type {name}: {why}");
        found.add(Action::Deny, "iac.instance.forbidden", Some(resource), Some(name), message);
    }
}
