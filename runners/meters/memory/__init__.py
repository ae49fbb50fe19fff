"""Memory in full: processes, the box, the device, and how it splits into weights, cache and the rest.

A figure that this kind of system does not have is not there; one that it has and does not tell is unknown, with the
reason.
"""

from collections.abc import Sequence

from harness.core.record import Flag, Reading
from harness.core.runtime import ELSEWHERE
from harness.core.units import in_bytes
from runners.meters.memory import box, processes, split
from runners.seen import Seen
from runners.sensor import Place, Sensor
from runners.sensors import device_memory
from runners.sensors import memory as sensed


def sensors(place: Place) -> Sequence[Sensor]:
    """Memory available, swap, and what is held on NVIDIA GPUs."""
    return [*sensed.sensors(place), *device_memory.sensors(place)]


def readings(seen: Seen) -> tuple[Reading, ...]:
    """Of the whole load, at the moment it has ended and the model is still there."""
    if seen.load.facts.device == ELSEWHERE:
        return (Reading("peak_memory", "B", "lower", (), reason="the model runs behind an endpoint elsewhere"),)
    peak = processes.peak_bytes()
    own = [
        Reading("peak_memory", "B", "lower", (float(peak),), source="VmHWM of the processes"),
        Reading("model_memory", "B", "lower", (float(peak - seen.before.peak_bytes),), source="VmHWM of the processes"),
        *processes.proportional(processes.family()),
    ]
    return (*own, *box.readings(seen), *split.readings(seen))


def flags(seen: Seen) -> tuple[Flag, ...]:
    """Memory that went to swap makes every figure a figure of the disk."""
    grown = box.swap_growth(seen)
    if not grown:
        return ()
    return (Flag("degraded", f"{in_bytes(grown)} went to swap during the load"),)
