//! Inputs for property tests.

use super::{Exact, known_fields};
use crate::json::{Json, Limits, Number, read};
use proptest::prelude::*;

pub(crate) fn json(text: &str) -> Json {
    read(text.as_bytes(), &Limits::default()).unwrap()
}

/// The doubles where an answer may change.
pub(crate) const LIMITS: [f64; 14] =
    [0.0, 0.3, 0.5, 0.95, 1.0, 10.0, 50.0, 300.0, 400.0, 1e5, 1e12, 1e15, -1e15, 9_007_199_254_740_992.0];

/// A limit, or a double beside it, also with digits that no double holds.
pub(crate) fn beside(limit: f64, steps: i8, digits: &str) -> String {
    let mut value = limit;
    for _ in 0..steps.unsigned_abs() {
        value = if steps < 0 { value.next_down() } else { value.next_up() };
    }
    let shown = Exact::from_f64(value).unwrap().long_form();
    let point = if digits.is_empty() || shown.contains('.') || shown.contains('e') { "" } else { "." };
    if shown.contains('e') { shown } else { format!("{shown}{point}{digits}") }
}

fn any_json() -> impl Strategy<Value = Json> {
    prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        any::<i64>().prop_map(Json::from),
        (any::<f64>()).prop_map(|value| Number::from_f64(value).map_or(Json::Null, Json::Number)),
        prop_oneof![
            "[ a-z0-9.+-]{0,6}",
            Just("us-west-2".to_owned()),
            Just("0.5".to_owned()),
            Just("\u{a0}".to_owned())
        ]
        .prop_map(Json::from),
        Just(json("[]")),
        Just(json("[\"team\"]")),
        Just(json("{}")),
        Just(json(r#"{"team":"ai","environment":"dev"}"#)),
    ]
}

fn number() -> impl Strategy<Value = Json> {
    let near = (prop::sample::select(LIMITS.to_vec()), -2_i8..=2, "[0-9]{0,22}", any::<bool>());
    let near = near.prop_map(|(limit, steps, digits, quoted)| {
        let text = beside(limit, steps, &digits);
        if quoted { Json::from(text) } else { Json::Number(Number::new(&text).unwrap()) }
    });
    prop_oneof![6 => near, 1 => any_json()]
}

fn tags() -> impl Strategy<Value = Json> {
    let value = prop_oneof![4 => Just(Json::from("x")), 1 => any_json()];
    let some =
        prop::collection::btree_map(prop::sample::select(vec!["team", "environment", "Team"]), value, 0..4);
    prop_oneof![
        4 => Just(json(r#"{"team":"ai","environment":"dev"}"#)),
        2 => some.prop_map(Json::object),
        1 => any_json(),
    ]
}

fn boolean() -> impl Strategy<Value = Json> {
    prop_oneof![6 => any::<bool>().prop_map(Json::Bool), 1 => any_json()]
}

fn region() -> impl Strategy<Value = Json> {
    prop_oneof![4 => prop::sample::select(vec!["us-west-2", "eu-north-1", "us-east-1"]).prop_map(Json::from), 1 => any_json()]
}

/// Inputs, half of them nearly valid: limits and doubles beside them, every type in every field, absent fields.
pub(crate) fn input() -> impl Strategy<Value = Json> {
    let maybe = |value: BoxedStrategy<Json>| prop::option::weighted(0.7, value);
    let numbers: Vec<_> = (0..5).map(|_| maybe(number().boxed())).collect();
    let others =
        (maybe(boolean().boxed()), maybe(boolean().boxed()), maybe(region().boxed()), maybe(tags().boxed()));
    let extra = prop::option::weighted(0.2, any_json());
    let object = (numbers, others, extra).prop_map(|(numbers, (promotion, scan, region, tags), extra)| {
        let others = [promotion, scan, region, tags];
        let fields = known_fields().chain(["model"]).zip(numbers.into_iter().chain(others).chain([extra]));
        Json::object(fields.filter_map(|(name, value)| Some((name, value?))))
    });
    prop_oneof![20 => object, 1 => any_json()]
}
