//! What the sink thread does at each tick; the thread itself is Python's, a daemon.

use super::PyMonitor;
use crate::record::to_object;
use finops::telemetry::monitor::{Entry, SinkState};
use pyo3::{prelude::*, types::PyList};
use std::sync::{Mutex, PoisonError};

/// The sink of a monitor.
#[derive(Default)]
pub(super) struct Sink(Mutex<SinkState<Entry<Py<PyAny>>>>);

impl Sink {
    /// Writes one batch; whether anything was taken, so that the thread goes on without a pause.
    ///
    /// An exception of `write` is what the retry is for; `KeyboardInterrupt` and its like go up.
    pub(super) fn step(
        &self,
        py: Python<'_>,
        monitor: &PyMonitor,
        write: &Bound<'_, PyAny>,
        batch: usize,
    ) -> PyResult<bool> {
        let next = self.lock().next(|| monitor.inner.drain(Some(batch)));
        let Some(entries) = next else { return Ok(false) };
        let records = PyList::empty(py);
        for entry in &entries {
            records.append(to_object(py, entry.record.clone(), entry.payload.clone())?)?;
        }
        // `write` is the caller's code: no lock is held while it runs.
        match write.call1((records,)) {
            Ok(_) => {
                self.lock().written();
                Ok(true)
            }
            Err(error) => {
                let interrupted = !error.is_instance_of::<pyo3::exceptions::PyException>(py);
                // Held until the lock is free again: the last reference to a caller's object may run its code.
                let held = entries.clone();
                let given_up = self.lock().failed(entries);
                drop(held);
                if given_up > 0 {
                    monitor.inner.sink_failed(given_up);
                }
                if interrupted { Err(error) } else { Ok(given_up > 0) }
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, SinkState<Entry<Py<PyAny>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
