"""The shared vectors through the public Python API: same numbers to the last digit as Rust and Node.

Run as a program it prints one line a topic. The directory is ``FINOPS_VECTORS_DIR``, by default the committed copy.
A case of an unknown kind, an empty file, a wrong number of cases or a failing case makes it fail; a topic or kind that
Python has no face for yet is named as pending.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from topics import carbon, faults, ledger, metering, policy
from topics.common import Case

DIRECTORY = Path(os.environ.get("FINOPS_VECTORS_DIR") or Path(__file__).resolve().parents[2] / "vectors")
RUNNERS: dict[str, Callable[[Case], tuple[int, list[str]]]] = {
    "metering": metering.run,
    "carbon": carbon.run,
    "policy": policy.run,
    "ledger": ledger.run,
    "allocation": faults.runner("allocation"),
    "findings": faults.runner("findings"),
    "waste": faults.runner("waste"),
}
TOPICS = tuple(RUNNERS)
PENDING = (
    "aws",
    "billing",
    "control-plane",
    "insights",
)
#: Kinds of a topic that is run, for which Python has no face yet.
PENDING_KINDS = {"policy": policy.PENDING, **{topic: kinds for topic, kinds in faults.PENDING.items() if kinds}}


def run(topic: str) -> tuple[int, list[str]]:
    """How many cases of a topic ran, and what was wrong."""
    file = json.loads((DIRECTORY / f"{topic}.json").read_text(encoding="utf-8"))
    ran, failures = RUNNERS[topic](file)
    return ran, failures if ran else ["no case"]


def topics() -> tuple[list[str], list[str], list[str]]:
    """Topics to run, pending ones, and files that nobody knows."""
    found = sorted(path.stem for path in DIRECTORY.glob("*.json"))
    unknown = [topic for topic in found if topic not in TOPICS and topic not in PENDING]
    unknown += [f"{topic} (missing)" for topic in TOPICS if topic not in found]
    return [t for t in found if t in TOPICS], [t for t in found if t in PENDING], unknown


def main() -> int:
    to_run, pending, unknown = topics()
    failed = bool(unknown)
    for topic in unknown:
        print(f"unknown: {topic}")
    for topic in pending:
        print(f"pending: {topic}")
    for topic, kinds in PENDING_KINDS.items():
        print(*(f"pending: {topic} {kind}" for kind in kinds), sep="\n")
    for topic in to_run:
        ran, failures = run(topic)
        failed = failed or bool(failures)
        print(f"{topic}: {ran} cases, {len(failures)} failures")
        for failure in failures:
            print(f"  {failure}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
