//! What the gate and the guardrails answer.

use crate::frozen::{Frozen, Source};
use finops::{
    core::time::Timestamp,
    policy::{Json, decision::Decision, gate::Foreign},
};
use pyo3::prelude::*;

/// A decision with everything that it was made on: enough to explain, to log and to replay it.
pub(crate) struct Asked {
    pub(crate) decision: Decision,
    /// The input, unless its text could not be read.
    pub(crate) input: Option<Json>,
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
#[pyclass(name = "Decision", module = "finops.policy", extends = Frozen, frozen)]
pub(crate) struct PyDecision;

impl PyDecision {
    pub(crate) fn new(asked: Asked) -> PyClassInitializer<Self> {
        PyClassInitializer::from(Frozen::from_source(Source::Decision(Box::new(asked)))).add_subclass(Self)
    }
}

/// The answer of the guardrails: `c.action`, `c.policy_name`, `c.reason`, `c.failed`, `c.details`.
#[pyclass(name = "PolicyCheck", module = "finops.policy", extends = Frozen, frozen)]
pub(crate) struct PyPolicyCheck;

impl PyPolicyCheck {
    pub(crate) fn new(json: Json) -> PyClassInitializer<Self> {
        PyClassInitializer::from(Frozen::from_source(Source::Json(json))).add_subclass(Self)
    }
}
