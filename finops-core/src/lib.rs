#![forbid(unsafe_code)]
//! What things cost: exact money, usage, prices, energy and carbon.
//!
//! The crate is pure: no files, sockets, environment, clock, threads or randomness. Time and configuration are
//! arguments, data files are compiled in, and the same input gives the same bytes on every platform.

pub mod allocation;
pub mod carbon;
pub mod change;
pub mod cost;
pub mod error;
pub mod exact;
pub mod finding;
pub mod inventory;
pub mod json;
mod kinds;
pub mod money;
pub mod price;
pub mod time;
pub mod units;
pub mod usage;
pub mod waste;

pub use error::Error;
pub use json::Json;
