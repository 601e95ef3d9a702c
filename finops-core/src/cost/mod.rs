//! The cost model: line items, assumptions, and a status that is never a silent zero.

mod assumptions;
pub use assumptions::{Assumption, Assumptions};
