//! `finops.findings`: records in, a table of findings out, and what is computed over tables.

use crate::{
    convert::out::{Anything, FindingIterator},
    error::raise,
    frozen::{Frozen, Source},
    policy::{Json, Native},
};
use finops::{
    core::{
        error::Fault,
        finding::{self, Finding, Intake, Judged, Problem, RecordStream, wire},
    },
    engine::EngineError,
};
use pyo3::{
    exceptions::{PyIndexError, PyTypeError},
    prelude::*,
    types::{PyList, PySlice, PyTuple},
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

fn refused(fault: Fault) -> PyErr {
    raise(EngineError::from(fault))
}

/// A finding in canonical form: checked, redacted, with its identity. Frozen.
#[pyclass(name = "Finding", module = "finops.findings", extends = Frozen, frozen)]
pub(crate) struct PyFinding;

impl PyFinding {
    fn of(py: Python<'_>, finding: Arc<Finding>) -> PyResult<Py<Self>> {
        let frozen = Frozen::from_source(Source::Finding(finding));
        Py::new(py, PyClassInitializer::from(frozen).add_subclass(Self))
    }
}

#[pymethods]
impl PyFinding {
    /// Reads the wire form.
    #[staticmethod]
    #[pyo3(signature = (text: "str") -> "Finding")]
    fn from_json(py: Python<'_>, text: &str) -> PyResult<Py<Self>> {
        Py::new(py, PyClassInitializer::from(Frozen::read(text)?).add_subclass(Self))
    }
}

/// What a record is as JSON, or why it has no JSON form.
fn record(value: &Bound<'_, PyAny>) -> PyResult<Result<Json, Vec<Problem>>> {
    let native = Native::with(value, Json::Null)?;
    let problem = native.foreign.first().map(|foreign| Problem {
        path: foreign.path.clone(),
        code: match (foreign.number, foreign.path.is_empty()) {
            (true, _) => "finding.bad_json",
            (false, true) if native.json.is_null() => "finding.not_object",
            (false, _) => "finding.wrong_type",
        },
        value: finops::core::error::shorten(&foreign.found),
        help: "give text, finite numbers, booleans, lists, dicts or None",
    });
    Ok(problem.map_or_else(|| Ok(native.json), |problem| Err(vec![problem])))
}

type Records = Vec<Result<Json, Vec<Problem>>>;

fn records(values: &Bound<'_, PyList>) -> PyResult<Records> {
    values.iter().map(|value| record(&value)).collect()
}

fn validator(options: &Bound<'_, PyAny>) -> PyResult<finding::Validator> {
    let options = Native::with(options, Json::Bool(false))?.json;
    wire::validator(&Json::object([("options", options)])).map_err(refused)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn closed() -> PyErr {
    PyTypeError::new_err("the table was made already")
}

/// Takes records into a table.
#[pyclass(name = "_Intake", module = "finops._finops", frozen)]
pub(crate) struct PyIntake(Mutex<Option<Intake>>);

impl PyIntake {
    fn with(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Intake) -> Result<(), Fault> + Send,
    ) -> PyResult<()> {
        let done = py.detach(|| lock(&self.0).as_mut().map(work));
        done.ok_or_else(closed)?.map_err(refused)
    }
}

#[pymethods]
impl PyIntake {
    #[new]
    #[pyo3(signature = (options: "dict[str, typing.Any]", strict: "bool"))]
    fn new(options: &Bound<'_, PyAny>, strict: bool) -> PyResult<Self> {
        Ok(Self(Mutex::new(Some(Intake::new(validator(options)?, strict)))))
    }

    /// The next bytes of JSON Lines.
    #[pyo3(signature = (bytes: "bytes") -> "None")]
    fn piece(&self, py: Python<'_>, bytes: &[u8]) -> PyResult<()> {
        self.with(py, |intake| intake.piece(bytes))
    }

    /// The next records.
    #[pyo3(signature = (values: "list[typing.Any]") -> "None")]
    fn records(&self, py: Python<'_>, values: &Bound<'_, PyList>) -> PyResult<()> {
        let records = records(values)?;
        self.with(py, |intake| {
            records.into_iter().try_for_each(|record| match record {
                Ok(record) => intake.record(&record),
                Err(problems) => intake.refuse(problems),
            })
        })
    }

    /// Nothing is left to do before the table is made.
    #[pyo3(signature = () -> "None")]
    fn rest(&self) {}

    /// The table, the places of its records in the input, and what there is to say besides as JSON text.
    #[pyo3(signature = () -> "tuple[Findings, list[int], str]")]
    fn finish(&self, py: Python<'_>) -> PyResult<(PyFindings, Vec<usize>, String)> {
        let intake = lock(&self.0).take().ok_or_else(closed)?;
        let made = py.detach(|| {
            let validated = intake.finish()?;
            let told = Json::object(wire::outcome(&validated)).to_text();
            let (places, findings): (Vec<_>, Vec<_>) =
                validated.accepted.into_iter().map(|(place, finding)| (place, Arc::new(finding))).unzip();
            Ok((PyFindings(findings), places, told))
        });
        made.map_err(refused)
    }
}

/// Judges records one by one and holds none.
#[pyclass(name = "_RecordStream", module = "finops._finops", frozen)]
pub(crate) struct PyRecordStream(Mutex<RecordStream>);

type Shown = (usize, Option<Py<PyFinding>>, String);

impl PyRecordStream {
    fn judged(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut RecordStream, &mut Vec<Judged>) + Send,
    ) -> PyResult<Vec<Shown>> {
        let judged = py.detach(|| {
            let mut judged = Vec::new();
            work(&mut lock(&self.0), &mut judged);
            judged
        });
        let shown = judged.into_iter().map(|(place, result)| match result {
            Ok(checked) => {
                let warnings = Json::array(checked.warnings.iter().map(|warning| {
                    Json::object([("code", Json::from(warning.code)), ("path", Json::from(&warning.path))])
                }));
                Ok((place, Some(PyFinding::of(py, Arc::new(checked.finding))?), warnings.to_text()))
            }
            Err(problems) => Ok((place, None, Json::array(problems.iter().map(Problem::to_json)).to_text())),
        });
        shown.collect()
    }
}

