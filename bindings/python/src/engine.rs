//! `finops.FinOpsEngine`: the money loop, and every computation of waste, allocation and findings by name.

use crate::{
    cluster_data,
    convert::time,
    error::raise,
    frozen::{Frozen, Source},
    inventory::{PyCluster, held},
    ledger::PySavingsLedger,
    policy::{Json, Native, PyGuardrails},
};
use finops::{
    Engine, EngineOptions, Timestamp,
    change::SourceFile,
    core::error::Fault,
    engine::{Cycle, EngineError, Given, Reported, Run, SourceLimits, git, pull_request, read_sources, wire},
};
use pyo3::{
    prelude::*,
    types::{PyBytes, PyDict, PyList, PyString},
};
use std::{path::PathBuf, sync::Arc, time::Duration};

/// A value as JSON; what JSON cannot hold, such as NaN, becomes a boolean, which is wrong wherever a number or text is due.
pub(crate) fn value(value: &Bound<'_, PyAny>) -> PyResult<Json> {
    Ok(Native::with(value, Json::Bool(false))?.json)
}

fn parse(text: &str) -> PyResult<Json> {
    wire::parse(text.as_bytes()).map_err(raise)
}

fn sources(given: Option<&Bound<'_, PyDict>>, root: Option<PathBuf>) -> PyResult<Vec<SourceFile>> {
    let mut files = match root {
        Some(root) if given.is_none() => read_sources(&root, SourceLimits::default()).map_err(raise)?,
        _ => Vec::new(),
    };
    if let Some(given) = given {
        for (path, bytes) in given {
            let bytes = match bytes.cast::<PyBytes>() {
                Ok(bytes) => bytes.as_bytes().to_vec(),
                Err(_) => bytes.cast::<PyString>()?.to_str()?.as_bytes().to_vec(),
            };
            files.push(SourceFile { path: path.extract()?, bytes });
        }
    }
    Ok(files)
}

fn instant(at: Option<&Bound<'_, PyAny>>, name: &str) -> PyResult<Option<Timestamp>> {
    at.map(|at| time::instant(at, name)).transpose()
}

/// An inventory of any form.
fn inventory(
    py: Python<'_>,
    value: &Bound<'_, PyAny>,
    as_of: Option<Timestamp>,
    now: Timestamp,
) -> PyResult<Result<Given, Fault>> {
    if let Some(read) = cluster_data::read(value, as_of, now)? {
        return Ok(read.map(Given::from));
    }
    let value = self::value(value)?;
    Ok(py.detach(|| Given::in_run(&value, as_of, now)))
}

/// A finding of a run, written out when somebody reads it.
#[pyclass(name = "_Found", module = "finops._finops", frozen)]
pub(crate) struct PyFound {
    run: Arc<Run>,
    place: usize,
}

#[pymethods]
impl PyFound {
    /// The opportunity as JSON text.
    fn to_json(&self, py: Python<'_>) -> String {
        let text = || self.run.found.get(self.place).map(|found| found.to_json(self.run.as_of).to_text());
        py.detach(text).unwrap_or_default()
    }
}

/// Detects, guards, proposes and records; `finops.FinOpsEngine` is made of it.
#[pyclass(name = "_Engine", module = "finops._finops", frozen, subclass)]
pub(crate) struct PyEngine(Engine);

#[pymethods]
impl PyEngine {
    #[new]
    #[pyo3(signature = (options: "dict[str, typing.Any]"))]
    fn new(options: &Bound<'_, PyDict>) -> PyResult<Self> {
        let options = EngineOptions::from_json(&value(options.as_any())?).map_err(raise)?;
        Ok(Self(Engine::new(options)))
    }

