"""What is wrong is refused by name, before anything changes."""

from __future__ import annotations

import copy
import json
import math
import pickle
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy
import pytest

import finops


@pytest.fixture
def monitor() -> finops.ResourceMonitor:
    return finops.ResourceMonitor(env={})


NOT_COUNTS = [-1, 1.0, math.nan, math.inf, 1e300, True, False, "1", None, Decimal(1), 2**64, -(2**70), [], Fraction(1)]


@pytest.mark.parametrize("value", NOT_COUNTS, ids=repr)
@pytest.mark.parametrize("name", ["input_tokens", "output_tokens", "cache_read_tokens", "reasoning_tokens"])
def test_counts_are_integers_of_at_least_0(monitor: finops.ResourceMonitor, name: str, value: Any) -> None:
    if value is None and name not in ("input_tokens", "output_tokens"):
        return
    call = {"model": "m", "input_tokens": 1, "output_tokens": 1, "duration_ms": 1, name: value}
    with pytest.raises(finops.UsageError) as caught:
        monitor.log_inference(**call)
    assert (caught.value.code, caught.value.path) == ("usage.not_a_count", name)
    assert monitor.stats().requests == 0 and monitor.get_metrics() == []


def test_numpy_integers_are_counts(monitor: finops.ResourceMonitor) -> None:
    record = monitor.log_inference("m", numpy.int64(7), numpy.uint8(3), numpy.float64(1.5))
    assert (record.input_tokens, record.output_tokens, record.duration_ms) == (7, 3, 1.5)


@pytest.mark.parametrize("value", [-0.5, math.nan, math.inf, -math.inf, 1e300, "soon", True, [], object()], ids=repr)
def test_durations_are_finite_and_not_negative(monitor: finops.ResourceMonitor, value: Any) -> None:
    with pytest.raises(finops.UsageError) as caught:
        monitor.log_inference("m", 1, 1, value)
    assert (caught.value.code, caught.value.path) == ("usage.invalid_duration", "duration_ms")
    with pytest.raises(finops.UsageError):
        monitor.log_training("m", value)
    assert monitor.stats().requests == 0


@pytest.mark.parametrize("gpus", [0, -1, 1.5, True, "2"], ids=repr)
def test_a_run_needs_a_gpu(monitor: finops.ResourceMonitor, gpus: Any) -> None:
    with pytest.raises(finops.UsageError) as caught:
        monitor.log_training("m", 1, gpus)
    assert caught.value.code == "usage.invalid_gpu_count"


@pytest.mark.parametrize("model", ["", "  ", None], ids=repr)
def test_a_model_has_a_name(monitor: finops.ResourceMonitor, model: Any) -> None:
    with pytest.raises(finops.UsageError) as caught:
        monitor.log_inference(model, 1, 1, 1)
    assert caught.value.code == "usage.missing_model"
    with pytest.raises(TypeError, match="model must be text"):
        monitor.log_inference(7, 1, 1, 1)  # type: ignore[arg-type]


NAIVE = [datetime(2026, 11, 1), "2026-11-01T12:00:00", "yesterday", True, math.nan, 1e300, object()]


@pytest.mark.parametrize("at", NAIVE, ids=repr)
def test_a_time_names_an_instant(monitor: finops.ResourceMonitor, at: Any) -> None:
    with pytest.raises(finops.UsageError) as caught:
        monitor.log_inference("m", 1, 1, 1, at=at)
    assert (caught.value.code, caught.value.path) == ("usage.naive_time", "at")


@pytest.mark.parametrize(
    "at",
    [
        "2026-11-01T13:00:00+01:00",
        1793534400,
        1793534400.0,
        datetime(2026, 11, 1, 12, tzinfo=timezone.utc),
        datetime(2026, 11, 1, 13, tzinfo=timezone(timedelta(hours=1))),
        datetime(2026, 11, 1, 12, 0, 30, tzinfo=timezone(timedelta(seconds=30))),
    ],
    ids=repr,
)
def test_times_in_every_form(monitor: finops.ResourceMonitor, at: Any) -> None:
    assert monitor.log_inference("m", 1, 1, 1, at=at)["timestamp"] == "2026-11-01T12:00:00.000Z"


