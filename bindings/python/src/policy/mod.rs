//! `finops.policy`: the gate, the guardrails and every computation of the policy engine by name.

mod convert;
mod decision;
mod gate;
mod guardrails;
mod kinds;
mod rows;
mod table;

pub(crate) use convert::{Native, fields, parse, text};
pub(crate) use decision::{Asked, PyDecision, PyPolicyCheck};
pub(crate) use finops::policy::Json;
pub(crate) use gate::{PyPolicyGate, PyTestReport};
pub(crate) use guardrails::PyGuardrails;
pub(crate) use kinds::{policy_builtin, policy_call, policy_kinds};
