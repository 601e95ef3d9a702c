"""Reserve, settle, release; the monitor charges what it logs."""

from __future__ import annotations

import math
import threading
from decimal import Decimal
from typing import Any

import pytest

import finops

AT = "2026-11-02T10:00:00Z"


def test_a_reservation_is_released_on_exit_unless_settled() -> None:
    budgets = finops.Budgets([finops.Budget("d", "1", window="total")])
    with budgets.reserve("0.4") as held:
        assert budgets.state("d").reserved == Decimal("0.4")
    assert budgets.state("d").reserved == 0
    with budgets.reserve("0.4") as held:
        settled = held.settle("0.3")
    assert (settled.released, settled.overrun, settled.late) == (Decimal("0.1"), Decimal(0), False)
    assert budgets.state("d").spent == Decimal("0.3")
    with pytest.raises(RuntimeError, match="mine"), budgets.reserve("0.4"):
        raise RuntimeError("mine")
    assert budgets.state("d").reserved == 0


def test_the_monitor_settles_and_records() -> None:
    budgets = finops.Budgets([finops.Budget("team", "1", scope={"team": "a"}, window="total")])
    monitor = finops.ResourceMonitor(env={}, budgets=budgets)
    held = monitor.reserve("gpt-4o", 1000, 1000, metadata={"team": "a"})
    assert budgets.state("team").reserved == Decimal("0.0125")
    monitor.log_inference("gpt-4o", 1000, 500, 1, {"team": "a"}, reservation=held)
    state = budgets.state("team")
    assert (state.spent, state.reserved) == (Decimal("0.0075"), Decimal(0))
    monitor.log_inference("gpt-4o", 1000, 500, 1, {"team": "a"})
    monitor.log_inference("gpt-4o", 1000, 500, 1, {"team": "b"})
    assert budgets.state("team").spent == Decimal("0.015")


def test_the_state_survives_a_restart() -> None:
    budgets = finops.Budgets([finops.Budget("u", "1", window="day", per=["user"])])
    held = budgets.reserve("0.5", tags={"user": "u1"}, at=AT)
    again = finops.Budgets.from_json(budgets.to_json())
    assert again.to_json() == budgets.to_json()
    again.settle(held.id, "0.4", at=AT)
    assert again.state("u{user=u1}", at=AT).spent == Decimal("0.4")
    assert [state.budget for state in again.states(at=AT)] == ["u{user=u1}"]
    assert again.state(at=AT).budget == "u{user=u1}"
    again.record_spend("0.1", tags={"user": "u2"}, at=AT)
    with pytest.raises(finops.BudgetError, match="states"):
        again.state("u", at=AT)


def test_every_unit() -> None:
    units = [("usd", "1"), ("tokens", 100), ("requests", 2), ("joules", "50.5"), ("grams_co2e", 1)]
    budgets = finops.Budgets(
        [finops.Budget(name, limit, unit=name, window="total") for name, limit in units]  # type: ignore[arg-type]
    )
    budgets.record_spend("0.5", tokens=10, joules="5.5", grams_co2e=Decimal("0.25"))
    spent = {state.budget: state.spent for state in budgets.states()}
    assert spent == {
        "usd": Decimal("0.5"),
        "tokens": 10,
        "requests": 1,
        "joules": Decimal("5.5"),
        "grams_co2e": Decimal("0.25"),
    }


@pytest.mark.parametrize(
    "arguments",
    [
        {"id": "", "limit": 1},
        {"id": "a", "limit": 1, "window": "fortnight"},
        {"id": "a", "limit": 1, "unit": "eur"},
        {"id": "a", "limit": 1, "on_unpriced": "maybe"},
    ],
    ids=repr,
)
def test_a_bad_budget_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(finops.BudgetError) as caught:
        finops.Budgets([finops.Budget(**arguments)])
    assert caught.value.code == "budget.invalid"


def test_bad_amounts() -> None:
    budgets = finops.Budgets([finops.Budget("d", "1")])
    with pytest.raises(finops.MoneyError):
        budgets.reserve(0.1)  # type: ignore[arg-type]
    with pytest.raises(finops.BudgetError):
        budgets.reserve("-1")
    with pytest.raises(finops.UsageError):
        budgets.reserve("1", tokens=-1)
    for ttl in (0, -1, math.nan, math.inf):
        with pytest.raises(finops.BudgetError, match="ttl_s"):
            budgets.reserve("0.1", ttl_s=ttl)
    with pytest.raises(finops.BudgetError) as caught:
        budgets.settle("nothing", "1")
    assert caught.value.code == "budget.unknown_reservation"


def test_threads_never_overshoot_a_hard_budget() -> None:
    budgets = finops.Budgets([finops.Budget("d", "1", window="total")])
    granted: list[int] = []

    def spend() -> None:
        for _ in range(50):
            try:
                budgets.reserve("0.01").settle("0.01")
            except finops.BudgetExceeded:
                continue
            granted.append(1)

    threads = [threading.Thread(target=spend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(granted) == 100
    assert budgets.state("d").spent == 1
