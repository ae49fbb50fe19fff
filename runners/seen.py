"""What was seen of a load, as meters take it: every sensor's series, and what the load itself gave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.core.cell import Job
from harness.core.record import Flag, Reading, RequestTrace, Window
from harness.core.runtime import Facts
from runners.sensor import Place, Sensor
from runners.series import Series


@dataclass(frozen=True)
class Load:
    """What a load gave by itself: the engine's facts, steady windows, every request, readings taken so far."""

    facts: Facts
    windows: tuple[Window, ...]
    traces: Sequence[RequestTrace] = ()
    readings: tuple[Reading, ...] = ()


@dataclass(frozen=True)
class Before:
    """The box before the model was loaded, None where it does not tell.

    Memory available, swap in use and memory in use on the GPUs, in bytes; `peak_bytes` is the largest our process had
    been. `read_gbs` and `matrix_gflops` are what the canary reached.
    """

    available_bytes: float | None = None
    swap_bytes: float | None = None
    device_bytes: float | None = None
    peak_bytes: int = 0
    read_gbs: float | None = None
    matrix_gflops: float | None = None


@dataclass(frozen=True)
class Seen:
    """`series` by sensor's name; `idle_ns` is the rest between loading the model and the load, None without one."""

    job: Job
    series: Mapping[str, Series]
    load: Load
    idle_ns: tuple[int, int] | None = None
    before: Before = Before()


class Meter(Protocol):
    """A module of runners.meters: which sensors it needs, and pure functions from what was seen to what is recorded."""

    def sensors(self, place: Place, /) -> Sequence[Sensor]:
        """Sensors of this box, the missing ones named with a reason; called in the sampler's process."""

    def readings(self, seen: Seen, /) -> tuple[Reading, ...]:
        """Readings of every window; one that cannot be known has no samples and a reason."""

    def flags(self, seen: Seen, /) -> tuple[Flag, ...]:
        """What speaks against the figures of a window."""
