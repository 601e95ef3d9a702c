//! The gate of a Python process.

use super::{
    convert::{self, Native},
    decision::{Asked, PyDecision},
    table,
};
use crate::{
    arrow::{self, PyArrowTable},
    convert::time,
    error::{Problem, raise, raise_with},
    frozen::{Frozen, Source as Fields},
};
use finops::{
    core::time::Timestamp,
    policy::{
        Asking, Json, Now, PolicyGate, PolicyGateOptions, SetupError, Source,
        decision::{Context, Decision, Input, log::EventFields, report::Report, shadow},
        gate::Foreign,
        json::{self, Limits, Object},
        rego::{
            Module, RegoError,
            lint::{self, Finding},
            test_runner::{self, TestOptions, TestReport},
        },
    },
};
use pyo3::{
    exceptions::PyTypeError,
    prelude::*,
    types::{PyBytes, PyDict, PyEllipsis, PyString},
};
use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Instant};

/// A `PolicyError` with `.findings`.
pub(super) fn refused(error: &SetupError) -> PyErr {
    let problem =
        Problem { code: error.code().to_owned(), path: error.path().to_owned(), message: error.to_string() };
    let findings = Finding::list(error.rego().map_or(&[], RegoError::findings));
    raise_with(problem, |fields| {
        let py = fields.py();
        fields.set_item("findings", convert::python(py, &findings)?)
    })
}

/// Modules by name, the bytes of a bundle, or a path.
fn source(value: &Bound<'_, PyAny>) -> PyResult<Source> {
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(Source::Archive(bytes.as_bytes().to_vec()));
    }
    if let Ok(modules) = value.cast::<PyDict>() {
        let module = |(name, text): (Bound<'_, PyAny>, Bound<'_, PyAny>)| {
            Ok(Module::new(name.cast::<PyString>()?.to_str()?, text.cast::<PyString>()?.to_str()?))
        };
        return Ok(Source::Modules(modules.iter().map(module).collect::<PyResult<_>>()?));
    }
    Ok(Source::Path(value.extract::<PathBuf>()?))
}

/// Answers "may I?" in this process.
///
/// >>> import finops
/// >>> gate = finops.PolicyGate()
/// >>> d = gate.decide({"unit_cost_usd": 0.6, "cost_tags": {"team": "ai", "environment": "dev"}})
/// >>> d.allowed, d["deny_messages"]
/// (False, ['Unit cost 0.6 USD exceeds budget cap of 0.5 USD'])
#[pyclass(name = "_PolicyGate", module = "finops._finops", frozen, subclass)]
pub(crate) struct PyPolicyGate {
    gate: PolicyGate,
}

/// The instant, who asks and which approvals there are.
struct Question {
    now: Now,
    requester: Option<String>,
    approvals: Vec<Json>,
    decision_id: Option<String>,
}

impl Question {
    fn read(
        approvals: Option<&Bound<'_, PyAny>>,
        requester: Option<String>,
        now: Option<&Bound<'_, PyAny>>,
        decision_id: Option<String>,
    ) -> PyResult<Self> {
        let now = match now {
            None => Now::Clock,
            // `UNKNOWN`: there is no instant.
            Some(value) if value.is_instance_of::<PyEllipsis>() => Now::Unknown,
            Some(value) => Now::At(convert::instant(value)?),
        };
        Ok(Self { now, requester, approvals: convert::lenient_list(approvals)?, decision_id })
    }

    /// The instant, read from the clock now if it is to be read.
    fn at(&self) -> Option<Timestamp> {
        match self.now {
            Now::Clock => Some(time::now()),
            Now::At(at) => Some(at),
            Now::Unknown => None,
        }
    }
}

impl PyPolicyGate {
    fn ask(&self, py: Python<'_>, given: Given<'_>, question: Question) -> PyResult<Py<PyDecision>> {
        let at = question.at();
        let asking = Asking {
            now: at.map_or(Now::Unknown, Now::At),
            requester: question.requester.as_deref(),
            approvals: &question.approvals,
            decision_id: question.decision_id.as_deref(),
        };
        let start = Instant::now();
        // The typed rules take less time than letting go of the interpreter; a set and a remote OPA take more.
        let decision = if self.gate.is_quick() {
            self.gate.decide(given.input(), &asking)
        } else {
            py.detach(|| self.gate.decide(given.input(), &asking))
        };
        let eval_ns = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let (input, foreign) = given.kept();
        let asked = Asked {
            decision,
            input,
            foreign,
            now: at,
            requester: question.requester,
            approvals: question.approvals,
            eval_ns,
        };
        Py::new(py, PyDecision::new(asked))
    }
}

