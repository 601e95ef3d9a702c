//! Tags out of the caller's metadata, with keys that are Python strings already.

use finops::telemetry::monitor::{TagSchema, Tags, number_text};
use pyo3::{
    prelude::*,
    types::{PyBool, PyDict, PyFloat, PyInt, PyString},
};
use std::{borrow::Cow, sync::Arc};

/// The metadata keys that fill tags.
pub(super) struct TagKeys {
    schema: Arc<TagSchema>,
    keys: Vec<Py<PyString>>,
}

impl TagKeys {
    pub(super) fn new(py: Python<'_>, schema: Arc<TagSchema>) -> Self {
        let keys = schema.keys().iter().map(|(key, _)| PyString::intern(py, key).unbind()).collect();
        Self { schema, keys }
    }

    /// The tags of `metadata`; what is no mapping has none.
    #[inline(never)]
    pub(super) fn collect(&self, metadata: &Bound<'_, PyAny>) -> Tags {
        let py = metadata.py();
        let dict = metadata.cast::<PyDict>().ok();
        if dict.is_none() && !metadata.hasattr("keys").unwrap_or(false) {
            return Tags::default();
        }
        self.schema.collect(|wanted| {
            // The schema's few keys, in its order: comparing them is cheaper than building a Python string.
            let place = self.schema.keys().iter().position(|(key, _)| **key == *wanted)?;
            let key = self.keys.get(place)?.bind(py);
            let value = match dict {
                Some(dict) => dict.get_item(key).ok().flatten(),
                None => metadata.get_item(key).ok(),
            };
            text(&value?)
        })
    }
}

/// A string, number or boolean as tag text.
fn text(value: &Bound<'_, PyAny>) -> Option<Cow<'static, str>> {
    if let Ok(text) = value.cast::<PyString>() {
        return text.to_str().ok().map(|text| Cow::Owned(text.to_owned()));
    }
    if let Ok(flag) = value.cast::<PyBool>() {
        return Some(Cow::Borrowed(if flag.is_true() { "true" } else { "false" }));
    }
    if value.is_instance_of::<PyInt>() {
        return value.str().ok()?.to_str().ok().map(|text| Cow::Owned(text.to_owned()));
    }
    if let Ok(float) = value.cast::<PyFloat>() {
        return number_text(float.value()).map(Cow::Owned);
    }
    None
}
