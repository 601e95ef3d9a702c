//! Errors as JSON text in the reason of a native error; `ts/native.ts` gives each its class.

use finops::{BudgetError, Error};
use serde_json::{Value, json};

/// The JSON that JavaScript makes an exception from.
pub fn told(error: &Error) -> String {
    let mut value = json!({"code": error.code(), "path": error.path(), "message": error.to_string()});
    if let (Error::Budget(budget), Value::Object(fields)) = (error, &mut value) {
        fields.insert("budget".to_owned(), json!(budget.budget()));
        if let BudgetError::Exceeded { remaining, requested, retry_at, .. } = budget {
            fields.insert("remaining".to_owned(), json!(remaining));
            fields.insert("requested".to_owned(), json!(requested));
            fields.insert("retry_at".to_owned(), json!(retry_at));
        }
    }
    value.to_string()
}

/// A native error that tells of `error`.
pub fn thrown(error: impl Into<Error>) -> napi::Error {
    napi::Error::from_reason(told(&error.into()))
}
