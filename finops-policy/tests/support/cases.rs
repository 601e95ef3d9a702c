//! The cases of `policy.json` against a function of kinds: the one comparison that every runner in Rust shares.
//!
//! Compared are the members that a case lists (a subset of the answer's members); nested values are exact, numbers by value
//! and sign. A refusal is compared by its code.

use finops_policy::json::{Json, Limits, Object, read};
use std::collections::BTreeSet;

/// From a kind and the members of a case to the answer, or to the code of the refusal.
pub type Call = fn(&str, &Json) -> Result<Json, String>;

/// Every kind that is run. `http` needs a server: it belongs to the runner of the bindings.
pub const KINDS: [&str; 20] = [
    "approval",
    "bundle",
    "digest",
    "exemption",
    "gate",
    "guardrail",
    "infracost",
    "kubernetes",
    "lint",
    "mask",
    "number",
    "policy_gate",
    "rego",
    "remote_opa",
    "result_contract",
    "shadow",
    "terraform",
    "test_runner",
    "update_policy",
    "window",
];

/// Kinds that this runner names and does not run.
pub const PENDING: [&str; 1] = ["http"];

/// What describes a case and is no member of its input.
const ABOUT: [&str; 6] = ["id", "kind", "group", "note", "source", "expect"];

/// The cases of the file `text`.
pub fn cases(text: &[u8]) -> Vec<Json> {
    let file = read(text, &Limits { bytes: usize::MAX, depth: 128 }).expect("vectors are JSON");
    file.get("cases").and_then(Json::as_array).expect("the file has cases").to_vec()
}

/// The kind of a case.
pub fn kind(case: &Json) -> &str {
    case.get("kind").and_then(Json::as_str).unwrap_or_default()
}

/// The name of a case.
pub fn id(case: &Json) -> &str {
    case.get("id").and_then(Json::as_str).unwrap_or_default()
}

/// What is wrong with the answer to one case; nothing if it holds.
pub fn differences(case: &Json, call: Call) -> Vec<String> {
    let kind = kind(case);
    if !KINDS.contains(&kind) {
        return vec![format!("unknown kind `{kind}`")];
    }
    if let Some(rows) = case.get("rows").and_then(Json::as_array) {
        return rows.iter().flat_map(|row| row_differences(case, row, call)).collect();
    }
    let expected = expected(kind, case);
    let input = case.as_object().expect("a case is an object").iter();
    let input = input.filter(|(name, _)| {
        !ABOUT.contains(name) && (case.get("expect").is_some() || !expected.contains_key(name))
    });
    let input = Json::object(input.map(|(name, value)| (name, value.clone())));
    match call(kind, &input) {
        Ok(answer) => {
            let wrong = |(name, wanted): (&str, &Json)| match answer.get(name) {
                Some(found) if member_holds(kind, name, wanted, found, &expected) => None,
                Some(found) => Some(format!("{name}: expected {wanted}, found {found}")),
                None => Some(format!("{name}: expected {wanted}, found nothing")),
            };
            if expected.is_empty() {
                vec!["nothing to compare".to_owned()]
            } else {
                expected.iter().filter_map(wrong).collect()
            }
        }
        Err(code) => refused(&expected, &code),
    }
}

/// The members to compare: `expect`, or those of the case itself where it has none.
fn expected(kind: &str, case: &Json) -> Object {
    if let Some(members) = case.get("expect").and_then(Json::as_object) {
        return members.clone();
    }
    let names: &[&str] = match kind {
        "number" => &["accepted", "normal_form", "up", "down", "on_grid"],
        "digest" => &["canonical", "sha256"],
        "update_policy" => &["ok", "code"],
        "rego" => &["opa", "interpreter_strict", "rvm"],
        _ => &[],
    };
    let member = |name: &&'static str| Some((*name, case.get(name)?.clone()));
    let mut members: Object = names.iter().filter_map(member).collect();
    // `opa` is what OPA says: the yardstick of `same`, not something we compute.
    let opa = members.remove("opa");
    for value in members.values_mut() {
        if value.as_str() == Some("same") {
            *value = opa.clone().unwrap_or(Json::Null);
        }
    }
    members
}

