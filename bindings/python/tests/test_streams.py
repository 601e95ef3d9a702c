"""Streams: pushed, wrapped, asynchronous, broken off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

import finops

CHUNKS: list[dict[str, Any]] = [
    {"id": "c", "object": "chat.completion.chunk", "model": "gpt-4o", "choices": [{"delta": {"content": "Hi"}}]},
    {
        "id": "c",
        "object": "chat.completion.chunk",
        "model": "gpt-4o",
        "choices": [],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500},
    },
]


@pytest.fixture
def monitor() -> finops.ResourceMonitor:
    return finops.ResourceMonitor(env={})


def test_a_wrapped_stream_passes_on_what_it_meters(monitor: finops.ResourceMonitor) -> None:
    with monitor.stream("openai", metadata={"team": "a"}) as meter:
        assert list(meter.wrap(iter(CHUNKS))) == CHUNKS
    record = meter.record
    assert record is not None and record.cost.total == Decimal("0.0075")
    assert (record.complete, record.request_id, record.tags) == (True, "c", {"team": "a"})
    assert record.duration_ms is None and monitor.get_metrics() == [record]


def test_an_asynchronous_stream(monitor: finops.ResourceMonitor) -> None:
    async def events() -> AsyncIterator[dict[str, Any]]:
        for chunk in CHUNKS:
            await asyncio.sleep(0)
            yield chunk

    async def read() -> finops.InferenceRecord:
        meter = monitor.stream("openai")
        seen = [chunk async for chunk in meter.wrap(events())]
        assert seen == CHUNKS
        return meter.finish(duration_ms=12)

    # No socket is opened: the loop of a test is driven by hand.
    coroutine = read()
    with pytest.raises(StopIteration) as done:
        while True:
            coroutine.send(None)
    record = done.value.value
    assert (record.total_tokens, record.duration_ms) == (1500, 12)


def test_a_stream_that_breaks_is_logged_with_what_it_told(monitor: finops.ResourceMonitor) -> None:
    with pytest.raises(RuntimeError, match="mine"), monitor.stream("anthropic") as meter:
        meter.push(
            {
                "type": "message_start",
                "message": {"id": "m", "model": "claude-haiku-4-5", "usage": {"input_tokens": 25, "output_tokens": 1}},
            }
        )
        raise RuntimeError("mine")
    assert meter.record is not None
    assert (meter.record.complete, meter.record.outcome) == (False, "error")
    with pytest.raises(RuntimeError, match="mine"), monitor.stream("anthropic") as meter:
        raise RuntimeError("mine")
    assert meter.record is None and monitor.stats().requests == 1


def test_what_a_stream_refuses(monitor: finops.ResourceMonitor) -> None:
    meter = monitor.stream("openai")
    meter.push(CHUNKS[0])
    with pytest.raises(finops.StreamError) as caught:
        meter.finish()
    assert caught.value.code == "stream.no_usage"
    with pytest.raises(finops.StreamError) as caught:
        meter.push(CHUNKS[1])
    assert caught.value.code == "stream.already_finished"
    meter = monitor.stream("openai")
    with pytest.raises(finops.StreamError) as caught:
        for chunk in (CHUNKS[0], {**CHUNKS[1], "id": "other"}):
            meter.push(chunk)
        meter.finish()
    assert caught.value.code == "stream.mixed_requests"
    assert monitor.stats().requests == 0


def test_text_may_be_cut_anywhere(monitor: finops.ResourceMonitor) -> None:
    text = "data: " + str(CHUNKS[1]).replace("'", '"') + "\n\ndata: [DONE]\n\n"
    meter = monitor.stream("openai")
    for byte in text.encode():
        meter.push(bytes([byte]))
    assert meter.finish().total_tokens == 1500
