"""Interleaved micro-benchmarks: thread CPU time, minimum of rounds, ratios in one run.

A shared machine is noisy, and noise only ever adds time. So every contender runs in every round, in turn, and the least time of each
one counts; the ratio of two minima of one run is the result. Rounds are short: the scheduler of a busy machine gives a thread a few
milliseconds, and a longer round would hold somebody else's work in the caches every time.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Contender:
    """One function to be timed; `rows` calls of it count as one unit of work each."""

    name: str
    call: Callable[[], object]
    rows: int = 1


@dataclass
class Report:
    """What a run measured: nanoseconds by contender, and claims that hold or do not."""

    title: str
    nanoseconds: dict[str, float] = field(default_factory=dict)
    claims: list[tuple[str, float, float, bool]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def claim_ratio(self, faster: str, slower: str, least: float) -> None:
        """`slower` takes at least `least` times as long as `faster`."""
        ratio = self.nanoseconds[slower] / self.nanoseconds[faster]
        self.claims.append((f"{slower} / {faster} >= {least:g}", ratio, least, ratio >= least))

    def claim_at_most(self, name: str, value: float, most: float, unit: str) -> None:
        """`value` is at most `most`."""
        self.claims.append((f"{name} <= {most:g} {unit}", value, most, value <= most))

    def show(self, out: Path | None = None) -> bool:
        """Print the table; append it to `out` as one JSON line; True when every claim holds."""
        print(f"\n## {self.title}\n")
        for name, value in self.nanoseconds.items():
            print(f"{value:>14,.1f} ns  {name}")
        for text, value, _, held in self.claims:
            print(f"{'held' if held else 'MISSED':>8}  {text}   (measured {value:,.2f})")
        for note in self.notes:
            print(f"    note  {note}")
        if out is not None:
            with out.open("a", encoding="utf-8") as file:
                row = {"title": self.title, "ns": self.nanoseconds, "claims": self.claims, "notes": self.notes}
                file.write(json.dumps(row, sort_keys=True) + "\n")
        sys.stdout.flush()
        return all(held for *_, held in self.claims)


def interleave(contenders: list[Contender], rounds: int = 200, budget_s: float = 0.002) -> dict[str, float]:
    """Nanoseconds a row for each contender: every one in every round, the minimum over the rounds."""
    loops = {}
    for contender in contenders:
        contender.call()
        start = time.thread_time_ns()
        contender.call()
        once = max(time.thread_time_ns() - start, 100)
        loops[contender.name] = max(1, int(budget_s * 1e9 / once))
    best = {contender.name: float("inf") for contender in contenders}
    for _ in range(rounds):
        for contender in contenders:
            call, count = contender.call, loops[contender.name]
            start = time.thread_time_ns()
            for _ in range(count):
                call()
            spent = time.thread_time_ns() - start
            best[contender.name] = min(best[contender.name], spent / count / contender.rows)
    return best
