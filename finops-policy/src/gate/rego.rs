//! What the rules of `builtin/finops.rego` are given: numbers that a double holds, rounded to the safe side.

use super::{Exact, GateConfig, config::Threshold, field::Field};
use crate::json::{Json, Number, NumberError, Object};

/// The input as Rego sees it: numbers and decimal strings of the schema rounded to the side that cannot allow more
/// (policy specification, section 2), other integers exactly, other numbers as the nearest double.
///
/// # Errors
/// `policy.eval` for a number beyond the largest double.
pub fn rego_input(input: &Json) -> Result<Json, NumberError> {
    let Json::Object(members) = input else { return plain(input) };
    let rounded = members.iter().map(|(name, value)| {
        let value = match rounded(members, name, value) {
            Some(double) => Number::from_f64(double?).map_or(Json::Null, Json::Number),
            None => plain(value)?,
        };
        Ok((name.to_owned(), value))
    });
    rounded.collect::<Result<Object, _>>().map(Json::Object)
}

/// The double that stands for the value of the member `name` of an input; nothing unless it is a number in a numeric field.
pub(crate) fn rounded(members: &Object, name: &str, value: &Json) -> Option<Result<f64, NumberError>> {
    let field = Field::named(name)?;
    let (range, exact) = (field.range()?, Exact::from_json(value)?);
    // What is out of range moves further out, so that Rego finds it out of range too.
    let up = match field {
        _ if exact > range.max => true,
        _ if exact < range.min => false,
        Field::TestPassRate | Field::BudgetCap => false,
        _ => true,
    };
    let mut double = if up { exact.up() } else { exact.down() };
    if field == Field::BudgetCap && range.contains(&exact) {
        // Both are rounded against what they allow; a spend at the cap must still not be over it.
        let spend = members.get(Field::TotalSpend.name()).and_then(Exact::from_json);
        let up = spend.filter(|spend| *spend <= exact).and_then(|spend| spend.up());
        double = double.map(|down| up.map_or(down, |up| down.max(up)));
    }
    Some(double.ok_or_else(|| NumberError { text: exact.normal_form() }))
}

/// Integers exactly, other numbers as the nearest double.
fn plain(value: &Json) -> Result<Json, NumberError> {
    Ok(match value {
        Json::Number(number) => {
            let exact = Exact::from_number(number);
            let nearest = Number::from_f64(exact.nearest());
            let nearest = nearest.ok_or_else(|| NumberError { text: exact.normal_form() })?;
            // The largest double has 309 digits: the long form of an integer up to it has no exponent.
            let integer = exact.is_integer().then(|| Number::new(&exact.long_form())).flatten();
            Json::Number(integer.unwrap_or(nearest))
        }
        Json::Array(values) => Json::Array(values.iter().map(plain).collect::<Result<_, _>>()?),
        Json::Object(members) => {
            let members = members.iter().map(|(name, value)| Ok((name.to_owned(), plain(value)?)));
            Json::Object(members.collect::<Result<_, _>>()?)
        }
        other => other.clone(),
    })
}

/// The configuration as Rego sees it: `{"finops_config": {"gate": {...}}}`.
#[must_use]
pub fn rego_data(config: &GateConfig) -> Json {
    // A threshold is on the grid: its normal form is the number itself.
    let number = |exact: &Exact| Number::new(&exact.normal_form()).map_or(Json::Null, Json::Number);
    let threshold = |threshold: &Threshold| number(&threshold.exact);
    let band = |band: &super::config::Band| {
        Json::object([
            ("warn_above", band.warn_above.as_ref().map(threshold).into()),
            ("deny_above", threshold(&band.deny_above)),
        ])
    };
    let ranges = Field::NUMBERS.into_iter().filter_map(|field| {
        let range = field.range()?;
        Some((field.name(), Json::object([("min", number(&range.min)), ("max", number(&range.max))])))
    });
    let names = |expected: &str| {
        let fields = Field::ALL.into_iter().filter(|field| field.expected() == expected);
        Json::array(fields.map(Field::name))
    };
    let gate = Json::object([
        ("fields", Json::array(Field::ALL.map(Field::name))),
        ("numbers", names("a number")),
        ("booleans", names("a boolean")),
        ("ranges", Json::object(ranges)),
        ("unit_cost_usd", band(&config.unit_cost)),
        ("carbon_intensity_g_per_kwh", band(&config.carbon_intensity)),
        ("test_pass_rate", Json::object([("deny_below", threshold(&config.deny_below))])),
        ("required_tags", Json::array(config.required_tags.iter().map(|(tag, _)| tag))),
        ("carbon_efficient_regions", Json::array(&config.regions)),
        ("default_budget_cap_usd", config.default_cap.as_ref().map(threshold).into()),
        ("required_inputs", Json::array(config.required_inputs())),
        ("known_only", config.known_only.into()),
        ("extra_inputs", Json::array(&config.extra_inputs)),
    ]);
    Json::object([("finops_config", Json::object([("gate", gate)]))])
}
