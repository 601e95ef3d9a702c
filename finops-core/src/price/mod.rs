//! The price catalogue of models: dated, tiered, with provenance; exact matching of names.

mod error;
mod name;

pub use error::PriceError;
pub use name::Name;
