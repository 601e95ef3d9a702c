//! Records: frozen objects with the mapping protocol; every value is built when somebody reads it.

mod inference;
mod training;

pub(crate) use inference::PyInference;
pub(crate) use training::PyTraining;

use crate::convert::json;
use finops::telemetry::record::{Field, Record};
use pyo3::{
    prelude::*,
    types::{PyDict, PyIterator, PyString},
};
use std::sync::Arc;

/// The caller's metadata object, kept by reference. Shared without the interpreter, so that the ring can hold it.
pub(crate) type Metadata = Option<Arc<Py<PyAny>>>;

pub(crate) fn object<'py>(py: Python<'py>, metadata: &Metadata) -> Option<Bound<'py, PyAny>> {
    metadata.as_ref().map(|object| object.bind(py).clone())
}

pub(crate) fn metadata_json(py: Python<'_>, metadata: &Metadata) -> PyResult<Option<serde_json::Value>> {
    object(py, metadata).map(|object| json::from_python(&object)).transpose()
}

pub(crate) fn told_metadata(py: Python<'_>, metadata: Option<serde_json::Value>) -> PyResult<Metadata> {
    metadata.map(|value| Ok(Arc::new(json::to_python(py, &value)?.unbind()))).transpose()
}

pub(crate) fn field_value<'py>(py: Python<'py>, field: Field<'_>) -> PyResult<Bound<'py, PyAny>> {
    Ok(match field {
        Field::Text(text) => PyString::new(py, &text).into_any(),
        Field::Count(count) => count.into_pyobject(py)?.into_any(),
        Field::Number(number) => number.into_pyobject(py)?.into_any(),
        Field::Null => py.None().into_bound(py),
    })
}

/// What both kinds of record do alike: the mapping protocol over their keys and `metadata` when given.
pub(crate) trait Mapping {
    const NAME: &'static str;
    const KEYS: &'static [&'static str];
    fn field(&self, key: &str) -> Option<Field<'_>>;
    fn metadata(&self) -> &Metadata;

    fn item<'py>(&self, py: Python<'py>, key: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        match self.field(key) {
            Some(field) => field_value(py, field).map(Some),
            None if key == "metadata" => Ok(object(py, self.metadata())),
            None => Ok(None),
        }
    }

    fn all_keys(&self) -> impl Iterator<Item = &'static str> {
        Self::KEYS.iter().copied().chain(self.metadata().as_ref().map(|_| "metadata"))
    }

    fn all_items<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        self.all_keys()
            .map(|key| Ok((key, self.item(py, key)?.unwrap_or_else(|| py.None().into_bound(py)))))
            .collect()
    }

    fn as_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for (key, item) in self.all_items(py)? {
            dict.set_item(key, item)?;
        }
        Ok(dict)
    }

    fn same_metadata(&self, py: Python<'_>, other: &Self) -> PyResult<bool> {
        match (object(py, self.metadata()), object(py, other.metadata())) {
            (Some(mine), Some(theirs)) => mine.eq(theirs),
            (None, None) => Ok(true),
            _ => Ok(false),
        }
    }

    fn html(&self, py: Python<'_>, note: &str) -> PyResult<String> {
        let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let mut rows = String::new();
        for (key, item) in self.all_items(py)? {
            let shown = item.str()?.to_string_lossy().into_owned();
            rows.push_str(&format!(
                "<tr><th style=\"text-align:left\">{key}</th><td>{}</td></tr>",
                escape(&shown)
            ));
        }
        Ok(format!("<table><caption>{} ({})</caption>{rows}</table>", Self::NAME, escape(note)))
    }
}

pub(crate) type Restored<'py> = (Bound<'py, PyAny>, (String, Option<Bound<'py, PyAny>>));

/// An iterator over keys.
pub(crate) struct KeyIterator<'py>(pub(crate) Bound<'py, PyIterator>);

impl<'py> IntoPyObject<'py> for KeyIterator<'py> {
    type Target = PyIterator;
    type Output = Bound<'py, PyIterator>;
    type Error = PyErr;

    const OUTPUT_TYPE: pyo3::inspect::PyStaticExpr =
        pyo3::inspect::PyStaticExpr::Name { id: "collections.abc.Iterator[str]" };

    fn into_pyobject(self, _: Python<'py>) -> PyResult<Self::Output> {
        Ok(self.0)
    }
}

/// A record of the engine as its Python object.
pub(crate) fn to_object(py: Python<'_>, record: Record, metadata: Metadata) -> PyResult<Py<PyAny>> {
    Ok(match record {
        Record::Inference(record) => Py::new(py, PyInference { record, metadata })?.into_any(),
        Record::Training(record) => Py::new(py, PyTraining { record, metadata })?.into_any(),
    })
}
