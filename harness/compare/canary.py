"""Was the box as fast as it usually is? A cell's canary against those of other cells on the same hardware; pure.

What fell between the probe before a cell and the one after it, the cell itself has said. A machine that is slow from
the start (another governor, a throttled host, a neighbour) shows only against its own past.
"""

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Literal

from harness.core.record import SLOWER_DEGRADED, SLOWER_INVALID, Completed, Flag

_FEWEST = 5  # cells whose median is called usual
_NAMES = {"canary_copy": "memory bandwidth", "canary_matrix": "matrix products"}


def judge(record: Completed, history: Iterable[Completed]) -> tuple[Flag, ...]:
    """What a slow machine says against a cell; `history` may hold it too, and cells of other machines.

    Nothing where fewer than five cells of the machine tell what is usual.
    """
    others = [one for one in history if (one.run.run_id, one.run.cell) != (record.run.run_id, record.run.cell)
              and one.run.machine.fingerprint == record.run.machine.fingerprint]
    found = [flag for name in _NAMES for flag in _judge(name, record, others)]
    return tuple(found)


def _judge(name: str, record: Completed, others: Sequence[Completed]) -> Iterable[Flag]:
    here = _samples(record, name)
    usual = [median(samples) for one in others if (samples := _samples(one, name))] if here else []
    if len(usual) < _FEWEST:
        return
    # The better probe: where only one of them was slow, the cell's own comparison of both says so.
    lost = 1 - max(here) / median(usual)
    if lost > SLOWER_DEGRADED:
        verdict: Literal["degraded", "invalid"] = "invalid" if lost > SLOWER_INVALID else "degraded"
        usually = f"what this box reached in {len(usual)} other cells"
        yield Flag(verdict, f"{_NAMES[name]} {100 * lost:.0f} % below {usually}")


def _samples(record: Completed, name: str) -> tuple[float, ...]:
    return next((one.samples for one in record.outcome.readings if one.name == name), ())
