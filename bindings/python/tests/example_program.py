"""A program that a type checker reads: `mypy --strict` must accept it."""

from __future__ import annotations

from decimal import Decimal

import finops
from finops import carbon


def spend(monitor: finops.ResourceMonitor) -> Decimal:
    record = monitor.log_inference("gpt-4o", 1000, 500, 250.0, {"team": "search"})
    total: Decimal | None = record.cost.total
    joules: float = record.energy_joules
    assert joules > 0
    return total if total is not None else Decimal(0)


def main() -> None:
    budgets = finops.Budgets([finops.Budget("daily", "10", window="day", warn_at=["0.8"])])
    monitor = finops.ResourceMonitor(budgets=budgets, cost_per_1k_input_tokens=None, tags=["team"])
    try:
        with monitor.reserve("gpt-4o", 1000, 500) as held:
            monitor.log_inference("gpt-4o", 1000, 500, 250.0, reservation=held)
    except finops.BudgetExceeded as refusal:
        remaining: Decimal | None = refusal.remaining
        print(refusal.budget, remaining, refusal.retry_at)
    print(finops.round_amount(spend(monitor), 4))
    for row in monitor.summary(["team"]):
        print(row["team"], row.requests, row.cost_usd)
    impact = carbon.estimate_inference(model="gpt-4o", input_tokens=1000, output_tokens=500)
    print(impact["carbon_kg"])


if __name__ == "__main__":
    main()
