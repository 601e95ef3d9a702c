//! The user's own price of a model.

use crate::{
    convert::{json, number::rate, out::Exact},
    error::raise,
};
use finops::core::{
    cost::{Hosting, ModelPrice},
    error::ConfigError,
    money::{Rate, decimal},
};
use pyo3::{exceptions::PyValueError, prelude::*, types::PyType};

/// The user's own price of a model, which wins over every other. Rates are USD per million tokens.
///
/// >>> finops.ModelPrice("llama-3.1-8b-prod", hosting="self_hosted", compute_cost_per_hour="2.10")
/// ModelPrice('llama-3.1-8b-prod', hosting='self_hosted', compute_cost_per_hour=2.1)
#[pyclass(name = "ModelPrice", module = "finops", frozen, eq)]
#[derive(PartialEq)]
pub(crate) struct PyModelPrice(pub(crate) ModelPrice);

fn token_rate(value: Option<&Bound<'_, PyAny>>, name: &str) -> PyResult<Option<Rate>> {
    value.map(|value| Rate::from_usd_per_mtok(rate(value, name)?).map_err(raise)).transpose()
}

impl PyModelPrice {
    /// From a `ModelPrice`, or from a mapping with its arguments.
    pub(crate) fn read(value: &Bound<'_, PyAny>) -> PyResult<ModelPrice> {
        if let Ok(price) = value.cast::<Self>() {
            return Ok(price.get().0.clone());
        }
        let wire = json::from_python(value)?;
        serde_json::from_value(wire.clone()).map_err(|error| {
            let problem = "not a model price; give `ModelPrice` objects";
            raise(ConfigError {
                name: "models".to_owned(),
                value: error.to_string(),
                problem,
                help: "name the arguments of `ModelPrice`",
            })
        })
    }
}

#[pymethods]
impl PyModelPrice {
    #[new]
    #[pyo3(signature = (
        model: "str", *, provider: "str | None" = None, hosting: "typing.Literal['api', 'self_hosted']" = "api",
        input_usd_per_mtok: "decimal.Decimal | int | float | str | None" = None,
        output_usd_per_mtok: "decimal.Decimal | int | float | str | None" = None,
        cache_read_usd_per_mtok: "decimal.Decimal | int | float | str | None" = None,
        cache_write_usd_per_mtok: "decimal.Decimal | int | float | str | None" = None,
        compute_cost_per_hour: "decimal.Decimal | int | float | str | None" = None,
    ))]
    #[expect(clippy::too_many_arguments, reason = "keywords of a constructor")]
    fn new(
        model: String,
        provider: Option<String>,
        hosting: &str,
        input_usd_per_mtok: Option<&Bound<'_, PyAny>>,
        output_usd_per_mtok: Option<&Bound<'_, PyAny>>,
        cache_read_usd_per_mtok: Option<&Bound<'_, PyAny>>,
        cache_write_usd_per_mtok: Option<&Bound<'_, PyAny>>,
        compute_cost_per_hour: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let hosting = match hosting {
            "api" => Hosting::Api,
            "self_hosted" => Hosting::SelfHosted,
            other => {
                let help = "write `api` or `self_hosted`";
                return Err(raise(ConfigError::new("hosting", other, "not a way of hosting", help)));
            }
        };
        Ok(Self(ModelPrice {
            model,
            provider,
            hosting,
            input: token_rate(input_usd_per_mtok, "input_usd_per_mtok")?,
            output: token_rate(output_usd_per_mtok, "output_usd_per_mtok")?,
            cache_read: token_rate(cache_read_usd_per_mtok, "cache_read_usd_per_mtok")?,
            cache_write: token_rate(cache_write_usd_per_mtok, "cache_write_usd_per_mtok")?,
            compute_cost_per_hour: compute_cost_per_hour
                .map(|value| rate(value, "compute_cost_per_hour"))
                .transpose()?,
        }))
    }

    /// The model, as calls name it.
    #[getter]
    fn model(&self) -> &str {
        &self.0.model
    }

    /// Applies to calls at this provider only.
    #[getter]
    fn provider(&self) -> Option<&str> {
        self.0.provider.as_deref()
    }

    /// `api` or `self_hosted`.
    #[getter]
    fn hosting(&self) -> &'static str {
        self.0.hosting.name()
    }

    /// USD per million input tokens.
    #[getter]
    fn input_usd_per_mtok<'py>(&self, py: Python<'py>) -> PyResult<Option<Exact<'py>>> {
        shown_rate(py, self.0.input)
    }

    /// USD per million output tokens.
    #[getter]
    fn output_usd_per_mtok<'py>(&self, py: Python<'py>) -> PyResult<Option<Exact<'py>>> {
        shown_rate(py, self.0.output)
    }

    /// USD per million tokens read from the cache.
    #[getter]
    fn cache_read_usd_per_mtok<'py>(&self, py: Python<'py>) -> PyResult<Option<Exact<'py>>> {
        shown_rate(py, self.0.cache_read)
    }

    /// USD per million tokens written to the cache.
    #[getter]
    fn cache_write_usd_per_mtok<'py>(&self, py: Python<'py>) -> PyResult<Option<Exact<'py>>> {
        shown_rate(py, self.0.cache_write)
    }

    /// USD an hour of the machines that run it.
    #[getter]
    fn compute_cost_per_hour<'py>(&self, py: Python<'py>) -> PyResult<Option<Exact<'py>>> {
        self.0.compute_cost_per_hour.map(|usd| Exact::number(py, usd)).transpose()
    }

    /// The wire form.
    fn to_json(&self) -> PyResult<String> {
        serde_json::to_string(&self.0).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// Reads the wire form.
    #[staticmethod]
    #[pyo3(signature = (text: "str") -> "ModelPrice")]
    fn from_json(py: Python<'_>, text: &str) -> PyResult<Self> {
        Self::read(&json::to_python(py, &json::parse(text)?)?).map(Self)
    }

    fn __repr__(&self) -> String {
        let price = &self.0;
        let mut parts = vec![format!("'{}'", price.model)];
        let mut push = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                parts.push(format!("{name}={value}"));
            }
        };
        push("provider", price.provider.as_ref().map(|p| format!("'{p}'")));
        push("hosting", Some(format!("'{}'", price.hosting.name())));
        push("input_usd_per_mtok", price.input.map(|r| r.to_string()));
        push("output_usd_per_mtok", price.output.map(|r| r.to_string()));
        push("cache_read_usd_per_mtok", price.cache_read.map(|r| r.to_string()));
        push("cache_write_usd_per_mtok", price.cache_write.map(|r| r.to_string()));
        push("compute_cost_per_hour", price.compute_cost_per_hour.map(decimal::text));
        format!("ModelPrice({})", parts.join(", "))
    }

    #[pyo3(signature = () -> "tuple[typing.Any, ...]")]
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (String,))> {
        Ok((PyType::new::<Self>(py).getattr("from_json")?, (self.to_json()?,)))
    }
}

fn shown_rate(py: Python<'_>, rate: Option<Rate>) -> PyResult<Option<Exact<'_>>> {
    rate.map(|rate| Exact::new(py, &rate.to_string())).transpose()
}
