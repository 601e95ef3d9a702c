"""Topic `policy`: every kind is the function of its name in `finops.policy`, with the members of the case as keywords.

Compared are the members that a case lists; values are exact, numbers by value and sign. A refusal is compared by its code.
"""

from __future__ import annotations

import json
import struct
from typing import Any

import finops
from finops import policy

from .common import Case, Problems, outcome

KINDS = (
    "approval",
    "bundle",
    "digest",
    "exemption",
    "gate",
    "guardrail",
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
)
#: Kinds that Python has no face for yet: `http` needs the server.
PENDING = ("http",)

ABOUT = {"id", "kind", "group", "note", "source", "expect"}
#: What a case without `expect` is compared by.
OWN = {
    "number": ("accepted", "normal_form", "up", "down", "on_grid"),
    "digest": ("canonical", "sha256"),
    "update_policy": ("ok", "code"),
    "rego": ("interpreter_strict", "rvm"),
}


def bits(value: Any) -> bytes:
    return struct.pack(">d", float(value))


def same(wanted: Any, found: Any) -> bool:
    """Equal in type and value; members in any order."""
    if isinstance(wanted, bool) or isinstance(found, bool) or wanted is None or found is None:
        return wanted is found
    if isinstance(wanted, (int, float)) and isinstance(found, (int, float)):
        if isinstance(wanted, int) and isinstance(found, int):
            return wanted == found
        return bits(wanted) == bits(found)
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) == len(found) and all(map(same, wanted, found))
    if isinstance(wanted, dict) and isinstance(found, dict):
        return wanted.keys() == found.keys() and all(same(value, found[name]) for name, value in wanted.items())
    return type(wanted) is type(found) and bool(wanted == found)


def expected(case: Case) -> Case:
    if "expect" in case:
        return dict(case["expect"])
    members = {name: case[name] for name in OWN.get(case["kind"], ()) if name in case}
    # `opa` is what OPA says: the yardstick of `same`, not something that is computed here.
    return {name: case["opa"] if value == "same" else value for name, value in members.items()}


def holds(kind: str, name: str, wanted: Any, found: Any, expect: Case) -> bool:
    if kind == "number" and name in ("up", "down"):
        return found is not None and bits(wanted) == bits(found)
    if (kind, name) in (("lint", "errors"), ("lint", "warnings"), ("policy_gate", "codes")):
        return set(wanted) == set(found)
    if kind in ("terraform", "kubernetes", "infracost") and name == "violations":
        # The sentences are free.
        found = [{key: value for key, value in item.items() if key != "message"} for item in found]
    if (kind, name) == ("gate", "deny_messages"):
        violations = expect.get("violations") or [{}]
        if violations[0].get("rule") == "input.json":
            return len(found) <= 1
    return same(wanted, found)


def row_problems(case: Case) -> Problems:
    """Whether the set that is queried has an element, for each input."""
    for row in case["rows"]:
        answer = policy.rego(module=case["module"], query=case["query"], input=row["input"])
        for engine in ("interpreter_strict", "rvm"):
            found = answer[engine]
            told = "error" if "error" in found else "fires" if found.get("value") else "silent"
            if told != row[engine]:
                yield f"{engine} of {row['input']}: expected {row[engine]}, found {told}"


def one(case: Case) -> Problems:
    kind = case["kind"]
    if "rows" in case:
        yield from row_problems(case)
        return
    expect = expected(case)
    if not expect:
        yield "nothing to compare"
    own = set(OWN.get(kind, ())) | {"opa"} if "expect" not in case else set()
    members = {name: value for name, value in case.items() if name not in ABOUT | own}
    if kind != "update_policy":
        # What the case is called.
        members.pop("name", None)
    try:
        answer = getattr(policy, kind)(**members)
    except finops.PolicyError as error:
        refusal = expect.get("ok") is False or expect.get("loads") is False
        if not refusal or error.code not in (expect.get("code"), *expect.get("codes", ())):
            yield f"refused with {error.code}, expected {expect}"
        return
    # JSON may write minus zero without a point, which Python reads as an integer.
    told = json.loads(answer.to_json(), parse_int=lambda digits: -0.0 if digits == "-0" else int(digits))
    for name, wanted in expect.items():
        if name not in answer:
            yield f"{name}: expected {wanted!r}, found nothing"
            continue
        # The object and its wire form say the same.
        for found in (answer[name], told[name]):
            if not holds(kind, name, wanted, found, expect):
                yield f"{name}: expected {wanted!r}, found {found!r}"


def run(file: Case) -> tuple[int, list[str]]:
    """Every case but those of pending kinds; every announced kind must have one."""
    ran, failures = 0, []
    kinds = {case["kind"] for case in file["cases"]}
    for kind in set(file["kinds"]) - kinds:
        failures.append(f"{kind}: announced, without a case")
    for case in file["cases"]:
        if case["kind"] in PENDING:
            continue
        ran += 1
        failures += outcome(case["id"], one if case["kind"] in KINDS else None, case)
    return ran, failures
