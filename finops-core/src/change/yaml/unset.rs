//! Removing values: a key goes with its line, or with its comma in braces.

use super::{
    Set, Target,
    edit::{self, difference, edit, failed},
    locate::{self, Step},
    read,
    tree::{Entry, File, Node, Style, Value},
    verify,
};
use crate::{
    change::{Edit, splice},
    error::Fault,
};
use std::ops::Range;

/// As [`edit`], and removes the scalars at dotted paths; a mapping that would be left empty goes with its last key.
///
/// What is not there stays so. A comment behind a value goes with its line; one above it stays.
///
/// # Errors
/// As [`edit`]; `change.type_mismatch` for a value that is no scalar, or a key that does not start its line.
pub fn edit_and_unset(
    text: &str,
    target: &Target<'_>,
    sets: &[Set],
    gone: &[String],
) -> Result<(String, Vec<Edit>), Fault> {
    let (mut new, mut edits) = edit(text, target, sets)?;
    for path in gone {
        let removed = {
            let file = edit::read(&new)?;
            let found = locate::found(&file, target)?;
            unset(&new, &file, found.node, &found.path, path)?
        };
        let Some((shorter, removal)) = removed else { continue };
        edits = composed(text, &edits, removal, &shorter);
        new = shorter;
    }
    Ok((new, edits))
}

/// As [`edit_path`], and removes the scalars at dotted paths, as [`edit_and_unset`] does.
///
/// # Errors
/// As [`edit_and_unset`].
pub fn edit_path_and_unset(text: &str, sets: &[Set], gone: &[String]) -> Result<(String, Vec<Edit>), Fault> {
    let (mut new, mut edits) = edit::edit_path(text, sets)?;
    for path in gone {
        let removed = {
            let file = edit::read(&new)?;
            unset(&new, &file, edit::only_document(&file)?, &[Step::Index(0)], path)?
        };
        let Some((shorter, removal)) = removed else { continue };
        edits = composed(text, &edits, removal, &shorter);
        new = shorter;
    }
    Ok((new, edits))
}

/// Removes one scalar below `start`, which stands `at` this place; nothing where it is not there.
fn unset(
    text: &str,
    file: &File<'_>,
    start: &Node<'_>,
    at: &[Step<'_>],
    path: &str,
) -> Result<Option<(String, Edit)>, Fault> {
    let Some((range, keys)) = place(text, start, path)? else { return Ok(None) };
    let mut edits = [Edit::new(text, range, String::new(), keys.join("."))];
    let new = splice(text, &mut edits)?;
    let after = read::parse(&new).map_err(|_| failed("the new text is no YAML"))?;
    let way: Vec<Step<'_>> = at.iter().copied().chain(keys.iter().map(|key| Step::Key(key))).collect();
    let mut meant = file.clone();
    forget(&mut meant, &way).ok_or_else(|| failed("the place is gone"))?;
    verify::changed_as_intended(&meant, &after, &[])?;
    let [edit] = edits;
    Ok(Some((new, edit)))
}

/// Bytes, and the keys to what they say.
type Place<'p> = (Range<usize>, Vec<&'p str>);

/// What to remove; `None` where nothing stands there.
fn place<'p>(text: &str, start: &Node<'_>, path: &'p str) -> Result<Option<Place<'p>>, Fault> {
    let mut keys: Vec<&str> = path.split('.').collect();
    let mut way: Vec<(&Node<'_>, &Entry<'_>)> = Vec::with_capacity(keys.len());
    let mut node = start;
    for key in &keys {
        if locate::only(node, key)?.is_none() {
            return Ok(None);
        }
        let Some(entry) = node.entries().iter().find(|entry| entry.key == *key) else { return Ok(None) };
        locate::unshared(&entry.value, path)?;
        way.push((node, entry));
        node = &entry.value;
    }
    if node.scalar().is_none_or(|scalar| scalar.style == Style::Block) {
        let problem = "the value is no plain or quoted scalar";
        return Err(Fault::new("change.type_mismatch", path, problem, "remove this value by hand"));
    }
    while let [_, .., (holder, _)] = way.as_slice()
        && holder.entries().len() == 1
    {
        way.pop();
        keys.pop();
    }
    let Some((holder, entry)) = way.pop() else { return Ok(None) };
    let range = if holder.is_flow() { in_braces(holder, entry) } else { lines(text, entry, path)? };
    Ok(Some((range, keys)))
}

