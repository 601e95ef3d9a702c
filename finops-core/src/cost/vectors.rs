//! The shared vectors of prices, names, time and display: `bindings/vectors/metering.json`.
#![expect(clippy::disallowed_methods, reason = "a test reads the vectors")]

use super::{Call, OnUnknown, cost};
use crate::{
    money::{Picodollars, Rate, decimal, display, time_cost},
    price::Catalogue,
    time::DurationNs,
    usage::{Bucket, Side, Usage},
};
use serde_json::Value;
use std::collections::BTreeMap;

fn section(name: &str) -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../bindings/vectors/metering.json");
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases = vectors[name].as_array().unwrap().clone();
    assert_eq!(Some(cases.len() as u64), vectors["counts"][name].as_u64(), "{name}");
    cases
}

fn known_keys(case: &Value, keys: &[&str]) {
    for key in case.as_object().unwrap().keys() {
        assert!(keys.contains(&key.as_str()), "an unknown key `{key}` in {case}");
    }
}

#[test]
fn prices() {
    let catalogue = Catalogue::builtin();
    let mut wrong = Vec::new();
    let cases = section("price");
    assert_eq!(cases.len(), 58);
    for case in &cases {
        known_keys(
            case,
            &[
                "id",
                "kind",
                "provider",
                "model",
                "at",
                "conditions",
                "usage",
                "rates_usd_per_mtok",
                "expected",
                "source",
                "note",
            ],
        );
        known_keys(&case["conditions"], &["service_tier", "region", "speed", "search_context"]);
        known_keys(&case["expected"], &["amount_usd"]);
        let usage: Usage = serde_json::from_value(case["usage"].clone()).unwrap();
        let at = case["at"].as_str().unwrap().parse().unwrap();
        let call = Call {
            provider: case["provider"].as_str(),
            service_tier: case["conditions"]["service_tier"].as_str(),
            region: case["conditions"]["region"].as_str(),
            speed: case["conditions"]["speed"].as_str(),
            search_context: case["conditions"]["search_context"].as_str(),
            ..Call::new(case["model"].as_str().unwrap(), &usage, at)
        };
        let priced = match cost(&catalogue, &call, OnUnknown::Raise) {
            Ok(priced) => priced,
            Err(error) => {
                wrong.push(format!("{}: {error}", case["id"]));
                continue;
            }
        };
        let expected: Picodollars = case["expected"]["amount_usd"].as_str().unwrap().parse().unwrap();
        if priced.total != Some(expected) {
            wrong.push(format!("{}: {:?} is not {expected}\n{}", case["id"], priced.total, priced.explain()));
        }
        for item in &priced.line_items {
            let published =
                case["rates_usd_per_mtok"][item.unit.as_ref()].as_str().map(|r| decimal::parse(r).unwrap());
            if item.rate != published {
                wrong.push(format!(
                    "{}: {} at {:?}, published {published:?}",
                    case["id"], item.unit, item.rate
                ));
            }
        }
        let sum: Option<Picodollars> = priced.line_items.iter().filter_map(|item| item.amount).sum();
        assert_eq!(sum, priced.total, "{}", case["id"]);
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn names() {
    let catalogue = Catalogue::builtin();
    let cases = section("resolve");
    assert_eq!(cases.len(), 12);
    for case in &cases {
        known_keys(case, &["id", "kind", "provider", "model", "expected", "note"]);
        known_keys(&case["expected"], &["error", "provider", "model", "match", "status"]);
        let found = catalogue.resolve(case["provider"].as_str(), case["model"].as_str().unwrap());
        if let Some(code) = case["expected"]["error"].as_str() {
            assert_eq!(found.unwrap_err().code(), code, "{}", case["id"]);
            continue;
        }
        let found = serde_json::to_value(found.unwrap()).unwrap();
        for (key, value) in case["expected"].as_object().unwrap() {
            assert_eq!(&found[key], value, "{} {key}", case["id"]);
        }
    }
}

#[test]
fn time() {
    let cases = section("time_cost");
    assert_eq!(cases.len(), 4);
    for case in &cases {
        assert_eq!(case["kind"], "half_even");
        let number = |key: &str| decimal::parse(case[key].as_str().unwrap()).unwrap();
        let duration = DurationNs::from_ms_decimal(number("duration_ms")).unwrap();
        let amount = time_cost(duration, number("usd_per_hour"), 1).unwrap();
        assert_eq!(amount.get().to_string(), case["expected"]["picodollars"], "{}", case["id"]);
    }
}

#[test]
fn displays() {
    let cases = section("display");
    assert_eq!(cases.len(), 5);
    for case in &cases {
        let places = u32::try_from(case["places"].as_u64().unwrap()).unwrap();
        match case["kind"].as_str().unwrap() {
            "round" => {
                let amount = decimal::parse(case["amount_usd"].as_str().unwrap()).unwrap();
                assert_eq!(display::round(amount, places).unwrap(), case["expected"], "{}", case["id"]);
            }
            "largest_remainder" => {
                let rows = case["rows"].as_object().unwrap();
                let rows: BTreeMap<_, _> = rows
                    .iter()
                    .map(|(key, usd)| (key.clone(), decimal::parse(usd.as_str().unwrap()).unwrap()))
                    .collect();
                let (rows, total) = display::apportion(&rows, places).unwrap();
                assert_eq!(serde_json::to_value(rows).unwrap(), case["expected"]["rows"], "{}", case["id"]);
                assert_eq!(total, case["expected"]["total"], "{}", case["id"]);
            }
            other => panic!("a kind that this test does not know: {other}"),
        }
    }
}

#[test]
fn rates_of_the_vectors_are_rates() {
    for case in section("price") {
        for (bucket, usd) in case["rates_usd_per_mtok"].as_object().unwrap() {
            let bucket = Bucket::from_name(bucket).unwrap();
            assert_ne!(bucket.side(), Side::Subset);
            assert!(Rate::from_usd_per_mtok(decimal::parse(usd.as_str().unwrap()).unwrap()).is_ok());
        }
    }
}
