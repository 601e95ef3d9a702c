//! Removing an object: its document, or its file where it is alone in it.

use super::{Target, edit, locate, read, tree};
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
    let own = file.documents.get(*index).ok_or_else(|| edit::failed("the document is gone"))?;
    let range = own_bytes(text, own.range.start).ok_or_else(|| edit::failed("the document has no place"))?;
    let path = format!("{}/{}", target.kind, target.name);
    let mut edits = [Edit::new(text, range, String::new(), path)];
    let new = splice(text, &mut edits)?;
    let after = read::parse(&new).map_err(|_| edit::failed("the new text is no YAML"))?;
    let kept = file.documents.iter().enumerate().filter(|(at, _)| at != index).map(|(_, document)| document);
    if !kept.map(tree::Node::said).eq(after.documents.iter().map(tree::Node::said)) {
        return Err(edit::failed("the new text changes more than was meant"));
    }
    let [edit] = edits;
    Ok(Removed::Text(new, edit))
}

/// A document with its directives before it and its end marker behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    start: usize,
    /// Start of its `---` line, and the first byte behind that.
    marker: Option<(usize, usize)>,
    /// Start of its `...` line.
    end_marker: Option<usize>,
}

/// Where the documents of a stream start: markers stand in the first column alone, where no text can.
fn parts(text: &str) -> Vec<Part> {
    let bom = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let is = |line: &str, marker: &str| {
        line.strip_prefix(marker)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
    };
    let mut parts = vec![Part { start: bom, marker: None, end_marker: None }];
    // Whether anything but comments stands in the last part yet: a marker then opens the next one.
    let mut begun = false;
    let mut directives = false;
    let mut start = bom;
    for line in text.get(bom..).unwrap_or_default().split_inclusive('\n') {
        let next = start.saturating_add(line.len());
        let ended = parts.last().is_some_and(|part| part.end_marker.is_some());
        let open = |parts: &mut Vec<Part>| parts.push(Part { start, marker: None, end_marker: None });
        if is(line, "---") {
            if (begun || ended) && !directives {
                open(&mut parts);
            }
            if let Some(last) = parts.last_mut() {
                last.marker = Some((start, next));
            }
            (begun, directives) = (true, false);
        } else if is(line, "...") {
            if let Some(last) = parts.last_mut() {
                last.end_marker = Some(start);
            }
            (begun, directives) = (false, false);
        } else if !line.trim().is_empty() && !line.starts_with('#') && !directives {
            if ended {
                open(&mut parts);
            }
            directives = !begun && line.starts_with('%');
            begun |= !directives;
        }
        start = next;
    }
    parts
}

/// The bytes that go with the document that has its value at `at`.
fn own_bytes(text: &str, at: usize) -> Option<std::ops::Range<usize>> {
    let parts = parts(text);
    let index = parts.iter().rposition(|part| part.start <= at)?;
    let own = parts.get(index)?;
    let Some(next) = parts.get(index.saturating_add(1)) else { return Some(own.start..text.len()) };
    let next_is_marked = next.marker.is_some_and(|(start, _)| start == next.start);
    if index == 0 {
        let directives = |(marker, _)| {
            let header = text.get(own.start..marker).unwrap_or_default();
            header.lines().any(|line| line.starts_with('%'))
        };
        return Some(match (own.marker, next.marker) {
            // What stands above the first marker stays: a licence, directives that need a marker behind them.
            (Some((_, behind)), _) if own.marker.is_some_and(directives) && !next_is_marked => {
                let divided = text.get(next.start..).is_some_and(|next| next.starts_with('%'));
                if divided { own.start..next.start } else { behind..next.start }
            }
            (Some((marker, _)), _) => marker..next.start,
            // A file that began without a marker still does, unless the marker says more.
            (None, Some((from, to)))
                if next_is_marked && text.get(from..to).map(str::trim) == Some("---") =>
            {
                own.start..to
            }
            (None, _) => own.start..next.start,
        });
    }
    let before_ends = parts.get(index.checked_sub(1)?)?.end_marker.is_some();
    match own.end_marker {
        // The end marker also divides the document before from one that starts without `---`.
        Some(end) if !before_ends && !next_is_marked => Some(own.start..end),
        _ => Some(own.start..next.start),
    }
}
