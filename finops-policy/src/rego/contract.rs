//! The result contract: what the rules of an entry package say, as a decision. Section 4 of the policy specification.

use std::collections::BTreeSet;

use crate::{
    Json,
    decision::{Action, Outcome, Violation},
    gate::Exact,
};

/// What a set or a remote OPA answers.
#[derive(Debug, Clone, PartialEq)]
pub struct SetAnswer {
    /// Deny over require_approval over allow.
    pub decision: Outcome,
    /// Why nothing could be decided, or `policy.not_allowed`; a code denies.
    pub code: Option<&'static str>,
    /// What the code is about, for people.
    pub detail: Option<String>,
    /// What fired: deny, require_approval, warn, advice.
    pub violations: Vec<Violation>,
}

impl SetAnswer {
    /// A denial for `code` alone.
    #[must_use]
    pub fn fault(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            decision: Outcome::Deny,
            code: Some(code),
            detail: Some(detail.into()),
            violations: Vec::new(),
        }
    }
}

/// One entry of an entry package by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry<'a> {
    /// Position of the base among the entries.
    rank: usize,
    /// What its elements demand.
    action: Action,
    /// Whether an element names its own action.
    free: bool,
    /// Behind the base: `_tags` of `deny_tags`.
    suffix: &'a str,
}

/// The entries besides `allow`, in order: base, action, whether a suffix may follow.
const ENTRIES: [(&str, Action, bool); 5] = [
    ("deny", Action::Deny, true),
    ("violation", Action::Deny, true),
    ("require_approval", Action::RequireApproval, false),
    ("warn", Action::Warn, true),
    ("advice", Action::Advice, false),
];

impl<'a> Entry<'a> {
    fn of(name: &'a str) -> Option<Self> {
        ENTRIES.iter().enumerate().find_map(|(rank, &(base, action, suffixed))| {
            let suffix = name.strip_prefix(base)?;
            let known = suffix.is_empty() || (suffixed && suffix.starts_with('_'));
            known.then_some(Self { rank, action, free: base == "violation", suffix })
        })
    }
}

/// Whether a rule of this name in the entry package decides: `allow`, `deny`, `violation_cost` and the like.
#[must_use]
pub fn is_entry(name: &str) -> bool {
    name == "allow" || Entry::of(name).is_some()
}

