//! What a call cost, line by line.

use crate::convert::{
    json,
    out::{Exact, LineItems, Texts},
};
use finops::core::{
    cost::{Cost, LineItem},
    money::{Picodollars, decimal},
};
use pyo3::{
    exceptions::PyValueError,
    prelude::*,
    types::{PyTuple, PyType},
};

fn usd(py: Python<'_>, amount: Option<Picodollars>) -> PyResult<Option<Exact<'_>>> {
    amount.map(|amount| Exact::usd(py, amount)).transpose()
}

/// One line of a cost.
#[pyclass(name = "LineItem", module = "finops", frozen, eq)]
#[derive(PartialEq)]
pub(crate) struct PyLineItem(LineItem);

#[pymethods]
impl PyLineItem {
    /// A usage bucket or unit (`cache_read`, `web_search`), `compute`, or `reported`.
    #[getter]
    fn unit(&self) -> &str {
        &self.0.unit
    }

    /// How many; seconds for `compute`.
    #[getter]
    fn quantity<'py>(&self, py: Python<'py>) -> PyResult<Exact<'py>> {
        Exact::number(py, self.0.quantity)
    }

    /// USD per `per`; `None` when no rate is known.
    #[getter]
    fn rate<'py>(&self, py: Python<'py>) -> PyResult<Option<Exact<'py>>> {
        self.0.rate.map(|rate| Exact::number(py, rate)).transpose()
    }

    /// What the rate counts: `mtok`, `use` or `hour`.
    #[getter]
    fn per(&self) -> &'static str {
        self.0.per.name()
    }

    /// The exact amount in USD; `None` when no rate is known.
    #[getter]
    fn amount<'py>(&self, py: Python<'py>) -> PyResult<Option<Exact<'py>>> {
        usd(py, self.0.amount)
    }

    /// The model priced, where the call had parts.
    #[getter]
    fn model(&self) -> Option<&str> {
        self.0.model.as_deref()
    }

    fn __repr__(&self) -> String {
        let item = &self.0;
        let amount = item.amount.map_or_else(|| "None".to_owned(), |a| a.to_string());
        format!("LineItem(unit='{}', quantity={}, amount={amount})", item.unit, decimal::text(item.quantity))
    }
}

/// What a call cost: exact decimals, the lines that add up to them, and what was assumed.
#[pyclass(name = "Cost", module = "finops", frozen, eq)]
#[derive(PartialEq)]
pub(crate) struct PyCost(pub(crate) Cost);

#[pymethods]
impl PyCost {
    /// The exact sum of the lines in USD; `None` when unpriced, never 0.
    #[getter]
    fn total<'py>(&self, py: Python<'py>) -> PyResult<Option<Exact<'py>>> {
        usd(py, self.0.total)
    }

    /// The prompt side.
    #[getter]
    fn input<'py>(&self, py: Python<'py>) -> PyResult<Option<Exact<'py>>> {
        usd(py, self.0.input)
    }

    /// The completion side.
    #[getter]
    fn output<'py>(&self, py: Python<'py>) -> PyResult<Option<Exact<'py>>> {
        usd(py, self.0.output)
    }

    /// Machines.
    #[getter]
    fn compute<'py>(&self, py: Python<'py>) -> PyResult<Option<Exact<'py>>> {
        usd(py, self.0.compute)
    }

    /// Per-use units, and what a provider reported.
    #[getter]
    fn other<'py>(&self, py: Python<'py>) -> PyResult<Option<Exact<'py>>> {
        usd(py, self.0.other)
    }

    /// The catalogue's price where another won.
    #[getter]
    fn list_price<'py>(&self, py: Python<'py>) -> PyResult<Option<Exact<'py>>> {
        usd(py, self.0.list_price)
    }

    /// What the provider reported, whichever price won.
    #[getter]
    fn reported<'py>(&self, py: Python<'py>) -> PyResult<Option<Exact<'py>>> {
        usd(py, self.0.reported)
    }

    /// The lines.
    #[getter]
    fn line_items<'py>(&self, py: Python<'py>) -> PyResult<LineItems<'py>> {
        let items = self.0.line_items.iter().map(|item| Bound::new(py, PyLineItem(item.clone())));
        Ok(LineItems(PyTuple::new(py, items.collect::<PyResult<Vec<_>>>()?)?.into_any()))
    }

    /// `priced`, `estimated`, `provider_reported` or `unpriced`.
    #[getter]
    fn status(&self) -> &'static str {
        self.0.status.name()
    }

    /// Which price won: `custom`, `configured`, `provider`, `catalogue` or `default`.
    #[getter]
    fn price_source(&self) -> Option<&'static str> {
        self.0.price_source.map(|source| source.name())
    }

    /// Codes of whatever was assumed.
    #[getter]
    fn assumptions<'py>(&self, py: Python<'py>) -> PyResult<Texts<'py>> {
        Texts::new(py, self.0.assumptions.iter().map(|a| a.code()))
    }

    /// The id of the catalogue consulted.
    #[getter]
    fn catalogue(&self) -> Option<&str> {
        self.0.catalogue.as_deref()
    }

    /// The ids of the catalogue rows applied.
    #[getter]
    fn price_rows<'py>(&self, py: Python<'py>) -> PyResult<Texts<'py>> {
        Texts::new(py, &self.0.price_rows)
    }

    /// The provider whose price applies.
    #[getter]
    fn provider(&self) -> Option<&str> {
        self.0.provider.as_deref()
    }

    /// The model whose price applies, as the catalogue names it.
    #[getter]
    fn model(&self) -> Option<&str> {
        self.0.model.as_deref()
    }

    /// The lines, one sentence an assumption, and the price rows, for people.
    fn explain(&self) -> String {
        self.0.explain()
    }

    /// The wire form.
    fn to_json(&self) -> PyResult<String> {
        serde_json::to_string(&self.0).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// Reads the wire form.
    #[staticmethod]
    #[pyo3(signature = (text: "str") -> "Cost")]
    fn from_json(text: &str) -> PyResult<Self> {
        let cost = serde_json::from_value(json::parse(text)?);
        cost.map(Self).map_err(|error| PyValueError::new_err(format!("not a cost: {error}")))
    }

    fn __hash__(&self) -> PyResult<u64> {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        self.to_json()?.hash(&mut hasher);
        Ok(hasher.finish())
    }

    fn __repr__(&self) -> String {
        let total = self.0.total.map_or_else(|| "None".to_owned(), |a| a.to_string());
        let source = self.0.price_source.map_or("None", |source| source.name());
        format!("Cost(total={total}, status='{}', price_source='{source}')", self.0.status.name())
    }

    #[pyo3(signature = () -> "tuple[typing.Any, ...]")]
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (String,))> {
        Ok((PyType::new::<Self>(py).getattr("from_json")?, (self.to_json()?,)))
    }
}
