//! Node bindings: types are converted here; the logic is in `finops`.
//!
//! Numbers of the hot path cross in one array ([`exchange`]), columns in typed arrays, everything else as JSON text:
//! objects made natively cost microseconds, and JavaScript makes its own.

mod call;
mod carbon;
mod error;
mod exchange;
mod handles;
mod input;
mod ledger;
mod monitor;
mod objects;
mod policy;