/// An input: a value, or a text that cannot be read.
enum Given<'a> {
    Value(Arc<Json>, Vec<Foreign>),
    Text(&'a [u8]),
}

impl<'a> Given<'a> {
    fn of(native: Native) -> Self {
        Self::Value(Arc::new(native.json), native.foreign)
    }

    fn of_text(text: &'a [u8]) -> Self {
        match json::read(text, &Limits::default()) {
            Ok(json) => Self::Value(Arc::new(json), Vec::new()),
            Err(_) => Self::Text(text),
        }
    }

    /// What the decision is explained and logged by.
    fn kept(self) -> (Option<Arc<Json>>, Vec<Foreign>) {
        match self {
            Self::Value(json, foreign) => (Some(json), foreign),
            Self::Text(_) => (None, Vec::new()),
        }
    }

    fn input(&self) -> Input<'_> {
        match self {
            Self::Value(json, foreign) => Input::Shared(json, foreign),
            Self::Text(text) => Input::Text(text),
        }
    }
}

/// The options of a gate, from the keyword arguments.
fn options(
    fields: Option<&Bound<'_, PyDict>>,
    bundle: Option<&Bound<'_, PyAny>>,
) -> PyResult<PolicyGateOptions> {
    let json = convert::object_or_empty(fields.map(|fields| fields.as_any()), "options")?;
    let mut options = PolicyGateOptions::from_json(&json).map_err(raise)?;
    options.source = bundle.map(source).transpose()?;
    Ok(options)
}

