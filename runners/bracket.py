"""What is measured around a load: before the model is loaded, and after it is gone.

Before: wait until the GPUs have back what earlier cells held, probe the machine (runners.meters.canary), load the model
once cold where this is the arm's first round (runners.cold), and see that the weights are in the page cache. After: the
probe again. Neither stands in the load's own figures.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from harness.core.cell import Job, LoadWork
from harness.core.record import Flag, Outcome, Reading
from harness.core.units import MIB, in_bytes
from runners import cold, page_cache
from runners.artifacts import Located
from runners.cores import usable_cores
from runners.meters import canary
from runners.meters.canary import Canary
from runners.meters.memory import processes
from runners.seen import Before
from runners.sensor import Unreadable
from runners.sensors import device_memory, memory

_BASELINE = "device_memory_baseline.json"
_PATIENCE_SECONDS, _LOOK_SECONDS = 30.0, 0.25
_TOLERANCE_BYTES = 128 * MIB  # what a desktop's own drawing comes to


@dataclass(frozen=True)
class Opening:
    """What was seen before the model was loaded; `took_ns` is the time that took."""

    canary: Canary | str | None
    cold: tuple[Reading, ...]
    flags: tuple[Flag, ...]
    not_warm: str
    took_ns: int


def before(job: Job) -> Opening:
    """Everything that comes before the engine is imported; the probe only where the box is watched at all."""
    started = time.perf_counter_ns()
    flags = settled(Path(job.scratch).parent, device_memory.used_bytes)
    probe = canary.probe(usable_cores()) if job.metering.period_seconds else None
    files = _files(job)
    first = isinstance(job.cell.work, LoadWork) and job.cell.work.round == 0 and job.metering.cold_load
    readings = (cold.measure(Path(job.scratch)),) if files and first else ()
    not_warm = page_cache.fill(files) if files else ""
    return Opening(probe, readings, flags, not_warm, time.perf_counter_ns() - started)


def at_rest(opening: Opening) -> Before:
    """The box just before the model is loaded, the engine's own code included in what the process holds."""
    available = None
    with suppress(Unreadable):
        available = memory.available_bytes()
    probe = opening.canary if isinstance(opening.canary, Canary) else None
    return Before(
        available_bytes=available,
        swap_bytes=memory.swap_bytes(),
        device_bytes=device_memory.used_bytes(),
        peak_bytes=processes.peak_bytes(),
        read_gbs=probe.read_gbs if probe else None,
        matrix_gflops=probe.matrix_gflops if probe else None,
    )


def after(opening: Opening, outcome: Outcome) -> Outcome:
    """The outcome with what was seen around it."""
    readings, flags = opening.cold, opening.flags
    if opening.canary is not None:
        now = canary.once_more(opening.canary, lambda: canary.probe(usable_cores()))
        readings += canary.readings(opening.canary, now)
        flags += canary.judge(opening.canary, now)
    return msgspec.structs.replace(
        outcome, readings=(*outcome.readings, *readings), flags=(*outcome.flags, *flags))


def _files(job: Job) -> Sequence[Path]:
    """The weights' files on this disk, none where the model is elsewhere."""
    found = Located(Path(job.prepared.path)).files if job.prepared and job.prepared.path else []
    return found if all(path.is_file() for path in found) else []


def settled(folder: Path, used_bytes: Callable[[], float | None],
            patience_seconds: float = _PATIENCE_SECONDS) -> tuple[Flag, ...]:
    """Wait until the GPUs hold no more than before this run's first cell, which notes it in `folder`.

    A run's cells have their scratch folders side by side, and the run sweeps them all away when it begins.
    """
    used = used_bytes()
    if used is None:
        return ()
    note = folder / _BASELINE
    if not note.exists():
        note.write_text(str(used))
        return ()
    limit = float(note.read_text()) + _TOLERANCE_BYTES
    deadline = time.monotonic() + patience_seconds
    while used > limit and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
        used = used_bytes() or 0.0
    if used <= limit:
        return ()
    more = in_bytes(used - limit + _TOLERANCE_BYTES)
    return (Flag("degraded", f"{more} more of the GPUs' memory was in use than before the run's first cell"),)
