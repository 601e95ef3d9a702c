//! A YAML file as places: what stands where, and what it says.

use std::{borrow::Cow, ops::Range};

/// A value with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node<'t> {
    /// Bytes of the value alone: no anchor, tag, comment or white space around it.
    pub range: Range<usize>,
    /// Whether an anchor stands before it or a tag; both are left alone.
    pub anchored: bool,
    pub tagged: bool,
    pub value: Value<'t>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value<'t> {
    /// Text as it is written, quotes included.
    Scalar(Scalar<'t>),
    Mapping {
        flow: bool,
        entries: Vec<Entry<'t>>,
    },
    Sequence(Vec<Node<'t>>),
    /// A reference to an anchor.
    Alias,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scalar<'t> {
    pub style: Style,
    /// Without quotes.
    pub text: Cow<'t, str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Nothing is written.
    Empty,
    Plain,
    Single,
    Double,
    /// Literal or folded.
    Block,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry<'t> {
    pub key: Cow<'t, str>,
    /// Where the key starts, anchor and quote included.
    pub start: usize,
    /// Behind the colon.
    pub colon: usize,
    pub value: Node<'t>,
}

impl Scalar<'_> {
    /// A value that is not written.
    pub const EMPTY: Self = Self { style: Style::Empty, text: Cow::Borrowed("") };

    /// Whether it is the null of YAML (1.2.2, section 10.3.2), written out or left away.
    pub fn is_null(&self) -> bool {
        match self.style {
            Style::Empty => true,
            Style::Plain => matches!(&*self.text, "" | "~" | "null" | "Null" | "NULL"),
            _ => false,
        }
    }
}

impl Entry<'_> {
    /// Behind the last byte that the entry says something with.
    pub fn end(&self) -> usize {
        self.value.range.end.max(self.colon)
    }

    /// Whether the entry ends with a block scalar that keeps the blank lines behind it (`|+`).
    pub fn keeps_blank_lines(&self) -> bool {
        let mut node = &self.value;
        loop {
            node = match &node.value {
                Value::Mapping { entries, .. } => match entries.last() {
                    Some(last) => &last.value,
                    None => return false,
                },
                Value::Sequence(items) => match items.last() {
                    Some(last) => last,
                    None => return false,
                },
                Value::Scalar(Scalar { style: Style::Block, text }) => {
                    let header = text.lines().next().unwrap_or_default();
                    return header.split('#').next().unwrap_or_default().contains('+');
                }
                _ => return false,
            };
        }
    }
}

impl<'t> Node<'t> {
    pub fn scalar(&self) -> Option<&Scalar<'t>> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// Whether it is a mapping in braces.
    pub const fn is_flow(&self) -> bool {
        matches!(self.value, Value::Mapping { flow: true, .. })
    }

    pub fn entries(&self) -> &[Entry<'t>] {
        match &self.value {
            Value::Mapping { entries, .. } => entries,
            _ => &[],
        }
    }

    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::Sequence(items) => items,
            _ => &[],
        }
    }

    /// The only value of this key; `None` where there is none or more than one.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let mut found = self.entries().iter().filter(|entry| entry.key == key);
        found.next().filter(|_| found.next().is_none()).map(|entry| &entry.value)
    }

    /// What the value says, wherever it stands: scalars with their style, keys and items in order.
    pub fn said(&self) -> String {
        fn write(node: &Node<'_>, out: &mut String) {
            out.extend(node.anchored.then_some('&'));
            out.extend(node.tagged.then_some('!'));
            match &node.value {
                Value::Scalar(scalar) => out.push_str(&format!("{:?}{:?}", scalar.style, scalar.text)),
                Value::Alias => out.push('*'),
                Value::Sequence(items) => {
                    out.push('[');
                    items.iter().for_each(|item| {
                        write(item, out);
                        out.push(',');
                    });
                    out.push(']');
                }
                Value::Mapping { flow, entries } => {
                    out.push(if *flow { '<' } else { '{' });
                    for entry in entries {
                        out.push_str(&format!("{:?}:", entry.key));
                        write(&entry.value, out);
                        out.push(',');
                    }
                    out.push('}');
                }
            }
        }
        let mut out = String::new();
        write(self, &mut out);
        out
    }

    /// The text of the scalar under this key; a null is none, as for the API server.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.scalar().filter(|scalar| !scalar.is_null()).map(|scalar| &*scalar.text)
    }
}

/// What a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File<'t> {
    /// The value of each document that has one.
    pub documents: Vec<Node<'t>>,
    /// Whether `{{` stands outside quotes, comments and block scalars.
    pub template: bool,
}
