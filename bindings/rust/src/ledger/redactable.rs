//! Values that an event holds as commitments: kept aside until they are recorded, and where they stand then.

use serde_json::Value;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// A salt and the value that it hides.
#[derive(Clone)]
pub(super) struct Opening {
    pub(super) salt: Zeroizing<[u8; 32]>,
    pub(super) value: Zeroizing<String>,
}

/// Openings of commitments that no event holds yet, by commitment.
#[derive(Default)]
pub(super) struct Pending(BTreeMap<String, Opening>);

impl Pending {
    pub(super) fn insert(&mut self, commit: String, opening: Opening) {
        self.0.insert(commit, opening);
    }

    /// Forgets what was recorded.
    pub(super) fn remove(&mut self, commits: &[String]) {
        for commit in commits {
            self.0.remove(commit);
        }
    }

    /// Where `data` holds commitments that wait: JSON pointers into the event, the commitment, its opening.
    pub(super) fn held_by(&self, data: &Value) -> Vec<(String, String, Opening)> {
        let mut held = Vec::new();
        if !self.0.is_empty() {
            self.walk(data, "/data", &mut held);
        }
        held
    }

    fn walk(&self, value: &Value, path: &str, held: &mut Vec<(String, String, Opening)>) {
        match value {
            Value::Object(members) => {
                let commit = members.get("$commit").and_then(Value::as_str);
                if let Some((commit, opening)) = commit.and_then(|commit| self.0.get_key_value(commit)) {
                    held.push((path.to_owned(), commit.clone(), opening.clone()));
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
