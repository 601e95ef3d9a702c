#![forbid(unsafe_code)]
//! FinOps-as-code inside your process: `cargo add finops`.

pub use finops_core as core;
pub use finops_ledger as ledger;
pub use finops_policy as policy;
pub use finops_telemetry as telemetry;

#[cfg(feature = "fetch")]
pub mod fetch;
pub mod meter;
