//! From and to plain values and `serde_json`.

use super::{Json, Number, NumberError, Object};
use serde_json::Value;

macro_rules! from_integers {
    ($($integer:ty)*) => {$(
        impl From<$integer> for Json {
            fn from(value: $integer) -> Self {
                Self::Number(value.into())
            }
        }
    )*};
}

from_integers!(i32 i64 i128 u8 u16 u32 u64 u128 usize);

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<&String> for Json {
    fn from(text: &String) -> Self {
        Self::String(text.clone())
    }
}

impl From<Number> for Json {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

impl From<Object> for Json {
    fn from(members: Object) -> Self {
        Self::Object(members)
    }
}

impl<V: Into<Json>> From<Vec<V>> for Json {
    fn from(values: Vec<V>) -> Self {
        Self::array(values)
    }
}

impl<V: Into<Json>> From<Option<V>> for Json {
    /// Nothing is `null`.
    fn from(value: Option<V>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(number) => Self::Number((&number).into()),
            Value::String(text) => Self::String(text),
            Value::Array(values) => Self::array(values),
            Value::Object(members) => {
                let members = members.into_iter().map(|(name, value)| (name, value.into()));
                Self::Object(Object::from_members(members.collect()))
            }
        }
    }
}

impl TryFrom<&Json> for Value {
    type Error = NumberError;

    /// Numbers become integers of 64 bits, else the nearest double.
    ///
    /// # Errors
    /// `policy.eval` for a number beyond the largest double.
    fn try_from(value: &Json) -> Result<Self, NumberError> {
        Ok(match value {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => Self::Number(number.try_into()?),
            Json::String(text) => Self::String(text.clone()),
            Json::Array(values) => {
                values.iter().map(Self::try_from).collect::<Result<_, _>>().map(Self::Array)?
            }
            Json::Object(members) => {
                let members =
                    members.iter().map(|(name, value)| Ok((name.to_owned(), Self::try_from(value)?)));
                members.collect::<Result<_, _>>().map(Self::Object)?
            }
        })
    }
}

impl TryFrom<Json> for Value {
    type Error = NumberError;

    /// As from a borrowed value.
    ///
    /// # Errors
    /// `policy.eval` for a number beyond the largest double.
    fn try_from(value: Json) -> Result<Self, NumberError> {
        Self::try_from(&value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, read};

    #[test]
    fn a_value_goes_there_and_back() {
        let text = r#"{"a":[null,true,-0.0,18446744073709551615,0.1,"é"],"b":{}}"#;
        let value = read(text.as_bytes(), &Limits::default()).unwrap();
        let plain = Value::try_from(&value).unwrap();
        assert_eq!(plain, serde_json::from_str::<Value>(text).unwrap());
        assert_eq!(Json::from(plain), value);
        assert!(Value::try_from(Json::array([Number::new("1e999").unwrap()])).is_err());
        assert_eq!(Json::from(None::<i64>), Json::Null);
    }
}
