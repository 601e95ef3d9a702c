//! Members of a computation's input.

use crate::{
    error::{Fault, shorten},
    inventory::Quantity,
    json::Json,
    time::Timestamp,
    waste::{Amount, Ratio},
};

/// The member `name`, which must be there.
pub(super) fn member<'a>(input: &'a Json, name: &str) -> Result<&'a Json, Fault> {
    input
        .get(name)
        .ok_or_else(|| Fault::new("waste.invalid_record", name, "nothing is given", "give this member"))
}

fn wrong(name: &str, value: &Json, help: &'static str) -> Fault {
    Fault::new("waste.invalid_record", name, format!("`{}` is given", shorten(&value.to_text())), help)
}

/// The digits of a number or of text.
pub(super) fn digits(value: &Json) -> Option<&str> {
    value.as_number().map(crate::json::Number::text).or_else(|| value.as_str())
}

/// The member as an exact number.
pub(super) fn ratio(input: &Json, name: &str) -> Result<Ratio, Fault> {
    let value = member(input, name)?;
    digits(value).and_then(Ratio::parse).ok_or_else(|| wrong(name, value, "give a decimal number"))
}

/// The member as an amount of money.
pub(super) fn amount(input: &Json, name: &str) -> Result<Amount, Fault> {
    let ratio = ratio(input, name)?;
    Amount::round(&ratio).ok_or_else(|| wrong(name, input, "give an amount below 1e29"))
}

/// The member as a whole number of `unit`ths, none negative.
pub(super) fn scaled(input: &Json, name: &str, places: u32) -> Result<u64, Fault> {
    let value = ratio(input, name)?.scaled(places).and_then(|scaled| u64::try_from(scaled).ok());
    value.ok_or_else(|| wrong(name, input.get(name).unwrap_or(&Json::Null), "give a number of at least 0"))
}

/// The same; `None` for null and where it is absent.
pub(super) fn optional_scaled(input: &Json, name: &str, places: u32) -> Result<Option<u64>, Fault> {
    if input.get(name).is_none_or(Json::is_null) { Ok(None) } else { scaled(input, name, places).map(Some) }
}

/// The member as text.
pub(super) fn text<'a>(input: &'a Json, name: &str) -> Result<&'a str, Fault> {
    let value = member(input, name)?;
    value.as_str().ok_or_else(|| wrong(name, value, "give text"))
}

/// The member as a list; an empty one where it is absent.
pub(super) fn list<'a>(input: &'a Json, name: &str) -> Result<&'a [Json], Fault> {
    match input.get(name) {
        None => Ok(&[]),
        Some(value) => value.as_array().ok_or_else(|| wrong(name, value, "give a list")),
    }
}

/// Whether the member is true; absent is false.
pub(super) fn flag(input: &Json, name: &str) -> Result<bool, Fault> {
    match input.get(name) {
        None => Ok(false),
        Some(value) => value.as_bool().ok_or_else(|| wrong(name, value, "give true or false")),
    }
}

/// The member as a Kubernetes quantity in 1e-9 units.
pub(super) fn quantity(input: &Json, name: &str) -> Result<Quantity, Fault> {
    let value = member(input, name)?;
    let text = digits(value).ok_or_else(|| wrong(name, value, "give a quantity such as `500m` or `1Gi`"))?;
    Quantity::parse_unsigned(text).map_err(|fault| fault.below(name))
}

/// The member as an instant.
pub(super) fn instant(input: &Json, name: &str) -> Result<Timestamp, Fault> {
    let value = member(input, name)?;
    let read = value.as_str().and_then(|text| text.parse().ok());
    read.ok_or_else(|| wrong(name, value, "give an RFC 3339 time with its offset"))
}

/// Runs `read` on each element of a list; a fault names the element.
pub(super) fn each<T>(
    input: &Json,
    name: &str,
    read: impl Fn(&Json) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let at = |(index, item)| read(item).map_err(|fault: Fault| fault.below(&format!("{name}[{index}]")));
    list(input, name)?.iter().enumerate().map(at).collect()
}
