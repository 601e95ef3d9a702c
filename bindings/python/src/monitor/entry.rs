//! The entry of `log_inference` from the interpreter.
//!
//! The method of `#[pymethods]` says what the arguments are, to readers, stubs and `inspect`. To hand over nineteen of
//! them takes a good part of the time of a call, so the interpreter is given another entry, which reads only those that
//! are there. What it cannot read, such as a wrong type or an unknown name, goes to the method, which says what is wrong.

use super::{
    PyMonitor,
    said::{Rare, Said},
};
use crate::{record::PyInference, usage::PyUsage};
use pyo3::{
    Borrowed,
    exceptions::PyRuntimeError,
    ffi,
    panic::PanicException,
    prelude::*,
    sync::PyOnceLock,
    types::{PyDict, PyString, PyTuple},
};
use std::{
    any::Any,
    ffi::CString,
    panic::{AssertUnwindSafe, catch_unwind},
    ptr, slice,
};

/// The arguments in the order of the signature; the first [`POSITIONAL`] may stand without their names.
const NAMES: [&str; 19] = [
    "model",
    "input_tokens",
    "output_tokens",
    "duration_ms",
    "metadata",
    "provider",
    "usage",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "reasoning_tokens",
    "service_tier",
    "region",
    "request_id",
    "outcome",
    "finish",
    "trace",
    "at",
    "reservation",
];
const POSITIONAL: usize = 5;
const REQUIRED: usize = 4;

/// The method that `#[pymethods]` made, and the names of its arguments as the interpreter has them.
struct Method {
    method: Py<PyAny>,
    names: Vec<Py<PyString>>,
}

static METHOD: PyOnceLock<Method> = PyOnceLock::new();

/// Gives the interpreter [`log_inference`] in place of the method, under the same name, signature and text; once.
pub(super) fn install(py: Python<'_>) -> PyResult<()> {
    if METHOD.get(py).is_some() {
        return Ok(());
    }
    let class = py.get_type::<PyMonitor>();
    let method = class.getattr("log_inference")?;
    let signature: String = method.getattr("__text_signature__")?.extract()?;
    let text: String = method.getattr("__doc__")?.extract()?;
    let doc = CString::new(format!("log_inference{signature}\n--\n\n{text}"))?;
    // The interpreter keeps the definition for as long as it lives: neither is ever freed.
    let definition = Box::leak(Box::new(ffi::PyMethodDef {
        ml_name: c"log_inference".as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: log_inference },
        ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
        ml_doc: doc.into_raw(),
    }));
    // SAFETY: the class is a type, and the definition lives on.
    let entry =
        unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyDescr_NewMethod(class.as_type_ptr(), definition))? };
    let names = NAMES.iter().map(|name| PyString::intern(py, name).unbind()).collect();
    let _ = METHOD.set(py, Method { method: method.unbind(), names });
    class.setattr("log_inference", entry)
}

/// `ResourceMonitor.log_inference`, called by a method descriptor, which has checked the type of `monitor`.
unsafe extern "C" fn log_inference(
    monitor: *mut ffi::PyObject,
    values: *const *mut ffi::PyObject,
    positional: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    let logged = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the interpreter calls with its lock held; nothing that borrows from it outlives this call. PyO3 does
        // not know of the lock here and puts off what is let go: what may let go of much is run by `attach` below.
        let py = unsafe { Python::assume_attached() };
        // SAFETY: the descriptor has checked the type.
        let monitor = unsafe { Borrowed::from_ptr(py, monitor).cast_unchecked::<PyMonitor>() };
        // SAFETY: null, or a tuple of the names of the values behind the positional ones.
        let names =
            unsafe { Borrowed::from_ptr_or_opt(py, names).map(|names| names.cast_unchecked::<PyTuple>()) };
        let positional = usize::try_from(positional).unwrap_or_default();
        let count = positional.saturating_add(names.map_or(0, |names| names.len()));
        // SAFETY: as many values as that; no pointer where there are none.
        let values = if count == 0 { &[] } else { unsafe { slice::from_raw_parts(values, count) } };
        Call { py, monitor, values, positional, names }.log()
    }));
    match logged {
        Ok(Ok(record)) => record.into_ptr(),
        Ok(Err(error)) => refused(error),
        Err(panic) => refused(panicked(&*panic)),
    }
}

#[cold]
fn refused(error: PyErr) -> *mut ffi::PyObject {
    Python::attach(|py| error.restore(py));
    ptr::null_mut()
}

#[cold]
fn panicked(panic: &(dyn Any + Send)) -> PyErr {
    let said = panic.downcast_ref::<&str>().copied();
    let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    PanicException::new_err(said.unwrap_or("panic from Rust code").to_owned())
}

/// A call as the interpreter hands it over: the values by place, then those with names.
#[derive(Clone, Copy)]
struct Call<'a, 'py> {
    py: Python<'py>,
    monitor: Borrowed<'a, 'py, PyMonitor>,
    values: &'a [*mut ffi::PyObject],
    positional: usize,
    names: Option<Borrowed<'a, 'py, PyTuple>>,
}

type Table<'a, 'py> = [Option<Borrowed<'a, 'py, PyAny>>; NAMES.len()];

