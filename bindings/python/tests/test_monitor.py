"""What the monitor keeps: bounded records, exact totals, ids, prices, exposition."""

from __future__ import annotations

import gc
import threading
import weakref
from decimal import Decimal

import pytest

import finops


@pytest.fixture
def monitor() -> finops.ResourceMonitor:
    return finops.ResourceMonitor(env={})


def test_the_ring_is_bounded_and_drains_once() -> None:
    monitor = finops.ResourceMonitor(env={}, max_records=3)
    for number in range(5):
        monitor.log_inference(f"m{number}", 1, 1, 1)
    assert [record.model for record in monitor.get_metrics()] == ["m2", "m3", "m4"]
    assert [record.model for record in monitor.get_metrics(2)] == ["m3", "m4"]
    assert [record.model for record in monitor.drain(2)] == ["m2", "m3"]
    assert [record.model for record in monitor.drain()] == ["m4"]
    assert monitor.drain() == []
    stats = monitor.stats()
    assert (stats.records, stats.requests, stats.dropped) == (3, 5, 2)


def test_records_are_found_by_type_model_and_time(monitor: finops.ResourceMonitor) -> None:
    monitor.log_inference("a", 1, 1, 1, at=100)
    monitor.log_inference("b", 1, 1, 1, at=200)
    monitor.log_training("a", 1, at=300)
    assert len(monitor.get_metrics(type="training")) == 1
    assert len(monitor.get_metrics(model="a")) == 2
    assert len(monitor.get_metrics(since=200)) == 2
    assert monitor.get_metrics(0) == []


def test_a_request_id_counts_once(monitor: finops.ResourceMonitor) -> None:
    first = monitor.log_inference("gpt-4o", 1, 1, 1, request_id="r")
    assert monitor.log_inference("gpt-4o", 1, 1, 99, request_id="r") == first
    with pytest.raises(finops.UsageError) as caught:
        monitor.log_inference("gpt-4o", 2, 1, 1, request_id="r")
    assert caught.value.code == "usage.duplicate_id"
    assert monitor.stats().requests == 1


def test_summaries_are_exact(monitor: finops.ResourceMonitor) -> None:
    for team in ("a", "a", "b", None):
        monitor.log_inference("gpt-4o-mini", 30, 0, 10, {"team": team} if team else None)
    rows = monitor.summary(["team"])
    assert [(row["team"], row["requests"], row.cost_usd) for row in rows] == [
        (None, 1, Decimal("0.0000045")),
        ("a", 2, Decimal("0.000009")),
        ("b", 1, Decimal("0.0000045")),
    ]
    assert [row.model for row in monitor.summary()] == ["gpt-4o-mini"]
    assert monitor.summary("team", where={"team": "a"})[0].requests == 2
    assert dict(rows[0]) == rows[0] and "team" in rows[0]
    with pytest.raises(AttributeError, match="nothing"):
        rows[0].nothing  # noqa: B018


def test_tags_come_from_metadata() -> None:
    monitor = finops.ResourceMonitor(env={}, tags=["team", "tier"], tag_aliases={"t": "team"})
    metadata = {"t": 1.0, "tier": True, "user": "u", "team": None}
    assert monitor.log_inference("m", 1, 1, 1, metadata).tags == {"team": "1", "tier": "true"}
    assert monitor.log_inference("m", 1, 1, 1, {"team": "x" * 10_000}).tags["team"]
    assert monitor.log_inference("m", 1, 1, 1, "not a mapping").tags == {}


def test_prices_can_be_set(monitor: finops.ResourceMonitor) -> None:
    price = finops.ModelPrice("gpt-4o", input_usd_per_mtok="2", output_usd_per_mtok=8)
    monitor.set_price(price)
    assert monitor.log_inference("gpt-4o", 1000, 500, 1).cost.total == Decimal("0.006")
    assert finops.ModelPrice.from_json(price.to_json()) == price
    given = finops.ResourceMonitor(env={}, models=[price])
    assert given.log_inference("gpt-4o", 1000, 500, 1).price_source == "custom"


