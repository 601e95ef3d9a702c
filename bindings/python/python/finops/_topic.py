"""The computations of one topic of the engine, by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ._finops import Result, topic_call, topic_kinds, topic_value

Input = Mapping[str, Any] | str | bytes


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return Result.from_json(json.dumps(value))
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


class Topic:
    """One topic: `allocation`, `findings` or `waste`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def call(self, kind: str, input: Input) -> str:
        """Compute `kind` from an input to JSON text."""
        if isinstance(input, (str, bytes)):
            return topic_call(self._name, kind, input if isinstance(input, str) else input.decode())
        return topic_value(self._name, kind, input)

    def kinds(self) -> list[str]:
        """The names of every computation."""
        return topic_kinds(self._name)

    def compute(self, kind: str, input: Input) -> Any:
        """Compute `kind` from an input to its frozen result."""
        return _frozen(json.loads(self.call(kind, input)))
