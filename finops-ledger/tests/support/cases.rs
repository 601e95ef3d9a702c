//! Runs the shared vectors of the ledger: inputs in, outputs compared exactly. Knows no type of the crate under test.

use serde_json::{Map, Value, json};

/// A refusal as the border shows it.
pub struct Fault {
    /// The stable dotted code.
    pub code: String,
    /// The member at fault.
    pub path: String,
}

/// The members that go in, by group. Every other member is an output; `id` only names the case.
const INPUTS: &[(&str, &[&str])] = &[
    ("keys", &["secret", "origin"]),
    ("canonical", &["input", "input_hex"]),
    ("canonical_check", &["input_hex"]),
    ("border_number", &["bits", "text"]),
    ("decimal_form", &["input"]),
    ("field_form", &["field", "input"]),
    ("log", &["origin", "secrets", "events"]),
    ("envelope", &["event"]),
    ("sign_event", &["event", "secret", "signature"]),
    ("merkle_root", &["leaves", "generate"]),
    ("inclusion", &["leaf", "index", "size", "proof", "root"]),
    ("consistency", &["old", "new", "old_root", "new_root", "proof"]),
    ("checkpoint", &["origin", "size", "root", "secret", "ed25519_seed"]),
    ("note_parse", &["note"]),
    ("signed_note_known_answer", &["note", "vkey"]),
    ("verify", &["origin", "file", "file_hex", "secrets", "anchors", "vkeys"]),
    ("cut", &["origin", "file", "secrets", "bytes"]),
    ("bit_flip", &["origin", "file", "secrets", "byte", "bit"]),
    ("ratchet", &["event_key", "epochs"]),
    ("redaction", &["salt", "value", "commit"]),
    ("opportunity_id", &["scope", "generation"]),
    ("receipt", &["origin", "vkey", "event", "receipt"]),
    ("saving", &["baseline", "reporting", "effect", "non_routine"]),
    ("half_width", &["baseline", "reporting", "fixed_share"]),
    (
        "verdict",
        &["method", "effect", "claimed", "half_width", "n_baseline", "n_reporting", "gone", "cv_rmse", "r2"],
    ),
    ("drift", &["first", "later"]),
    ("apportion", &["weights", "total", "places"]),
    ("overlap", &["opportunities", "baselines"]),
    ("transition", &["state", "event"]),
    ("fold", &["config", "events"]),
    ("report", &["events", "label"]),
    ("period", &["label"]),
    ("kpi", &["a", "b", "rows"]),
    ("chart", &["values"]),
    ("escape", &["text"]),
    ("append", &["steps"]),
    ("batch_digest", &["rows"]),
];

/// Groups whose answer has an `error` member of its own instead of being refused.
const ANSWERS_WITH_ERROR: &[&str] = &["cut", "bit_flip"];

/// Groups whose cases name only the members that matter to them: the answer may have more (a case of a false signature or
/// commitment does not name the right one).
const SUBSET: &[&str] = &["verify", "merkle_root", "sign_event", "redaction"];

/// Every group of the file, in its order.
pub fn groups(vectors: &Value) -> Vec<&str> {
    vectors["groups"].as_object().expect("groups is an object").keys().map(String::as_str).collect()
}

/// Runs every case of `group` through `call` and answers how many ran.
///
/// # Panics
/// When a case differs, listing every difference; when the group is unknown or empty.
pub fn run(
    vectors: &Value,
    group: &str,
    mut call: impl FnMut(&str, &Value) -> Result<Value, Fault>,
) -> usize {
    let cases = vectors["groups"][group]["cases"].as_array().unwrap_or_else(|| panic!("no group `{group}`"));
    assert!(!cases.is_empty(), "group `{group}` is empty");
    let mut failures = Vec::new();
    for case in cases {
        let (input, expected) = split(vectors, group, case);
        let id = case["id"].as_str().expect("every case has an id");
        if let Err(difference) = compare(group, &expected, call(group, &input)) {
            failures.push(format!("{group}/{id}: {difference}"));
        }
    }
    assert!(failures.is_empty(), "{} of {} failed\n{}", failures.len(), cases.len(), failures.join("\n"));
    cases.len()
}