/// An entry in braces, with the comma that divides it from the next one, else from the one before.
fn in_braces(holder: &Node<'_>, entry: &Entry<'_>) -> Range<usize> {
    let entries = holder.entries();
    let next = entries.iter().find(|other| other.start > entry.start);
    let before = entries.iter().rev().find(|other| other.start < entry.start);
    match (next, before) {
        (Some(next), _) => entry.start..next.start,
        (None, Some(before)) => before.end()..entry.end(),
        (None, None) => entry.start..entry.end(),
    }
}

/// The lines of an entry that has them for itself.
fn lines(text: &str, entry: &Entry<'_>, path: &str) -> Result<Range<usize>, Fault> {
    let before = text.get(..entry.start).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |end| end.saturating_add(1));
    if before.get(start..).is_none_or(|lead| lead.contains(|c| c != ' ')) {
        let problem = "something else stands before the key in its line";
        return Err(Fault::new("change.type_mismatch", path, problem, "remove this value by hand"));
    }
    let end = entry.end();
    Ok(match text.get(end..).unwrap_or_default().find('\n') {
        Some(rest) => start..end.saturating_add(rest).saturating_add(1),
        // The last line has no end, and the one before it gets none.
        None => {
            let kept = before.get(..start).unwrap_or_default();
            let kept = kept.strip_suffix('\n').unwrap_or(kept);
            kept.strip_suffix('\r').unwrap_or(kept).len()..text.len()
        }
    })
}

/// Drops the entry that a way ends at.
fn forget(file: &mut File<'_>, way: &[Step<'_>]) -> Option<()> {
    let (Step::Index(document), rest) = way.split_first()? else { return None };
    let (last, rest) = rest.split_last()?;
    let mut node = file.documents.get_mut(*document)?;
    for step in rest {
        node = match (&mut node.value, step) {
            (Value::Mapping { entries, .. }, Step::Key(key)) => {
                &mut entries.iter_mut().find(|entry| entry.key == *key)?.value
            }
            (Value::Sequence(items), Step::Index(index)) => items.get_mut(*index)?,
            _ => return None,
        };
    }
    let (Value::Mapping { entries, .. }, Step::Key(key)) = (&mut node.value, last) else { return None };
    entries.retain(|entry| entry.key != *key);
    Some(())
}

