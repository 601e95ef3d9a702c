"""Guardrails on changes, and gates over infrastructure as code."""

from __future__ import annotations

import json
import pickle
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import finops
import pytest
from finops import policy
from finops.policy import UNKNOWN, iac
from policy_samples import NIGHT, TAGS, Odd, Raising

CHANGE = {"confidence": 0.9, "risk_score": 0.1, "monthly_saving_usd": "10", "tags": [], "namespace": "shop"}


@dataclass
class Opportunity:
    """What the original hands over."""

    confidence: Any = 0.9
    risk_score: Any = 0.1
    estimated_monthly_savings: Any = 10.0
    tags: Any = field(default_factory=list)
    namespace: Any = "shop"
    at: Any = None


def check(change: Any, history: Any = (), now: Any = NIGHT, **limits: Any) -> finops.PolicyCheck:
    return finops.Guardrails(**limits).check_opportunity(change, history, now)


def test_a_check_reads_like_the_original() -> None:
    assert finops.GuardrailEngine is finops.Guardrails
    passed = check(Opportunity())
    assert passed and passed.action is policy.PolicyAction.ALLOW and f"{passed.action}" == "allow"
    assert (passed.policy_name, passed.reason, passed.details) == ("all_checks", "All guardrail checks passed", {})
    asked = check(Opportunity(estimated_monthly_savings=600))
    assert not asked and asked.action is policy.PolicyAction.REQUIRE_APPROVAL
    assert asked.details["policy_name"] == asked.policy_name == "max_single_change"
    assert asked.failed[0].reason == asked.reason == "Change amount $600 exceeds single change limit $500"
    again = pickle.loads(pickle.dumps(asked))
    assert type(again) is finops.PolicyCheck and again == asked and again.action is asked.action
    assert repr(asked).startswith("PolicyCheck(") and asked["action"] == "require_approval"


def test_today_counts_in_the_zone_of_the_guardrails() -> None:
    yesterday = Opportunity(estimated_monthly_savings=999, at=datetime(2026, 11, 20, 22, 30, tzinfo=UTC))
    assert check(CHANGE, [yesterday])
    berlin = check(CHANGE, [Opportunity(estimated_monthly_savings=999, at=datetime(2026, 11, 20, 23, 30, tzinfo=UTC))], time_zone="Europe/Berlin")
    assert berlin.policy_name == "max_daily_change"
    naive = check(CHANGE, [Opportunity(at=datetime(2026, 11, 20, 22, 30))])
    assert naive.action == "deny" and naive.details["path"] == "/history/0/at"
    assert check(CHANGE, now=UNKNOWN).policy_name == "change_window"
    assert check(CHANGE, now="2026-11-21T12:00:00Z").details["next_open"] == "2026-11-22T02:00:00Z"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("confidence", float("nan"), "/change/confidence must be a number, got NaN"),
        ("confidence", True, "/change/confidence must be a number, got boolean"),
        ("risk_score", datetime(2026, 1, 1), "/change/risk_score must be a number, got datetime"),
        ("monthly_saving_usd", Decimal("Infinity"), "/change/monthly_saving_usd must be a number, got Infinity"),
        ("tags", {"production"}, "/change/tags must be a list of strings or an object of strings"),
        ("tags", {1: "production"}, "/change/tags must be a list of strings or an object of strings"),
        ("namespaces", {"a", "b"}, "namespaces must be a list of strings"),
        ("namespace", b"shop", "namespaces must be a list of strings"),
    ],
)
def test_nothing_malformed_passes_the_guardrails(name: str, value: Any, reason: str) -> None:
    found = check({**CHANGE, name: value})
    assert (found.action, found.policy_name, found.reason) == ("deny", "input.type", reason)


@pytest.mark.parametrize("change", [None, 5, "x", b"x", [], Odd(), float("nan"), {1: 2}, Raising()])
def test_no_change_raises(change: Any) -> None:
    assert check(change).action == "deny"
    assert check(CHANGE, change).action != "allow" or change in (None, [])
    assert check(CHANGE, [change]).action != "allow"


def test_exact_sums_pass_at_the_limit() -> None:
    history = [{"monthly_saving_usd": 499.7}, {"monthly_saving_usd": Decimal("500.2")}]
    assert check({**CHANGE, "monthly_saving_usd": 0.1}, history)
    assert check({**CHANGE, "monthly_saving_usd": Decimal("0.1000000000001")}, history).policy_name == "max_daily_change"


def test_a_refused_limit_keeps_the_old_one() -> None:
    guardrails = finops.Guardrails(max_single_change=Decimal("750.50"))
    for name, value, code in (
        ("max_single_change", float("nan"), "guardrail.value"),
        ("max_single_change", True, "guardrail.value"),
        ("max_single_change", Odd(), "guardrail.value"),
        ("nothing", 1, "guardrail.unknown_policy"),
    ):
        with pytest.raises(finops.PolicyError) as refusal:
            guardrails.update_policy(name, value)
        assert refusal.value.code == code
    assert guardrails.config["max_single_change"] == "750.5"
    guardrails.update_policy("max_single_change", "5")
    assert guardrails.check_opportunity(CHANGE, [], NIGHT).policy_name == "max_single_change"
    with pytest.raises(finops.PolicyError):
        finops.Guardrails(min_confidence="2")


def test_infrastructure_gates_take_values_and_text() -> None:
    plan = {"format_version": "1.2", "planned_values": {}, "resource_changes": []}
    assert iac.terraform(plan).decision == "allow"
    assert iac.terraform(json.dumps(plan)).decision == "allow"
    nothing: list[Any] = [None, "", "{", b"\xff", 5, [], Odd()]
    for bad in nothing:
        assert iac.terraform(bad)["violations"][0]["rule"] == "iac.not_a_plan"
        assert iac.infracost(bad)["violations"][0]["rule"] == "iac.not_infracost"
    pod = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a", "labels": {**TAGS, "since": date(2026, 1, 1)}}}
    assert iac.kubernetes(pod for _ in range(2)).decision == "allow"
    pod["metadata"]["labels"]["team"] = date(2026, 1, 1)  # type: ignore[index]
    assert iac.kubernetes(pod).violations[0].subject == "team"
    report = '{"version": "0.2", "currency": "USD", "projects": [], "diffTotalMonthlyCost": 500.00000000000000000001}'
    assert iac.infracost(report).violations[0].rule == "iac.cost.delta"
    assert iac.infracost(report, cost={"max_monthly_delta_usd": "501"}).decision == "allow"
    with pytest.raises(finops.PolicyError):
        iac.terraform(plan, nothing=True)
