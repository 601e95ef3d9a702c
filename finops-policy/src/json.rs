//! JSON with the text of its numbers: what every decision is made on.
//!
//! Object members keep the order in which they were written; a number keeps its digits, so that nothing is decided on
//! a rounded value.

/// One JSON value.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it was written.
    Number(Number),
    /// Text, unescaped.
    String(String),
    /// A list.
    Array(Vec<Json>),
    /// An object in the order of its text.
    Object(Object),
}

/// The text of a JSON number, as it was written: valid by construction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number(Box<str>);

/// The members of an object in the order of the text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Object(Vec<(String, Json)>);

impl Number {
    /// The digits as written, for example `0.30` or `1e2`.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl Object {
    /// The member `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The members in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }
}

impl Json {
    /// `null`, `boolean`, `number`, `string`, `array` or `object`.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }

    /// The member `name` of an object.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.get(name),
            _ => None,
        }
    }
}
