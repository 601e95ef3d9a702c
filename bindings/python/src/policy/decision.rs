//! What the gate and the guardrails answer.

use crate::{
    convert::out::{ActionName, AnyMap},
    frozen::{Frozen, Source},
};
use finops::{
    core::time::Timestamp,
    policy::{Json, decision::Decision, gate::Foreign},
};
use pyo3::{prelude::*, sync::PyOnceLock, types::PyDict};
use std::sync::Arc;

/// A decision with everything that it was made on: enough to explain, to log and to replay it.
pub(crate) struct Asked {
    pub(crate) decision: Decision,
    /// The input, unless its text could not be read.
    pub(crate) input: Option<Arc<Json>>,
    pub(crate) foreign: Vec<Foreign>,
    pub(crate) now: Option<Timestamp>,
    pub(crate) requester: Option<String>,
    pub(crate) approvals: Vec<Json>,
    pub(crate) eval_ns: u64,
}

impl Asked {
    /// The record, with the time it took.
    pub(crate) fn to_json(&self) -> Json {
        let mut json = self.decision.to_json();
        if let Json::Object(members) = &mut json {
            if self.decision.fault.is_none() {
                members.insert("code", Json::Null);
            }
            members.insert("eval_ns", self.eval_ns);
        }
        json
    }
}

/// The answer to "may I?": `d.allowed`, `d["deny_messages"]`, `d.violations`, `d.code`, `d.to_json()`.
///
/// True where the answer is yes; an approval that is missing is no yes.
#[pyclass(name = "Decision", module = "finops.policy", extends = Frozen, frozen)]
pub(crate) struct PyDecision;

impl PyDecision {
    pub(crate) fn new(asked: Asked) -> PyClassInitializer<Self> {
        PyClassInitializer::from(Frozen::from_source(Source::Decision(Box::new(asked)))).add_subclass(Self)
    }
}

/// A field of a record; `None` where there is none.
fn field<'py>(frozen: &Bound<'py, Frozen>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    let found = frozen.get().field(frozen.py(), name)?;
    Ok(found.unwrap_or_else(|| frozen.py().None().into_bound(frozen.py())))
}

#[pymethods]
impl PyDecision {
    /// Whether the answer is yes.
    #[getter]
    fn allowed(slf: &Bound<'_, Self>) -> PyResult<bool> {
        match slf.as_super().get().asked() {
            Some(asked) => Ok(asked.decision.allowed()),
            None => Ok(field(slf.as_super(), "allowed")?.extract().unwrap_or_default()),
        }
    }

    /// `allow`, `require_approval` or `deny`.
    #[getter]
    fn decision(slf: &Bound<'_, Self>) -> PyResult<String> {
        match slf.as_super().get().asked() {
            Some(asked) => Ok(asked.decision.decision.as_str().to_owned()),
            None => field(slf.as_super(), "decision")?.extract(),
        }
    }

    /// Why there is no complete evaluation, for example `policy.timeout`; `None` where there is one.
    #[getter]
    fn code(slf: &Bound<'_, Self>) -> PyResult<Option<String>> {
        match slf.as_super().get().asked() {
            Some(asked) => Ok(asked.decision.code().map(str::to_owned)),
            None => field(slf.as_super(), "code")?.extract(),
        }
    }

    fn __bool__(slf: &Bound<'_, Self>) -> PyResult<bool> {
        Self::allowed(slf)
    }

    /// Reads the wire form; such a decision has no input any more, so nothing can explain or log it.
    #[staticmethod]
    #[pyo3(signature = (text: "str") -> "Decision")]
    fn from_json(py: Python<'_>, text: &str) -> PyResult<Py<Self>> {
        Py::new(py, PyClassInitializer::from(Frozen::read(text)?).add_subclass(Self))
    }

    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<String> {
        let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let mut rows = String::new();
        for name in ["code", "deny_messages", "approval_messages", "warn_messages", "policy_revision"] {
            let value = field(slf.as_super(), name)?;
            let texts = match value.extract::<Vec<String>>() {
                Ok(texts) => texts,
                Err(_) if value.is_none() => Vec::new(),
                Err(_) => vec![value.str()?.to_string()],
            };
            for text in texts {
                rows.push_str(&format!(
                    "<tr><th style=\"text-align:left\">{name}</th><td>{}</td></tr>",
                    escape(&text)
                ));
            }
        }
        Ok(format!("<table><caption>Decision ({})</caption>{rows}</table>", escape(&Self::decision(slf)?)))
    }
}

/// The answer of the guardrails: `c.action`, `c.policy_name`, `c.reason`, `c.failed`, `c.details`. True where it is yes.
#[pyclass(name = "PolicyCheck", module = "finops.policy", extends = Frozen, frozen)]
pub(crate) struct PyPolicyCheck;

impl PyPolicyCheck {
    pub(crate) fn new(json: Json) -> PyClassInitializer<Self> {
        PyClassInitializer::from(Frozen::from_source(Source::Json(json))).add_subclass(Self)
    }

    fn text(slf: &Bound<'_, Self>, name: &str) -> PyResult<String> {
        field(slf.as_super(), name)?.extract()
    }
}

#[pymethods]
impl PyPolicyCheck {
    /// The check that decides; `all_checks` where none failed.
    #[getter]
    fn policy_name(slf: &Bound<'_, Self>) -> PyResult<String> {
        Self::text(slf, "policy_name")
    }

    /// What the deciding check demands, as a `PolicyAction`.
    #[getter]
    fn action<'py>(slf: &Bound<'py, Self>) -> PyResult<ActionName<'py>> {
        static ACTION: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let py = slf.py();
        let class = ACTION.get_or_try_init(py, || {
            PyResult::Ok(py.import("finops.policy")?.getattr("PolicyAction")?.unbind())
        })?;
        class.bind(py).call1((Self::text(slf, "action")?,)).map(ActionName)
    }

    /// The sentence of the deciding check.
    #[getter]
    fn reason(slf: &Bound<'_, Self>) -> PyResult<String> {
        Self::text(slf, "reason")
    }

    /// Everything about the deciding check: also `path` of a malformed value, `next_open` of the change window.
    #[getter]
    fn details<'py>(slf: &Bound<'py, Self>) -> PyResult<AnyMap<'py>> {
        let reason = field(slf.as_super(), "reason")?;
        for check in field(slf.as_super(), "failed")?.try_iter()? {
            let check = check?;
            if check.get_item("reason")?.eq(&reason)? {
                return Ok(AnyMap(check));
            }
        }
        Ok(AnyMap(PyDict::new(slf.py()).into_any()))
    }

    fn __bool__(slf: &Bound<'_, Self>) -> PyResult<bool> {
        Ok(Self::text(slf, "action")? == "allow")
    }

    /// Reads the wire form.
    #[staticmethod]
    #[pyo3(signature = (text: "str") -> "PolicyCheck")]
    fn from_json(py: Python<'_>, text: &str) -> PyResult<Py<Self>> {
        Py::new(py, PyClassInitializer::from(Frozen::read(text)?).add_subclass(Self))
    }
}
