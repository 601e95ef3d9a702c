//! One map from engine errors to the exceptions of `finops/errors.py`.

use finops::{
    EngineError,
    core::{
        Error,
        carbon::{CarbonError, MeterError},
        error::ConfigError,
        money::MoneyError,
        price::PriceError,
        usage::UsageError,
    },
    ledger::{
        EventLogError, LedgerError,
        event::{canonical::CanonicalError, keys::KeyError},
    },
    policy::{PolicyError, decision::log::ReplayError, guardrail::GuardrailError},
    telemetry::{self, budget::BudgetError, stream::StreamError},
};
use pyo3::{prelude::*, sync::PyOnceLock, types::PyDict};

/// An error as every binding reports it.
pub(crate) struct Problem {
    pub(crate) code: String,
    pub(crate) path: String,
    pub(crate) message: String,
}

macro_rules! coded {
    ($($error:ty),+) => {$(
        impl From<$error> for Problem {
            fn from(error: $error) -> Self {
                Self { code: error.code().to_owned(), path: error.path().to_owned(), message: error.to_string() }
            }
        }
    )+};
}

coded!(
    EngineError,
    LedgerError,
    EventLogError,
    CanonicalError,
    KeyError,
    PolicyError,
    ReplayError,
    GuardrailError,
    Error,
    StreamError,
    MoneyError,
    UsageError,
    PriceError,
    CarbonError,
    MeterError
);

impl From<&BudgetError> for Problem {
    fn from(error: &BudgetError) -> Self {
        Self { code: error.code().to_owned(), path: error.path().to_owned(), message: error.to_string() }
    }
}

impl From<ConfigError> for Problem {
    fn from(error: ConfigError) -> Self {
        Self { code: error.code().to_owned(), path: error.name.clone(), message: error.to_string() }
    }
}

/// The exception class of a code, by its first part.
fn class_of(code: &str) -> &'static str {
    match code.split('.').next().unwrap_or_default() {
        "money" => "MoneyError",
        "usage" => "UsageError",
        "config" => "ConfigError",
        "price" => "PriceError",
        "stream" => "StreamError",
        "carbon" => "CarbonError",
        "meter" => "MeterError",
        "policy" | "guardrail" | "lint" | "bundle" | "input" => "PolicyError",
        "ledger" => "LedgerError",
        "store" => "StoreError",
        "allocation" | "inventory" | "prometheus" | "quantity" => "AllocationError",
        "waste" | "rightsizing" => "WasteError",
        "change" | "engine" => "ChangeError",
        "finding" => "FindingError",
        "budget" if code == "budget.exceeded" => "BudgetExceeded",
        "budget" => "BudgetError",
        _ => "FinopsError",
    }
}

/// What can be raised.
pub(crate) trait Raise {
    fn raise(self) -> PyErr;
}

impl<E: Into<Problem>> Raise for E {
    fn raise(self) -> PyErr {
        raise_with(self, |_| Ok(()))
    }
}

impl Raise for telemetry::Error {
    fn raise(self) -> PyErr {
        match self {
            Self::Core(error) => error.raise(),
            Self::Stream(error) => error.raise(),
            Self::Budget(error) => crate::budget::raise_budget(error),
            other => Problem {
                code: other.code().to_owned(),
                path: other.path().to_owned(),
                message: other.to_string(),
            }
            .raise(),
        }
    }
}

/// The exception of an engine error, to be used as `.map_err(raise)`.
#[cold]
pub(crate) fn raise(error: impl Raise) -> PyErr {
    error.raise()
}

/// As [`raise`], with further keyword arguments of the exception.
pub(crate) fn raise_with(
    problem: impl Into<Problem>,
    fill: impl FnOnce(&Bound<'_, PyDict>) -> PyResult<()>,
) -> PyErr {
    static ERRORS: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let problem = problem.into();
    Python::attach(|py| {
        let build = || {
            let module = ERRORS.get_or_try_init(py, || py.import("finops.errors").map(Bound::unbind))?;
            let fields = PyDict::new(py);
            fields.set_item("code", &problem.code)?;
            fields.set_item("path", &problem.path)?;
            fill(&fields)?;
            let class = module.bind(py).getattr(class_of(&problem.code))?;
            class.call((&problem.message,), Some(&fields))
        };
        build().map_or_else(|error| error, PyErr::from_value)
    })
}
