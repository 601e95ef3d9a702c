//! The meter of one streamed call, made by a monitor.

use crate::{error::raise, monitor::PyMonitor, record::PyInference, stream::Meter};
use finops::telemetry::{
    monitor::{Given, InferenceCall},
    stream::StreamMeter,
};
use pyo3::prelude::*;
use std::sync::{Mutex, PoisonError};

/// Meters one streamed response: `push` events or `wrap` their iterator, then `finish`.
///
/// As a context manager it finishes on exit; when the body raised, what had been reported by then is logged.
///
/// >>> with monitor.stream("openai") as meter:  # doctest: +SKIP
/// ...     for chunk in meter.wrap(client.chat.completions.create(..., stream=True)):
/// ...         print(chunk)
/// >>> meter.record.cost.total  # doctest: +SKIP
#[pyclass(name = "StreamMeter", module = "finops", frozen)]
pub(crate) struct PyStreamMeter {
    meter: Meter,
    monitor: Py<PyMonitor>,
    provider: Option<String>,
    model: Option<String>,
    request_id: Option<String>,
    metadata: Option<Py<PyAny>>,
    record: Mutex<Option<Py<PyInference>>>,
}

impl PyStreamMeter {
    pub(crate) fn new(
        monitor: Py<PyMonitor>,
        provider: Option<&str>,
        model: Option<&str>,
        request_id: Option<&str>,
        metadata: Option<Py<PyAny>>,
    ) -> Self {
        Self {
            meter: Meter::new(StreamMeter::new(provider, model, request_id)),
            monitor,
            provider: provider.map(str::to_owned),
            model: model.map(str::to_owned),
            request_id: request_id.map(str::to_owned),
            metadata,
            record: Mutex::new(None),
        }
    }
}

#[pymethods]
impl PyStreamMeter {
    /// Takes one event: a dict, an SDK object, or text or bytes of the stream, cut anywhere.
    #[pyo3(signature = (event: "typing.Any") -> "None")]
    fn push(&self, event: &Bound<'_, PyAny>) -> PyResult<()> {
        self.meter.push(event)
    }

    /// Passes on what an iterator, or an asynchronous one, yields, and meters it.
    #[pyo3(signature = (stream: "typing.Any") -> "typing.Any")]
    fn wrap<'py>(slf: &Bound<'py, Self>, stream: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let module = slf.py().import("finops._stream")?;
        let name = if stream.hasattr("__aiter__")? { "wrap_async" } else { "wrap" };
        module.getattr(name)?.call1((slf, stream))
    }

    /// Logs the call and returns its record. Raises `StreamError` when the stream reported no usage.
    ///
    /// Without `duration_ms` the duration is not known, unless the stream tells it: the time until now would hold
    /// whatever the caller did with the events.
    #[pyo3(signature = (
        *, duration_ms: "float | int | decimal.Decimal | None" = None,
        outcome: "typing.Literal['ok', 'error', 'cancelled'] | None" = None,
        at: "datetime.datetime | str | int | float | None" = None,
    ) -> "InferenceRecord")]
    fn finish(
        &self,
        py: Python<'_>,
        duration_ms: Option<&Bound<'_, PyAny>>,
        outcome: Option<&str>,
        at: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyInference>> {
        let monitor = self.monitor.bind(py).get();
        let at = monitor.at(at, py)?;
        let outcome = crate::monitor::outcome(outcome)?;
        let duration = crate::monitor::duration(duration_ms)?;
        let found = self.meter.lock().finish().map_err(raise)?;
        let given = Given {
            provider: self.provider.as_deref(),
            model: self.model.as_deref(),
            duration,
            request_id: self.request_id.as_deref(),
            ..Given::default()
        };
        let metadata = self.metadata.as_ref().map(|object| object.bind(py));
        let call = InferenceCall::from_extracted(&found, &given, at).map_err(raise)?;
        let call = InferenceCall { outcome, tags: monitor.tags(metadata), ..call };
        let record = Py::new(py, monitor.log(&call, metadata)?)?;
        *self.record.lock().unwrap_or_else(PoisonError::into_inner) = Some(record.clone_ref(py));
        Ok(record)
    }

    /// The record, once the call was logged.
    #[getter]
    fn record(&self, py: Python<'_>) -> Option<Py<PyInference>> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|record| record.clone_ref(py))
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (kind: "type[BaseException] | None", error: "BaseException | None", traceback: "object") -> "None")]
    fn __exit__(
        &self,
        py: Python<'_>,
        kind: &Bound<'_, PyAny>,
        error: &Bound<'_, PyAny>,
        traceback: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let _ = (error, traceback);
        if self.record(py).is_some() {
            return Ok(());
        }
        if kind.is_none() {
            return self.finish(py, None, None, None).map(|_| ());
        }
        // The body's own exception matters more than a stream that reported nothing before it broke.
        match self.finish(py, None, Some("error"), None) {
            Ok(_) => Ok(()),
            Err(problem) if problem.is_instance_of::<pyo3::exceptions::PyException>(py) => Ok(()),
            Err(problem) => Err(problem),
        }
    }

    fn __repr__(&self) -> String {
        let id = self.meter.lock().request_id().map_or_else(|| "None".to_owned(), |id| format!("'{id}'"));
        format!("StreamMeter(request_id={id})")
    }
}
