//! Receipts (`c2sp.org/tlog-proof@v1`): one record, checked offline with a verifier key alone.

use super::{
    base64,
    checkpoint::{SignedCheckpoint, parse_size},
    merkle::{Hash, leaf_hash, verify_inclusion},
    note::{NoteError, Vkey},
};

const HEADER: &str = "c2sp.org/tlog-proof@v1\n";
/// An inclusion proof in the largest tree, of 2^63 - 1 leaves.
const PROOF_MAX: usize = 63;

/// The receipt of the record at `index`, with its inclusion proof in the tree of the checkpoint `note`.
#[must_use]
pub fn write(index: u64, proof: &[Hash], note: &str) -> String {
    let hashes: String = proof.iter().map(|hash| format!("{}\n", base64::encode(hash))).collect();
    format!("{HEADER}index {index}\n{hashes}\n{note}")
}

/// A receipt as it was read. Nothing is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt<'a> {
    /// The position of the record.
    pub index: u64,
    /// Its inclusion proof, sibling first.
    pub proof: Vec<Hash>,
    /// The checkpoint in whose tree it is.
    pub signed: SignedCheckpoint<'a>,
}

impl<'a> Receipt<'a> {
    /// Reads a receipt.
    ///
    /// # Errors
    /// `ledger.verify.checkpoint_malformed`.
    pub fn parse(text: &'a [u8]) -> Result<Self, NoteError> {
        let malformed = |problem| NoteError { what: "receipt", problem };
        let text = std::str::from_utf8(text).map_err(|_| malformed("it is not UTF-8"))?;
        let rest =
            text.strip_prefix(HEADER).ok_or(malformed("its first line is not `c2sp.org/tlog-proof@v1`"))?;
        let (head, note) =
            rest.split_once("\n\n").ok_or(malformed("it has no blank line before its checkpoint"))?;
        let mut lines = head.split('\n');
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(parse_size);
        let index = index.ok_or(malformed("its second line is not `index` and a number"))?;
        let hash = |line| base64::decode(line).and_then(|hash| hash.try_into().ok());
        let proof: Option<Vec<Hash>> = lines.map(hash).collect();
        let proof = proof.filter(|proof| proof.len() <= PROOF_MAX);
        let proof = proof.ok_or(malformed("its proof is not at most 63 lines of the base64 of 32 bytes"))?;
        Ok(Self { index, proof, signed: SignedCheckpoint::parse(note.as_bytes())? })
    }
}

/// Does the receipt show that the log `origin` holds exactly these event bytes, as one of `vkeys` signed?
///
/// Garbage is false, never an error.
#[must_use]
pub fn verify(receipt: &[u8], event: &[u8], origin: &str, vkeys: &[Vkey]) -> bool {
    let Ok(Receipt { index, proof, signed }) = Receipt::parse(receipt) else { return false };
    let head = signed.checkpoint.head;
    let lines = || signed.note.signatures.iter().flat_map(|line| vkeys.iter().map(move |vkey| (vkey, line)));
    let mut known = lines().filter(|(vkey, line)| vkey.made(line)).peekable();
    signed.checkpoint.origin == origin
        && known.peek().is_some()
        && known.all(|(vkey, line)| vkey.verify(signed.note.text, line))
        && verify_inclusion(&leaf_hash(event), index, head.size, &proof, &head.root)
}
