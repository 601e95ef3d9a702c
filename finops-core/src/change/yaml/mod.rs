//! Editing YAML: the value is found in a syntax tree and its bytes are replaced; nothing else is written.
//!
//! What was found is read again from the old and the new text: the two must differ in the intended paths and nowhere
//! else, or the edit is refused.

mod edit;
mod lists;
mod locate;
mod read;
mod remove;
mod tree;
mod unset;
mod verify;

pub use edit::{Set, edit, edit_path, get, get_path};
pub(super) use edit::{difference, failed, word};
pub(super) use lists::{append, list};
pub use locate::{ObjectRef, Target, objects};
pub use remove::{Removed, remove};
pub use unset::{edit_and_unset, edit_path_and_unset};
