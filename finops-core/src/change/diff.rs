//! Digests and diffs of files.

use super::{Action, Edit, FileChange};
use sha2::{Digest, Sha256};
use similar::TextDiff;
use std::fmt::Write;

/// SHA-256 in hex: how changes name the bytes of a file.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut out, byte| {
        let _infallible = write!(out, "{byte:02x}");
        out
    })
}

/// What happens to a file between two texts; a missing one is no file.
pub(super) fn file(path: &str, old: Option<&str>, new: Option<&str>, edits: Vec<Edit>) -> FileChange {
    let action = match (old, new) {
        (None, _) => Action::Create,
        (_, None) => Action::Delete,
        _ => Action::Edit,
    };
    FileChange {
        path: path.to_owned(),
        action,
        old_digest: old.map(|text| digest(text.as_bytes())),
        new_digest: new.map(|text| digest(text.as_bytes())),
        edits,
        content: new.map(str::to_owned),
        diff: unified(path, old, new),
        reverse: unified(path, new, old),
    }
}

fn unified(path: &str, old: Option<&str>, new: Option<&str>) -> String {
    let name = |prefix: &str, text: Option<&str>| match text {
        Some(_) => format!("{prefix}/{path}"),
        None => "/dev/null".to_owned(),
    };
    let (from, to) = (name("a", old), name("b", new));
    let diff = TextDiff::from_lines(old.unwrap_or_default(), new.unwrap_or_default());
    diff.unified_diff().context_radius(3).header(&from, &to).to_string()
}
