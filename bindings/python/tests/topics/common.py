"""What every topic compares with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import finops

Case = dict[str, Any]
Problems = Iterator[str]


def differ(name: str, found: object, expected: object) -> Problems:
    if found != expected or type(found) is bool and type(expected) is not bool:
        yield f"{name}: expected {expected!r}, found {found!r}"


def exact(name: str, found: Decimal | None, expected: str | None) -> Problems:
    """An exact amount: equal as a decimal, and printed without exponent or trailing zeros."""
    yield from differ(name, None if found is None else format(found, "f"), expected)


def nearest(name: str, found: object, expected: str) -> Problems:
    """A float view: the f64 nearest to the exact value."""
    yield from differ(f"{name} as float", found, float(expected))


def refused(act: Callable[[], object], expected: Case) -> Problems:
    """The act must raise the expected code, and name the path where the case does."""
    try:
        result = act()
    except finops.FinopsError as error:
        yield from differ("code", error.code, expected["error"])
        if "path" in expected:
            yield from differ("path", error.path, expected["path"])
    else:
        yield f"expected {expected['error']}, found {result!r}"


def outcome(title: str, run: Callable[[Case], Problems] | None, case: Case) -> list[str]:
    if run is None:
        return [f"{title}: unknown kind"]
    try:
        return [f"{title}: {problem}" for problem in run(case)]
    except Exception as error:  # noqa: BLE001 - a case that raises is a case that fails
        return [f"{title}: {type(error).__name__}: {error}"]
