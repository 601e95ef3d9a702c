//! Kinds `guardrail`, `window`, `update_policy`.

use super::Handler;
use crate::{
    Json, PolicyError,
    error::ConfigError,
    guardrail::{ChangeWindows, GuardrailConfig, Now, check, utc_text},
    json,
};

pub(super) const KINDS: &[(&str, Handler)] =
    &[("guardrail", guardrail), ("window", window), ("update_policy", update_policy)];

/// `{change | change_json, history? | history_json?, now?, config?}` to `{action, policy_name, reason, failed}`.
fn guardrail(input: &Json) -> Result<Json, PolicyError> {
    let config = match input.get("config") {
        None | Some(Json::Null) => GuardrailConfig::default(),
        Some(overrides) => GuardrailConfig::from_json(overrides)?,
    };
    let change = document(input, "change", "change_json")?.unwrap_or(Json::Null);
    let history = document(input, "history", "history_json")?.unwrap_or_else(|| Json::Array(Vec::new()));
    let now = Now::from_json(input.get("now"));
    Ok(check(&change, &history, now, &config).to_json())
}

/// `{now, time_zone?, change_windows?}` to `{inside, next_open}`; both null when the time is unknown.
fn window(input: &Json) -> Result<Json, PolicyError> {
    let mut config = GuardrailConfig::default();
    for name in ["time_zone", "change_windows"] {
        if let Some(value) = input.get(name) {
            config.update(name, value)?;
        }
    }
    let windows: &ChangeWindows = config.windows();
    let (inside, next_open) = match Now::from_json(input.get("now")) {
        Now::At(now) => {
            let next = windows.next_open(now).map_or(Json::Null, |at| Json::from(utc_text(at)));
            (Json::Bool(windows.is_open(now)), next)
        }
        Now::Unknown => (Json::Null, Json::Null),
        Now::Invalid(got) => {
            let help = "give an RFC 3339 time with an offset, for example `2026-11-21T03:00:00Z`";
            return Err(ConfigError::new("now", format!("a time was expected, got {got}"), help).into());
        }
    };
    Ok(Json::object([("inside", inside), ("next_open", next_open)]))
}

/// `{name, value | value_json, config?}` to `{ok, code?}`: one update of the limits.
fn update_policy(input: &Json) -> Result<Json, PolicyError> {
    let mut config = match input.get("config") {
        None | Some(Json::Null) => GuardrailConfig::default(),
        Some(overrides) => GuardrailConfig::from_json(overrides)?,
    };
    let Some(name) = input.get("name").and_then(Json::as_str) else {
        return Err(ConfigError::new("name", "the name is missing", "give the name of a guardrail").into());
    };
    // A text that is no JSON value is a value that no limit can have.
    let value = document(input, "value", "value_json").ok().flatten().unwrap_or(Json::Null);
    Ok(match config.update(name, &value) {
        Ok(()) => Json::object([("ok", Json::Bool(true))]),
        Err(refused) => Json::object([("ok", Json::Bool(false)), ("code", Json::from(refused.code()))]),
    })
}

/// A member as a value, or as the exact text that another member holds.
fn document(input: &Json, value: &str, text: &str) -> Result<Option<Json>, PolicyError> {
    match input.get(text) {
        None => Ok(input.get(value).cloned()),
        Some(Json::String(source)) => Ok(Some(json::read(source.as_bytes(), &json::Limits::default())?)),
        Some(other) => {
            let problem = format!("JSON text was expected, got {}", other.type_name());
            Err(ConfigError::new(text, problem, "give the document as text").into())
        }
    }
}
