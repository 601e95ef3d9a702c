"""Energy meters of this machine. Each reads when asked; absent or unreadable meters raise `MeterError`, never give 0.

>>> meter = rapl()  # doctest: +SKIP
>>> meter.read().measured_joules  # doctest: +SKIP
"""

from __future__ import annotations

import os
import time
from typing import Any

from .._finops import Result, carbon_call

__all__ = ["RaplMeter", "rapl"]


class RaplMeter:
    """RAPL counters under `/sys/class/powercap`: joules of packages and memory since the meter was opened."""

    def __init__(self, root: str | os.PathLike[str] = "/sys/class/powercap") -> None:
        self._root = os.fspath(root)
        self._samples: list[tuple[float, dict[str, Any]]] = []
        self._sample()
        # The domains are chosen, and an absent or unreadable meter is refused, when the meter is opened.
        carbon_call("rapl_tree", {"powercap": self._samples[0][1]})

    def _sample(self) -> None:
        zones: dict[str, Any] = {}
        try:
            names = sorted(name for name in os.listdir(self._root) if name.startswith("intel-rapl"))
        except OSError:
            names = []
        for name in names:
            if ":" in name:
                label = self._text(name, "name")
                zones[name] = {
                    "name": label if label else name,
                    "energy_uj": self._count(name, "energy_uj"),
                    "max_energy_range_uj": self._count(name, "max_energy_range_uj"),
                }
        self._samples.append((time.monotonic(), zones))

    def _text(self, zone: str, file: str) -> str:
        try:
            with open(os.path.join(self._root, zone, file), encoding="ascii", errors="replace") as handle:
                return handle.read().strip()
        except PermissionError:
            return "EACCES"
        except OSError:
            return "ENOENT"

    def _count(self, zone: str, file: str) -> int | str:
        text = self._text(zone, file)
        return int(text) if text.isdecimal() else text

    def read(self) -> Result:
        """Joules since the meter was opened: `measured_joules`, `domains`, and what had to be filled or is unknown."""
        self._sample()
        zones: dict[str, Any] = {}
        ranges = set()
        for _, sample in self._samples:
            for name, fields in sample.items():
                known = zones.setdefault(name, {"name": fields["name"], "energy_uj": []})
                if not isinstance(fields["energy_uj"], int):
                    known["energy_uj"] = fields["energy_uj"]
                elif isinstance(known["energy_uj"], list):
                    known["energy_uj"].append(fields["energy_uj"])
                if isinstance(fields["max_energy_range_uj"], int):
                    ranges.add(fields["max_energy_range_uj"])
        elapsed = (self._samples[-1][0] - self._samples[0][0]) / max(1, len(self._samples) - 1)
        return carbon_call(
            "rapl_tree",
            {
                "powercap": zones,
                "elapsed_s": max(elapsed, 1e-6),
                "max_energy_range_uj": min(ranges) if ranges else None,
            },
        )


def rapl(root: str | os.PathLike[str] = "/sys/class/powercap") -> RaplMeter:
    """Open the RAPL counters. Raises `MeterError`: `meter.unavailable`, `meter.permission`, `meter.bad_reading`."""
    return RaplMeter(root)
