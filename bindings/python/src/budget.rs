//! Budgets: reserve before a call, settle after it.

use crate::{
    convert::{
        json,
        number::{count, money, rate, shown},
        out::{Exact, Instant},
        time::{at_or_now, to_datetime},
    },
    error::{Problem, raise, raise_with},
};
use finops::{
    core::money::{MoneyError, Picodollars, decimal},
    telemetry::budget::{
        Amounts, Budget, BudgetError, BudgetState, Budgets, Quantity, Reservation, Settlement,
    },
};
use pyo3::{exceptions::PyValueError, prelude::*, types::PyType};
use serde_json::{Map, Value};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// A budget error with its own fields: the budget, what is left, what was asked for, when to try again.
pub(crate) fn raise_budget(error: BudgetError) -> PyErr {
    let problem = Problem::from(&error);
    raise_with(problem, |fields| {
        let py = fields.py();
        fields.set_item("budget", error.budget())?;
        if let BudgetError::Exceeded { remaining, requested, retry_at, .. } = &error {
            fields.set_item("remaining", exact(py, *remaining)?)?;
            fields.set_item("requested", exact(py, *requested)?)?;
            fields.set_item("retry_at", retry_at.map(|at| to_datetime(py, at)).transpose()?)?;
        }
        Ok(())
    })
}

fn exact(py: Python<'_>, quantity: Quantity) -> PyResult<Exact<'_>> {
    Exact::new(py, &quantity.to_string())
}

/// Seconds until a hold is freed, as milliseconds.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "range-checked just before")]
pub(crate) fn ttl_ms(ttl_s: f64) -> PyResult<u64> {
    // Ten years: a hold that outlives its process is a mistake.
    if !(0.001..=315_360_000.0).contains(&ttl_s) {
        return Err(raise_budget(BudgetError::Invalid {
            path: "ttl_s".to_owned(),
            value: ttl_s.to_string(),
            problem: "give seconds above 0, at most ten years",
        }));
    }
    Ok((ttl_s * 1000.0).round() as u64)
}

/// A limit on what calls may spend in a window.
///
/// >>> finops.Budget("research", "25.00", window="day", scope={"team": "research"})
/// Budget('research', 25 usd, window='day')
#[pyclass(name = "Budget", module = "finops", frozen, eq)]
#[derive(PartialEq)]
pub(crate) struct PyBudget(Budget);

fn read_budget(fields: Value) -> PyResult<PyBudget> {
    let shown = fields.get("id").map(ToString::to_string).unwrap_or_default();
    serde_json::from_value(fields).map(PyBudget).map_err(|error| {
        raise_with(
            Problem {
                code: "budget.invalid".to_owned(),
                path: "budget".to_owned(),
                message: format!("budget {shown}: {error}"),
            },
            |_| Ok(()),
        )
    })
}

#[pymethods]
impl PyBudget {
    /// `limit` in `unit` (`usd`, `tokens`, `requests`, `joules`, `grams_co2e`) a `window` (`total`, `hour`, `day`,
    /// `iso_week`, `month`, `every(<seconds>)`), over calls that carry the tags of `scope`; with `per` one counter a value.
    #[new]
    #[pyo3(signature = (
        id: "str", limit: "decimal.Decimal | int | float | str", *,
        unit: "typing.Literal['usd', 'tokens', 'requests', 'joules', 'grams_co2e']" = "usd", window: "str" = "month",
        scope: "collections.abc.Mapping[str, str] | None" = None, per: "collections.abc.Iterable[str] | None" = None,
        hard: "bool" = true, warn_at: "collections.abc.Iterable[decimal.Decimal | int | float | str] | None" = None,
        on_unpriced: "typing.Literal['deny', 'allow']" = "deny",
    ))]
    #[expect(clippy::too_many_arguments, reason = "keywords of a constructor")]
    fn new(
        id: String,
        limit: &Bound<'_, PyAny>,
        unit: &str,
        window: &str,
        scope: Option<&Bound<'_, PyAny>>,
        per: Option<&Bound<'_, PyAny>>,
        hard: bool,
        warn_at: Option<&Bound<'_, PyAny>>,
        on_unpriced: &str,
    ) -> PyResult<Self> {
        let mut fields = Map::new();
        let mut put = |name: &str, item: Value| fields.insert(name.to_owned(), item);
        put("id", Value::from(id));
        put("limit", Value::from(decimal::text(rate(limit, "limit")?)));
        put("unit", Value::from(unit));
        put("window", Value::from(window));
        put("hard", Value::from(hard));
        put("on_unpriced", Value::from(on_unpriced));
        if let Some(scope) = scope {
            put("scope", json::from_python(scope)?);
        }
        if let Some(per) = per {
            let per = per.try_iter()?.map(|tag| tag?.extract::<String>());
            put("per", Value::from(per.collect::<PyResult<Vec<_>>>()?));
        }
        if let Some(parts) = warn_at {
            let parts = parts.try_iter()?.map(|part| Ok(decimal::text(rate(&part?, "warn_at")?)));
            put("warn_at", Value::from(parts.collect::<PyResult<Vec<_>>>()?));
        }
        read_budget(Value::Object(fields))
    }

    /// Its name in errors and events.
    #[getter]
    fn id(&self) -> &str {
        &self.0.id
    }

    /// The most that may be spent in a window.
    #[getter]
    fn limit<'py>(&self, py: Python<'py>) -> PyResult<Exact<'py>> {
        Exact::number(py, self.0.limit)
    }

    /// What is limited.
    #[getter]
    fn unit(&self) -> &'static str {
        self.0.unit.name()
    }

    /// When counting starts anew, in UTC.
    #[getter]
    fn window(&self) -> String {
        self.0.window_name()
    }

    /// Whether it denies what does not fit.
    #[getter]
    fn hard(&self) -> bool {
        self.0.hard
    }

    /// The wire form.
    fn to_json(&self) -> PyResult<String> {
        serde_json::to_string(&self.0).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// Reads the wire form.
    #[staticmethod]
    #[pyo3(signature = (text: "str") -> "Budget")]
    fn from_json(text: &str) -> PyResult<Self> {
        read_budget(json::parse(text)?)
    }

    fn __repr__(&self) -> String {
        let budget = &self.0;
        let (limit, unit) = (decimal::text(budget.limit), budget.unit.name());
        format!("Budget('{}', {limit} {unit}, window='{}')", budget.id, budget.window_name())
    }

    #[pyo3(signature = () -> "tuple[typing.Any, ...]")]
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (String,))> {
        Ok((PyType::new::<Self>(py).getattr("from_json")?, (self.to_json()?,)))
    }
}

