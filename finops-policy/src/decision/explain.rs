//! Why a decision came out as it did: each rule with what it read, its limit and its outcome.

use super::{Decision, Gate, Violation};
use crate::{
    Json,
    json::{Object, pointer_of},
};

/// The typed rules in the order of the answer (specification `policy.md` 3), with the fields that each reads and the
/// pointer of its limit in the configuration.
const RULES: [(&str, &[&str], &str); 11] = [
    ("budget.unit_cost", &["unit_cost_usd"], "/unit_cost_usd/deny_above"),
    ("budget.total_spend", &["total_spend_usd", "budget_cap_usd"], "/default_budget_cap_usd"),
    ("tags.missing", &["cost_tags"], ""),
    ("tags.empty", &["cost_tags"], ""),
    ("tags.required", &["cost_tags"], "/required_tags"),
    ("promotion.test_pass_rate", &["promotion_request", "test_pass_rate"], "/test_pass_rate/deny_below"),
    ("promotion.security_scan", &["promotion_request", "security_scan_passed"], ""),
    ("carbon.intensity", &["carbon_intensity_g_per_kwh"], "/carbon_intensity_g_per_kwh/deny_above"),
    ("carbon.region", &["deployment_region"], "/carbon_efficient_regions"),
    ("budget.unit_cost.warn", &["unit_cost_usd"], "/unit_cost_usd/warn_above"),
    ("carbon.intensity.warn", &["carbon_intensity_g_per_kwh"], "/carbon_intensity_g_per_kwh/warn_above"),
];

/// One rule and its part in a decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// The rule.
    pub rule: String,
    /// `deny`, `require_approval`, `warn`, `advice`, `exempted`, `approved`, `not_evaluated`, `off` or `passed`.
    pub outcome: &'static str,
    /// What it was about.
    pub subject: Option<String>,
    /// JSON pointers into the input with the values that the rule read; only when the input is given.
    pub operands: Vec<(String, Json)>,
    /// The limit that it compared with.
    pub limit: Option<Json>,
    /// The sentence for people, the exemption, or why it was not evaluated.
    pub reason: Option<String>,
}

impl Explained {
    /// `{rule, outcome, subject?, operands?, limit?, reason?}`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut members = Object::new();
        members.insert("rule", self.rule.as_str());
        members.insert("outcome", self.outcome);
        if let Some(subject) = &self.subject {
            members.insert("subject", subject.as_str());
        }
        if !self.operands.is_empty() {
            let operands = self.operands.iter().map(|(pointer, value)| (pointer.as_str(), value.clone()));
            members.insert("operands", Json::object(operands));
        }
        if let Some(limit) = &self.limit {
            members.insert("limit", limit.clone());
        }
        if let Some(reason) = &self.reason {
            members.insert("reason", reason.as_str());
        }
        Json::Object(members)
    }
}

/// Every rule's part in a decision, and for a set in Rego the lines that ran.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// What kept the rules from being evaluated completely, as code and detail.
    pub fault: Option<(String, String)>,
    /// The rules: `input.*` that fired, the typed rules, then those of the set that fired.
    pub rules: Vec<Explained>,
    /// By file of the set, the lines that ran on the input.
    pub lines: Vec<(String, Vec<u32>)>,
}

impl Explanation {
    /// `{rules, code?, detail?, lines?: {file: [line]}}`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut members = Object::new();
        members.insert("rules", Json::array(self.rules.iter().map(Explained::to_json)));
        if let Some((code, detail)) = &self.fault {
            members.insert("code", code.as_str());
            members.insert("detail", detail.as_str());
        }
        if !self.lines.is_empty() {
            let lines =
                self.lines.iter().map(|(file, lines)| (file.as_str(), Json::array(lines.iter().copied())));
            members.insert("lines", Json::object(lines));
        }
        Json::Object(members)
    }
}

