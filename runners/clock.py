"""The clock that loads are driven by, as an argument: tests run minutes of a simulated engine in no time."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Clock:
    """`now_ns` counts nanoseconds from anywhere; `sleep` waits for so many seconds."""

    now_ns: Callable[[], int]
    sleep: Callable[[float], None]


REAL = Clock(time.perf_counter_ns, time.sleep)
