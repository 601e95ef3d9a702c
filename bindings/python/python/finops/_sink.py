"""The daemon thread of a sink. It knows its monitor weakly: a monitor that nobody uses ends its thread."""

from __future__ import annotations

import atexit
import threading
import weakref
from collections.abc import Callable
from typing import Any

from ._finops import ResourceMonitor

Write = Callable[[list[Any]], object]


class Sink(threading.Thread):
    """Drains a monitor every so many seconds and hands the records to ``write``."""

    def __init__(self, monitor: ResourceMonitor, write: Write, every_s: float, batch: int) -> None:
        super().__init__(name="finops-sink", daemon=True)
        self._monitor = weakref.ref(monitor)
        self._write = write
        self._every_s = every_s
        self._batch = batch
        self._asked_to_stop = threading.Event()

    def run(self) -> None:
        """Write until asked to stop, then what is left."""
        while not self._asked_to_stop.wait(self._every_s):
            if not self._write_all():
                atexit.unregister(self.finish)
                return
        self._write_all(last=True)

    def _write_all(self, last: bool = False) -> bool:
        """Write what there is; ``False`` when the monitor is gone."""
        monitor = self._monitor()
        if monitor is None:
            return False
        while monitor._sink_step(self._write, self._batch):
            pass
        if last:
            # A batch that failed just now still has its one retry.
            while monitor._sink_step(self._write, self._batch):
                pass
        return True

    def finish(self) -> None:
        """Ask the thread to write what is left and wait for it."""
        self._asked_to_stop.set()
        atexit.unregister(self.finish)
        if self.is_alive() and threading.current_thread() is not self:
            self.join()


def start(monitor: ResourceMonitor, write: Write, every_s: float, batch: int) -> Sink:
    """Start the thread; at interpreter exit it still writes what is left."""
    sink = Sink(monitor, write, every_s, batch)
    atexit.register(sink.finish)
    sink.start()
    return sink
