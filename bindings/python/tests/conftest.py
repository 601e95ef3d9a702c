"""No test reads this machine's configuration, and none opens a socket."""

from __future__ import annotations

import socket
from typing import Any, NoReturn

import pytest

VARIABLES = (
    "COST_PER_1K_INPUT_TOKENS",
    "COST_PER_1K_OUTPUT_TOKENS",
    "COMPUTE_COST_PER_HOUR",
    "ENERGY_WH_PER_1K_TOKENS",
    "CARBON_INTENSITY_G_PER_KWH",
)


@pytest.fixture(autouse=True)
def isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise AssertionError("a test opened a socket")

    monkeypatch.setattr(socket, "socket", refuse)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
