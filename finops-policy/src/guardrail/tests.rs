//! Each check fires and does not fire; the laws.

use proptest::prelude::*;

use super::{GuardrailConfig, Guardrails, Now, check};
use crate::{
    Json,
    decision::{Action, Outcome},
    json::{Limits, read},
};

pub(super) fn json(text: &str) -> Json {
    read(text.as_bytes(), &Limits::default()).unwrap()
}

const INSIDE: &str = "2026-11-21T03:00:00Z";

/// A change that passes, with `members` in place of its own.
fn change(members: &str) -> Json {
    let mut change = json(
        r#"{"confidence":0.9,"risk_score":0.2,"estimated_monthly_savings":100,"tags":[],"namespace":"a"}"#,
    );
    let Json::Object(object) = &mut change else { panic!("an object") };
    for (key, value) in json(members).as_object().unwrap().iter() {
        object.insert(key, value.clone());
    }
    change
}

fn config(overrides: &str) -> GuardrailConfig {
    GuardrailConfig::from_json(&json(overrides)).unwrap()
}

/// The failed checks as `name reason`, of a change with `members`, a history, a time and a configuration.
fn failed(members: &str, history: &str, now: &str, overrides: &str) -> Vec<String> {
    let now = Now::from_json(Some(&json(now)));
    let check = check(&change(members), &json(history), now, &config(overrides));
    check.failed().iter().map(|f| format!("{}: {}", f.policy_name, f.reason)).collect()
}

fn one(members: &str) -> Vec<String> {
    failed(members, "[]", &format!("{INSIDE:?}"), "{}")
}

