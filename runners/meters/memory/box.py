"""What a load took of the box: memory that was available before, swap, memory of the device. Pure."""

from collections.abc import Iterator

from harness.core.record import Reading
from runners.seen import Seen
from runners.sensors.device_memory import OWN, USED
from runners.sensors.memory import AVAILABLE, SWAP


def readings(seen: Seen) -> Iterator[Reading]:
    """`available_drop`, `swap_growth`, `device_memory`, each where the box has such a thing."""
    before, lowest = seen.before.available_bytes, min(_values(seen, AVAILABLE), default=None)
    if before is not None and lowest is not None:
        yield Reading("available_drop", "B", "lower", (before - lowest,), source="MemAvailable, lowest of the load")
    grown = swap_growth(seen)
    if grown is not None:
        yield Reading("swap_growth", "B", "lower", (grown,), source="swap in use")
    yield from _device(seen)


def swap_growth(seen: Seen) -> float | None:
    """Bytes by which swap in use rose over what it was before the model was loaded; None where there is no swap."""
    before, highest = seen.before.swap_bytes, max(_values(seen, SWAP), default=None)
    return None if before is None or highest is None else max(highest - before, 0.0)


def _device(seen: Seen) -> Iterator[Reading]:
    """What our processes held, else by how much the device filled up since before the model was loaded."""
    if OWN not in seen.series:
        return
    own, all_used = max(_values(seen, OWN), default=0.0), max(_values(seen, USED), default=None)
    before = seen.before.device_bytes
    if own:
        yield Reading("device_memory", "B", "lower", (own,), source="NVML, our processes")
    elif all_used is not None and before is not None:
        yield Reading("device_memory", "B", "lower", (max(all_used - before, 0.0),), source="NVML, rise of the device")
    else:
        reason = seen.series[OWN].facts.reason or "NVML sees none of our processes (a container?)"
        yield Reading("device_memory", "B", "lower", (), reason=reason)


def _values(seen: Seen, name: str) -> tuple[float, ...]:
    return seen.series[name].values if name in seen.series else ()
