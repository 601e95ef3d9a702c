//! Personal data enters a log as a commitment; deleting its salt and value redacts it, and every proof stays valid.

use super::{hex, keys::sign_once};
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;

const COMMIT: &[u8] = b"finops-ledger/v1/commit\n";

/// HMAC-SHA256(salt, "finops-ledger/v1/commit\n" || value): without the salt, nobody can guess the value.
#[must_use]
pub fn commitment(salt: &[u8; 32], value: &str) -> [u8; 32] {
    sign_once(salt, &[COMMIT, value.as_bytes()])
}

/// The member that stands in an event for `value`: `{"$commit": 64 digits}`.
///
/// ```
/// use finops_ledger::event::redact;
///
/// // The salt comes from the operating system, one for each value.
/// let salt = [7; 32];
/// let member = redact::committed(&salt, "ana@example.com");
/// assert!(redact::opens(&salt, "ana@example.com", member["$commit"].as_str().unwrap()));
/// ```
#[must_use]
pub fn committed(salt: &[u8; 32], value: &str) -> Value {
    json!({ "$commit": hex::encode(&commitment(salt, value)) })
}

/// Do salt and value open the commitment? A text that is not 64 lower-case hexadecimal digits is false.
#[must_use]
pub fn opens(salt: &[u8; 32], value: &str, commit: &str) -> bool {
    hex::decode_array::<32>(commit).is_some_and(|commit| commitment(salt, value).ct_eq(&commit).into())
}

/// The data of `redaction.performed`: the member `field` (a JSON pointer) of event `of` was deleted.
#[must_use]
pub fn performed(of: &str, field: &str, reason: &str) -> Value {
    json!({ "of": of, "field": field, "reason": reason })
}