#[pymethods]
impl PyPolicyGate {
    #[new]
    #[pyo3(signature = (
        options: "dict[str, typing.Any] | None" = None,
        bundle: "str | os.PathLike[str] | bytes | dict[str, str] | None" = None,
        environment: "dict[str, str] | None" = None,
    ))]
    fn new(
        py: Python<'_>,
        options: Option<&Bound<'_, PyDict>>,
        bundle: Option<&Bound<'_, PyAny>>,
        environment: Option<BTreeMap<String, String>>,
    ) -> PyResult<Self> {
        let options = self::options(options, bundle)?;
        let gate = py.detach(|| match environment {
            Some(environment) => PolicyGate::from_env(options, |name| environment.get(name).cloned()),
            None => PolicyGate::new(options),
        });
        Ok(Self { gate: gate.map_err(|error| refused(&error))? })
    }

    /// Decides one input. Never raises on the input: what is wrong with it is a reason to deny.
    #[pyo3(signature = (
        input: "typing.Any",
        *,
        approvals: "collections.abc.Iterable[typing.Any] | None" = None,
        requester: "str | None" = None,
        now: "datetime.datetime | str | float | types.EllipsisType | None" = None,
        decision_id: "str | None" = None,
    ) -> "Decision")]
    fn decide(
        &self,
        py: Python<'_>,
        input: &Bound<'_, PyAny>,
        approvals: Option<&Bound<'_, PyAny>>,
        requester: Option<String>,
        now: Option<&Bound<'_, PyAny>>,
        decision_id: Option<String>,
    ) -> PyResult<Py<PyDecision>> {
        let question = Question::read(approvals, requester, now, decision_id)?;
        self.ask(py, Given::of(Native::of(input)?), question)
    }

    /// Decides one input given as JSON text; its numbers keep every digit.
    #[pyo3(signature = (
        text: "bytes | str",
        *,
        approvals: "collections.abc.Iterable[typing.Any] | None" = None,
        requester: "str | None" = None,
        now: "datetime.datetime | str | float | types.EllipsisType | None" = None,
        decision_id: "str | None" = None,
    ) -> "Decision")]
    fn decide_json(
        &self,
        py: Python<'_>,
        text: &Bound<'_, PyAny>,
        approvals: Option<&Bound<'_, PyAny>>,
        requester: Option<String>,
        now: Option<&Bound<'_, PyAny>>,
        decision_id: Option<String>,
    ) -> PyResult<Py<PyDecision>> {
        let question = Question::read(approvals, requester, now, decision_id)?;
        self.ask(py, Given::of_text(convert::text(text)?), question)
    }

    /// Decides many inputs at one instant.
    #[pyo3(signature = (
        inputs: "collections.abc.Iterable[typing.Any]",
        *,
        now: "datetime.datetime | str | float | types.EllipsisType | None" = None,
    ) -> "list[Decision]")]
    fn decide_many(
        &self,
        py: Python<'_>,
        inputs: &Bound<'_, PyAny>,
        now: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Vec<Py<PyDecision>>> {
        let at = Question::read(None, None, now, None)?.at();
        let given = inputs.try_iter()?.map(|input| Ok(Given::of(Native::of(&input?)?)));
        let given = given.collect::<PyResult<Vec<_>>>()?;
        let asking = Asking { now: at.map_or(Now::Unknown, Now::At), ..Asking::default() };
        let (decisions, eval_ns) = py.detach(|| {
            let inputs: Vec<_> = given.iter().map(Given::input).collect();
            let start = Instant::now();
            let decisions = self.gate.decide_many(&inputs, &asking);
            let count = u128::try_from(inputs.len()).unwrap_or(u128::MAX);
            (decisions, start.elapsed().as_nanos().checked_div(count).unwrap_or_default())
        });
        let eval_ns = u64::try_from(eval_ns).unwrap_or(u64::MAX);
        let asked = |(decision, given): (Decision, Given<'_>)| {
            let (input, foreign) = given.kept();
            let (requester, approvals) = (None, Vec::new());
            Asked { decision, input, foreign, now: at, requester, approvals, eval_ns }
        };
        decisions.into_iter().zip(given).map(|pair| Py::new(py, PyDecision::new(asked(pair)))).collect()
    }

    /// Decides every row of an Arrow table: decision, allowed, code, rules, deny_messages, approval_messages, warn_messages.
    ///
    /// A column is a field of the input, a null cell a null, which never passes: leave out what nothing is known about.
    #[pyo3(signature = (
        table: "typing.Any",
        *,
        now: "datetime.datetime | str | float | types.EllipsisType | None" = None,
    ) -> "ArrowTable")]
    fn decide_table(
        &self,
        py: Python<'_>,
        table: &Bound<'_, PyAny>,
        now: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<PyArrowTable> {
        let at = Question::read(None, None, now, None)?.at();
        let batches = arrow::batches(table)?;
        py.detach(|| table::decide(&self.gate, &batches, at)).map_err(raise)?.table()
    }

    /// Loads other policies. If they are refused, the last good ones stay in force and `status()` says why.
    #[pyo3(signature = (
        bundle: "str | os.PathLike[str] | bytes | dict[str, str]",
        data: "dict[str, typing.Any] | None" = None,
    ) -> "Result")]
    fn reload(
        &self,
        py: Python<'_>,
        bundle: &Bound<'_, PyAny>,
        data: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Frozen> {
        let source = source(bundle)?;
        let data = data.map(|data| convert::plain(data.as_any(), "data")).transpose()?;
        let report =
            py.detach(|| self.gate.reload(&source, data.as_ref())).map_err(|error| refused(&error))?;
        Ok(Frozen::from_source(Fields::Json(report.to_json())))
    }

    /// `{revision, loaded_at, last_error}`.
    fn status(&self) -> Frozen {
        Frozen::from_source(Fields::Json(self.gate.gate().status().to_json()))
    }

    /// The lint of the policies that are loaded: `{loads, errors, warnings, engine, engine_reasons}`.
    fn lint(&self, py: Python<'_>) -> Frozen {
        let (modules, data) = self.gate.gate().sources();
        let report = py.detach(|| lint::lint(&modules, &data, self.gate.gate().entry()));
        Frozen::from_source(Fields::Json(report.to_json()))
    }

    /// Runs the unit tests of the policies that are loaded; without any, those of the default policy.
    #[pyo3(signature = (coverage: "bool" = false) -> "TestReport")]
    fn test(&self, py: Python<'_>, coverage: bool) -> PyResult<Py<PyTestReport>> {
        let (modules, data) = self.gate.gate().sources();
        let options = TestOptions { coverage, ..TestOptions::default() };
        let report = py.detach(|| test_runner::run(&modules, &data, &options));
        let report = report.map_err(|error| refused(&RegoError::from(error).into()))?;
        Py::new(py, PyTestReport::new(&report))
    }

    /// Why a decision came out as it did: each rule with its operands, its limit and its outcome.
    fn explain(&self, decision: &Bound<'_, Frozen>) -> PyResult<Frozen> {
        let asked = asked(decision)?;
        let explanation = self.gate.gate().explain(&asked.decision, asked.input.as_deref());
        Ok(Frozen::from_source(Fields::Json(explanation.to_json())))
    }

    /// The event of a decision in the form of OPA's decision log, masked, as JSON text that `replay` reads.
    #[pyo3(signature = (decision: "Decision", labels: "dict[str, str] | None" = None) -> "str")]
    fn log_event(
        &self,
        decision: &Bound<'_, Frozen>,
        labels: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<String> {
        let asked = asked(decision)?;
        let labels = match convert::object_or_empty(labels.map(|labels| labels.as_any()), "labels")? {
            Json::Object(labels) => labels,
            _ => Object::new(),
        };
        let mut metrics = Object::new();
        metrics.insert("timer_rego_query_eval_ns", asked.eval_ns);
        let fields = EventFields { timestamp: asked.now, labels, metrics };
        let context = Context {
            now: asked.now,
            decision_id: asked.decision.decision_id.as_deref(),
            requester: asked.requester.as_deref(),
            approvals: &asked.approvals,
        };
        let input = match &asked.input {
            Some(json) => Input::Native(json, &asked.foreign),
            None => Input::Text(&[]),
        };
        Ok(self.gate.gate().log_event(&asked.decision, input, &context, &fields).to_text())
    }

    /// Decides an event of the log again: `{same, event}`.
    #[pyo3(signature = (event: "str | bytes") -> "Result")]
    fn replay(&self, py: Python<'_>, event: &Bound<'_, PyAny>) -> PyResult<Frozen> {
        let event = convert::parse(convert::text(event)?)?;
        let replayed = py.detach(|| self.gate.gate().replay(&event));
        let replayed = replayed.map_err(raise)?;
        Ok(Frozen::from_source(Fields::Json(replayed.to_json())))
    }

    /// What this gate would have made of the events of a log: `{events, evaluated, changed, flips, added, removed, skipped}`.
    #[pyo3(signature = (events: "collections.abc.Iterable[str | bytes]") -> "Result")]
    fn impact(&self, py: Python<'_>, events: &Bound<'_, PyAny>) -> PyResult<Frozen> {
        let events = events.try_iter()?.map(|event| convert::parse(convert::text(&event?)?));
        let events = events.collect::<PyResult<Vec<_>>>()?;
        let impact = py.detach(|| shadow::impact(&events, self.gate.gate()));
        Ok(Frozen::from_source(Fields::Json(impact.to_json())))
    }

    /// `sha256:<hex>` over configuration, schema and policies.
    #[getter]
    fn policy_digest(&self) -> String {
        self.gate.gate().policy_digest()
    }

    /// The address of the OPA that decides in place of this process, if one does.
    #[getter]
    fn opa_url(&self) -> Option<&str> {
        self.gate.remote_url()
    }

    fn __repr__(&self) -> String {
        let status = self.gate.gate().status();
        format!("PolicyGate(revision={:?})", status.revision)
    }
}

fn asked<'a>(decision: &'a Bound<'_, Frozen>) -> PyResult<&'a Asked> {
    let refuse = || {
        PyTypeError::new_err("give a Decision of this process; one that was pickled has no input any more")
    };
    decision.get().asked().ok_or_else(refuse)
}

/// A run of unit tests: `r.passed`, `r.results`, `r.junit()`, `r.sarif()`.
#[pyclass(name = "TestReport", module = "finops.policy", extends = Frozen, frozen)]
pub(crate) struct PyTestReport(Report);

impl PyTestReport {
    fn new(tests: &TestReport) -> PyClassInitializer<Self> {
        let fields = Frozen::from_source(Fields::Json(tests.to_json()));
        PyClassInitializer::from(fields).add_subclass(Self(Report::of_tests(tests)))
    }
}

#[pymethods]
impl PyTestReport {
    /// JUnit XML.
    fn junit(&self) -> String {
        self.0.junit()
    }

    /// SARIF 2.1.0 as JSON text.
    fn sarif(&self) -> String {
        self.0.sarif(env!("CARGO_PKG_VERSION")).to_text()
    }

    /// Annotations of GitHub Actions, one a line.
    fn github(&self) -> String {
        self.0.github()
    }
}
