//! The tree and its proofs; digests of bulk rows.

use crate::{
    LedgerError,
    event::{
        canonical,
        merkle::{Frontier, Hash, leaf_hash, verify_consistency, verify_inclusion},
    },
    wire::read::{count, hash, hex, list, optional, refuse, texts},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The most leaves that `generate` makes: a test needs hundreds.
const GENERATE_MAX: u64 = 1_000_000;

pub(super) fn merkle_root(input: &Value) -> Result<Value, LedgerError> {
    let mut frontier = Frontier::new();
    if optional(input, "leaves").is_some() {
        for leaf in texts(input, "leaves")? {
            let data = hex::decode(leaf)
                .ok_or_else(|| refuse("leaves", "expected lower-case hexadecimal digits"))?;
            frontier.push(leaf_hash(&data));
        }
    } else {
        let leaves = u32::try_from(count(input, "generate")?.min(GENERATE_MAX)).unwrap_or(u32::MAX);
        (0..leaves).for_each(|leaf| frontier.push(leaf_hash(&leaf.to_be_bytes())));
    }
    let hashes: Vec<_> = frontier.hashes().iter().map(|hash| hex::encode(hash)).collect();
    Ok(json!({ "root": hex::encode(&frontier.root()), "frontier": hashes }))
}

/// The proof, or `None` for a text that is no hash: such a proof is not valid.
fn proof(input: &Value) -> Result<Option<Vec<Hash>>, LedgerError> {
    Ok(texts(input, "proof")?.into_iter().map(hex::decode_array).collect())
}

pub(super) fn inclusion(input: &Value) -> Result<Value, LedgerError> {
    let (leaf, root) = (hash(input, "leaf")?, hash(input, "root")?);
    let (index, size) = (count(input, "index")?, count(input, "size")?);
    let valid = proof(input)?.is_some_and(|proof| verify_inclusion(&leaf, index, size, &proof, &root));
    Ok(json!({ "valid": valid }))
}

pub(super) fn consistency(input: &Value) -> Result<Value, LedgerError> {
    let (old_root, new_root) = (hash(input, "old_root")?, hash(input, "new_root")?);
    let (old, new) = (count(input, "old")?, count(input, "new")?);
    let valid = proof(input)?.is_some_and(|proof| verify_consistency(old, new, &old_root, &new_root, &proof));
    Ok(json!({ "valid": valid }))
}

/// SHA-256 over the canonical JSON of each row and a line feed.
pub(super) fn batch_digest(input: &Value) -> Result<Value, LedgerError> {
    let mut digest = Sha256::new();
    let mut line = Vec::new();
    for row in list(input, "rows")? {
        line.clear();
        canonical::encode(row, &mut line)?;
        line.push(b'\n');
        digest.update(&line);
    }
    Ok(json!({ "sha256": hex::encode(&digest.finalize()) }))
}
