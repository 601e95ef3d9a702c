//! The event log: canonical bytes, chain, tree, checkpoints, proofs, verification.
