//! Tests as a table in JSON: inputs, and what a set must answer.

use super::{TestReport, TestResult, TestStatus};
use crate::{
    Json,
    decision::{Action, Outcome},
    error::ConfigError,
    rego::{PolicySet, contract::SetAnswer},
};

const HELP: &str = "give `{name, input, expect}`; `expect` holds `decision`, `code`, `rules`, `messages`";

/// Asks `set` every case of `table`, a list of `{name, input, expect}` or an object with that list as `cases`.
///
/// Compared are the members that `expect` lists: `decision` (`allow`, `require_approval`, `deny`), `code` (null: none),
/// `rules` (the rules that deny or ask, in order) and `messages` (theirs).
///
/// # Errors
/// `policy.config` with the JSON pointer of what is no case.
pub fn run(set: &PolicySet, table: &Json, file: &str) -> Result<TestReport, ConfigError> {
    let (cases, base) = match table.get("cases") {
        Some(cases) => (cases, "/cases"),
        None => (table, ""),
    };
    let Json::Array(cases) = cases else {
        let problem = format!("must be a list, got {}", cases.type_name());
        return Err(ConfigError::new(base, problem, HELP));
    };
    let mut results = Vec::with_capacity(cases.len());
    for (index, case) in cases.iter().enumerate() {
        let at = format!("{base}/{index}");
        let refuse =
            |member: &str, problem: String| ConfigError::new(format!("{at}/{member}"), problem, HELP);
        let name = case.get("name").and_then(Json::as_str);
        let name = name.ok_or_else(|| refuse("name", "is missing or no string".to_owned()))?;
        let input = case.get("input").ok_or_else(|| refuse("input", "is missing".to_owned()))?;
        let expect = case.get("expect").and_then(Json::as_object);
        let expect = expect.ok_or_else(|| refuse("expect", "is missing or no object".to_owned()))?;
        let answer = set.decide(input);
        let mut wrong = Vec::new();
        for (member, wanted) in expect.iter() {
            let found = found(&answer, member)
                .ok_or_else(|| refuse(&format!("expect/{member}"), "is not known".to_owned()))?;
            if found != *wanted {
                wrong.push(format!("{member} is {found}, not {wanted}"));
            }
        }
        if expect.iter().len() == 0 {
            return Err(refuse("expect", "lists nothing to compare".to_owned()));
        }
        let passed = wrong.is_empty();
        results.push(TestResult {
            package: String::new(),
            name: name.to_owned(),
            status: if passed { TestStatus::Pass } else { TestStatus::Fail },
            message: (!passed).then(|| wrong.join("; ")),
            file: file.to_owned(),
            line: None,
        });
    }
    Ok(TestReport { results, coverage: None })
}

fn found(answer: &SetAnswer, member: &str) -> Option<Json> {
    let binding = || answer.violations.iter().filter(|v| v.action <= Action::RequireApproval);
    Some(match member {
        "decision" => Json::from(match answer.decision {
            Outcome::Deny => "deny",
            Outcome::RequireApproval => "require_approval",
            Outcome::Allow => "allow",
        }),
        "code" => answer.code.map_or(Json::Null, Json::from),
        "rules" => Json::array(binding().map(|violation| violation.rule.as_ref())),
        "messages" => Json::array(binding().map(|violation| violation.message.as_str())),
        _ => return None,
    })
}
