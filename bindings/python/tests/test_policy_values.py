"""Any Python value may be an input: what it is read as, and why it is refused."""

from __future__ import annotations

import json
from collections import UserDict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import finops
import numpy as np
import pytest
from finops import policy
from finops.policy import iac
from policy_samples import OWN, TAGS, Odd, Raising, Step, ask, rules


@pytest.mark.parametrize(
    ("value", "actual"),
    [
        (1, "1"),
        (0.6, "0.6"),
        (Decimal("0.50000000000000000000000000000000000001"), "0.50000000000000000000000000000000000001"),
        (Decimal("6E-1"), "0.6"),
        ("0.60", "0.6"),
        (10**11 + 1, "100000000001"),
        (np.float64(0.6), "0.6"),
        (np.int32(7), "7"),
        (np.float32(0.75), "0.75"),
        (Step.ONE, "1"),
    ],
)
def test_numbers_are_read_by_what_was_written(value: Any, actual: str) -> None:
    decision = ask(value)
    assert rules(decision) == ["budget.unit_cost"]
    assert decision.violations[0].actual == actual


def test_the_limit_itself_passes_and_the_next_digit_does_not() -> None:
    assert ask(0.5).allowed
    assert ask(Decimal("0.5")).allowed
    assert not ask(Decimal("0.5" + "0" * 299 + "1")).allowed
    assert not ask(0.5000000000000001).allowed


@pytest.mark.parametrize("value", [10**30, 10**4299, -1, -(10**25)], ids=["large", "huge", "one", "negative"])
def test_any_integer_is_read(value: int) -> None:
    assert rules(ask(value)) == ["input.range"]


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), -float("inf"), Decimal("NaN"), Decimal("-Infinity"), np.float64("nan"), 10**5000],
    ids=range(7),
)
def test_what_is_no_finite_number_is_refused_as_a_number(value: Any) -> None:
    assert rules(ask(value)) == ["input.number"]
    assert rules(ask(0.1, owner={"deep": [value]})) == ["input.number"]


@pytest.mark.parametrize(
    "value",
    [
        True,
        np.bool_(True),
        datetime(2026, 11, 21, tzinfo=UTC),
        date(2026, 11, 21),
        timedelta(1),
        b"0.6",
        {1, 2},
        Odd(),
        object,
        1j,
        np.array([1.0, 2.0]),
        {1: 2},
        {("a", "b"): 2},
        Raising(),
        "\ud800",
        "+1",
        " 1",
        [1],
    ],
)
def test_what_is_no_number_is_refused_by_its_type(value: Any) -> None:
    assert rules(ask(value)) == ["input.type"]


@pytest.mark.parametrize("value", [datetime(2026, 11, 21, tzinfo=UTC), b"x", {1, 2}, Odd(), {1: 2}, Raising()])
def test_nothing_that_json_cannot_hold_passes_beside_the_fields(value: Any) -> None:
    decision = ask(0.1, owner=[{"x": value}])
    assert rules(decision) == ["input.type"]
    assert decision.violations[0].path == "/owner/0/x"
    alone = finops.PolicyGate(bundle={"own.rego": OWN}, schema=None)
    assert alone.decide({"cost": 1}).allowed
    assert not alone.decide({"cost": 1, "x": value}).allowed


def test_bool_is_no_number_and_one_is_no_bool() -> None:
    assert rules(ask(0.1, promotion_request=1)) == ["input.type"]
    assert rules(ask(False)) == ["input.type"]


def test_mappings_that_are_no_dict_are_read() -> None:
    gate = finops.PolicyGate()
    assert gate.decide(UserDict({"unit_cost_usd": 0.1, "cost_tags": UserDict(TAGS)})).allowed


@pytest.mark.parametrize("value", [None, 5, "x", [], (), float("nan"), b"{}", Odd(), datetime(2026, 11, 21), Raising()])
def test_no_input_raises(value: Any) -> None:
    for gate in (finops.PolicyGate(), finops.PolicyGate(bundle={"own.rego": OWN}, schema=None)):
        decision = gate.decide(value)
        assert not decision.allowed and not decision
        assert decision["deny_messages"]


def test_endless_and_huge_inputs_are_refused() -> None:
    gate = finops.PolicyGate()
    ring: list[Any] = []
    ring.extend([ring] * 10)
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    shared: Any = [1]
    for _ in range(50):
        shared = [shared] * 10
    assert rules(gate.decide({"x": ring})) in (["input.too_deep"], ["input.too_large"])
    assert rules(gate.decide({"x": deep})) == ["input.too_deep"]
    assert rules(gate.decide({"x": shared})) == ["input.too_large"]
    assert rules(gate.decide({"x": "y" * (1 << 20)})) == ["input.too_large"]
    assert rules(gate.decide_json(b"[" * 100_000)) == ["input.too_deep"]
    check = finops.Guardrails().check_opportunity({"confidence": 1, "tags": ring}, ring)
    assert check.action is policy.PolicyAction.DENY
    with pytest.raises(finops.PolicyError, match="no JSON form"):
        iac.terraform({"format_version": "1.2", "resource_changes": [deep]})


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "input.json"),
        ("{", "input.json"),
        ('{"a": NaN}', "input.json"),
        ('{"a": 1, "\\u0061": 2}', "input.duplicate_key"),
        ("[]", "input.not_object"),
        (b"\xff", "input.json"),
    ],
)
def test_text_that_is_no_input(text: str | bytes, rule: str) -> None:
    decision = finops.PolicyGate().decide_json(text)
    assert rules(decision) == [rule]
    assert finops.PolicyGate().explain(decision).rules is not None
    assert json.loads(finops.PolicyGate().log_event(decision))["decision_id"] == decision.decision_id
