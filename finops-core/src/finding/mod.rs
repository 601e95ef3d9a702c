//! Findings: the record, its identity, validation, severity and money.

pub mod wire;
