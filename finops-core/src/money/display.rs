//! Rounding for people. Nothing else in the engine rounds.

use super::{MoneyError, decimal, rate::div_half_even};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// More decimals than this are not a display.
const PLACES_MAX: u32 = 18;

/// `amount` with exactly `places` decimals, half to even.
///
/// ```
/// use finops_core::money::display::round;
/// assert_eq!(round("0.125".parse()?, 2)?, "0.12");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// `money.invalid` for more than 18 places, `money.overflow`.
pub fn round(amount: Decimal, places: u32) -> Result<String, MoneyError> {
    let units = to_units(amount, places)?;
    Ok(format_units(units, places))
}

/// Rounds every row so that the rows add up to the rounded total: rows are floored and the missing units go to the
/// largest remainders, ties to the smaller key. The order of the rows changes nothing.
///
/// # Errors
/// `money.invalid` for more than 18 places, `money.overflow`.
pub fn apportion(
    rows: &BTreeMap<String, Decimal>,
    places: u32,
) -> Result<(BTreeMap<String, String>, String), MoneyError> {
    let overflow = || MoneyError::overflow("rows");
    check_places(places)?;
    // The finest scale of all rows makes every row an integer: the arithmetic below is exact.
    let scale = rows.values().map(|a| a.normalize().scale()).max().unwrap_or(0).max(places);
    let unit = 10_i128.checked_pow(scale.saturating_sub(places)).ok_or_else(overflow)?;
    let mut total = 0_i128;
    let mut floored = Vec::with_capacity(rows.len());
    for (key, amount) in rows {
        let fine = scaled(*amount, scale).ok_or_else(overflow)?;
        total = total.checked_add(fine).ok_or_else(overflow)?;
        let floor = fine.checked_div_euclid(unit).ok_or_else(overflow)?;
        let remainder = fine.checked_rem_euclid(unit).ok_or_else(overflow)?;
        floored.push((key, floor, remainder));
    }
    let target = div_half_even(total, unit).ok_or_else(overflow)?;
    let sum = floored.iter().try_fold(0_i128, |s, (_, f, _)| s.checked_add(*f)).ok_or_else(overflow)?;
    let mut missing = target.checked_sub(sum).ok_or_else(overflow)?;
    floored.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| a.0.cmp(b.0)));
    let mut out = BTreeMap::new();
    for (key, floor, _) in floored {
        let extra = i128::from(missing > 0);
        missing = missing.saturating_sub(extra);
        let units = floor.checked_add(extra).ok_or_else(overflow)?;
        out.insert(key.clone(), format_units(units, places));
    }
    Ok((out, format_units(target, places)))
}

fn check_places(places: u32) -> Result<(), MoneyError> {
    if places > PLACES_MAX {
        return Err(MoneyError::invalid("places", places, "give 0 to 18 decimals"));
    }
    Ok(())
}

fn scaled(amount: Decimal, scale: u32) -> Option<i128> {
    let amount = amount.normalize();
    let missing = scale.checked_sub(amount.scale())?;
    amount.mantissa().checked_mul(10_i128.checked_pow(missing)?)
}

fn to_units(amount: Decimal, places: u32) -> Result<i128, MoneyError> {
    check_places(places)?;
    let scale = amount.normalize().scale().max(places);
    let overflow = || MoneyError::overflow("amount");
    let fine = scaled(amount, scale).ok_or_else(overflow)?;
    let unit = 10_i128.checked_pow(scale.saturating_sub(places)).ok_or_else(overflow)?;
    div_half_even(fine, unit).ok_or_else(overflow)
}

fn format_units(units: i128, places: u32) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let width = usize::try_from(places).unwrap_or_default();
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = width.saturating_add(1));
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(width));
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// Reads rows of decimal text, for the bindings.
///
/// # Errors
/// `money.invalid` naming the row.
pub fn rows_from_text<'a>(
    rows: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<BTreeMap<String, Decimal>, MoneyError> {
    rows.into_iter()
        .map(|(key, text)| {
            let amount = decimal::parse(text)
                .ok_or_else(|| MoneyError::invalid(&format!("rows.{key}"), text, "not an amount"))?;
            Ok((key.to_owned(), amount))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rounds_half_to_even() {
        for (amount, places, expected) in [
            ("0.125", 2, "0.12"),
            ("-0.125", 2, "-0.12"),
            ("0.0005253", 2, "0.00"),
            ("2.5", 0, "2"),
            ("1", 3, "1.000"),
        ] {
            assert_eq!(round(decimal::parse(amount).unwrap(), places).unwrap(), expected);
        }
        assert_eq!(round(Decimal::ONE, 19).unwrap_err().code(), "money.invalid");
    }

    proptest! {
        #[test]
        fn rows_add_up_to_the_rounded_total(values in prop::collection::vec(-1_000_000_000_i64..1_000_000_000, 0..20), places in 0_u32..8) {
            let rows: BTreeMap<String, Decimal> =
                values.iter().enumerate().map(|(i, v)| (format!("r{i:02}"), Decimal::new(*v, 6))).collect();
            let (rounded, total) = apportion(&rows, places).unwrap();
            let sum: Decimal = rounded.values().map(|t| decimal::parse(t).unwrap()).sum();
            prop_assert_eq!(sum, decimal::parse(&total).unwrap());
            let exact: Decimal = rows.values().copied().sum();
            prop_assert_eq!(total, round(exact, places).unwrap());
        }
    }
}
