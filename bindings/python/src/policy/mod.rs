//! `finops.policy`: the gate, the guardrails and every computation of the policy engine by name.

mod convert;
mod decision;
mod gate;
mod guardrails;
mod kinds;

pub(crate) use decision::{PyDecision, PyPolicyCheck};
pub(crate) use gate::PyPolicyGate;
pub(crate) use guardrails::PyGuardrails;
pub(crate) use kinds::{policy_builtin, policy_call, policy_kinds};
