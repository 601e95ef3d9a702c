//! From the syntax tree of a file to its values.
//!
//! The tree's green nodes know their lengths alone, and their places are counted on the way down: cursors, which know
//! both, cost one allocation a step.

use super::tree::{Entry, File, Node, Scalar, Style, Value};
use rowan::{GreenNodeData, GreenTokenData, Language, NodeOrToken, ast::AstNode};
use std::{borrow::Cow, ops::Range};
use yaml_edit::{Lang, SyntaxKind as Kind, YamlFile};

/// Reads a file; `Err` with the parser's remark where it is no YAML.
pub(super) fn parse(text: &str) -> Result<File<'_>, String> {
    let plain = |byte: u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    if !text.bytes().all(plain)
        && let Some((at, found)) = text.char_indices().find(|(_, found)| !is_printable(*found))
    {
        return Err(format!("byte {at} is U+{:04X}, which no YAML may hold", u32::from(found)));
    }
    let parsed = YamlFile::parse(text);
    let tree = parsed.tree();
    let green = tree.syntax().green();
    let root = Syntax { green: &green, start: 0 };
    if root.end() != text.len() {
        return Err("the parser left a part of it out".to_owned());
    }
    let template = text.contains("{{") && has_template(root, &mut None);
    if !parsed.ok()
        && !template
        && let Some(error) = parsed.errors().into_iter().next()
    {
        return Err(error);
    }
    let reader = Reader { text };
    let documents = root.nodes().filter(|node| node.kind() == Kind::DOCUMENT);
    Ok(File { documents: documents.filter_map(|document| reader.first_value(document)).collect(), template })
}

/// What a YAML file may hold (YAML 1.2.2, section 5.1, `c-printable`): the parser takes more, and reads it otherwise in
/// another place.
const fn is_printable(found: char) -> bool {
    matches!(found, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{A0}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}'
        | '\u{10000}'..='\u{10FFFF}')
}

/// A node of the syntax tree with its place.
#[derive(Clone, Copy)]
struct Syntax<'g> {
    green: &'g GreenNodeData,
    start: usize,
}

/// A token with its place.
#[derive(Clone, Copy)]
struct Token<'g> {
    green: &'g GreenTokenData,
    start: usize,
}

type Element<'g> = NodeOrToken<Syntax<'g>, Token<'g>>;

impl<'g> Syntax<'g> {
    fn kind(self) -> Kind {
        Lang::kind_from_raw(self.green.kind())
    }

    fn end(self) -> usize {
        self.start.saturating_add(usize::from(self.green.text_len()))
    }

    fn children(self) -> impl Iterator<Item = Element<'g>> {
        let mut at = self.start;
        self.green.children().map(move |child| {
            let start = at;
            at = at.saturating_add(usize::from(child.text_len()));
            element(child, start)
        })
    }

    /// The children from the last to the first.
    fn children_back(self) -> impl Iterator<Item = Element<'g>> {
        let mut at = self.end();
        self.green.children().rev().map(move |child| {
            at = at.saturating_sub(usize::from(child.text_len()));
            element(child, at)
        })
    }

    fn nodes(self) -> impl Iterator<Item = Self> {
        self.children().filter_map(NodeOrToken::into_node)
    }

    fn has_anchor(self) -> bool {
        let anchor = Lang::kind_to_raw(Kind::ANCHOR);
        self.green.children().any(|child| child.kind() == anchor)
    }

    /// The kind of the first token.
    fn first_kind(self) -> Option<Kind> {
        let mut node = self.green;
        loop {
            match node.children().next()? {
                NodeOrToken::Node(inner) => node = inner,
                NodeOrToken::Token(token) => return Some(Lang::kind_from_raw(token.kind())),
            }
        }
    }

    /// Whether it is a literal or folded scalar.
    fn is_block(self) -> bool {
        self.kind() == Kind::SCALAR && matches!(self.first_kind(), Some(Kind::PIPE | Kind::GREATER))
    }
}