/// The edits that make `new` of `text`: the ones made, and a removal from the text that they gave. One edit for all where
/// the removal is in what they wrote.
fn composed(text: &str, made: &[Edit], removal: Edit, new: &str) -> Vec<Edit> {
    let path = removal.path.clone();
    let all = || {
        // Bytes that were put in before the removal, and bytes that were taken out.
        let (mut added, mut taken) = (0_usize, 0_usize);
        for edit in made {
            let start = edit.range.start.checked_add(added)?.checked_sub(taken)?;
            let end = start.checked_add(edit.new.len())?;
            if start >= removal.range.end {
                break;
            }
            if end > removal.range.start {
                return None;
            }
            added = added.checked_add(edit.new.len())?;
            taken = taken.checked_add(edit.range.len())?;
        }
        let there = |at: usize| at.checked_add(taken)?.checked_sub(added);
        let range = there(removal.range.start)?..there(removal.range.end)?;
        let mut edits = made.to_vec();
        edits.push(Edit::new(text, range, String::new(), path.clone()));
        (splice(text, &mut edits).as_deref() == Ok(new)).then_some(edits)
    };
    all().unwrap_or_else(|| {
        let paths: Vec<&str> = made.iter().map(|edit| edit.path.as_str()).chain([path.as_str()]).collect();
        vec![difference(text, new, paths.join(", "))]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEB: Target<'_> =
        Target { kind: "Deployment", name: "web", namespace: Some("shop"), container: Some("app") };

    fn manifest(resources: &str) -> String {
        format!(
            "# web\nkind: Deployment\nmetadata: {{name: web, namespace: shop}}\nspec:\n  template:\n    spec:\n      containers:\n        - name: app # main\n          image: a:1\n{resources}"
        )
    }

    fn unset_cpu(resources: &str, sets: &[Set]) -> Result<(String, usize), Fault> {
        let text = manifest(resources);
        let (new, mut edits) = edit_and_unset(&text, &WEB, sets, &["resources.limits.cpu".to_owned()])?;
        assert_eq!(splice(&text, &mut edits).as_deref(), Ok(new.as_str()));
        let head = manifest("");
        let left = new.strip_prefix(&head).map(str::to_owned);
        // What stands before the resources keeps its bytes.
        Ok((left.unwrap_or_else(|| panic!("{new}")), edits.len()))
    }

    #[test]
    fn a_limit_goes_and_nothing_else_changes() {
        let cases = [
            (
                "          resources:\n            limits:\n              cpu: \"2\" # burst\n              memory: 1Gi # hard\n            requests: {cpu: 1}\n",
                "          resources:\n            limits:\n              memory: 1Gi # hard\n            requests: {cpu: 1}\n",
            ),
            // The mapping goes with its last key; a comment above it stays.
            (
                "          resources:\n            # ours\n            limits:\n              cpu: 2\n            requests:\n              cpu: 1\n          env: []\n",
                "          resources:\n            # ours\n            requests:\n              cpu: 1\n          env: []\n",
            ),
            (
                "          resources: {limits: {cpu: 2, memory: 1Gi}, requests: {cpu: 1}}\n",
                "          resources: {limits: {memory: 1Gi}, requests: {cpu: 1}}\n",
            ),
            (
                "          resources: {requests: {cpu: 1}, limits: {memory: 1Gi, cpu: 2}}\n",
                "          resources: {requests: {cpu: 1}, limits: {memory: 1Gi}}\n",
            ),
            (
                "          resources: {requests: {cpu: 1}, limits: {cpu: 2}}",
                "          resources: {requests: {cpu: 1}}",
            ),
            // No line end at the end of the file, and CRLF before.
            (
                "          resources:\r\n            requests:\r\n              cpu: 1\r\n            limits:\r\n              cpu: 2",
                "          resources:\r\n            requests:\r\n              cpu: 1",
            ),
            (
                "          resources:\n            limits:\n              cpu: 2\n          tty: true\n",
                "          tty: true\n",
            ),
        ];
        for (old, new) in cases {
            assert_eq!(unset_cpu(old, &[]), Ok((new.to_owned(), 1)), "{old}");
            assert_eq!(unset_cpu(new, &[]), Ok((new.to_owned(), 0)), "a second run: {new}");
        }
    }

    #[test]
    fn a_request_is_set_and_a_limit_goes_in_one_change() {
        let sets = [Set::quantity("resources.requests.cpu", "750m")];
        let cases = [
            (
                "          resources:\n            limits:\n              cpu: 2\n              memory: 1Gi\n            requests:\n              cpu: \"1\"\n",
                "          resources:\n            limits:\n              memory: 1Gi\n            requests:\n              cpu: \"750m\"\n",
                2,
            ),
            // The request was the limit's until now.
            (
                "          resources:\n            limits:\n              cpu: 2\n",
                "          resources:\n            requests:\n              cpu: 750m\n",
                2,
            ),
            (
                "          resources: {limits: {cpu: 2}}\n",
                "          resources: {requests: {cpu: 750m}}\n",
                1,
            ),
        ];
        for (old, new, edits) in cases {
            assert_eq!(unset_cpu(old, &sets), Ok((new.to_owned(), edits)), "{old}");
        }
    }

    #[test]
    fn what_cannot_be_removed_alone_is_refused() {
        let cases = [
            ("          resources:\n            limits: &all\n              cpu: 2\n", "change.aliased"),
            ("          resources:\n            limits:\n              cpu: &two 2\n", "change.aliased"),
            ("          resources:\n            limits:\n              cpu: [2]\n", "change.type_mismatch"),
            (
                "          resources:\n            limits:\n              ? cpu\n              : 2\n              memory: 1\n",
                "change.type_mismatch",
            ),
            (
                "          resources:\n            limits:\n              cpu: 2\n              cpu: 3\n",
                "change.ambiguous",
            ),
        ];
        for (old, code) in cases {
            assert_eq!(
                unset_cpu(old, &[]).map_err(|fault| fault.code().to_owned()),
                Err(code.to_owned()),
                "{old}"
            );
        }
    }
}
