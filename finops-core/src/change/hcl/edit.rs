//! Setting literals and removing blocks.

use super::{
    references,
    source::{Finder, Found, Module, Sources, repeated},
};
use crate::{
    change::{Edit, splice},
    error::{Fault, shorten},
};
use hcl_edit::{
    Span,
    expr::{Expression, TraversalOperator},
    structure::{Block, Body},
};

/// A file with its new text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The file.
    pub path: String,
    /// Its new text.
    pub text: String,
    /// What was edited.
    pub edits: Vec<Edit>,
    /// Whether Terraform is told to ignore changes of an attribute that was set: something else owns it.
    pub ignored: bool,
}

fn not_literal(path: &str, problem: String) -> Fault {
    Fault::new("change.not_literal", path, problem, "edit this value by hand")
}

fn failed(path: &str, problem: &str) -> Fault {
    Fault::new("change.verification_failed", path, problem, "edit this file by hand")
}

/// Sets attributes of one resource: dotted paths of nested blocks and an attribute, each to HCL source text (`6`,
/// `"gp3"`).
///
/// # Errors
/// `change.not_found`, `change.ambiguous`, `change.not_literal` for what is computed, repeated or used elsewhere,
/// `change.unsupported_format`, `change.verification_failed`.
pub fn set(sources: &Sources<'_>, finder: Finder<'_>, sets: &[(&str, &str)]) -> Result<Vec<Changed>, Fault> {
    let found = sources.find(finder)?;
    let block = sources.block(found).ok_or_else(|| failed("target", "the block is gone"))?;
    if repeated(block) {
        return Err(not_literal("target", "a count or for_each makes several of this resource".to_owned()));
    }
    let mut edits: Vec<(usize, Edit)> = Vec::with_capacity(sets.len());
    for (path, value) in sets {
        hcl_edit::parser::parse_expr(value).map_err(|_| failed(path, "the new value is no expression"))?;
        edits.push(place(sources, found, block, path, value)?);
    }
    let ignored = sets.iter().any(|(path, _)| is_ignored(block, path));
    let mut files: Vec<usize> = edits.iter().map(|(file, _)| *file).collect();
    files.sort_unstable();
    files.dedup();
    let change = |file: usize| {
        let source = sources.file(file).ok_or_else(|| failed("target", "the file is gone"))?;
        let mut edits: Vec<Edit> =
            edits.iter().filter(|(of, _)| *of == file).map(|(_, edit)| edit.clone()).collect();
        let text = splice(source.text, &mut edits)?;
        let new = hcl_edit::parser::parse_body(&text)
            .map_err(|_| failed("target", "the new text does not parse"))?;
        verify(&source.body, &new, &edits)?;
        let (text, edits) = source.in_file(text, edits);
        Ok(Changed { path: source.path.to_owned(), text, edits, ignored })
    };
    files.into_iter().map(change).collect()
}

/// The edit that gives an attribute its value, in the file where its literal stands.
fn place(
    sources: &Sources<'_>,
    found: Found,
    block: &Block,
    path: &str,
    value: &str,
) -> Result<(usize, Edit), Fault> {
    let mut steps: Vec<&str> = path.split('.').collect();
    let attribute = steps.pop().unwrap_or_default();
    let mut body = &block.body;
    for step in steps {
        let dynamic = body.get_blocks("dynamic").any(|inner| inner.has_labels(&[step]));
        let inner: Vec<&Block> = body.get_blocks(step).collect();
        body = match inner.as_slice() {
            [one] if !dynamic => &one.body,
            [] if !dynamic => return Err(missing(path)),
            _ => return Err(not_literal(path, format!("block `{}` is made several times", shorten(step)))),
        };
    }
    let expression = &body.get_attribute(attribute).ok_or_else(|| missing(path))?.value;
    let (file, literal) = follow(sources, found, expression, path)?;
    let source = sources.file(file).ok_or_else(|| failed(path, "the file is gone"))?;
    let span = literal.span().ok_or_else(|| failed(path, "the parser gave no place"))?;
    Ok((file, Edit::new(source.text, span, value.to_owned(), path.to_owned())))
}

fn missing(path: &str) -> Fault {
    let problem = "the resource has no such attribute";
    Fault::new("change.not_found", path, problem, "add the attribute by hand first")
}

const fn is_literal(expression: &Expression) -> bool {
    matches!(
        expression,
        Expression::Number(_) | Expression::String(_) | Expression::Bool(_) | Expression::Null(_)
    )
}

