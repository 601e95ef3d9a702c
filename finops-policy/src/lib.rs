#![forbid(unsafe_code)]
//! What is allowed: the Rego gate and the guardrails.
//!
//! This crate is the room of the policy gate (modules `gate`, `rego`, `guardrail`, `decision`). It has no public
//! item yet: nothing here decides anything until the gate is complete and fails closed.
