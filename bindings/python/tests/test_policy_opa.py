"""The default policy against a real OPA: typed rules, interpreter, virtual machine and OPA answer alike, to the rule and its subject.

`FINOPS_OPA_CASES` sets the number of generated inputs (10,000 by default), `FINOPS_OPA_SEED` the seed.
"""

from __future__ import annotations

import math
import os
import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import finops
import pytest
from finops import policy
from opa import MISSING, Opa, available, rule_ids

CASES = int(os.environ.get("FINOPS_OPA_CASES", "10000"))
SEED = int(os.environ.get("FINOPS_OPA_SEED", "20261121"))

#: What each numeric field is compared with, and the ends of its range.
LIMITS = {
    "unit_cost_usd": ("0.3", "0.5", "0", "1000000000000"),
    "total_spend_usd": ("100", "-1000000000000000", "1000000000000000"),
    "budget_cap_usd": ("100", "0", "1000000000000000"),
    "test_pass_rate": ("0.95", "0", "1"),
    "carbon_intensity_g_per_kwh": ("300", "400", "0", "100000"),
}
OTHERS = {
    "promotion_request": ("true", "false"),
    "security_scan_passed": ("true", "false"),
    "deployment_region": ('"us-west-2"', '"eu-north-1"', '"us-east-1"', '"US-WEST-2"', '""'),
    "cost_tags": (
        '{"team":"ai","environment":"dev"}',
        '{"team":"ai"}',
        '{"team":" ","environment":"dev"}',
        '{"team":"\\u3000","environment":"\\u00a0x"}',
        '{"team":5,"environment":null}',
        "{}",
    ),
}
WILD = ("null", "true", "false", "0", "-1", "1e3", '""', '"x"', '"1e3"', '"+1"', "[]", "[1]", "{}", '{"a":1}', "1e300", "1e-320")


def beside(text: str) -> Iterator[str]:
    """A limit, one double and one last digit beside it, and what a double cannot tell from it."""
    value = float(text)
    yield text
    for way in (-math.inf, math.inf):
        yield format(Decimal(repr(math.nextafter(value, way))), "f")
    yield f"{Decimal(text) + Decimal('1e-25'):f}"
    yield f"{Decimal(text) - Decimal('1e-25'):f}"
    yield str(Decimal(text).scaleb(2)) if "." in text else f"{text}.000"


def number(random: random.Random, field: str) -> str:
    kind = random.randrange(6)
    if kind < 3:
        return random.choice(list(beside(random.choice(LIMITS[field]))))
    if kind == 3:
        return f"{random.uniform(0, 2) * float(random.choice(LIMITS[field]) or 1):.{random.randrange(12)}f}"
    if kind == 4:
        return str(random.choice([2**53 + 1, 2**64 + 1, -(2**53) - 1, 10**25 + 1, 0]))
    return f"{random.randrange(10**6)}e{random.randrange(-12, 12)}"


def value(random: random.Random, field: str, wild: bool) -> tuple[str, str]:
    """The text that we get, and the text that OPA gets: decimal text in a numeric field is a number to OPA."""
    if random.random() < (0.35 if wild else 0.03):
        text = random.choice(WILD)
        return text, text
    if field in OTHERS:
        text = random.choice(OTHERS[field])
        return text, text
    text = number(random, field)
    if "e" not in text and random.random() < 0.3:
        return f'"{text}"', text
    return text, text


def inputs(count: int, seed: int) -> Iterator[tuple[str, str]]:
    """Half of them near valid, half of them wild; a few are no objects."""
    generator = random.Random(seed)
    for index in range(count):
        wild = index % 2 == 1
        if wild and generator.random() < 0.02:
            text = generator.choice(WILD[:-6])
            yield text, text
            continue
        ours, theirs = [], []
        for field in (*LIMITS, *OTHERS):
            if generator.random() < (0.5 if wild else 0.15):
                continue
            mine, other = value(generator, field, wild)
            ours.append(f'"{field}":{mine}')
            theirs.append(f'"{field}":{other}')
        if generator.random() < 0.2:
            extra = f'"owner":{generator.choice(WILD)}'
            ours.append(extra)
            theirs.append(extra)
        yield "{" + ",".join(ours) + "}", "{" + ",".join(theirs) + "}"


def answer(decision: Any) -> tuple[bool, set[tuple[str, str | None]], set[tuple[str, str | None]]]:
    return decision.allowed, rule_ids(decision["violations"]), rule_ids(decision["warnings"])


@pytest.mark.skipif(not available(), reason=MISSING)
def test_typed_interpreter_machine_and_opa_agree() -> None:
    shipped = policy.builtin()
    opa = Opa(shipped["modules"], shipped["data"])
    typed = finops.PolicyGate()
    engines = {
        engine: finops.PolicyGate(bundle=shipped["modules"], data=shipped["data"], engine=engine, schema=None)
        for engine in ("rvm", "interpreter")
    }
    seen: set[str] = set()
    for ours, theirs in inputs(CASES, SEED):
        document = opa.document("finops", theirs)
        expected = (document["allow"], rule_ids(document["violation"]), rule_ids(document["warn"]))
        seen.update(rule for rule, _ in expected[1] | expected[2])
        found = answer(typed.decide_json(ours.encode()))
        assert found == expected, f"typed: {ours}"
        for engine, gate in engines.items():
            decision = gate.decide_json(ours.encode())
            assert answer(decision) == expected, f"{engine}: {ours}"
    # A generator that never reaches a rule would agree about nothing.
    wanted = {"input.not_object", "input.null", "input.type", "input.range", "budget.unit_cost", "budget.total_spend", "tags.missing"}
    wanted |= {"tags.empty", "tags.required", "promotion.test_pass_rate", "promotion.security_scan", "carbon.intensity", "carbon.region"}
    wanted |= {"budget.unit_cost.warn", "carbon.intensity.warn"}
    if CASES >= 10_000:
        assert seen == wanted, seen ^ wanted