def test_a_clock_is_asked_when_no_time_is_given() -> None:
    monitor = finops.ResourceMonitor(env={}, clock=lambda: "2026-11-01T12:00:00Z")
    assert monitor.log_inference("m", 1, 1, 1)["timestamp"] == "2026-11-01T12:00:00.000Z"
    naive = finops.ResourceMonitor(env={}, clock=lambda: datetime(2026, 1, 1))
    with pytest.raises(finops.UsageError, match="`clock`"):
        naive.log_inference("m", 1, 1, 1)


RATES = [-1, -0.001, math.nan, math.inf, "abc", "", "1,5", True, [], Decimal("NaN"), "1e400"]


@pytest.mark.parametrize("value", RATES, ids=repr)
@pytest.mark.parametrize("name", ["cost_per_1k_input_tokens", "carbon_intensity_g_per_kwh", "gpu_power_kw"])
def test_rates_are_finite_numbers(name: str, value: Any) -> None:
    with pytest.raises(finops.ConfigError) as caught:
        finops.ResourceMonitor(env={}, **{name: value})
    assert (caught.value.code, caught.value.path) == ("config.invalid", name)


def test_a_rate_is_read_exactly() -> None:
    for value in ("2.5E-3", Decimal("0.0025"), 0.0025):
        found = finops.ResourceMonitor(env={}, cost_per_1k_input_tokens=value)
        assert found.config["cost_per_1k_input_tokens"].value == Decimal("0.0025")
    with pytest.raises(finops.PriceError) as caught:
        finops.ResourceMonitor(env={}, cost_per_1k_input_tokens=Decimal("0.00000000000001"))
    assert caught.value.code == "price.too_precise"


@pytest.mark.parametrize("amount", [0.1, True, math.nan, "abc", Decimal("Infinity"), None, "1" * 40], ids=repr)
def test_money_is_exact_or_refused(amount: Any) -> None:
    with pytest.raises(finops.MoneyError) as caught:
        finops.round_amount(amount, 2)
    assert caught.value.code == "money.invalid" and isinstance(caught.value, ValueError)


@pytest.mark.parametrize("places", [-1, 19, 1.0, True, 2**40], ids=repr)
def test_places_are_0_to_18(places: Any) -> None:
    with pytest.raises(finops.MoneyError):
        finops.round_amount("1", places)


MALFORMED: list[Any] = [
    b"\xff\xfe{",
    "{",
    "",
    b"",
    "[1]",
    "null",
    {},
    [],
    7,
    object(),
    "\ud800",
    {"usage": {"prompt_tokens": -5, "completion_tokens": 1}},
    {"usage": {"prompt_tokens": "5", "completion_tokens": 1}},
    {"usage": {"prompt_tokens": True, "completion_tokens": 1}},
    {"usage": {"prompt_tokens": 1e300, "completion_tokens": 1}},
    {"usage": {"prompt_tokens": math.nan, "completion_tokens": 1}},
    "[" * 100_000,
]


@pytest.mark.parametrize("body", MALFORMED, ids=lambda body: repr(body)[:40])
def test_a_malformed_response_is_refused(monitor: finops.ResourceMonitor, body: Any) -> None:
    with pytest.raises(finops.UsageError) as caught:
        monitor.log_response(body, model="gpt-4o")
    assert caught.value.code.startswith("usage.")
    assert len(str(caught.value)) < 1000
    assert monitor.stats().requests == 0


