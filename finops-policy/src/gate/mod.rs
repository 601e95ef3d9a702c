//! The default policy: typed rules over a validated input.

pub mod canonical;
mod config;
mod field;
mod input;
mod message;
pub mod number;
mod rules;

pub use number::Exact;
