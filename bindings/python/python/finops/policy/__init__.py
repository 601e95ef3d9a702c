"""May I? Allow, require an approval or deny, with every reason, in this process.

A decision never raises on its input: what is wrong with it is a reason to deny. Only configurations and policies that
cannot be used raise `PolicyError`, with ``.code`` and ``.findings``.

>>> from finops import policy
>>> gate = policy.PolicyGate()
>>> d = gate.decide({"unit_cost_usd": 0.6, "cost_tags": {"team": "ai", "environment": "dev"}})
>>> d.allowed, d["deny_messages"]
(False, ['Unit cost 0.6 USD exceeds budget cap of 0.5 USD'])
>>> guardrails = policy.Guardrails(max_single_change="750")
>>> change = {"confidence": 0.9, "risk_score": 0.1, "monthly_saving_usd": "800", "namespace": "shop"}
>>> check = guardrails.check_opportunity(change, [], now="2026-11-21T03:00:00Z")
>>> check.action.value, check.reason
('require_approval', 'Change amount $800 exceeds single change limit $750')

Every computation below the gate is a function of its name: `gate`, `number`, `lint`, `terraform` and so on. They take
documents as exact text where no Python value holds it (`input_json`), and return a frozen result.
"""

from .._finops import Decision, PolicyCheck, TestReport
from ..errors import PolicyError
from . import iac
from ._gate import UNKNOWN, GateOptions, PolicyGate, builtin
from ._guardrails import GuardrailEngine, Guardrails, Limits, PolicyAction
from ._kinds import (
    approval,
    bundle,
    digest,
    exemption,
    gate,
    guardrail,
    infracost,
    kubernetes,
    lint,
    mask,
    number,
    policy_gate,
    rego,
    remote_opa,
    result_contract,
    shadow,
    terraform,
    test_runner,
    update_policy,
    window,
)

__all__ = [
    "UNKNOWN",
    "Decision",
    "GateOptions",
    "GuardrailEngine",
    "Guardrails",
    "Limits",
    "PolicyAction",
    "PolicyCheck",
    "PolicyError",
    "PolicyGate",
    "TestReport",
    "approval",
    "builtin",
    "bundle",
    "digest",
    "exemption",
    "gate",
    "guardrail",
    "iac",
    "infracost",
    "kubernetes",
    "lint",
    "mask",
    "number",
    "policy_gate",
    "rego",
    "remote_opa",
    "result_contract",
    "shadow",
    "terraform",
    "test_runner",
    "update_policy",
    "window",
]
