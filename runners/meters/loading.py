"""How long until the model can answer: loading it, cold and warm, and the first token counted from the process's start.

`load_time` is what open_session takes with the weights in the page cache: the weights are then in place, and so is
everything an engine makes with them. llama.cpp makes its context later, for each number of slots anew: `context_time`,
as the engine says, of the largest. `load_time_cold` is the same call in a process of its own (runners.cold), with
nothing of the weights in the page cache; programs and libraries are warm in both. `first_token_after_start` holds
starting Python, importing the engine, loading (warm) and the first request; what the meters took is taken out.
"""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from harness.core.record import Reading, RequestTrace
from harness.core.runtime import Facts

_SECOND = 1e9
_START_TIME = 19  # of /proc/PID/stat behind the name: proc(5) counts it as field 22
CONTEXT_SECONDS = "context_seconds"
"""The detail in which an engine says how long it took to make a context."""


@dataclass(frozen=True)
class Times:
    """perf_counter_ns of this process: when it started, began to load, could answer, and began the load.

    `aside_ns` were spent on measuring before the model was loaded; `not_warm` says why the load was not a warm one.
    """

    started_ns: int
    loading_ns: int
    loaded_ns: int
    begun_ns: int
    aside_ns: int = 0
    not_warm: str = ""


def readings(times: Times, traces: Sequence[RequestTrace], facts: Facts) -> Iterator[Reading]:
    """`load_time`, `context_time` where the engine tells it, `first_token_after_start`."""
    seconds = (times.loaded_ns - times.loading_ns) / _SECOND
    reason = f"not a warm load: {times.not_warm}" if times.not_warm else ""
    yield Reading("load_time", "s", "lower", (seconds,), reason=reason, valid=not reason)
    yield from (Reading("context_time", "s", "lower", (float(detail.value),), source="the engine")
                for detail in facts.details if detail.name == CONTEXT_SECONDS)
    first = min((trace.first_ns for trace in traces if trace.first_ns), default=None)
    if first is not None:
        measuring = times.aside_ns + times.begun_ns - times.loaded_ns
        yield Reading("first_token_after_start", "s", "lower", ((first - times.started_ns - measuring) / _SECOND,))


def process_start_ns(proc: Path = Path("/proc/self")) -> int:
    """When this process began, in perf_counter_ns; exact to a clock tick (10 ms) on Linux."""
    now = time.perf_counter_ns()
    if sys.platform != "linux":
        return now - int((time.time() - psutil.Process().create_time()) * _SECOND)
    ticks = int((proc / "stat").read_text().rpartition(")")[2].split()[_START_TIME])
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return now - int(age * _SECOND)
