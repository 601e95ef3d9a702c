//! JSON with the text of its numbers: what every decision is made on.
//!
//! Object members keep the order in which they were written; a number keeps its digits, so that nothing is decided on
//! a rounded value.

mod convert;
mod number;
mod object;
mod read;
mod write;

pub use number::{Number, NumberError};
pub use object::Object;
pub use read::{Limits, MAX_DEPTH, ReadError, read};
pub use write::write_string;

/// One JSON value.
///
/// Equality compares numbers by their text and members in order.
#[derive(Debug, Clone, PartialEq, Eq)]
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

impl Json {
    /// An object of these members, in this order; of two members with the same name the last counts.
    ///
    /// ```
    /// use finops_core::json::Json;
    /// let answer = Json::object([("ok", Json::from(true)), ("rows", Json::array([1_i64, 2]))]);
    /// assert_eq!(answer.to_text(), r#"{"ok":true,"rows":[1,2]}"#);
    /// ```
    pub fn object<K: Into<String>>(members: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Object(members.into_iter().collect())
    }

    /// A list of these values.
    pub fn array<V: Into<Self>>(values: impl IntoIterator<Item = V>) -> Self {
        Self::Array(values.into_iter().map(Into::into).collect())
    }

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

    /// Whether this is `null`.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The truth value, if this is one.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The number, if this is one.
    #[must_use]
    pub const fn as_number(&self) -> Option<&Number> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The text, if this is a string.
    #[must_use]
    pub const fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// The values, if this is a list.
    #[must_use]
    pub const fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(values) => Some(values.as_slice()),
            _ => None,
        }
    }

    /// The members, if this is an object.
    #[must_use]
    pub const fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The member `name` of an object.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.as_object().and_then(|members| members.get(name))
    }

    /// The value at an RFC 6901 pointer: `""` is the whole, `/tags/0` the first tag, `/a~1b` the member `a/b`.
    ///
    /// ```
    /// use finops_core::json::Json;
    /// let value = Json::object([("a/b", Json::array(["x"]))]);
    /// assert_eq!(value.pointer("/a~1b/0"), Some(&Json::from("x")));
    /// assert_eq!(value.pointer("/a~1b/00"), None);
    /// ```
    #[must_use]
    pub fn pointer(&self, pointer: &str) -> Option<&Self> {
        steps(pointer)?.try_fold(self, |value, step| match value {
            Self::Object(members) => members.get(&step),
            Self::Array(values) => values.get(index(&step)?),
            _ => None,
        })
    }

    /// The value at an RFC 6901 pointer, to be changed in place.
    pub fn pointer_mut(&mut self, pointer: &str) -> Option<&mut Self> {
        steps(pointer)?.try_fold(self, |value, step| match value {
            Self::Object(members) => members.get_mut(&step),
            Self::Array(values) => values.get_mut(index(&step)?),
            _ => None,
        })
    }

    /// How many values this holds, itself and every value inside included.
    #[must_use]
    pub fn nodes(&self) -> usize {
        let inside = match self {
            Self::Array(values) => values.iter().map(Self::nodes).fold(0, usize::saturating_add),
            Self::Object(members) => members.values().map(Self::nodes).fold(0, usize::saturating_add),
            _ => 0,
        };
        inside.saturating_add(1)
    }
}

/// `/cost_tags/a~1b` for the steps `cost_tags`, `a/b` (RFC 6901).
#[must_use]
pub fn pointer_of<'a>(steps: impl IntoIterator<Item = &'a str>) -> String {
    let mut pointer = String::new();
    for step in steps {
        pointer.push('/');
        for letter in step.chars() {
            match letter {
                '~' => pointer.push_str("~0"),
                '/' => pointer.push_str("~1"),
                other => pointer.push(other),
            }
        }
    }
    pointer
}

fn steps(pointer: &str) -> Option<impl Iterator<Item = String>> {
    let rest = if pointer.is_empty() { None } else { Some(pointer.strip_prefix('/')?) };
    let steps = rest.into_iter().flat_map(|rest| rest.split('/'));
    Some(steps.map(|step| step.replace("~1", "/").replace("~0", "~")))
}

/// An index is digits without a leading zero (RFC 6901, section 4).
fn index(step: &str) -> Option<usize> {
    let plain = step == "0" || (!step.starts_with('0') && step.bytes().all(|byte| byte.is_ascii_digit()));
    if plain { step.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_follow_rfc_6901() {
        let value = read(br#"{"":{"":1},"a~b":[{"x":2}],"/":3}"#, &Limits::default()).unwrap();
        let text = |pointer| value.pointer(pointer).map(Json::to_text);
        assert_eq!(text("//").as_deref(), Some("1"));
        assert_eq!(text("/a~0b/0/x").as_deref(), Some("2"));
        assert_eq!(text("/~1").as_deref(), Some("3"));
        assert_eq!(text("").as_deref(), Some(value.to_text().as_str()));
        for absent in ["a", "/a~0b/-", "/a~0b/1", "/a~0b/+0", "/a~0b/0/x/y"] {
            assert_eq!(text(absent), None, "{absent}");
        }
        assert_eq!(pointer_of(["a~b", "/", ""]), "/a~0b/~1/");
    }

    #[test]
    fn a_value_is_changed_in_place() {
        let mut value = read(br#"{"a":[1,{"b":2}]}"#, &Limits::default()).unwrap();
        *value.pointer_mut("/a/1/b").unwrap() = Json::Null;
        assert_eq!(value.to_text(), r#"{"a":[1,{"b":null}]}"#);
        assert_eq!(value.nodes(), 5);
    }
}