fn element<'g>(child: NodeOrToken<&'g GreenNodeData, &'g GreenTokenData>, start: usize) -> Element<'g> {
    match child {
        NodeOrToken::Node(green) => NodeOrToken::Node(Syntax { green, start }),
        NodeOrToken::Token(green) => NodeOrToken::Token(Token { green, start }),
    }
}

/// Whether two braces open in a row where no text is; `after_brace` is the place behind the last one.
fn has_template(node: Syntax<'_>, after_brace: &mut Option<usize>) -> bool {
    let block = node.is_block();
    node.children().any(|child| match child {
        NodeOrToken::Node(inner) => has_template(inner, after_brace),
        NodeOrToken::Token(token) => match Lang::kind_from_raw(token.green.kind()) {
            Kind::LEFT_BRACE => after_brace.replace(token.start.saturating_add(1)) == Some(token.start),
            Kind::COMMENT => false,
            _ => {
                let text = token.green.text();
                !block && !text.starts_with(['"', '\'']) && text.contains("{{")
            }
        },
    })
}

/// Behind the last byte of a node that says something: no white space and no comment; `None` where there is none.
fn content_end(text: &str, node: Syntax<'_>) -> Option<usize> {
    let blank = |kind: Kind| matches!(kind, Kind::WHITESPACE | Kind::NEWLINE | Kind::INDENT | Kind::COMMENT);
    node.children_back().find_map(|child| match child {
        // What looks like a comment in a block scalar is text.
        NodeOrToken::Node(inner) if inner.is_block() => Some(block_end(text, inner)),
        NodeOrToken::Node(inner) => content_end(text, inner),
        NodeOrToken::Token(token) => {
            let length = usize::from(token.green.text_len());
            let says = length > 0 && !blank(Lang::kind_from_raw(token.green.kind()));
            says.then(|| token.start.saturating_add(length))
        }
    })
}

/// Behind a block scalar without the white space at its end.
fn block_end(text: &str, scalar: Syntax<'_>) -> usize {
    let written = text.get(scalar.start..scalar.end()).unwrap_or_default();
    scalar.start.saturating_add(written.trim_end().len())
}

/// A block scalar as it is written, without the line ends that its header drops: they belong to nobody.
fn block_text(written: &str) -> Cow<'_, str> {
    let header = written.lines().next().and_then(|line| line.split('#').next()).unwrap_or_default();
    let body = written.trim_end_matches([' ', '\n', '\r']);
    let rest = written.get(body.len()..).unwrap_or_default();
    if header.contains('+') {
        Cow::Borrowed(written)
    } else if header.contains('-') || !rest.contains('\n') {
        Cow::Borrowed(body)
    } else if rest.starts_with('\n') {
        Cow::Borrowed(written.get(..body.len().saturating_add(1)).unwrap_or_default())
    } else {
        Cow::Owned(format!("{body}\n"))
    }
}

/// Makes values of nodes; every text is the file's own where quotes and line breaks allow it.
struct Reader<'t> {
    text: &'t str,
}