fn refused(expected: &Object, code: &str) -> Vec<String> {
    let same = |wanted: &Json| wanted.as_str() == Some(code);
    let listed = expected.get("codes").and_then(Json::as_array).is_some_and(|codes| codes.iter().any(same));
    let refusal = ["ok", "loads"].iter().any(|name| expected.get(name) == Some(&Json::Bool(false)));
    if refusal && (listed || expected.get("code").is_some_and(same)) {
        return Vec::new();
    }
    vec![format!("refused with `{code}`, expected {}", Json::Object(expected.clone()))]
}

/// One row of a `rego` case: whether the set that is queried has an element.
fn row_differences(case: &Json, row: &Json, call: Call) -> Vec<String> {
    let member = |name: &str, of: &Json| (name.to_owned(), of.get(name).cloned().unwrap_or(Json::Null));
    let input = Json::object([member("module", case), member("query", case), member("input", row)]);
    let answer = call("rego", &input);
    let mut wrong = Vec::new();
    for engine in ["interpreter_strict", "rvm"] {
        let wanted = row.get(engine).and_then(Json::as_str).unwrap_or_default();
        let found = match answer.as_ref().map(|answer| answer.get(engine)) {
            Ok(Some(result)) => match (result.get("value").and_then(Json::as_array), result.get("error")) {
                (Some([]), None) => "silent",
                (Some(_), None) => "fires",
                (None, Some(_)) => "error",
                _ => "silent",
            },
            Ok(None) => "nothing",
            Err(code) => code.as_str(),
        };
        if wanted != found {
            wrong.push(format!("{engine} of {}: expected {wanted}, found {found}", member("input", row).1));
        }
    }
    wrong
}

fn member_holds(kind: &str, name: &str, wanted: &Json, found: &Json, expected: &Object) -> bool {
    match (kind, name) {
        ("number", "up" | "down") => match (wanted.as_str().and_then(double), found) {
            (Some(wanted), Json::Number(found)) => double(found.text()) == Some(wanted),
            (Some(wanted), Json::String(found)) => double(found) == Some(wanted),
            _ => false,
        },
        ("lint", "errors" | "warnings") | ("policy_gate", "codes") => match (set(wanted), set(found)) {
            (Some(wanted), Some(found)) => wanted == found,
            _ => false,
        },
        // The parser's own words are free.
        ("gate", "deny_messages") if is_syntax_fault(expected) => {
            found.as_array().is_some_and(|found| found.len() <= 1)
        }
        ("terraform" | "kubernetes" | "infracost", "violations") => same(wanted, &without_messages(found)),
        _ => same(wanted, found),
    }
}

fn is_syntax_fault(expected: &Object) -> bool {
    let first = expected.get("violations").and_then(|violations| violations.pointer("/0/rule"));
    first.and_then(Json::as_str) == Some("input.json")
}

fn without_messages(violations: &Json) -> Json {
    let mut violations = violations.clone();
    if let Json::Array(list) = &mut violations {
        for violation in list {
            if let Json::Object(members) = violation {
                members.remove("message");
            }
        }
    }
    violations
}

fn set(value: &Json) -> Option<BTreeSet<String>> {
    Some(value.as_array()?.iter().map(Json::to_sorted_text).collect())
}

fn double(text: &str) -> Option<u64> {
    text.parse::<f64>().ok().map(f64::to_bits)
}

/// Equal in type and value; members in any order.
fn same(wanted: &Json, found: &Json) -> bool {
    match (wanted, found) {
        (Json::Number(wanted), Json::Number(found)) => {
            let integer = |text: &str| text.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit());
            if integer(wanted.text()) && integer(found.text()) {
                wanted == found
            } else {
                double(wanted.text()) == double(found.text())
            }
        }
        (Json::Array(wanted), Json::Array(found)) => {
            wanted.len() == found.len() && wanted.iter().zip(found).all(|(wanted, found)| same(wanted, found))
        }
        (Json::Object(wanted), Json::Object(found)) => {
            wanted.len() == found.len()
                && wanted
                    .iter()
                    .all(|(name, wanted)| found.get(name).is_some_and(|found| same(wanted, found)))
        }
        _ => wanted == found,
    }
}
