"""What the tests of the policy engine are made of."""

from __future__ import annotations

import enum
from collections import UserDict
from typing import Any

import finops

TAGS = {"team": "ai", "environment": "dev"}
NIGHT = "2026-11-21T03:00:00Z"


class Step(enum.IntEnum):
    """An integer with a name."""

    ONE = 1


OWN = """package finops

default allow := false

allow if count(deny) == 0

deny contains "too dear" if {
	is_number(input.cost)
	input.cost > 5
}

deny contains "no cost" if not priced

priced if is_number(input.cost)

test_dear if "too dear" in deny with input as {"cost": 6}
"""


def rules(decision: Any) -> list[str]:
    return [violation["rule"] for violation in decision["violations"]]


def ask(value: Any, **fields: Any) -> finops.Decision:
    return finops.PolicyGate().decide({"unit_cost_usd": value, "cost_tags": TAGS, **fields})


class Odd:
    """An object that has no JSON form."""


class Raising(UserDict[str, int]):
    """A mapping that cannot be read."""

    def keys(self) -> Any:
        raise RuntimeError("no keys")
