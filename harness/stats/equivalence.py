"""Equivalence and non-inferiority of two arms on the same items, each test agreeing with its interval.

TOST (Schuirmann 1987) as two one-sided Tango score tests for 0/1 scores, two one-sided paired t tests otherwise. It
rejects at `alpha` exactly where the 1 - 2 alpha interval lies inside (-margin, +margin). Items in clusters are worth
fewer, and all quantiles are those of t: see `clusters`.
"""

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike

from harness.core.errors import InvalidScores
from harness.stats.clusters import INDEPENDENT, Design, widened
from harness.stats.means import Estimate, bounded_table, few_differences, paired_mean
from harness.stats.planning import items_for_noninferiority, items_needed, items_to_detect, smallest_margin
from harness.stats.table import PairedTable
from harness.stats.tango import tango_interval, tango_statistic

__all__ = [
    "Equivalence",
    "NonInferiority",
    "items_for_noninferiority",
    "items_needed",
    "items_to_detect",
    "noninferiority",
    "smallest_margin",
    "tost",
]


class Equivalence(Struct, frozen=True):
    """TOST: the larger of the two one-sided p-values, and the 1 - 2 alpha limits (90 % by default) of delta."""

    pvalue: float
    low: float
    high: float
    equivalent: bool


class NonInferiority(Struct, frozen=True):
    """One-sided test of "not worse by more than the margin", with the one-sided 1 - alpha lower limit of delta."""

    pvalue: float
    low: float
    noninferior: bool


class _Tested(Struct, frozen=True):
    """What the one-sided tests are made on: a table of independent items or an estimate, limits at 1 - 2 alpha."""

    data: PairedTable | Estimate
    dof: float
    low: float
    high: float


def tost(
    table_or_differences: PairedTable | ArrayLike, margin: float, alpha: float = 0.05, design: Design = INDEPENDENT
) -> Equivalence:
    """Is delta within (-margin, +margin)? Takes a paired table or differences (n,) in [-1, 1].

    `design` says what the items are worth where they come in clusters. Raises InvalidScores for differences no
    statistic can be computed from or a margin outside (0, 1).
    """
    tested = _prepared(table_or_differences, margin, alpha, design)
    pvalue = max(_above(tested, -margin), _below(tested, margin))
    return Equivalence(pvalue, tested.low, tested.high, pvalue < alpha)


def noninferiority(
    table_or_differences: PairedTable | ArrayLike, margin: float, alpha: float = 0.05, design: Design = INDEPENDENT
) -> NonInferiority:
    """Is delta above -margin? Input and errors as for `tost`."""
    tested = _prepared(table_or_differences, margin, alpha, design)
    pvalue = _above(tested, -margin)
    return NonInferiority(pvalue, tested.low, pvalue < alpha)


def _prepared(data: PairedTable | ArrayLike, margin: float, alpha: float, design: Design) -> _Tested:
    if not 0 < margin < 1:
        raise InvalidScores(f"a margin is a share between 0 and 1 (0.02 = 2 points), not {margin:g}")
    if not 0 < alpha < 0.5:
        raise InvalidScores(f"alpha lies between 0 and 0.5, not {alpha:g}")
    confidence = 1 - 2 * alpha
    if not isinstance(data, PairedTable):
        values = np.asarray(data, dtype=np.float64)
        if not few_differences(values):
            found = widened(paired_mean(values, confidence), design, confidence)
            return _Tested(found, found.dof, found.low, found.high)
        data = bounded_table(values)
    table = data.worth(design.effect)
    limits = tango_interval(table, confidence, design.dof)
    return _Tested(table, design.dof, limits.low, limits.high)


def _above(tested: _Tested, bound: float) -> float:
    """p-value against "delta is at most `bound`"."""
    from scipy.special import stdtr

    return float(stdtr(tested.dof, -_statistic(tested.data, bound)))


def _below(tested: _Tested, bound: float) -> float:
    """p-value against "delta is at least `bound`"."""
    from scipy.special import stdtr

    return float(stdtr(tested.dof, _statistic(tested.data, bound)))


def _statistic(data: PairedTable | Estimate, bound: float) -> float:
    if isinstance(data, Estimate):
        return (data.delta - bound) / data.stderr
    return tango_statistic(data, bound)
