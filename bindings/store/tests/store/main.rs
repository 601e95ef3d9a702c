//! The store on SQLite, on files, and on a `PostgreSQL` server that the tests start.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may panic: the lint knows test functions, not their helpers"
)]

mod crash;
#[cfg(all(feature = "postgres", unix))]
mod cut;
mod file;
#[cfg(feature = "postgres")]
mod postgres;
mod sqlite;
mod support;
#[cfg(all(feature = "tls", unix))]
mod tls;
