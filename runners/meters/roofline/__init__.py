"""How near decoding comes to what the memory can deliver, and prefill to what the arithmetic can.

Decoding one token at batch 1 reads every active weight and the keys and values so far once: tokens/s x those bytes is
the bandwidth it reached (Williams et al., "Roofline", 2009).
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from harness.core.cell import LoadWork
from harness.core.errors import HarnessError
from harness.core.record import Flag, Reading
from harness.core.runtime import ELSEWHERE
from runners.meters.roofline import shares
from runners.meters.roofline.shares import Box, Shape
from runners.meters.roofline.weights import Weights, weights_of
from runners.seen import Seen
from runners.sensor import Place, Sensor


def sensors(place: Place) -> Sequence[Sensor]:
    """None: what the memory can deliver was probed before the model was loaded."""
    return ()


def readings(seen: Seen) -> tuple[Reading, ...]:
    """`bandwidth` and its shares of every single-stream step; nothing where the weights are not on this disk."""
    found = _weights(seen)
    if isinstance(found, str):
        return (Reading("bandwidth", "GB/s", "higher", (), 1, found),) if found else ()
    work = seen.job.cell.work
    assert isinstance(work, LoadWork)
    shape = Shape(work.load.prompt_lengths[0], work.load.output_lengths[0])
    return tuple(shares.readings(found, seen.load.facts, _box(seen), shape, seen.load.readings))


def flags(seen: Seen) -> tuple[Flag, ...]:
    """Large dense models that decode far below what the memory can deliver."""
    found = _weights(seen)
    return () if isinstance(found, str) else tuple(shares.flags(found, seen.load.facts, _box(seen), readings(seen)))


def _box(seen: Seen) -> Box:
    return Box(seen.before.read_gbs, seen.before.matrix_gflops, seen.job.hardware)


def _weights(seen: Seen) -> Weights | str:
    """What the weights' header says, or why it says nothing ("" where there are none)."""
    prepared = seen.job.prepared
    if prepared is None or not prepared.path or seen.load.facts.device == ELSEWHERE:
        return ""
    try:
        return _read(Path(prepared.path)) or ""
    except (HarnessError, ValueError, OSError) as error:
        return f"the header of the weights cannot be read: {error}"


# Once for readings and flags: a vocabulary of 150,000 texts takes a while to skip.
_read = cache(weights_of)
