//! A YAML file as places: what stands where, and what it says.

use rowan::{NodeOrToken, ast::AstNode};
use std::ops::Range;
use yaml_edit::{SyntaxKind as Kind, YamlFile};

type Syntax = rowan::SyntaxNode<yaml_edit::Lang>;

/// A value with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    /// Bytes of the value alone: no anchor, tag, comment or white space around it.
    pub range: Range<usize>,
    /// Whether an anchor stands before it or a tag; both are left alone.
    pub anchored: bool,
    pub tagged: bool,
    pub value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// Text as it is written, quotes included.
    Scalar(Scalar),
    Mapping {
        flow: bool,
        entries: Vec<Entry>,
    },
    Sequence(Vec<Node>),
    /// A reference to an anchor.
    Alias,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scalar {
    pub style: Style,
    /// Without quotes.
    pub text: String,
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
pub(super) struct Entry {
    pub key: String,
    /// Where the key starts, anchor and quote included.
    pub start: usize,
    /// Behind the colon.
    pub colon: usize,
    pub value: Node,
}

impl Entry {
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

impl Node {
    pub fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// Whether it is a mapping in braces.
    pub const fn is_flow(&self) -> bool {
        matches!(self.value, Value::Mapping { flow: true, .. })
    }

    pub fn entries(&self) -> &[Entry] {
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
        fn write(node: &Node, out: &mut String) {
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

    /// The text of the scalar under this key.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.scalar().map(|scalar| scalar.text.as_str())
    }
}

/// What a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    /// The value of each document that has one.
    pub documents: Vec<Node>,
    /// Whether `{{` stands outside quotes, comments and block scalars.
    pub template: bool,
}

/// Reads a file; `Err` with the parser's remark where it is no YAML.
pub(super) fn parse(text: &str) -> Result<File, String> {
    if let Some((at, found)) = text.char_indices().find(|(_, found)| !is_printable(*found)) {
        return Err(format!("byte {at} is U+{:04X}, which no YAML may hold", u32::from(found)));
    }
    let parsed = YamlFile::parse(text);
    let file = parsed.tree();
    let root = file.syntax();
    let template = text.contains("{{") && has_template(root);
    if let Some(error) = parsed.errors().first()
        && !template
    {
        return Err(error.clone());
    }
    let documents = root.children().filter(|node| node.kind() == Kind::DOCUMENT);
    Ok(File { documents: documents.filter_map(|document| first_value(&document)).collect(), template })
}

/// What a YAML file may hold (YAML 1.2.2, section 5.1, `c-printable`): the parser takes more, and reads it otherwise in
/// another place.
const fn is_printable(found: char) -> bool {
    matches!(found, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{A0}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}'
        | '\u{10000}'..='\u{10FFFF}')
}

/// Whether two braces open in a row where no text is.
fn has_template(root: &Syntax) -> bool {
    let mut after_brace = None;
    for token in root.descendants_with_tokens().filter_map(NodeOrToken::into_token) {
        let start = usize::from(token.text_range().start());
        match token.kind() {
            Kind::LEFT_BRACE => {
                if after_brace == Some(start) {
                    return true;
                }
                after_brace = Some(start.saturating_add(1));
            }
            Kind::COMMENT => {}
            _ => {
                let text = token.text();
                let quoted = text.starts_with(['"', '\'']);
                if !quoted && text.contains("{{") && !in_block_scalar(&token) {
                    return true;
                }
            }
        }
    }
    false
}

fn in_block_scalar(token: &rowan::SyntaxToken<yaml_edit::Lang>) -> bool {
    token.parent().is_some_and(|scalar| scalar.kind() == Kind::SCALAR && is_block(&scalar))
}

fn is_block(scalar: &Syntax) -> bool {
    scalar.first_token().is_some_and(|first| matches!(first.kind(), Kind::PIPE | Kind::GREATER))
}

fn span(node: &Syntax) -> Range<usize> {
    let range = node.text_range();
    usize::from(range.start())..usize::from(range.end())
}

/// The value that a document, an entry's VALUE or a sequence's entry holds.
fn first_value(holder: &Syntax) -> Option<Node> {
    let anchored = holder.children_with_tokens().any(|child| child.kind() == Kind::ANCHOR);
    let mut node = holder.children().find_map(|child| value(&child))?;
    node.anchored |= anchored;
    Some(node)
}

fn value(node: &Syntax) -> Option<Node> {
    let plain = |value| Some(Node { range: trimmed(node), anchored: false, tagged: false, value });
    match node.kind() {
        Kind::SCALAR => {
            let scalar = scalar(node);
            let range = if scalar.style == Style::Block { block_span(node) } else { span(node) };
            Some(Node { range, anchored: false, tagged: false, value: Value::Scalar(scalar) })
        }
        Kind::ALIAS => plain(Value::Alias),
        Kind::SEQUENCE => {
            let entries = node.children().filter(|child| child.kind() == Kind::SEQUENCE_ENTRY);
            let empty = |entry: &Syntax| Node {
                range: span(entry).end..span(entry).end,
                anchored: false,
                tagged: false,
                value: Value::Scalar(Scalar { style: Style::Empty, text: String::new() }),
            };
            plain(Value::Sequence(
                entries.map(|entry| first_value(&entry).unwrap_or_else(|| empty(&entry))).collect(),
            ))
        }
        Kind::MAPPING => {
            let flow = node.first_token().is_some_and(|token| token.kind() == Kind::LEFT_BRACE);
            let entries = node.children().filter(|child| child.kind() == Kind::MAPPING_ENTRY);
            plain(Value::Mapping { flow, entries: entries.map(|item| entry(&item)).collect() })
        }
        Kind::TAGGED_NODE => {
            let inner = node.children().find_map(|child| value(&child));
            let empty = Scalar { style: Style::Empty, text: String::new() };
            let mut inner = match inner {
                Some(inner) => inner,
                None => plain(Value::Scalar(empty))?,
            };
            inner.tagged = true;
            inner.anchored |= node.children_with_tokens().any(|child| child.kind() == Kind::ANCHOR);
            Some(inner)
        }
        _ => None,
    }
}

fn entry(node: &Syntax) -> Entry {
    let (mut key_node, mut value_node, mut colon) = (None, None, None);
    for child in node.children_with_tokens() {
        match child {
            NodeOrToken::Node(child) if child.kind() == Kind::KEY && key_node.is_none() => {
                key_node = Some(child);
            }
            NodeOrToken::Node(child) if child.kind() == Kind::VALUE && value_node.is_none() => {
                value_node = Some(child);
            }
            NodeOrToken::Token(token) if token.kind() == Kind::COLON && colon.is_none() => {
                colon = Some(token);
            }
            _ => {}
        }
    }
    let key = key_node.as_ref().and_then(first_value);
    let start = key_node.as_ref().map_or_else(|| span(node).start, |key| span(key).start);
    let colon = colon.map_or_else(
        || key_node.as_ref().map_or(start, |key| span(key).end),
        |colon| usize::from(colon.text_range().end()),
    );
    let empty = || Node {
        range: colon..colon,
        anchored: false,
        tagged: false,
        value: Value::Scalar(Scalar { style: Style::Empty, text: String::new() }),
    };
    // Wherever the parser puts a value that is not written: it goes behind the colon.
    let value = value_node.and_then(|value| first_value(&value)).map(|value| match value.scalar() {
        Some(Scalar { style: Style::Empty, .. }) => Node { range: colon..colon, ..value },
        _ => value,
    });
    Entry {
        // A key that is no scalar is nothing that a manifest has: it equals no name.
        key: key.and_then(|key| key.scalar().map(|scalar| scalar.text.clone())).unwrap_or_default(),
        start,
        colon,
        value: value.unwrap_or_else(empty),
    }
}

/// The bytes of a node without the white space and comments at its end.
fn trimmed(node: &Syntax) -> Range<usize> {
    let range = span(node);
    let blank = |kind: Kind| matches!(kind, Kind::WHITESPACE | Kind::NEWLINE | Kind::INDENT | Kind::COMMENT);
    let mut last = node.last_token();
    while let Some(token) = last {
        let start = usize::from(token.text_range().start());
        if start < range.start {
            break;
        }
        // What looks like a comment in a block scalar is text.
        if let Some(scalar) =
            token.parent().filter(|scalar| scalar.kind() == Kind::SCALAR && is_block(scalar))
        {
            return range.start..block_span(&scalar).end.max(range.start);
        }
        if !blank(token.kind()) && !token.text().is_empty() {
            return range.start..usize::from(token.text_range().end());
        }
        last = token.prev_token();
    }
    range
}

/// The bytes of a block scalar without the white space at its end.
fn block_span(scalar: &Syntax) -> Range<usize> {
    let range = span(scalar);
    let text = scalar.text().to_string();
    range.start..range.start.saturating_add(text.trim_end().len())
}

/// A block scalar as it is written, without the line ends that its header drops: they belong to nobody.
fn block_text(written: &str) -> String {
    let header = written.lines().next().and_then(|line| line.split('#').next()).unwrap_or_default();
    let body = written.trim_end_matches([' ', '\n', '\r']);
    if header.contains('+') {
        written.to_owned()
    } else if header.contains('-') || !written.get(body.len()..).is_some_and(|rest| rest.contains('\n')) {
        body.to_owned()
    } else {
        format!("{body}\n")
    }
}

fn scalar(node: &Syntax) -> Scalar {
    let written = node.text().to_string();
    let (style, text) = if is_block(node) {
        (Style::Block, block_text(&written))
    } else if written.is_empty() {
        (Style::Empty, String::new())
    } else {
        let style = match written.as_bytes().first() {
            Some(b'\'') => Style::Single,
            Some(b'"') => Style::Double,
            _ if !written.contains('\n') => return Scalar { style: Style::Plain, text: written },
            _ => Style::Plain,
        };
        (style, yaml_edit::Scalar::cast(node.clone()).map_or(written, |scalar| scalar.as_string()))
    };
    Scalar { style, text }
}
