//! The price catalogue of models: dated, tiered, with provenance; exact matching of names.

mod error;
pub use error::PriceError;
