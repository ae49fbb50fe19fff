"""Everything that is measured beside a load: the meters, and the watch that is kept while it runs.

    with metering.watch(job, scratch) as watched:
        ...                                     # the load
    watched.readings(load), watched.flags(load)

A meter is a module (runners.seen.Meter): what it needs is read by one sampler for all (runners.sampler), and what it
says is computed when the load is over. A sensor that is missing, or a sampler that ends early, never ends a load: what
it would have told is unknown, with the reason.
"""

import contextlib
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from harness.core.cell import Job
from harness.core.record import Flag, Reading
from runners import recording
from runners.meters import contention, cost, energy, footprint, memory, roofline, thermal
from runners.seen import Before, Load, Meter, Seen
from runners.series import Series

# In this order: each sees the readings of those before it.
METERS: tuple[Meter, ...] = (contention, memory, footprint, roofline, thermal, energy, cost)

_ANSWER_SECONDS = 20.0


class Watched:
    """What a watch saw; complete when its `with` block is left."""

    def __init__(self, job: Job, scratch: Path, before: Before) -> None:
        self._job, self._scratch, self._before = job, scratch, before
        self.idle_ns: tuple[int, int] | None = None
        self.series: dict[str, Series] = {}

    def readings(self, load: Load) -> tuple[Reading, ...]:
        """Of every meter, at every window."""
        known = load.readings
        for meter in METERS:
            known += meter.readings(self._seen(replace(load, readings=known)))
        return known[len(load.readings):]

    def flags(self, load: Load) -> tuple[Flag, ...]:
        """What speaks against the load's figures."""
        return tuple(flag for meter in METERS for flag in meter.flags(self._seen(load)))

    def _seen(self, load: Load) -> Seen:
        return Seen(self._job, self.series, load, self.idle_ns, self._before)


@contextlib.contextmanager
def watch(job: Job, scratch: Path, before: Before | None = None) -> Iterator[Watched]:
    """Read the box's sensors while the block runs; begins with a rest where an idle baseline is needed.

    `before` is what the box was like before the model was loaded.
    """
    watched = Watched(job, scratch, before or Before())
    if not job.metering.period_seconds:
        yield watched
        return
    sampler = subprocess.Popen(
        [sys.executable, "-m", "runners.sampler", str(scratch), str(job.metering.period_seconds)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )
    try:
        _answered(sampler)
        watched.idle_ns = _rest(job.metering.idle_seconds, sampler, scratch)
        yield watched
        _ask(sampler)
    finally:
        _end(sampler)
    watched.series = recording.series(scratch)


def _rest(seconds: float, sampler: "subprocess.Popen[bytes]", scratch: Path) -> tuple[int, int] | None:
    """Do nothing for a while, so that what the box takes at rest is known; not where no sensor would tell."""
    if not any(facts.scope and not facts.reason for facts in recording.sensors(scratch)):
        return None
    _ask(sampler)
    started = time.perf_counter_ns()
    time.sleep(seconds)
    ended = time.perf_counter_ns()
    _ask(sampler)
    return started, ended


def _ask(sampler: "subprocess.Popen[bytes]") -> None:
    """Have every sensor read now, and wait until that is done; a sampler that is gone has said why in the log."""
    assert sampler.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        sampler.stdin.write(b"\n")
        sampler.stdin.flush()
        _answered(sampler)


def _answered(sampler: "subprocess.Popen[bytes]") -> None:
    assert sampler.stdout is not None
    if select.select([sampler.stdout], [], [], _ANSWER_SECONDS)[0]:
        sampler.stdout.readline()


def _end(sampler: "subprocess.Popen[bytes]") -> None:
    """Its stdin ends, and with it the sampler."""
    for pipe in (sampler.stdin, sampler.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
    try:
        sampler.wait(_ANSWER_SECONDS)
    except subprocess.TimeoutExpired:
        sampler.kill()
        sampler.wait()
