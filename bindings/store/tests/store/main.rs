//! The store on SQLite, on files, and on a `PostgreSQL` server that the tests start.

mod crash;
mod file;
#[cfg(feature = "postgres")]
mod postgres;
mod sqlite;
mod support;