/// The literal behind an expression: itself, or the default of a variable or local that nothing else uses.
pub(super) fn follow<'s>(
    sources: &'s Sources<'_>,
    found: Found,
    expression: &'s Expression,
    path: &str,
) -> Result<(usize, &'s Expression), Fault> {
    if is_literal(expression) {
        return Ok((found.file, expression));
    }
    let computed = || not_literal(path, "the value is computed".to_owned());
    let traversal = expression.as_traversal().ok_or_else(computed)?;
    let root = traversal
        .expr
        .as_variable()
        .map(|root| root.as_str())
        .filter(|root| matches!(*root, "var" | "local"));
    let (Some(root), [only]) = (root, traversal.operators.as_slice()) else { return Err(computed()) };
    let TraversalOperator::GetAttr(name) = only.value() else { return Err(computed()) };
    let name = name.as_str();
    let module = sources.file(found.file).map(|file| Module::of(file.path)).ok_or_else(computed)?;
    let here = sources.files().filter(|(_, file)| Module::of(file.path) == module);
    let used: usize = here.map(|(_, file)| references::count(&file.body, root, name)).sum();
    if used != 1 {
        return Err(not_literal(path, format!("`{root}.{}` is used in {used} places", shorten(name))));
    }
    if root == "var" && sources.is_given(&module, name) {
        return Err(not_literal(path, format!("`var.{}` is given a value elsewhere", shorten(name))));
    }
    let definitions = sources.definition(&module, root, name);
    match definitions.as_slice() {
        [(file, literal)] if is_literal(literal) => Ok((*file, *literal)),
        _ => Err(not_literal(path, format!("`{root}.{}` has no literal value here", shorten(name)))),
    }
}

/// Whether `lifecycle { ignore_changes = [...] }` names the attribute, its block or everything.
fn is_ignored(block: &Block, path: &str) -> bool {
    let lists =
        block.body.get_blocks("lifecycle").filter_map(|inner| inner.body.get_attribute("ignore_changes"));
    let mut names = lists.flat_map(|list| match &list.value {
        Expression::Array(array) => array.iter().map(|item| item.to_string()).collect::<Vec<_>>(),
        other => vec![other.to_string()],
    });
    names.any(|name| {
        let name: String = name.trim().chars().filter(|c| !c.is_whitespace()).collect();
        // Old files write the path as text, with the index behind a dot.
        let plain = name.trim_matches('"').replace("[0]", "").replace(".0.", ".");
        plain == "all"
            || plain == path
            || path.strip_prefix(plain.as_str()).is_some_and(|rest| rest.starts_with('.'))
    })
}

/// Whether Terraform ignores changes of an attribute of one resource.
#[must_use]
pub fn ignores(sources: &Sources<'_>, finder: Finder<'_>, path: &str) -> bool {
    sources
        .find(finder)
        .ok()
        .and_then(|found| sources.block(found))
        .is_some_and(|block| is_ignored(block, path))
}

/// Whether an autoscaler owns the size of a node group: Terraform ignores its desired size, or its tags are those by which
/// the Cluster Autoscaler finds its groups (`k8s.io/cluster-autoscaler/enabled` and `k8s.io/cluster-autoscaler/<cluster>`).
#[must_use]
pub fn is_autoscaled(sources: &Sources<'_>, finder: Finder<'_>) -> bool {
    let Some(block) = sources.find(finder).ok().and_then(|found| sources.block(found)) else { return false };
    let tagged = block.body.get_attribute("tags").is_some_and(|tags| {
        let text: String = tags.value.to_string().chars().filter(|c| !c.is_whitespace()).collect();
        let off =
            ["k8s.io/cluster-autoscaler/enabled\"=\"false\"", "k8s.io/cluster-autoscaler/enabled\"=false"];
        text.contains("k8s.io/cluster-autoscaler/") && !off.iter().any(|off| text.contains(off))
    });
    tagged || is_ignored(block, "scaling_config.desired_size")
}

