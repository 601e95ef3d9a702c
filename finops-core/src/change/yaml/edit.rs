//! Replacing and inserting values.

use super::{
    Target,
    locate::{self, Step},
    read::parse,
    tree::{Entry, File, Node, Style, Value},
    verify,
};
use crate::{
    change::{Edit, splice},
    error::{Fault, shorten},
};

/// The value that says that there is none.
const NULL: &str = "null";

/// A path of keys and the value that it gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// Keys from the container or the object down, for example `resources`, `requests`, `cpu`.
    pub path: Vec<String>,
    /// The scalar as text.
    pub value: String,
    /// Whether the interface wants a number: a quoted value is then of the wrong type.
    pub number: bool,
}

impl Set {
    /// The value for a dotted path: a quantity, which may be text or a number.
    #[must_use]
    pub fn quantity(path: &str, value: impl Into<String>) -> Self {
        Self { path: path.split('.').map(str::to_owned).collect(), value: value.into(), number: false }
    }

    /// A null for a dotted path: what was laid under it is gone.
    #[must_use]
    pub fn null(path: &str) -> Self {
        Self::quantity(path, NULL)
    }

    /// The value for a dotted path: a whole number.
    #[must_use]
    pub fn number(path: &str, value: i64) -> Self {
        Self { path: path.split('.').map(str::to_owned).collect(), value: value.to_string(), number: true }
    }
}

/// Sets values of the object that `target` names; the text with the edits that were made.
///
/// # Errors
/// `change.not_found`, `change.ambiguous`, `change.aliased`, `change.template`, `change.type_mismatch`,
/// `change.unsupported_format` for what is no YAML, `change.verification_failed` where the new text says more or less
/// than was meant.
pub fn edit(text: &str, target: &Target<'_>, sets: &[Set]) -> Result<(String, Vec<Edit>), Fault> {
    let file = read(text)?;
    let found = locate::found(&file, target)?;
    apply(text, &file, found.node, &found.path, sets)
}

/// The text of the scalar at a dotted path of the object or container that `target` names; `None` where there is none.
///
/// # Errors
/// As [`edit`], as far as reading goes.
pub fn get(text: &str, target: &Target<'_>, path: &str) -> Result<Option<String>, Fault> {
    let file = read(text)?;
    Ok(text_at(locate::place(&file, target)?.node, path))
}

/// The text of the scalar at a dotted path of the only document; `None` where there is none.
///
/// # Errors
/// As [`edit_path`], as far as reading goes.
pub fn get_path(text: &str, path: &str) -> Result<Option<String>, Fault> {
    let file = read(text)?;
    Ok(text_at(only_document(&file)?, path))
}

fn text_at(start: &Node<'_>, path: &str) -> Option<String> {
    let node = path.split('.').try_fold(start, |node, key| match &node.value {
        Value::Sequence(items) => items.get(key.parse::<usize>().ok()?),
        _ => node.get(key),
    });
    let scalar = node?.scalar()?;
    Some(scalar.text.to_string()).filter(|_| !scalar.is_null())
}

pub(super) fn only_document<'a, 't>(file: &'a File<'t>) -> Result<&'a Node<'t>, Fault> {
    let [document] = file.documents.as_slice() else {
        let problem = format!("{} documents where one is expected", file.documents.len());
        return Err(Fault::new("change.ambiguous", "target", problem, "give a file of one document"));
    };
    Ok(document)
}

/// Sets values of the only document, for example a chart's `values.yaml`.
///
/// # Errors
/// As [`edit`].
pub fn edit_path(text: &str, sets: &[Set]) -> Result<(String, Vec<Edit>), Fault> {
    let file = read(text)?;
    let document = only_document(&file)?;
    locate::unshared(document, "target")?;
    apply(text, &file, document, &[Step::Index(0)], sets)
}

pub(super) fn read(text: &str) -> Result<File<'_>, Fault> {
    let file = parse(text).map_err(|remark| {
        let problem = format!("it is no YAML: {}", shorten(&remark));
        Fault::new("change.unsupported_format", "", problem, "give a file that parses")
    })?;
    if file.template {
        let problem = "`{{` stands outside quotes: the file is a template";
        return Err(Fault::new(
            "change.template",
            "",
            problem,
            "map the value to the chart's values file instead",
        ));
    }
    Ok(file)
}