#[pymethods]
impl PyRecordStream {
    #[new]
    #[pyo3(signature = (options: "dict[str, typing.Any]", any_mode: "bool"))]
    fn new(options: &Bound<'_, PyAny>, any_mode: bool) -> PyResult<Self> {
        let validator = validator(options)?;
        let validator = if any_mode { validator.any_mode() } else { validator };
        Ok(Self(Mutex::new(RecordStream::new(validator))))
    }

    /// The next bytes of JSON Lines: place, finding or nothing, and warnings or errors as JSON text.
    #[pyo3(signature = (bytes: "bytes") -> "list[tuple[int, Finding | None, str]]")]
    fn piece(&self, py: Python<'_>, bytes: &[u8]) -> PyResult<Vec<Shown>> {
        self.judged(py, |stream, judged| stream.piece(bytes, |one| judged.push(one)))
    }

    /// The next records.
    #[pyo3(signature = (values: "list[typing.Any]") -> "list[tuple[int, Finding | None, str]]")]
    fn records(&self, py: Python<'_>, values: &Bound<'_, PyList>) -> PyResult<Vec<Shown>> {
        let records = records(values)?;
        self.judged(py, |stream, judged| {
            for record in records {
                match record {
                    Ok(record) => stream.record(&record, |one| judged.push(one)),
                    Err(problems) => stream.refuse(problems, |one| judged.push(one)),
                }
            }
        })
    }

    /// The last line, where no line feed ends it.
    #[pyo3(signature = () -> "list[tuple[int, Finding | None, str]]")]
    fn rest(&self, py: Python<'_>) -> PyResult<Vec<Shown>> {
        self.judged(py, |stream, judged| stream.end(|one| judged.push(one)))
    }
}

/// A table of findings: `len(t)`, `t[0]`, `t[2:5]`, `for finding in t`. Frozen; a finding is made when it is asked for.
#[pyclass(name = "Findings", module = "finops.findings", frozen, sequence)]
pub(crate) struct PyFindings(Vec<Arc<Finding>>);

