//! Canonical bytes and numbers at the border.

use crate::{
    LedgerError,
    event::canonical,
    wire::read::{bytes, hex, optional, refuse, text},
};
use serde_json::{Value, json};

pub(super) fn canonical(input: &Value) -> Result<Value, LedgerError> {
    let given = if optional(input, "input_hex").is_some() {
        bytes(input, "input_hex")?
    } else {
        text(input, "input")?.as_bytes().to_vec()
    };
    let value = canonical::from_json(&given)?;
    Ok(json!({ "output_hex": hex::encode(&canonical::to_vec(&value)?) }))
}

pub(super) fn canonical_check(input: &Value) -> Result<Value, LedgerError> {
    Ok(json!({ "canonical": canonical::check(&bytes(input, "input_hex")?) }))
}

pub(super) fn border_number(input: &Value) -> Result<Value, LedgerError> {
    let bits = hex::decode_array::<8>(text(input, "bits")?);
    let bits = bits.ok_or_else(|| refuse("bits", "expected 16 lower-case hexadecimal digits"))?;
    let output = canonical::border_number(f64::from_be_bytes(bits))?;
    Ok(json!({ "output": output }))
}

pub(super) fn decimal_form(input: &Value) -> Result<Value, LedgerError> {
    Ok(json!({ "ok": canonical::is_decimal(text(input, "input")?) }))
}
