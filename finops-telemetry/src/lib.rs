#![forbid(unsafe_code)]
//! What is happening: `ResourceMonitor`, budgets, roll-ups, streams, exposition.

pub mod budget;
mod error;
pub mod exposition;
pub mod monitor;
pub mod otel;
pub mod record;
pub mod ring;
pub mod rollup;
pub mod sketch;
pub mod stream;

pub use error::Error;
#[cfg(test)]
mod testing;