fn apply(
    text: &str,
    file: &File<'_>,
    start: &Node<'_>,
    at: &[Step<'_>],
    sets: &[Set],
) -> Result<(String, Vec<Edit>), Fault> {
    let mut edits: Vec<Edit> = Vec::with_capacity(sets.len());
    let mut intended = Vec::with_capacity(sets.len());
    let mut meet = false;
    for set in sets {
        let edit = place(text, file, start, set)?;
        // At one place: something is inserted there twice, or a null becomes a mapping.
        meet |= edits.iter().any(|other| other.range == edit.range);
        edits.push(edit);
        intended.push((
            at.iter().copied().chain(steps(start, &set.path)).collect::<Vec<Step<'_>>>(),
            set.value.as_str(),
        ));
    }
    let new = if meet {
        let new = one_by_one(text, at, sets)?;
        let paths: Vec<String> = sets.iter().map(|set| set.path.join(".")).collect();
        edits = vec![difference(text, &new, paths.join(", "))];
        new
    } else {
        splice(text, &mut edits)?
    };
    let after = parse(&new).map_err(|_| failed("the new text is no YAML"))?;
    verify::changed_as_intended(file, &after, &intended)?;
    Ok((new, edits))
}

/// The steps of a path: an index where a list stands, else a key.
fn steps<'a>(start: &Node<'_>, path: &'a [String]) -> Vec<Step<'a>> {
    let mut node = Some(start);
    let step = |key: &'a String| match node.map(|node| (&node.value, key.parse::<usize>())) {
        Some((Value::Sequence(items), Ok(index))) => {
            node = items.get(index);
            Step::Index(index)
        }
        _ => {
            node = node.and_then(|node| node.get(key));
            Step::Key(key)
        }
    };
    path.iter().map(step).collect()
}

/// Sets that insert at one place may share the keys that are missing: each sees what the one before wrote.
fn one_by_one(text: &str, at: &[Step<'_>], sets: &[Set]) -> Result<String, Fault> {
    sets.iter().try_fold(text.to_owned(), |text, set| {
        let file = parse(&text).map_err(|_| failed("the new text is no YAML"))?;
        let start = verify::find(&file, at).ok_or_else(|| failed("the place is gone"))?;
        let mut edit = [place(&text, &file, start, set)?];
        splice(&text, &mut edit)
    })
}

/// What two texts differ in, as one edit.
pub(in crate::change) fn difference(old: &str, new: &str, path: String) -> Edit {
    let same = |(a, b): &(u8, u8)| a == b;
    let front = old.bytes().zip(new.bytes()).take_while(same).count();
    let shorter = old.len().min(new.len()).saturating_sub(front);
    let back = old.bytes().rev().zip(new.bytes().rev()).take(shorter).take_while(same).count();
    // Never within a character.
    let front = (0..=front).rev().find(|at| old.is_char_boundary(*at)).unwrap_or_default();
    let back =
        (0..=back).rev().find(|at| old.is_char_boundary(old.len().saturating_sub(*at))).unwrap_or_default();
    let inner = new.get(front..new.len().saturating_sub(back)).unwrap_or_default().to_owned();
    Edit::new(old, front..old.len().saturating_sub(back), inner, path)
}

pub(in crate::change) fn failed(problem: &str) -> Fault {
    Fault::new("change.verification_failed", "", problem, "edit this file by hand")
}

/// What to write, and where.
fn place(text: &str, file: &File<'_>, start: &Node<'_>, set: &Set) -> Result<Edit, Fault> {
    let path = set.path.join(".");
    let mut node = start;
    for (depth, key) in set.path.iter().enumerate() {
        if let (Value::Sequence(items), Ok(index)) = (&node.value, key.parse::<usize>()) {
            node = items.get(index).ok_or_else(|| no_such_item(&path))?;
            locate::unshared(node, &path)?;
            continue;
        }
        let Value::Mapping { .. } = node.value else {
            no_item(set, depth)?;
            return insert_below(text, file, start, set, depth);
        };
        match locate::only(node, key)? {
            Some(next) => {
                locate::unshared(next, &path)?;
                node = next;
            }
            None => {
                no_item(set, depth)?;
                return insert_into(text, file, start, node, set, depth);
            }
        }
    }
    let Some(scalar) = node.scalar().filter(|scalar| scalar.style != Style::Block) else {
        let problem = "the value is no plain or quoted scalar";
        return Err(Fault::new("change.type_mismatch", path, problem, "edit this value by hand"));
    };
    let quoted = matches!(scalar.style, Style::Single | Style::Double);
    let word =
        |text: &str| matches!(text, "true" | "false" | "True" | "False" | "TRUE" | "FALSE" | "yes" | "no");
    let number = scalar.text.parse::<i64>().is_ok();
    if scalar.style != Style::Empty
        && ((set.number && (quoted || !number)) || (!quoted && word(&scalar.text)))
    {
        let problem = format!("`{}` is of another type than the interface asks for", shorten(&scalar.text));
        return Err(Fault::new("change.type_mismatch", path, problem, "correct the present value first"));
    }
    let new = match scalar.style {
        // In quotes it would be a text.
        _ if set.value == NULL && scalar.style != Style::Empty => NULL.to_owned(),
        Style::Single => format!("'{}'", set.value.replace('\'', "''")),
        Style::Double => format!("\"{}\"", escaped(&set.value)),
        Style::Empty => format!(" {}", value_text(&set.value, is_json(text))),
        Style::Plain | Style::Block => value_text(&set.value, is_json(text)),
    };
    Ok(Edit::new(text, node.range.clone(), new, path))
}

/// Text within double quotes: control characters as escapes.
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\\' | '"' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                out.push_str(&format!("\\u{:04X}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out
}

