"""What `import finops` costs, and that memory stays flat: each figure from a fresh interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from harness import Report

ROUNDS = 15

# Resident memory now, not its peak: a child inherits its parent's peak, which would hide the import.
RSS = """
import time
def rss():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096
"""

IMPORT = RSS + """
before = rss()
start = time.process_time_ns()
{statement}
spent = time.process_time_ns() - start
print(spent, rss() - before)
"""

# Half a million warm-up requests fill the ring, the tables and the allocator's pools; what follows must add nothing.
FLAT = RSS + """
import finops
monitor = finops.ResourceMonitor(env={{}})
log = monitor.log_inference
for i in range(500_000):
    log(f"unknown-model-{{i}}", 1000, 500, 250.0, {{"user": f"u{{i}}"}})
before = rss()
for i in range(500_000, 1_500_000):
    log(f"unknown-model-{{i}}", 1000, 500, 250.0, {{"user": f"u{{i}}"}})
grown = rss() - before
for i in range({more}):
    log("gpt-4o", 1000, 500, 250.0)
stats = monitor.stats()
print(grown, rss() - before, stats.requests)
"""


def child(code: str) -> list[int]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment)
    return [int(word) for word in printed.stdout.split()]


def main() -> bool:
    report = Report("import and memory in Python")
    for name, statement in {
        "import finops": "import finops",
        "import genai_prices": "import genai_prices",
        "import ecologits": "import ecologits",
        "import codecarbon": "import codecarbon",
    }.items():
        runs = [child(IMPORT.format(statement=statement)) for _ in range(ROUNDS if name == "import finops" else 3)]
        cpu, rss = min(run[0] for run in runs), min(run[1] for run in runs)
        report.nanoseconds[name] = cpu
        report.notes.append(f"{name}: {rss / 2**20:.1f} MB of resident memory")
        if name == "import finops":
            report.claim_at_most("import finops", cpu / 1e6, 10, "ms CPU")
            report.claim_at_most("import finops", rss / 2**20, 6, "MB RSS")
    grown, total, requests = child(FLAT.format(more=10_000_000 - 1_500_000))
    report.claim_at_most("growth over a million unknown models and users", grown / 2**20, 8, "MB")
    report.claim_at_most("growth over ten million requests", total / 2**20, 8, "MB")
    report.notes.append(f"{requests:,} requests logged")
    return report.show(Path(os.environ["FINOPS_BENCH_OUT"]) if "FINOPS_BENCH_OUT" in os.environ else None)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
