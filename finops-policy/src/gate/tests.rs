use super::{
    sample::{input, json},
    *,
};
use crate::{
    decision::{Action, Outcome},
    json::{Json, Number},
};
use proptest::prelude::*;

const TAGS: &str = r#""cost_tags":{"team":"ai","environment":"dev"}"#;

fn config(text: &str) -> GateConfig {
    GateConfig::from_json(&json(text)).unwrap()
}

/// The answer to the members `fields` beside complete tags.
fn with_tags(fields: &str, config: &GateConfig) -> Answer {
    decide(&json(&format!("{{{fields}{}{TAGS}}}", if fields.is_empty() { "" } else { "," })), config)
}

fn rules(answer: &Answer) -> Vec<&str> {
    answer.violations.iter().chain(&answer.warnings).map(|violation| &*violation.rule).collect()
}

#[test]
fn each_rule_of_a_field_fires_and_does_not() {
    let rows: [(&str, &str, &str); 14] = [
        ("input.null", r#""unit_cost_usd":null"#, r#""gpu_hours":null"#),
        ("input.type", r#""security_scan_passed":"yes""#, r#""security_scan_passed":false"#),
        ("input.type", r#""total_spend_usd":"1e3""#, r#""total_spend_usd":"1000""#),
        ("input.range", r#""carbon_intensity_g_per_kwh":-1e-400"#, r#""carbon_intensity_g_per_kwh":-0"#),
        ("input.range", r#""total_spend_usd":1000000000000000.1"#, r#""total_spend_usd":-1e15"#),
        ("budget.unit_cost", r#""unit_cost_usd":0.5000000000000000000001"#, r#""unit_cost_usd":0.3"#),
        ("budget.unit_cost.warn", r#""unit_cost_usd":0.5"#, r#""unit_cost_usd":0.3000"#),
        (
            "budget.total_spend",
            r#""total_spend_usd":"2","budget_cap_usd":1.9"#,
            r#""total_spend_usd":"2","budget_cap_usd":2.0"#,
        ),
        (
            "promotion.test_pass_rate",
            r#""promotion_request":true,"test_pass_rate":0.94,"security_scan_passed":true"#,
            r#""test_pass_rate":0.94"#,
        ),
        (
            "promotion.test_pass_rate",
            r#""promotion_request":true,"security_scan_passed":true"#,
            r#""promotion_request":false"#,
        ),
        (
            "promotion.security_scan",
            r#""promotion_request":true,"test_pass_rate":1"#,
            r#""security_scan_passed":false"#,
        ),
        ("carbon.intensity", r#""carbon_intensity_g_per_kwh":400.1"#, r#""carbon_intensity_g_per_kwh":300"#),
        (
            "carbon.intensity.warn",
            r#""carbon_intensity_g_per_kwh":400"#,
            r#""carbon_intensity_g_per_kwh":299"#,
        ),
        ("carbon.region", r#""deployment_region":"US-WEST-2""#, r#""deployment_region":"us-west-2""#),
    ];
    for (rule, fires, silent) in rows {
        assert_eq!(rules(&with_tags(fires, &GateConfig::default())), [rule], "{fires}");
        assert_eq!(rules(&with_tags(silent, &GateConfig::default())), [""; 0], "{silent}");
    }
}

#[test]
fn each_rule_of_tags_and_names_fires_and_does_not() {
    let default = GateConfig::default();
    assert_eq!(rules(&decide(&json("{}"), &default)), ["tags.missing"]);
    assert_eq!(rules(&decide(&json(r#"{"cost_tags":null}"#), &default)), ["tags.missing"]);
    assert_eq!(
        rules(&decide(&json(r#"{"cost_tags":{}}"#), &default)),
        ["tags.empty", "tags.required", "tags.required"]
    );
    assert_eq!(
        rules(&decide(&json(r#"{"cost_tags":{"team":"\u3000"}}"#), &config(r#"{"required_tags":["team"]}"#))),
        ["tags.required"]
    );
    assert_eq!(rules(&with_tags("", &default)), [""; 0]);
    for not_object in ["[]", "null", "1", "\"{}\"", "true"] {
        let answer = decide(&json(not_object), &default);
        assert_eq!(rules(&answer), ["input.not_object"]);
        assert_eq!((answer.violations[0].path.as_deref(), answer.not_evaluated().count()), (Some(""), 0));
    }
    let known = config(r#"{"known_only":true,"extra_inputs":["model"]}"#);
    let answer = with_tags(r#""z/1":1,"model":2,"a~":3"#, &known);
    let paths: Vec<_> = answer.violations.iter().map(|failure| failure.path.as_deref().unwrap()).collect();
    assert_eq!((rules(&answer), paths), (vec!["input.unknown_field"; 2], vec!["/z~11", "/a~0"]));
    assert_eq!(answer.deny_messages().collect::<Vec<_>>(), ["Unknown field 'z/1'", "Unknown field 'a~'"]);
    let required = config(r#"{"required_inputs":["model","cost_tags","unit_cost_usd"]}"#);
    let answer = decide(&json(r#"{"unit_cost_usd":null}"#), &required);
    let messages: Vec<_> = answer.deny_messages().collect();
    assert_eq!(
        messages,
        [
            "cost_tags is required",
            "model is required",
            "unit_cost_usd is null: unknown never passes",
            "Deployment missing required cost_tags"
        ]
    );
}

#[test]
fn a_text_is_refused_in_the_order_of_the_reader() {
    let refused = |text: &[u8]| {
        let answer = decide_text(text, &GateConfig::default());
        let first = answer.violations.first().unwrap();
        assert_eq!((answer.violations.len(), answer.outcome()), (1, Outcome::Deny));
        (first.rule.to_string(), first.path.clone().map(|path| path.into_owned()), first.message.clone())
    };
    let large = [b"\"".as_slice(), &vec![b'x'; 1_048_576]].concat();
    assert_eq!(
        refused(&large),
        ("input.too_large".to_owned(), Some(String::new()), "Policy input exceeds 1048576 bytes".into())
    );
    let deep = "[".repeat(65);
    assert_eq!(
        refused(deep.as_bytes()),
        ("input.too_deep".to_owned(), Some(String::new()), "Policy input is nested deeper than 64".into())
    );
    let twice = ("input.duplicate_key".to_owned(), None, "Duplicate key 'a'".into());
    assert_eq!(refused(br#"{"a":1,"\u0061":1}"#), twice);
    assert_eq!(refused(b"{\"a\":NaN}").0, "input.json");
    assert!(decide_text(format!("{{{TAGS}}}").as_bytes(), &GateConfig::default()).allowed());
}

#[test]
fn values_of_another_language_deny() {
    let foreign =
        |path: &str, number, found: &str| Foreign { path: path.into(), number, found: found.into() };
    let input = json(
        r#"{"cost_tags":{"team":"ai","environment":null},"x":null,"unit_cost_usd":null,"deployment_region":null}"#,
    );
    let values = [
        foreign("/x", true, "inf"),
        foreign("/cost_tags/environment", false, "datetime"),
        foreign("/deployment_region", false, "bytes"),
        foreign("/unit_cost_usd", true, "nan"),
    ];
    let answer = decide_with(&input, &values, &GateConfig::default());
    let found: Vec<_> =
        answer.violations.iter().map(|failure| (&*failure.rule, failure.message.as_str())).collect();
    assert_eq!(
        found,
        [
            ("input.number", "unit_cost_usd must be a finite number, got nan"),
            ("input.number", "x must be a finite number, got inf"),
            ("input.type", "deployment_region must be a string, got bytes"),
            ("input.type", "cost_tags/environment must be a JSON value, got datetime"),
            ("tags.required", "cost_tags missing required 'environment' field"),
        ]
    );
    let reasons: Vec<_> = answer.not_evaluated().filter(|(_, reason)| *reason == "input_invalid").collect();
    assert_eq!(reasons, [("budget.unit_cost", "input_invalid"), ("carbon.region", "input_invalid")]);
    let tags = decide_with(
        &json(r#"{"cost_tags":null}"#),
        &[foreign("/cost_tags", false, "set")],
        &GateConfig::default(),
    );
    assert_eq!(tags.deny_messages().collect::<Vec<_>>(), ["cost_tags must be an object, got set"]);
}

#[test]
fn the_strongest_action_decides_and_orders() {
    let actions = config(
        r#"{"actions":{"budget.unit_cost":"require_approval","carbon.region":"deny","carbon.intensity":"warn",
            "tags.required":"off","budget.unit_cost.warn":"require_approval","input.null":"off"}}"#,
    );
    let answer = decide(
        &json(
            r#"{"unit_cost_usd":1,"deployment_region":"x","carbon_intensity_g_per_kwh":500,"cost_tags":{"a":1}}"#,
        ),
        &actions,
    );
    assert_eq!(rules(&answer), ["carbon.region", "budget.unit_cost", "carbon.intensity"]);
    assert_eq!(
        (answer.outcome(), answer.approval_messages().count(), answer.warn_messages().count()),
        (Outcome::Deny, 1, 1)
    );
    let approval = with_tags(r#""unit_cost_usd":0.4"#, &actions);
    assert_eq!((approval.outcome(), approval.allowed()), (Outcome::RequireApproval, false));
    assert_eq!(
        approval.to_json().pointer("/violations/0").unwrap().to_text(),
        r#"{"rule":"budget.unit_cost.warn","action":"require_approval","path":"/unit_cost_usd","actual":"0.4","limit":"0.3"}"#
    );
    assert_eq!(
        rules(&with_tags(r#""total_spend_usd":null"#, &actions)),
        ["input.null"],
        "a broken input always denies"
    );
    let violation = answer.violations[0].clone();
    assert_eq!((violation.rule.as_ref(), violation.action), ("carbon.region", Action::Deny));
}

#[test]
fn a_configuration_is_checked_whole() {
    for (text, path) in [
        (r"[]", ""),
        (r#"{"unit_cost":1}"#, "/unit_cost"),
        (r#"{"unit_cost_usd":0.5}"#, "/unit_cost_usd"),
        (r#"{"unit_cost_usd":{}}"#, "/unit_cost_usd"),
        (r#"{"unit_cost_usd":{"warn_above":"0.1"}}"#, "/unit_cost_usd"),
        (r#"{"unit_cost_usd":{"deny_above":"0.1","max":1}}"#, "/unit_cost_usd/max"),
        (r#"{"unit_cost_usd":{"warn_above":"0.6","deny_above":"0.5"}}"#, "/unit_cost_usd/warn_above"),
        (r#"{"unit_cost_usd":{"deny_above":"-0.1"}}"#, "/unit_cost_usd/deny_above"),
        (r#"{"unit_cost_usd":{"deny_above":"1e3"}}"#, "/unit_cost_usd/deny_above"),
        (r#"{"unit_cost_usd":{"deny_above":null}}"#, "/unit_cost_usd/deny_above"),
        (r#"{"unit_cost_usd":{"deny_above":0.30000000000000001}}"#, "/unit_cost_usd/deny_above"),
        (
            r#"{"carbon_intensity_g_per_kwh":{"deny_above":100000.1}}"#,
            "/carbon_intensity_g_per_kwh/deny_above",
        ),
        (r#"{"test_pass_rate":{"deny_below":1.1}}"#, "/test_pass_rate/deny_below"),
        (r#"{"test_pass_rate":{"warn_below":1}}"#, "/test_pass_rate/warn_below"),
        (r#"{"test_pass_rate":{}}"#, "/test_pass_rate"),
        (r#"{"required_tags":"team"}"#, "/required_tags"),
        (r#"{"required_tags":["team"," "]}"#, "/required_tags/1"),
        (r#"{"carbon_efficient_regions":[1]}"#, "/carbon_efficient_regions/0"),
        (r#"{"default_budget_cap_usd":-1}"#, "/default_budget_cap_usd"),
        (r#"{"known_only":1}"#, "/known_only"),
        (r#"{"actions":{"budget":"deny"}}"#, "/actions/budget"),
        (r#"{"actions":{"carbon.region":"ignore"}}"#, "/actions/carbon.region"),
        (r#"{"actions":{"carbon.region":null}}"#, "/actions/carbon.region"),
    ] {
        let error = GateConfig::from_json(&json(text)).unwrap_err();
        assert_eq!(error.path, path, "{text}: {error}");
    }
}

#[test]
fn the_configuration_in_effect_reads_back() {
    for text in [
        "{}",
        r#"{"unit_cost_usd":{"deny_above":0.020},"default_budget_cap_usd":1e3,"known_only":true,"extra_inputs":["b","a"],
            "required_inputs":["x","unit_cost_usd"],"required_tags":["a/b","a/b"],"actions":{"carbon.region":"off"}}"#,
    ] {
        let read = config(text);
        assert_eq!(config(&read.to_json().to_text()), read, "{text}");
    }
    let shown = config(r#"{"unit_cost_usd":{"deny_above":0.020},"default_budget_cap_usd":1e3}"#).to_json();
    assert_eq!(shown.get("unit_cost_usd").unwrap().to_text(), r#"{"deny_above":"0.02"}"#);
    assert_eq!(shown.get("default_budget_cap_usd"), Some(&Json::from("1000")));
    assert_eq!(GateConfig::default().to_json().get("actions").unwrap().to_text(), "{}");
}

#[test]
fn rego_is_given_the_safe_side() {
    let given = |text: &str| rego_input(&json(text)).map(|value| value.to_text());
    assert_eq!(
        given(r#"{"unit_cost_usd":"0.50000000000000001"}"#).unwrap(),
        r#"{"unit_cost_usd":0.5000000000000001}"#
    );
    assert_eq!(
        given(r#"{"test_pass_rate":0.949999999999999999999}"#).unwrap(),
        r#"{"test_pass_rate":0.9499999999999998}"#
    );
    assert_eq!(
        given(r#"{"test_pass_rate":1.00000000000000000001}"#).unwrap(),
        r#"{"test_pass_rate":1.0000000000000002}"#
    );
    assert_eq!(given(r#"{"unit_cost_usd":-1e-400}"#).unwrap(), r#"{"unit_cost_usd":-5e-324}"#);
    // Down for the cap alone, but never below a spend that it allows.
    assert_eq!(given(r#"{"budget_cap_usd":0.30000000000000001}"#).unwrap(), r#"{"budget_cap_usd":0.3}"#);
    let both = r#"{"budget_cap_usd":0.30000000000000001,"total_spend_usd":0.30000000000000001}"#;
    assert_eq!(
        given(both).unwrap(),
        r#"{"budget_cap_usd":0.30000000000000004,"total_spend_usd":0.30000000000000004}"#
    );
    assert_eq!(
        given(r#"{"x":[1e2,9007199254740993,0.1000000000000000000001,null],"unit_cost_usd":"a"}"#).unwrap(),
        r#"{"x":[100,9007199254740993,0.1,null],"unit_cost_usd":"a"}"#
    );
    for beyond in [r#"{"x":1e999}"#, r#"{"unit_cost_usd":1e999}"#, "-1e999", r#"{"total_spend_usd":-1e999}"#]
    {
        assert_eq!(given(beyond).unwrap_err().code(), "policy.eval", "{beyond}");
    }
    assert_eq!(given(r#"{"total_spend_usd":"-1e999"}"#).unwrap(), r#"{"total_spend_usd":"-1e999"}"#);
}

/// What the input `doc` has at `field`, replaced.
fn replaced(doc: &Json, field: &str, value: Option<Json>) -> Json {
    let Json::Object(mut members) = doc.clone() else { return doc.clone() };
    match value {
        Some(value) => drop(members.insert(field, value)),
        None => drop(members.remove(field)),
    }
    Json::Object(members)
}

fn field() -> impl Strategy<Value = &'static str> {
    prop::sample::select(known_fields().collect::<Vec<_>>())
}

proptest! {
    /// A lower cap never allows more, in the input or in the configuration.
    #[test]
    fn a_lower_cap_never_allows_more(doc in input(), a in 0_u32..2000, b in 0_u32..2000) {
        let (low, high) = (a.min(b), a.max(b));
        let capped = |cap: u32| decide(&replaced(&doc, "budget_cap_usd", Some(cap.into())), &GateConfig::default()).outcome();
        prop_assert!(capped(low) <= capped(high));
        let free = replaced(&doc, "budget_cap_usd", None);
        let default = |cap: u32| decide(&free, &config(&format!("{{\"default_budget_cap_usd\":{cap}}}"))).outcome();
        prop_assert!(default(low) <= default(high));
        let price = |cap: u32| decide(&doc, &config(&format!("{{\"unit_cost_usd\":{{\"deny_above\":{cap}e-3}}}}"))).outcome();
        prop_assert!(price(low) <= price(high));
    }

    /// Null where a value stood, or a required field that is missing, never allows more.
    #[test]
    fn the_unknown_never_allows_more(doc in input(), field in field()) {
        let before = decide(&doc, &GateConfig::default()).outcome();
        if doc.get(field).is_some() {
            prop_assert!(decide(&replaced(&doc, field, Some(Json::Null)), &GateConfig::default()).outcome() <= before);
        }
        let required = config(&format!("{{\"required_inputs\":[\"{field}\"]}}"));
        prop_assert_eq!(decide(&replaced(&doc, field, None), &required).outcome(), Outcome::Deny);
        prop_assert!(decide(&doc, &required).outcome() <= before);
    }

    /// One more violation never allows more, and each violation denies alone.
    #[test]
    fn one_more_violation_never_allows_more(doc in input()) {
        let before = decide(&doc, &GateConfig::default());
        let worse = replaced(&doc, "deployment_region", Some("nowhere".into()));
        let after = decide(&worse, &GateConfig::default());
        prop_assert!(after.outcome() <= before.outcome());
        prop_assert_eq!(after.outcome(), Outcome::Deny);
        prop_assert_eq!(before.allowed(), before.violations.is_empty());
    }

    /// A stronger action never allows more.
    #[test]
    fn a_stronger_action_never_allows_more(doc in input(), rule in prop::sample::select(answer::Rule::ALL.to_vec())) {
        let outcomes = ["off", "warn", "require_approval", "deny"].map(|action| {
            decide(&doc, &config(&format!("{{\"actions\":{{\"{}\":\"{action}\"}}}}", rule.name()))).outcome()
        });
        prop_assert!(outcomes.is_sorted_by(|weaker, stronger| weaker >= stronger), "{outcomes:?}");
    }

    /// The order of the members changes nothing.
    #[test]
    fn the_order_of_members_is_irrelevant(doc in input()) {
        let Json::Object(members) = &doc else { return Ok(()) };
        let reversed = Json::object(members.iter().rev().map(|(name, value)| (name.to_owned(), value.clone())));
        prop_assert_eq!(decide(&doc, &GateConfig::default()), decide(&reversed, &GateConfig::default()));
        prop_assert_eq!(canonical::digest(&doc), canonical::digest(&reversed));
    }

    /// What the gate says of a text is what it says of the value.
    #[test]
    fn text_and_value_are_decided_alike(doc in input()) {
        prop_assert_eq!(decide_text(doc.to_text().as_bytes(), &GateConfig::default()), decide(&doc, &GateConfig::default()));
    }
}

#[test]
fn a_number_of_a_mebibyte_is_decided_on() {
    let digits = "9".repeat(1_000_000);
    let answer = with_tags(&format!("\"unit_cost_usd\":0.4{digits}"), &GateConfig::default());
    assert_eq!(rules(&answer), ["budget.unit_cost.warn"]);
    assert!(Number::new(&digits).is_some());
}
