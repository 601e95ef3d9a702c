//! The types of an answer and their JSON.

use super::{
    InputDigest,
    approval::Approved,
    exemption::{Exempted, ExemptionWarning},
    shadow::Shadow,
};
use crate::{Json, json::Object};
use serde::Serialize;
use std::{borrow::Cow, sync::Arc};

/// What a rule demands when it fires. Ordered: the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Not allowed.
    Deny,
    /// Allowed once the named people agree.
    RequireApproval,
    /// Allowed, with a warning.
    Warn,
    /// Allowed, with advice.
    Advice,
}

impl Action {
    /// `deny`, `require_approval`, `warn` or `advice`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::RequireApproval => "require_approval",
            Self::Warn => "warn",
            Self::Advice => "advice",
        }
    }
}

/// The answer to "may I?".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// No.
    Deny,
    /// Not without an approval.
    RequireApproval,
    /// Yes.
    Allow,
}

impl Outcome {
    /// `deny`, `require_approval` or `allow`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::RequireApproval => "require_approval",
            Self::Allow => "allow",
        }
    }

    /// What failing checks and a fault amount to: deny > require approval > allow.
    pub fn of<'a>(violations: impl IntoIterator<Item = &'a Violation>, fault: bool) -> Self {
        let strongest = violations.into_iter().map(|violation| violation.action).min();
        match strongest {
            _ if fault => Self::Deny,
            Some(Action::Deny) => Self::Deny,
            Some(Action::RequireApproval) => Self::RequireApproval,
            Some(Action::Warn | Action::Advice) | None => Self::Allow,
        }
    }
}

/// One failing check. Absent members are left out of JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The rule's stable id, for example `budget.unit_cost`.
    pub rule: Cow<'static, str>,
    /// What the rule demands.
    pub action: Action,
    /// JSON pointer into the input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Cow<'static, str>>,
    /// What the rule was about, for example the tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The value found, in normal form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
    /// The limit, in normal form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// The resource, in infrastructure gates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The sentence for people.
    #[serde(skip)]
    pub message: String,
}

impl Violation {
    /// A failing check of `rule` that says `message`, about nothing in particular.
    pub fn new(rule: impl Into<Cow<'static, str>>, action: Action, message: impl Into<String>) -> Self {
        Self {
            rule: rule.into(),
            action,
            path: None,
            subject: None,
            actual: None,
            limit: None,
            resource: None,
            message: message.into(),
        }
    }

    /// `{rule, action, path?, subject?, actual?, limit?, resource?}`; the message stands in the lists of messages.
    #[must_use]
    pub fn to_json(&self) -> Json {
        Json::Object(self.members(true))
    }

    /// The same without the action, which a list of warnings says already.
    pub(crate) fn to_json_of_warning(&self) -> Json {
        Json::Object(self.members(false))
    }

    fn members(&self, with_action: bool) -> Object {
        let mut members = Object::new();
        members.insert("rule", self.rule.as_ref());
        if with_action {
            members.insert("action", self.action.as_str());
        }
        let optional = [
            ("path", self.path.as_deref()),
            ("subject", self.subject.as_deref()),
            ("actual", self.actual.as_deref()),
            ("limit", self.limit.as_deref()),
            ("resource", self.resource.as_deref()),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                members.insert(name, value);
            }
        }
        members
    }
}

/// Why there is no complete evaluation, or why a complete one did not allow: `policy.*`, `opa.*`, `lint.*`, `bundle.*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The stable dotted code.
    pub code: String,
    /// What happened, for operators.
    pub detail: String,
}

impl Fault {
    /// A fault with its detail.
    pub fn new(code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { code: code.into(), detail: detail.into() }
    }

    /// The deny message that the fault adds.
    #[must_use]
    pub fn message(&self) -> String {
        match self.code.as_str() {
            "policy.not_allowed" => "the policy does not allow this".to_owned(),
            // The remote contract writes the whole sentence.
            code if code.starts_with("opa.") => self.detail.clone(),
            code if self.detail.is_empty() => format!("no policy decision: {code}"),
            code => format!("no policy decision: {code}: {}", self.detail),
        }
    }
}

/// What computed a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UsedEngine {
    /// The typed rules alone.
    Typed,
    /// A set, on the virtual machine.
    Rvm,
    /// A set, in the interpreter.
    Interpreter,
    /// An OPA over HTTP.
    Remote,
}

impl UsedEngine {
    /// `typed`, `rvm`, `interpreter` or `remote`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Typed => "typed",
            Self::Rvm => "rvm",
            Self::Interpreter => "interpreter",
            Self::Remote => "remote",
        }
    }
}

/// Who decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DecisionSource {
    /// This process.
    Embedded,
    /// An OPA over HTTP, with a clear answer.
    Opa,
    /// Nobody: a fault denied.
    FailClosed,
}

impl DecisionSource {
    /// `embedded`, `opa` or `fail_closed`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Opa => "opa",
            Self::FailClosed => "fail_closed",
        }
    }
}

