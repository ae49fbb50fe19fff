"""Who else used the processors while the load ran: other processes, the host of a virtual machine, a cgroup's limit."""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import psutil

from harness.core.record import Flag, Reading, Window
from harness.core.runtime import ELSEWHERE
from runners.seen import Seen
from runners.sensor import Place, Sensor
from runners.sensors import share
from runners.series import Unknown

# One thread of the engine that shares its core holds up all others at every layer, however many cores there are: the
# limit is in cores. Below a quarter of one lies what an idle desktop does.
_DEGRADED_CORES = 0.25
_INVALID_SHARE = 0.25
_STEAL_SHARE = 0.05
_THROTTLED_SHARE = 0.01


def sensors(place: Place) -> Sequence[Sensor]:
    """Processor time of all and of us, taken by the host, denied by a control group."""
    return share.sensors(place)


def readings(seen: Seen) -> tuple[Reading, ...]:
    """`other_cpu`: cores that other processes kept busy, on average over the readings around each window."""
    return tuple(_reading(seen, window) for window in seen.load.windows)


def _reading(seen: Seen, window: Window) -> Reading:
    source = "processor time of all processes less the measured ones'"
    try:
        cores = (_other_cores(seen, window),)
    except Unknown as error:
        return Reading("other_cpu", "cores", "lower", (), reason=str(error), step=window.step, source=source)
    return Reading("other_cpu", "cores", "lower", cores, step=window.step, source=source)


def _other_cores(seen: Seen, window: Window) -> float:
    """Raises Unknown. Clock ticks are counted apart for both, so that the difference can fall below 0 by a little."""
    if seen.load.facts.device == ELSEWHERE:
        raise Unknown("the model runs behind an endpoint: its own processes cannot be told from others")
    return max(_rate(seen, "cpu_busy", window) - _rate(seen, "cpu_own", window), 0.0)


def _rate(seen: Seen, sensor: str, window: Window) -> float:
    if sensor not in seen.series:
        raise Unknown("the sampler did not start")
    return seen.series[sensor].rate(window.start_ns, window.end_ns)


def flags(seen: Seen) -> tuple[Flag, ...]:
    """What took the processors from the load, of each window."""
    return tuple(flag for window in seen.load.windows for flag in _flags(seen, window, psutil.cpu_count() or 1))


def _flags(seen: Seen, window: Window, cores: int) -> Iterator[Flag]:
    others = _or_zero(lambda: _other_cores(seen, window))
    if others >= _DEGRADED_CORES:
        verdict: Literal["degraded", "invalid"] = "invalid" if others >= _INVALID_SHARE * cores else "degraded"
        yield Flag(verdict, f"other processes kept {others:.1f} of {cores} cores busy", window.step)
    if (stolen := _or_zero(lambda: _rate(seen, "cpu_steal", window))) >= _STEAL_SHARE * cores:
        yield Flag("degraded", f"the host gave {stolen:.1f} of {cores} cores to other machines", window.step)
    if (held := _or_zero(lambda: _rate(seen, "cpu_throttled", window))) >= _THROTTLED_SHARE:
        reason = f"the control group's limit held the processes up for {held:.2f} s of each second"
        yield Flag("degraded", reason, window.step)


def _or_zero(rate: Callable[[], float]) -> float:
    """What is not known speaks against nothing."""
    try:
        return rate()
    except Unknown:
        return 0.0
