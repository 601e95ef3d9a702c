//! Editing Terraform: spans of a parser, bytes spliced by us.
//!
//! A literal is replaced; a variable or a local is followed one hop to a literal default that nothing else uses. What is
//! computed, repeated or shared is refused: nobody can say what else would change.

mod edit;
mod references;
mod source;

pub use edit::{Changed, ignores, is_autoscaled, remove, set};
pub use source::{Finder, Module, Sources};
