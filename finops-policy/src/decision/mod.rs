//! The decision record: what was asked, what was answered, by which policy, and every reason.

use serde::Serialize;

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

/// One failing check. Absent members are left out of JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Violation {
    /// The rule's stable id, for example `budget.unit_cost`.
    pub rule: String,
    /// What the rule demands.
    pub action: Action,
    /// JSON pointer into the input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
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
