//! A frozen JSON object with attribute and item access: the results of `finops.carbon`.

use crate::{
    convert::{json, out::Anything},
    policy::{self, Asked},
    record::KeyIterator,
};
use finops::{
    core::{
        carbon::{InferenceImpact, wire},
        finding::Finding,
    },
    engine::Run,
};
use pyo3::{
    exceptions::{PyAttributeError, PyKeyError, PyTypeError},
    prelude::*,
    types::{PyDict, PyList, PyTuple},
};
use serde_json::{Map, Value};
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, OnceLock},
};

/// A frozen result: `r.energy.central`, `r["energy_joules"]`, `dict(r)`, `r.to_json()`.
///
/// Equal to any mapping with the same items, hashable, picklable, and a `collections.abc.Mapping`.
#[pyclass(name = "Result", module = "finops", frozen, mapping, subclass)]
pub(crate) struct Frozen {
    fields: OnceLock<Map<String, Value>>,
    /// What the fields are written out from when somebody reads them.
    source: Option<Source>,
}

/// What becomes fields when somebody reads them.
pub(crate) enum Source {
    Impact(Box<InferenceImpact>),
    Decision(Box<Asked>),
    Json(policy::Json),
    Finding(Arc<Finding>),
    Run(Arc<Run>),
}

impl Source {
    fn write(&self) -> Map<String, Value> {
        match self {
            Self::Impact(impact) => match wire::impact(impact) {
                Value::Object(fields) => fields,
                _ => Map::new(),
            },
            Self::Decision(asked) => policy::fields(&asked.to_json()),
            Self::Json(json) => policy::fields(json),
            Self::Finding(finding) => policy::fields(&finding.to_json()),
            Self::Run(run) => policy::fields(&run.to_json()),
        }
    }
}

impl From<Map<String, Value>> for Frozen {
    fn from(fields: Map<String, Value>) -> Self {
        Self { fields: OnceLock::from(fields), source: None }
    }
}

impl Frozen {
    /// An impact, written out when somebody reads more than its two numbers.
    pub(crate) fn lazy(impact: InferenceImpact) -> Self {
        Self::from_source(Source::Impact(Box::new(impact)))
    }

    /// Fields that are written out when somebody reads them.
    pub(crate) const fn from_source(source: Source) -> Self {
        Self { fields: OnceLock::new(), source: Some(source) }
    }

    /// The decision that this is, with what was asked.
    pub(crate) fn asked(&self) -> Option<&Asked> {
        match &self.source {
            Some(Source::Decision(asked)) => Some(asked),
            _ => None,
        }
    }

    /// The finding that this is, as the engine made it.
    pub(crate) const fn finding(&self) -> Option<&Arc<Finding>> {
        match &self.source {
            Some(Source::Finding(finding)) => Some(finding),
            _ => None,
        }
    }

    fn fields(&self) -> &Map<String, Value> {
        self.fields.get_or_init(|| self.source.as_ref().map(Source::write).unwrap_or_default())
    }

    /// What every caller reads, without writing out the rest.
    fn quick<'py>(&self, py: Python<'py>, key: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        if self.fields.get().is_some() {
            return Ok(None);
        }
        let number = |number: f64| Ok(Some(number.into_pyobject(py)?.into_any()));
        match (&self.source, key) {
            (Some(Source::Impact(impact)), "energy_joules") => number(impact.energy.central.joules()),
            (Some(Source::Impact(impact)), "carbon_kg") => number(impact.carbon_kg),
            (Some(Source::Decision(asked)), "allowed") => {
                Ok(Some(asked.decision.allowed().into_pyobject(py)?.to_owned().into_any()))
            }
            (Some(Source::Decision(asked)), "decision") => {
                Ok(Some(asked.decision.decision.as_str().into_pyobject(py)?.into_any()))
            }
            _ => Ok(None),
        }
    }

    /// An object as it stands; anything else under the name `value`.
    pub(crate) fn of(value: Value) -> Self {
        match value {
            Value::Object(fields) => fields.into(),
            other => Map::from_iter([("value".to_owned(), other)]).into(),
        }
    }

    /// Objects become frozen objects, lists become tuples.
    pub(crate) fn wrap<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
        match value {
            Value::Object(fields) => Ok(Bound::new(py, Self::from(fields.clone()))?.into_any()),
            Value::Array(items) => {
                let items = items.iter().map(|item| Self::wrap(py, item)).collect::<PyResult<Vec<_>>>()?;
                Ok(PyTuple::new(py, items)?.into_any())
            }
            scalar => json::to_python(py, scalar),
        }
    }

    fn text(&self) -> String {
        Value::Object(self.fields().clone()).to_string()
    }

    /// The wire form, with every digit of a number.
    fn wire(&self) -> String {
        match &self.source {
            Some(Source::Decision(asked)) => asked.to_json().to_text(),
            Some(Source::Finding(finding)) => finding.to_json().to_text(),
            Some(Source::Run(run)) => run.to_json().to_text(),
            Some(Source::Json(json)) if json.as_object().is_some() => json.to_text(),
            _ => self.text(),
        }
    }

    /// Reads the wire form, with every digit of a number.
    pub(crate) fn read(text: &str) -> PyResult<Self> {
        if let Ok(json @ policy::Json::Object(_)) = policy::parse(text.as_bytes()) {
            return Ok(Self::from_source(Source::Json(json)));
        }
        match json::parse(text)? {
            Value::Object(fields) => Ok(fields.into()),
            _ => Err(PyTypeError::new_err("not a JSON object")),
        }
    }

    /// A field as plain Python objects; `None` where there is none.
    pub(crate) fn field<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.fields().get(name).map(|value| json::to_python(py, value)).transpose()
    }
}

