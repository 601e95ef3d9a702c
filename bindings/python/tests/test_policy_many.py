"""Many inputs at once, as tables and lists; every computation by its name."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import finops
import pyarrow as pa
import pytest
from finops import policy
from finops.policy import UNKNOWN
from policy_samples import TAGS, rules


def rows() -> Iterator[dict[str, Any]]:
    generator = random.Random(7)
    for _ in range(400):
        yield {
            "unit_cost_usd": generator.choice([0.1, 0.3, 0.31, 0.5, 0.5000000000000001, 0.6, -1.0, None, float("nan")]),
            "total_spend_usd": generator.choice([100, 101, 10**15 + 1]),
            "budget_cap_usd": generator.choice([Decimal("100.00"), Decimal("100.50")]),
            "promotion_request": generator.choice([True, False]),
            "test_pass_rate": generator.choice([0.95, 0.9499999999999998, 1.0]),
            "security_scan_passed": generator.choice([True, False]),
            "deployment_region": generator.choice(["eu-north-1", "us-east-1", None]),
            "cost_tags": generator.choice([TAGS, {"team": "ai", "environment": None}, {"team": " ", "environment": "x"}, None]),
            "owners": generator.choice([["a"], [], None]),
        }


GATES: list[Callable[[], finops.PolicyGate]] = [
    finops.PolicyGate,
    lambda: finops.PolicyGate({"actions": {"budget.unit_cost": "require_approval", "carbon.region": "warn", "tags.required": "off"}}),
    lambda: finops.PolicyGate({"known_only": True, "default_budget_cap_usd": "50"}),
    lambda: finops.PolicyGate(bundle=policy.builtin()["modules"], data=policy.builtin()["data"], schema=None),
    lambda: finops.PolicyGate(candidate={}, exemptions=[{}]),
]


def in_time(decide: Callable[[], Any], codes: Callable[[Any], list[str | None]]) -> Any:
    """What `decide` answers when the machine does not stop the process for the 25 ms that a decision may take."""
    for _ in range(20):
        answer = decide()
        if "policy.timeout" not in codes(answer):
            return answer
    raise AssertionError("every attempt timed out")


@pytest.mark.parametrize("documents", [True, False], ids=["documents", "columns"])
@pytest.mark.parametrize("gate", GATES)
def test_a_table_is_decided_row_by_row(gate: Callable[[], finops.PolicyGate], documents: bool) -> None:
    # A column of lists takes a document a row; without one the columns are read as they are.
    given = [row if documents else {name: value for name, value in row.items() if name != "owners"} for row in rows()]
    table = pa.table({name: pa.array([row[name] for row in given]) for name in given[0]})
    table = table.set_column(6, "deployment_region", table["deployment_region"].dictionary_encode())
    table = table.set_column(1, "total_spend_usd", table["total_spend_usd"].cast(pa.int64() if documents else pa.float64()))
    table = pa.concat_tables([table.slice(0, 150), table.slice(150)])
    made = gate()
    # A few rows at a time: a pause of the machine then spoils few.
    slices = [table.slice(start, 40) for start in range(0, len(given), 40)]
    answered = [in_time(lambda: pa.table(made.decide_table(part)).to_pylist(), lambda rows: [row["code"] for row in rows]) for part in slices]  # noqa: B023
    found = [answer for part in answered for answer in part]
    assert len(found) == len(given)
    for row, answer in zip(given, found, strict=True):
        wanted = in_time(lambda: made.decide(row, now=UNKNOWN), lambda decision: [decision.code])  # noqa: B023
        assert answer["decision"] == wanted.decision and answer["allowed"] == wanted.allowed
        assert answer["rules"] == [item["rule"] for item in wanted["violations"] + wanted["warnings"]]
        for name in ("deny_messages", "approval_messages", "warn_messages"):
            assert answer[name] == wanted[name], row
        assert answer["code"] == wanted.code
    assert {answer["decision"] for answer in found} >= {"deny"}


@pytest.mark.parametrize("kind", [pa.int8(), pa.uint8(), pa.int16(), pa.uint16(), pa.int32(), pa.uint32(), pa.int64(), pa.uint64(), pa.float32(), pa.float64()])
def test_columns_of_every_number(kind: pa.DataType) -> None:
    gate, values = finops.PolicyGate({"unit_cost_usd": {"deny_above": 1}}), [0, 1, 2, None]
    columns = pa.table({"unit_cost_usd": pa.array(values, kind), "cost_tags": [TAGS] * 4, "model": pa.array(["a", None, "b", "c"], pa.large_string())})
    found = pa.table(gate.decide_table(columns))
    assert found["rules"].to_pylist() == [rules(gate.decide({"unit_cost_usd": value, "cost_tags": TAGS})) for value in values]
    assert found["allowed"].to_pylist() == [True, True, False, False]
    # A slice begins in the middle of its columns, null bits included.
    assert pa.table(gate.decide_table(columns.slice(2)))["allowed"].to_pylist() == [False, False]


def test_tables_of_other_types() -> None:
    gate = finops.PolicyGate()
    one = {"unit_cost_usd": pa.array([1], pa.timestamp("s")), "cost_tags": pa.array([[("team", "a"), ("environment", "b")]], pa.map_(pa.string(), pa.string()))}
    assert pa.table(gate.decide_table(pa.table(one)))["rules"].to_pylist() == [["input.type"]]
    one["unit_cost_usd"] = pa.array([0.1], pa.float32())
    assert pa.table(gate.decide_table(pa.table(one)))["allowed"].to_pylist() == [True]
    one["unit_cost_usd"] = pa.array([b"0.1"])
    assert pa.table(gate.decide_table(pa.table(one)))["allowed"].to_pylist() == [False]
    assert len(gate.decide_table(pa.table({"unit_cost_usd": pa.array([], pa.float64())}))) == 0
    with pytest.raises(finops.PolicyError, match="this name"):
        gate.decide_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]))
    with pytest.raises(TypeError):
        gate.decide_table([{"unit_cost_usd": 1}])


def test_many_are_decided_under_one_set() -> None:
    gate = finops.PolicyGate()
    found = gate.decide_many(iter([{"unit_cost_usd": 0.1, "cost_tags": TAGS}, None, {"unit_cost_usd": float("nan")}]))
    assert [decision.allowed for decision in found] == [True, False, False]
    assert len({decision.decision_id for decision in found}) == 3
    assert gate.explain(found[0]).rules


def test_every_kind_is_a_function_of_its_name() -> None:
    from finops._finops import policy_kinds

    for kind in policy_kinds():
        assert callable(getattr(policy, kind)) and getattr(policy, kind).__doc__, kind
    assert set(policy_kinds()) <= set(policy.__all__)
    absent, null = (policy.rego(module="package t\n\nx if input == null\n", query="data.t.x", **given) for given in ({}, {"input": None}))
    assert absent["rvm"] == {"undefined": True} and null["rvm"] == {"value": True}
    with pytest.raises(finops.PolicyError):
        policy.gate(input_json=5)  # type: ignore[arg-type]
