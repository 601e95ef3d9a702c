//! The shared vectors of the monitor, end to end: every case of these sections, exactly.
#![expect(clippy::disallowed_methods, reason = "a test reads its vectors")]
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![expect(clippy::cast_possible_truncation, reason = "counts of test cases are small")]

mod common;

use common::{amount, call_of, monitor, plain, vectors};
use finops_core::{
    money::{Picodollars, decimal},
    time::Timestamp,
    usage::Usage,
};
use finops_telemetry::{
    monitor::{Filter, InferenceCall, Setting, TrainingCall, duration_ms_exact},
    otel,
    record::{Field, InferenceRecord, Record, TrainingRecord},
};
use serde_json::{Value, json};
use std::sync::Arc;

fn exact(record: &InferenceRecord, key: &str) -> String {
    let usd = |amount: Option<Picodollars>| amount.unwrap().to_string();
    match key {
        "input_cost_usd" => usd(record.input_cost()),
        "output_cost_usd" => usd(record.output_cost()),
        "compute_cost_usd" => usd(record.compute_cost()),
        "unit_cost_usd" => usd(record.unit_cost()),
        "energy_joules" => record.energy_joules_text(),
        "carbon_kg" => record.carbon_kg_text(),
        "carbon_intensity_g_per_kwh" => decimal::text(record.carbon_intensity_exact()),
        "duration_ms" => decimal::text(record.duration().unwrap().ms()),
        other => panic!("unknown key `{other}`"),
    }
}

fn nearest(text: &str) -> u64 {
    text.parse::<f64>().unwrap().to_bits()
}

fn check(id: &str, record: &InferenceRecord, expected: &Value) {
    for (key, value) in expected.as_object().unwrap() {
        match key.as_str() {
            "model" => assert_eq!(record.model(), value, "{id}"),
            "input_tokens" | "output_tokens" | "total_tokens" => {
                assert_eq!(record.field(key), Some(Field::Count(value.as_u64().unwrap())), "{id} {key}");
            }
            "price_source" => assert_eq!(record.price_source().unwrap().name(), value, "{id}"),
            "status" => assert_eq!(record.status().name(), value, "{id}"),
            "assumptions" => {
                let found = record.assumptions();
                for code in value.as_array().unwrap() {
                    assert!(found.contains(&code.as_str().unwrap()), "{id}: {code} not in {found:?}");
                }
            }
            "tags" => {
                for (name, tag) in value.as_object().unwrap() {
                    assert_eq!(record.tag(name), tag.as_str(), "{id} {name}");
                }
            }
            "metadata" => {}
            _ => {
                let text = value.as_str().unwrap();
                assert_eq!(exact(record, key), text, "{id} {key}");
                let Some(Field::Number(view)) = record.field(key) else { panic!("{id} {key} is no number") };
                assert_eq!(view.to_bits(), nearest(text), "{id} {key}: {view} is not {text}");
            }
        }
    }
}

#[test]
fn record() {
    for case in vectors("record", 13) {
        let id = case["id"].as_str().unwrap();
        let monitor = monitor(&case).unwrap();
        let call = call_of(&monitor, &case["call"]).unwrap();
        let metadata = case["call"].get("metadata").cloned();
        let record = monitor.log_inference(&call.as_call(), metadata).unwrap();
        check(id, &record, &case["expected"]);
        let entries = monitor.get_metrics(&Filter::default());
        let [entry] = &entries[..] else { panic!("{id}: one record") };
        assert_eq!(entry.payload.as_deref(), case["expected"].get("metadata"), "{id}");
        let wire = record.to_json(entry.payload.as_deref());
        let (back, metadata) = InferenceRecord::from_json(&wire).unwrap();
        assert_eq!(back, *record, "{id}");
        assert_eq!((back.to_json(metadata.as_ref()), metadata.as_ref()), (wire, entry.payload.as_deref()));
        check(id, &back, &case["expected"]);
    }
}

#[test]
fn record_error() {
    for case in vectors("record_error", 6) {
        let id = case["id"].as_str().unwrap();
        let error = match monitor(&case) {
            Err(error) => {
                assert_eq!(case["kind"], "bad_config", "{id}: {error}");
                let (variable, _) = case["env"].as_object().unwrap().iter().next().unwrap();
                assert_eq!(error.path(), variable, "{id}");
                error
            }
            Ok(monitor) => {
                let call = call_of(&monitor, &case["call"]);
                let error = call.and_then(|call| monitor.log_inference(&call.as_call(), None)).unwrap_err();
                assert_eq!(monitor.stats(), plain().stats(), "{id}: nothing changed");
                error
            }
        };
        assert_eq!(error.code(), case["expected"]["error"], "{id}");
    }
}

