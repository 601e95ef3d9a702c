"""Sinks: one daemon thread, one retry, everything written at the end."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import pytest

import finops


@pytest.fixture
def monitor() -> finops.ResourceMonitor:
    return finops.ResourceMonitor(env={})


def test_stopping_writes_what_is_left(monitor: finops.ResourceMonitor) -> None:
    written: list[Any] = []
    monitor.start_sink(written.append, every_s=3600, batch=2)
    for number in range(5):
        monitor.log_inference(f"m{number}", 1, 1, 1)
    assert any(thread.daemon and thread.name == "finops-sink" for thread in threading.enumerate())
    monitor.stop_sink()
    assert [len(batch) for batch in written] == [2, 2, 1]
    assert [record.model for batch in written for record in batch] == ["m0", "m1", "m2", "m3", "m4"]
    monitor.stop_sink()
    assert monitor.drain() == []


def test_a_sink_writes_by_itself(monitor: finops.ResourceMonitor) -> None:
    arrived = threading.Event()
    monitor.start_sink(lambda batch: arrived.set(), every_s=0.001)
    monitor.log_inference("m", 1, 1, 1)
    assert arrived.wait(30)
    monitor.stop_sink()


def test_a_failed_batch_is_retried_once_then_counted(monitor: finops.ResourceMonitor) -> None:
    tried: list[list[str]] = []

    def write(batch: list[Any]) -> None:
        tried.append([record.model for record in batch])
        if "bad" in tried[-1]:
            raise OSError("disk full")

    monitor.log_inference("bad", 1, 1, 1)
    monitor.log_inference("good", 1, 1, 1)
    monitor.start_sink(write, every_s=3600, batch=1)
    monitor.stop_sink()
    assert tried == [["bad"], ["bad"], ["good"]]
    stats = monitor.stats()
    assert (stats.sink_errors, stats.dropped) == (1, 1)


def test_a_sink_may_use_its_monitor(monitor: finops.ResourceMonitor) -> None:
    seen: list[int] = []
    monitor.log_inference("m", 1, 1, 1)
    monitor.start_sink(lambda batch: seen.append(monitor.stats().requests), every_s=3600)
    monitor.stop_sink()
    assert seen == [1]


def test_one_sink_at_a_time(monitor: finops.ResourceMonitor) -> None:
    monitor.start_sink(print, every_s=3600)
    with pytest.raises(RuntimeError, match="stop_sink"):
        monitor.start_sink(print)
    monitor.stop_sink()
    for every_s, batch in ((0, 1), (-1, 1), (float("nan"), 1), (1, 0)):
        with pytest.raises((finops.ConfigError, OverflowError)):
            monitor.start_sink(print, every_s=every_s, batch=batch)
    with pytest.raises(TypeError):
        monitor.start_sink(7)  # type: ignore[arg-type]


def test_a_sink_does_not_keep_its_monitor_alive() -> None:
    monitor = finops.ResourceMonitor(env={})
    monitor.start_sink(print, every_s=0.001)
    (thread,) = (thread for thread in threading.enumerate() if thread.name == "finops-sink")
    gone = weakref.ref(monitor)
    del monitor
    thread.join(30)
    gc.collect()
    assert not thread.is_alive() and gone() is None
