//! Rounding for people.

use crate::{
    convert::{number::money, out::Apportioned},
    error::raise,
};
use finops::core::money::{MoneyError, display};
use pyo3::{prelude::*, types::PyDict};
use std::collections::BTreeMap;

fn decimals(places: &Bound<'_, PyAny>) -> PyResult<u32> {
    crate::convert::number::count(places, "places").ok().and_then(|p| u32::try_from(p).ok()).ok_or_else(
        || {
            raise(MoneyError::Invalid {
                path: "places".to_owned(),
                value: crate::convert::number::shown(places),
                problem: "give 0 to 18 decimals",
            })
        },
    )
}

/// `amount` with exactly `places` decimals, rounded half to even. The only rounding in finops.
///
/// >>> finops.round_amount("0.125", 2)
/// '0.12'
#[pyfunction]
#[pyo3(signature = (amount: "decimal.Decimal | int | str", places: "typing.SupportsIndex") -> "str")]
pub(crate) fn round_amount(amount: &Bound<'_, PyAny>, places: &Bound<'_, PyAny>) -> PyResult<String> {
    display::round(money(amount, "amount")?, decimals(places)?).map_err(raise)
}

/// Rounds every row so that the rows add up to the rounded total; the order of the rows changes nothing.
///
/// >>> finops.apportion({"a": "1.5", "b": "1.5"}, 0)
/// {'rows': {'a': '2', 'b': '1'}, 'total': '3'}
#[pyfunction]
#[pyo3(signature = (
    rows: "collections.abc.Mapping[str, decimal.Decimal | int | str]", places: "typing.SupportsIndex",
))]
pub(crate) fn apportion<'py>(
    py: Python<'py>,
    rows: &Bound<'py, PyAny>,
    places: &Bound<'py, PyAny>,
) -> PyResult<Apportioned<'py>> {
    let mut exact = BTreeMap::new();
    let mut order = Vec::new();
    for pair in rows.call_method0("items")?.try_iter()? {
        let (key, amount): (String, Bound<'py, PyAny>) = pair?.extract()?;
        exact.insert(key.clone(), money(&amount, &format!("rows.{key}"))?);
        order.push(key);
    }
    let (rounded, total) = display::apportion(&exact, decimals(places)?).map_err(raise)?;
    let out = PyDict::new(py);
    for key in order {
        out.set_item(&key, rounded.get(&key))?;
    }
    let both = PyDict::new(py);
    both.set_item("rows", out)?;
    both.set_item("total", total)?;
    Ok(Apportioned(both.into_any()))
}
