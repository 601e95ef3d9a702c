//! Removing an object: its document, or its file where it is alone in it.

use super::{Target, edit, locate, tree};
use crate::{
    change::{Edit, splice},
    error::Fault,
};

/// What is left of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removed {
    /// Nothing: the file goes.
    File,
    /// This text, with the edit that made it.
    Text(String, Edit),
}

/// Removes the object that `target` names, with its document's separator.
///
/// # Errors
/// As [`super::edit`]; `change.type_mismatch` for an object inside a `List`.
pub fn remove(text: &str, target: &Target<'_>) -> Result<Removed, Fault> {
    let file = edit::read(text)?;
    let found = locate::object(&file, target)?;
    locate::unshared(found.node, "target")?;
    let [locate::Step::Index(index)] = found.path.as_slice() else {
        let problem = "the object is an item of a list";
        return Err(Fault::new("change.type_mismatch", "target", problem, "remove it by hand"));
    };
    if file.documents.len() == 1 {
        return Ok(Removed::File);
    }
    let start_of = |at: usize| file.documents.get(at).map(|document| document.range.start);
    let own = start_of(*index).ok_or_else(|| edit::failed("the document is gone"))?;
    // From its separator to the next one; the first document has none before it and takes the one behind.
    let range = match (separator_before(text, own), start_of(index.saturating_add(1))) {
        (Some(separator), Some(next)) => separator..separator_before(text, next).unwrap_or(next),
        (Some(separator), None) => separator..text.len(),
        (None, Some(next)) => {
            let bom = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
            let separator = separator_before(text, next).ok_or_else(|| edit::failed("no separator"))?;
            let rest = text.get(separator..).unwrap_or_default();
            bom..rest.find('\n').map_or(text.len(), |end| separator.saturating_add(end).saturating_add(1))
        }
        (None, None) => return Ok(Removed::File),
    };
    let path = format!("{}/{}", target.kind, target.name);
    let mut edits = [Edit::new(text, range, String::new(), path)];
    let new = splice(text, &mut edits)?;
    let after = tree::parse(&new).map_err(|_| edit::failed("the new text is no YAML"))?;
    let kept = file.documents.iter().enumerate().filter(|(at, _)| at != index).map(|(_, document)| document);
    if !kept.map(tree::Node::said).eq(after.documents.iter().map(tree::Node::said)) {
        return Err(edit::failed("the new text changes more than was meant"));
    }
    let [edit] = edits;
    Ok(Removed::Text(new, edit))
}

/// Start of the last line before `at` that is a document separator.
fn separator_before(text: &str, at: usize) -> Option<usize> {
    let mut start = 0;
    let mut found = None;
    for line in text.split_inclusive('\n') {
        if start > at {
            break;
        }
        let marker = line.strip_prefix('\u{feff}').unwrap_or(line);
        if marker
            .strip_prefix("---")
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
        {
            found = Some(start);
        }
        start = start.saturating_add(line.len());
    }
    found
}
