//! Many calls at once, from buffers, sequences or Arrow.

use super::PyMonitor;
use crate::{
    arrow,
    convert::{
        number::{count, shown},
        out::{Anything, Exact},
    },
    error::raise,
};
use finops::{
    core::usage::UsageError,
    telemetry::monitor::{BatchCall, BatchResult, Column},
};
use pyo3::{
    buffer::{Element, PyBuffer},
    prelude::*,
    types::{PyBytes, PyMemoryView, PyString},
};
use std::{collections::BTreeMap, sync::Arc};

/// A column, copied out so that the interpreter is free while it is priced.
pub(crate) enum Owned {
    U64(Vec<u64>),
    U32(Vec<u32>),
    I64(Vec<i64>),
    I32(Vec<i32>),
    F64(Vec<f64>),
}

impl Owned {
    /// This column and the next piece of it. Pieces of different types meet as floats, which the engine checks.
    pub(crate) fn and(self, next: Self) -> Self {
        match (self, next) {
            (Self::U64(mine), next) if mine.is_empty() => next,
            (Self::U64(mut mine), Self::U64(more)) => {
                mine.extend(more);
                Self::U64(mine)
            }
            (Self::I64(mut mine), Self::I64(more)) => {
                mine.extend(more);
                Self::I64(mine)
            }
            (Self::U32(mut mine), Self::U32(more)) => {
                mine.extend(more);
                Self::U32(mine)
            }
            (Self::I32(mut mine), Self::I32(more)) => {
                mine.extend(more);
                Self::I32(mine)
            }
            (mine, next) => {
                let mut all = mine.floats();
                all.extend(next.floats());
                Self::F64(all)
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a count above 2^53 is refused as a float, not rounded")]
    pub(crate) fn floats(self) -> Vec<f64> {
        match self {
            Self::U64(rows) => rows.into_iter().map(|n| n as f64).collect(),
            Self::I64(rows) => rows.into_iter().map(|n| n as f64).collect(),
            Self::U32(rows) => rows.into_iter().map(f64::from).collect(),
            Self::I32(rows) => rows.into_iter().map(f64::from).collect(),
            Self::F64(rows) => rows,
        }
    }

    pub(crate) fn column(&self) -> Column<'_> {
        match self {
            Self::U64(rows) => Column::U64(rows),
            Self::U32(rows) => Column::U32(rows),
            Self::I64(rows) => Column::I64(rows),
            Self::I32(rows) => Column::I32(rows),
            Self::F64(rows) => Column::F64(rows),
        }
    }
}

fn buffer<T: Element>(value: &Bound<'_, PyAny>) -> Option<Vec<T>> {
    PyBuffer::<T>::get(value).ok()?.to_vec(value.py()).ok()
}

/// Numbers from Arrow, a buffer (NumPy, `array`), or any sequence.
fn numbers(value: &Bound<'_, PyAny>, name: &str, whole: bool) -> PyResult<Owned> {
    if let Some(column) = arrow::numbers(value, name)? {
        return Ok(column);
    }
    let copied = buffer(value)
        .map(Owned::I64)
        .or_else(|| buffer(value).map(Owned::F64))
        .or_else(|| buffer(value).map(Owned::U64))
        .or_else(|| buffer(value).map(Owned::I32))
        .or_else(|| buffer(value).map(Owned::U32));
    if let Some(column) = copied {
        return Ok(column);
    }
    // A pandas column has neither face, but its NumPy array is a buffer.
    if value.hasattr("to_numpy")? {
        return numbers(&value.call_method0("to_numpy")?, name, whole);
    }
    let rows = value.try_iter()?.enumerate();
    if whole {
        let rows = rows.map(|(row, item)| count(&item?, &format!("{name}[{row}]")));
        return rows.collect::<PyResult<_>>().map(Owned::U64);
    }
    let number = |(row, item): (usize, PyResult<Bound<'_, PyAny>>)| {
        let item = item?;
        item.extract::<f64>().map_err(|_| {
            let path = format!("{name}[{row}]");
            raise(UsageError::InvalidDuration { path, value: shown(&item) })
        })
    };
    rows.map(number).collect::<PyResult<_>>().map(Owned::F64)
}

/// The names of a batch, and for each row the place of its own.
fn models(value: &Bound<'_, PyAny>) -> PyResult<(Vec<String>, Option<Vec<u32>>)> {
    if let Ok(one) = value.cast::<PyString>() {
        return Ok((vec![one.to_str()?.to_owned()], None));
    }
    let mut places: BTreeMap<String, u32> = BTreeMap::new();
    let mut names = Vec::new();
    let mut index = Vec::new();
    let mut add = |name: &str| {
        let next = u32::try_from(names.len()).unwrap_or(u32::MAX);
        let place = match places.get(name) {
            Some(place) => *place,
            None => {
                places.insert(name.to_owned(), next);
                names.push(name.to_owned());
                next
            }
        };
        index.push(place);
    };
    if !arrow::texts(value, "model", &mut add)? {
        for item in value.try_iter()? {
            add(item?.cast::<PyString>()?.to_str()?);
        }
    }
    Ok((names, Some(index)))
}

/// What a batch cost.
#[pyclass(name = "BatchResult", module = "finops", frozen)]
pub(crate) struct PyBatchResult(BatchResult);

#[pymethods]
impl PyBatchResult {
    /// Rows that were logged.
    #[getter]
    fn rows(&self) -> usize {
        self.0.rows
    }

    /// Their tokens.
    #[getter]
    fn total_tokens(&self) -> u128 {
        self.0.total_tokens
    }

    /// What they cost, exactly; `None` when no row has a price.
    #[getter]
    fn cost_usd<'py>(&self, py: Python<'py>) -> PyResult<Option<Exact<'py>>> {
        self.0.cost_usd.map(|usd| Exact::usd(py, usd)).transpose()
    }

