"""The default policy against a real OPA: typed rules, interpreter, virtual machine and OPA answer alike, to the rule and its subject.

`FINOPS_OPA_CASES` sets the number of generated inputs (10,000 by default), `FINOPS_OPA_SEED` the seed.
"""

from __future__ import annotations

import json
import math
import os
import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Literal

import finops
import pytest
from finops import policy
from opa import MISSING, Opa, available, rule_ids

CASES = int(os.environ.get("FINOPS_OPA_CASES", "10000"))
ENGINES: tuple[Literal["rvm", "interpreter"], ...] = ("rvm", "interpreter")
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
    yield f"{Decimal(text).scaleb(2):f}" if "." in text else f"{text}.000"


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


#: The shipped policy under an entry of its own, with messages: what says nothing new is left out of a decision.
ENTRY = """package check

default allow := false

allow if data.finops.allow == true

violation contains {"rule": v.rule, "msg": "alone"} if {
	some v in data.finops.violation
	v.rule
	not v.subject
}

violation contains {"rule": v.rule, "subject": v.subject, "msg": v.subject} if {
	some v in data.finops.violation
	v.rule
	v.subject
}

warn contains {"rule": v.rule, "msg": "alone"} if {
	some v in data.finops.warn
	v.rule
}
"""
Found = tuple[bool, set[tuple[str, str | None]], set[tuple[str, str | None]]]


def answer(decision: Any) -> Found:
    return decision.allowed, rule_ids(decision["violations"]), rule_ids(decision["warnings"])


def answer_of_set(decision: Any) -> Found:
    """What the set fired: the typed check of the input stands beside it, with pointers."""
    own = [violation for violation in decision["violations"] if "path" not in violation]
    return decision.allowed, rule_ids(own), rule_ids(decision["warnings"])


def patient(gate: finops.PolicyGate, text: str) -> finops.Decision:
    """A decision that was made: on a busy machine 25 ms of wall time may pass while nothing runs, and that denies."""
    for _ in range(50):
        decision = gate.decide_json(text)
        if decision.code != "policy.timeout":
            break
    return decision


@pytest.mark.skipif(not available(), reason=MISSING)
def test_typed_interpreter_machine_and_opa_agree() -> None:
    shipped = policy.builtin()
    opa = Opa(shipped["modules"], shipped["data"])
    typed = finops.PolicyGate()
    engines = {
        engine: finops.PolicyGate(
            bundle={**shipped["modules"], "check.rego": ENTRY},
            data=shipped["data"],
            engine=engine,
            default_policy=False,
            entry="check",
        )
        for engine in ENGINES
    }
    seen: set[str] = set()
    for ours, theirs in inputs(CASES, SEED):
        document = opa.document("finops", theirs)
        expected = (document["allow"], rule_ids(document["violation"]), rule_ids(document["warn"]))
        seen.update(rule for rule, _ in expected[1] | expected[2])
        found = answer(typed.decide_json(ours.encode()))
        assert found == expected, f"typed: {ours}"
        for engine, gate in engines.items():
            decision = patient(gate, ours)
            assert not decision.code, f"{engine}: {ours}: {decision.code}"
            if ("input.not_object", None) in expected[1]:
                # No set is asked about what is no object.
                assert not decision.allowed and answer(decision) == expected, f"{engine}: {ours}"
            else:
                assert answer_of_set(decision) == expected, f"{engine}: {ours}"
    # A generator that never reaches a rule would agree about nothing.
    wanted = {"input.not_object", "input.null", "input.type", "input.range", "budget.unit_cost", "budget.total_spend", "tags.missing"}
    wanted |= {"tags.empty", "tags.required", "promotion.test_pass_rate", "promotion.security_scan", "carbon.intensity", "carbon.region"}
    wanted |= {"budget.unit_cost.warn", "carbon.intensity.warn"}
    if CASES >= 10_000:
        assert seen == wanted, seen ^ wanted


def change(generator: random.Random, amounts: list[str]) -> str:
    """The text of a change: mostly near the limits, sometimes malformed, sometimes silent."""

    def number(*near: str) -> str:
        if generator.random() < 0.1:
            return generator.choice(WILD)
        return generator.choice([text for limit in near for text in beside(limit)])

    members = {
        "confidence": number("0.7", "0", "1"),
        "risk_score": number("0.5", "0", "1"),
        "monthly_saving_usd": number("500", *amounts),
        "tags": generator.choice(['["production"]', '["env=critical"]', "[]", "null", '{"a":"Production "}', '[5]', '{"a":null}']),
        "namespace": generator.choice(['"a"', '"b"', "null", "5"]),
        "namespaces": generator.choice(['["a","b","c"]', '["a","b","c","d"]', "null", "[]", "{}"]),
        "cluster": generator.choice(['"x"', '"y"', "null"]),
        "at": generator.choice(['"2026-11-21T01:00:00Z"', '"2026-11-20T01:00:00Z"', "null", "5"]),
    }
    return "{" + ",".join(f'"{name}":{text}' for name, text in members.items() if generator.random() < 0.7) + "}"


@pytest.mark.skipif(not available(), reason=MISSING)
def test_the_guardrails_and_their_twin_agree() -> None:
    generator = random.Random(SEED)
    guardrails = finops.Guardrails()
    twin = guardrails.as_rego({})
    opa = Opa(twin["modules"], twin["data"])
    seen: set[str] = set()
    for _ in range(CASES // 5):
        made = json.loads(change(generator, ["1000", "0"]), parse_float=Decimal)
        history = [json.loads(change(generator, ["250"]), parse_float=Decimal) for _ in range(generator.randrange(4))]
        now: Any = generator.choice(["2026-11-21T03:00:00Z", "2026-11-21T12:00:00Z", policy.UNKNOWN])
        found = guardrails.check_opportunity(made, history, now)
        # Doubles: the operands are rounded to them, and Python writes them as they are.
        given = guardrails.as_rego(made, history, now)["input"]["computed"]
        document = opa.document("finops.guardrails", json.dumps({"computed": given}))
        expected = {(item["policy_name"], item["action"], item.get("path")) for item in document["check"]}
        assert {(item["policy_name"], item["action"], item.get("path")) for item in found["failed"]} == expected, (made, history)
        assert document["allow"] == bool(found)
        seen.update(name for name, _, _ in expected)
    wanted = {"input.type", "input.range", "min_confidence", "max_risk_score", "max_single_change", "max_daily_change"}
    assert CASES < 10_000 or seen == wanted | {"protected_tags", "change_window", "blast_radius"}
