//! `carbon.json`: every kind through `carbon::wire::call`, which Python and Node call too.

use finops::carbon::wire;
use serde_json::Value;

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

/// The cases of `carbon.json`, each by name with its differences.
pub fn cases(file: &Value) -> Vec<(String, Vec<String>)> {
    let cases = file["cases"].as_array().cloned().unwrap_or_default();
    let name = |case: &Value, key: &str| case[key].as_str().unwrap_or_default().to_owned();
    cases
        .iter()
        .map(|case| {
            let kind = name(case, "kind");
            (format!("{kind}/{}", name(case, "id")), run(&kind, case))
        })
        .collect()
}