/// Amounts from keywords; `None` is not known.
fn amounts(
    usd: Option<&Bound<'_, PyAny>>,
    tokens: Option<&Bound<'_, PyAny>>,
    joules: Option<&Bound<'_, PyAny>>,
    grams_co2e: Option<&Bound<'_, PyAny>>,
) -> PyResult<Amounts> {
    let dollars = |value: &Bound<'_, PyAny>| {
        Picodollars::from_usd(money(value, "usd")?).map_err(|error| match error {
            MoneyError::Invalid { problem, .. } => {
                raise(MoneyError::Invalid { path: "usd".to_owned(), value: shown(value), problem })
            }
            other => raise(other),
        })
    };
    Ok(Amounts {
        usd: usd.map(dollars).transpose()?,
        tokens: tokens.map(|tokens| count(tokens, "tokens")).transpose()?,
        joules: joules.map(|joules| rate(joules, "joules")).transpose()?,
        grams_co2e: grams_co2e.map(|grams| rate(grams, "grams_co2e")).transpose()?,
    })
}

/// Tags from a mapping of texts.
fn tags(value: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<(String, String)>> {
    let Some(value) = value else { return Ok(Vec::new()) };
    value.call_method0("items")?.try_iter()?.map(|pair| pair?.extract()).collect()
}

fn borrowed(tags: &[(String, String)]) -> Vec<(&str, &str)> {
    tags.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// A hold on every budget that covers a call.
///
/// As a context manager it is released on exit unless it was settled.
#[pyclass(name = "Reservation", module = "finops", frozen)]
pub(crate) struct PyReservation {
    held: Reservation,
    budgets: Arc<Budgets>,
    closed: AtomicBool,
}

impl PyReservation {
    pub(crate) const fn new(held: Reservation, budgets: Arc<Budgets>) -> Self {
        Self { held, budgets, closed: AtomicBool::new(false) }
    }
}

#[pymethods]
impl PyReservation {
    /// The id to settle with.
    #[getter]
    fn id(&self) -> &str {
        &self.held.id
    }

    /// `ok`, or `warn` once a budget reaches its lowest threshold.
    #[getter]
    fn level(&self) -> &'static str {
        self.held.level.name()
    }

    /// When the hold is freed unless settled.
    #[getter]
    fn expires<'py>(&self, py: Python<'py>) -> PyResult<Instant<'py>> {
        to_datetime(py, self.held.expires).map(Instant)
    }

    /// Frees the hold and charges what was spent.
    #[pyo3(signature = (
        usd: "decimal.Decimal | int | str | None" = None, *, tokens: "typing.SupportsIndex | None" = None,
        joules: "decimal.Decimal | int | float | str | None" = None,
        grams_co2e: "decimal.Decimal | int | float | str | None" = None,
        at: "datetime.datetime | str | int | float | None" = None,
    ) -> "Settlement")]
    fn settle(
        &self,
        usd: Option<&Bound<'_, PyAny>>,
        tokens: Option<&Bound<'_, PyAny>>,
        joules: Option<&Bound<'_, PyAny>>,
        grams_co2e: Option<&Bound<'_, PyAny>>,
        at: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<PySettlement> {
        let amounts = amounts(usd, tokens, joules, grams_co2e)?;
        let settled = self.budgets.settle(&self.held.id, &amounts, at_or_now(at)?).map_err(raise_budget)?;
        self.closed.store(true, Ordering::Release);
        Ok(PySettlement(settled))
    }

    /// Frees the hold and charges nothing; may be repeated.
    #[pyo3(signature = (*, at: "datetime.datetime | str | int | float | None" = None) -> "None")]
    fn release(&self, at: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        self.budgets.release(&self.held.id, at_or_now(at)?).map_err(raise_budget)?;
        self.closed.store(true, Ordering::Release);
        Ok(())
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (kind: "type[BaseException] | None", error: "BaseException | None", traceback: "object") -> "None")]
    fn __exit__(
        &self,
        kind: &Bound<'_, PyAny>,
        error: &Bound<'_, PyAny>,
        traceback: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let _ = (kind, error, traceback);
        if self.closed.load(Ordering::Acquire) {
            return Ok(());
        }
        match self.budgets.release(&self.held.id, at_or_now(None)?) {
            // Settled by logging the call with this reservation, or expired and forgotten: nothing is held.
            Ok(()) | Err(BudgetError::AlreadySettled { .. } | BudgetError::UnknownReservation { .. }) => {
                Ok(())
            }
            Err(error) => Err(raise_budget(error)),
        }
    }

    fn __repr__(&self) -> String {
        format!("Reservation('{}', level='{}')", self.held.id, self.held.level.name())
    }
}

