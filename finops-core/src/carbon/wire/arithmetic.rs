//! Units, ranges and exact totals.

use super::{Handler, Input, input::read_f64, number};
use crate::{
    carbon::{CarbonError, ExactSum, Range, Tier},
    error::ConfigError,
    money::decimal,
};
use rust_decimal::Decimal;
use serde_json::{Value, json};

pub(super) const KINDS: &[(&str, Handler)] = &[
    ("unit_to_kwh", unit_to_kwh),
    ("unit_lbs_per_mwh", unit_lbs_per_mwh),
    ("range_arithmetic", range_arithmetic),
    ("exact_sum", exact_sum),
];

fn positive(input: &Input<'_>, name: &str) -> Result<Decimal, CarbonError> {
    let value = input.decimal(name)?;
    if value.is_sign_negative() && !value.is_zero() {
        return Err(CarbonError::bad_number(input.path(name), value));
    }
    Ok(value)
}

fn unit_to_kwh(input: &Input<'_>) -> Result<Value, CarbonError> {
    let unit = input.str("unit")?;
    let per_kwh: u64 = match unit {
        "microjoule" => 3_600_000_000_000,
        "millijoule" => 3_600_000_000,
        "joule" => 3_600_000,
        "watt_hour" => 1000,
        "kilowatt_hour" => 1,
        _ => {
            let help = "give microjoule, millijoule, joule, watt_hour or kilowatt_hour";
            return Err(ConfigError::new(input.path("unit"), unit, "not a known unit", help).into());
        }
    };
    let value = positive(input, "value")?;
    let kwh = value.checked_div(Decimal::from(per_kwh));
    let kwh = kwh.ok_or_else(|| CarbonError::bad_number(input.path("value"), value))?;
    Ok(json!({ "kwh": decimal::to_f64(kwh) }))
}

fn unit_lbs_per_mwh(input: &Input<'_>) -> Result<Value, CarbonError> {
    let value = positive(input, "lbs_per_mwh")?;
    // 1 lb/MWh is exactly 0.45359237 g/kWh.
    let grams = value.checked_mul(Decimal::new(45_359_237, 8));
    let grams = grams.ok_or_else(|| CarbonError::bad_number(input.path("lbs_per_mwh"), value))?;
    Ok(json!({ "g_per_kwh": decimal::to_f64(grams) }))
}

fn range_arithmetic(input: &Input<'_>) -> Result<Value, CarbonError> {
    let operand = |name: &str| -> Result<(Range, Tier), CarbonError> {
        let fields = input.object(name)?.ok_or_else(|| missing(input, name))?;
        let range = input.range(name)?;
        let help = "give one of the six tiers, such as `declared`";
        Ok((range, fields.choice("tier", Tier::from_name, help)?.unwrap_or(Tier::Declared)))
    };
    let op = input.str("op")?;
    let (a, tier) = operand("a")?;
    let (range, tier) = if op == "new" {
        (a, tier)
    } else {
        let (b, other) = operand("b")?;
        let range = match op {
            "mul" => a.product(b),
            "add" => a.sum(b),
            "sub" => a.difference(b),
            "div" => a.quotient(b)?,
            _ => {
                let help = "give new, add, sub, mul or div";
                return Err(ConfigError::new(input.path("op"), op, "not a known operation", help).into());
            }
        };
        (range, tier.worst(other))
    };
    Ok(json!({
        "low": number(range.low), "central": number(range.central), "high": number(range.high), "tier": tier.name(),
    }))
}

fn missing(input: &Input<'_>, name: &str) -> CarbonError {
    ConfigError::new(input.path(name), "", "missing", "give low, central, high and tier").into()
}

fn exact_sum(input: &Input<'_>) -> Result<Value, CarbonError> {
    let values = input.array("values")?;
    let (mut forwards, mut backwards) = (ExactSum::default(), ExactSum::default());
    for value in values {
        forwards.add(read_f64("values", value)?)?;
    }
    for value in values.iter().rev() {
        backwards.add(read_f64("values", value)?)?;
    }
    Ok(json!({ "sum": number(forwards.value()), "order_independent": forwards == backwards }))
}
