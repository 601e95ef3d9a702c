//! Energy meters of this machine.

use crate::{convert::out::Texts, error::raise, frozen::Frozen};
use finops::{
    core::carbon::{CounterTotal, MeterError},
    meter::{EnergyMeter, Meter, MeterInfo, NvmlMeter, RaplMeter, Reading},
};
use pyo3::{exceptions::PyRuntimeError, prelude::*};
use serde_json::{Value, json};
use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Counts the joules of this machine since it was opened. As a context manager it stops on exit.
///
/// A thread samples the counters often enough that none wraps unnoticed; `stop` takes a last sample.
#[pyclass(name = "Meter", module = "finops.carbon.meters", frozen)]
pub(crate) struct PyMeter {
    meter: Mutex<Option<Meter>>,
    last: Mutex<Option<Reading>>,
    info: MeterInfo,
}

impl PyMeter {
    fn start(source: impl EnergyMeter + 'static) -> Self {
        let info = source.info();
        Self { meter: Mutex::new(Some(Meter::start(source, None))), last: Mutex::new(None), info }
    }
}

fn total(total: &CounterTotal) -> Value {
    let known = total.measured_j.or(total.filled_j);
    json!({
        "measured_joules": total.measured_j, "filled_joules": total.filled_j, "unknown_s": total.unknown_s,
        "tier": known.map(|_| total.tier().name()), "assumptions": total.assumptions,
    })
}

fn result(reading: &Reading) -> Frozen {
    let mut fields = total(&reading.total);
    if let Value::Object(map) = &mut fields {
        let devices = reading.devices.iter().map(|device| {
            let mut fields = total(&device.total);
            if let Value::Object(map) = &mut fields {
                map.insert("name".to_owned(), Value::from(device.name.clone()));
            }
            fields
        });
        map.insert("devices".to_owned(), devices.collect());
        map.insert("elapsed_s".to_owned(), Value::from(reading.elapsed.as_secs_f64()));
    }
    Frozen::of(fields)
}

#[pymethods]
impl PyMeter {
    /// Joules since the meter was opened: `measured_joules`, what had to be filled, what is unknown, and each device.
    ///
    /// Raises `MeterError` when the meter cannot be read.
    #[pyo3(signature = () -> "Result")]
    fn read(&self, py: Python<'_>) -> PyResult<Frozen> {
        if let Some(last) = self.last.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            return Ok(result(last));
        }
        let reading = py.detach(|| {
            let guard = self.meter.lock().unwrap_or_else(PoisonError::into_inner);
            let meter = guard.as_ref()?;
            let before = meter.samples();
            meter.sample();
            // The sampling thread answers at once; give up after two seconds rather than hang with it.
            for _ in 0..2000 {
                if meter.samples() > before {
                    break;
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            Some(meter.latest())
        });
        let stopped = || PyRuntimeError::new_err("the meter is stopped");
        reading.ok_or_else(stopped)?.map(|reading| result(&reading)).map_err(raise)
    }

    /// Takes a last sample, stops the thread and returns the reading.
    #[pyo3(signature = () -> "Result")]
    fn stop(&self, py: Python<'_>) -> PyResult<Frozen> {
        let meter = self.meter.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(meter) = meter else { return self.read(py) };
        let reading = py.detach(|| meter.stop()).map_err(raise)?;
        let answer = result(&reading);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(reading);
        Ok(answer)
    }

    /// `rapl` or `nvml`.
    #[getter]
    fn meter(&self) -> &'static str {
        self.info.meter
    }

    /// The counted domains or GPUs.
    #[getter]
    fn devices<'py>(&self, py: Python<'py>) -> PyResult<Texts<'py>> {
        Texts::new(py, self.info.devices.iter().map(|device| device.name.as_str()))
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
        match self.stop(py) {
            Err(problem) if kind.is_none() => Err(problem),
            _ => Ok(()),
        }
    }

    fn __repr__(&self) -> String {
        let names: Vec<_> = self.info.devices.iter().map(|device| device.name.as_str()).collect();
        format!("Meter('{}', devices={names:?})", self.info.meter)
    }
}

/// Opens the RAPL counters of processors and memory below `root`.
///
/// Raises `MeterError`: `meter.unavailable` (most virtual machines and containers), `meter.permission`,
/// `meter.bad_reading`.
#[pyfunction]
#[pyo3(name = "rapl", signature = (root: "str | os.PathLike[str] | None" = None) -> "Meter")]
pub(crate) fn rapl_meter(root: Option<PathBuf>) -> PyResult<PyMeter> {
    let root = root.unwrap_or_else(|| PathBuf::from(finops::meter::POWERCAP));
    RaplMeter::open(root).map(PyMeter::start).map_err(raise)
}

/// Opens the energy counters of NVIDIA's GPUs; their library is loaded now.
///
/// Raises `MeterError`: `meter.unavailable` without the library, its driver or a GPU; `meter.permission`.
#[pyfunction]
#[pyo3(name = "nvml", signature = () -> "Meter")]
pub(crate) fn nvml_meter(py: Python<'_>) -> PyResult<PyMeter> {
    let opened: Result<_, MeterError> = py.detach(NvmlMeter::open);
    opened.map(PyMeter::start).map_err(raise)
}
