#![forbid(unsafe_code)]
//! What happened and what it saved: the event log, the savings ledger and the reports.
//!
//! This crate is the room of the ledger (modules `event`, `opportunity`, `baseline`, `verification`, `savings`,
//! `report`). It has no public item yet: nothing here claims a saving until the log under it can be verified.
