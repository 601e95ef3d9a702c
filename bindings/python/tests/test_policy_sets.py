"""Policies of one's own, and the environment that names them."""

from __future__ import annotations

import json
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import finops
import pytest
from finops import policy
from policy_samples import OWN, TAGS, rules


def test_a_failed_reload_keeps_the_last_good_set_and_says_so(tmp_path: Path) -> None:
    gate = finops.PolicyGate(bundle={"own.rego": OWN}, schema=None)
    before = gate.status()
    assert not gate.decide({"cost": 6}).allowed
    with pytest.raises(finops.PolicyError) as refusal:
        gate.reload({"own.rego": OWN.replace("input.cost > 5", "input.cost > http.send({})")})
    assert refusal.value.code == "lint.builtin_forbidden"
    assert refusal.value.findings[0]["file"] == "own.rego" and refusal.value.findings[0]["line"]
    assert gate.status().revision == before.revision
    assert gate.status()["last_error"]["code"] == "lint.builtin_forbidden"
    assert gate.decide({"cost": 5}).allowed and not gate.decide({"cost": 6}).allowed
    (tmp_path / "own.rego").write_text(OWN.replace("> 5", "> 5.5"), encoding="utf-8")
    with pytest.raises(finops.PolicyError) as refusal:
        gate.reload(tmp_path / "nothing")
    assert refusal.value.code == "policy.source"
    report = gate.reload(tmp_path)
    assert report["engine"] == "rvm" and report["tests"]["passed"] == 1
    assert gate.status()["last_error"] is None
    assert gate.decide({"cost": Decimal("5.5")}).allowed and not gate.decide({"cost": 5.6}).allowed


def test_a_failing_test_refuses_the_load() -> None:
    with pytest.raises(finops.PolicyError) as refusal:
        finops.PolicyGate(bundle={"own.rego": OWN.replace('"cost": 6', '"cost": 5')}, schema=None)
    assert refusal.value.code == "policy.tests_failed"


def test_lint_tests_and_reports() -> None:
    gate = finops.PolicyGate(bundle={"own.rego": OWN}, schema=None)
    found = gate.lint()
    assert found.loads and found.engine == "rvm" and not found.errors
    report = gate.test(coverage=True)
    assert report.success and report["coverage"]["covered"] > 0
    assert '<testcase name="test_dear"' in report.junit()
    assert json.loads(report.sarif())["version"] == "2.1.0"
    assert finops.PolicyGate().test().success


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"config": {"nothing": 1}}, "/nothing"),
        ({"config": {"unit_cost_usd": {"deny_above": float("nan")}}}, None),
        ({"config": {"required_tags": [b"x"]}}, None),
        ({"engine": "turbo"}, "/engine"),
        ({"schema": "own"}, "/schema"),
        ({"schema": None, "default_policy": True}, "/schema"),
        ({"max_age_s": 0}, "/max_age_s"),
        ({"quorum": {"x": 0}}, None),
        ({"masks": [5]}, None),
    ],
)
def test_options_that_cannot_be_used(options: dict[str, Any], path: str | None) -> None:
    with pytest.raises(finops.PolicyError) as refusal:
        finops.PolicyGate(**options)
    assert refusal.value.code == "policy.config"
    assert path is None or refusal.value.path == path


def test_without_policies_nothing_is_allowed() -> None:
    assert finops.PolicyGate(schema=None).decide({"cost": 1}).code == "policy.missing"


def test_a_candidate_answers_beside() -> None:
    gate = finops.PolicyGate(candidate={"unit_cost_usd": {"deny_above": "0.2"}})
    decision = gate.decide({"unit_cost_usd": 0.3, "cost_tags": TAGS})
    assert decision.allowed and decision["shadow"]["changed"] and decision["shadow"]["decision"] == "deny"


def test_the_shipped_policy_decides_like_the_typed_rules() -> None:
    shipped = policy.builtin({"unit_cost_usd": {"deny_above": "0.7"}})
    gate = finops.PolicyGate(bundle=shipped["modules"], data=shipped["data"], schema=None)
    assert gate.decide({"unit_cost_usd": 0.7, "cost_tags": TAGS}).allowed
    assert rules(gate.decide({"unit_cost_usd": 0.71, "cost_tags": TAGS})) == ["budget.unit_cost"]


def test_threads_decide_while_one_reloads() -> None:
    versions = {limit: OWN.replace("> 5", f"> {limit}") for limit in (4, 5)}
    gate = finops.PolicyGate(bundle={"own.rego": versions[5]}, schema=None)
    stop, wrong, decided = threading.Event(), [], [0] * 8

    def decide(place: int) -> None:
        while not stop.is_set() or decided[place] < 20:
            low, high = gate.decide({"cost": 1}), gate.decide({"cost": 6})
            if not low.allowed or high.allowed or low.code or high.code:
                wrong.append((low, high))
            decided[place] += 1

    threads = [threading.Thread(target=decide, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for turn in range(20):
        gate.reload({"own.rego": versions[4 + turn % 2]})
        with pytest.raises(finops.PolicyError):
            gate.reload({"own.rego": "package finops\n\nallow if {"})
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong and min(decided) >= 20


def test_the_environment_names_the_gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert finops.PolicyGate.from_env({}).opa_url is None
    assert finops.PolicyGate.from_env({"OPA_URL": "http://opa:8181/"}).opa_url == "http://opa:8181/v1/data/finops"
    assert finops.PolicyGate.from_env({"USE_OPA": "true"}).opa_url == "http://localhost:8181/v1/data/finops"
    assert finops.PolicyGate.from_env({"USE_OPA": "false", "OPA_URL": "http://opa"}).opa_url is None
    (tmp_path / "own.rego").write_text(OWN, encoding="utf-8")
    gate = finops.PolicyGate.from_env({"POLICY_PATH": str(tmp_path)}, schema=None)
    assert gate.decide({"cost": 5}).allowed and not gate.decide({"cost": 6}).allowed
    assert type(gate) is finops.PolicyGate
    for name, value in (("USE_OPA", "perhaps"), ("OPA_URL", "opa:8181"), ("POLICY_PATH", str(tmp_path / "nothing"))):
        with pytest.raises(finops.PolicyError) as refusal:
            finops.PolicyGate.from_env({name: value})
        assert (refusal.value.code, refusal.value.path) == ("policy.config", name)
    monkeypatch.setenv("OPA_URL", "http://here")
    assert finops.PolicyGate.from_env().opa_url == "http://here/v1/data/finops"
