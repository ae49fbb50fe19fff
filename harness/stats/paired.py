"""Two arms on the same items: the one place to import the paired methods from.

Tango's score interval is the headline; Newcombe's and the Dirichlet posterior here are second opinions.
"""

import math

import numpy as np

from harness.core.verdict import Interval
from harness.stats.means import Estimate, bounded_table, paired_mean
from harness.stats.proportion import wilson
from harness.stats.table import McNemar, PairedTable, mcnemar
from harness.stats.tango import tango_interval, tango_limits, tango_statistic

__all__ = [
    "Estimate",
    "McNemar",
    "PairedTable",
    "bounded_table",
    "dirichlet_interval",
    "mcnemar",
    "newcombe_interval",
    "paired_mean",
    "tango_interval",
    "tango_limits",
    "tango_statistic",
]
_DRAWS = 40_000


def newcombe_interval(table: PairedTable, confidence: float) -> Interval:
    """Square-and-add interval of `table.delta` (Newcombe 1998, method 10: continuity-corrected phi)."""
    first, second = (table.both + table.lost) / table.n, (table.both + table.gained) / table.n
    before, after = wilson(first, table.n, confidence), wilson(second, table.n, confidence)
    phi, delta = _phi(table), table.delta

    def half(up: float, down: float) -> float:
        return math.sqrt(max(up**2 - 2 * phi * up * down + down**2, 0.0))

    low = delta - half(second - after.low, before.high - first)
    high = delta + half(after.high - second, first - before.low)
    return Interval(max(low, -1.0), min(high, 1.0))


def _phi(table: PairedTable) -> float:
    before, after = table.both + table.lost, table.both + table.gained
    margins = before * (table.n - before) * after * (table.n - after)
    if margins <= 0:
        return 0.0
    excess = table.both * table.neither - table.lost * table.gained
    if excess > 0:
        excess = max(excess - table.n / 2, 0.0)
    return excess / math.sqrt(margins)


def dirichlet_interval(table: PairedTable, confidence: float, rng: np.random.Generator) -> Interval:
    """Equal-tailed posterior interval of delta under a Dirichlet(1/2) prior on the four cells; 40,000 draws."""
    prior = 0.5
    draws = rng.dirichlet([table.lost + prior, table.gained + prior, table.both + table.neither + 2 * prior], _DRAWS)
    low, high = np.quantile(draws[:, 1] - draws[:, 0], [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high))