impl<'a, 'py> Call<'a, 'py> {
    #[inline]
    fn log(self) -> PyResult<Bound<'py, PyAny>> {
        // Most calls: the required four, and nothing else.
        if self.names.is_none()
            && let [model, input_tokens, output_tokens, duration_ms] = *self.values
        {
            let (model, input_tokens) = (self.object(model), self.object(input_tokens));
            let (output_tokens, duration_ms) = (self.object(output_tokens), self.object(duration_ms));
            let said =
                Said { duration_ms: Some(&duration_ms), ..Said::new(&model, &input_tokens, &output_tokens) };
            return self.record(self.monitor.get().log_said(self.py, &said)?);
        }
        // Metadata is let go of when its record is overwritten: that is when it is known to PyO3 that it may be.
        Python::attach(|_| match self.log_any() {
            Some(logged) => self.record(logged?),
            None => self.method(),
        })
    }

    /// Logs a call with any arguments; `None` when they are not what the signature says.
    fn log_any(self) -> Option<PyResult<PyInference>> {
        let table = self.table()?;
        let [
            model,
            input_tokens,
            output_tokens,
            duration_ms,
            metadata,
            provider,
            usage,
            cache_read_tokens,
            cache_write_tokens,
            cache_write_1h_tokens,
            reasoning_tokens,
            service_tier,
            region,
            request_id,
            outcome,
            finish,
            trace,
            at,
            reservation,
        ] = &table;
        let said = Said {
            duration_ms: duration_ms.as_deref(),
            metadata: metadata.as_deref(),
            provider: text(provider)?,
            cache_read_tokens: cache_read_tokens.as_deref(),
            cache_write_tokens: cache_write_tokens.as_deref(),
            reasoning_tokens: reasoning_tokens.as_deref(),
            outcome: text(outcome)?,
            at: at.as_deref(),
            ..Said::new(model.as_deref()?, input_tokens.as_deref()?, output_tokens.as_deref()?)
        };
        let rare = Rare {
            usage: usage.as_deref().map(|usage| usage.cast::<PyUsage>()).transpose().ok()?,
            cache_write_1h_tokens: cache_write_1h_tokens.as_deref(),
            service_tier: text(service_tier)?,
            region: text(region)?,
            request_id: text(request_id)?,
            finish: text(finish)?,
            trace: trace.as_deref(),
            reservation: reservation.as_deref(),
        };
        let monitor = self.monitor.get();
        Some(if rare.is_empty() {
            monitor.log_said(self.py, &said)
        } else {
            monitor.log_in_full(self.py, &said, &rare)
        })
    }

    /// The arguments by place; `None` when one is missing, unknown or given twice.
    fn table(self) -> Option<Table<'a, 'py>> {
        let mut table: Table<'a, 'py> = [None; NAMES.len()];
        let mut required = self.positional.min(REQUIRED);
        let (positional, named) = self.values.split_at_checked(self.positional)?;
        if positional.len() > POSITIONAL {
            return None;
        }
        for (place, value) in table.iter_mut().zip(positional) {
            *place = Some(self.object(*value));
        }
        if let Some(names) = self.names {
            let known = METHOD.get(self.py)?;
            for (name, value) in names.iter_borrowed().zip(named) {
                let is_name = |known: &Py<PyString>| known.as_ptr() == name.as_ptr();
                let place = match known.names.iter().position(is_name) {
                    Some(place) => place,
                    // A name that was put together at run time.
                    None => {
                        let name = name.cast::<PyString>().ok()?;
                        let name = name.to_str().ok()?;
                        NAMES.iter().position(|known| *known == name)?
                    }
                };
                if table.get_mut(place)?.replace(self.object(*value)).is_some() {
                    return None;
                }
                required = required.saturating_add(usize::from(place < REQUIRED));
            }
        }
        if required < REQUIRED {
            return None;
        }
        // What is `None` was not said; of the model and the counts it is an error, which names it.
        for value in table.iter_mut().skip(3) {
            *value = value.filter(|value| !value.is_none());
        }
        Some(table)
    }

    /// The method of `#[pymethods]`, which raises for what cannot be read.
    #[cold]
    fn method(self) -> PyResult<Bound<'py, PyAny>> {
        let Some(known) = METHOD.get(self.py) else {
            return Err(PyRuntimeError::new_err("the module was not initialized"));
        };
        let (positional, named) = self.values.split_at_checked(self.positional).unwrap_or((self.values, &[]));
        let this = std::iter::once(self.monitor.as_any().clone());
        let values: Vec<_> =
            this.chain(positional.iter().map(|value| self.object(*value).to_owned())).collect();
        let keywords = PyDict::new(self.py);
        if let Some(names) = self.names {
            for (name, value) in names.iter().zip(named) {
                keywords.set_item(name, self.object(*value))?;
            }
        }
        known.method.bind(self.py).call(PyTuple::new(self.py, values)?, Some(&keywords))
    }

    fn record(self, record: PyInference) -> PyResult<Bound<'py, PyAny>> {
        Bound::new(self.py, record).map(Bound::into_any)
    }

    /// One of the call's values.
    #[inline]
    fn object(self, value: *mut ffi::PyObject) -> Borrowed<'a, 'py, PyAny> {
        // SAFETY: the caller holds its arguments for as long as the call lasts.
        unsafe { Borrowed::from_ptr(self.py, value) }
    }
}

/// Text that may be left out; `None` when it is something else.
fn text<'a>(value: &'a Option<Borrowed<'_, '_, PyAny>>) -> Option<Option<&'a str>> {
    match value.as_deref() {
        None => Some(None),
        Some(value) => value.cast::<PyString>().ok()?.to_str().ok().map(Some),
    }
}