/// What settling changed.
#[pyclass(name = "Settlement", module = "finops", frozen)]
pub(crate) struct PySettlement(Settlement);

#[pymethods]
impl PySettlement {
    /// What the hold had too much; 0 when late.
    #[getter]
    fn released<'py>(&self, py: Python<'py>) -> PyResult<Exact<'py>> {
        exact(py, self.0.released)
    }

    /// What was spent beyond the hold.
    #[getter]
    fn overrun<'py>(&self, py: Python<'py>) -> PyResult<Exact<'py>> {
        exact(py, self.0.overrun)
    }

    /// The unit of the two: `usd` when money was given.
    #[getter]
    fn unit(&self) -> &'static str {
        self.0.unit.name()
    }

    /// Whether the hold had expired.
    #[getter]
    fn late(&self) -> bool {
        self.0.late
    }

    /// Thresholds that this crossed, `id:threshold`.
    #[getter]
    fn events(&self) -> Vec<String> {
        self.0.events.clone()
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.get().0 == self.0)
    }

    fn __repr__(&self) -> String {
        let late = if self.0.late { "True" } else { "False" };
        format!("Settlement(released={}, overrun={}, late={late})", self.0.released, self.0.overrun)
    }
}

/// Where a budget stands.
#[pyclass(name = "BudgetState", module = "finops", frozen)]
pub(crate) struct PyBudgetState(BudgetState);

#[pymethods]
impl PyBudgetState {
    /// The budget, with its `per` values: `id{user=u1}`.
    #[getter]
    fn budget(&self) -> &str {
        &self.0.budget
    }

