"""One logged request: finops against a hand-written monitor, genai-prices and litellm."""

from __future__ import annotations

import datetime
import os
import sys
from pathlib import Path

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # no network at import
sys.path.insert(0, str(Path(__file__).parents[1]))

import finops
import litellm
from genai_prices import Usage, calc_price
from harness import Contender, Report, interleave


class HandWritten:
    """What a careful engineer writes by hand: flat rates, a 12-key dict, a list to keep it in."""

    def __init__(self) -> None:
        self.input_rate, self.output_rate, self.hour = 0.001, 0.002, 1.0
        self.wh, self.grid = 0.5, 400.0
        self.metrics: list[dict[str, object]] = []

    def log_inference(
        self, model: str, input_tokens: int, output_tokens: int, duration_ms: float, metadata: dict[str, str] | None = None
    ) -> dict[str, object]:
        total = input_tokens + output_tokens
        input_cost = input_tokens / 1000 * self.input_rate
        output_cost = output_tokens / 1000 * self.output_rate
        compute = duration_ms / 3_600_000 * self.hour
        joules = total / 1000 * self.wh * 3600
        record: dict[str, object] = {
            "timestamp": datetime.datetime.now(datetime.timezone.utc).isoformat(),
            "model": model,
            "input_tokens": input_tokens,
            "output_tokens": output_tokens,
            "total_tokens": total,
            "duration_ms": duration_ms,
            "input_cost_usd": input_cost,
            "output_cost_usd": output_cost,
            "compute_cost_usd": compute,
            "unit_cost_usd": input_cost + output_cost + compute,
            "energy_joules": joules,
            "carbon_kg": joules / 3.6e6 * self.grid / 1000,
        }
        if metadata:
            record["metadata"] = metadata
        self.metrics.append(record)
        if len(self.metrics) > 10_000:
            del self.metrics[:5_000]
        return record


def main() -> bool:
    ours, hand = finops.ResourceMonitor(env={}), HandWritten()
    tags = {"team": "search", "environment": "production"}
    usage = Usage(input_tokens=1000, output_tokens=500)
    report = Report("one request in Python")
    report.nanoseconds = interleave(
        [
            Contender("finops log_inference", lambda: ours.log_inference("gpt-4o", 1000, 500, 250.0)),
            Contender("hand-written dict", lambda: hand.log_inference("gpt-4o", 1000, 500, 250.0)),
            Contender("finops log_inference, two tags", lambda: ours.log_inference("gpt-4o", 1000, 500, 250.0, tags)),
            Contender("hand-written dict, two tags", lambda: hand.log_inference("gpt-4o", 1000, 500, 250.0, tags)),
            Contender("genai-prices calc_price", lambda: calc_price(usage, "gpt-4o", provider_id="openai")),
            Contender("litellm cost_per_token", lambda: litellm.cost_per_token(model="gpt-4o", prompt_tokens=1000, completion_tokens=500)),
        ]
    )
    report.claim_ratio("finops log_inference", "hand-written dict", 2.0)
    report.claim_ratio("finops log_inference, two tags", "hand-written dict, two tags", 1.25)
    report.claim_ratio("finops log_inference", "genai-prices calc_price", 250)
    report.claim_ratio("finops log_inference", "litellm cost_per_token", 400)
    return report.show(Path(os.environ["FINOPS_BENCH_OUT"]) if "FINOPS_BENCH_OUT" in os.environ else None)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
