//! The proposed change: a patch that touches no byte it does not mean to touch, or a refusal with its reason.

mod body;
mod diff;
mod guardrail;
pub mod hcl;
mod helm;
mod intent;
mod kubernetes;
mod kustomize;
mod name;
mod proposal;
mod propose;
mod sources;
mod stated;
mod terraform;
mod unmade;
pub mod yaml;

pub use diff::digest;
pub use guardrail::{BlastRadius, GuardrailInput};
pub use name::branch;
pub use proposal::{
    Action, ChangeConfig, ChangeProposal, FileChange, HelmValue, Part, Request, SourceFile, Status,
};
pub use propose::{SourceSet, guardrail_record, propose, propose_in};

use crate::error::Fault;
use std::ops::Range;

/// One replacement in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Bytes of the old text; empty where something is inserted.
    pub range: Range<usize>,
    /// What stood there.
    pub old: String,
    /// What stands there now.
    pub new: String,
    /// What it means, for example `resources.requests.cpu`.
    pub path: String,
}

impl Edit {
    /// Replaces `range` of `text` by `new`.
    fn new(text: &str, range: Range<usize>, new: String, path: String) -> Self {
        Self { old: text.get(range.clone()).unwrap_or_default().to_owned(), range, new, path }
    }
}

/// The text with every edit made; sorts them by place.
///
/// # Errors
/// `change.verification_failed` where two edits overlap or one lies outside the text.
pub fn splice(text: &str, edits: &mut [Edit]) -> Result<String, Fault> {
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits.iter() {
        let kept = text
            .get(at..edit.range.start)
            .filter(|_| text.get(edit.range.clone()) == Some(edit.old.as_str()));
        let Some(kept) = kept else {
            let problem = "two edits overlap, or one is not of this text";
            return Err(Fault::new(
                "change.verification_failed",
                edit.path.clone(),
                problem,
                "edit this file by hand",
            ));
        };
        out.push_str(kept);
        out.push_str(&edit.new);
        at = edit.range.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    Ok(out)
}
