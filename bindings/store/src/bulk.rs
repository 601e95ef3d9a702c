//! Bulk rows and the digest that attests them.

use crate::{
    StoreError,
    table::{Row, Table},
};
use finops_ledger::event::{canonical, hex};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// SHA-256 over the canonical JSON of each row and a line feed, as 64 hexadecimal digits; rows in the order of their keys.
///
/// ```
/// let rows = [serde_json::json!({"day": "2026-03-01", "cost": "12.5"})];
/// assert_eq!(finops_store::batch_digest(&rows)?.len(), 64);
/// # Ok::<(), finops_store::StoreError>(())
/// ```
///
/// # Errors
/// `ledger.canonical.*` for a row without canonical form.
pub fn batch_digest(rows: &[Value]) -> Result<String, StoreError> {
    digest(rows)
}

pub(crate) fn digest(rows: &[Value]) -> Result<String, StoreError> {
    let mut hash = Sha256::new();
    let mut bytes = Vec::new();
    for row in rows {
        bytes.clear();
        canonical::encode(row, &mut bytes)?;
        hash.update(&bytes);
        hash.update(b"\n");
    }
    Ok(hex::encode(&hash.finalize()))
}

/// A stored bulk row as it is attested: what is known of it, without the batch.
pub(crate) fn members(table: Table, row: &Row) -> Value {
    let known = |(column, cell): (&crate::table::Column, &Option<String>)| {
        let text = cell.as_ref().filter(|_| column.name != "batch_id")?;
        Some((column.name.to_owned(), Value::String(text.clone())))
    };
    Value::Object(table.columns().iter().zip(row).filter_map(known).collect())
}
