"""Iterators that meter what they pass on."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import TypeVar

from ._finops import StreamMeter

T = TypeVar("T")


def wrap(meter: StreamMeter, stream: Iterable[T]) -> Iterator[T]:
    """Push every event before it is passed on."""
    for event in stream:
        meter.push(event)
        yield event


async def wrap_async(meter: StreamMeter, stream: AsyncIterable[T]) -> AsyncIterator[T]:
    """The same for an asynchronous stream."""
    async for event in stream:
        meter.push(event)
        yield event