def test_a_catalogue_of_ones_own(monitor: finops.ResourceMonitor) -> None:
    prices = finops.prices()
    assert prices.id.startswith("cat-") and finops.prices() == prices
    row = dict(prices.rows("gpt-4o", provider="openai")[0])
    row.pop("id")
    row.update(usd_per_mtok={"input": "1", "output": "1"}, when={}, over=None, to=None)
    own = prices.overlay([{"kind": "price", **row, "from": "2020-01-01T00:00:00Z"}])
    assert own != prices
    watched = finops.ResourceMonitor(env={}, prices=own)
    assert watched.log_inference("gpt-4o", 1000, 0, 1, provider="openai").cost.total == Decimal("0.001")
    with pytest.raises(finops.PriceError) as caught:
        finops.Catalogue.from_jsonl("{")
    assert caught.value.code == "price.invalid_catalogue"


def test_estimates_record_nothing(monitor: finops.ResourceMonitor) -> None:
    assert monitor.estimate("gpt-4o", 1000, 500).total == Decimal("0.0075")
    assert monitor.stats().requests == 0


def test_merge_and_snapshots(monitor: finops.ResourceMonitor) -> None:
    other = finops.ResourceMonitor(env={})
    monitor.log_inference("gpt-4o", 1000, 500, 1)
    other.log_inference("gpt-4o", 1000, 500, 1)
    monitor.merge(other)
    assert monitor.summary()[0].cost_usd == Decimal("0.015")
    again = finops.ResourceMonitor(env={})
    again.restore(monitor.snapshot())
    assert again.summary() == monitor.summary()
    monitor.merge(monitor)
    assert monitor.summary()[0].requests == 4
    with pytest.raises(finops.ConfigError):
        again.restore("{}")


def test_the_grid_can_follow_a_feed(monitor: finops.ResourceMonitor) -> None:
    monitor.set_grid(finops.carbon.intensity("FR"))
    assert monitor.log_inference("m", 1000, 0, 1)["carbon_intensity_g_per_kwh"] == 41.44
    monitor.set_grid(100)
    assert monitor.carbon_intensity_g_per_kwh == 100
    with pytest.raises(finops.FinopsError):
        monitor.set_grid("cloudy")


def test_exposition_and_attributes(monitor: finops.ResourceMonitor) -> None:
    record = monitor.log_inference("gpt-4o", 1000, 500, 250, {"team": "a"})
    text = monitor.openmetrics()
    assert text.endswith("# EOF\n")
    assert 'finops_cost_usd_total{model="gpt-4o",provider="openai",status="priced",team="a"} 0.0075' in text
    told = finops.otel_attributes(record, aliases=True)
    assert told["gen_ai.usage.input_tokens"] == 1000
    assert told["operation.cost"] == told["gen_ai.usage.cost.amount"] == 0.0075


def test_signals_of_records(monitor: finops.ResourceMonitor) -> None:
    for second in (0, 5, 10):
        monitor.log_inference(
            "gpt-4o", 1000, 500, 1, trace={"session": "s", "prompt_hash": "p"}, at=1_793_534_400 + second
        )
    signals = finops.call_signals(monitor.get_metrics())
    assert [(signal.type, signal.saving_usd) for signal in signals] == [("call.retry", Decimal("0.015"))]


def test_threads_lose_nothing(monitor: finops.ResourceMonitor) -> None:
    def work() -> None:
        for _ in range(2000):
            monitor.log_inference("gpt-4o-mini", 30, 0, 10, {"team": "a"})

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (row,) = monitor.summary(["team"])
    assert (row.requests, row.cost_usd) == (16_000, Decimal("0.072"))


def test_metadata_may_log_when_it_goes() -> None:
    monitor = finops.ResourceMonitor(env={}, max_records=1)

    class Last:
        def __del__(self) -> None:
            monitor.log_inference("from a finaliser", 1, 1, 1)

    monitor.log_inference("m", 1, 1, 1, Last())
    monitor.log_inference("m", 1, 1, 1)
    gc.collect()
    assert monitor.stats().requests == 3


def test_a_monitor_is_freed() -> None:
    monitor = finops.ResourceMonitor(env={})
    monitor.log_inference("m", 1, 1, 1)
    gone = weakref.ref(monitor)
    del monitor
    assert gone() is None


def test_unknown_names_stay_within_bounds() -> None:
    monitor = finops.ResourceMonitor(env={}, max_unknown_models=8, max_groups=32, max_records=16)
    for number in range(2000):
        monitor.log_inference(f"unknown-{number}", 1, 1, 1, {"user": str(number)})
    stats = monitor.stats()
    assert stats.unknown_models <= 8 and stats.groups <= 32 + 5 * 16 and stats.records == 16
    assert sum(row.requests for row in monitor.summary([])) == 2000
