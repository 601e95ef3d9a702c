//! The tree of RFC 6962 section 2.1: a frontier to append with, a store of hashes to prove from, and proofs.
//!
//! Proofs are checked as RFC 9162 sections 2.1.3.2 and 2.1.4.2 say. A proof does not bind the size of its tree: take
//! sizes from a verified checkpoint.

use sha2::{Digest, Sha256};

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// The hash of a leaf: SHA-256(0x00 || data).
#[must_use]
pub fn leaf_hash(data: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(data).finalize().into()
}

/// The hash of a node: SHA-256(0x01 || left || right).
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    // One update: the pieces are small and each update has a cost of its own.
    let mut node = [1_u8; 65];
    let (_, children) = node.split_at_mut(1);
    let (first, second) = children.split_at_mut(32);
    first.copy_from_slice(left);
    second.copy_from_slice(right);
    Sha256::digest(node).into()
}

/// The root of the empty tree: SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// The right edge of a tree: the roots of its complete subtrees, largest first; at most 64 hashes whatever the size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    hashes: Vec<Hash>,
}

impl Frontier {
    /// The empty tree.
    #[must_use]
    pub const fn new() -> Self {
        Self { size: 0, hashes: Vec::new() }
    }

    /// The frontier of `size` leaves with these hashes, largest subtree first; `None` if their number does not fit.
    #[must_use]
    pub fn from_parts(size: u64, hashes: Vec<Hash>) -> Option<Self> {
        (u32::try_from(hashes.len()) == Ok(size.count_ones())).then_some(Self { size, hashes })
    }

    /// The number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the complete subtrees, largest first.
    #[must_use]
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut node = leaf;
        for _ in 0..self.size.trailing_ones() {
            let Some(left) = self.hashes.pop() else { break };
            node = node_hash(&left, &node);
        }
        self.hashes.push(node);
        self.size = self.size.saturating_add(1);
    }

    /// The root of the tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut hashes = self.hashes.iter().rev();
        let Some(last) = hashes.next() else { return empty_root() };
        hashes.fold(*last, |right, left| node_hash(left, &right))
    }
}

/// Every complete subtree of a log: 64 bytes a leaf, proofs in a handful of hashes.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// Level 0 holds the leaves, level k the roots of 2^k of them.
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// The empty tree.
    #[must_use]
    pub const fn new() -> Self {
        Self { levels: Vec::new() }
    }

    /// The number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| u64::try_from(leaves.len()).unwrap_or(u64::MAX))
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut node = leaf;
        for level in 0_usize.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let Some(hashes) = self.levels.get_mut(level) else { return };
            let left = hashes.last().copied();
            hashes.push(node);
            match left {
                Some(left) if hashes.len().is_multiple_of(2) => node = node_hash(&left, &node),
                _ => return,
            }
        }
    }

    /// Forgets every leaf from `size` on, as after a rolled back batch.
    pub fn truncate(&mut self, size: u64) {
        let mut keep = usize::try_from(size).unwrap_or(usize::MAX);
        for level in &mut self.levels {
            level.truncate(keep);
            keep >>= 1;
        }
    }

    /// The hash of leaf `index`.
    #[must_use]
    pub fn leaf(&self, index: u64) -> Option<Hash> {
        self.levels.first()?.get(usize::try_from(index).ok()?).copied()
    }

    /// The root of the first `size` leaves; `None` beyond the end.
    #[must_use]
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        if size == 0 { Some(empty_root()) } else { self.subtree(0, size) }
    }

    /// The root of leaves `from..to`, where `from` begins a subtree.
    fn subtree(&self, from: u64, to: u64) -> Option<Hash> {
        let count = to.checked_sub(from)?;
        if count.is_power_of_two() {
            let level = count.trailing_zeros();
            return self
                .levels
                .get(usize::try_from(level).ok()?)?
                .get(usize::try_from(from >> level).ok()?)
                .copied();
        }
        let middle = from.checked_add(split(count)?)?;
        Some(node_hash(&self.subtree(from, middle)?, &self.subtree(middle, to)?))
    }

    /// The proof that leaf `index` is in the tree of the first `size` leaves, sibling first.
    ///
    /// `None` if there is no such leaf.
    #[must_use]
    pub fn inclusion_proof(&self, index: u64, size: u64) -> Option<Vec<Hash>> {
        if index >= size || size > self.size() {
            return None;
        }
        let (mut from, mut to) = (0_u64, size);
        let mut proof = Vec::new();
        while to.checked_sub(from)? > 1 {
            let middle = from.checked_add(split(to.checked_sub(from)?)?)?;
            if index < middle {
                proof.push(self.subtree(middle, to)?);
                to = middle;
            } else {
                proof.push(self.subtree(from, middle)?);
                from = middle;
            }
        }
        proof.reverse();
        Some(proof)
    }

    /// The proof that the first `old` leaves begin the first `new` ones; empty for equal sizes and for `old` = 0.
    ///
    /// `None` if `old` is above `new` or `new` beyond the end.
    #[must_use]
    pub fn consistency_proof(&self, old: u64, new: u64) -> Option<Vec<Hash>> {
        if old > new || new > self.size() {
            return None;
        }
        if old == 0 || old == new {
            return Some(Vec::new());
        }
        let (mut from, mut to) = (0_u64, new);
        let mut proof = Vec::new();
        while to != old {
            let middle = from.checked_add(split(to.checked_sub(from)?)?)?;
            if old <= middle {
                proof.push(self.subtree(middle, to)?);
                to = middle;
            } else {
                proof.push(self.subtree(from, middle)?);
                from = middle;
            }
        }
        // The verifier knows the old root, which this is when the old tree is one complete subtree.
        if from != 0 {
            proof.push(self.subtree(from, to)?);
        }
        proof.reverse();
        Some(proof)
    }
}

impl FromIterator<Hash> for Tree {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaves: I) -> Self {
        let mut tree = Self::new();
        leaves.into_iter().for_each(|leaf| tree.push(leaf));
        tree
    }
}

/// The largest power of two below `count`, for `count` of 2 and more.
fn split(count: u64) -> Option<u64> {
    1_u64.checked_shl(count.checked_sub(1)?.checked_ilog2()?)
}

/// Does `proof` show that `leaf` stands at `index` of the tree of `size` leaves with that root? (RFC 9162 2.1.3.2.)
#[must_use]
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last) = (index, size.saturating_sub(1));
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Does `proof` show that the tree of `old` leaves begins the tree of `new` leaves? (RFC 9162 2.1.4.2.)
#[must_use]
pub fn verify_consistency(old: u64, new: u64, old_root: &Hash, new_root: &Hash, proof: &[Hash]) -> bool {
    if old > new || (old == 0 && *old_root != empty_root()) {
        return false;
    }
    if old == new {
        return proof.is_empty() && old_root == new_root;
    }
    if old == 0 {
        return proof.is_empty();
    }
    let (mut node, mut last) = (old.saturating_sub(1), new.saturating_sub(1));
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let mut rest = proof.iter();
    let seed = if old.is_power_of_two() { Some(old_root) } else { rest.next() };
    let Some(seed) = seed else { return false };
    let (mut old_hash, mut new_hash) = (*seed, *seed);
    // Nothing proves nothing: two different sizes need at least one hash.
    if proof.is_empty() {
        return false;
    }
    for sibling in rest {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && old_hash == *old_root && new_hash == *new_root
}

#[cfg(test)]
mod tests;
