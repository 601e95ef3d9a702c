use std::borrow::Cow;

/// A value of a record's mapping view: what JSON can hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Field<'a> {
    /// Text.
    Text(Cow<'a, str>),
    /// A whole number.
    Count(u64),
    /// A number.
    Number(f64),
    /// Not known.
    Null,
}

impl Field<'_> {
    /// A number, or null when not known.
    pub(super) fn number(value: Option<f64>) -> Self {
        value.map_or(Self::Null, Self::Number)
    }
}

impl From<Field<'_>> for serde_json::Value {
    fn from(field: Field<'_>) -> Self {
        match field {
            Field::Text(text) => Self::String(text.into_owned()),
            Field::Count(count) => Self::from(count),
            Field::Number(number) => Self::from(number),
            Field::Null => Self::Null,
        }
    }
}
