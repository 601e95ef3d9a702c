"""A program that a type checker reads: `mypy --strict` must accept it."""

from __future__ import annotations

from decimal import Decimal

import finops
from finops import carbon, policy


def spend(monitor: finops.ResourceMonitor) -> Decimal:
    record = monitor.log_inference("gpt-4o", 1000, 500, 250.0, {"team": "search"})
    total: Decimal | None = record.cost.total
    joules: float = record.energy_joules
    assert joules > 0
    return total if total is not None else Decimal(0)


def may(gate: finops.PolicyGate, cost: Decimal) -> bool:
    decision: finops.Decision = gate.decide(
        {"unit_cost_usd": cost, "cost_tags": {"team": "search", "environment": "dev"}},
        requester="dev@example.com",
        now=policy.UNKNOWN,
    )
    code: str | None = decision.code
    assert code is None
    return decision.allowed


def guard(savings: float) -> finops.PolicyAction:
    guardrails = finops.GuardrailEngine(min_confidence="0.8", blast_radius_limit=2)
    guardrails.update_policy("max_single_change", Decimal("750.50"))
    change = {"confidence": 0.9, "risk_score": 0.1, "monthly_saving_usd": savings, "namespace": "shop"}
    check: finops.PolicyCheck = guardrails.check_opportunity(change, [], now="2026-11-21T03:00:00Z")
    return check.action


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
    gate = finops.PolicyGate({"unit_cost_usd": {"warn_above": "0.3", "deny_above": "0.5"}}, engine="auto")
    assert may(gate, Decimal("0.5")) and not may(gate, Decimal("0.51"))
    assert guard(750.5) is finops.PolicyAction.ALLOW and guard(750.51) is finops.PolicyAction.REQUIRE_APPROVAL
    try:
        gate.reload({"own.rego": "package finops"})
    except finops.PolicyError as refusal:
        print(refusal.code, [finding["line"] for finding in refusal.findings])


if __name__ == "__main__":
    main()
