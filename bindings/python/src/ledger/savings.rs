//! The savings ledger of a Python process.

use super::{PyEventLog, calls, convert, report::PyReport};
use crate::{
    convert::{
        json,
        number::{decimal_class, shown},
        out::Exact as ExactDecimal,
        time,
    },
    error::raise,
    frozen::Frozen,
};
use finops::ledger::{
    Actor, EventLogError, LedgerError, Measured, Recorded, SavingsLedger,
    number::Exact,
    opportunity::{Opportunity, Status},
    report::ReportInputs,
    savings::{self, By, Conversion, Draft, Due},
    verification::measure::Measurement,
};
use pyo3::{
    exceptions::PyValueError,
    prelude::*,
    types::{PyDict, PyString},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What happened to every opportunity and what it saved; `finops.ledger.SavingsLedger` is made of it.
#[pyclass(name = "_SavingsLedger", module = "finops._finops", frozen, subclass)]
pub(crate) struct PySavingsLedger {
    ledger: SavingsLedger,
}

/// An amount: `Decimal`, `int`, `str` or `float` by its shortest digits.
pub(super) fn amount(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Exact> {
    let refuse = || {
        PyValueError::new_err(format!(
            "`{name}`: `{}` is no amount; give a Decimal, int or text",
            shown(value)
        ))
    };
    // Text as people write it, `500.00`, is read as a decimal first.
    let number = match value.cast::<PyString>() {
        Ok(text) => &decimal_class(value.py())?.call1((text,)).map_err(|_| refuse())?,
        Err(_) => value,
    };
    match convert::value(number, name)? {
        Value::String(text) => Exact::parse(&text).ok_or_else(refuse),
        Value::Number(number) => Exact::parse(&number.to_string()).ok_or_else(refuse),
        _ => Err(refuse()),
    }
}

fn made(recorded: Recorded) -> Frozen {
    let Recorded { seq, id, kind, data } = recorded;
    Frozen::of(json!({"seq": seq, "id": id, "kind": kind, "data": data}))
}

/// An item as Python sees it: what it saved so far is one of its fields.
fn shown_item(fold: &savings::SavingsLedger, item: &Opportunity) -> Value {
    let mut fields = item.to_json();
    if let Some(realized) = fields.get_mut("realized_savings") {
        *realized = Value::String(fold.realized_savings(&item.id).to_string());
    }
    fields
}

impl PySavingsLedger {
    /// The ledger itself.
    pub(crate) const fn ledger(&self) -> &SavingsLedger {
        &self.ledger
    }

    fn with<T: Send>(
        &self,
        py: Python<'_>,
        act: impl FnOnce(&SavingsLedger) -> Result<T, EventLogError> + Send,
    ) -> PyResult<T> {
        py.detach(|| act(&self.ledger)).map_err(raise)
    }

    fn draft(
        &self,
        py: Python<'_>,
        actor: &str,
        at: Option<&Bound<'_, PyAny>>,
        draft: impl FnOnce(&savings::SavingsLedger, &By<'_>) -> Result<Option<Draft>, LedgerError> + Send,
    ) -> PyResult<Option<Recorded>> {
        let at = at.map(convert::at).transpose()?;
        self.with(py, |ledger| ledger.record_if(Actor { name: actor, at: at.as_deref() }, draft))
    }

    fn ask<T: Send>(
        &self,
        py: Python<'_>,
        ask: impl FnOnce(&savings::SavingsLedger) -> Result<T, LedgerError> + Send,
    ) -> PyResult<T> {
        self.with(py, |ledger| Ok(ledger.read(ask)??))
    }
}

/// Sums in `currency` by the rates that the log holds; without one, in the currency of the items.
fn conversion<'a>(fold: &'a savings::SavingsLedger, currency: Option<&'a str>) -> Option<Conversion<'a>> {
    currency.map(|to| Conversion { table: fold.fx(), to })
}

#[pymethods]
impl PySavingsLedger {
    #[new]
    #[pyo3(signature = (
        log: "_EventLog | None" = None, four_eyes_above: "typing.Any" = None
    ) -> "typing.Self")]
    fn new(
        py: Python<'_>,
        log: Option<&Bound<'_, PyEventLog>>,
        four_eyes_above: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let above = four_eyes_above.map(|value| amount(value, "four_eyes_above")).transpose()?;
        let ledger = match log.map(|log| log.get().log().clone()) {
            None => SavingsLedger::new(above),
            Some(log) => py.detach(|| SavingsLedger::on(log, above)).map_err(raise)?,
        };
        Ok(Self { ledger })
    }

    /// Records an event of `kind`: sequence number, id, kind, data.
    #[pyo3(signature = (
        kind: "str",
        data: "dict[str, typing.Any]",
        actor: "str",
        at: "datetime.datetime | str | None",
    ) -> "Result")]
    fn _record(
        &self,
        py: Python<'_>,
        kind: &str,
        data: &Bound<'_, PyDict>,
        actor: &str,
        at: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Frozen> {
        let mut data = convert::value(data.as_any(), "/data")?;
        if let Value::Object(members) = &mut data {
            members.retain(|_, value| !value.is_null());
        }
        convert::numbers_as_text(
            &mut data,
            &["estimated_monthly_savings", "confidence", "risk_score", "amount", "rate"],
        );
        if let Some(row) = data.get_mut("verification") {
            convert::all_numbers_as_text(row, "");
        }
        let recorded = self.draft(py, actor, at, |fold, by| fold.draft(kind, data, by).map(Some))?;
        Ok(recorded.map_or_else(|| Frozen::of(Value::Null), made))
    }

    /// Records an item and answers its fields; with `again`, fresh figures for the one that is open: then there may be
    /// nothing to record.
    #[pyo3(signature = (
        fields: "collections.abc.Mapping[str, typing.Any]",
        actor: "str",
        at: "datetime.datetime | str | None",
        again: "bool",
    ) -> "dict[str, typing.Any] | None")]
    fn _add<'py>(
        &self,
        py: Python<'py>,
        fields: &Bound<'py, PyAny>,
        actor: &str,
        at: Option<&Bound<'py, PyAny>>,
        again: bool,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let item = calls::opportunity(py, fields)?;
        let mut fingerprint = String::new();
        let recorded = self.draft(py, actor, at, |fold, by| {
            fingerprint = Opportunity::from_json(&item, "/data/opportunity")?.fingerprint;
            if again { fold.observe(&item, by) } else { fold.add_opportunity(&item, by).map(Some) }
        })?;
        if recorded.is_none() {
            return Ok(None);
        }
        let added = self.ask(py, |fold| Ok(fold.latest(&fingerprint).map(|item| shown_item(fold, item))))?;
        added.map(|fields| json::to_python(py, &fields)).transpose()
    }

    /// Freezes a baseline.
    #[pyo3(signature = (
        fields: "collections.abc.Mapping[str, typing.Any]",
        actor: "str",
        at: "datetime.datetime | str | None",
    ) -> "Result")]
    fn _freeze(
        &self,
        py: Python<'_>,
        fields: &Bound<'_, PyAny>,
        actor: &str,
        at: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Frozen> {
        let baseline = calls::baseline(py, fields)?;
        let recorded = self.draft(py, actor, at, |fold, by| fold.freeze(&baseline, by).map(Some))?;
        Ok(recorded.map_or_else(|| Frozen::of(Value::Null), made))
    }

    /// Measures an item and records the row with its verdict; `status` is `unknown` with its `reason` where nothing can be
    /// said.
    #[pyo3(signature = (
        id: "str",
        measurement: "collections.abc.Mapping[str, typing.Any]",
        baseline_id: "str | None",
        actor: "str",
        at: "datetime.datetime | str | None",
    ) -> "Result")]
    fn _measure(
        &self,
        py: Python<'_>,
        id: &str,
        measurement: &Bound<'_, PyAny>,
        baseline_id: Option<&str>,
        actor: &str,
        at: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Frozen> {
        let measurement = calls::measurement(measurement)?;
        let measurement = Measurement::from_json(&measurement, "/measurement").map_err(raise)?;
        let at = at.map(convert::at).transpose()?;
        let actor = Actor { name: actor, at: at.as_deref() };
        let measured = self.with(py, |ledger| ledger.verify(id, &measurement, baseline_id, actor))?;
        Ok(Frozen::of(match measured {
            Measured::Unknown(reason) => json!({"status": "unknown", "reason": reason}),
            Measured::Recorded(Recorded { seq, id, kind, data }) => {
                json!({"status": "known", "seq": seq, "id": id, "kind": kind, "data": data})
            }
        }))
    }

    /// The fields of an item; `None` where there is none.
    #[pyo3(signature = (id: "str") -> "dict[str, typing.Any] | None")]
    fn _item<'py>(&self, py: Python<'py>, id: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        let found = self.ask(py, |fold| Ok(fold.get(id).map(|item| shown_item(fold, item))))?;
        found.map(|fields| json::to_python(py, &fields)).transpose()
    }

    /// The fields of the items in a state, by detection; of all items by id, without one.
    #[pyo3(signature = (status: "str | None") -> "list[dict[str, typing.Any]]")]
    fn _items<'py>(&self, py: Python<'py>, status: Option<&str>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let refuse = |word: &str| {
            let words: Vec<&str> = Status::ALL.iter().map(|status| status.as_str()).collect();
            let word = finops::core::error::shorten(word);
            PyValueError::new_err(format!("`{word}` is no status; use one of {}", words.join(", ")))
        };
        let status = status.map(|word| Status::parse(word).ok_or_else(|| refuse(word))).transpose()?;
        let items = self.ask(py, |fold| {
            let items: Vec<&Opportunity> = match status {
                Some(status) => fold.opportunities_by_status(status),
                None => fold.opportunities().collect(),
            };
            Ok(items.into_iter().map(|item| shown_item(fold, item)).collect::<Vec<_>>())
        })?;
        items.iter().map(|fields| json::to_python(py, fields)).collect()
    }

    /// The fields of a frozen baseline; `None` where there is none.
    #[pyo3(signature = (id: "str") -> "dict[str, typing.Any] | None")]
    fn _baseline<'py>(&self, py: Python<'py>, id: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        let found =
            self.ask(py, |fold| Ok(fold.baseline(id).map(finops::ledger::baseline::CostBaseline::to_json)))?;
        found.map(|fields| json::to_python(py, &fields)).transpose()
    }

    /// Estimated savings per 730-hour month of open, implemented and verified items, netted so that nothing counts twice;
    /// `gross` is their plain sum. With `currency`, converted by the rates of the log.
    #[pyo3(signature = (gross: "bool" = false, currency: "str | None" = None))]
    fn get_total_estimated_savings<'py>(
        &self,
        py: Python<'py>,
        gross: bool,
        currency: Option<&str>,
    ) -> PyResult<ExactDecimal<'py>> {
        let total = self.ask(py, |fold| fold.total_estimated(gross, conversion(fold, currency)))?;
        ExactDecimal::new(py, &total.to_string())
    }

    /// What verified items saved.
    #[pyo3(signature = (currency: "str | None" = None))]
    fn get_total_realized_savings<'py>(
        &self,
        py: Python<'py>,
        currency: Option<&str>,
    ) -> PyResult<ExactDecimal<'py>> {
        let total = self.ask(py, |fold| fold.total_realized(conversion(fold, currency)))?;
        ExactDecimal::new(py, &total.to_string())
    }

    /// What verified items saved by team, keys sorted; items without one are `unallocated`.
    #[pyo3(signature = (currency: "str | None" = None) -> "dict[str, decimal.Decimal]")]
    fn get_savings_by_team<'py>(
        &self,
        py: Python<'py>,
        currency: Option<&str>,
    ) -> PyResult<Bound<'py, PyDict>> {
        amounts(py, self.ask(py, |fold| fold.savings_by_team(conversion(fold, currency)))?)
    }

    /// What verified items saved by type.
    #[pyo3(signature = (currency: "str | None" = None) -> "dict[str, decimal.Decimal]")]
    fn get_savings_by_type<'py>(
        &self,
        py: Python<'py>,
        currency: Option<&str>,
    ) -> PyResult<Bound<'py, PyDict>> {
        amounts(py, self.ask(py, |fold| fold.savings_by_type(conversion(fold, currency)))?)
    }

    /// What verified items saved by cluster; items without one are `unallocated`.
    #[pyo3(signature = (currency: "str | None" = None) -> "dict[str, decimal.Decimal]")]
    fn get_savings_by_cluster<'py>(
        &self,
        py: Python<'py>,
        currency: Option<&str>,
    ) -> PyResult<Bound<'py, PyDict>> {
        amounts(py, self.ask(py, |fold| fold.savings_by_cluster(conversion(fold, currency)))?)
    }

    /// What counts of each estimate, and why it is not all of it: `{id: {"net", "reason"}}`.
    #[pyo3(signature = () -> "Result")]
    fn nets(&self, py: Python<'_>) -> PyResult<Frozen> {
        let nets = self.ask(py, |fold| Ok(fold.nets()?))?;
        let nets =
            nets.into_iter().map(|(id, net)| (id, json!({"net": net.net.to_string(), "reason": net.reason})));
        Ok(Frozen::of(Value::Object(nets.collect())))
    }

    /// What is due at `now`: `expire`, `verify` or `close`, by id.
    #[pyo3(signature = (now: "datetime.datetime | str | float | None" = None) -> "dict[str, str]")]
    fn due<'py>(&self, py: Python<'py>, now: Option<&Bound<'_, PyAny>>) -> PyResult<Bound<'py, PyDict>> {
        let now = match now {
            Some(now) => time::instant(now, "now")?,
            None => time::now(),
        };
        let due = self.ask(py, |fold| {
            let word = |due| match due {
                Due::Expire => "expire",
                Due::Verify => "verify",
                Due::Close => "close",
            };
            Ok(fold.due(now).into_iter().map(|(id, due)| (id.to_owned(), word(due))).collect::<Vec<_>>())
        })?;
        let answer = PyDict::new(py);
        for (id, word) in due {
            answer.set_item(id, word)?;
        }
        Ok(answer)
    }

    /// Events of the log that changed nothing: sequence number, code, message.
    #[pyo3(signature = () -> "list[tuple[int, str, str]]")]
    fn refused(&self, py: Python<'_>) -> PyResult<Vec<(u64, String, String)>> {
        let refused = self.with(py, SavingsLedger::refused)?;
        Ok(refused
            .into_iter()
            .map(|(seq, error)| (seq, error.code().to_owned(), error.to_string()))
            .collect())
    }

    /// Records that a report was issued; a store with tables keeps its JSON.
    #[pyo3(signature = (
        report: "Report", actor: "str", at: "datetime.datetime | str | None"
    ) -> "Result")]
    fn _issue(
        &self,
        py: Python<'_>,
        report: &Bound<'_, PyReport>,
        actor: &str,
        at: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Frozen> {
        let at = at.filter(|at| !at.is_none()).map(convert::at).transpose()?;
        let report = report.get().report();
        self.with(py, |ledger| ledger.issue(report, Actor { name: actor, at: at.as_deref() })).map(made)
    }

    /// The report of a label.
    #[pyo3(signature = (
        label: "str", inputs: "collections.abc.Mapping[str, typing.Any] | None"
    ) -> "Report")]
    fn _report(
        &self,
        py: Python<'_>,
        label: &str,
        inputs: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyReport>> {
        let inputs = match inputs {
            Some(inputs) => ReportInputs::from_json(&calls::inputs(inputs)?).map_err(raise)?,
            None => ReportInputs::default(),
        };
        let report = self.with(py, |ledger| ledger.report(inputs, label))?;
        Py::new(py, PyReport::new(report))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let count = self.ask(py, |fold| Ok(fold.opportunities().count()))?;
        Ok(format!("SavingsLedger(opportunities={count})"))
    }
}

fn amounts(py: Python<'_>, amounts: BTreeMap<String, Exact>) -> PyResult<Bound<'_, PyDict>> {
    let answer = PyDict::new(py);
    for (key, amount) in amounts {
        answer.set_item(key, ExactDecimal::new(py, &amount.to_string())?)?;
    }
    Ok(answer)
}
