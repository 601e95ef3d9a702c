//! What an answer differs in from the one that a case expects: the comparison that the vectors of clusters, waste and
//! findings share.

use finops_core::{
    exact::Exact,
    json::{Json, pointer_of},
};

/// How the members of an object are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Members {
    /// Exactly those that the case lists.
    All,
    /// Those that the case lists; the answer may have more.
    Listed,
}

/// Every difference, with its place in the answer; none when the answer holds.
pub fn differences(expected: &Json, found: &Json, members: Members) -> Vec<String> {
    let mut out = Vec::new();
    compare(expected, found, members, &mut Vec::new(), &mut out);
    out
}

fn compare(expected: &Json, found: &Json, members: Members, at: &mut Vec<String>, out: &mut Vec<String>) {
    match (expected, found) {
        (Json::Object(wanted), Json::Object(got)) => {
            for (name, value) in wanted.iter() {
                at.push(name.to_owned());
                match got.get(name) {
                    Some(answer) => compare(value, answer, members, at, out),
                    None => out.push(format!("{}: missing, expected {value}", place(at))),
                }
                at.pop();
            }
            let more = got.keys().filter(|name| members == Members::All && !wanted.contains_key(name));
            out.extend(more.map(|name| format!("{}/{name}: not expected", place(at))));
        }
        (Json::Array(wanted), Json::Array(got)) => {
            if wanted.len() != got.len() {
                out.push(format!("{}: expected {expected}, found {found}", place(at)));
                return;
            }
            for (index, (value, answer)) in wanted.iter().zip(got).enumerate() {
                at.push(index.to_string());
                compare(value, answer, members, at, out);
                at.pop();
            }
        }
        _ if expected == found || same_number(expected, found) => {}
        _ => out.push(format!("{}: expected {expected}, found {found}", place(at))),
    }
}

/// Money and counts are compared by value: `0.1`, `0.10` and the number 0.1 are one amount.
fn same_number(one: &Json, other: &Json) -> bool {
    let value = |json: &Json| match json {
        Json::Number(number) => number_value(number.text()),
        Json::String(text) => number_value(text),
        _ => None,
    };
    value(one).is_some_and(|value_of_one| Some(value_of_one) == value(other))
}

/// The value of plain decimal digits; `None` for any other text.
fn number_value(text: &str) -> Option<Exact> {
    let trimmed = match text.split_once('.') {
        Some((_, "")) => return None,
        Some(_) => text.trim_end_matches('0').trim_end_matches('.'),
        None => text,
    };
    Exact::parse(trimmed)
}

fn place(at: &[String]) -> String {
    pointer_of(at.iter().map(String::as_str))
}