/// Removes one resource with the lines that it has to itself and one blank line; comments above it stay.
///
/// # Errors
/// As [`set`], and `change.referenced` where something still uses the resource.
pub fn remove(sources: &Sources<'_>, finder: Finder<'_>) -> Result<Changed, Fault> {
    let found = sources.find(finder)?;
    let block = sources.block(found).ok_or_else(|| failed("target", "the block is gone"))?;
    if repeated(block) {
        return Err(not_literal("target", "a count or for_each makes several of this resource".to_owned()));
    }
    let [resource_type, name] = block.labels.as_slice() else {
        return Err(failed("target", "the block has no address"));
    };
    let (resource_type, name) = (resource_type.as_str(), name.as_str());
    let inside = references::count_in(block, resource_type, name);
    let everywhere: usize =
        sources.files().map(|(_, file)| references::count(&file.body, resource_type, name)).sum();
    if everywhere > inside {
        let problem = format!(
            "`{}.{}` is used in {} places",
            shorten(resource_type),
            shorten(name),
            everywhere.saturating_sub(inside)
        );
        return Err(Fault::new("change.referenced", "target", problem, "remove what uses it first"));
    }
    if sources.unread_mentions(&format!("{resource_type}.{name}")) {
        let problem =
            format!("a file that does not parse names `{}.{}`", shorten(resource_type), shorten(name));
        return Err(Fault::new("change.referenced", "target", problem, "look at that file first"));
    }
    let source = sources.file(found.file).ok_or_else(|| failed("target", "the file is gone"))?;
    let span = block.span().ok_or_else(|| failed("target", "the parser gave no place"))?;
    let path = format!("{resource_type}.{name}");
    let mut edits = [Edit::new(source.text, own_lines(source.text, span), String::new(), path)];
    let text = splice(source.text, &mut edits)?;
    let new =
        hcl_edit::parser::parse_body(&text).map_err(|_| failed("target", "the new text does not parse"))?;
    let mut wanted = source.body.clone();
    let _removed = wanted.remove(found.structure);
    if !same(&wanted, &new) {
        return Err(failed("target", "the new text changes more than was meant"));
    }
    let (text, edits) = source.in_file(text, edits.to_vec());
    Ok(Changed { path: source.path.to_owned(), text, edits, ignored: false })
}

/// The lines of a block, with the blank line after it, or before it where it is the last.
fn own_lines(text: &str, span: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let before = text.get(..span.start).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at.saturating_add(1));
    let line_end = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        rest.find('\n').map_or(text.len(), |at| from.saturating_add(at).saturating_add(1))
    };
    // Only white space may share the lines with the block, and a comment on it to the end of the line.
    let behind = text.get(span.end..line_end(span.end)).unwrap_or_default().trim_start();
    let ends = behind.is_empty() || behind.starts_with('#') || behind.starts_with("//");
    if !ends || !text.get(line_start..span.start).unwrap_or_default().trim().is_empty() {
        return span;
    }
    let (start, end) = (line_start, line_end(span.end));
    let next = text.get(end..line_end(end)).unwrap_or_default();
    if !next.is_empty() && next.trim().is_empty() {
        return start..line_end(end);
    }
    if end == text.len() || text.get(end..).unwrap_or_default().trim().is_empty() {
        let above = text.get(..start).unwrap_or_default();
        let previous = above.strip_suffix('\n').map(|above| above.strip_suffix('\r').unwrap_or(above));
        let blank = previous.filter(|above| above.is_empty() || above.ends_with('\n'));
        return blank.map_or(start, str::len)..end;
    }
    start..end
}

/// Checks that a new body is the old one with the edited literals replaced.
fn verify(old: &Body, new: &Body, edits: &[Edit]) -> Result<(), Fault> {
    let mut wanted = old.clone();
    for edit in edits {
        let value = hcl_edit::parser::parse_expr(&edit.new)
            .map_err(|_| failed(&edit.path, "the new value is no expression"))?;
        if !replace(&mut wanted, &edit.range, &value) {
            return Err(failed(&edit.path, "the place of the value is gone"));
        }
    }
    if same(&wanted, new) {
        Ok(())
    } else {
        Err(failed("target", "the new text changes more than was meant"))
    }
}

/// Replaces the attribute's value that stands at `range`.
fn replace(body: &mut Body, range: &std::ops::Range<usize>, value: &Expression) -> bool {
    for mut structure in body {
        if let Some(mut attribute) = structure.as_attribute_mut() {
            if attribute.get().value.span().as_ref() == Some(range) {
                *attribute.value_mut() = value.clone();
                return true;
            }
        } else if let Some(block) = structure.as_block_mut()
            && replace(&mut block.body, range, value)
        {
            return true;
        }
    }
    false
}

/// Equality of what bodies say, whatever stands between.
fn same(one: &Body, other: &Body) -> bool {
    one == other
}
