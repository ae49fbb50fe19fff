"""How late a worker's loop is: every tick of a timer, when it was due against when it was seen.

Ticks that were missed while the loop was held up count too, each with its own delay: to leave them out would hide
exactly the moments that matter (G. Tene, "How NOT to Measure Latency", coordinated omission).
"""

import ctypes
import os
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

PERIOD_NS = 10_000_000
_MOST_SAMPLES = 1 << 20
_CLOCK_MONOTONIC = 1
_SECOND_NS = 1_000_000_000


@dataclass(frozen=True)
class Lag:
    """Delays in seconds, over all workers; zeros where there were no `samples` yet."""

    p50_seconds: float
    p99_seconds: float
    max_seconds: float
    samples: int


def lag_of(samples_ns: Sequence[int]) -> Lag:
    """Percentiles of delays given in ns."""
    if not samples_ns:
        return Lag(0.0, 0.0, 0.0, 0)
    p50, p99, most = np.percentile(np.asarray(samples_ns), (50, 99, 100)) / 1e9
    return Lag(float(p50), float(p99), float(most), len(samples_ns))


class Samples:
    """Delays in ns, bounded: when there are too many, every other one is dropped."""

    def __init__(self) -> None:
        self.values = array("q")

    def extend(self, values: "array[int]") -> None:
        """Add some."""
        self.values.extend(values)
        if len(self.values) > _MOST_SAMPLES:
            del self.values[::2]


class Ticks:
    """A schedule with a tick every PERIOD_NS from `start_ns` on."""

    def __init__(self, start_ns: int) -> None:
        self.due_ns = start_ns + PERIOD_NS

    def seen(self, now_ns: int) -> "array[int]":
        """The delays of all ticks that were due by now."""
        late = array("q", range(now_ns - self.due_ns, -1, -PERIOD_NS))
        self.due_ns += len(late) * PERIOD_NS
        return late


class _Timespec(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]


def timer_file(first_ns: int) -> int | None:
    """A file that becomes readable at every tick from perf_counter_ns `first_ns` on (Linux's timerfd), else None.

    A timeout of epoll is rounded up to whole milliseconds: that would be measured as lag.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    fd = int(libc.timerfd_create(_CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC))
    times = (_Timespec * 2)(_Timespec(0, PERIOD_NS), _Timespec(*divmod(first_ns, _SECOND_NS)))
    if fd < 0 or libc.timerfd_settime(fd, 1, ctypes.byref(times), None):  # 1: an absolute time
        return None
    return fd
