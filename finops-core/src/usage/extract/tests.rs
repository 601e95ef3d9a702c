#![expect(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "tests read the shared vectors and count cases"
)]

use super::*;
use crate::{
    money::{Rate, decimal},
    usage::Bucket,
};
use serde_json::{Value, json};

fn section(name: &str) -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../bindings/vectors/metering.json");
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    vectors[name].as_array().unwrap().clone()
}

/// From the parsed body and from its text, which must agree.
fn both(body: &Value, provider: Option<&str>) -> Result<Extracted, UsageError> {
    let parsed = extract(body, provider);
    assert_eq!(extract_json(body.to_string(), provider), parsed, "{body}");
    parsed
}

fn amount(usage: &Usage, rates: &Value) -> String {
    let mut sum = Picodollars::ZERO;
    for bucket in Bucket::ALL {
        let count = usage.get(*bucket);
        if let Some(rate) = rates[bucket.name()].as_str() {
            let rate = decimal::parse(rate).unwrap();
            let per_use = bucket.side() == crate::usage::Side::Unit;
            let rate = if per_use { Rate::from_usd_per_use(rate) } else { Rate::from_usd_per_mtok(rate) };
            sum = sum.checked_add(rate.unwrap().times(count).unwrap()).unwrap();
        }
    }
    sum.to_string()
}

#[test]
fn the_extraction_vectors_pass() {
    let cases = section("extraction");
    for case in &cases {
        let id = case["id"].as_str().unwrap();
        let found =
            both(&case["response"], case["provider"].as_str()).unwrap_or_else(|e| panic!("{id}: {e}"));
        for (key, expected) in case["expected"].as_object().unwrap() {
            let actual = match key.as_str() {
                "usage" => serde_json::to_value(found.usage).unwrap(),
                "model_id" => json!(found.model),
                "service_tier" => json!(found.service_tier),
                "finish" => json!(found.finish),
                "reported_cost_usd" => json!(found.reported_cost.map(|cost| cost.to_string())),
                "duration_ns" => json!(found.duration.map(DurationNs::get)),
                "status" => json!(found.reported_cost.map(|_| "provider_reported")),
                "amount_usd" if case["rates_usd_per_mtok"].is_null() => {
                    json!(found.reported_cost.map(|cost| cost.to_string()))
                }
                "amount_usd" => json!(amount(&found.usage, &case["rates_usd_per_mtok"])),
                other => panic!("{id}: unknown expectation {other}"),
            };
            assert_eq!(&actual, expected, "{id}: {key}");
        }
        assert!(found.complete, "{id}");
        assert!(found.model_or(case["model"].as_str()).is_ok(), "{id}");
    }
    assert_eq!(cases.len(), 33);
}

#[test]
fn the_extraction_error_vectors_pass() {
    let cases = section("extraction_error");
    for case in &cases {
        let id = case["id"].as_str().unwrap();
        let error = both(&case["response"], case["provider"].as_str())
            .and_then(|found| found.model_or(None).map(str::to_owned))
            .unwrap_err();
        assert_eq!(error.code(), case["expected"]["error"], "{id}");
        assert_eq!(error.path(), case["expected"]["path"], "{id}");
    }
    assert_eq!(cases.len(), 6);
}