    /// What is limited.
    #[getter]
    fn unit(&self) -> &'static str {
        self.0.unit.name()
    }

    /// The limit.
    #[getter]
    fn limit<'py>(&self, py: Python<'py>) -> PyResult<Exact<'py>> {
        exact(py, self.0.limit)
    }

    /// What was spent in the window.
    #[getter]
    fn spent<'py>(&self, py: Python<'py>) -> PyResult<Exact<'py>> {
        exact(py, self.0.spent)
    }

    /// What is held.
    #[getter]
    fn reserved<'py>(&self, py: Python<'py>) -> PyResult<Exact<'py>> {
        exact(py, self.0.reserved)
    }

    /// Limit less spent less reserved; may be negative.
    #[getter]
    fn remaining<'py>(&self, py: Python<'py>) -> PyResult<Exact<'py>> {
        exact(py, self.0.remaining)
    }

    /// When the window began.
    #[getter]
    fn window_start<'py>(&self, py: Python<'py>) -> PyResult<Instant<'py>> {
        to_datetime(py, self.0.window_start).map(Instant)
    }

    /// When the window ends.
    #[getter]
    fn window_end<'py>(&self, py: Python<'py>) -> PyResult<Instant<'py>> {
        to_datetime(py, self.0.window_end).map(Instant)
    }

    fn __repr__(&self) -> String {
        let state = &self.0;
        format!(
            "BudgetState('{}', spent={}, reserved={}, remaining={})",
            state.budget, state.spent, state.reserved, state.remaining
        )
    }
}

/// Budgets that threads share: a hold is taken in all that cover a call, or in none.
///
/// >>> budgets = finops.Budgets([finops.Budget("daily", "10", window="day")])
/// >>> with budgets.reserve("0.25") as held:
/// ...     settled = held.settle("0.19")
/// >>> settled.released
/// Decimal('0.06')
#[pyclass(name = "Budgets", module = "finops", frozen)]
pub(crate) struct PyBudgets(pub(crate) Arc<Budgets>);

#[pymethods]
impl PyBudgets {
    /// Budgets in declared order, which is the order in which they are asked.
    #[new]
    #[pyo3(signature = (budgets: "collections.abc.Iterable[Budget]"))]
    fn new(budgets: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mut list = Vec::new();
        for budget in budgets.try_iter()? {
            list.push(budget?.cast::<PyBudget>()?.get().0.clone());
        }
        Budgets::new(list).map(|budgets| Self(Arc::new(budgets))).map_err(raise_budget)
    }

