//! One case of `waste.json` against an implementation of its kinds: listed members must match, amounts by value.

use super::compare::{Members, differences};
use finops_core::json::Json;

/// Runs a case through `call` (kind, input to the answer or the code of the refusal) and returns what differs from its expectation.
///
/// The list of a detector's assessments is compared in its order.
pub fn run(case: &Json, call: impl Fn(&str, &Json) -> Result<Json, String>) -> Vec<String> {
    let text = |name: &str| case.get(name).and_then(Json::as_str).unwrap_or_default();
    let (Some(input), Some(expected)) = (case.get("input"), case.get("expected")) else {
        return vec![format!("{}: no input or no expectation", text("id"))];
    };
    let id = text("id");
    match call(text("kind"), input) {
        Ok(found) => {
            let expected = match case.get("tolerance").and_then(Json::as_str).and_then(tolerance) {
                Some(limit) => eased(expected, &found, limit),
                None => expected.clone(),
            };
            let found = differences(&expected, &found, Members::Listed);
            found.into_iter().map(|difference| format!("{id}: {difference}")).collect()
        }
        Err(code) if expected.get("error").and_then(Json::as_str) == Some(&code) => Vec::new(),
        Err(code) => vec![format!("{id}: refused with {code}")],
    }
}

/// The number in a text such as `percentiles 1e-9 relative`.
fn tolerance(text: &str) -> Option<f64> {
    text.split(' ').find_map(|word| word.parse().ok())
}

/// What is expected, with the answer's own value wherever a number with a point is near enough to it. Whole numbers stay
/// exact.
fn eased(expected: &Json, found: &Json, limit: f64) -> Json {
    match (expected, found) {
        (Json::Object(wanted), Json::Object(_)) => Json::object(wanted.iter().map(|(name, value)| {
            let answer = found.get(name).map(|answer| eased(value, answer, limit));
            (name.to_owned(), answer.unwrap_or_else(|| value.clone()))
        })),
        _ => match (number(expected), number(found)) {
            (Some(wanted), Some(answer)) if (wanted - answer).abs() <= limit * wanted.abs().max(1.0) => found.clone(),
            _ => expected.clone(),
        },
    }
}

fn number(value: &Json) -> Option<f64> {
    let text = value.as_str().or_else(|| value.as_number().map(|number| number.text()))?;
    text.parse().ok().filter(|_| text.contains('.'))
}
