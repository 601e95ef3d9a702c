"""The arguments of `log_inference`, which has an entry of its own, are those of its signature."""

from __future__ import annotations

import gc
import inspect
import weakref
from collections.abc import Callable
from typing import Any

import pytest

import finops

#: Every argument and a value of it, in the order of the signature.
VALUES: dict[str, Any] = {
    "model": "gpt-4o",
    "input_tokens": 1000,
    "output_tokens": 500,
    "duration_ms": 250.0,
    "metadata": {"team": "search"},
    "provider": "openai",
    "usage": finops.Usage(1000, 500, cache_read=10, reasoning=5),
    "cache_read_tokens": 10,
    "cache_write_tokens": None,
    "cache_write_1h_tokens": None,
    "reasoning_tokens": 5,
    "service_tier": "batch",
    "region": "eu-north-1",
    "request_id": "r-1",
    "outcome": "cancelled",
    "finish": "length",
    "trace": {"session": "s"},
    "at": "2026-11-01T12:00:00Z",
    "reservation": None,
}
#: Without a monitor, and without types.
UNBOUND: Any = finops.ResourceMonitor.log_inference
POSITIONAL = list(VALUES)[:5]
REQUIRED = list(VALUES)[:4]


@pytest.fixture
def monitor() -> finops.ResourceMonitor:
    return finops.ResourceMonitor(env={})


def test_the_signature_is_shown(monitor: finops.ResourceMonitor) -> None:
    parameters = inspect.signature(finops.ResourceMonitor.log_inference).parameters
    assert list(parameters) == ["self", *VALUES]
    assert [name for name, parameter in parameters.items() if parameter.kind is parameter.KEYWORD_ONLY] == list(VALUES)[5:]
    assert inspect.getdoc(monitor.log_inference).startswith("Logs an inference")  # type: ignore[union-attr]
    assert monitor.log_inference.__qualname__ == "ResourceMonitor.log_inference"


@pytest.mark.parametrize("count", range(len(POSITIONAL) + 1))
def test_an_argument_may_stand_by_place_or_by_name(count: int) -> None:
    given = {name: value for name, value in VALUES.items() if value is not None}
    values = [given.pop(name) for name in POSITIONAL[:count]]
    # Names that were put together at run time are other objects than those in the source.
    names = {"".join(list(name)): value for name, value in reversed(given.items())}
    first = finops.ResourceMonitor(env={}).log_inference(*values, **names)
    assert first == finops.ResourceMonitor(env={}).log_inference(**VALUES)
    assert (first.provider, first.input_tokens, first.usage.cache_read, first.region) == ("openai", 1000, 10, "eu-north-1")
    assert (first.request_id, first.outcome, first.finish, first.metadata) == ("r-1", "cancelled", "length", {"team": "search"})


@pytest.mark.parametrize("name", [name for name in VALUES if name not in REQUIRED])
def test_none_is_an_argument_left_out(monitor: finops.ResourceMonitor, name: str) -> None:
    at = {"at": VALUES["at"]} if name != "at" else {}
    record = monitor.log_inference("gpt-4o", 1000, 500, 250.0, **at, **{name: None})
    without = monitor.log_inference("gpt-4o", 1000, 500, 250.0, **at)
    assert (record.cost.total, record.usage, record.outcome) == (without.cost.total, without.usage, without.outcome)


def test_a_duration_may_be_unknown_but_not_left_out(monitor: finops.ResourceMonitor) -> None:
    assert monitor.log_inference("gpt-4o", 1000, 500, None).duration_ms is None
    assert monitor.log_inference("gpt-4o", 1000, 500, duration_ms=None).duration_ms is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.log_inference(), "missing 4 required positional arguments: 'model', 'input_tokens', 'output_tokens', and 'duration_ms'"),
        (lambda m: m.log_inference("gpt-4o", 1000, 500), "missing 1 required positional argument: 'duration_ms'"),
        (lambda m: m.log_inference("gpt-4o", 1000, duration_ms=1, metadata={}), "missing 1 required positional argument: 'output_tokens'"),
        (lambda m: m.log_inference("gpt-4o", 1000, 500, 1, {}, "openai"), "takes from 4 to 5 positional arguments but 6 were given"),
        (lambda m: m.log_inference("gpt-4o", 1000, 500, 1, model="gpt-4o"), "got multiple values for argument 'model'"),
        (lambda m: m.log_inference("gpt-4o", 1000, 500, 1, tokens=1), "got an unexpected keyword argument 'tokens'"),
        (lambda m: m.log_inference("gpt-4o", 1000, 500, 1, provider=1), "while processing 'provider'"),
        (lambda m: m.log_inference("gpt-4o", 1000, 500, 1, usage={}), "while processing 'usage'"),
        (lambda m: m.log_inference("gpt-4o", 1000, 500, 1, request_id=b"r"), "while processing 'request_id'"),
        (lambda m: UNBOUND("gpt-4o", 1000, 500, 1), "descriptor 'log_inference'"),
        (lambda m: UNBOUND(), "log_inference"),
    ],
)
def test_what_is_wrong_is_said(monitor: finops.ResourceMonitor, call: Callable[[Any], object], message: str) -> None:
    with pytest.raises(TypeError) as caught:
        call(monitor)
    assert message in "\n".join([str(caught.value), *getattr(caught.value, "__notes__", [])])
    assert monitor.stats().requests == 0


@pytest.mark.parametrize("value", [True, 1.5, -1, 1 << 64, "1", None])
@pytest.mark.parametrize("name", ["input_tokens", "output_tokens"])
def test_a_count_is_an_integer_by_place_and_by_name(monitor: finops.ResourceMonitor, name: str, value: Any) -> None:
    given = {**{name: VALUES[name] for name in REQUIRED}, name: value}
    calls: list[Callable[[], object]] = [lambda: monitor.log_inference(*given.values()), lambda: monitor.log_inference(**given)]
    for call in calls:
        with pytest.raises(finops.UsageError) as caught:
            call()
        assert caught.value.path == name


def test_a_count_may_have_64_bits(monitor: finops.ResourceMonitor) -> None:
    assert monitor.log_inference("m", 1 << 62, 0, None).input_tokens == 1 << 62
    with pytest.raises(finops.CarbonError, match="exceeds 2\\^63"):
        monitor.log_inference("m", 1 << 63, 0, None)


def test_subclasses_of_text_and_integers_are_read(monitor: finops.ResourceMonitor) -> None:
    class Name(str):
        pass

    class Count(int):
        pass

    record = monitor.log_inference(Name("gpt-4o"), Count(1000), Count(500), 250.0)
    assert (record.model, record.input_tokens, record.output_tokens) == ("gpt-4o", 1000, 500)


def test_metadata_goes_with_its_record() -> None:
    class Metadata(dict[str, str]):
        pass

    monitor = finops.ResourceMonitor(env={}, max_records=1)
    calls: list[Callable[[], object]] = [lambda: monitor.log_inference("gpt-4o", 1, 1, 1.0), lambda: monitor.log_inference("gpt-4o", 1, 1, 1.0, {})]
    for overwrite in calls:
        metadata = Metadata(team="search")
        gone = weakref.ref(metadata)
        monitor.log_inference("gpt-4o", 1, 1, 1.0, metadata)
        del metadata
        overwrite()
        gc.collect()
        assert gone() is None
