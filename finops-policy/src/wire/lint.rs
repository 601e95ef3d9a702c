//! Kind `lint`.

use super::Handler;
use crate::{
    Json, PolicyError,
    error::ConfigError,
    rego::{
        Module,
        lint::{Finding, lint},
    },
};

pub(super) const KINDS: &[(&str, Handler)] = &[("lint", run)];

/// `{modules, data?, entry?}` to `{loads, errors, warnings, engine?, findings}`: codes as sorted sets, the engine that
/// `auto` takes if the set loads, and every finding with its place.
fn run(input: &Json) -> Result<Json, PolicyError> {
    let modules = modules(input)?;
    let empty = Json::object::<String>([]);
    let data = input.get("data").unwrap_or(&empty);
    let entry = input.get("entry").map_or(Some("finops"), Json::as_str);
    let entry =
        entry.ok_or_else(|| refuse("/entry", input.get("entry"), "give a package name such as `finops`"))?;
    let report = lint(&modules, data, entry);
    let mut answer = vec![
        ("loads", Json::from(report.loads())),
        ("errors", Json::array(report.error_codes())),
        ("warnings", Json::array(report.warning_codes())),
    ];
    if report.loads() {
        answer.push(("engine", Json::from(report.engine.engine.as_str())));
    }
    let all = [
        ("errors", Finding::list(&report.errors)),
        ("warnings", Finding::list(&report.warnings)),
        ("engine", Finding::list(&report.engine.reasons)),
    ];
    answer.push(("findings", Json::object(all)));
    Ok(Json::object(answer))
}

/// Texts, or objects of `name` and `text`.
pub(super) fn modules(input: &Json) -> Result<Vec<Module>, PolicyError> {
    let help = "give a list of Rego texts or of objects with `name` and `text`";
    let list = input.get("modules").and_then(Json::as_array);
    let list = list.ok_or_else(|| refuse("/modules", input.get("modules"), help))?;
    let module = |(number, module): (usize, &Json)| {
        if let Some(text) = module.as_str() {
            return Ok(Module::new(format!("module-{number}.rego"), text));
        }
        match (module.get("name").and_then(Json::as_str), module.get("text").and_then(Json::as_str)) {
            (Some(name), Some(text)) => Ok(Module::new(name, text)),
            _ => Err(refuse(&format!("/modules/{number}"), Some(module), help)),
        }
    };
    list.iter().enumerate().map(module).collect()
}

fn refuse(path: &str, value: Option<&Json>, help: &'static str) -> PolicyError {
    let problem = value
        .map_or_else(|| "it is missing".to_owned(), |value| format!("{} is not accepted", value.type_name()));
    ConfigError::new(path, problem, help).into()
}