/// Turns `result`, an object of entry rules (absent: undefined), into a decision. `allow_declared`: the package has a
/// rule `allow`, so that its absence denies.
///
/// ```
/// use finops_policy::{Json, decision::Outcome, rego::contract};
/// let result = Json::object([("deny", Json::array(["too dear"]))]);
/// let answer = contract::decide(&result, false);
/// assert_eq!(answer.decision, Outcome::Deny);
/// assert_eq!(answer.violations[0].rule, "rego.deny");
/// ```
#[must_use]
pub fn decide(result: &Json, allow_declared: bool) -> SetAnswer {
    let Json::Object(members) = result else {
        let found = result.type_name();
        return SetAnswer::fault("policy.result", format!("the result must be an object, got {found}"));
    };
    let allow = match members.get("allow") {
        Some(Json::Bool(allow)) => Some(*allow),
        Some(other) => {
            let found = other.type_name();
            return SetAnswer::fault("policy.result", format!("`allow` must be a boolean, got {found}"));
        }
        None => None,
    };
    let mut found: Vec<(Entry<'_>, Violation)> = Vec::new();
    for (name, value) in members.iter() {
        let Some(entry) = Entry::of(name) else { continue };
        match value {
            Json::Bool(false) => {}
            Json::Bool(true) => found.push((entry, plain(entry, name, denied(entry)))),
            Json::Array(elements) => {
                found.extend(elements.iter().filter_map(|e| Some((entry, element(entry, name, e)?))));
            }
            other => {
                let kind = other.type_name();
                let name = finops_core::error::shorten(name);
                let detail = format!("`{name}` must be a set, an array or a boolean, got {kind}");
                return SetAnswer::fault("policy.result", detail);
            }
        }
    }
    let violations = ordered(found);
    let has = |action| violations.iter().any(|violation| violation.action == action);
    let declared = allow_declared || allow.is_some();
    let (decision, code) = if has(Action::Deny) {
        (Outcome::Deny, None)
    } else if has(Action::RequireApproval) {
        (Outcome::RequireApproval, None)
    } else if declared && allow != Some(true) {
        (Outcome::Deny, Some("policy.not_allowed"))
    } else {
        (Outcome::Allow, None)
    };
    let detail = code.map(|_| {
        let value = if allow.is_some() { "false" } else { "undefined" };
        format!("`allow` is {value} and no rule says why")
    });
    SetAnswer { decision, code, detail, violations }
}

/// By action, entry and element; of those that say the same about the same thing the first. Two that differ in what they
/// are about both count: every failing check is reported.
fn ordered(mut found: Vec<(Entry<'_>, Violation)>) -> Vec<Violation> {
    // Stable: elements stay as the set or array has them.
    found.sort_by(|(a, x), (b, y)| {
        x.action.cmp(&y.action).then(a.rank.cmp(&b.rank)).then_with(|| a.suffix.cmp(b.suffix))
    });
    let mut seen = BTreeSet::new();
    let first: Vec<bool> = found
        .iter()
        .map(|(_, v)| {
            let about = (v.subject.as_deref(), v.path.as_deref(), v.resource.as_deref());
            seen.insert((v.action, v.rule.as_ref(), v.message.as_str(), about))
        })
        .collect();
    found.into_iter().zip(first).filter(|(_, first)| *first).map(|((_, violation), _)| violation).collect()
}

fn denied(entry: Entry<'_>) -> &'static str {
    match entry.action {
        Action::Deny => "policy denied",
        Action::RequireApproval => "policy require_approval",
        Action::Warn => "policy warn",
        Action::Advice => "policy advice",
    }
}

fn plain(entry: Entry<'_>, name: &str, message: impl Into<String>) -> Violation {
    Violation {
        rule: format!("rego.{name}").into(),
        action: entry.action,
        path: None,
        subject: None,
        actual: None,
        limit: None,
        resource: None,
        message: message.into(),
    }
}

/// One element of a set or an array; none if it says that it did not fail.
fn element(entry: Entry<'_>, name: &str, element: &Json) -> Option<Violation> {
    let members = match element {
        Json::String(message) if message.is_empty() => return Some(plain(entry, name, "policy denied")),
        Json::String(message) => return Some(plain(entry, name, message.as_str())),
        Json::Object(members) => members,
        other => return Some(plain(entry, name, other.to_sorted_text())),
    };
    if members.get("failed") == Some(&Json::Bool(false)) {
        return None;
    }
    let first = |names: &[&str]| {
        names
            .iter()
            .filter_map(|name| members.get(name)?.as_str())
            .find(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let (rule, message) = (first(&["rule", "id", "code"]), first(&["message", "msg"]));
    let nameless = rule.is_none() && message.is_none();
    let rule = rule.unwrap_or_else(|| format!("rego.{name}"));
    let message = match message {
        Some(message) => message,
        None if nameless => element.to_sorted_text(),
        None => rule.clone(),
    };
    let carried = |name: &str| members.get(name).and_then(carried);
    Some(Violation {
        action: if entry.free { own_action(element) } else { entry.action },
        path: carried("path").map(Into::into),
        subject: carried("subject"),
        actual: carried("actual"),
        limit: carried("limit"),
        resource: carried("resource"),
        rule: rule.into(),
        message,
    })
}

/// The action that an element of `violation` names; what cannot be read denies.
fn own_action(element: &Json) -> Action {
    let Some(named) = element.get("action").or_else(|| element.get("severity")) else { return Action::Deny };
    match named.as_str() {
        Some("require_approval") => Action::RequireApproval,
        Some("warn" | "warning") => Action::Warn,
        Some("advice" | "info") => Action::Advice,
        _ => Action::Deny,
    }
}

/// A member that is carried along: text as it is, a number in normal form, anything else but null as compact JSON.
fn carried(value: &Json) -> Option<String> {
    match value {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(Exact::from_number(number).normal_form()),
        other => Some(other.to_sorted_text()),
    }
}

#[cfg(test)]
mod tests;