#[pymethods]
impl PyFindings {
    /// A table of findings as they stand.
    #[new]
    #[pyo3(signature = (findings: "collections.abc.Iterable[Finding] | None" = None))]
    fn new(findings: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let Some(findings) = findings else { return Ok(Self(Vec::new())) };
        if let Ok(table) = findings.cast::<Self>() {
            return Ok(Self(table.get().0.clone()));
        }
        let found = findings.try_iter()?.map(|value| {
            let value = value?;
            let finding = value.cast::<Frozen>().ok().and_then(|frozen| frozen.get().finding().cloned());
            finding.ok_or_else(|| PyTypeError::new_err("a table is made of findings that `validate` made"))
        });
        found.collect::<PyResult<_>>().map(Self)
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, index: &Bound<'py, PyAny>) -> PyResult<Anything<'py>> {
        if let Ok(slice) = index.cast::<PySlice>() {
            let range = slice.indices(isize::try_from(self.0.len())?)?;
            let (start, step) = (range.start, range.step);
            let places = (0..range.slicelength).map(|n| {
                let at = isize::try_from(n)
                    .ok()
                    .and_then(|n| n.checked_mul(step))
                    .and_then(|n| n.checked_add(start));
                at.and_then(|at| usize::try_from(at).ok())
            });
            let table = places.filter_map(|at| self.0.get(at?).cloned()).collect();
            return Ok(Anything(Bound::new(py, Self(table))?.into_any()));
        }
        let index: isize = index.extract()?;
        let length = isize::try_from(self.0.len())?;
        let place = if index < 0 { index.checked_add(length) } else { Some(index) };
        let found = place.and_then(|place| usize::try_from(place).ok()).and_then(|place| self.0.get(place));
        let found = found.ok_or_else(|| PyIndexError::new_err("no such finding"))?;
        Ok(Anything(PyFinding::of(py, Arc::clone(found))?.into_bound(py).into_any()))
    }

    fn __iter__<'py>(slf: &Bound<'py, Self>) -> PyResult<FindingIterator<'py>> {
        let builtins = slf.py().import("builtins")?;
        let places = builtins.getattr("range")?.call1((slf.get().0.len(),))?;
        builtins.getattr("map")?.call1((slf.getattr("__getitem__")?, places)).map(FindingIterator)
    }

    /// The table as JSON Lines, a line a finding.
    #[pyo3(signature = () -> "str")]
    fn to_jsonl(&self, py: Python<'_>) -> String {
        py.detach(|| {
            let mut lines = Vec::new();
            for finding in &self.0 {
                finding.write_line(&mut lines);
                lines.push(b'\n');
            }
            String::from_utf8_lossy(&lines).into_owned()
        })
    }

    // Equal where every line is: what was read again has its severity and priority given.
    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> bool {
        let Ok(other) = other.cast::<Self>() else { return false };
        let other = &other.get().0;
        let line = |finding: &Finding| {
            let mut bytes = Vec::new();
            finding.write_line(&mut bytes);
            bytes
        };
        py.detach(|| {
            self.0.len() == other.len()
                && self
                    .0
                    .iter()
                    .zip(other)
                    .all(|(one, other)| Arc::ptr_eq(one, other) || line(one) == line(other))
        })
    }

    fn __repr__(&self) -> String {
        format!("Findings({})", self.0.len())
    }

    #[pyo3(signature = () -> "tuple[typing.Any, ...]")]
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyTuple>,))> {
        let py = slf.py();
        let lines = slf.get().to_jsonl(py);
        Ok((py.import("finops.findings")?.getattr("_table")?, (PyTuple::new(py, [lines])?,)))
    }
}

fn borrowed(table: &[Arc<Finding>]) -> impl Iterator<Item = &Finding> {
    table.iter().map(|finding| &**finding)
}

/// The sums of a table by currency as JSON text.
#[pyfunction]
#[pyo3(signature = (table: "Findings") -> "str")]
pub(crate) fn findings_totals(py: Python<'_>, table: &Bound<'_, PyFindings>) -> PyResult<String> {
    let table = &table.get().0;
    py.detach(|| wire::totalled(borrowed(table))).map(|sums| sums.to_text()).map_err(refused)
}

/// What the findings of a table are worth together as JSON text.
#[pyfunction]
#[pyo3(signature = (table: "Findings") -> "str")]
pub(crate) fn findings_combine(py: Python<'_>, table: &Bound<'_, PyFindings>) -> PyResult<String> {
    let table = &table.get().0;
    py.detach(|| wire::combined(borrowed(table))).map(|sums| sums.to_text()).map_err(refused)
}

/// The content hash of a table, whatever its order.
#[pyfunction]
#[pyo3(signature = (table: "Findings") -> "str")]
pub(crate) fn findings_content_hash(py: Python<'_>, table: &Bound<'_, PyFindings>) -> String {
    let table = &table.get().0;
    py.detach(|| finding::content_hash(borrowed(table)))
}

/// The canonical bytes of a finding.
#[pyfunction]
#[pyo3(signature = (finding: "Finding") -> "bytes")]
pub(crate) fn findings_canonical(finding: &Bound<'_, PyFinding>) -> PyResult<Vec<u8>> {
    let found =
        finding.as_super().get().finding().ok_or_else(|| {
            PyTypeError::new_err("it was read from its wire form; give it to `validate` first")
        })?;
    let mut bytes = Vec::new();
    found.write_canonical(&mut bytes);
    Ok(bytes)
}
