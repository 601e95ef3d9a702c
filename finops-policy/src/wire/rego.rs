//! Kinds `rego`, `result_contract`, `remote_opa`, `policy_gate`, `bundle`, `test_runner`.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Handler, lint::modules};
use crate::{
    Json, PolicyError,
    decision::{Action, Outcome, Violation},
    error::ConfigError,
    json::Object,
    rego::{
        Bundle, BundleOptions, Engine, Limits, LoadOptions, Module, PolicySet, RegoError,
        contract::{self, SetAnswer},
        coverage::FileCoverage,
        engine::{Evaluated, evaluate},
        remote,
        test_runner::{self, TestOptions},
    },
};

pub(super) const KINDS: &[(&str, Handler)] = &[
    ("rego", rego),
    ("result_contract", result_contract),
    ("remote_opa", remote_opa),
    ("policy_gate", policy_gate),
    ("bundle", bundle),
    ("test_runner", test_runner),
];

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
        ("path", violation.path.as_deref()),
        ("subject", violation.subject.as_deref()),
        ("actual", violation.actual.as_deref()),
        ("limit", violation.limit.as_deref()),
        ("resource", violation.resource.as_deref()),
    ];
    let mut members =
        vec![("action", Json::from(action(violation.action))), ("rule", Json::from(violation.rule.as_ref()))];
    members.extend(carried.into_iter().filter_map(|(name, value)| Some((name, Json::from(value?)))));
    members.push(("message", Json::from(violation.message.as_str())));
    Json::object(members)
}

fn bundle(input: &Json) -> Result<Json, PolicyError> {
    let Ok(archive) = STANDARD.decode(text(input, "tar_gz_base64")?) else {
        return Err(ConfigError::new("tar_gz_base64", "is not base64", "give base64 with padding").into());
    };
    let mut options = BundleOptions::default();
    for (name, value) in input.get("options").and_then(Json::as_object).into_iter().flat_map(Object::iter) {
        match (name, value) {
            ("skip_verify", Json::Bool(skip)) => options.skip_verify = *skip,
            ("expected_sha256", Json::String(digest)) => options.expected_sha256 = Some(digest.clone()),
            _ => {
                let name = finops_core::error::shorten(name);
                let problem = format!("`{name}` is no option, or {} is no value of it", value.type_name());
                let help = "give `skip_verify`, a boolean, or `expected_sha256`, a string";
                return Err(ConfigError::new("options", problem, help).into());
            }
        }
    }
    Ok(match Bundle::from_bytes(&archive, &options) {
        Ok(bundle) => Json::object([
            ("ok", Json::from(true)),
            ("digest", Json::from(bundle.digest)),
            ("revision", Json::from(bundle.revision)),
            ("modules", Json::array(bundle.modules.into_iter().map(|module| module.name))),
            ("data", bundle.data),
            ("warnings", Json::array(bundle.warnings.iter().map(|warning| warning.code))),
        ]),
        Err(error) => Json::object([
            ("ok", Json::from(false)),
            ("code", Json::from(error.code())),
            ("path", Json::from(error.path())),
        ]),
    })
}

/// Whether one module loads, and what it decides: the default policy off, no schema.
fn policy_gate(input: &Json) -> Result<Json, PolicyError> {
    let modules = [Module::new("policy.rego", text(input, "module")?)];
    let empty = Json::object::<&str>([]);
    let data = input.get("data").unwrap_or(&empty);
    let Some(question) = input.get("input") else {
        return Err(ConfigError::new("input", "is missing", "give the input of the policy").into());
    };
    // The answer of a computation must not depend on how busy the machine is.
    let options = LoadOptions { limits: Limits::patient(), ..LoadOptions::default() };
    let (set, report) = match PolicySet::load(&modules, data, &options) {
        Ok(loaded) => loaded,
        Err(error) => {
            let codes = Json::array(error.codes());
            return Ok(Json::object([("loads", Json::from(false)), ("codes", codes)]));
        }
    };
    let mut members = Object::default();
    members.insert("loads", true);
    members.insert("engine", report.engine.as_str());
    if let Json::Object(answered) = answer(&set.decide(question), None) {
        for (name, value) in answered {
            members.insert(name, value);
        }
    }
    Ok(Json::Object(members))
}

fn test_runner(input: &Json) -> Result<Json, PolicyError> {
    let empty = Json::object::<&str>([]);
    let data = input.get("data").unwrap_or(&empty);
    let coverage = input.get("coverage").and_then(Json::as_bool).unwrap_or_default();
    let options = TestOptions { coverage, ..TestOptions::default() };
    let report = test_runner::run(&modules(input)?, data, &options).map_err(RegoError::from)?;
    let results = report.results.iter().map(|result| {
        Json::object([
            ("package", Json::from(result.package.as_str())),
            ("name", Json::from(result.name.as_str())),
            ("status", Json::from(result.status.as_str())),
        ])
    });
    let mut members = vec![("results", Json::Array(results.collect()))];
    members.extend(report.counts().map(|(name, count)| (name, Json::from(count))));
    members.push(("success", Json::from(report.success())));
    if let Some(coverage) = &report.coverage {
        members.push(("coverage", Json::array(coverage.files.iter().map(FileCoverage::to_json))));
    }
    Ok(Json::object(members))
}