    /// Holds amounts in every budget that covers `tags`. Raises `BudgetExceeded`, or `BudgetError` for what has no price.
    #[pyo3(signature = (
        usd: "decimal.Decimal | int | str | None" = None, *, tokens: "typing.SupportsIndex | None" = None,
        joules: "decimal.Decimal | int | float | str | None" = None,
        grams_co2e: "decimal.Decimal | int | float | str | None" = None,
        tags: "collections.abc.Mapping[str, str] | None" = None,
        at: "datetime.datetime | str | int | float | None" = None, ttl_s: "float" = 600.0,
    ) -> "Reservation")]
    #[expect(clippy::too_many_arguments, reason = "keywords of a call")]
    fn reserve(
        &self,
        usd: Option<&Bound<'_, PyAny>>,
        tokens: Option<&Bound<'_, PyAny>>,
        joules: Option<&Bound<'_, PyAny>>,
        grams_co2e: Option<&Bound<'_, PyAny>>,
        tags: Option<&Bound<'_, PyAny>>,
        at: Option<&Bound<'_, PyAny>>,
        ttl_s: f64,
    ) -> PyResult<PyReservation> {
        let (amounts, tags) = (amounts(usd, tokens, joules, grams_co2e)?, self::tags(tags)?);
        let held = self.0.reserve(None, &amounts, &borrowed(&tags), at_or_now(at)?, ttl_ms(ttl_s)?);
        Ok(PyReservation::new(held.map_err(raise_budget)?, Arc::clone(&self.0)))
    }

    /// Frees a hold and charges what was spent, also late or beyond a limit.
    #[pyo3(signature = (
        reservation_id: "str", usd: "decimal.Decimal | int | str | None" = None, *, tokens: "typing.SupportsIndex | None" = None,
        joules: "decimal.Decimal | int | float | str | None" = None,
        grams_co2e: "decimal.Decimal | int | float | str | None" = None,
        at: "datetime.datetime | str | int | float | None" = None,
    ) -> "Settlement")]
    fn settle(
        &self,
        reservation_id: &str,
        usd: Option<&Bound<'_, PyAny>>,
        tokens: Option<&Bound<'_, PyAny>>,
        joules: Option<&Bound<'_, PyAny>>,
        grams_co2e: Option<&Bound<'_, PyAny>>,
        at: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<PySettlement> {
        let amounts = amounts(usd, tokens, joules, grams_co2e)?;
        self.0.settle(reservation_id, &amounts, at_or_now(at)?).map(PySettlement).map_err(raise_budget)
    }

    /// Frees a hold and charges nothing; may be repeated.
    #[pyo3(signature = (reservation_id: "str", *, at: "datetime.datetime | str | int | float | None" = None) -> "None")]
    fn release(&self, reservation_id: &str, at: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        self.0.release(reservation_id, at_or_now(at)?).map_err(raise_budget)
    }

    /// Charges amounts without asking.
    #[pyo3(signature = (
        usd: "decimal.Decimal | int | str | None" = None, *, tokens: "typing.SupportsIndex | None" = None,
        joules: "decimal.Decimal | int | float | str | None" = None,
        grams_co2e: "decimal.Decimal | int | float | str | None" = None,
        tags: "collections.abc.Mapping[str, str] | None" = None,
        at: "datetime.datetime | str | int | float | None" = None,
    ) -> "Settlement")]
    fn record_spend(
        &self,
        usd: Option<&Bound<'_, PyAny>>,
        tokens: Option<&Bound<'_, PyAny>>,
        joules: Option<&Bound<'_, PyAny>>,
        grams_co2e: Option<&Bound<'_, PyAny>>,
        tags: Option<&Bound<'_, PyAny>>,
        at: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<PySettlement> {
        let (amounts, tags) = (amounts(usd, tokens, joules, grams_co2e)?, self::tags(tags)?);
        let spent = self.0.record_spend(&amounts, &borrowed(&tags), at_or_now(at)?);
        spent.map(PySettlement).map_err(raise_budget)
    }

    /// Where one budget stands, by its id or `id{tag=value}`; without an id the only one there is.
    #[pyo3(signature = (id: "str | None" = None, *, at: "datetime.datetime | str | int | float | None" = None) -> "BudgetState")]
    fn state(&self, id: Option<&str>, at: Option<&Bound<'_, PyAny>>) -> PyResult<PyBudgetState> {
        let mut states = self.0.state(id, at_or_now(at)?).map_err(raise_budget)?;
        match (states.pop(), states.is_empty()) {
            (Some(only), true) => Ok(PyBudgetState(only)),
            (found, _) => {
                let problem = if found.is_some() {
                    "it has several states; name one as `id` or `id{tag=value}`, or use `states`"
                } else {
                    "nothing was counted yet"
                };
                let value = id.unwrap_or("None").to_owned();
                Err(raise_budget(BudgetError::Invalid { path: "id".to_owned(), value, problem }))
            }
        }
    }

    /// Where all budgets stand, or one with all its `per` values; in declared order, then by value.
    #[pyo3(signature = (id: "str | None" = None, *, at: "datetime.datetime | str | int | float | None" = None) -> "list[BudgetState]")]
    fn states(&self, id: Option<&str>, at: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<PyBudgetState>> {
        let states = self.0.state(id, at_or_now(at)?).map_err(raise_budget)?;
        Ok(states.into_iter().map(PyBudgetState).collect())
    }

    /// The whole state as JSON: budgets, what was spent, what is held.
    fn to_json(&self) -> PyResult<String> {
        self.0.to_json().map_err(raise_budget)
    }

    /// Budgets with everything that `to_json` wrote.
    #[staticmethod]
    #[pyo3(signature = (text: "str") -> "Budgets")]
    fn from_json(text: &str) -> PyResult<Self> {
        Budgets::from_json(text).map(|budgets| Self(Arc::new(budgets))).map_err(raise_budget)
    }

    fn __repr__(&self) -> String {
        let (counters, open, _) = self.0.sizes();
        format!("Budgets({counters} counters, {open} open reservations)")
    }
}
