//! Kinds `mask`, `exemption`, `approval`, `shadow`.

use super::Handler;
use crate::{
    Json, PolicyError,
    decision::{
        Action, Context, Gate, GateOptions, Outcome, Violation,
        approval::{self, ApprovalOptions, ApprovalScope},
        exemption::{ExemptionOptions, Exemptions},
        mask::{self, Mask},
    },
    error::ConfigError,
    gate::{self, GateConfig},
    json,
};
use finops_core::time::Timestamp;
use std::sync::Arc;

pub(super) const KINDS: &[(&str, Handler)] =
    &[("mask", mask), ("exemption", exemption), ("approval", approval), ("shadow", shadow)];

/// `{event, masks}` to `{event, erased, masked}`.
fn mask(input: &Json) -> Result<Json, PolicyError> {
    let event = input.get("event").ok_or_else(|| missing("event", "give the event to mask"))?;
    let masked = mask::mask(event, &Mask::list(list(input, "masks")?, "/masks")?);
    Ok(Json::object([
        ("event", masked.event),
        ("erased", Json::array(masked.erased)),
        ("masked", Json::array(masked.masked)),
    ]))
}

/// `{input_json, exemptions, now, config?, max_days?, warn_days?}` to
/// `{decision, violations, exempted, warnings, unused}` under the default policy.
fn exemption(input: &Json) -> Result<Json, PolicyError> {
    let config = config(input, "config")?;
    let mut options = ExemptionOptions::default();
    options.max_days = days(input, "max_days")?.unwrap_or(options.max_days);
    options.warn_days = days(input, "warn_days")?.unwrap_or(options.warn_days);
    let exemptions = Exemptions::new(list(input, "exemptions")?, options);
    let (value, answer) = match json::read(text(input, "input_json")?.as_bytes(), &json::Limits::default()) {
        Ok(value) => {
            let answer = gate::decide(&value, &config);
            (value, answer)
        }
        Err(error) => (Json::Null, gate::Answer::refused(&error)),
    };
    let applied = exemptions.apply(answer.violations, &value, instant(input, "now")?);
    let decision = Outcome::of(&applied.left, false);
    let violations = applied.left.iter().map(|violation| {
        Json::array([Json::from(violation.rule.as_ref()), Json::from(violation.subject.as_deref())])
    });
    Ok(Json::object([
        ("decision", Json::from(decision.as_str())),
        ("violations", Json::array(violations)),
        ("exempted", Json::array(applied.exempted.iter().map(|exempted| exempted.to_json()))),
        ("warnings", Json::array(applied.warnings.iter().map(|warning| warning.to_json()))),
        ("unused", Json::array(applied.unused)),
    ]))
}

/// `{pending, denied, approvals, requester, input_digest, policy_revision, now, quorum?, max_ttl_hours?}` to
/// `{decision, missing, used, rejected}`.
fn approval(input: &Json) -> Result<Json, PolicyError> {
    let mut options = ApprovalOptions::default();
    if let Some(quorum) = given(input, "quorum") {
        options = options.with_quorum(quorum, "/quorum")?;
    }
    options.max_ttl_hours = days(input, "max_ttl_hours")?.unwrap_or(options.max_ttl_hours);
    let mut violations = Vec::new();
    for (name, action) in [("denied", Action::Deny), ("pending", Action::RequireApproval)] {
        for (i, rule) in list(input, name)?.iter().enumerate() {
            let rule = rule.as_str().ok_or_else(|| {
                ConfigError::new(format!("/{name}/{i}"), "is no text", "give the names of rules")
            })?;
            violations.push(Violation::new(rule.to_owned(), action, ""));
        }
    }
    let scope = ApprovalScope {
        requester: given(input, "requester").and_then(Json::as_str),
        input_digest: text(input, "input_digest")?,
        policy_revision: text(input, "policy_revision")?,
        now: instant(input, "now")?,
    };
    let approved = approval::approve(&violations, list(input, "approvals")?, &scope, &options);
    let mut answer = approved.to_json();
    if let Json::Object(members) = &mut answer {
        members.insert("decision", approved.decision.as_str());
    }
    Ok(answer)
}

/// `{input_json, config?, candidate_config?}` to `{decision, shadow}`.
fn shadow(input: &Json) -> Result<Json, PolicyError> {
    let candidate = GateOptions { config: config(input, "candidate_config")?, ..GateOptions::default() };
    let gate = Gate::new(GateOptions {
        config: config(input, "config")?,
        candidate: Some(Arc::new(Gate::new(candidate)?)),
        ..GateOptions::default()
    })?;
    let decision = gate.decide(text(input, "input_json")?, &Context::default());
    let shadow = decision.shadow.as_ref().map_or(Json::Null, |shadow| shadow.to_json());
    Ok(Json::object([("decision", Json::from(decision.decision.as_str())), ("shadow", shadow)]))
}

fn config(input: &Json, name: &str) -> Result<GateConfig, PolicyError> {
    given(input, name).map_or_else(|| Ok(GateConfig::default()), |config| Ok(GateConfig::from_json(config)?))
}

/// A member that is there and not null.
fn given<'a>(input: &'a Json, name: &str) -> Option<&'a Json> {
    input.get(name).filter(|value| !value.is_null())
}

fn missing(name: &str, help: &'static str) -> PolicyError {
    ConfigError::new(format!("/{name}"), "is missing or of the wrong type", help).into()
}

fn text<'a>(input: &'a Json, name: &str) -> Result<&'a str, PolicyError> {
    input.get(name).and_then(Json::as_str).ok_or_else(|| missing(name, "give text"))
}

fn list<'a>(input: &'a Json, name: &str) -> Result<&'a [Json], PolicyError> {
    match given(input, name) {
        None => Ok(&[]),
        Some(value) => value.as_array().ok_or_else(|| missing(name, "give a list")),
    }
}

fn days(input: &Json, name: &str) -> Result<Option<u32>, PolicyError> {
    given(input, name)
        .map(|value| {
            let number = value.as_number().and_then(|number| number.text().parse().ok());
            number.ok_or_else(|| missing(name, "give a whole number, 0 or more"))
        })
        .transpose()
}

fn instant(input: &Json, name: &str) -> Result<Option<Timestamp>, PolicyError> {
    given(input, name)
        .map(|value| {
            let at = value.as_str().and_then(|text| text.parse().ok());
            at.ok_or_else(|| missing(name, "give RFC 3339 with an offset, or null for an unknown time"))
        })
        .transpose()
}
