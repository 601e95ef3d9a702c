//! Return values whose Python type only a name can state: the stubs print that name.

use super::number::to_decimal;
use finops::core::money::{Picodollars, decimal};
use pyo3::{inspect::PyStaticExpr, prelude::*, types::PyTuple};

macro_rules! typed {
    ($($(#[$doc:meta])* $name:ident: $hint:literal,)+) => {$(
        $(#[$doc])*
        pub(crate) struct $name<'py>(pub(crate) Bound<'py, PyAny>);

        impl<'py> IntoPyObject<'py> for $name<'py> {
            type Target = PyAny;
            type Output = Bound<'py, PyAny>;
            type Error = PyErr;

            const OUTPUT_TYPE: PyStaticExpr = PyStaticExpr::Name { id: $hint };

            fn into_pyobject(self, _: Python<'py>) -> PyResult<Self::Output> {
                Ok(self.0)
            }
        }
    )+};
}

typed! {
    /// An exact number.
    Exact: "decimal.Decimal",
    /// An aware instant in UTC.
    Instant: "datetime.datetime",
    /// Whatever a JSON value becomes.
    Anything: "typing.Any",
    /// Codes or names.
    Texts: "tuple[str, ...]",
    /// The lines of a cost.
    LineItems: "tuple[LineItem, ...]",
    /// Tags by name.
    TextMap: "dict[str, str]",
    /// Rounded rows and their total.
    Apportioned: "Apportioned",
    /// What a guardrail demands.
    ActionName: "PolicyAction",
    /// The findings of a table.
    FindingIterator: "collections.abc.Iterator[Finding]",
    /// Named values.
    AnyMap: "dict[str, typing.Any]",
}

impl<'py> Exact<'py> {
    /// The decimal that prints as `text`.
    pub(crate) fn new(py: Python<'py>, text: &str) -> PyResult<Self> {
        to_decimal(py, text).map(Self)
    }

    /// A number of the engine.
    pub(crate) fn number(py: Python<'py>, number: rust_decimal::Decimal) -> PyResult<Self> {
        Self::new(py, &decimal::text(number))
    }

    /// Money in USD.
    pub(crate) fn usd(py: Python<'py>, amount: Picodollars) -> PyResult<Self> {
        Self::new(py, &amount.to_string())
    }
}

impl<'py> Texts<'py> {
    /// A tuple of texts.
    pub(crate) fn new<T: AsRef<str>>(py: Python<'py>, items: impl IntoIterator<Item = T>) -> PyResult<Self> {
        let items: Vec<_> = items.into_iter().map(|item| item.as_ref().to_owned()).collect();
        Ok(Self(PyTuple::new(py, items)?.into_any()))
    }
}
