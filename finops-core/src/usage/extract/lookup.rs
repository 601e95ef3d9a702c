use rust_decimal::Decimal;
use serde_json::Value;
use std::borrow::Cow;

/// Read access to a response body, whatever holds it: JSON, a Python object, a recorded stream.
///
/// A value of the implementing type is a handle: cheap to clone, as a reference is.
pub trait Lookup: Clone {
    /// The member `key` of an object; `None` when absent or null.
    fn get(&self, key: &str) -> Option<Self>;

    /// The element `index` of a list.
    fn item(&self, index: usize) -> Option<Self>;

    /// Elements of a list; `None` when it is no list.
    fn len(&self) -> Option<usize>;

    /// Whether a list has no elements; `None` when it is no list.
    fn is_empty(&self) -> Option<bool> {
        self.len().map(|len| len == 0)
    }

    /// The whole number of at least 0, an integral float included; `None` for anything else.
    fn as_u64(&self) -> Option<u64>;

    /// The text.
    fn as_str(&self) -> Option<Cow<'_, str>>;

    /// The number, exactly; `None` for text, booleans and what is not finite.
    fn as_decimal(&self) -> Option<Decimal>;

    /// The boolean.
    fn as_bool(&self) -> Option<bool>;

    /// What stands here, for an error message.
    fn describe(&self) -> String;

    /// Whether this is an object.
    fn is_object(&self) -> bool;
}

/// The count that a float states: whole, at least 0 and below 2^53, where floats are exact.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole and in range, as checked just before"
)]
pub fn integral(number: f64) -> Option<u64> {
    let whole = (0.0..9_007_199_254_740_992.0).contains(&number) && number.fract().abs() <= 0.0;
    whole.then_some(number as u64)
}

impl<'a> Lookup for &'a Value {
    #[inline]
    fn get(&self, key: &str) -> Option<Self> {
        let value: &'a Value = self;
        value.as_object()?.get(key).filter(|value| !value.is_null())
    }

    fn item(&self, index: usize) -> Option<Self> {
        let value: &'a Value = self;
        value.as_array()?.get(index)
    }

    fn len(&self) -> Option<usize> {
        self.as_array().map(Vec::len)
    }

    #[inline]
    fn as_u64(&self) -> Option<u64> {
        Value::as_u64(self).or_else(|| integral(self.as_f64()?))
    }

    fn as_str(&self) -> Option<Cow<'_, str>> {
        Value::as_str(self).map(Cow::Borrowed)
    }

    fn as_decimal(&self) -> Option<Decimal> {
        match (Value::as_u64(self), self.as_i64()) {
            (Some(count), _) => Some(count.into()),
            (None, Some(negative)) => Some(negative.into()),
            (None, None) => crate::money::decimal::from_f64(self.as_f64()?),
        }
    }

    fn as_bool(&self) -> Option<bool> {
        Value::as_bool(self)
    }

    fn describe(&self) -> String {
        match self {
            Value::String(text) => format!("the text `{}`", crate::error::shorten(text)),
            Value::Array(_) => "a list".to_owned(),
            Value::Object(_) => "an object".to_owned(),
            scalar => scalar.to_string(),
        }
    }

    fn is_object(&self) -> bool {
        Value::is_object(self)
    }
}

/// A body whose names are in snake case, as Google's Python SDK spells them, read by their camel case.
#[derive(Debug, Clone)]
pub struct SnakeCase<L>(pub L);

impl<L: Lookup> Lookup for SnakeCase<L> {
    fn get(&self, key: &str) -> Option<Self> {
        let mut snake = String::with_capacity(key.len().saturating_add(4));
        for letter in key.chars() {
            if letter.is_ascii_uppercase() {
                snake.push('_');
            }
            snake.push(letter.to_ascii_lowercase());
        }
        self.0.get(&snake).map(Self)
    }

    fn item(&self, index: usize) -> Option<Self> {
        self.0.item(index).map(Self)
    }

    fn len(&self) -> Option<usize> {
        self.0.len()
    }

    fn as_u64(&self) -> Option<u64> {
        self.0.as_u64()
    }

    fn as_str(&self) -> Option<Cow<'_, str>> {
        self.0.as_str()
    }

    fn as_decimal(&self) -> Option<Decimal> {
        self.0.as_decimal()
    }

    fn as_bool(&self) -> Option<bool> {
        self.0.as_bool()
    }

    fn describe(&self) -> String {
        self.0.describe()
    }

    fn is_object(&self) -> bool {
        self.0.is_object()
    }
}
