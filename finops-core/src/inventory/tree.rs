//! JSON as it is read: texts and numbers stay in the bytes they came from, so that one object at a time is cheap.

use crate::json::Json;
use jiter::{Jiter, JiterError, Peek};
use std::{borrow::Cow, fmt};

/// One JSON value; members in the order of the text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree<'j> {
    Null,
    Bool(bool),
    /// The digits as written.
    Number(&'j str),
    String(Cow<'j, str>),
    Array(Vec<Tree<'j>>),
    Object(Vec<(Cow<'j, str>, Tree<'j>)>),
}

impl<'j> Tree<'j> {
    /// The member `name`; of two the last, as `json.loads` and Go read it.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => {
                let member = members.iter().rev().find(|(key, _)| key == name)?;
                (member.1 != Self::Null).then_some(&member.1)
            }
            _ => None,
        }
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(values) => Some(values),
            _ => None,
        }
    }

    /// `an object`, `a list`, … for messages.
    pub(super) const fn what(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

impl<'j> From<&'j Json> for Tree<'j> {
    fn from(value: &'j Json) -> Self {
        match value {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => Self::Number(number.text()),
            Json::String(text) => Self::String(Cow::Borrowed(text)),
            Json::Array(values) => Self::Array(values.iter().map(Self::from).collect()),
            Json::Object(members) => Self::Object(
                members.iter().map(|(name, value)| (Cow::Borrowed(name), Self::from(value))).collect(),
            ),
        }
    }
}

/// Why bytes are no document.
#[derive(Debug, PartialEq)]
pub(super) enum Bad {
    /// Not JSON, from this byte on.
    Syntax { offset: usize, problem: String },
    /// More containers inside one another than allowed.
    Deep,
}

impl From<JiterError> for Bad {
    fn from(error: JiterError) -> Self {
        Self::Syntax { offset: error.index, problem: error.error_type.to_string() }
    }
}

/// A document that is read value by value.
pub(super) struct Source<'j> {
    data: &'j [u8],
    jiter: Jiter<'j>,
    /// How many more containers may open.
    left: usize,
    /// Names of members that are not kept when they hold an object or a list.
    dropped: &'static [&'static str],
}

impl<'j> Source<'j> {
    pub(super) fn new(data: &'j [u8], depth: usize, dropped: &'static [&'static str]) -> Self {
        Self { data, jiter: Jiter::new(data), left: depth, dropped }
    }

    pub(super) fn peek(&mut self) -> Result<Peek, Bad> {
        Ok(self.jiter.peek()?)
    }

    /// Where the next byte to read is.
    pub(super) fn offset(&self) -> usize {
        self.jiter.current_index()
    }

    /// Reads over one value.
    pub(super) fn skip(&mut self, peek: Peek) -> Result<(), Bad> {
        Ok(self.jiter.known_skip(peek)?)
    }

    /// Refuses anything after the document.
    pub(super) fn finish(&mut self) -> Result<(), Bad> {
        Ok(self.jiter.finish()?)
    }

    /// Calls `each` at every member of the object that is next; `each` must read the value.
    pub(super) fn object(
        &mut self,
        mut each: impl FnMut(&mut Self, &str) -> Result<(), Bad>,
    ) -> Result<(), Bad> {
        self.left = self.left.checked_sub(1).ok_or(Bad::Deep)?;
        let mut start = self.jiter.current_index();
        let mut next = self.jiter.known_object()?.map(|key| borrowed(self.data, start, key));
        while let Some(key) = next {
            each(self, &key)?;
            start = self.jiter.current_index();
            next = self.jiter.next_key()?.map(|key| borrowed(self.data, start, key));
        }
        self.left = self.left.saturating_add(1);
        Ok(())
    }

    /// Calls `each` at every value of the list that is next; `each` must read the value.
    pub(super) fn array(
        &mut self,
        mut each: impl FnMut(&mut Self, Peek) -> Result<(), Bad>,
    ) -> Result<(), Bad> {
        self.left = self.left.checked_sub(1).ok_or(Bad::Deep)?;
        let mut next = self.jiter.known_array()?;
        while let Some(peek) = next {
            each(self, peek)?;
            next = self.jiter.array_step()?;
        }
        self.left = self.left.saturating_add(1);
        Ok(())
    }

    /// The text that is next, for a moment.
    pub(super) fn text(&mut self) -> Result<&str, Bad> {
        Ok(self.jiter.known_str()?)
    }

    /// The digits of the number that is next.
    pub(super) fn number(&mut self, peek: Peek) -> Result<&'j str, Bad> {
        let start = self.jiter.current_index();
        self.jiter.known_number_bytes(peek)?;
        let text = self.data.get(start..self.jiter.current_index()).unwrap_or_default();
        std::str::from_utf8(text)
            .map_err(|_| Bad::Syntax { offset: start, problem: "invalid number".to_owned() })
    }

