//! The event log: canonical bytes, chain, tree, checkpoints, proofs, verification.

pub mod canonical;
pub mod hex;
