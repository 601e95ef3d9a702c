//! Anchors: checkpoints kept elsewhere, against which the end of a log is checked.

use super::{Failure, Trust, Verifier};
use crate::event::{
    checkpoint::{SignedCheckpoint, TreeHead},
    keys::{Keyring, Kid},
    note::{NoteSignature, hmac_key_id},
};
use subtle::ConstantTimeEq as _;

/// What is known of a log from elsewhere.
#[derive(Debug, Clone, Copy)]
pub enum Anchor<'a> {
    /// A checkpoint note, from a file, a repository or an archived report; its signatures are checked.
    Note(&'a [u8]),
    /// A size and a root from a place that is trusted as it is.
    Head(TreeHead),
}

/// An anchor as it was read.
#[derive(Debug)]
pub(super) enum Prepared<'a> {
    Malformed,
    Note(SignedCheckpoint<'a>),
    Head(TreeHead),
}

impl<'a> Prepared<'a> {
    pub(super) fn new(anchor: &Anchor<'a>) -> Self {
        match anchor {
            Anchor::Note(note) => SignedCheckpoint::parse(note).map_or(Self::Malformed, Self::Note),
            Anchor::Head(head) => Self::Head(*head),
        }
    }

    pub(super) const fn head(&self) -> Option<TreeHead> {
        match self {
            Self::Malformed => None,
            Self::Note(signed) => Some(signed.checkpoint.head),
            Self::Head(head) => Some(*head),
        }
    }

    pub(super) const fn origin(&self) -> Option<&'a str> {
        match self {
            Self::Note(signed) => Some(signed.checkpoint.origin),
            _ => None,
        }
    }
}

/// Which sort of key signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signer {
    Secret,
    Public,
}

impl Verifier<'_> {
    /// Checks all anchors, smallest first, and answers the largest that the log matches.
    pub(super) fn check_anchors(&self) -> (Result<(), Failure>, Option<u64>) {
        let mut matched = None;
        (self.compare_anchors(&mut matched), matched)
    }

    fn compare_anchors(&self, matched: &mut Option<u64>) -> Result<(), Failure> {
        for anchor in &self.anchors {
            match anchor {
                Prepared::Malformed => return Err(Failure::CheckpointMalformed),
                Prepared::Note(signed) if signed.checkpoint.origin != self.head.origin => {
                    return Err(Failure::CheckpointOrigin);
                }
                _ => {}
            }
        }
        let mut sorted: Vec<_> =
            self.anchors.iter().filter_map(|anchor| Some((anchor.head()?, anchor))).collect();
        sorted.sort_by_key(|(head, _)| head.size);
        let mut public = false;
        for (head, anchor) in sorted {
            if let Prepared::Note(signed) = anchor {
                let signers = self.check_signatures(signed)?;
                public |= signers.contains(&Signer::Public);
            }
            if head.size > self.head.size() {
                return Err(Failure::Truncated);
            }
            match self.roots.get(&head.size).copied().flatten() {
                Some(root) if root == head.root => *matched = Some(head.size),
                Some(_) => return Err(Failure::RootMismatch),
                // Below where this verifier began: the caller trusts that prefix already.
                None => {}
            }
        }
        if matches!(self.trust, Trust::Public) && !public {
            return Err(Failure::CheckpointUnverified);
        }
        Ok(())
    }

    /// Checks every line of a known key and answers who signed: at least one.
    fn check_signatures(&self, signed: &SignedCheckpoint<'_>) -> Result<Vec<Signer>, Failure> {
        let text = signed.note.text;
        let mut signers = Vec::new();
        for line in &signed.note.signatures {
            if let Some((ring, kid)) = self.secret_signer(line) {
                let key =
                    ring.get(kid).ok_or(Failure::CheckpointSignature)?.checkpoint_key(&self.head.origin);
                if !bool::from(key.sign(&[text.as_bytes()]).ct_eq(line.signature.as_slice())) {
                    return Err(Failure::CheckpointSignature);
                }
                let size = signed.checkpoint.head.size;
                if size <= self.head.size() && self.sealed_by(size).is_some_and(|sealed| sealed != kid) {
                    return Err(Failure::CheckpointKey);
                }
                signers.push(Signer::Secret);
            } else if let Some(vkey) = self.vkeys.iter().find(|vkey| vkey.made(line)) {
                if !vkey.verify(text, line) {
                    return Err(Failure::CheckpointSignature);
                }
                signers.push(Signer::Public);
            }
        }
        if signers.is_empty() { Err(Failure::CheckpointUnverified) } else { Ok(signers) }
    }

    fn secret_signer(&self, line: &NoteSignature<'_>) -> Option<(&Keyring, Kid)> {
        let Trust::Keyring(ring) = self.trust else { return None };
        let origin = &self.head.origin;
        let kid = ring.kids().find(|kid| line.name == origin && line.key_id == hmac_key_id(origin, *kid))?;
        Some((ring, kid))
    }

    /// The key that sealed the last of `size` records; of record 0 for the empty log; `None` if it was not seen.
    fn sealed_by(&self, size: u64) -> Option<Kid> {
        let (base, before) = self.base;
        let last = size.saturating_sub(1);
        let run = self.runs.iter().find(|run| (run.first..=run.last).contains(&last));
        run.map(|run| run.kid).or(before.filter(|_| size == base && size > 0))
    }
}
