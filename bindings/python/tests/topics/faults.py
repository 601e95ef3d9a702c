"""Topics whose values keep their digits: `allocation`, `findings`, `waste`. Each case crosses as the text of the file."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import finops

from .common import Case, Problems, outcome

#: Kinds whose code is not built yet.
PENDING = {
    "allocation": (),
    "findings": ("lifecycle_merge", "export_csv", "export_sarif", "correlation", "rule_load"),
    "waste": (),
}
PLAIN = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")


class Digits(str):
    """A number as it is written."""


def read(text: str) -> Any:
    return json.loads(text, parse_float=Digits, parse_int=Digits)


def write(value: Any) -> str:
    """JSON text in which every number has the digits it was read with."""
    if isinstance(value, Digits):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{write(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(write, value)) + "]"
    return json.dumps(value)


def number(value: Any) -> Decimal | None:
    """The value of plain digits, in a number or in text."""
    return Decimal(value) if isinstance(value, str) and PLAIN.fullmatch(value) else None


def differences(wanted: Any, found: Any, whole: bool, at: str = "") -> Problems:
    """What differs; with `whole` there may be no other members."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for name, value in wanted.items():
            if name in found:
                yield from differences(value, found[name], whole, f"{at}/{name}")
            else:
                yield f"{at}/{name}: missing, expected {value}"
        if whole:
            yield from (f"{at}/{name}: not expected" for name in found if name not in wanted)
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for index, (value, answer) in enumerate(zip(wanted, found, strict=True)):
            yield from differences(value, answer, whole, f"{at}/{index}")
    else:
        same = type(wanted) is type(found) and wanted == found
        amount = number(wanted)
        if not same and (amount is None or amount != number(found)):
            yield f"{at}: expected {wanted!r}, found {found!r}"


def near(wanted: Any, found: Any, limit: Decimal, relative: bool, at: str = "") -> Problems:
    """As `differences` of listed members, where numbers with a point may differ by `limit`."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for name, value in wanted.items():
            yield from near(value, found.get(name), limit, relative, f"{at}/{name}")
        return
    one, other = number(wanted), number(found)
    if one is not None and other is not None and ("." in str(wanted) or not relative):
        scale = max(abs(one), Decimal(1)) if relative else Decimal(1)
        if abs(one - other) <= limit * scale:
            return
    yield from differences(wanted, found, False, at)


def tolerance(text: str) -> Decimal | None:
    for word in text.split(" "):
        try:
            return Decimal(word)
        except ArithmeticError:
            continue
    return None


#: Kinds of inventories, whose answers may say more than the case lists.
INVENTORY = ("quantity_error", "kubernetes_reader", "prometheus", "effective_request", "baseline")


def quantities(case: Case, found: Any) -> Problems:
    """The same value, and so the same amount: texts of one value differ."""

    def nano(text: str) -> str:
        return str(json.loads(finops.allocation.call("quantity", json.dumps(text)))["nano"])

    wanted = case["expected"]
    if "nano" in wanted:
        yield from differences(wanted["nano"], found["nano"], True, "/nano")
    for text in (wanted.get("same_value_as"), found["canonical"]):
        if text is not None and nano(text) != found["nano"]:
            yield f"{text} is not the amount of {case['input']}"


def compare(topic: str, case: Case, found: Any) -> Problems:
    kind, wanted = case["kind"], case["expected"]
    limit = tolerance(case.get("tolerance", ""))
    if limit is not None and topic == "waste":
        yield from near(wanted, found, limit, True)
    elif topic == "allocation" and kind == "efficiency":
        yield from near(wanted, found, limit or Decimal(0), False)
    elif topic == "allocation" and kind == "quantity":
        yield from quantities(case, found)
    elif topic == "allocation" and kind in INVENTORY:
        yield from differences(wanted, found, False)
    elif topic == "allocation":
        if kind == "allocate":
            yield from differences(wanted.get("rows"), found.get("rows"), True)
        yield from differences(wanted, found, kind != "allocate")
    else:
        yield from differences(wanted, found, topic == "findings" and kind in ("totals", "priority"))
    if topic == "findings" and isinstance(wanted, dict):
        for member in ("record", "counts", "currency", "order"):
            if member in wanted and member in found:
                yield from differences(wanted[member], found[member], True, f"/{member}")


#: Functions of a kind's name that take records instead of the kind's input; `test_findings.py` tests them.
FACES = {"findings": ("combine", "finding_id", "fingerprint", "seed_fingerprint", "totals", "validate")}


def runner(topic: str) -> Callable[[Case], tuple[int, list[str]]]:
    module = importlib.import_module(f"finops.{topic}")

    def one(case: Case) -> Problems:
        wanted = case["expected"]
        text = write(case["input"])
        try:
            answer = module.call(case["kind"], text)
        except finops.FinopsError as error:
            if not isinstance(wanted, dict) or wanted.get("error") != error.code:
                yield f"refused with {error.code}: {error}"
            return
        yield from compare(topic, case, read(answer))
        yield from (f"the answer contains {secret!r}" for secret in case.get("must_not_contain", ()) if secret in answer)
        if case["kind"] in FACES.get(topic, ()):
            return
        # The function of the kind's name says the same.
        shown = getattr(module, case["kind"])(text)
        plain = json.loads(answer)
        if isinstance(plain, dict) and json.loads(shown.to_json()) != plain:
            yield "the function of its name answers something else"

    def run(_file: Case) -> tuple[int, list[str]]:
        from vectors import DIRECTORY

        file = read((Path(DIRECTORY) / f"{topic}.json").read_text(encoding="utf-8"))
        kinds = {case["kind"] for case in file["cases"]}
        failures = [f"{kind}: pending, without a case" for kind in PENDING[topic] if kind not in kinds]
        ran = 0
        for case in file["cases"]:
            if case["kind"] in PENDING[topic]:
                continue
            ran += 1
            known = callable(getattr(module, case["kind"], None))
            failures += outcome(case["id"], one if known else None, case)
        return ran, failures

    return run
