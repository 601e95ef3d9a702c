//! The price catalogue, and the cost of a call outside any monitor.

use crate::{
    convert::{
        json,
        out::{AnyMap, Texts},
        time::at_or_now,
    },
    cost::PyCost,
    error::raise,
    usage::PyUsage,
};
use finops::core::{
    cost::{self, Call, OnUnknown},
    error::ConfigError,
    price::{Catalogue, Resolved},
};
use pyo3::{
    exceptions::PyTypeError,
    prelude::*,
    types::{PyDict, PyString},
};

/// The prices of models, dated and with their sources.
///
/// >>> prices = finops.prices()
/// >>> prices.resolve("openai/gpt-4o").match
/// 'provider_prefix'
#[pyclass(name = "Catalogue", module = "finops", frozen, eq)]
#[derive(PartialEq)]
pub(crate) struct PyCatalogue(pub(crate) Catalogue);

/// An offering that was found by name.
#[pyclass(name = "Resolved", module = "finops", frozen, eq)]
#[derive(PartialEq)]
pub(crate) struct PyResolved(Resolved);

#[pymethods]
impl PyResolved {
    /// Who sells it.
    #[getter]
    fn provider(&self) -> &str {
        &self.0.provider
    }

    /// The provider's name for it.
    #[getter]
    fn model(&self) -> &str {
        &self.0.model
    }

    /// How it was matched: `exact`, `alias`, `case_insensitive`, `provider_prefix`, `fine_tuned` or `date_suffix`.
    #[getter]
    fn r#match(&self) -> &'static str {
        self.0.matched.name()
    }

    /// `estimated` for an unlisted snapshot, else `priced`.
    #[getter]
    fn status(&self) -> &'static str {
        self.0.status.name()
    }

    /// Codes of whatever was assumed.
    #[getter]
    fn assumptions<'py>(&self, py: Python<'py>) -> PyResult<Texts<'py>> {
        Texts::new(py, self.0.assumptions.iter().map(|a| a.code()))
    }

    fn __repr__(&self) -> String {
        format!(
            "Resolved(provider='{}', model='{}', match='{}', status='{}')",
            self.0.provider,
            self.0.model,
            self.0.matched.name(),
            self.0.status.name()
        )
    }
}

#[pymethods]
impl PyCatalogue {
    /// Reads a catalogue: one JSON object a line. Raises `PriceError` (`price.invalid_catalogue`).
    #[staticmethod]
    #[pyo3(signature = (text: "str") -> "Catalogue")]
    fn from_jsonl(py: Python<'_>, text: &str) -> PyResult<Self> {
        py.detach(|| Catalogue::from_jsonl(text)).map(Self).map_err(raise)
    }

    /// `cat-<date>-<12 hex of the SHA-256 of the text>`.
    #[getter]
    fn id(&self) -> &str {
        self.0.id()
    }

    /// The date of the youngest source.
    #[getter]
    fn generated(&self) -> &str {
        self.0.generated()
    }

    /// Finds what is sold as `model`, exactly or by an anchored form. Raises `PriceError`; never gives a neighbour.
    #[pyo3(signature = (model: "str", provider: "str | None" = None) -> "Resolved")]
    fn resolve(&self, model: &str, provider: Option<&str>) -> PyResult<PyResolved> {
        self.0.resolve(provider, model).map(PyResolved).map_err(raise)
    }

    /// The price rows: all of them, or those of one offering.
    #[pyo3(signature = (model: "str | None" = None, *, provider: "str | None" = None) -> "list[dict[str, typing.Any]]")]
    fn rows<'py>(
        &self,
        py: Python<'py>,
        model: Option<&str>,
        provider: Option<&str>,
    ) -> PyResult<Vec<AnyMap<'py>>> {
        let rows: Vec<_> = match model {
            None => self.0.rows().filter(|row| provider.is_none_or(|p| p == row.price.provider)).collect(),
            Some(model) => {
                let found = self.0.resolve(provider, model).map_err(raise)?;
                self.0.rows_of(&found.provider, &found.model)
            }
        };
        rows.iter()
            .map(|row| {
                let wire = serde_json::to_value(row).map_err(|e| PyTypeError::new_err(e.to_string()))?;
                json::to_python(py, &wire).map(AnyMap)
            })
            .collect()
    }

    /// This catalogue with rows laid over it: JSON lines as text, or a list of rows as dicts.
    #[pyo3(signature = (rows: "str | collections.abc.Iterable[collections.abc.Mapping[str, typing.Any]]") -> "Catalogue")]
    fn overlay(&self, py: Python<'_>, rows: &Bound<'_, PyAny>) -> PyResult<Self> {
        let text = match rows.cast::<PyString>() {
            Ok(text) => text.to_str()?.to_owned(),
            Err(_) => {
                let mut lines = String::new();
                for row in rows.try_iter()? {
                    lines.push_str(&json::from_python(&row?)?.to_string());
                    lines.push('\n');
                }
                lines
            }
        };
        py.detach(|| self.0.overlay(&text)).map(Self).map_err(raise)
    }

    /// The text of the catalogue: keys and lines sorted.
    fn to_jsonl(&self, py: Python<'_>) -> String {
        py.detach(|| self.0.to_jsonl())
    }

    fn __hash__(&self) -> u64 {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        self.0.id().hash(&mut hasher);
        hasher.finish()
    }

    fn __repr__(&self) -> String {
        format!("Catalogue('{}')", self.0.id())
    }
}

/// The compiled price catalogue.
#[pyfunction]
#[pyo3(signature = () -> "Catalogue")]
pub(crate) const fn prices() -> PyCatalogue {
    PyCatalogue(Catalogue::builtin())
}

/// The exact cost of a call at the catalogue's price; nothing is recorded.
///
/// `usage` is a `Usage`, or a mapping of its buckets. An unknown model raises `PriceError`, or with
/// `on_unknown="null"` gives a cost whose amounts are `None`.
#[pyfunction]
#[pyo3(name = "cost", signature = (
    model: "str", usage: "Usage | collections.abc.Mapping[str, typing.SupportsIndex]", *, provider: "str | None" = None,
    at: "datetime.datetime | str | int | float | None" = None, service_tier: "str | None" = None,
    region: "str | None" = None, on_unknown: "typing.Literal['raise', 'null']" = "raise",
) -> "Cost")]
pub(crate) fn cost_of(
    model: &str,
    usage: &Bound<'_, PyAny>,
    provider: Option<&str>,
    at: Option<&Bound<'_, PyAny>>,
    service_tier: Option<&str>,
    region: Option<&str>,
    on_unknown: &str,
) -> PyResult<PyCost> {
    let usage = match usage.cast::<PyUsage>() {
        Ok(usage) => usage.get().0,
        Err(_) => {
            let keywords = PyDict::new(usage.py());
            keywords.call_method1("update", (usage,))?;
            PyUsage::of_buckets(&keywords)?
        }
    };
    let on_unknown = match on_unknown {
        "raise" => OnUnknown::Raise,
        "null" => OnUnknown::Null,
        other => {
            let help = "write `raise` or `null`";
            return Err(raise(ConfigError::new("on_unknown", other, "not a choice", help)));
        }
    };
    let call = Call { provider, service_tier, region, ..Call::new(model, &usage, at_or_now(at)?) };
    cost::cost(&Catalogue::builtin(), &call, on_unknown).map(PyCost::from).map_err(raise)
}