/// An answer with every reason and everything needed to prove it later.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The answer.
    pub decision: Outcome,
    /// Failing checks that nobody has exempted: all that deny, then all that ask for an approval.
    pub violations: Vec<Violation>,
    /// Warnings; they change nothing.
    pub warnings: Vec<Violation>,
    /// Advice; it changes nothing.
    pub advice: Vec<Violation>,
    /// Rules that could not be evaluated, with the reason.
    pub not_evaluated: Vec<(&'static str, &'static str)>,
    /// Why there is no complete evaluation.
    pub fault: Option<Fault>,
    /// Failing checks that an exemption covers.
    pub exempted: Vec<Exempted>,
    /// Exemptions that are ignored or end soon.
    pub exemption_warnings: Vec<ExemptionWarning>,
    /// What the approvals achieved, when one was needed or given.
    pub approvals: Option<Approved>,
    /// The id that the caller gave.
    pub decision_id: Option<String>,
    /// `sha256:<hex>` of the canonical input; of a text that cannot be read, of its bytes.
    pub input_digest: InputDigest,
    /// The revision of the set, else the policy digest.
    pub policy_revision: Arc<str>,
    /// `sha256:<hex>` over configuration, schema and set.
    pub policy_digest: Arc<str>,
    /// What computed the decision.
    pub engine: UsedEngine,
    /// Who decided.
    pub source: DecisionSource,
    /// What the candidate would have answered.
    pub shadow: Option<Shadow>,
}

impl Decision {
    /// Whether the answer is yes. An outstanding approval is no yes.
    #[must_use]
    pub fn allowed(&self) -> bool {
        self.decision == Outcome::Allow
    }

    /// The code of the fault, for example `policy.timeout`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.fault.as_ref().map(|fault| fault.code.as_str())
    }

    /// The sentences of everything that denies, in order; a fault comes last.
    #[must_use]
    pub fn deny_messages(&self) -> Vec<String> {
        let mut messages = self.messages(Action::Deny);
        messages.extend(self.fault.as_ref().map(Fault::message));
        messages
    }

    /// The sentences of everything that asks for an approval, in order.
    #[must_use]
    pub fn approval_messages(&self) -> Vec<String> {
        self.messages(Action::RequireApproval)
    }

    /// The sentences of the warnings, in order.
    #[must_use]
    pub fn warn_messages(&self) -> Vec<String> {
        self.warnings.iter().map(|warning| warning.message.clone()).collect()
    }

    fn messages(&self, action: Action) -> Vec<String> {
        let of_action = self.violations.iter().filter(|violation| violation.action == action);
        of_action.map(|violation| violation.message.clone()).collect()
    }

    /// The record as JSON: same decision, same bytes. Bindings add `eval_ns`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut members = Object::new();
        members.insert("decision", self.decision.as_str());
        members.insert("allowed", self.allowed());
        members.insert("violations", Json::array(self.violations.iter().map(Violation::to_json)));
        members.insert("warnings", bare(&self.warnings));
        if !self.advice.is_empty() {
            members.insert("advice", bare(&self.advice));
        }
        members.insert("deny_messages", self.deny_messages());
        members.insert("approval_messages", self.approval_messages());
        members.insert("warn_messages", self.warn_messages());
        if !self.advice.is_empty() {
            let messages = self.advice.iter().map(|advice| advice.message.as_str());
            members.insert("advice_messages", Json::array(messages));
        }
        let not_evaluated = self.not_evaluated.iter().map(|(rule, reason)| Json::array([*rule, *reason]));
        members.insert("not_evaluated", Json::array(not_evaluated));
        if let Some(fault) = &self.fault {
            members.insert("code", fault.code.as_str());
            members.insert("detail", fault.detail.as_str());
        }
        members.insert("exempted", Json::array(self.exempted.iter().map(Exempted::to_json)));
        if !self.exemption_warnings.is_empty() {
            let warnings = self.exemption_warnings.iter().map(ExemptionWarning::to_json);
            members.insert("exemption_warnings", Json::array(warnings));
        }
        if let Some(approvals) = &self.approvals {
            members.insert("approvals", approvals.to_json());
        }
        if let Some(id) = &self.decision_id {
            members.insert("decision_id", id.as_str());
        }
        members.insert("input_digest", self.input_digest.as_str());
        members.insert("policy_revision", &*self.policy_revision);
        members.insert("policy_digest", &*self.policy_digest);
        members.insert("engine", self.engine.as_str());
        members.insert("decision_source", self.source.as_str());
        if let Some(shadow) = &self.shadow {
            members.insert("shadow", shadow.to_json());
        }
        Json::Object(members)
    }

    /// The data of the ledger's event `policy.decided`: `{decision_id, outcome, policy_digest, input_digest}`;
    /// nothing without an id.
    #[must_use]
    pub fn to_event_data(&self) -> Option<Json> {
        let id = self.decision_id.as_deref()?;
        Some(Json::object([
            ("decision_id", Json::from(id)),
            ("outcome", Json::from(self.decision.as_str())),
            ("policy_digest", Json::from(&*self.policy_digest)),
            ("input_digest", Json::from(self.input_digest.as_str())),
        ]))
    }
}

fn bare(warnings: &[Violation]) -> Json {
    Json::array(warnings.iter().map(Violation::to_json_of_warning))
}
