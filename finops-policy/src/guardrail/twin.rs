//! What the Rego twin is given: operands rounded so that comparing doubles is comparing decimals.

use super::{
    config::{GuardrailConfig, number},
    facts::{Fact, Facts, Now},
    quantity::Quantity,
};
use crate::{
    Json,
    gate::number::Exact,
    json::{Number, Object},
};

/// The limits as `data.finops_config.guardrails` of the Rego twin: numbers, each one a double holds exactly.
#[must_use]
pub fn rego_data(config: &GuardrailConfig) -> Json {
    Json::object([
        ("min_confidence", number(&config.min_confidence.text)),
        ("max_risk_score", number(&config.max_risk_score.text)),
        ("max_single_change", number(&config.max_single_change.text)),
        ("max_daily_change", number(&config.max_daily_change.text)),
        ("blast_radius_limit", number(&config.blast_radius_limit.to_string())),
    ])
}

/// The input of the Rego twin: `{change, computed}`.
///
/// `computed` holds the operand of each check by the name of the check. Null is unknown; a check without a member is
/// skipped, because its value is malformed and listed in `malformed`.
#[must_use]
pub fn rego_input(change: &Json, history: &Json, now: Now, config: &GuardrailConfig) -> Json {
    let mut computed = Object::new();
    let mut malformed = Vec::new();
    match Facts::read(change, history, now, config) {
        Err(alone) => malformed.push(alone),
        Ok(facts) => {
            put(&mut computed, "min_confidence", facts.confidence, |q| rounded(&q, Exact::down));
            put(&mut computed, "max_risk_score", facts.risk_score, |q| rounded(&q, Exact::up));
            put(&mut computed, "max_single_change", facts.amount, |q| rounded(&q, Exact::up));
            put(&mut computed, "max_daily_change", facts.daily_total, |q| rounded(&q, Exact::up));
            let tags = config.protected_tags.list();
            put(&mut computed, "protected_tags", facts.tag_hits, |hits| {
                Json::array(hits.iter().filter_map(|n| tags.get(*n)).map(|tag| tag.text.as_str()))
            });
            put(&mut computed, "change_window", facts.window_open, Json::Bool);
            put(&mut computed, "blast_radius", facts.namespaces, |n| number(&n.to_string()));
            malformed.extend(facts.malformed);
        }
    }
    let malformed = malformed
        .into_iter()
        .map(|m| Json::object([("policy_name", Json::from(m.rule)), ("path", Json::from(m.path))]));
    computed.insert("malformed", Json::Array(malformed.collect()));
    Json::object([("change", change.clone()), ("computed", Json::Object(computed))])
}

fn put<T>(computed: &mut Object, name: &str, fact: Fact<T>, json: impl FnOnce(T) -> Json) {
    match fact {
        Fact::Known(value) => drop(computed.insert(name, json(value))),
        Fact::Unknown => drop(computed.insert(name, Json::Null)),
        Fact::Invalid => {}
    }
}

/// The double on the given side of the value; null, which asks, where there is none.
fn rounded(value: &Quantity, side: fn(&Exact) -> Option<f64>) -> Json {
    side(&value.exact()).and_then(Number::from_f64).map_or(Json::Null, Json::Number)
}