#[test]
fn config() {
    for case in vectors("config", 3) {
        let id = case["id"].as_str().unwrap();
        let monitor = monitor(&case).unwrap();
        for (name, value) in case["expected"].as_object().unwrap() {
            let setting = Setting::from_name(name).unwrap();
            assert_eq!(decimal::text(monitor.setting(setting)), value.as_str().unwrap(), "{id} {name}");
            let in_env = setting.variable().is_some_and(|variable| case["env"].get(variable).is_some());
            let expected = match case["config"].get(name) {
                Some(_) => "constructor",
                None if in_env => "environment",
                None => "default",
            };
            assert_eq!(monitor.source_of(name).unwrap().name(), expected, "{id} {name}");
        }
    }
}

#[test]
fn training() {
    for case in vectors("training", 3) {
        let (id, call) = (case["id"].as_str().unwrap(), &case["call"]);
        let monitor = monitor(&case).unwrap();
        let at = call["at"].as_str().unwrap_or("2026-11-01T12:00:00Z").parse().unwrap();
        let (hours, gpus) = (amount(&call["duration_hours"]), call["gpu_count"].as_u64().unwrap());
        let logged =
            monitor.log_training(&TrainingCall::new(call["model"].as_str().unwrap(), hours, gpus, at), None);
        if let Some(code) = case["expected"].get("error") {
            assert_eq!(logged.unwrap_err().code(), code, "{id}");
            assert_eq!(monitor.stats(), plain().stats(), "{id}");
            continue;
        }
        let record = logged.unwrap();
        for (key, value) in case["expected"].as_object().unwrap() {
            let text = match key.as_str() {
                "type" => Record::Training(Arc::clone(&record)).kind().to_owned(),
                "model" => record.model().to_owned(),
                "duration_hours" => decimal::text(record.duration_hours_exact()),
                "gpu_count" => record.gpu_count().to_string(),
                "compute_cost_usd" => record.compute_cost().to_string(),
                "energy_joules" => record.energy_joules_text(),
                "carbon_kg" => record.carbon_kg_text(),
                "carbon_intensity_g_per_kwh" => decimal::text(record.carbon_intensity_exact()),
                other => panic!("unknown key `{other}`"),
            };
            assert_eq!(text, value.as_str().map_or_else(|| value.to_string(), str::to_owned), "{id} {key}");
            if let Some(Field::Number(view)) = record.field(key) {
                assert_eq!(view.to_bits(), nearest(&text), "{id} {key}");
            }
        }
        let wire = record.to_json(None);
        let (back, _) = TrainingRecord::from_json(&wire).unwrap();
        assert_eq!((back.to_json(None), &back), (wire, &*record), "{id}");
    }
}

#[test]
fn time_cost() {
    for case in vectors("time_cost", 4) {
        let monitor = monitor(&json!({"config": {"compute_cost_per_hour": case["usd_per_hour"]}})).unwrap();
        let duration = duration_ms_exact("duration_ms", amount(&case["duration_ms"])).unwrap();
        let call = InferenceCall {
            duration: Some(duration),
            ..InferenceCall::new("unknown-x", Usage::new(1, 1), Timestamp::default())
        };
        let record = monitor.log_inference(&call, None).unwrap();
        let found = record.compute_cost().unwrap().get().to_string();
        assert_eq!(found, case["expected"]["picodollars"], "{}", case["id"]);
    }
}

#[test]
fn duplicate() {
    for case in vectors("duplicate", 3) {
        let id = &case["id"];
        let monitor = plain();
        let log = |call: &Value| {
            call_of(&monitor, call).and_then(|call| monitor.log_inference(&call.as_call(), None))
        };
        let [first, second] = &case["calls"].as_array().unwrap()[..] else { panic!("{id}: two calls") };
        let (first, second) = (log(first).unwrap(), log(second));
        match &case["expected"]["second"] {
            Value::Null => assert!(second.is_ok(), "{id}"),
            Value::String(same) if same == "same_record" => {
                assert!(Arc::ptr_eq(&first, &second.unwrap()), "{id}");
            }
            error => assert_eq!(second.unwrap_err().code(), error["error"], "{id}"),
        }
        let stats = monitor.stats();
        assert_eq!(stats.records as u64, case["expected"]["records"].as_u64().unwrap(), "{id}");
        assert_eq!(stats.requests, case["expected"]["requests"].as_u64().unwrap(), "{id}");
    }
}

