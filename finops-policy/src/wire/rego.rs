//! Kinds `rego`, `result_contract`, `remote_opa`, `policy_gate`, `bundle`, `test_runner`.

use super::Handler;
use crate::{
    Json, PolicyError,
    decision::{Action, Outcome, Violation},
    error::ConfigError,
    rego::{
        Engine, Module,
        contract::{self, SetAnswer},
        engine::{Evaluated, evaluate},
        remote,
    },
};

pub(super) const KINDS: &[(&str, Handler)] =
    &[("rego", rego), ("result_contract", result_contract), ("remote_opa", remote_opa)];

fn text<'a>(input: &'a Json, name: &'static str) -> Result<&'a str, PolicyError> {
    let Some(found) = input.get(name) else {
        return Err(ConfigError::new(name, "is missing", "give a string").into());
    };
    found.as_str().ok_or_else(|| {
        ConfigError::new(name, format!("must be a string, got {}", found.type_name()), "give a string").into()
    })
}

/// The answer of each engine to one query: `{"value": ..}`, `{"undefined": true}` or `{"error": "eval"}`.
fn rego(input: &Json) -> Result<Json, PolicyError> {
    let modules = [Module::new("policy.rego", text(input, "module")?)];
    let query = text(input, "query")?;
    let empty = Json::object::<&str>([]);
    let data = input.get("data").unwrap_or(&empty);
    let run = |engine| match evaluate(&modules, data, query, input.get("input"), engine) {
        Evaluated::Value(value) => Json::object([("value", value)]),
        Evaluated::Undefined => Json::object([("undefined", Json::Bool(true))]),
        Evaluated::Error(error) => {
            let code = error.code.strip_prefix("policy.").unwrap_or(error.code);
            Json::object([("error", Json::from(code))])
        }
    };
    Ok(Json::object([("interpreter_strict", run(Engine::Interpreter)), ("rvm", run(Engine::Rvm))]))
}

fn result_contract(input: &Json) -> Result<Json, PolicyError> {
    let Some(result) = input.get("result") else {
        return Err(ConfigError::new("result", "is missing", "give the value of the entry package").into());
    };
    let declared = match input.get("allow_declared") {
        None => false,
        Some(Json::Bool(declared)) => *declared,
        Some(other) => {
            let problem = format!("must be a boolean, got {}", other.type_name());
            return Err(ConfigError::new("allow_declared", problem, "give true or false").into());
        }
    };
    Ok(answer(&contract::decide(result, declared), None))
}

fn remote_opa(input: &Json) -> Result<Json, PolicyError> {
    let answered = match input.get("failure") {
        Some(_) => {
            let name = text(input, "failure")?;
            let failure = remote::Failure::of(name).ok_or_else(|| {
                let problem = format!("`{}` is not a known failure", finops_core::error::shorten(name));
                ConfigError::new("failure", problem, remote::Failure::HELP)
            })?;
            remote::failed(failure)
        }
        None => {
            let status = input.get("status").and_then(Json::as_number).and_then(crate::json::Number::as_u64);
            let Some(status) = status.and_then(|status| u16::try_from(status).ok()) else {
                let problem = "is missing or no HTTP status";
                return Err(ConfigError::new("status", problem, "give a number such as 200").into());
            };
            remote::answered(status, text(input, "body")?.as_bytes())
        }
    };
    let source = remote::decision_source(&answered);
    Ok(answer(&answered, Some(source)))
}

/// An answer as its members; absent ones are left out.
fn answer(answer: &SetAnswer, source: Option<&str>) -> Json {
    let mut members = vec![("decision", Json::from(outcome(answer.decision)))];
    if let Some(code) = answer.code {
        members.push(("code", Json::from(code)));
    }
    if let Some(source) = source {
        members.push(("decision_source", Json::from(source)));
    }
    members.push(("violations", Json::Array(answer.violations.iter().map(violation).collect())));
    Json::object(members)
}

const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Deny => "deny",
        Outcome::RequireApproval => "require_approval",
        Outcome::Allow => "allow",
    }
}

const fn action(action: Action) -> &'static str {
    match action {
        Action::Deny => "deny",
        Action::RequireApproval => "require_approval",
        Action::Warn => "warn",
        Action::Advice => "advice",
    }
}

fn violation(violation: &Violation) -> Json {
    let carried = [
        ("path", &violation.path),
        ("subject", &violation.subject),
        ("actual", &violation.actual),
        ("limit", &violation.limit),
        ("resource", &violation.resource),
    ];
    let mut members =
        vec![("action", Json::from(action(violation.action))), ("rule", Json::from(violation.rule.as_str()))];
    members
        .extend(carried.into_iter().filter_map(|(name, value)| Some((name, Json::from(value.as_deref()?)))));
    members.push(("message", Json::from(violation.message.as_str())));
    Json::object(members)
}