/// A quantity without quotes where that says the same, else in double quotes: the interface takes a number as well.
fn plain(value: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'/' | b'+');
    let starts = value.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    if starts && value.bytes().all(plain) { value.to_owned() } else { format!("\"{}\"", escaped(value)) }
}

/// A text without quotes where every reader takes it for text, else in double quotes: no number, date, truth value or null
/// of YAML 1.1 or 1.2.
pub(in crate::change) fn word(value: &str) -> String {
    const OTHERS: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"];
    let letter = value.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
    if letter && !OTHERS.iter().any(|other| value.eq_ignore_ascii_case(other)) {
        plain(value)
    } else {
        format!("\"{}\"", escaped(value))
    }
}

/// Whether the text is JSON to those who tell by its first character, as `kubectl` does.
fn is_json(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with('{')
}

fn value_text(value: &str, json: bool) -> String {
    let number = value.parse::<i64>().is_ok();
    if json && !number { format!("\"{}\"", escaped(value)) } else { plain(value) }
}

fn key_text(key: &str, json: bool) -> String {
    if json { format!("\"{}\"", escaped(key)) } else { word(key) }
}

fn no_such_item(path: &str) -> Fault {
    Fault::new("change.not_found", path, "the list has no such item", "name an item that is there")
}

/// An item of a list that is not there cannot be made from one scalar.
fn no_item(set: &Set, depth: usize) -> Result<(), Fault> {
    let rest = set.path.get(depth..).unwrap_or_default();
    if rest.iter().any(|key| key.parse::<usize>().is_ok()) {
        return Err(no_such_item(&set.path.join(".")));
    }
    Ok(())
}

/// Inserts `set.path[depth..]` as the last entry of a mapping that lacks it.
fn insert_into(
    text: &str,
    file: &File<'_>,
    start: &Node<'_>,
    mapping: &Node<'_>,
    set: &Set,
    depth: usize,
) -> Result<Edit, Fault> {
    let rest = set.path.get(depth..).unwrap_or_default();
    let path = set.path.join(".");
    let Value::Mapping { flow, entries } = &mapping.value else {
        return Err(failed("the value is no mapping"));
    };
    let Some(last) = entries.last() else {
        // `{}`: behind the brace.
        let at = mapping.range.start.saturating_add(1);
        return Ok(Edit::new(text, at..at, flow_text(rest, &set.value, is_json(text)), path));
    };
    if *flow {
        let at = last.end();
        return Ok(Edit::new(
            text,
            at..at,
            format!(", {}", flow_text(rest, &set.value, is_json(text))),
            path,
        ));
    }
    let column = entries.first().map_or(0, |entry| column(text, entry));
    let step = step(text, file, &[mapping, start]);
    Ok(insert_lines(text, end_of(text, last), &block_lines(rest, &set.value, column, step), path))
}

/// Behind an entry: its last byte, or the blank lines that a block scalar at its end keeps.
fn end_of(text: &str, entry: &Entry<'_>) -> usize {
    let mut end = entry.end();
    if entry.keeps_blank_lines() {
        let rest = text.get(end..).unwrap_or_default();
        let blank =
            rest.split_inclusive('\n').take_while(|line| line.ends_with('\n') && line.trim().is_empty());
        end = end.saturating_add(blank.map(str::len).sum());
    }
    end
}

