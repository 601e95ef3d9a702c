//! Kinds `gate`, `number`, `digest`.

use super::Handler;
use crate::{
    Json, PolicyError,
    error::ConfigError,
    gate::{Exact, GateConfig, canonical, decide_text},
    json::{Limits, Number, read},
};

pub(super) const KINDS: &[(&str, Handler)] = &[("gate", gate), ("number", number), ("digest", digest)];

/// `{input_json, config?}` to the answer of the default policy.
fn gate(input: &Json) -> Result<Json, PolicyError> {
    let config = match input.get("config") {
        None | Some(Json::Null) => GateConfig::default(),
        Some(config) => GateConfig::from_json(config)?,
    };
    Ok(decide_text(text_member(input, "input_json")?.as_bytes(), &config).to_json())
}

/// `{text}` to `{accepted, normal_form, up, down, on_grid}`; what does not apply is null.
fn number(input: &Json) -> Result<Json, PolicyError> {
    let text = text_member(input, "text")?;
    let accepted = Exact::from_text(text);
    let exact = Number::new(text).map(|number| Exact::from_number(&number));
    let double = |value: Option<f64>| Json::from(value.and_then(Number::from_f64));
    Ok(Json::object([
        ("accepted", Json::from(accepted.is_some())),
        ("normal_form", exact.as_ref().map(Exact::normal_form).into()),
        ("up", double(exact.as_ref().and_then(Exact::up))),
        ("down", double(exact.as_ref().and_then(Exact::down))),
        ("on_grid", exact.as_ref().is_some_and(Exact::on_grid).into()),
    ]))
}

/// `{input_json}` to `{canonical, sha256}`.
fn digest(input: &Json) -> Result<Json, PolicyError> {
    let value = read(text_member(input, "input_json")?.as_bytes(), &Limits::default())?;
    let canonical = canonical::text(&value);
    let sha256 = canonical::sha256(canonical.as_bytes());
    Ok(Json::object([("canonical", canonical), ("sha256", sha256)].map(|(name, text)| (name, text.into()))))
}

/// The member `name`, which must be text.
fn text_member<'a>(input: &'a Json, name: &str) -> Result<&'a str, ConfigError> {
    let found = input.get(name);
    found.and_then(Json::as_str).ok_or_else(|| {
        let type_name = found.map_or("nothing", Json::type_name);
        ConfigError::new(format!("/{name}"), format!("expected text, got {type_name}"), "give the exact text")
    })
}
