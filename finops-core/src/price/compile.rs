//! From the text of a catalogue to one little-endian table.
//!
//! `build.rs` includes this module to compile the built-in catalogue, and [`from_jsonl`](super::Catalogue::from_jsonl)
//! calls it for the user's: both are read by the same code. It knows nothing of the rest of the crate.

pub mod document;
pub mod layout;
pub mod scalar;
mod write;

pub use document::{Document, Problem};
pub use write::short_id;

/// Compiles a catalogue text.
///
/// # Errors
/// The first line that cannot be used, and why.
pub fn compile(text: &str) -> Result<Vec<u8>, Problem> {
    compile_document(&Document::parse(text)?, text)
}

/// Compiles a document; the id of the table is that of `text`.
///
/// # Errors
/// As [`compile`].
pub fn compile_document(document: &Document, text: &str) -> Result<Vec<u8>, Problem> {
    write::write(document, text)
}
