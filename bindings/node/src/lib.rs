//! Node bindings: types are converted here; the logic is in `finops`.
//!
//! Numbers of the hot path cross in one array ([`exchange`]), columns in typed arrays, everything else as JSON text:
//! objects made natively cost microseconds, and JavaScript makes its own.

mod call;
mod carbon;
mod engine;
mod error;
mod exchange;
mod findings;
mod handles;
mod input;
mod inventory;
mod ledger;
mod monitor;
mod objects;
mod policy;

/// The columns of a batch are handed to JavaScript and freed when it collects them: an allocator that keeps their pages spares
/// a page fault for every 512 numbers.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
