//! Values that an event holds as commitments: kept aside until they are recorded, and deleted when they are redacted.

use serde_json::Value;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// A salt and the value that it hides.
pub(super) struct Opening {
    #[expect(dead_code, reason = "who holds salt and value can show that the commitment is of this value")]
    pub(super) salt: Zeroizing<[u8; 32]>,
    pub(super) value: Zeroizing<String>,
}

/// Openings of commitments that no event holds yet, by commitment.
#[derive(Default)]
pub(super) struct Pending(BTreeMap<String, Opening>);

impl Pending {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn insert(&mut self, commit: String, opening: Opening) {
        self.0.insert(commit, opening);
    }

    pub(super) fn take(&mut self, commit: &str) -> Option<Opening> {
        self.0.remove(commit)
    }

    /// Where `data` holds commitments that wait: JSON pointers into the event, and the commitments.
    pub(super) fn held_by(&self, data: &Value) -> Vec<(String, String)> {
        let mut held = Vec::new();
        self.walk(data, "/data", &mut held);
        held
    }

    fn walk(&self, value: &Value, path: &str, held: &mut Vec<(String, String)>) {
        match value {
            Value::Object(members) => {
                let commit = members.get("$commit").and_then(Value::as_str);
                if let Some(commit) = commit.filter(|commit| self.0.contains_key(*commit)) {
                    held.push((path.to_owned(), commit.to_owned()));
                }
                for (key, value) in members {
                    let token = key.replace('~', "~0").replace('/', "~1");
                    self.walk(value, &format!("{path}/{token}"), held);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.walk(item, &format!("{path}/{index}"), held);
                }
            }
            _ => {}
        }
    }
}
