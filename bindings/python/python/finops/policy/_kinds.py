"""Every computation of the policy engine by name; what is left out or `None` keeps its default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._finops import Result, policy_call

Object = Mapping[str, Any]
Modules = Sequence[str | Mapping[str, str]]

#: Rego knows an input that is not there and one that is null.
ABSENT: Any = object()


def _call(kind: str, members: dict[str, Any], **options: Any) -> Result:
    given = {name: value for name, value in options.items() if value is not None}
    return policy_call(kind, {**members, **given})


def gate(*, input_json: str, config: Object | None = None) -> Result:
    """The default policy on the exact text of an input.

    >>> gate(input_json='{"unit_cost_usd": 0.50000000000000000001}').violations[0].actual
    '0.50000000000000000001'
    """
    return _call("gate", {"input_json": input_json}, config=config)


def number(*, text: str) -> Result:
    """A decimal: ``{accepted, normal_form, up, down, on_grid}``; up and down are the doubles that Rego is given.

    >>> number(text="0.30").normal_form
    '0.3'
    """
    return _call("number", {"text": text})


def digest(*, input_json: str) -> Result:
    """The canonical form of an input and its SHA-256: ``{canonical, sha256}``."""
    return _call("digest", {"input_json": input_json})


def guardrail(
    *,
    change_json: str,
    history_json: str | None = None,
    now: str | None = None,
    config: Object | None = None,
) -> Result:
    """The guardrails on the exact text of a change; without ``now`` the time is unknown."""
    return _call("guardrail", {"change_json": change_json}, history_json=history_json, now=now, config=config)


def window(
    *, now: str | None, time_zone: str | None = None, change_windows: Sequence[Object] | None = None
) -> Result:
    """Whether an instant lies in the change windows, and when one opens next: ``{inside, next_open}``."""
    return _call("window", {"now": now}, time_zone=time_zone, change_windows=change_windows)


def update_policy(
    *, name: str, value: Any = ABSENT, value_json: str | None = None, config: Object | None = None
) -> Result:
    """One change of a limit: ``{ok, code}``."""
    members = {"name": name} if value is ABSENT else {"name": name, "value": value}
    return _call("update_policy", members, value_json=value_json, config=config)


def exemption(
    *,
    input_json: str,
    exemptions: Sequence[Any] = (),
    now: str | None = None,
    config: Object | None = None,
    max_days: int | None = None,
    warn_days: int | None = None,
) -> Result:
    """The default policy with exemptions: ``{decision, violations, exempted, warnings, unused}``."""
    members = {"input_json": input_json, "exemptions": list(exemptions)}
    return _call("exemption", members, now=now, config=config, max_days=max_days, warn_days=warn_days)


def approval(
    *,
    pending: Sequence[str],
    denied: Sequence[str] = (),
    approvals: Sequence[Any] = (),
    input_digest: str,
    policy_revision: str,
    requester: str | None = None,
    now: str | None = None,
    quorum: Mapping[str, int] | None = None,
    max_ttl_hours: int | None = None,
) -> Result:
    """What approvals lift of the rules of a decision: ``{decision, missing, used, rejected}``."""
    members = {"pending": list(pending), "denied": list(denied), "approvals": list(approvals)}
    members |= {"input_digest": input_digest, "policy_revision": policy_revision}  # type: ignore[dict-item]
    return _call("approval", members, requester=requester, now=now, quorum=quorum, max_ttl_hours=max_ttl_hours)


def shadow(*, input_json: str, config: Object | None = None, candidate_config: Object | None = None) -> Result:
    """An active and a candidate configuration side by side: ``{decision, shadow}``."""
    return _call("shadow", {"input_json": input_json}, config=config, candidate_config=candidate_config)


def mask(*, event: Any, masks: Sequence[Any] = ()) -> Result:
    """A decision event as it is logged: ``{event, erased, masked}``."""
    return _call("mask", {"event": event, "masks": list(masks)})


def terraform(*, plan: Any, config: Object | None = None) -> Result:
    """A Terraform plan against the infrastructure gates: ``{decision, violations}``."""
    return _call("terraform", {"plan": plan}, config=config)


def kubernetes(*, documents: Any, config: Object | None = None) -> Result:
    """Kubernetes documents against the infrastructure gates: ``{decision, violations}``."""
    return _call("kubernetes", {"documents": documents}, config=config)


def infracost(*, document: Any, config: Object | None = None) -> Result:
    """An Infracost report against the infrastructure gates: ``{decision, violations}``."""
    return _call("infracost", {"document": document}, config=config)


def rego(*, module: str, query: str, input: Any = ABSENT, data: Object | None = None) -> Result:
    """One module and one query in both engines: ``{interpreter_strict, rvm}``; without ``input`` it is undefined."""
    members = {"module": module, "query": query}
    if input is not ABSENT:
        members["input"] = input
    return _call("rego", members, data=data)


def lint(*, modules: Modules, data: Object | None = None, entry: str | None = None) -> Result:
    """Modules as loaded: ``{loads, errors, warnings, engine, findings}``.

    >>> lint(modules=["package finops\\n\\nallow if input.x > data.limit\\n"]).errors
    ('lint.data_missing',)
    """
    return _call("lint", {"modules": list(modules)}, data=data, entry=entry)


def policy_gate(*, module: str, input: Any, data: Object | None = None) -> Result:
    """One module as the whole policy: whether it loads, and what it decides."""
    return _call("policy_gate", {"module": module, "input": input}, data=data)


def result_contract(*, result: Any, allow_declared: bool = False) -> Result:
    """The values of the entry rules as a decision: ``{decision, code, violations}``."""
    return _call("result_contract", {"result": result, "allow_declared": allow_declared})


def remote_opa(
    *,
    status: int | None = None,
    content_type: str | None = None,
    body: str | None = None,
    failure: str | None = None,
) -> Result:
    """The answer of a remote OPA, or its failure, as a decision; the content type changes nothing."""
    return _call("remote_opa", {}, status=status, content_type=content_type, body=body, failure=failure)


def bundle(*, tar_gz_base64: str, options: Object | None = None) -> Result:
    """A bundle's archive in base64: ``{ok, digest, revision, modules, data, warnings}`` or ``{ok, code, path}``."""
    return _call("bundle", {"tar_gz_base64": tar_gz_base64}, options=options)


def test_runner(
    *, modules: Modules, data: Object | None = None, coverage: bool | None = None
) -> Result:
    """Unit tests in Rego: ``{results, passed, failed, errored, skipped, success}``."""
    return _call("test_runner", {"modules": list(modules)}, data=data, coverage=coverage)
