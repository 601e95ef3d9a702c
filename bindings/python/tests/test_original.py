"""What the users of the original monitor rely on: names, defaults, keys, and the numbers its own tests ask for."""

from __future__ import annotations

import pytest

import finops


def test_the_defaults_are_plain_floats() -> None:
    monitor = finops.ResourceMonitor()
    assert monitor.cost_per_1k_input_tokens == 0.001
    assert monitor.cost_per_1k_output_tokens == 0.002
    assert monitor.energy_wh_per_1k_tokens == 0.5
    assert monitor.carbon_intensity_g_per_kwh == 400
    assert monitor.compute_cost_per_hour == 1.00


def test_the_environment_is_read_once_and_the_constructor_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COST_PER_1K_INPUT_TOKENS", " 0.01 ")
    monkeypatch.setenv("COMPUTE_COST_PER_HOUR", "")
    monitor = finops.ResourceMonitor()
    monkeypatch.setenv("COST_PER_1K_INPUT_TOKENS", "0.5")
    assert monitor.cost_per_1k_input_tokens == 0.01
    assert monitor.compute_cost_per_hour == 1
    assert monitor.config["cost_per_1k_input_tokens"].source == "environment"
    given = finops.ResourceMonitor(cost_per_1k_input_tokens="0.004")
    assert (given.cost_per_1k_input_tokens, given.config["cost_per_1k_input_tokens"].source) == (0.004, "constructor")


def test_the_record_has_the_keys_in_order() -> None:
    record = finops.ResourceMonitor().log_inference("test", 100, 50, 250, {"user_id": "123"})
    assert list(record) == [
        "timestamp",
        "model",
        "input_tokens",
        "output_tokens",
        "total_tokens",
        "duration_ms",
        "input_cost_usd",
        "output_cost_usd",
        "compute_cost_usd",
        "unit_cost_usd",
        "energy_joules",
        "carbon_kg",
        "carbon_intensity_g_per_kwh",
        "metadata",
    ]
    assert record["metadata"] == {"user_id": "123"}


def test_the_numbers_that_its_tests_ask_for() -> None:
    monitor = finops.ResourceMonitor()
    record = monitor.log_inference("some-model", 1000, 0, 0)
    assert record["input_cost_usd"] == 0.001
    assert record["energy_joules"] == 1800.0
    assert record["carbon_kg"] == 0.0002
    run = monitor.log_training("some-model", 2.5, gpu_count=4)
    assert (run["compute_cost_usd"], run["energy_joules"], run["type"]) == (10.0, 9e6, "training")
    assert "metadata" not in run


def test_calls_are_metrics_in_order_until_reset() -> None:
    monitor = finops.ResourceMonitor()
    monitor.log_inference("first", 1, 1, 1)
    monitor.log_inference("second", 1, 1, 1)
    assert [record["model"] for record in monitor.get_metrics()] == ["first", "second"]
    monitor.reset_metrics()
    assert monitor.get_metrics() == []


def test_attributes_may_be_assigned_at_run_time() -> None:
    monitor = finops.ResourceMonitor()
    monitor.carbon_intensity_g_per_kwh = 120.5
    assert monitor.log_inference("m", 1000, 0, 0)["carbon_intensity_g_per_kwh"] == 120.5
    monitor.cost_per_1k_input_tokens = 0.5
    record = monitor.log_inference("gpt-4o", 1000, 0, 0)
    assert (record["input_cost_usd"], record.price_source) == (0.5, "configured")
    with pytest.raises(finops.ConfigError, match="`carbon_intensity_g_per_kwh`"):
        monitor.carbon_intensity_g_per_kwh = -1
    assert monitor.carbon_intensity_g_per_kwh == 120.5