def test_a_response_of_ten_megabytes(monitor: finops.ResourceMonitor) -> None:
    body = {
        "object": "chat.completion",
        "model": "gpt-4o",
        "choices": [{"message": {"content": "x" * 10_000_000}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }
    text = json.dumps(body)
    for form in (body, text, text.encode(), bytearray(text.encode())):
        assert monitor.log_response(form, provider="openai").total_tokens == 15


class Sdk:
    """A response as pydantic models look: attributes, no items, noisy otherwise."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)


def test_an_sdk_object_is_read_by_attributes(monitor: finops.ResourceMonitor) -> None:
    usage = Sdk(
        prompt_tokens=10_000,
        completion_tokens=1000,
        total_tokens=11_000,
        prompt_tokens_details=Sdk(cached_tokens=8000, audio_tokens=None),
        completion_tokens_details=None,
    )
    body = Sdk(object="chat.completion", model="gpt-4o", id="c1", choices=[], usage=usage, service_tier="default")
    record = monitor.log_response(body, provider="openai")
    assert record.usage == finops.Usage(2000, 1000, cache_read=8000)
    assert (record.request_id, record.cost.total) == ("c1", Decimal("0.025"))


def test_an_object_whose_attributes_raise(monitor: finops.ResourceMonitor) -> None:
    class Hostile:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(name)

    with pytest.raises(finops.UsageError):
        monitor.log_response(Hostile())


def test_usage_must_agree_with_the_counts(monitor: finops.ResourceMonitor) -> None:
    usage = finops.Usage(10, 5, cache_read=3)
    assert monitor.log_inference("gpt-4o", 10, 5, 1, usage=usage).usage == usage
    with pytest.raises(finops.UsageError, match="input_tokens"):
        monitor.log_inference("gpt-4o", 13, 5, 1, usage=usage)


def test_cached_tokens_above_the_prompt() -> None:
    with pytest.raises(finops.UsageError) as caught:
        finops.Usage.inclusive(100, 1, cached=200)
    assert (caught.value.code, caught.value.path) == ("usage.negative_remainder", "cached")
    with pytest.raises(TypeError, match="no bucket `tokens`"):
        finops.Usage(tokens=1)


def test_a_choice_that_is_none(monitor: finops.ResourceMonitor) -> None:
    calls: list[Callable[[], object]] = [
        lambda: monitor.log_inference("m", 1, 1, 1, outcome="maybe"),  # type: ignore[arg-type]
        lambda: monitor.get_metrics(type="other"),  # type: ignore[arg-type]
        lambda: monitor.summary(["nothing"]),
        lambda: monitor.log_inference("m", 1, 1, 1, trace={"prompt": "text"}),
        lambda: finops.cost("gpt-4o", {"input": 1}, on_unknown="zero"),  # type: ignore[arg-type]
        lambda: finops.ResourceMonitor(env={}, energy_method="guess"),  # type: ignore[arg-type]
        lambda: finops.ResourceMonitor(env={}, max_records=-1),
        lambda: finops.ModelPrice("m", hosting="cloud"),  # type: ignore[arg-type]
    ]
    for call in calls:
        with pytest.raises(finops.ConfigError) as caught:
            call()
        assert caught.value.code == "config.invalid" and caught.value.path
    with pytest.raises(TypeError):
        finops.ResourceMonitor(costs=1)  # type: ignore[call-arg]


def test_unknown_names_are_lookup_errors() -> None:
    with pytest.raises(LookupError) as caught:
        finops.cost("gpt-4o-ultra", finops.Usage(1))
    assert isinstance(caught.value, finops.PriceError) and caught.value.code == "price.unknown_model"
    with pytest.raises(finops.CarbonError) as zone:
        finops.carbon.intensity("us-east1x")
    assert zone.value.code == "carbon.unknown_zone" and isinstance(zone.value, ValueError)


def test_errors_survive_pickling_and_copying() -> None:
    budgets = finops.Budgets([finops.Budget("d", "1", window="day")])
    with pytest.raises(finops.BudgetExceeded) as caught:
        budgets.reserve("0.5", at="2026-11-01T12:00:00Z")
        budgets.reserve("0.8", at="2026-11-01T12:00:00Z")
    for again in (pickle.loads(pickle.dumps(caught.value)), copy.copy(caught.value)):
        assert type(again) is finops.BudgetExceeded and str(again) == str(caught.value)
        assert (again.code, again.path, again.budget) == ("budget.exceeded", "amounts", "d")
        assert (again.remaining, again.requested) == (Decimal("0.5"), Decimal("0.8"))
        assert again.retry_at == datetime(2026, 11, 2, tzinfo=timezone.utc)
    assert issubclass(finops.BudgetExceeded, finops.BudgetError)
    assert issubclass(finops.BudgetError, finops.FinopsError)
    assert issubclass(finops.UsageError, ValueError)


class Field:
    """What pydantic keeps of a field: its alias."""

    def __init__(self, alias: str | None = None) -> None:
        self.alias = alias


class GeminiUsage:
    model_fields = {"prompt_token_count": Field("promptTokenCount"), "candidates_token_count": Field("candidatesTokenCount")}
    prompt_token_count = 100
    candidates_token_count = 30


class GeminiResponse:
    model_fields = {"usage_metadata": Field("usageMetadata"), "model_version": Field("modelVersion")}
    usage_metadata = GeminiUsage()
    model_version = "gemini-2.5-flash"


def test_an_sdk_object_is_read_by_the_names_of_the_wire(monitor: finops.ResourceMonitor) -> None:
    record = monitor.log_response(GeminiResponse(), provider="google")
    assert (record.model, record.usage) == ("gemini-2.5-flash", finops.Usage(100, 30))