/// The inputs of a case and what it expects.
fn split(vectors: &Value, group: &str, case: &Value) -> (Value, Value) {
    let names = INPUTS.iter().find(|(name, _)| *name == group);
    let (_, names) = names.unwrap_or_else(|| panic!("the runner does not know group `{group}`"));
    let mut members = case.as_object().expect("a case is an object").clone();
    members.remove("id");
    prepare(vectors, group, &mut members);
    let (mut input, mut expected) = (Map::new(), Map::new());
    for (name, value) in members {
        if names.contains(&name.as_str()) {
            // What `verify_event` is given is also what `sign_event` must answer when the two belong together.
            input.insert(name, value);
        } else {
            expected.insert(name, value);
        }
    }
    if group == "sign_event" && expected["ok"] == json!(true) {
        expected.insert("signature".to_owned(), input["signature"].clone());
    }
    if group == "redaction" && expected["ok"] == json!(true) {
        expected.insert("commit".to_owned(), input["commit"].clone());
    }
    let expected = match expected.remove("expect") {
        Some(expect) => expect,
        None => Value::Object(expected),
    };
    (Value::Object(input), expected)
}

/// What a group writes in another shape than the computation takes.
fn prepare(vectors: &Value, group: &str, members: &mut Map<String, Value>) {
    match group {
        // The file says for whom it was written; `verify` also uses the word for a remark.
        "verify" => drop(members.remove("note")),
        "log" => {
            let events = members["records"].as_array().expect("records").iter().map(|r| r["event"].clone());
            let events = events.collect();
            members.insert("events".to_owned(), Value::Array(events));
        }
        "cut" | "bit_flip" => {
            let name = members.remove("log").expect("log");
            let logs = vectors["groups"]["log"]["cases"].as_array().expect("logs");
            let log = logs.iter().find(|log| log["id"] == name).expect("the log is known");
            let lines = log["records"].as_array().expect("records").iter().map(|r| {
                let text = |key: &str| r[key].as_str().expect("text").to_owned();
                format!("{} {} {} {}\n", r["seq"], text("kid"), text("tag"), text("event"))
            });
            members.insert("file".to_owned(), Value::String(lines.collect()));
            members.insert("origin".to_owned(), log["origin"].clone());
            members.insert("secrets".to_owned(), log["secrets"].clone());
        }
        "ratchet" => {
            let keys = members["keys"].as_array().expect("keys");
            let (first, count) = (keys[0].clone(), keys.len());
            members.insert("event_key".to_owned(), first);
            members.insert("epochs".to_owned(), json!(count));
        }
        "append" => {
            let steps = members.remove("steps").expect("steps");
            let mut expected = steps.clone();
            for step in expected.as_array_mut().expect("steps") {
                step.as_object_mut().expect("step").remove("event");
            }
            let strip = |step: &Value| json!({ "event": step["event"] });
            let steps = steps.as_array().expect("steps").iter().map(strip).collect();
            members.insert("steps".to_owned(), Value::Array(steps));
            members.insert("expect".to_owned(), json!({ "steps": expected }));
        }
        _ => {}
    }
}

fn compare(group: &str, expected: &Value, answer: Result<Value, Fault>) -> Result<(), String> {
    let refused = expected.get("error").filter(|_| !ANSWERS_WITH_ERROR.contains(&group) && group != "verify");
    match (refused.and_then(Value::as_str), answer) {
        (Some(code), Ok(answer)) => Err(format!("expected `{code}`, got {answer}")),
        (None, Err(fault)) => Err(format!("refused with `{}` at `{}`", fault.code, fault.path)),
        (Some(code), Err(fault)) => {
            if fault.code != code && fault.code.strip_prefix("ledger.verify.") != Some(code) {
                return Err(format!("expected `{code}`, got `{}` at `{}`", fault.code, fault.path));
            }
            match expected.get("path").and_then(Value::as_str) {
                Some(path) if path != fault.path => {
                    Err(format!("expected path `{path}`, got `{}`", fault.path))
                }
                _ => Ok(()),
            }
        }
        (None, Ok(answer)) => same(group, expected, &answer),
    }
}

fn same(group: &str, expected: &Value, answer: &Value) -> Result<(), String> {
    let (Some(wanted), Some(got)) = (expected.as_object(), answer.as_object()) else {
        return if expected == answer { Ok(()) } else { Err(format!("expected {expected}, got {answer}")) };
    };
    let mut differences = Vec::new();
    for (name, value) in wanted {
        match got.get(name) {
            Some(found) if found == value => {}
            Some(found) => differences.push(format!("{name}: expected {value}, got {found}")),
            None => differences.push(format!("{name}: missing")),
        }
    }
    let extra = got.keys().filter(|name| !SUBSET.contains(&group) && !wanted.contains_key(*name));
    differences.extend(extra.map(|name| format!("{name}: not expected")));
    if differences.is_empty() { Ok(()) } else { Err(differences.join("; ")) }
}
