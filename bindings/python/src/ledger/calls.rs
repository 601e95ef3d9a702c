//! Every computation of the ledger by name, and what needs no log.

use super::{
    convert::{self, all_numbers_as_text, numbers_as_text, times_as_text},
    verification::{Kept, PyVerification},
};
use crate::{
    convert::{json, out::Anything},
    error::raise,
    frozen::Frozen,
};
use finops::ledger::{
    LedgerError,
    baseline::CostBaseline,
    event::{
        keys::{Keyring, Master},
        note::Vkey,
        single,
        verify::{Trust, verify},
    },
    opportunity::Opportunity,
    wire,
};
use pyo3::{prelude::*, types::PyDict};
use serde_json::{Map, Value};

/// Computes `group` from its members; the functions of `finops.ledger` call it.
///
/// Absent and `None` are the same at the top. Values are read as JSON, floats as floats.
#[pyfunction]
#[pyo3(signature = (group: "str", members: "dict[str, typing.Any]") -> "typing.Any")]
pub(crate) fn ledger_call<'py>(
    py: Python<'py>,
    group: &str,
    members: &Bound<'py, PyDict>,
) -> PyResult<Anything<'py>> {
    let mut input = Map::new();
    for (key, value) in members {
        if !value.is_none() {
            input.insert(key.extract()?, json::from_python(&value)?);
        }
    }
    let input = Value::Object(input);
    let answer = py.detach(|| wire::call(group, &input)).map_err(raise)?;
    Frozen::wrap(py, &answer).map(Anything)
}

/// The names of every computation.
#[pyfunction]
#[pyo3(signature = () -> "list[str]")]
pub(crate) fn ledger_groups() -> Vec<&'static str> {
    wire::groups().collect()
}

/// The signature of an event that is kept outside a log, in 64 hexadecimal digits.
///
/// >>> from finops import ledger
/// >>> secret = "a-secret-of-at-least-32-characters!"
/// >>> ledger.verify_event({"n": 1}, ledger.sign_event({"n": 1}, secret), secret)
/// True
#[pyfunction]
#[pyo3(signature = (event: "collections.abc.Mapping[str, typing.Any]", secret: "str") -> "str")]
pub(crate) fn sign_event(event: &Bound<'_, PyAny>, secret: &str) -> PyResult<String> {
    let master = Master::new(secret).map_err(raise)?;
    single::sign_event(&convert::value(event, "")?, &master).map_err(raise)
}

/// Whether `signature` is the one of `event`; a signature of any other form is not.
#[pyfunction]
#[pyo3(signature = (
    event: "collections.abc.Mapping[str, typing.Any]", signature: "str", secret: "str"
) -> "bool")]
pub(crate) fn verify_event(event: &Bound<'_, PyAny>, signature: &str, secret: &str) -> PyResult<bool> {
    let master = Master::new(secret).map_err(raise)?;
    single::verify_event(&convert::value(event, "")?, signature, &master).map_err(raise)
}

/// Verifies the bytes of a file; `finops.ledger.verify_log` calls it.
#[pyfunction]
#[pyo3(signature = (
    file: "bytes",
    secrets: "list[str]",
    anchors: "collections.abc.Iterable[str | bytes | collections.abc.Mapping[str, typing.Any]] | None" = None,
    vkeys: "list[str] | None" = None,
    origin: "str | None" = None,
) -> "Verification")]
pub(crate) fn verify_log(
    py: Python<'_>,
    file: &[u8],
    secrets: Vec<String>,
    anchors: Option<&Bound<'_, PyAny>>,
    vkeys: Option<Vec<String>>,
    origin: Option<&str>,
) -> PyResult<Py<PyVerification>> {
    let kept = Kept::list(anchors)?;
    let anchors: Vec<_> = kept.iter().map(Kept::anchor).collect();
    let vkeys: Vec<Vkey> = vkeys
        .unwrap_or_default()
        .iter()
        .map(|text| Vkey::parse(text))
        .collect::<Result<_, _>>()
        .map_err(raise)?;
    let mut texts = secrets.iter().map(String::as_str);
    let ring = match texts.next() {
        Some(first) => Some(Keyring::from_secrets(first, texts).map_err(raise)?),
        None => None,
    };
    let trust = ring.as_ref().map_or(Trust::Public, Trust::Keyring);
    let verification = py.detach(|| verify(file, origin, trust, &anchors, &vkeys));
    Py::new(py, PyVerification::new(&verification))
}

const OPPORTUNITY_NUMBERS: &[&str] =
    &["estimated_monthly_savings", "confidence", "risk_score", "realized_savings"];
const OPPORTUNITY_TIMES: &[&str] = &["detected_at", "implemented_at", "verified_at", "expires_at"];
const BASELINE_TIMES: &[&str] = &["period_start", "period_end"];

/// Members that are `None` are left out: absent and unknown are the same.
fn given(fields: &Bound<'_, PyAny>) -> PyResult<Value> {
    let mut value = convert::value(fields, "")?;
    if let Value::Object(members) = &mut value {
        members.retain(|_, value| !value.is_null());
    }
    Ok(value)
}

/// An opportunity as the ledger reads it.
pub(super) fn opportunity(py: Python<'_>, fields: &Bound<'_, PyAny>) -> PyResult<Value> {
    let mut value = given(fields)?;
    numbers_as_text(&mut value, OPPORTUNITY_NUMBERS);
    times_as_text(py, &mut value, OPPORTUNITY_TIMES)?;
    Ok(value)
}

/// A baseline as the ledger reads it.
pub(super) fn baseline(py: Python<'_>, fields: &Bound<'_, PyAny>) -> PyResult<Value> {
    let mut value = given(fields)?;
    all_numbers_as_text(&mut value, "");
    times_as_text(py, &mut value, BASELINE_TIMES)?;
    Ok(value)
}

/// A measurement as the ledger reads it.
pub(super) fn measurement(fields: &Bound<'_, PyAny>) -> PyResult<Value> {
    let mut value = given(fields)?;
    all_numbers_as_text(&mut value, "");
    Ok(value)
}

/// Inputs of a report as the ledger reads them.
pub(super) fn inputs(fields: &Bound<'_, PyAny>) -> PyResult<Value> {
    let mut value = given(fields)?;
    all_numbers_as_text(&mut value, "anchored_up_to");
    Ok(value)
}

/// Every field of an opportunity, checked; `finops.ledger.Opportunity` calls it.
#[pyfunction]
#[pyo3(signature = (fields: "collections.abc.Mapping[str, typing.Any]") -> "dict[str, typing.Any]")]
pub(crate) fn ledger_opportunity<'py>(
    py: Python<'py>,
    fields: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let value = opportunity(py, fields)?;
    let read = Opportunity::from_json(&value, "").map_err(|error| raise(LedgerError::from(error)))?;
    json::to_python(py, &read.to_json())
}

/// Every field of a baseline, checked; `finops.ledger.CostBaseline` calls it.
#[pyfunction]
#[pyo3(signature = (fields: "collections.abc.Mapping[str, typing.Any]") -> "dict[str, typing.Any]")]
pub(crate) fn ledger_baseline<'py>(
    py: Python<'py>,
    fields: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let value = baseline(py, fields)?;
    let read = CostBaseline::from_json(&value, "").map_err(|error| raise(LedgerError::from(error)))?;
    json::to_python(py, &read.to_json())
}
