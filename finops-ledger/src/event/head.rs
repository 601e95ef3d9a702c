//! Where a log stands: what a writer needs to go on and a verifier to begin in the middle. No secret is in it.

use super::{
    checkpoint::TreeHead,
    envelope::parse_at,
    hex,
    keys::Kid,
    merkle::Frontier,
    record::{FIRST_TAG, Tag},
};
use finops_core::time::Timestamp;
use serde_json::{Value, json};

/// A stored head that is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` of the stored head {problem}; verify the log again from its start")]
pub struct HeadError {
    /// The member at fault.
    pub path: &'static str,
    /// What is wrong.
    pub problem: &'static str,
}

impl HeadError {
    /// `ledger.head.malformed`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "ledger.head.malformed"
    }
}

/// The state of a log after its last record: O(1) in the number of records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The name of the log.
    pub origin: String,
    /// The tag of the last record; 32 zero bytes before the first.
    pub tag: Tag,
    /// The tree over all records; its size is the log's.
    pub frontier: Frontier,
    /// The key in force for the next record; `None` before the first.
    pub kid: Option<Kid>,
    /// How often that key was ratcheted.
    pub epoch: u64,
    /// Keys that may not come back, oldest first.
    pub retired: Vec<Kid>,
    /// The key that sealed the last record: it signs the checkpoint of this size.
    pub tail_kid: Option<Kid>,
    /// The idle time after which a heartbeat is due, if `log.created` names one.
    pub heartbeat_s: Option<u64>,
    /// The time of the last record, in microseconds since 1970 UTC.
    pub at_us: Option<i64>,
}

impl Head {
    /// Before the first record.
    #[must_use]
    pub fn empty(origin: &str) -> Self {
        Self {
            origin: origin.to_owned(),
            tag: FIRST_TAG,
            frontier: Frontier::new(),
            kid: None,
            epoch: 0,
            retired: Vec::new(),
            tail_kid: None,
            heartbeat_s: None,
            at_us: None,
        }
    }

    /// The number of records.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Size and root.
    #[must_use]
    pub fn tree_head(&self) -> TreeHead {
        TreeHead { size: self.size(), root: self.frontier.root() }
    }

    /// Has the log used this key, before or now?
    #[must_use]
    pub fn has_used(&self, kid: Kid) -> bool {
        self.kid == Some(kid) || self.retired.contains(&kid)
    }

    /// As JSON, for a store to keep.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let texts = |kids: &[Kid]| kids.iter().map(Kid::to_string).collect::<Vec<_>>();
        json!({
            "origin": self.origin,
            "size": self.size(),
            "tag": hex::encode(&self.tag),
            "frontier": self.frontier.hashes().iter().map(|hash| hex::encode(hash)).collect::<Vec<_>>(),
            "kid": self.kid.map(|kid| kid.to_string()),
            "epoch": self.epoch,
            "retired": texts(&self.retired),
            "tail_kid": self.tail_kid.map(|kid| kid.to_string()),
            "heartbeat_s": self.heartbeat_s,
            "at": self.at_us.and_then(format_at),
        })
    }

    /// Reads [`Head::to_json`].
    ///
    /// # Errors
    /// `ledger.head.malformed`.
    pub fn from_json(json: &Value) -> Result<Self, HeadError> {
        let bad = |path| HeadError { path, problem: "is missing or has another form" };
        let given = |name: &'static str| json.get(name).filter(|value| !value.is_null());
        let kid_of = |value: &Value| value.as_str().and_then(Kid::parse);
        let kid = |name| match given(name) {
            None => Ok(None),
            Some(value) => kid_of(value).map(Some).ok_or(bad(name)),
        };
        let list = |name| given(name).and_then(Value::as_array).ok_or(bad(name));
        let text = |name| given(name).and_then(Value::as_str).ok_or(bad(name));
        let count = |name| given(name).and_then(Value::as_u64).ok_or(bad(name));
        let hashes = list("frontier")?.iter().map(|hash| hash.as_str().and_then(hex::decode_array));
        let hashes: Option<Vec<_>> = hashes.collect();
        let frontier = hashes.and_then(|hashes| Frontier::from_parts(count("size").ok()?, hashes));
        let retired: Option<Vec<_>> = list("retired")?.iter().map(kid_of).collect();
        let head = Self {
            origin: text("origin")?.to_owned(),
            tag: hex::decode_array(text("tag")?).ok_or(bad("tag"))?,
            frontier: frontier.ok_or(bad("frontier"))?,
            kid: kid("kid")?,
            epoch: count("epoch")?,
            retired: retired.ok_or(bad("retired"))?,
            tail_kid: kid("tail_kid")?,
            heartbeat_s: given("heartbeat_s").map(|_| count("heartbeat_s")).transpose()?,
            at_us: given("at").map(|at| at.as_str().and_then(parse_at).ok_or(bad("at"))).transpose()?,
        };
        if (head.size() == 0) != head.kid.is_none() {
            return Err(HeadError { path: "kid", problem: "does not fit its size" });
        }
        // Each ratchet is a record; a larger number would only keep a reader busy.
        if head.epoch > head.size() {
            return Err(HeadError { path: "epoch", problem: "does not fit its size" });
        }
        Ok(head)
    }
}

/// The text of an instant with six fraction digits; `None` outside the years 1 to 9999.
pub fn format_at(at_us: i64) -> Option<String> {
    let text = Timestamp::from_ms(at_us.div_euclid(1000))?.to_string();
    Some(format!("{}{:03}Z", text.trim_end_matches('Z'), at_us.rem_euclid(1000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_as_it_is_read() {
        for text in [
            "0001-01-01T00:00:00.000000Z",
            "1969-12-31T23:59:59.999999Z",
            "2026-03-14T09:26:53.589793Z",
            "9999-12-31T23:59:59.999999Z",
        ] {
            assert_eq!(format_at(parse_at(text).unwrap()).unwrap(), text);
        }
    }

    #[test]
    fn a_stored_head_of_another_shape_is_refused() {
        let kid = "eca50ae34c3bb776";
        let hash = "0".repeat(64);
        let json = json!({
            "origin": "a.b", "size": 3, "tag": hash, "frontier": [hash, hash], "kid": kid, "epoch": 1, "retired": [kid],
            "tail_kid": null, "heartbeat_s": 60, "at": "2026-03-14T09:26:53.589793Z",
        });
        assert_eq!(Head::from_json(&json).unwrap().to_json(), json);
        assert_eq!(Head::from_json(&Head::empty("a.b").to_json()).unwrap(), Head::empty("a.b"));
        for (member, value) in [
            ("origin", json!(null)),
            ("size", json!(4)),
            ("tag", json!("00")),
            ("frontier", json!([hash])),
            ("frontier", json!([hash, "x"])),
            ("kid", json!("x")),
            ("kid", json!(null)),
            ("epoch", json!(-1)),
            ("epoch", json!(4)),
            ("retired", json!([1])),
            ("tail_kid", json!(1)),
            ("heartbeat_s", json!("60")),
            ("at", json!("2026-03-14")),
        ] {
            let mut bad = json.clone();
            bad[member] = value;
            let error = Head::from_json(&bad).unwrap_err();
            assert_eq!(error.code(), "ledger.head.malformed");
            // The hashes do not fit the size: either may be wrong.
            assert_eq!(error.path, if member == "size" { "frontier" } else { member });
        }
    }
}
