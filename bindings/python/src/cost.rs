//! What a call cost, line by line.

use crate::convert::{
    json,
    out::{Exact, LineItems, Texts},
};
use finops::{
    core::{
        cost::{Cost, LineItem},
        money::{Picodollars, decimal},
        price::Catalogue,
    },
    telemetry::record::InferenceRecord,
};
use pyo3::{
    exceptions::PyValueError,
    prelude::*,
    types::{PyTuple, PyType},
};

use std::sync::{Arc, OnceLock};

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
#[pyclass(name = "Cost", module = "finops", frozen)]
pub(crate) struct PyCost {
    /// The record whose cost it is: its sums are there before the lines are written out.
    record: Option<Arc<InferenceRecord>>,
    full: OnceLock<Cost>,
}

impl From<Cost> for PyCost {
    fn from(cost: Cost) -> Self {
        Self { record: None, full: OnceLock::from(cost) }
    }
}

impl PyCost {
    /// The cost of a record, its lines written out when somebody reads them.
    pub(crate) const fn of(record: Arc<InferenceRecord>) -> Self {
        Self { record: Some(record), full: OnceLock::new() }
    }

    fn full(&self) -> &Cost {
        self.full.get_or_init(|| match &self.record {
            Some(record) => record.cost().into_owned(),
            // Without a record the cost is there from the start.
            None => Cost::unpriced(&Catalogue::builtin()),
        })
    }
}

#[pymethods]
impl PyCost {
    /// The exact sum of the lines in USD; `None` when unpriced, never 0.
    #[getter]
    fn total<'py>(&self, py: Python<'py>) -> PyResult<Option<Exact<'py>>> {
        usd(py, self.record.as_ref().map_or_else(|| self.full().total, |record| record.unit_cost()))
    }

    /// The prompt side.
    #[getter]
    fn input<'py>(&self, py: Python<'py>) -> PyResult<Option<Exact<'py>>> {
        usd(py, self.record.as_ref().map_or_else(|| self.full().input, |record| record.input_cost()))
    }

    /// The completion side.
    #[getter]
    fn output<'py>(&self, py: Python<'py>) -> PyResult<Option<Exact<'py>>> {
        usd(py, self.record.as_ref().map_or_else(|| self.full().output, |record| record.output_cost()))
    }

    /// Machines.
    #[getter]
    fn compute<'py>(&self, py: Python<'py>) -> PyResult<Option<Exact<'py>>> {
        usd(py, self.record.as_ref().map_or_else(|| self.full().compute, |record| record.compute_cost()))
    }

    /// Per-use units, and what a provider reported.
    #[getter]
    fn other<'py>(&self, py: Python<'py>) -> PyResult<Option<Exact<'py>>> {
        usd(py, self.record.as_ref().map_or_else(|| self.full().other, |record| record.other_cost()))
    }

    /// The catalogue's price where another won.
    #[getter]
    fn list_price<'py>(&self, py: Python<'py>) -> PyResult<Option<Exact<'py>>> {
        usd(py, self.full().list_price)
    }

    /// What the provider reported, whichever price won.
    #[getter]
    fn reported<'py>(&self, py: Python<'py>) -> PyResult<Option<Exact<'py>>> {
        usd(py, self.full().reported)
    }

    /// The lines.
    #[getter]
    fn line_items<'py>(&self, py: Python<'py>) -> PyResult<LineItems<'py>> {
        let items = self.full().line_items.iter().map(|item| Bound::new(py, PyLineItem(item.clone())));
        Ok(LineItems(PyTuple::new(py, items.collect::<PyResult<Vec<_>>>()?)?.into_any()))
    }

    /// `priced`, `estimated`, `provider_reported` or `unpriced`.
    #[getter]
    fn status(&self) -> &'static str {
        self.full().status.name()
    }

    /// Which price won: `custom`, `configured`, `provider`, `catalogue` or `default`.
    #[getter]
    fn price_source(&self) -> Option<&'static str> {
        self.full().price_source.map(|source| source.name())
    }

    /// Codes of whatever was assumed.
    #[getter]
    fn assumptions<'py>(&self, py: Python<'py>) -> PyResult<Texts<'py>> {
        Texts::new(py, self.full().assumptions.iter().map(|a| a.code()))
    }

    /// The id of the catalogue consulted.
    #[getter]
    fn catalogue(&self) -> Option<&str> {
        self.full().catalogue.as_deref()
    }

    /// The ids of the catalogue rows applied.
    #[getter]
    fn price_rows<'py>(&self, py: Python<'py>) -> PyResult<Texts<'py>> {
        Texts::new(py, &self.full().price_rows)
    }

    /// The provider whose price applies.
    #[getter]
    fn provider(&self) -> Option<&str> {
        self.full().provider.as_deref()
    }

    /// The model whose price applies, as the catalogue names it.
    #[getter]
    fn model(&self) -> Option<&str> {
        self.full().model.as_deref()
    }

    /// The lines, one sentence an assumption, and the price rows, for people.
    fn explain(&self) -> String {
        self.full().explain()
    }

    /// The wire form.
    fn to_json(&self) -> PyResult<String> {
        serde_json::to_string(self.full()).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// Reads the wire form.
    #[staticmethod]
    #[pyo3(signature = (text: "str") -> "Cost")]
    fn from_json(text: &str) -> PyResult<Self> {
        let cost = serde_json::from_value(json::parse(text)?);
        cost.map(|cost: Cost| cost.into())
            .map_err(|error| PyValueError::new_err(format!("not a cost: {error}")))
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.get().full() == self.full())
    }

    fn __hash__(&self) -> PyResult<u64> {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        self.to_json()?.hash(&mut hasher);
        Ok(hasher.finish())
    }

    fn __repr__(&self) -> String {
        let total = self.full().total.map_or_else(|| "None".to_owned(), |a| a.to_string());
        let source = self.full().price_source.map_or("None", |source| source.name());
        format!("Cost(total={total}, status='{}', price_source='{source}')", self.full().status.name())
    }

    #[pyo3(signature = () -> "tuple[typing.Any, ...]")]
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (String,))> {
        Ok((PyType::new::<Self>(py).getattr("from_json")?, (self.to_json()?,)))
    }
}
