"""A real OPA 1.20.2 in this process, from the wheel that `make opa` unpacks.

The wheel asks for a newer Python than it needs: it is ctypes over a C library. `FINOPS_OPA` names the folder that holds it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("FINOPS_OPA", Path(__file__).resolve().parents[3] / ".opa"))
MISSING = "no OPA in .opa: run `make opa` (x86-64 Linux with glibc 2.34 or newer, and a package index that has the wheel)"


def available() -> bool:
    return (FOLDER / "opa_bindings" / "libopabridge.so").exists()


class Opa:
    """Modules and data, asked with the exact text of an input: no number passes through a float on the way."""

    def __init__(self, modules: dict[str, str], data: Any) -> None:
        if str(FOLDER) not in sys.path:
            sys.path.insert(0, str(FOLDER))
        from opa_bindings import OpaEngine

        self._engine = OpaEngine()
        for name, text in modules.items():
            self._engine.add_policy(name, text)
        self._engine.add_data(data)

    def document(self, path: str, input_json: str) -> Any:
        """The value of `data.<path>`: sets are lists."""
        engine = self._engine
        raw = engine._call(engine._lib.OpaEvalDocument, path.encode(), input_json.encode(), 0, 0)
        result = engine._eval_result(raw)
        return result[0]["expressions"][0]["value"] if result else None


def rule_ids(violations: list[dict[str, Any]]) -> set[tuple[str, str | None]]:
    """What two answers must have in common: the rules and their subjects."""
    return {(item["rule"], item.get("subject")) for item in violations}


def as_json(text: str) -> Any:
    return json.loads(text)