/// Inserts below a key whose value is empty: `resources:` with nothing behind it.
fn insert_below(
    text: &str,
    file: &File<'_>,
    start: &Node<'_>,
    set: &Set,
    depth: usize,
) -> Result<Edit, Fault> {
    let path = set.path.join(".");
    let mut holder = start;
    let mut entry = None;
    let mut in_flow = false;
    for key in set.path.get(..depth).unwrap_or_default() {
        in_flow |= holder.is_flow();
        if let (Value::Sequence(items), Ok(index)) = (&holder.value, key.parse::<usize>()) {
            (entry, holder) = (None, items.get(index).unwrap_or(holder));
            continue;
        }
        entry = holder.entries().iter().find(|entry| entry.key == *key);
        holder = entry.map_or(holder, |entry| &entry.value);
    }
    let rest = set.path.get(depth..).unwrap_or_default();
    // A null that is written out makes room for a mapping in its line.
    if entry.is_some()
        && holder.scalar().is_some_and(|scalar| scalar.style == Style::Plain && scalar.is_null())
    {
        let inner = format!("{{{}}}", flow_text(rest, &set.value, is_json(text)));
        return Ok(Edit::new(text, holder.range.clone(), inner, path));
    }
    let empty = holder.scalar().is_some_and(|scalar| scalar.style == Style::Empty);
    let Some(entry) = entry.filter(|_| empty) else {
        let problem = "a value stands where a mapping is expected";
        return Err(Fault::new("change.type_mismatch", path, problem, "edit this value by hand"));
    };
    if in_flow {
        let inner = format!(" {{{}}}", flow_text(rest, &set.value, is_json(text)));
        return Ok(Edit::new(text, entry.colon..entry.colon, inner, path));
    }
    let step = step(text, file, &[start]);
    let column = column(text, entry).saturating_add(step);
    Ok(insert_lines(text, entry.colon, &block_lines(rest, &set.value, column, step), path))
}

/// Bytes between the start of the line and the key.
fn column(text: &str, entry: &Entry<'_>) -> usize {
    let before = text.get(..entry.start).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    line.trim_start_matches('\u{feff}').len()
}

/// How far a mapping is indented below its key: as the first one within `near`, else the first one in the file, else 2.
fn step(text: &str, file: &File<'_>, near: &[&Node<'_>]) -> usize {
    fn first(text: &str, node: &Node<'_>) -> Option<usize> {
        for entry in node.entries() {
            if let Value::Mapping { flow: false, entries } = &entry.value.value
                && let Some(inner) = entries.first()
            {
                return column(text, inner).checked_sub(column(text, entry)).filter(|step| *step > 0);
            }
            if let Some(step) = first(text, &entry.value) {
                return Some(step);
            }
        }
        node.items().iter().find_map(|item| first(text, item))
    }
    near.iter().copied().chain(&file.documents).find_map(|node| first(text, node)).unwrap_or(2)
}

fn flow_text(keys: &[String], value: &str, json: bool) -> String {
    match keys.split_first() {
        None => value_text(value, json),
        Some((key, [])) => format!("{}: {}", key_text(key, json), value_text(value, json)),
        Some((key, rest)) => format!("{}: {{{}}}", key_text(key, json), flow_text(rest, value, json)),
    }
}

/// The lines of nested keys, without line ends.
fn block_lines(keys: &[String], value: &str, column: usize, step: usize) -> Vec<String> {
    let last = keys.len().saturating_sub(1);
    let line = |(depth, key): (usize, &String)| {
        let indent = " ".repeat(column.saturating_add(step.saturating_mul(depth)));
        let end = if depth == last { format!(" {}", plain(value)) } else { String::new() };
        format!("{indent}{}:{end}", word(key))
    };
    keys.iter().enumerate().map(line).collect()
}

/// Inserts lines below the one that holds byte `after`, with the line ends of the file.
fn insert_lines(text: &str, after: usize, lines: &[String], path: String) -> Edit {
    let rest = text.get(after..).unwrap_or_default();
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let ended = after > 0 && text.get(..after).is_some_and(|before| before.ends_with('\n'));
    let (at, new) = match rest.find('\n') {
        _ if ended => (after, lines.iter().map(|line| format!("{line}{newline}")).collect()),
        Some(end) => {
            let lines: String = lines.iter().map(|line| format!("{line}{newline}")).collect();
            (after.saturating_add(end).saturating_add(1), lines)
        }
        // The last line has no end, and gets none.
        None => (text.len(), lines.iter().map(|line| format!("{newline}{line}")).collect()),
    };
    Edit::new(text, at..at, new, path)
}
