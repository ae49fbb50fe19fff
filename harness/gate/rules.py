"""What a gate promises, in numbers: chosen by simulation, shown by benchmarks/gate.py, told in docs/gate.md."""

from dataclasses import dataclass

GATED = ("decode", "prefill", "ttft", "throughput", "goodput", "peak_memory", "device_memory", "energy")
"""Readings that decide: one of each kind, since every further one makes all others less sure. Others are shown."""

SPEED_ALPHA = 0.002
"""Family-wise one-sided error of all gated figures of a night, under normal nights. Real ones have heavier tails: hence
not the whole of what is promised."""

QUALITY_ALPHA = 0.01
"""Family-wise two-sided error of all arms and tasks of a night; half of it is that of a loss."""

EQUIVALENCE_ALPHA = 0.05
"""Error of calling two nights equivalent although they are not, as everywhere else."""

GROSS = 0.25
"""While the floor is learned: a figure worse by this share (a rate by a quarter less, a time by a third more) in every
single round is called worse whatever the box's noise may be."""


@dataclass(frozen=True)
class Rules:
    """Margins as shares: of right answers (None: those of the plan), and of a figure."""

    margin: float | None = None
    speed_margin: float = 0.03
