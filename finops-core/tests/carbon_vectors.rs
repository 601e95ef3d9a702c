//! Every case of `bindings/vectors/carbon.json` through `carbon::wire::call`.
#![expect(clippy::disallowed_methods, reason = "a test reads the shared vectors")]

use finops_core::carbon::wire;
use serde_json::Value;
use std::collections::BTreeMap;

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn close(expected: f64, actual: f64, rel_tol: Option<f64>) -> bool {
    match rel_tol {
        None => expected.to_bits() == actual.to_bits(),
        Some(_) if expected == 0.0 => actual.abs() <= 1e-12,
        Some(tolerance) => (actual - expected).abs() <= tolerance * expected.abs(),
    }
}

/// Differences of `actual` from `expected`, field by field; further fields of `actual` are allowed.
fn compare(path: &str, expected: &Value, actual: &Value, rel_tol: Option<f64>, out: &mut Vec<String>) {
    let at = |name: &str| format!("{path}.{name}");
    match (expected, actual) {
        (Value::Object(fields), Value::Object(_)) => {
            for (name, value) in fields {
                // The published figure has to lie within the range of the method.
                if name == "contains_wh" {
                    let ends = (number(value), number(&actual["low_wh"]), number(&actual["high_wh"]));
                    let (Some(published), Some(low), Some(high)) = ends else { panic!("{path}: no range") };
                    if !(low..=high).contains(&published) {
                        out.push(format!("{path}: {published} Wh outside {low} to {high}"));
                    }
                    continue;
                }
                compare(&at(name), value, actual.get(name).unwrap_or(&Value::Null), rel_tol, out);
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (i, (l, r)) in left.iter().zip(right).enumerate() {
                compare(&at(&i.to_string()), l, r, rel_tol, out);
            }
        }
        (Value::String(_) | Value::Number(_), Value::Number(_)) => match (number(expected), number(actual)) {
            (Some(e), Some(a)) if close(e, a, rel_tol) => {}
            _ => out.push(format!("{path}: expected {expected}, got {actual}")),
        },
        _ if expected == actual => {}
        _ => out.push(format!("{path}: expected {expected}, got {actual}")),
    }
}

fn run(kind: &str, case: &Value) -> Vec<String> {
    let (expected, rel_tol) = (&case["expected"], case["rel_tol"].as_f64());
    let mut out = Vec::new();
    match (wire::call(kind, &case["input"]), expected.get("error")) {
        (Ok(actual), None) => compare("", expected, &actual, rel_tol, &mut out),
        (Ok(actual), Some(code)) => out.push(format!("expected {code}, got {actual}")),
        (Err(error), None) => out.push(format!("expected a result, got {}: {error}", error.code())),
        (Err(error), Some(code)) => {
            if code != error.code() {
                out.push(format!("expected {code}, got {}: {error}", error.code()));
            }
            if let Some(name) = expected.get("names")
                && name != error.path()
            {
                out.push(format!("expected the error to name {name}, got {}", error.path()));
            }
        }
    }
    out
}

#[test]
fn every_vector_holds() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../bindings/vectors/carbon.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut ran: BTreeMap<&str, usize> = BTreeMap::new();
    let mut failures = Vec::new();
    let cases = file["cases"].as_array().unwrap();
    for case in cases {
        let (id, kind) = (case["id"].as_str().unwrap(), case["kind"].as_str().unwrap());
        failures.extend(run(kind, case).into_iter().map(|failure| format!("{kind} {id}{failure}")));
        *ran.entry(kind).or_default() += 1;
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    assert_eq!(cases.len(), 260, "count the cases");
    let listed = file["kinds"].as_object().unwrap();
    assert_eq!(
        listed.keys().map(String::as_str).collect::<Vec<_>>(),
        ran.keys().copied().collect::<Vec<_>>()
    );
}