#[test]
fn rollup() {
    for case in vectors("rollup", 4) {
        let id = &case["id"];
        let monitor = monitor(&case).unwrap();
        for call in case["calls"].as_array().unwrap() {
            let call = call_of(&monitor, call).unwrap();
            for _ in 0..case["repeat"].as_u64().unwrap_or(1) {
                monitor.log_inference(&call.as_call(), None).unwrap();
            }
        }
        let by = case["group_by"].as_array().unwrap().iter().map(|name| name.as_str().unwrap());
        let rows = monitor.summary(&by.collect::<Vec<_>>(), &[]).unwrap();
        let expected = case["expected"].as_array().unwrap();
        assert_eq!(rows.len(), expected.len(), "{id}");
        for (row, expected) in rows.iter().zip(expected) {
            let found = serde_json::to_value(row).unwrap();
            for (key, value) in expected.as_object().unwrap() {
                assert_eq!(&found[key], value, "{id} {key}");
            }
        }
    }
}

#[test]
fn exposition() {
    for case in vectors("exposition", 1) {
        let monitor = monitor(&case).unwrap();
        for call in case["calls"].as_array().unwrap() {
            let call = call_of(&monitor, call).unwrap();
            monitor.log_inference(&call.as_call(), None).unwrap();
        }
        let text = monitor.openmetrics(Timestamp::default()).unwrap();
        for line in case["expected_lines"].as_array().unwrap() {
            assert!(text.lines().any(|found| found == line), "{line} not in\n{text}");
        }
    }
}

#[test]
fn otel_attributes() {
    for case in vectors("otel", 1) {
        let monitor = plain();
        let call = call_of(&monitor, &case["call"]).unwrap();
        let record = monitor.log_inference(&call.as_call(), None).unwrap();
        let aliases = case["aliases"].as_bool().unwrap();
        let found = otel::attributes(&record, aliases).into_iter();
        let found = found.map(|(name, value)| (name.to_owned(), value.into())).collect();
        assert_eq!(Value::Object(found), case["expected"], "{}", case["id"]);
        let with_aliases = otel::attributes(&record, true);
        let names: Vec<&str> = with_aliases.iter().map(|(name, _)| *name).collect();
        for name in ["gen_ai.usage.cost", "operation.cost", "gen_ai.usage.cache_creation.input_tokens"] {
            assert!(names.contains(&name), "{name}");
        }
    }
}

/// What the original's own tests ask of a monitor.
#[test]
fn the_original_expectations_hold() {
    let monitor = plain();
    let at: Timestamp = "2026-11-01T12:00:00Z".parse().unwrap();
    let call = InferenceCall::new("test-model", Usage::new(1000, 0), at);
    let first = monitor.log_inference(&call, None).unwrap();
    assert_eq!(first.field("input_cost_usd"), Some(Field::Number(0.001)));
    assert_eq!(first.field("energy_joules"), Some(Field::Number(1800.0)));
    assert_eq!(first.field("carbon_kg"), Some(Field::Number(0.0002)));
    assert_eq!(first.field("metadata"), None);
    let run = TrainingCall::new("test-model", decimal::parse("2.5").unwrap(), 4, at);
    let training = monitor.log_training(&run, Some(json!({"job": 7}))).unwrap();
    assert_eq!(training.field("compute_cost_usd"), Some(Field::Number(10.0)));
    assert_eq!(training.field("energy_joules"), Some(Field::Number(9e6)));
    assert_eq!(training.field("type"), Some(Field::Text("training".into())));
    let metrics = monitor.get_metrics(&Filter::default());
    let kinds: Vec<&str> = metrics.iter().map(|entry| entry.record.kind()).collect();
    assert_eq!(kinds, ["inference", "training"], "two logged calls are two metrics, in order");
    assert_eq!(metrics[1].payload.as_deref(), Some(&json!({"job": 7})), "metadata comes back");
    monitor.reset_metrics();
    assert!(monitor.get_metrics(&Filter::default()).is_empty());
}
