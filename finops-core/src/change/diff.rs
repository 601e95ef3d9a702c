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
    // Lines as those who apply patches know them: a carriage return alone ends none.
    let old: Vec<&str> = old.unwrap_or_default().split_inclusive('\n').collect();
    let new: Vec<&str> = new.unwrap_or_default().split_inclusive('\n').collect();
    let diff = TextDiff::configure().newline_terminated(true).diff_slices(&old, &new);
    diff.unified_diff().context_radius(3).header(&from, &to).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_carriage_return_alone_ends_no_line() {
        let diff = unified("a.yaml", Some("a\rb\nc: 2\n"), Some("a\rb\nc: 1\n"));
        assert_eq!(diff, "--- a/a.yaml\n+++ b/a.yaml\n@@ -1,2 +1,2 @@\n a\rb\n-c: 2\n+c: 1\n");
        let ends = unified("a.yaml", Some("c: 2"), Some("c: 1"));
        assert!(
            ends.ends_with("-c: 2\n\\ No newline at end of file\n+c: 1\n\\ No newline at end of file\n"),
            "{ends}"
        );
    }
}
