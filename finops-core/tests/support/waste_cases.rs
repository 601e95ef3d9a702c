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
            let expected = Tolerance::of(text("tolerance"))
                .map_or_else(|| expected.clone(), |tolerance| tolerance.settle(expected, &found, ""));
            let found = differences(&expected, &found, Members::Listed);
            found.into_iter().map(|difference| format!("{id}: {difference}")).collect()
        }
        Err(code) if expected.get("error").and_then(Json::as_str) == Some(&code) => Vec::new(),
        Err(code) => vec![format!("{id}: refused with {code}")],
    }
}

/// How far numbers of a case may lie from what is expected: `percentiles 1e-9 relative`, `1e-12 relative`,
/// `largest_growth 1e-6`.
struct Tolerance<'a> {
    /// The member it holds for, or every member.
    member: Option<&'a str>,
    size: f64,
    relative: bool,
}

impl<'a> Tolerance<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let at = words.iter().position(|word| word.parse::<f64>().is_ok())?;
        Some(Self {
            member: words.first().copied().filter(|_| at > 0),
            size: words.get(at)?.parse().ok()?,
            relative: words.last() == Some(&"relative"),
        })
    }

    /// The expectation with each number that was met within the tolerance replaced by what was found.
    fn settle(&self, expected: &Json, found: &Json, member: &str) -> Json {
        match (expected, found) {
            (Json::Object(wanted), Json::Object(got)) => Json::object(wanted.iter().map(|(name, value)| {
                // Below the member that the tolerance names, all names are its own.
                let below = if Some(member) == self.member { member } else { name };
                let answer = got.get(name).map(|got| self.settle(value, got, below));
                (name, answer.unwrap_or_else(|| value.clone()))
            })),
            (Json::Array(wanted), Json::Array(got)) if wanted.len() == got.len() => {
                Json::array(wanted.iter().zip(got).map(|(value, got)| self.settle(value, got, member)))
            }
            _ if self.holds(expected, found, member) => found.clone(),
            _ => expected.clone(),
        }
    }

    fn holds(&self, expected: &Json, found: &Json, member: &str) -> bool {
        if self.member.is_some_and(|name| name != member) {
            return false;
        }
        let value = |json: &Json| match json {
            Json::Number(number) => number.as_f64(),
            Json::String(text) => text.parse::<f64>().ok(),
            _ => None,
        };
        let digits =
            expected.as_str().and_then(|text| text.split_once('.')).map_or(0, |(_, digits)| digits.len());
        let (Some(expected), Some(found)) = (value(expected), value(found)) else { return false };
        let size = if self.relative { self.size * expected.abs() } else { self.size };
        // What is printed stands for whatever rounds to it.
        let printed = i32::try_from(digits).map_or(0.0, |digits| 0.5 * 0.1_f64.powi(digits));
        (expected - found).abs() <= size.max(printed)
    }
}
