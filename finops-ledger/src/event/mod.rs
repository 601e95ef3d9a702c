//! The event log: canonical bytes, chain, tree, checkpoints, proofs, verification.
//!
//! Three lines from an event to a record that an auditor can check:
//!
//! 1. [`envelope::Encoded::new`] checks the seven fields and writes their canonical bytes.
//! 2. [`log::LogWriter::seal`] gives it the next number, a tag over all records before it, and a leaf of the tree.
//! 3. [`verify::verify`] checks all of that again, against checkpoints ([`log::LogWriter::checkpoint`]) kept elsewhere.
//!
//! | module | holds |
//! |---|---|
//! | [`canonical`] | one value, one byte string |
//! | [`envelope`], [`kind`] | the fields of an event; reserved kinds and their data |
//! | [`keys`], [`single`] | from a secret to keys; signatures of records outside a log |
//! | [`record`], [`head`], [`log`] | a sealed record; where a log stands; the writer |
//! | [`merkle`], [`note`], [`checkpoint`], [`receipt`] | tree and proofs; signed notes; offline receipts |
//! | [`verify`] | the check of a whole log or of its end |
//! | [`redact`] | personal data that can be deleted later |

pub(crate) mod base64;
pub mod canonical;
pub mod checkpoint;
pub mod envelope;
pub mod head;
pub mod hex;
pub mod keys;
pub mod kind;
pub mod log;
pub mod merkle;
pub mod note;
pub mod receipt;
pub mod record;
pub mod redact;
pub mod single;
pub mod verify;
