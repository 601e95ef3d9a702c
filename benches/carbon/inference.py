"""One carbon estimate: finops against EcoLogits and CodeCarbon."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import finops
from codecarbon import OfflineEmissionsTracker
from ecologits.impacts.llm import compute_llm_impacts
from ecologits.tracers.utils import llm_impacts
from ecologits.utils.range_value import RangeValue
from harness import Contender, Report, interleave

logging.disable(logging.CRITICAL)


def main() -> bool:
    tracker = OfflineEmissionsTracker(country_iso_code="FRA", save_to_file=False, log_level="critical", measure_power_secs=3600)
    tracker.start_task("warm")
    tracker.stop_task("warm")

    def codecarbon_task() -> object:
        tracker.start_task("task")
        return tracker.stop_task("task")

    estimate = finops.carbon.estimate_inference
    active, total = RangeValue(min=44, max=132), 440
    open_weights = "meta-llama/Llama-3.1-405B-Instruct"
    params = {"total_b": 440, "active_b": [44, 132]}
    report = Report("one carbon estimate in Python")
    report.nanoseconds = interleave(
        [
            # Both are given the latency, and both answer with ranges.
            Contender(
                "finops estimate_inference, parameters with ranges",
                lambda: estimate(model=open_weights, input_tokens=1000, output_tokens=500, energy_method="parameters", duration_ms=5000.0),
            ),
            Contender(
                "finops estimate_inference, every argument given anew",
                lambda: estimate(
                    model="gpt-4o", input_tokens=1000, output_tokens=500, energy_method="ecologits", params=params, pue=1.2, grid=400
                ),
            ),
            Contender("finops estimate_inference, flat", lambda: estimate(model="gpt-4o", input_tokens=1000, output_tokens=500)),
            Contender(
                "EcoLogits compute_llm_impacts",
                lambda: compute_llm_impacts(active, total, 500, 1e-7, 10.0, 0.4, 1.0, 1.2, 1.0, request_latency=5.0),
            ),
            Contender("EcoLogits llm_impacts gpt-4o", lambda: llm_impacts("openai", "gpt-4o", 500, 5.0, "WOR")),
            Contender("CodeCarbon warm task", codecarbon_task),
        ],
        rounds=10,
    )
    ours = "finops estimate_inference, parameters with ranges"
    report.claim_ratio(ours, "EcoLogits compute_llm_impacts", 1000)
    report.claim_ratio(ours, "EcoLogits llm_impacts gpt-4o", 1000)
    report.claim_ratio(ours, "CodeCarbon warm task", 500)
    report.claim_at_most(ours, report.nanoseconds[ours] / 1000, 1, "us")
    return report.show(Path(os.environ["FINOPS_BENCH_OUT"]) if "FINOPS_BENCH_OUT" in os.environ else None)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
