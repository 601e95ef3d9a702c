use proptest::prelude::*;

use super::*;
use crate::json::{Limits, read};

fn json(text: &str) -> Json {
    read(text.as_bytes(), &Limits::default()).unwrap()
}

fn round(text: &str) -> String {
    let value = from_json(&json(text)).unwrap().value;
    to_json(&value, usize::MAX).unwrap().to_text()
}

#[test]
fn integers_stay_exact_and_the_rest_is_the_nearest_double() {
    for (given, back) in [
        ("12345678901234567890123", "12345678901234567890123"),
        ("9007199254740993", "9007199254740993"),
        ("9007199254740993.0", "9007199254740993"),
        ("1e23", "100000000000000000000000"),
        ("1.5e1", "15"),
        ("-7", "-7"),
        ("1.0", "1"),
        ("0.1", "0.1"),
        ("0.30000000000000001", "0.3"),
        ("1e-400", "0"),
        ("0e999999999", "0"),
        ("-0.0", "0"),
        ("1e300", &format!("1{}", "0".repeat(300))),
    ] {
        assert_eq!(round(given), back, "{given}");
    }
}

#[test]
fn beyond_the_largest_double_is_an_error_inwards_and_null_outwards() {
    for text in ["1e400".to_owned(), "-1e309".to_owned(), "9".repeat(400)] {
        let error = from_json(&json(&format!("{{\"a\":[{text}]}}"))).unwrap_err();
        assert_eq!(error.code, "policy.eval");
    }
    let wide = Value::from_numeric_string(&"9".repeat(400)).unwrap();
    assert_eq!(to_json(&wide, 100).unwrap(), Json::Null);
    assert_eq!(to_json(&Value::from(f64::INFINITY), 100).unwrap(), Json::Null);
}

#[test]
fn sets_are_sorted_and_keys_are_text() {
    let mut object = regorus::value::Object::new();
    object.insert(Value::from(1), Value::Undefined);
    let set = regorus::value::Set::from_iter([
        Value::from("b"),
        Value::from(2),
        Value::Bool(true),
        object.into_value(),
    ]);
    let text = to_json(&set.into_value(), 1_000).unwrap().to_text();
    assert_eq!(text, r#"[true,2,"b",{"1":"<undefined>"}]"#);
}

#[test]
fn the_length_of_a_result_is_bounded() {
    let value = Value::from(vec![Value::from("0123456789"); 10]);
    assert_eq!(to_json(&value, 100).unwrap_err().code, "policy.result");
    assert!(to_json(&value, 132).is_ok());
}

#[test]
fn nodes_are_counted() {
    assert_eq!(from_json(&json(r#"{"a":[1,2],"b":null}"#)).unwrap().nodes, 5);
    assert_eq!(from_input(&json(r#"{"unit_cost_usd":1,"b":null}"#), Schema::Finops).unwrap().nodes, 3);
}

fn handed(text: &str) -> Json {
    to_json(&from_input(&json(text), Schema::Finops).unwrap().value, 1_000).unwrap()
}

#[test]
fn fields_are_rounded_against_what_they_allow() {
    let given = r#"{"unit_cost_usd":0.30000000000000001,"test_pass_rate":"0.9499999999999999999","x":"0.3"}"#;
    let expected = r#"{"test_pass_rate":0.9499999999999998,"unit_cost_usd":0.30000000000000004,"x":"0.3"}"#;
    assert_eq!(handed(given), json(expected));
    let not_numbers = r#"{"budget_cap_usd":null,"unit_cost_usd":"a"}"#;
    assert_eq!(handed(not_numbers), json(not_numbers));
    let plain = from_input(&json(r#"{"unit_cost_usd":"0.6"}"#), Schema::None).unwrap().value;
    assert_eq!(to_json(&plain, 100).unwrap(), json(r#"{"unit_cost_usd":"0.6"}"#));
}

#[test]
fn a_spend_at_its_cap_stays_at_its_cap() {
    let at = handed(r#"{"total_spend_usd":100.00000000000000001,"budget_cap_usd":100.00000000000000001}"#);
    assert_eq!(at.get("total_spend_usd"), at.get("budget_cap_usd"));
    let over = handed(r#"{"total_spend_usd":100.00000000000000002,"budget_cap_usd":100.00000000000000001}"#);
    assert_ne!(over.get("total_spend_usd"), over.get("budget_cap_usd"));
}

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        "[a-z\u{e4}\"\\\\]{0,6}".prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Json::Array),
            proptest::collection::btree_map("[a-z]{1,4}", inner, 0..5).prop_map(Json::object),
        ]
    })
}

proptest! {
    #[test]
    fn json_comes_back_as_it_went(json in any_json()) {
        let value = from_json(&json).unwrap().value;
        prop_assert_eq!(to_json(&value, usize::MAX).unwrap(), json);
    }
}
