//! The proof of an edit: old and new text are read and may differ in the intended paths alone.

use super::{
    edit::failed,
    locate::Step,
    tree::{File, Node, Value},
};
use crate::error::Fault;

/// Checks that `after` is `before` with these paths set to these values.
pub(super) fn changed_as_intended(
    before: &File<'_>,
    after: &File<'_>,
    intended: &[(Vec<Step<'_>>, &str)],
) -> Result<(), Fault> {
    if before.documents.len() != after.documents.len() || after.template {
        return Err(failed("the number of documents changed"));
    }
    let mut changed = Vec::new();
    for (index, (old, new)) in before.documents.iter().zip(&after.documents).enumerate() {
        differences(old, new, &mut vec![Step::Index(index)], &mut changed);
    }
    for (path, value) in intended {
        let found = find(after, path).and_then(Node::scalar);
        if found.is_none_or(|scalar| scalar.text != *value) {
            return Err(failed("the new text does not say what was meant"));
        }
    }
    // A value that was right already changes nothing.
    let meant = |path: &Vec<Step<'_>>| intended.iter().any(|(wanted, _)| path == wanted);
    if changed.iter().all(meant) { Ok(()) } else { Err(failed("the new text changes more than was meant")) }
}

pub(super) fn find<'a, 't>(file: &'a File<'t>, path: &[Step<'_>]) -> Option<&'a Node<'t>> {
    let (first, rest) = path.split_first()?;
    let Step::Index(document) = first else { return None };
    rest.iter().try_fold(file.documents.get(*document)?, |node, step| match step {
        Step::Key(key) => node.get(key),
        Step::Index(index) => node.items().get(*index),
    })
}

/// The paths at which two values differ: the deepest mapping or list that both have, else the value itself.
fn differences<'a>(
    old: &'a Node<'_>,
    new: &'a Node<'_>,
    at: &mut Vec<Step<'a>>,
    out: &mut Vec<Vec<Step<'a>>>,
) {
    if (old.anchored, old.tagged) != (new.anchored, new.tagged) {
        out.push(at.clone());
        return;
    }
    match (&old.value, &new.value) {
        (Value::Mapping { flow: a, entries: old }, Value::Mapping { flow: b, entries: new }) if a == b => {
            // Keys keep their order; a new one is the last.
            for (index, entry) in new.iter().enumerate() {
                at.push(Step::Key(&entry.key));
                match old.get(index) {
                    Some(before) if before.key == entry.key => {
                        differences(&before.value, &entry.value, at, out)
                    }
                    _ => additions(&entry.value, at, out),
                }
                at.pop();
            }
            if old.len() > new.len() {
                out.push(at.clone());
            }
        }
        (Value::Sequence(old), Value::Sequence(new)) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                at.push(Step::Index(index));
                differences(old, new, at, out);
                at.pop();
            }
        }
        (Value::Scalar(old), Value::Scalar(new)) if old == new => {}
        (Value::Alias, Value::Alias) => {}
        // An empty value that became a mapping has gained what is in it.
        (Value::Scalar(old), Value::Mapping { .. }) if old.is_null() => additions(new, at, out),
        _ => out.push(at.clone()),
    }
}

/// The paths of all scalars of a value that is new.
fn additions<'a>(node: &'a Node<'_>, at: &mut Vec<Step<'a>>, out: &mut Vec<Vec<Step<'a>>>) {
    if node.entries().is_empty() {
        out.push(at.clone());
    }
    for entry in node.entries() {
        at.push(Step::Key(&entry.key));
        additions(&entry.value, at, out);
        at.pop();
    }
}