    /// The value that is next.
    pub(super) fn tree(&mut self, peek: Peek) -> Result<Tree<'j>, Bad> {
        Ok(match peek {
            Peek::Null => {
                self.jiter.known_null()?;
                Tree::Null
            }
            Peek::True | Peek::False => Tree::Bool(self.jiter.known_bool(peek)?),
            Peek::String => {
                let start = self.jiter.current_index();
                let data = self.data;
                Tree::String(borrowed(data, start, self.jiter.known_str()?))
            }
            Peek::Array => {
                let mut values = Vec::new();
                self.array(|source, peek| {
                    values.push(source.tree(peek)?);
                    Ok(())
                })?;
                Tree::Array(values)
            }
            Peek::Object => self.members()?,
            _ => Tree::Number(self.number(peek)?),
        })
    }

    fn members(&mut self) -> Result<Tree<'j>, Bad> {
        self.left = self.left.checked_sub(1).ok_or(Bad::Deep)?;
        let data = self.data;
        let mut members = Vec::new();
        let mut start = self.jiter.current_index();
        let mut next = self.jiter.known_object()?.map(|key| borrowed(data, start, key));
        while let Some(key) = next {
            let peek = self.jiter.peek()?;
            if matches!(peek, Peek::Object | Peek::Array) && self.dropped.contains(&&*key) {
                self.jiter.known_skip(peek)?;
            } else {
                let value = self.tree(peek)?;
                members.push((key, value));
            }
            start = self.jiter.current_index();
            next = self.jiter.next_key()?.map(|key| borrowed(data, start, key));
        }
        self.left = self.left.saturating_add(1);
        Ok(Tree::Object(members))
    }
}

/// `text` as it stands in `data` at the first quote from `start` on; a copy where it was escaped.
fn borrowed<'j>(data: &'j [u8], start: usize, text: &str) -> Cow<'j, str> {
    let rest = data.get(start..).unwrap_or_default();
    let quote = rest.iter().position(|byte| *byte == b'"').unwrap_or(rest.len());
    let raw = rest.get(quote.saturating_add(1)..).unwrap_or_default();
    match raw.get(..text.len()) {
        Some(same) if same == text.as_bytes() && raw.get(text.len()) == Some(&b'"') => {
            std::str::from_utf8(same).map_or_else(|_| Cow::Owned(text.to_owned()), Cow::Borrowed)
        }
        _ => Cow::Owned(text.to_owned()),
    }
}

/// A place in a document: the way down to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'p> {
    up: Option<&'p At<'p>>,
    step: Step<'p>,
}

#[derive(Debug, Clone, Copy)]
enum Step<'p> {
    Root,
    Name(&'p str),
    Index(usize),
}

impl At<'static> {
    /// The document as a whole.
    pub(super) const ROOT: Self = At { up: None, step: Step::Root };
}

impl<'p> At<'p> {
    pub(super) const fn name<'q>(&'q self, name: &'q str) -> At<'q>
    where
        'p: 'q,
    {
        At { up: Some(self), step: Step::Name(name) }
    }

    pub(super) const fn index<'q>(&'q self, index: usize) -> At<'q>
    where
        'p: 'q,
    {
        At { up: Some(self), step: Step::Index(index) }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, indices: bool) -> fmt::Result {
        let root = self.up.is_none_or(|up| matches!(up.step, Step::Root));
        if let Some(up) = self.up {
            up.write(f, indices)?;
        }
        match self.step {
            Step::Root => Ok(()),
            Step::Name(name) => {
                write!(f, "{}{}", if root { "" } else { "." }, crate::error::shorten(name))
            }
            Step::Index(index) if indices => write!(f, "[{index}]"),
            Step::Index(_) => f.write_str("[]"),
        }
    }

    /// The place with `[]` for every index: the same for every element of a list.
    pub(super) fn pattern(&self) -> String {
        struct Pattern<'p>(&'p At<'p>);
        impl fmt::Display for Pattern<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.write(f, false)
            }
        }
        Pattern(self).to_string()
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, read};

    fn tree(text: &str) -> Result<Tree<'_>, Bad> {
        let mut source = Source::new(text.as_bytes(), 4, &["dropped"]);
        let peek = source.peek()?;
        let tree = source.tree(peek)?;
        source.finish()?;
        Ok(tree)
    }

    #[test]
    fn a_tree_is_what_json_reads() {
        let text =
            r#" { "a" : [1.50, -0, true, null, "x\ny", "é", ""], "b\u0062" : {"c":{}} , "\"":"\"q" } "#;
        let json = read(text.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(tree(text).unwrap(), Tree::from(&json));
        let borrowed_text = tree(r#"{"key":"value"}"#).unwrap();
        assert!(
            matches!(&borrowed_text, Tree::Object(m) if matches!(&m[0], (Cow::Borrowed("key"), Tree::String(Cow::Borrowed("value")))))
        );
        assert_eq!(tree(r#"{"a":1,"a":2}"#).unwrap().get("a"), Some(&Tree::Number("2")));
    }

    #[test]
    fn containers_of_dropped_names_are_left_out() {
        let text = r#"{"dropped":[1,{"a":2}],"kept":{"dropped":"text"}}"#;
        let found = tree(text).unwrap();
        assert_eq!(found.get("dropped"), None);
        assert_eq!(found.get("kept").unwrap().get("dropped").and_then(Tree::as_str), Some("text"));
    }

    #[test]
    fn bad_bytes_name_their_place() {
        assert_eq!(tree("[[[[]]]]").map(|_| ()), Ok(()));
        assert_eq!(tree("[[[[[]]]]]"), Err(Bad::Deep));
        assert!(matches!(tree("{\"a\":nope}"), Err(Bad::Syntax { offset: 6, .. })));
        assert!(matches!(tree("1 2"), Err(Bad::Syntax { offset: 2, .. })));
    }

    #[test]
    fn a_place_prints_as_a_path() {
        let items = At::ROOT.name("items");
        let (item, pattern) = (items.index(3), "items[].spec");
        let spec = item.name("spec");
        assert_eq!((spec.to_string().as_str(), spec.pattern().as_str()), ("items[3].spec", pattern));
        assert_eq!(At::ROOT.index(1).name("a").to_string(), "[1].a");
    }
}
