//! Tags out of the caller's metadata, with keys that are Python strings already.

use finops::telemetry::monitor::{TagSchema, Tags, number_text};
use pyo3::{
    prelude::*,
    types::{PyBool, PyDict, PyFloat, PyInt, PyString},
};
use std::sync::Arc;

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
        self.schema.collect_shown(|key, take| {
            let Some(key) = self.keys.get(key).map(|key| key.bind(py)) else { return };
            let value = match dict {
                Some(dict) => dict.get_item(key).ok().flatten(),
                None => metadata.get_item(key).ok(),
            };
            if let Some(value) = value {
                show(&value, take);
            }
        })
    }
}

/// Shows a string, number or boolean as tag text.
fn show(value: &Bound<'_, PyAny>, take: &mut dyn FnMut(&str)) {
    if let Ok(text) = value.cast::<PyString>() {
        if let Ok(text) = text.to_str() {
            take(text);
        }
    } else if let Ok(flag) = value.cast::<PyBool>() {
        take(if flag.is_true() { "true" } else { "false" });
    } else if value.is_instance_of::<PyInt>() {
        if let Ok(text) = value.str()
            && let Ok(text) = text.to_str()
        {
            take(text);
        }
    } else if let Ok(float) = value.cast::<PyFloat>()
        && let Some(text) = number_text(float.value())
    {
        take(&text);
    }
}
