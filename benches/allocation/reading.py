#!/usr/bin/env python3
"""Reading documents of real size beside `json.loads` of the same bytes: a pod list of 50 MB, an answer of Prometheus.

Both count CPU time of one thread, the least of five readings; freeing what was read counts for both.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from harness import Report  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 5
DOCUMENTS = {"pods.json": ("a pod list of 50 MB", "read_kubernetes"), "answer.json": ("1,000 series of 16,128 samples", "read_prometheus")}


def loads(data: bytes) -> int:
    """Nanoseconds of the fastest `json.loads`."""
    best = sys.maxsize
    for _ in range(ROUNDS):
        start = time.thread_time_ns()
        json.loads(data)
        best = min(best, time.thread_time_ns() - start)
    return best


def main() -> int:
    report = Report("reading whole documents")
    with tempfile.TemporaryDirectory() as folder:
        command = ["cargo", "run", "--quiet", "--release", "--package", "finops-benches", "--example", "reading", "--", folder]
        lines = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
        ours = dict(zip(lines[::2], map(int, lines[1::2]), strict=True))
        for name, (what, reader) in DOCUMENTS.items():
            report.nanoseconds[f"{reader}, {what}"] = ours[name]
            report.nanoseconds[f"json.loads, {what}"] = loads((Path(folder) / name).read_bytes())
            report.claim_ratio(f"{reader}, {what}", f"json.loads, {what}", 1)
    out = os.environ.get("FINOPS_BENCH_OUT")
    return 0 if report.show(Path(out) if out else None) else 1


if __name__ == "__main__":
    sys.exit(main())
