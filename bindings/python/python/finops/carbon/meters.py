"""Energy meters of this machine. Each is opened when asked; an absent or unreadable one raises `MeterError`, never 0 W.

>>> with rapl() as meter:  # doctest: +SKIP
...     work()
>>> meter.read().measured_joules  # doctest: +SKIP
"""

from .._finops import Meter, nvml, rapl

__all__ = ["Meter", "nvml", "rapl"]
