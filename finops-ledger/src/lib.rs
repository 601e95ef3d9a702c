#![forbid(unsafe_code)]
//! What happened and what it saved: the event log, the savings ledger and the reports. Pure: no IO, no clock, no randomness.
//!
//! Without the secret nobody can edit, insert, drop, reorder, replay or splice a record unseen. A holder of the secret
//! can rewrite what is not anchored, and a missing tail shows only against an anchor: every result says how far the log
//! is anchored.

pub mod baseline;
pub mod date;
pub mod error;
pub mod event;
pub use finops_core::exact as number;
pub mod opportunity;
pub mod overlap;
mod read;
pub mod report;
pub mod savings;
pub mod verification;
pub mod wire;

pub use error::LedgerError;