impl Gate {
    /// Explains a decision of this gate; with the `input` also what each rule read, and which lines of the set ran.
    #[must_use]
    pub fn explain(&self, decision: &Decision, input: Option<&Json>) -> Explanation {
        let mut rules = Vec::new();
        let fired: Vec<&Violation> =
            decision.violations.iter().chain(&decision.warnings).chain(&decision.advice).collect();
        let is_typed = |rule: &str| RULES.iter().any(|(name, _, _)| *name == rule);
        for violation in fired.iter().filter(|violation| violation.rule.starts_with("input.")) {
            rules.push(explained(decision, violation, input, &[]));
        }
        if self.default_policy && rules.is_empty() {
            let config = self.config.to_json();
            for (rule, fields, limit) in RULES {
                self::rule(decision, &fired, (rule, fields, limit), &config, input, &mut rules);
            }
        }
        for violation in &fired {
            let known =
                violation.rule.starts_with("input.") || (self.default_policy && is_typed(&violation.rule));
            if !known {
                rules.push(explained(decision, violation, input, &[]));
            }
        }
        for exempted in decision.exempted.iter().filter(|e| !self.default_policy || !is_typed(&e.rule)) {
            rules.push(accepted(&exempted.rule, exempted.subject.as_deref(), &exempted.exemption));
        }
        let fault = decision.fault.as_ref().map(|fault| (fault.code.clone(), fault.detail.clone()));
        let lines = input.map(|input| self.covered_lines(input)).unwrap_or_default();
        Explanation { fault, rules, lines }
    }
}

fn rule(
    decision: &Decision,
    fired: &[&Violation],
    (rule, fields, limit): (&str, &[&str], &str),
    config: &Json,
    input: Option<&Json>,
    rules: &mut Vec<Explained>,
) {
    let before = rules.len();
    for violation in fired.iter().filter(|violation| violation.rule == rule) {
        rules.push(explained(decision, violation, input, fields));
    }
    for exempted in decision.exempted.iter().filter(|exempted| exempted.rule == rule) {
        rules.push(accepted(rule, exempted.subject.as_deref(), &exempted.exemption));
    }
    if rules.len() > before {
        return;
    }
    let off =
        config.get("actions").and_then(|actions| actions.get(rule)).and_then(Json::as_str) == Some("off");
    let reason =
        decision.not_evaluated.iter().find(|(name, _)| *name == rule).map(|(_, reason)| (*reason).to_owned());
    let outcome = match (off, &reason) {
        (true, _) => "off",
        (false, Some(_)) => "not_evaluated",
        (false, None) => "passed",
    };
    // The cap is the input's; the configured one only counts without it.
    let own_cap =
        input.filter(|_| rule == "budget.total_spend").and_then(|input| input.get("budget_cap_usd"));
    let configured = config.pointer(limit).filter(|value| !limit.is_empty() && !value.is_null());
    rules.push(Explained {
        rule: rule.to_owned(),
        outcome,
        subject: None,
        operands: operands(input, fields),
        limit: own_cap.or(configured).cloned(),
        reason,
    });
}

fn explained(decision: &Decision, violation: &Violation, input: Option<&Json>, fields: &[&str]) -> Explained {
    let lifted = decision.approvals.as_ref().is_some_and(|approved| {
        violation.action == super::Action::RequireApproval
            && !approved.missing.iter().any(|(rule, _)| *rule == violation.rule)
    });
    let mut read = operands(input, fields);
    if let (Some(path), true) = (&violation.path, read.is_empty()) {
        let value = input.and_then(|input| input.pointer(path));
        read.extend(value.map(|value| (path.to_string(), value.clone())));
    }
    Explained {
        rule: violation.rule.to_string(),
        outcome: if lifted { "approved" } else { violation.action.as_str() },
        subject: violation.subject.clone(),
        operands: read,
        limit: violation.limit.as_deref().map(Json::from),
        reason: Some(violation.message.clone()),
    }
}

fn accepted(rule: &str, subject: Option<&str>, exemption: &str) -> Explained {
    Explained {
        rule: rule.to_owned(),
        outcome: "exempted",
        subject: subject.map(str::to_owned),
        operands: Vec::new(),
        limit: None,
        reason: Some(format!("exempted by `{}`", finops_core::error::shorten(exemption))),
    }
}

fn operands(input: Option<&Json>, fields: &[&str]) -> Vec<(String, Json)> {
    let value = |field: &&str| Some((pointer_of([*field]), input?.get(field)?.clone()));
    fields.iter().filter_map(value).collect()
}
