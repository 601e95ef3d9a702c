"""`cluster_data` of a thousand workloads in Python: the engine's whole run against the bare arithmetic of its two formulas."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benches"))

from finops import FinOpsEngine, WasteDetectionEngine, waste
from harness import Contender, Report, interleave

WORKLOADS = 1000
AS_OF = "2026-11-20T03:00:00Z"


def cluster(findings: bool) -> dict[str, Any]:
    """The dict of the README with a thousand workloads in forty namespaces; with `findings`, one in ten of each kind."""
    workloads: dict[str, list[dict[str, Any]]] = {}
    for n in range(WORKLOADS):
        size = 1 + n % 8
        cpu, memory = (0.6, 0.6)
        if findings and n // 40 % 10 in (1, 2):
            cpu, memory = (0.1, 0.6) if n // 40 % 10 == 1 else (0.6, 0.1)
        row = {"name": f"service-{n:04}", "cpu_request": float(size), "cpu_usage": round(size * cpu, 2), "team": "payments"}
        row |= {"memory_request_gb": size + 0.5, "memory_usage_gb": round(size * memory, 2), "replicas": 2}
        workloads.setdefault(f"team-{n % 40:02}", []).append(row)
    return {"cluster": "synthetic", "workloads": workloads}


def bare(data: dict[str, Any]) -> list[tuple[str, str, str, float, float]]:
    """The formulas on floats and nothing else: no validation, evidence, confidence, order or money."""
    found = []
    for namespace, workloads in data["workloads"].items():
        for row in workloads:
            request, usage = row["cpu_request"], row["cpu_usage"]
            if request > 0 and usage / request < 0.3:
                after = max(usage * 1.5, 0.1)
                saving = (request - after) * 0.10 * 730
                if saving >= 10:
                    found.append((namespace, row["name"], "over_requested_cpu", after, saving))
            request, usage = row["memory_request_gb"], row["memory_usage_gb"]
            if request > 0 and usage / request < 0.3:
                after = max(usage * 1.5, 0.5)
                saving = (request - after) * 0.01 * 730
                if saving >= 10:
                    found.append((namespace, row["name"], "over_requested_memory", after, saving))
    return found


def main() -> int:
    out = os.environ.get("FINOPS_BENCH_OUT")
    quiet, wasteful = cluster(False), cluster(True)
    found = WasteDetectionEngine().detect_all(wasteful, as_of=AS_OF)
    assert len(found) == len(bare(wasteful)) > 100 and not bare(quiet)
    # Each has its own: a call frees what the engine's last one found.
    detectors, of_wasteful = WasteDetectionEngine(), WasteDetectionEngine()
    contenders = [
        Contender("bare arithmetic", lambda: bare(quiet), WORKLOADS),
        Contender("finops detect_all", lambda: detectors.detect_all(quiet, as_of=AS_OF), WORKLOADS),
        Contender("bare arithmetic, one in six wasteful", lambda: bare(wasteful), WORKLOADS),
        Contender("finops detect_all, one in six wasteful", lambda: of_wasteful.detect_all(wasteful, as_of=AS_OF), WORKLOADS),
        Contender("finops run_detection_cycle with guardrails and ledger", lambda: FinOpsEngine().run_detection_cycle(wasteful, as_of=AS_OF), WORKLOADS),
        Contender("finops waste.cluster_data, every assessment as a dict", lambda: waste.cluster_data({"cluster_data": quiet, "as_of": AS_OF}), WORKLOADS),
    ]
    report = Report("a workload of cluster_data in Python", interleave(contenders, rounds=40))
    ratio = report.nanoseconds["finops detect_all"] / report.nanoseconds["bare arithmetic"]
    report.claim_at_most("finops detect_all / bare arithmetic where nothing is found", ratio, 5, "times")
    wasteful_ratio = report.nanoseconds["finops detect_all, one in six wasteful"] / report.nanoseconds["bare arithmetic, one in six wasteful"]
    report.notes.append(
        f"{WORKLOADS:,} workloads a call; {len(found)} findings in the wasteful one, where a record, evidence and guardrails of each make it "
        f"{wasteful_ratio:.0f} times the bare arithmetic"
    )
    return 0 if report.show(Path(out) if out else None) else 1


if __name__ == "__main__":
    sys.exit(main())
