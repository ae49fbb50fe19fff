"""When the chunks of a request are due: a pure function of the schedule, the request's number and its arrival."""

import random
from collections.abc import Iterator

from harness.core.calibration import Schedule

_SECOND = 1_000_000_000


def first_due(schedule: Schedule, received_ns: int) -> int:
    """When the first chunk of a request that came at `received_ns` is due, before jitter."""
    due = received_ns + round(schedule.first_seconds * _SECOND)
    return -(-due // schedule.step_ns) * schedule.step_ns if schedule.together else due


def offsets(schedule: Schedule, number: int) -> Iterator[int]:
    """Of each chunk in turn, without end: nanoseconds after `first_due`, which is also the earliest."""
    step, at = schedule.step_ns, 0
    if not schedule.jitter:
        while True:
            yield at
            at += step
    rng, most = random.Random(f"{schedule.seed} {number}"), schedule.jitter * step
    while True:
        yield max(0, at + round(rng.uniform(-most, most)))
        at += step
