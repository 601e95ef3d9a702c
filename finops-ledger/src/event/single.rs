//! Signatures of records that are kept outside a log.

use super::{
    canonical::{self, CanonicalError},
    hex,
    keys::Master,
};
use serde_json::Value;
use subtle::ConstantTimeEq as _;

const SINGLE: &[u8] = b"finops-ledger/v1/single\n";

/// The signature of `event`, in 64 lower-case hexadecimal digits.
///
/// # Errors
/// `ledger.canonical.*` when the event has no canonical form.
pub fn sign_event(event: &Value, master: &Master) -> Result<String, CanonicalError> {
    Ok(hex::encode(&master.single_key().sign(&[SINGLE, &canonical::to_vec(event)?])))
}

/// Is `signature` the one of `event`? A text that is not 64 lower-case hexadecimal digits is false.
///
/// # Errors
/// `ledger.canonical.*` when the event has no canonical form.
pub fn verify_event(event: &Value, signature: &str, master: &Master) -> Result<bool, CanonicalError> {
    let expected = master.single_key().sign(&[SINGLE, &canonical::to_vec(event)?]);
    let given = hex::decode_array::<32>(signature);
    Ok(given.is_some_and(|given| expected.ct_eq(&given).into()))
}
