"""Equivalence and non-inferiority of two arms on the same items, each test agreeing with its interval.

TOST (Schuirmann 1987) as two one-sided Tango score tests for 0/1 scores, two one-sided paired t tests otherwise. It
rejects at `alpha` exactly where the 1 - 2 alpha interval lies inside (-margin, +margin).
"""

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike

from harness.core.errors import InvalidScores
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


def tost(table_or_differences: PairedTable | ArrayLike, margin: float, alpha: float = 0.05) -> Equivalence:
    """Is delta within (-margin, +margin)? Takes a paired table or differences (n,) in [-1, 1].

    Raises InvalidScores for differences no statistic can be computed from or a margin outside (0, 1).
    """
    data = _prepared(table_or_differences, margin, alpha)
    pvalue = max(_above(data, -margin), _below(data, margin))
    low, high = _limits(data, 1 - 2 * alpha)
    return Equivalence(pvalue, low, high, pvalue < alpha)


def noninferiority(table_or_differences: PairedTable | ArrayLike, margin: float, alpha: float = 0.05) -> NonInferiority:
    """Is delta above -margin? Input and errors as for `tost`."""
    data = _prepared(table_or_differences, margin, alpha)
    pvalue = _above(data, -margin)
    return NonInferiority(pvalue, _limits(data, 1 - 2 * alpha)[0], pvalue < alpha)


def _prepared(data: PairedTable | ArrayLike, margin: float, alpha: float) -> PairedTable | Estimate:
    if not 0 < margin < 1:
        raise InvalidScores(f"a margin is a share between 0 and 1 (0.02 = 2 points), not {margin:g}")
    if not 0 < alpha < 0.5:
        raise InvalidScores(f"alpha lies between 0 and 0.5, not {alpha:g}")
    if isinstance(data, PairedTable):
        return data
    values = np.asarray(data, dtype=np.float64)
    return bounded_table(values) if few_differences(values) else paired_mean(values, 1 - 2 * alpha)


def _limits(data: PairedTable | Estimate, confidence: float) -> tuple[float, float]:
    if isinstance(data, Estimate):
        return data.low, data.high
    limits = tango_interval(data, confidence)
    return limits.low, limits.high


def _above(data: PairedTable | Estimate, bound: float) -> float:
    """p-value against "delta is at most `bound`"."""
    from scipy.special import ndtr, stdtr

    if isinstance(data, Estimate):
        return float(stdtr(data.dof, (bound - data.delta) / data.stderr))
    return float(ndtr(-tango_statistic(data, bound)))


def _below(data: PairedTable | Estimate, bound: float) -> float:
    """p-value against "delta is at least `bound`"."""
    from scipy.special import ndtr, stdtr

    if isinstance(data, Estimate):
        return float(stdtr(data.dof, (data.delta - bound) / data.stderr))
    return float(ndtr(tango_statistic(data, bound)))
