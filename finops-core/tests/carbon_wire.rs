//! The dispatcher answers or refuses whatever JSON it is given, and secrets stay out of its refusals.

use finops_core::carbon::wire;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::LazyLock;

static VECTORS: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../bindings/vectors/carbon.json")).unwrap_or_default()
});

/// The fields of all cases of the vectors, so that random input gets past the first check.
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "the vectors are ours")]
fn names() -> Vec<String> {
    let mut names = std::collections::BTreeSet::new();
    for case in VECTORS["cases"].as_array().unwrap() {
        names.extend(case["input"].as_object().unwrap().keys().cloned());
    }
    assert!(names.len() > 50, "the vectors name their fields");
    names.into_iter().collect()
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-2_i64..50).prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        "[0-9.eE+-]{0,6}".prop_map(Value::from),
        prop::sample::select(&[
            "FR",
            "step",
            "linear",
            "EACCES",
            "H100",
            "gpt-4o",
            "electricity_maps.latest",
            "flat"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        let name = prop::sample::select(&[
            "pue",
            "average",
            "name",
            "energy_uj",
            "intel-rapl:0",
            "low",
            "high",
            "region",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..4)
                .prop_map(|fields| fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn any_input_is_answered_or_refused(
        kind in prop::sample::select(wire::kinds().collect::<Vec<_>>()),
        fields in prop::collection::vec((prop::sample::select(names()), values()), 0..10)
    ) {
        let input: Value = fields.into_iter().collect();
        if let Err(error) = wire::call(kind, &input) {
            prop_assert!(error.code().contains('.'), "{error}");
        }
    }

    #[test]
    fn a_vector_with_one_wrong_field_is_answered_or_refused(at in any::<prop::sample::Index>(), field in any::<prop::sample::Index>(), value in values()) {
        let cases = VECTORS["cases"].as_array().unwrap();
        let case = &cases[at.index(cases.len())];
        let mut input = case["input"].as_object().unwrap().clone();
        if input.is_empty() {
            return Ok(());
        }
        let name = input.keys().nth(field.index(input.len())).unwrap().clone();
        input.insert(name, value);
        if let Err(error) = wire::call(case["kind"].as_str().unwrap(), &Value::Object(input)) {
            prop_assert!(error.code().contains('.'), "{error}");
        }
    }
}

#[test]
fn a_request_holds_its_token_and_a_refusal_does_not() {
    let ask = |token: Value| {
        wire::call("feed_request", &json!({"feed": "electricity_maps.latest", "zone": "DE", "token": token}))
    };
    let request = ask(json!("hunter2")).unwrap();
    assert_eq!(request["url"], "https://api.electricitymaps.com/v3/carbon-intensity/latest?zone=DE");
    assert_eq!((&request["headers"]["auth-token"], &request["timeout_s"]), (&json!("hunter2"), &json!(10)));
    for token in [json!(["hunter2"]), json!({"hunter2": 1}), json!("hunter2\r\nx: y")] {
        let error = ask(token).unwrap_err();
        assert_eq!((error.code(), error.path()), ("config.invalid", "token"));
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