    /// One detection cycle: the report, and the opportunities in it. A cluster in memory stands for the inventory at its
    /// place.
    #[expect(clippy::too_many_arguments, reason = "each is one thing that a cycle is asked")]
    #[pyo3(signature = (
        inventories: "list[typing.Any]",
        reported: "list[dict[str, typing.Any]]",
        guardrails: "_Guardrails",
        actor: "str",
        as_of: "datetime.datetime | str | float | None",
        ledger: "_SavingsLedger | None",
        clusters: "list[_Cluster | None]",
    ) -> "tuple[Result, list[_Found]]")]
    fn _run(
        &self,
        py: Python<'_>,
        inventories: &Bound<'_, PyList>,
        reported: &Bound<'_, PyList>,
        guardrails: &Bound<'_, PyGuardrails>,
        actor: String,
        as_of: Option<&Bound<'_, PyAny>>,
        ledger: Option<&Bound<'_, PySavingsLedger>>,
        clusters: Vec<Option<Bound<'_, PyCluster>>>,
    ) -> PyResult<(Frozen, Vec<PyFound>)> {
        let as_of = instant(as_of, "as_of")?;
        let now = as_of.unwrap_or_else(time::now);
        let held = held(&clusters);
        let many = inventories.len() > 1;
        let mut given = Vec::with_capacity(inventories.len());
        for ((place, value), held) in inventories.iter().enumerate().zip(held) {
            let one = match held {
                Some(held) => Ok(held.at(as_of)),
                None => inventory(py, &value, as_of, now)?,
            };
            let below = |fault: Fault| if many { fault.below(&format!("[{place}]")) } else { fault };
            given.push(one.map_err(|fault| raise(EngineError::from(below(fault))))?);
        }
        let reported = value(reported.as_any())?;
        let cycle = Cycle {
            as_of: as_of.or_else(|| given.first().map(Given::as_of)).or(Some(now)),
            inventories: given,
            reported: reported.as_array().unwrap_or_default().iter().map(Reported::from_json).collect(),
            guardrails: Some(guardrails.get().limits()),
            actor: Some(actor),
        };
        let ledger = ledger.map(|ledger| ledger.get().ledger());
        let run = py.detach(|| self.0.cycle(cycle, ledger)).map_err(raise)?;
        let found = (0..run.found.len()).map(|place| PyFound { run: Arc::clone(&run), place }).collect();
        Ok((Frozen::from_source(Source::Run(run)), found))
    }

    /// The changes of opportunities as JSON text.
    #[pyo3(signature = (
        request: "dict[str, typing.Any]",
        sources: "dict[str, bytes | str] | None",
        root: "os.PathLike[str] | str | None",
    ) -> "str")]
    fn _propose(
        &self,
        py: Python<'_>,
        request: &Bound<'_, PyDict>,
        sources: Option<&Bound<'_, PyDict>>,
        root: Option<PathBuf>,
    ) -> PyResult<String> {
        let (request, files) = (value(request.as_any())?, self::sources(sources, root)?);
        let changes = py.detach(|| self.0.propose_json(&request, &files)).map_err(raise)?;
        Ok(changes.to_text())
    }

    /// Everything known about an opportunity as JSON text.
    #[pyo3(signature = (
        opportunity: "dict[str, typing.Any]",
        sources: "dict[str, bytes | str] | None",
        root: "os.PathLike[str] | str | None",
    ) -> "str")]
    fn _evidence(
        &self,
        py: Python<'_>,
        opportunity: &Bound<'_, PyDict>,
        sources: Option<&Bound<'_, PyDict>>,
        root: Option<PathBuf>,
    ) -> PyResult<String> {
        let (opportunity, files) = (value(opportunity.as_any())?, self::sources(sources, root)?);
        let pack = py.detach(|| self.0.evidence_json(&opportunity, &files)).map_err(raise)?;
        Ok(pack.to_text())
    }
}

/// Writes a change below a folder and answers the files.
#[pyfunction]
#[pyo3(signature = (change: "str", folder: "os.PathLike[str] | str") -> "list[str]")]
pub(crate) fn change_write(py: Python<'_>, change: &str, folder: PathBuf) -> PyResult<Vec<String>> {
    let change = parse(change)?;
    py.detach(|| wire::write_change(&change, &folder)).map_err(raise)
}

/// Writes a change as a branch with one commit into the local repository that holds `folder`; nothing is pushed.
#[pyfunction]
#[pyo3(signature = (change: "str", folder: "os.PathLike[str] | str", base: "str") -> "Result")]
pub(crate) fn change_commit(py: Python<'_>, change: &str, folder: PathBuf, base: &str) -> PyResult<Frozen> {
    let change = parse(change)?;
    let commit = py.detach(|| git::commit(&change, &folder, base)).map_err(raise)?;
    Ok(Frozen::from_source(Source::Json(commit.to_json())))
}

/// Opens a pull request for a change whose branch is on the service already: its number and page.
#[pyfunction]
#[pyo3(signature = (
    change: "str", token: "str", repository: "str", base: "str", api_url: "str"
) -> "tuple[int, str]")]
pub(crate) fn change_open(
    py: Python<'_>,
    change: &str,
    token: String,
    repository: String,
    base: String,
    api_url: String,
) -> PyResult<(u64, String)> {
    let change = parse(change)?;
    let at = pull_request::GitHub { token, repository, base, api_url, timeout: Duration::from_secs(30) };
    let opened = py.detach(|| pull_request::open(&change, &at)).map_err(raise)?;
    Ok((opened.number, opened.url))
}

/// Computes a kind of `waste`, `allocation` or `findings` from JSON text to JSON text.
#[pyfunction]
#[pyo3(signature = (topic: "str", kind: "str", text: "str") -> "str")]
pub(crate) fn topic_call(py: Python<'_>, topic: &str, kind: &str, text: &str) -> PyResult<String> {
    py.detach(|| wire::compute(topic, kind, text.as_bytes())).map_err(raise)
}

/// The same from a Python value: floats by their shortest digits.
#[pyfunction]
#[pyo3(signature = (topic: "str", kind: "str", input: "typing.Any") -> "str")]
pub(crate) fn topic_value(
    py: Python<'_>,
    topic: &str,
    kind: &str,
    input: &Bound<'_, PyAny>,
) -> PyResult<String> {
    let text = value(input)?.to_text();
    py.detach(|| wire::compute(topic, kind, text.as_bytes())).map_err(raise)
}

/// The names of every computation of a topic.
#[pyfunction]
#[pyo3(signature = (topic: "str") -> "list[str]")]
pub(crate) fn topic_kinds(topic: &str) -> Vec<&'static str> {
    wire::kinds(topic)
}