#[test]
fn confidence() {
    assert!(one(r#"{"confidence":"0.7"}"#).is_empty());
    assert_eq!(
        one(r#"{"confidence":0.6999999999999999999999}"#),
        ["min_confidence: Confidence 0.6999999999999999999999 below threshold 0.7"]
    );
    assert_eq!(one(r#"{"confidence":null}"#), ["min_confidence: Confidence unknown, threshold 0.7"]);
    assert_eq!(
        one(r#"{"confidence":-1e-400}"#),
        ["input.range: /change/confidence must be between 0 and 1, got -1e-400"]
    );
    assert_eq!(one(r#"{"confidence":[]}"#), ["input.type: /change/confidence must be a number, got array"]);
}

#[test]
fn risk() {
    assert!(one(r#"{"risk_score":5e-1}"#).is_empty());
    assert_eq!(one(r#"{"risk_score":0.51}"#), ["max_risk_score: Risk score 0.51 above threshold 0.5"]);
    assert_eq!(one(r#"{"risk_score":null}"#), ["max_risk_score: Risk score unknown, threshold 0.5"]);
    assert_eq!(
        one(r#"{"risk_score":"1.01"}"#),
        ["input.range: /change/risk_score must be between 0 and 1, got 1.01"]
    );
    assert_eq!(
        one(r#"{"risk_score":"low"}"#),
        ["input.type: /change/risk_score must be a number, got string"]
    );
}

#[test]
fn single_change() {
    assert!(one(r#"{"estimated_monthly_savings":-500}"#).is_empty());
    assert_eq!(
        one(r#"{"estimated_monthly_savings":500.0000000000000000000001}"#),
        ["max_single_change: Change amount $500.0000000000000000000001 exceeds single change limit $500"]
    );
    assert_eq!(one(r#"{"monthly_saving_nanos":1e9,"monthly_saving_usd":600}"#), [""; 0], "nanos come first");
    assert_eq!(
        one(r#"{"monthly_saving_nanos":1.5}"#),
        ["input.type: /change/monthly_saving_nanos must be an integer, got number"]
    );
    let tiny = format!("0.{}1", "0".repeat(997));
    assert!(one(&format!(r#"{{"monthly_saving_usd":"{tiny}"}}"#)).is_empty(), "1,000 characters");
    assert_eq!(
        one(r#"{"monthly_saving_usd":1e-999}"#),
        [
            "input.range: /change/monthly_saving_usd must be between -1000000000000000 and 1000000000000000, got 1e-999"
        ]
    );
}

#[test]
fn daily_change() {
    let day = |history: &str| failed("{}", history, &format!("{INSIDE:?}"), "{}");
    assert!(
        day(r#"[{"monthly_saving_usd":"899.8"},{"monthly_saving_usd":0.1},{"monthly_saving_usd":0.1}]"#)
            .is_empty()
    );
    assert_eq!(
        day(r#"[{"monthly_saving_usd":900.01}]"#),
        ["max_daily_change: Daily change limit would be exceeded ($1000.01 > $1000)"]
    );
    assert!(day(r#"[{"monthly_saving_usd":true,"at":"2026-11-20T23:59:59Z"}]"#).is_empty(), "dropped unread");
    assert_eq!(
        day(r#"[{"monthly_saving_usd":null}]"#),
        ["max_daily_change: Daily change total unknown, limit $1000"]
    );
    assert_eq!(
        day(r#"[{"monthly_saving_usd":true}]"#),
        ["input.type: /history/0/monthly_saving_usd must be a number, got boolean"]
    );
    assert_eq!(
        day(r#"[{"monthly_saving_usd":9000,"at":"yesterday"}]"#),
        ["input.type: /history/0/at must be an RFC 3339 time, got string"]
    );
    assert_eq!(day(r#"{"monthly_saving_usd":9000}"#), ["input.type: /history must be an array, got object"]);
    let unknown = failed("{}", r#"[{"monthly_saving_usd":901,"at":"2020-01-01T00:00:00Z"}]"#, "null", "{}");
    assert_eq!(
        unknown,
        [
            "max_daily_change: Daily change limit would be exceeded ($1001 > $1000)",
            "change_window: Time unknown, change window 02:00-06:00 UTC",
        ]
    );
}

#[test]
fn tags() {
    assert!(one(r#"{"tags":["a=b=production", "preproduction", "critical path"]}"#).is_empty());
    assert!(one(r#"{"tags":{"env":"staging","owner":null}}"#).is_empty());
    assert_eq!(
        one(r#"{"tags":["env: PRODUCTION ", "\u00a0critical\u2003=x"]}"#),
        ["protected_tags: Resource has protected tags: critical, production"]
    );
    assert_eq!(
        one(r#"{"tags":{"Critical":null}}"#),
        ["protected_tags: Resource has protected tags: critical"]
    );
    assert_eq!(
        one(r#"{"tags":null}"#),
        ["protected_tags: Tags unknown, protected tags: production, critical"]
    );
    for bad in [r#""production""#, "[null]", r#"{"a":1}"#, "5"] {
        assert_eq!(
            one(&format!(r#"{{"tags":{bad}}}"#)),
            ["input.type: /change/tags must be a list of strings or an object of strings"]
        );
    }
    let sharp =
        failed(r#"{"tags":["ÄRZTE"]}"#, "[]", &format!("{INSIDE:?}"), r#"{"protected_tags":[" Ärzte"]}"#);
    assert_eq!(sharp, ["protected_tags: Resource has protected tags:  Ärzte"]);
}

#[test]
fn change_window() {
    let at = |now: &str| failed("{}", "[]", now, "{}");
    assert!(at(r#""2026-11-21T05:59:59.999Z""#).is_empty());
    assert_eq!(at(r#""2026-11-21T06:00:00Z""#), ["change_window: Outside change window 02:00-06:00 UTC"]);
    assert_eq!(at("null"), ["change_window: Time unknown, change window 02:00-06:00 UTC"]);
    assert_eq!(at(r#""2026-11-21T03:00:00""#), ["input.type: /now must be an RFC 3339 time, got string"]);
    assert_eq!(at("7"), ["input.type: /now must be an RFC 3339 time, got number"]);
    let none = check(
        &change("{}"),
        &json("[]"),
        Now::from_json(Some(&Json::from(INSIDE))),
        &config(r#"{"change_windows":[]}"#),
    );
    assert_eq!(none.to_json().pointer("/failed/0/next_open"), Some(&Json::Null));
    assert_eq!(none.reason(), "Outside change window  UTC");
}

#[test]
fn blast_radius() {
    let with = |members: &str, history: &str| {
        failed(members, history, &format!("{INSIDE:?}"), r#"{"blast_radius_limit":2}"#)
    };
    assert!(
        with(
            "{}",
            r#"[{"monthly_saving_usd":1,"namespaces":["a","b"]},{"monthly_saving_usd":1,"namespaces":[]}]"#
        )
        .is_empty()
    );
    let clusters = r#"[{"monthly_saving_usd":1,"namespace":"a","cluster":"x"},{"monthly_saving_usd":1,"namespace":"a","cluster":"y"}]"#;
    assert_eq!(with("{}", clusters), ["blast_radius: Blast radius 3 namespaces exceeds limit 2"]);
    assert_eq!(with(r#"{"namespace":null}"#, "[]"), ["blast_radius: Blast radius unknown, limit 2"]);
    assert_eq!(with(r#"{"cluster":1}"#, "[]"), ["input.type: namespaces must be a list of strings"]);
    let many = (0..30).map(|n| format!(r#""n{}""#, n % 20)).collect::<Vec<_>>().join(",");
    assert_eq!(
        with(&format!(r#"{{"namespaces":[{many}]}}"#), "[]"),
        ["blast_radius: Blast radius 20 namespaces exceeds limit 2"]
    );
}

#[test]
fn malformed_values_stand_first_in_order_and_the_first_decides() {
    let now = Now::from_json(Some(&json("1")));
    let change =
        json(r#"{"namespaces":"a","tags":1,"monthly_saving_usd":{},"risk_score":2,"confidence":"x"}"#);
    let history = json(r#"[1,{"monthly_saving_usd":[],"namespace":2}]"#);
    let check = check(&change, &history, now, &GuardrailConfig::default());
    let paths: Vec<_> = check.failed().iter().map(|f| f.path.as_deref().unwrap()).collect();
    assert_eq!(
        paths,
        [
            "/change/confidence",
            "/change/risk_score",
            "/change/monthly_saving_usd",
            "/history/0",
            "/history/1/monthly_saving_usd",
            "/change/tags",
            "/now",
            "/change/namespaces",
            "/history/1/namespaces",
        ]
    );
    assert_eq!((check.action(), check.policy_name()), (Outcome::Deny, "input.type"));
    assert!(check.failed().iter().all(|f| f.action == Action::Deny));
}

#[test]
fn ends_of_the_window_move_together_and_a_refusal_changes_nothing() {
    let moved = config(r#"{"change_window_start":"06:00","change_window_end":"08:00"}"#);
    assert_eq!(moved.windows().text(), "06:00-08:00 UTC");
    let mut guardrails = Guardrails::new(config(r#"{"change_windows":[]}"#));
    let before = guardrails.clone();
    for (name, value, code) in [
        ("change_window_start", r#""01:00""#, "guardrail.value"),
        ("change_window_end", "6", "guardrail.value"),
        ("max_daily_change", "-1", "guardrail.value"),
        ("max_daily_change", "true", "guardrail.value"),
        ("max_daily_change", "1e400", "guardrail.value"),
        ("min_confidence", r#""high""#, "guardrail.value"),
        ("protected_tags", r#"["a",1]"#, "guardrail.value"),
        ("blast_radius_limit", "-1", "guardrail.value"),
        ("change_windows", r#"[{"start":"01:00","end":"02:00","day":["mon"]}]"#, "guardrail.value"),
        ("time_zone", r#""Mars/Olympus""#, "guardrail.value"),
        ("blast_radius", "3", "guardrail.unknown_policy"),
    ] {
        let refused = guardrails.update_policy(name, &json(value)).unwrap_err();
        assert_eq!(refused.code(), code, "{name} {value}");
        assert_eq!(refused.path(), name);
        assert_eq!(guardrails, before);
    }
}

#[test]
fn the_configuration_in_effect_reads_back() {
    let text = r#"{"min_confidence":0.80,"protected_tags":["PCI"],"time_zone":"Europe/Berlin","blast_radius_limit":5,
        "change_windows":[{"start":"22:00","end":"24:00","days":["fri","mon"]}]}"#;
    let first = config(text);
    assert_eq!(GuardrailConfig::from_json(&first.to_json()).unwrap(), first);
    assert_eq!(first.to_json().get("min_confidence"), Some(&Json::from("0.8")));
}

/// JSON values near and far from what a member should be.
pub(super) fn value() -> impl Strategy<Value = Json> {
    let texts = [
        "null",
        "true",
        "[]",
        "{}",
        "0",
        "-0.0",
        "0.7",
        "0.6999999999999999",
        "0.69999999999999999999",
        "0.7000000000000001",
        "0.5",
        "0.50000000000000000001",
        "0.5000000000000001",
        "1",
        "1.0000000000000001",
        "-1e-400",
        "1e-400",
        "500",
        "500.00000000000006",
        "500.0000000000000000001",
        "-500",
        "999.7",
        "0.2",
        "0.1",
        "1000",
        "1e15",
        "1000000000000001",
        "1e300",
        "\"500\"",
        "\"0.70\"",
        "\"1e2\"",
        "\"\"",
        "\"production\"",
        "\"2026-11-21T03:00:00Z\"",
        "\"2026-10-25T00:30:00Z\"",
        "\"2026-03-29T01:00:00+00:00\"",
        "\"2026-11-20T23:30:00Z\"",
        "[\"production\"]",
        "[\"a:Critical\",\"b\"]",
        "[1]",
        "[null]",
        "[\"a\",\"b\",\"c\",\"d\"]",
        "{\"env\":\"production\"}",
        "{\"x\":null}",
        "{\"x\":1}",
        "\"500000000001\"",
        "500000000000",
        "\"a\"",
    ];
    prop::sample::select(texts.to_vec()).prop_map(json)
}

/// A change of any quality.
pub(super) fn any_change() -> impl Strategy<Value = Json> {
    let names = vec![
        "confidence",
        "risk_score",
        "monthly_saving_nanos",
        "monthly_saving_usd",
        "estimated_monthly_savings",
        "tags",
        "namespaces",
        "namespace",
        "cluster",
        "at",
    ];
    let member = (prop::sample::select(names), value());
    let good = prop::bool::ANY;
    let object = (good, prop::collection::vec(member, 0..4)).prop_map(|(good, members)| {
        let mut change = if good { change("{}") } else { json("{}") };
        let Json::Object(object) = &mut change else { panic!("an object") };
        for (name, value) in members {
            object.insert(name, value);
        }
        change
    });
    prop_oneof![9 => object, 1 => value()]
}

pub(super) fn any_history() -> impl Strategy<Value = Json> {
    let list = prop::collection::vec(any_change(), 0..4).prop_map(Json::Array);
    prop_oneof![9 => list, 1 => value()]
}

proptest! {
    #[test]
    fn order_of_history_changes_no_decision(change in any_change(), history in any_history(), now in value()) {
        let config = GuardrailConfig::default();
        let now = Now::from_json(Some(&now));
        let names = |history: &Json| {
            let check = check(&change, history, now, &config);
            let mut names: Vec<_> = check.failed().iter().map(|f| (f.policy_name, f.action)).collect();
            names.sort();
            (check.action(), names)
        };
        let mut reversed = history.clone();
        if let Json::Array(list) = &mut reversed {
            list.reverse();
        }
        prop_assert_eq!(names(&history), names(&reversed));
    }

    #[test]
    fn lower_limits_never_allow_more(change in any_change(), history in any_history(), now in value()) {
        let now = Now::from_json(Some(&now));
        let before = check(&change, &history, now, &GuardrailConfig::default());
        let lower = config(r#"{"min_confidence":"0.71","max_risk_score":"0.4","max_single_change":"99",
            "max_daily_change":"150","blast_radius_limit":1,"protected_tags":["production","critical","a"]}"#);
        prop_assert!(check(&change, &history, now, &lower).action() <= before.action(), "deny comes first");
    }

    #[test]
    fn unknown_never_passes(change in any_change(), history in any_history(), operand in 0_usize..6) {
        let config = GuardrailConfig::default();
        let operands: [&[&str]; 6] = [
            &["confidence"],
            &["risk_score"],
            &["monthly_saving_nanos", "monthly_saving_usd", "estimated_monthly_savings"],
            &["tags"],
            &["namespaces", "namespace"],
            &[],
        ];
        let mut change = change;
        let now = match operands[operand] {
            [] => Now::Unknown,
            names => {
                if let Json::Object(object) = &mut change {
                    names.iter().for_each(|name| drop(object.insert(*name, Json::Null)));
                }
                Now::from_json(Some(&Json::from(INSIDE)))
            }
        };
        prop_assert_ne!(check(&change, &history, now, &config).action(), Outcome::Allow);
    }
}