#[pymethods]
impl Frozen {
    fn __getattr__<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Anything<'py>> {
        if let Some(value) = self.quick(py, name)? {
            return Ok(Anything(value));
        }
        match self.fields().get(name) {
            Some(value) => Self::wrap(py, value).map(Anything),
            None => {
                let known = self.fields().keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                Err(PyAttributeError::new_err(format!("no field `{name}`; there are {known}")))
            }
        }
    }

    fn __getitem__<'py>(&self, py: Python<'py>, key: &str) -> PyResult<Anything<'py>> {
        if let Some(value) = self.quick(py, key)? {
            return Ok(Anything(value));
        }
        let value = self.fields().get(key).ok_or_else(|| PyKeyError::new_err(key.to_owned()))?;
        json::to_python(py, value).map(Anything)
    }

    /// The value of `key`, else `default`.
    #[pyo3(signature = (key: "str", default: "typing.Any" = None) -> "typing.Any")]
    fn get<'py>(
        &self,
        py: Python<'py>,
        key: &str,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match self.fields().get(key) {
            Some(value) => json::to_python(py, value),
            None => Ok(default.unwrap_or_else(|| py.None().into_bound(py))),
        }
    }

    fn __len__(&self) -> usize {
        self.fields().len()
    }

    fn __contains__(&self, key: &Bound<'_, PyAny>) -> bool {
        key.extract::<String>().is_ok_and(|key| self.fields().contains_key(&key))
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<KeyIterator<'py>> {
        self.keys(py)?.try_iter().map(KeyIterator)
    }

    /// The names of the fields.
    #[pyo3(signature = () -> "list[str]")]
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, self.fields().keys())
    }

    /// The values, as plain Python objects.
    #[pyo3(signature = () -> "list[typing.Any]")]
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        self.fields().values().map(|value| json::to_python(py, value)).collect()
    }

    /// Pairs of name and value.
    #[pyo3(signature = () -> "list[tuple[str, typing.Any]]")]
    fn items<'py>(&self, py: Python<'py>) -> PyResult<Vec<(String, Bound<'py, PyAny>)>> {
        self.fields().iter().map(|(key, value)| Ok((key.clone(), json::to_python(py, value)?))).collect()
    }

    /// The wire form.
    fn to_json(&self) -> String {
        self.wire()
    }

    /// Reads the wire form.
    #[staticmethod]
    fn from_json(text: &str) -> PyResult<Self> {
        Self::read(text)
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        if let Ok(other) = other.cast::<Self>() {
            return Ok(*self.fields() == *other.get().fields());
        }
        let mine = PyDict::new(py);
        for (key, value) in self.items(py)? {
            mine.set_item(key, value)?;
        }
        mine.as_any().eq(other)
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.text().hash(&mut hasher);
        hasher.finish()
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let py = slf.py();
        let field = |(key, value): (&String, &Value)| {
            Ok(format!("{key}={}", Self::wrap(py, value)?.repr()?.to_str()?))
        };
        let fields = slf.get().fields().iter().map(field).collect::<PyResult<Vec<_>>>()?;
        Ok(format!("{}({})", slf.get_type().name()?, fields.join(", ")))
    }

    /// Itself: it never changes.
    #[pyo3(signature = () -> "typing.Self")]
    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    /// Itself: it never changes.
    #[pyo3(signature = (memo: "object") -> "typing.Self")]
    fn __deepcopy__<'py>(slf: Py<Self>, memo: &Bound<'py, PyAny>) -> Py<Self> {
        let _ = memo;
        slf
    }

    #[pyo3(signature = () -> "list[str]")]
    fn __dir__(&self) -> Vec<String> {
        let own = ["get", "items", "keys", "to_json", "values"].map(str::to_owned);
        self.fields().keys().cloned().chain(own).collect()
    }

    #[pyo3(signature = () -> "tuple[typing.Any, ...]")]
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, (String,))> {
        Ok((slf.get_type().getattr("from_json")?, (slf.get().wire(),)))
    }
}
