//! Response bodies as Python holds them: dicts, lists, SDK objects.

use crate::convert::number::{Written, shown, written};
use finops::core::usage::Lookup;
use pyo3::{
    prelude::*,
    sync::PyOnceLock,
    types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple},
};
use rust_decimal::Decimal;
use std::borrow::Cow;

/// Names that are kept as Python strings, by their addresses: bodies are asked for about 200 names, all of them constants.
const KEYS: usize = 1024;

/// `name` as a Python string, made once and hashed once.
fn key<'py>(py: Python<'py>, name: &str) -> Bound<'py, PyString> {
    type Slot = PyOnceLock<(Box<str>, Py<PyString>)>;
    static SLOTS: [Slot; KEYS] = [const { Slot::new() }; KEYS];
    // The low bits of neighbours differ, and so do those of names apart.
    let address = name.as_ptr().addr();
    let slot = SLOTS.get((address ^ address.wrapping_shr(10)) & (KEYS - 1));
    let kept = slot.map(|slot| slot.get_or_init(py, || (name.into(), PyString::intern(py, name).unbind())));
    match kept {
        Some((kept, key)) if **kept == *name => key.bind(py).clone(),
        _ => PyString::new(py, name),
    }
}

/// A handle to a Python value that is read as a response body.
#[derive(Clone)]
pub(crate) struct Body<'py>(pub(crate) Bound<'py, PyAny>);

impl<'py> Body<'py> {
    fn present(value: Bound<'py, PyAny>) -> Option<Self> {
        (!value.is_none()).then_some(Self(value))
    }

    /// A field of an SDK object: its attribute, or the field whose alias is `key`.
    ///
    /// The aliases matter: google-genai names `usageMetadata` `usage_metadata`, which is another family's name.
    fn attribute(&self, key: &str) -> Option<Self> {
        let fields = self.0.get_type().getattr("model_fields").ok();
        let fields = fields.as_ref().and_then(|fields| fields.cast::<PyDict>().ok());
        if let Some(fields) = fields {
            let alias_of = |field: &Bound<'py, PyAny>| {
                let alias = field.getattr("alias").ok()?;
                alias.cast::<PyString>().ok().map(|alias| alias.to_string_lossy().into_owned())
            };
            if let Ok(Some(field)) = fields.get_item(key)
                && alias_of(&field).is_some_and(|alias| alias != key)
            {
                return None;
            }
            if key.bytes().any(|b| b.is_ascii_uppercase()) {
                let (name, _) = fields.iter().find(|(_, field)| alias_of(field).as_deref() == Some(key))?;
                return self.0.getattr(name.cast::<PyString>().ok()?).ok().and_then(Self::present);
            }
        }
        self.0.getattr(key).ok().and_then(Self::present)
    }

    fn is_scalar(&self) -> bool {
        self.0.is_instance_of::<PyString>()
            || self.0.is_instance_of::<PyInt>()
            || self.0.is_instance_of::<PyFloat>()
            || self.0.is_instance_of::<PyBytes>()
            || self.0.is_none()
    }

    fn is_list(&self) -> bool {
        self.0.is_instance_of::<PyList>()
            || self.0.is_instance_of::<PyTuple>()
            || (!self.is_scalar()
                && !self.0.is_instance_of::<PyDict>()
                && self.has("__len__")
                && self.has("__getitem__")
                && !self.has("keys"))
    }

    fn has(&self, name: &str) -> bool {
        self.0.hasattr(name).unwrap_or(false)
    }
}

impl Lookup for Body<'_> {
    fn get(&self, key: &str) -> Option<Self> {
        if let Ok(dict) = self.0.cast::<PyDict>() {
            return dict.get_item(self::key(dict.py(), key)).ok().flatten().and_then(Self::present);
        }
        if self.is_scalar() {
            return None;
        }
        if self.has("keys") && self.has("__getitem__") {
            return self.0.get_item(key).ok().and_then(Self::present);
        }
        self.attribute(key)
    }

    fn item(&self, index: usize) -> Option<Self> {
        if let Ok(list) = self.0.cast::<PyList>() {
            return list.get_item(index).ok().map(Self);
        }
        self.0.get_item(index).ok().map(Self)
    }

    fn len(&self) -> Option<usize> {
        if self.is_list() { self.0.len().ok() } else { None }
    }

    fn as_u64(&self) -> Option<u64> {
        if let Ok(int) = self.0.cast_exact::<PyInt>() {
            return int.extract().ok();
        }
        if self.0.is_instance_of::<PyBool>() {
            return None;
        }
        if let Ok(float) = self.0.cast::<PyFloat>() {
            return finops::core::usage::extract::integral(float.value());
        }
        if self.0.is_instance_of::<PyString>() {
            return None;
        }
        self.0.extract().ok()
    }

    fn as_str(&self) -> Option<Cow<'_, str>> {
        let text = self.0.cast::<PyString>().ok()?;
        Some(text.to_str().map_or_else(|_| Cow::Owned(text.to_string_lossy().into_owned()), Cow::Borrowed))
    }

    fn as_decimal(&self) -> Option<Decimal> {
        if self.0.is_instance_of::<PyString>() {
            return None;
        }
        match written(&self.0) {
            Written::Exact(number) | Written::Float(number) => Some(number),
            Written::Refused => None,
        }
    }

    fn as_bool(&self) -> Option<bool> {
        self.0.cast::<PyBool>().ok().map(|flag| flag.is_true())
    }

    fn describe(&self) -> String {
        if self.is_list() {
            "a list".to_owned()
        } else if self.is_object() {
            "an object".to_owned()
        } else {
            shown(&self.0)
        }
    }

    fn is_object(&self) -> bool {
        !self.is_scalar() && !self.is_list()
    }
}
