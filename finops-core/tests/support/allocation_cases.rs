//! One case of `allocation.json`, run through any way in: the engine here, a binding elsewhere.

use super::compare::{Members, differences};
use finops_core::{
    exact::Exact,
    json::{Json, Object},
};

/// What a case's answer differs in from the expected one; `call` computes a kind.
pub fn run_case(case: &Json, call: &dyn Fn(&str, &Json) -> Result<Json, String>) -> Vec<String> {
    let text = |name: &str| case.get(name).and_then(Json::as_str).unwrap_or_default();
    let (Some(input), Some(expected)) = (case.get("input"), case.get("expected")) else {
        return vec!["a case needs its input and what is expected".to_owned()];
    };
    let found = match call(text("kind"), input) {
        Ok(found) => found,
        Err(problem) => return vec![problem],
    };
    let mut out = match text("kind") {
        "efficiency" => within(expected, &found, text("tolerance")),
        "allocate" => {
            // Rows are exact; remarks may say more than the case lists.
            let part = |json: &Json| json.get("rows").cloned().unwrap_or(Json::Null);
            let mut out = differences(&part(expected), &part(&found), Members::All);
            out.extend(differences(expected, &found, Members::Listed));
            out
        }
        "kubernetes_reader" => differences(expected, &found, Members::Listed),
        _ => differences(expected, &found, Members::All),
    };
    let answer = found.to_text();
    for secret in case.get("must_not_contain").and_then(Json::as_array).unwrap_or_default() {
        let secret = secret.as_str().unwrap_or_default();
        if answer.contains(secret) {
            out.push(format!("the answer contains `{secret}`"));
        }
    }
    out
}

/// Numbers within the tolerance, `null` where `null` is expected; the answer may have more members.
fn within(expected: &Json, found: &Json, tolerance: &str) -> Vec<String> {
    let number = |json: Option<&Json>| {
        let text = json.and_then(Json::as_str)?;
        Exact::parse(if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text })
    };
    let limit = Exact::parse(tolerance).unwrap_or_default();
    let empty = Object::new();
    let mut out = Vec::new();
    for (name, value) in expected.as_object().unwrap_or(&empty).iter() {
        let same = match (number(Some(value)), number(found.get(name))) {
            (Some(wanted), Some(got)) => wanted.minus(&got).abs() <= limit,
            _ => found.get(name) == Some(value),
        };
        if !same {
            out.push(format!("/{name}: expected {value}, found {:?}", found.get(name).map(Json::to_text)));
        }
    }
    out
}