impl<'t> Reader<'t> {
    /// The value that a document, an entry's VALUE or a sequence's entry holds.
    fn first_value(&self, holder: Syntax<'_>) -> Option<Node<'t>> {
        let mut node = holder.nodes().find_map(|child| self.value(child))?;
        node.anchored |= holder.has_anchor();
        Some(node)
    }

    fn value(&self, node: Syntax<'_>) -> Option<Node<'t>> {
        match node.kind() {
            Kind::SCALAR => {
                let scalar = self.scalar(node);
                let end = if scalar.style == Style::Block { block_end(self.text, node) } else { node.end() };
                Some(at(node.start..end, Value::Scalar(scalar)))
            }
            Kind::ALIAS => Some(self.plain(node, Value::Alias)),
            Kind::SEQUENCE => {
                let entries = node.nodes().filter(|child| child.kind() == Kind::SEQUENCE_ENTRY);
                let item = |entry| self.first_value(entry).unwrap_or_else(|| empty(entry.end()));
                Some(self.plain(node, Value::Sequence(entries.map(item).collect())))
            }
            Kind::MAPPING => {
                let flow = node.first_kind() == Some(Kind::LEFT_BRACE);
                let entries = node.nodes().filter(|child| child.kind() == Kind::MAPPING_ENTRY);
                let entries = entries.map(|item| self.entry(item)).collect();
                Some(self.plain(node, Value::Mapping { flow, entries }))
            }
            Kind::TAGGED_NODE => {
                let inner = node.nodes().find_map(|child| self.value(child));
                let mut inner = inner.unwrap_or_else(|| self.plain(node, Value::Scalar(Scalar::EMPTY)));
                inner.tagged = true;
                inner.anchored |= node.has_anchor();
                Some(inner)
            }
            _ => None,
        }
    }

    /// A value without the white space and comments at its end.
    fn plain(&self, node: Syntax<'_>, value: Value<'t>) -> Node<'t> {
        let end = content_end(self.text, node).unwrap_or_else(|| node.end());
        at(node.start..end, value)
    }

    fn entry(&self, node: Syntax<'_>) -> Entry<'t> {
        let (mut key_node, mut value_node, mut colon) = (None, None, None);
        for child in node.children() {
            match child {
                NodeOrToken::Node(child) => match child.kind() {
                    Kind::KEY if key_node.is_none() => key_node = Some(child),
                    Kind::VALUE if value_node.is_none() => value_node = Some(child),
                    _ => {}
                },
                NodeOrToken::Token(token) => {
                    if colon.is_none() && Lang::kind_from_raw(token.green.kind()) == Kind::COLON {
                        colon = Some(token.start.saturating_add(usize::from(token.green.text_len())));
                    }
                }
            }
        }
        let start = key_node.map_or(node.start, |key| key.start);
        let colon = colon.unwrap_or_else(|| key_node.map_or(start, Syntax::end));
        // Wherever the parser puts a value that is not written: it goes behind the colon.
        let value = value_node.and_then(|value| self.first_value(value)).map(|value| match value.scalar() {
            Some(Scalar { style: Style::Empty, .. }) => Node { range: colon..colon, ..value },
            _ => value,
        });
        // A key that is no scalar is nothing that a manifest has: it equals no name.
        let key = key_node.and_then(|key| self.first_value(key)).map(|key| key.value);
        let key = if let Some(Value::Scalar(key)) = key { key.text } else { Cow::Borrowed("") };
        Entry { key, start, colon, value: value.unwrap_or_else(|| empty(colon)) }
    }

    fn scalar(&self, node: Syntax<'_>) -> Scalar<'t> {
        let written = self.text.get(node.start..node.end()).unwrap_or_default();
        let between = |quote: char| written.get(1..).and_then(|rest| rest.strip_suffix(quote));
        // Text that stands there as it is meant: no escape, no line break.
        let (style, text) = match written.bytes().next() {
            None => return Scalar::EMPTY,
            _ if node.is_block() => return Scalar { style: Style::Block, text: block_text(written) },
            Some(b'\'') => (Style::Single, between('\'').filter(|inner| !inner.contains(['\'', '\n', '\r']))),
            Some(b'"') => {
                (Style::Double, between('"').filter(|inner| !inner.contains(['"', '\\', '\n', '\r'])))
            }
            _ => (Style::Plain, Some(written).filter(|text| !text.contains('\n'))),
        };
        let meant = || {
            let scalar = yaml_edit::Scalar::cast(rowan::SyntaxNode::new_root(node.green.to_owned()));
            scalar.map_or_else(|| written.to_owned(), |scalar| scalar.as_string())
        };
        Scalar { style, text: text.map_or_else(|| Cow::Owned(meant()), Cow::Borrowed) }
    }
}

const fn at(range: Range<usize>, value: Value<'_>) -> Node<'_> {
    Node { range, anchored: false, tagged: false, value }
}

/// A value that is not written.
const fn empty<'t>(place: usize) -> Node<'t> {
    at(place..place, Value::Scalar(Scalar::EMPTY))
}
