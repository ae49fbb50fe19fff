"""The paired 2x2 table of two arms' 0/1 scores, and McNemar's test on it.

McNemar (1947), exact binomial form; mid-p after Fagerland, Lydersen and Laake (2013).
"""

import math
from typing import Self

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike, NDArray

from harness.core.errors import InvalidScores

Array = NDArray[np.float64]


class PairedTable(Struct, frozen=True):
    """Items by outcome: right in both arms, `lost` (baseline only), `gained` (candidate only), right in neither.

    Counts may be fractional (see `means.bounded_table`). Raises InvalidScores for negative counts or no items.
    """

    both: float
    lost: float
    gained: float
    neither: float

    def __post_init__(self) -> None:
        counts = (self.both, self.lost, self.gained, self.neither)
        if not all(math.isfinite(count) and count >= 0 for count in counts):
            raise InvalidScores(f"counts of a paired table are finite and not negative, not {counts}")
        if sum(counts) <= 0:
            raise InvalidScores("a paired table needs at least one item")

    @classmethod
    def of(cls, baseline: ArrayLike, candidate: ArrayLike) -> Self:
        """Table of two arrays (n,) of 0/1 scores in the same item order; raises InvalidScores for anything else."""
        first, second = scores(baseline), scores(candidate)
        if first.shape != second.shape:
            raise InvalidScores(f"arms with {first.size} and {second.size} items cannot be paired")
        if not (is_binary(first) and is_binary(second)):
            raise InvalidScores("a paired table needs scores of 0 or 1")
        n, right, other = first.size, int(first.sum()), int(second.sum())
        both = int(first @ second)
        return cls(both, right - both, other - both, n - right - other + both)

    @property
    def n(self) -> float:
        """Items in all."""
        return self.both + self.lost + self.gained + self.neither

    @property
    def delta(self) -> float:
        """Candidate's score minus the baseline's."""
        return (self.gained - self.lost) / self.n

    @property
    def flips(self) -> float:
        """Share of items whose score differs."""
        return (self.gained + self.lost) / self.n

    def worth(self, effect: float) -> "PairedTable":
        """The same shares over as many items as these are worth at a design effect."""
        return PairedTable(self.both / effect, self.lost / effect, self.gained / effect, self.neither / effect)


class McNemar(Struct, frozen=True):
    """Two-sided p-values of "losses and gains are equally likely"."""

    exact: float
    midp: float


def mcnemar(table: PairedTable) -> McNemar:
    """Exact and mid-p McNemar test; both are 1 without flips. Raises InvalidScores for fractional counts."""
    from scipy.special import bdtr

    fewer, flips = min(table.lost, table.gained), table.lost + table.gained
    if fewer != int(fewer) or flips != int(flips):
        raise InvalidScores("McNemar's exact test needs whole counts")
    if flips == 0:
        return McNemar(1.0, 1.0)
    upto = float(bdtr(fewer, int(flips), 0.5))
    below = float(bdtr(fewer - 1, int(flips), 0.5)) if fewer else 0.0
    return McNemar(min(1.0, 2 * upto), min(1.0, upto + below))


def is_binary(values: Array) -> bool:
    """Whether every score is 0 or 1."""
    return bool(((values == 0) | (values == 1)).all())


def scores(values: ArrayLike) -> Array:
    """`values` as a float array (n,); raises InvalidScores unless there is one or more and all lie in [0, 1]."""
    return _within(values, 0.0, "scores")


def differences(values: ArrayLike) -> Array:
    """`values` as a float array (n,); raises InvalidScores unless there is one or more and all lie in [-1, 1]."""
    return _within(values, -1.0, "differences")


def _within(values: ArrayLike, low: float, what: str) -> Array:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or array.size == 0:
        raise InvalidScores(f"{what} come as one row of at least one number, not with shape {array.shape}")
    wrong = ~((array >= low) & (array <= 1))  # also true for NaN
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise InvalidScores(f"{what} lie between {low:g} and 1; number {first + 1} of {array.size} is {array[first]:g}")
    return array
