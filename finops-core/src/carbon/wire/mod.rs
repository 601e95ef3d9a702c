//! Every kind of computation as a function from JSON to JSON: what Python, Node, the command line and the vectors call.
//!
//! Numbers are read from JSON numbers or decimal text and written as JSON numbers.
//!
//! ```
//! use finops_core::carbon::wire;
//! let input = serde_json::json!({"unit": "joule", "value": "3600000"});
//! assert_eq!(wire::call("unit_to_kwh", &input)?, serde_json::json!({"kwh": 1.0}));
//! assert_eq!(wire::call("guess", &input).unwrap_err().path(), "kind");
//! # Ok::<(), finops_core::carbon::CarbonError>(())
//! ```

mod arithmetic;
mod config;
mod feeds;
mod grid;
mod hardware;
mod inference;
mod input;
mod meters;
mod shift;
mod training;
mod zone;

pub use config::read as configure;
pub use grid::grid;
pub use inference::{estimate_impact, impact_fields as impact};
pub use input::Input;

use super::{CarbonError, Range};
use crate::error::ConfigError;
use serde_json::Value;

/// One kind: from its input fields to the fields of its result.
pub type Handler = fn(&Input<'_>) -> Result<Value, CarbonError>;

/// The tables of kinds, one a topic. A new topic is one line here.
const TABLES: &[&[(&str, Handler)]] = &[
    arithmetic::KINDS,
    config::KINDS,
    feeds::KINDS,
    hardware::KINDS,
    inference::KINDS,
    meters::KINDS,
    shift::KINDS,
    training::KINDS,
    zone::KINDS,
];

/// Computes `kind` from the fields of the object `input`.
///
/// # Errors
/// `config.invalid` for an unknown kind (path `kind`) or a field of the wrong type, and the errors of the kind.
pub fn call(kind: &str, input: &Value) -> Result<Value, CarbonError> {
    let handler = TABLES.iter().copied().flatten().find(|(name, _)| *name == kind);
    let Some((_, handler)) = handler else {
        let help = "give one of the kinds that `finops_core::carbon::wire::kinds` lists";
        return Err(ConfigError::new("kind", kind, "not a known computation", help).into());
    };
    handler(&Input::new(input)?)
}

/// Every kind that [`call`] knows.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    TABLES.iter().copied().flatten().map(|(name, _)| *name)
}

/// The configuration in the fields of `input`, which are named as the arguments of a monitor.
///
/// # Errors
/// `config.invalid` and `carbon.*` naming the field.
pub fn configuration(input: &Value) -> Result<super::CarbonConfig, CarbonError> {
    config::read(&Input::new(input)?, None)
}

/// A JSON number.
#[must_use]
pub fn number(value: f64) -> Value {
    // Sums of finite numbers can overflow; JSON has no infinity and an absent value says so.
    serde_json::Number::from_f64(value + 0.0).map_or(Value::Null, Value::Number)
}

/// A number, or an object of three where the range is more than a point.
fn range(range: Range) -> Value {
    if range.is_point() { number(range.central) } else { inference::three(range) }
}

/// The whole number in field `name`, below 2^32.
fn whole(input: &Input<'_>, name: &str, default: u32) -> Result<u32, CarbonError> {
    let Some(count) = input.opt_u64(name)? else { return Ok(default) };
    u32::try_from(count).map_err(|_| CarbonError::bad_number(input.path(name), count))
}