    /// Rows without a price, which `cost_usd` does not hold.
    #[getter]
    fn unpriced(&self) -> usize {
        self.0.unpriced
    }

    /// Their energy.
    #[getter]
    fn energy_joules(&self) -> f64 {
        self.0.energy_joules
    }

    /// Their operational carbon.
    #[getter]
    fn carbon_kg(&self) -> f64 {
        self.0.carbon_kg
    }

    /// The cost of each row as the nearest float, a buffer of float64 (`numpy.asarray` takes it without a copy); NaN for
    /// a row that was refused or has no price.
    #[getter]
    fn costs_usd<'py>(&self, py: Python<'py>) -> PyResult<Anything<'py>> {
        let bytes: Vec<u8> = self.0.costs_usd.iter().flat_map(|cost| cost.to_ne_bytes()).collect();
        let view = PyMemoryView::from(PyBytes::new(py, &bytes).as_any())?;
        view.call_method1("cast", ("d",)).map(Anything)
    }

    /// Rows that were refused, each with its exception. The others were logged.
    #[getter]
    fn errors<'py>(&self, py: Python<'py>) -> Vec<(usize, Bound<'py, PyAny>)> {
        let shown = |(row, error): &(usize, finops::telemetry::Error)| {
            (*row, raise(error.clone()).into_value(py).into_bound(py).into_any())
        };
        self.0.errors.iter().map(shown).collect()
    }

    fn __len__(&self) -> usize {
        self.0.rows
    }

    fn __repr__(&self) -> String {
        let cost = self.0.cost_usd.map_or_else(|| "None".to_owned(), |usd| usd.to_string());
        format!("BatchResult(rows={}, cost_usd={cost}, errors={})", self.0.rows, self.0.errors.len())
    }
}

impl PyMonitor {
    pub(super) fn batch(
        &self,
        py: Python<'_>,
        model: &Bound<'_, PyAny>,
        tokens: [&Bound<'_, PyAny>; 2],
        duration_ms: Option<&Bound<'_, PyAny>>,
        provider: Option<&str>,
        at: finops::core::time::Timestamp,
    ) -> PyResult<PyBatchResult> {
        let (names, index) = models(model)?;
        let [input, output] = tokens;
        let input = numbers(input, "input_tokens", true)?;
        let output = numbers(output, "output_tokens", true)?;
        let durations = duration_ms.map(|column| numbers(column, "duration_ms", false)).transpose()?;
        let inner = Arc::clone(&self.inner);
        let result = py.detach(move || {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            inner.log_batch(&BatchCall {
                models: &names,
                model_index: index.as_deref().map(Column::U32),
                input_tokens: input.column(),
                output_tokens: output.column(),
                duration_ms: durations.as_ref().map(Owned::column),
                provider,
                at,
            })
        });
        result.map(PyBatchResult).map_err(raise)
    }
}
