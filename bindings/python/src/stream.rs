//! Streamed responses: events are pushed, or an iterator is wrapped.

use crate::{error::raise, extracted::PyExtracted, lookup::Body};
use finops::telemetry::stream::StreamMeter;
use pyo3::{
    prelude::*,
    types::{PyByteArray, PyBytes, PyString},
};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A stream meter that threads may share.
pub(crate) struct Meter(Mutex<StreamMeter>);

impl Meter {
    pub(crate) const fn new(meter: StreamMeter) -> Self {
        Self(Mutex::new(meter))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, StreamMeter> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An event as an object, or text of the stream, cut anywhere.
    pub(crate) fn push(&self, event: &Bound<'_, PyAny>) -> PyResult<()> {
        if let Ok(text) = event.cast::<PyString>() {
            let text = text.to_str()?;
            return self.lock().push_sse(text).map_err(raise);
        }
        if let Ok(bytes) = event.cast::<PyBytes>() {
            return self.lock().push_bytes(bytes.as_bytes()).map_err(raise);
        }
        if let Ok(bytes) = event.cast::<PyByteArray>() {
            return self.lock().push_bytes(&bytes.to_vec()).map_err(raise);
        }
        // Reading an SDK object runs Python code, which must not happen while the lock is held.
        let kept = finops::core::usage::body::Body::keep(
            &Body(event.clone()),
            &finops::core::usage::body::schema::ROOT,
        );
        self.lock().push(&kept).map_err(raise)
    }
}

/// Reads a whole recorded stream: an iterable of events, or its text.
///
/// To meter a live call use `ResourceMonitor.stream`.
#[pyfunction]
#[pyo3(signature = (events: "typing.Any", *, provider: "str | None" = None, model: "str | None" = None, request_id: "str | None" = None) -> "Extracted")]
pub(crate) fn extract_stream(
    events: &Bound<'_, PyAny>,
    provider: Option<&str>,
    model: Option<&str>,
    request_id: Option<&str>,
) -> PyResult<PyExtracted> {
    let meter = Meter::new(StreamMeter::new(provider, model, request_id));
    let whole = events.is_instance_of::<PyString>() || events.is_instance_of::<PyBytes>();
    if whole {
        meter.push(events)?;
    } else {
        for event in events.try_iter()? {
            meter.push(&event?)?;
        }
    }
    let mut found = meter.lock().finish().map_err(raise)?;
    found.model = found.model.or_else(|| model.map(str::to_owned));
    Ok(PyExtracted(found))
}
