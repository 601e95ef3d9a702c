//! The shared vectors, for the tests.

use serde_json::Value;

/// The cases of one section of the metering vectors.
#[expect(clippy::disallowed_methods, reason = "a test reads its vectors")]
pub fn vectors(section: &str) -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../bindings/vectors/metering.json");
    let text = std::fs::read_to_string(path).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    file[section].as_array().unwrap().clone()
}
