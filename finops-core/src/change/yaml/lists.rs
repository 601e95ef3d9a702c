//! Lists of a kustomization.

use super::{
    edit, read,
    tree::{self, Node, Value},
};
use crate::{
    change::{Edit, splice},
    error::Fault,
};

/// The texts in lists of the only document: items that are text, and the `path` of items that are mappings.
pub(in crate::change) fn list(text: &str, names: &[&str]) -> Vec<String> {
    let Ok(file) = read::parse(text) else { return Vec::new() };
    let Some(document) = file.documents.first() else { return Vec::new() };
    let items = names.iter().filter_map(|name| document.get(name)).flat_map(Node::items);
    let of = |item: &Node<'_>| match item.scalar() {
        Some(scalar) => Some(scalar.text.to_string()),
        None => item.text("path").map(str::to_owned),
    };
    items.filter_map(of).collect()
}

/// Appends an item, one line of YAML, to a block list at the top of the only document; the list is made where it is missing.
pub(in crate::change) fn append(text: &str, name: &str, item: &str) -> Result<(String, Edit), Fault> {
    let file = edit::read(text)?;
    let [document] = file.documents.as_slice() else {
        let problem = format!("{} documents where one is expected", file.documents.len());
        return Err(Fault::new("change.ambiguous", name, problem, "give a file of one document"));
    };
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let (after, lines) = match document.get(name) {
        None => (document.range.end, format!("{name}:{newline}- {item}{newline}")),
        Some(node) => {
            let Value::Sequence(items) = &node.value else {
                return Err(Fault::new(
                    "change.type_mismatch",
                    name,
                    "it is no list",
                    "make it a list first",
                ));
            };
            let first = items.first().ok_or_else(|| edit::failed("the list is empty"))?;
            if text.get(node.range.start..node.range.start.saturating_add(1)) == Some("[") {
                return Err(Fault::new(
                    "change.type_mismatch",
                    name,
                    "it is a list in one line",
                    "write it as a block list",
                ));
            }
            let before = text.get(..first.range.start).unwrap_or_default();
            let line = before.rsplit('\n').next().unwrap_or_default();
            let indent = line.find('-').map_or("", |at| line.get(..at).unwrap_or_default());
            (node.range.end, format!("{indent}- {item}{newline}"))
        }
    };
    let rest = text.get(after..).unwrap_or_default();
    let (at, new) = match rest.find('\n') {
        Some(end) => (after.saturating_add(end).saturating_add(1), lines),
        None => (text.len(), format!("{newline}{}", lines.trim_end())),
    };
    let mut edits = [Edit::new(text, at..at, new, name.to_owned())];
    let new = splice(text, &mut edits)?;
    let wanted = item.strip_prefix("path: ").unwrap_or(item);
    if list(&new, &[name]).last().map(String::as_str) != Some(wanted) {
        return Err(edit::failed("the new text does not say what was meant"));
    }
    // Nothing else may say anything else.
    let after = read::parse(&new).map_err(|_| edit::failed("the new text is no YAML"))?;
    let said = |file: &tree::File<'_>, old: bool| {
        let others = file.documents.iter().flat_map(Node::entries).filter(|entry| entry.key != name);
        let mut said: Vec<String> =
            others.map(|entry| format!("{}{}", entry.key, entry.value.said())).collect();
        let items = file.documents.iter().filter_map(|document| document.get(name)).flat_map(Node::items);
        said.extend(items.map(Node::said));
        if !old {
            said.pop();
        }
        said
    };
    if after.documents.len() != 1 || said(&file, true) != said(&after, false) {
        return Err(edit::failed("the new text changes more than was meant"));
    }
    let [edit] = edits;
    Ok((new, edit))
}
