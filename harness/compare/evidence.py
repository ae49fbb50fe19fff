"""What two arms' paired scores say about their difference, before any verdict: limits, p-values, second opinions.

Where items come in clusters (templates, passages) the headline itself counts what they are worth: `stats.clusters`.
"""

from dataclasses import dataclass

import numpy as np

from harness.compare.match import Paired
from harness.core.verdict import Interval
from harness.stats.clusters import Design, design, sign_flip, widened
from harness.stats.equivalence import Equivalence, tost
from harness.stats.means import bounded_table, few_differences, paired_mean
from harness.stats.paired import PairedTable, dirichlet_interval, mcnemar, newcombe_interval, tango_interval
from harness.stats.resample import bca_interval
from harness.stats.table import Array
from harness.stats.tango import quantile, tango_statistic

SMALL = 100  # items below which a posterior is asked as well
_BOOTSTRAP_ITEMS = 20_000  # above, the mean is as normal as it gets
HALF_A_FLIP = 0.5  # continuity correction of the 95 % limits: benchmarks/coverage.py shows why
_FLIPS_TO_CLUSTER = 10  # items that differ, below which a spread over clusters cannot be seen


@dataclass(frozen=True)
class Opinion:
    """Another method's limits at 95 % and 90 %; it shares the headline's test of any change."""

    name: str
    wide: Interval
    narrow: Interval


@dataclass(frozen=True, eq=False)
class Evidence:
    """The headline: delta with its 95 % (`wide`) and 90 % (`narrow`) limits and the test of any change.

    `spread` is the mean squared difference by item (the flip rate of 0/1 scores), which sample sizes hang on; `design`
    says what the items are worth.
    """

    n_items: int
    delta: float
    stderr: float
    wide: Interval
    narrow: Interval
    pvalue: float
    method: str
    lost: int | None
    gained: int | None
    flip_rate: float
    spread: float
    opinions: tuple[Opinion, ...]
    data: PairedTable | Array
    design: Design

    def tost(self, margin: float) -> Equivalence:
        """The equivalence test that agrees with the 90 % limits."""
        return tost(self.data, margin, design=self.design)


def gather(paired: Paired, rng: np.random.Generator) -> Evidence:
    """All evidence on one task. 0/1 scores go by Tango and McNemar; others by paired t, or bounded where few differ."""
    d = paired.differences
    worth = design(d, paired.clusters)
    if paired.binary:
        return _of_table(PairedTable.of(paired.baseline, paired.candidate), paired, worth, rng)
    if few_differences(d):
        return _of_bounded(paired, worth)
    return _of_means(paired, worth, rng)


def _of_table(table: PairedTable, paired: Paired, worth: Design, rng: np.random.Generator) -> Evidence:
    counted = table.worth(worth.effect)
    opinions = [Opinion("Newcombe", newcombe_interval(counted, 0.95), newcombe_interval(counted, 0.90))]
    if table.n < SMALL:
        posterior = Opinion("Dirichlet", dirichlet_interval(counted, 0.95, rng), dirichlet_interval(counted, 0.90, rng))
        opinions.append(posterior)
    wide = tango_interval(counted, 0.95, worth.dof, HALF_A_FLIP / worth.effect)
    clusters = paired.clusters if worth.groups else None
    test = "exact McNemar" if clusters is None else "exact sign-flip test by template"
    return Evidence(
        n_items=paired.baseline.size,
        delta=table.delta,
        stderr=_stderr(wide),
        wide=wide,
        narrow=tango_interval(counted, 0.90, worth.dof),
        pvalue=mcnemar(table).exact if clusters is None else sign_flip(paired.differences, clusters),
        method=f"Tango score, {test}{_worth(worth)}",
        lost=int(table.lost),
        gained=int(table.gained),
        flip_rate=table.flips,
        spread=table.flips,
        opinions=(*opinions, *_sandwich(paired, worth)),
        data=table,
        design=worth,
    )


def _of_bounded(paired: Paired, worth: Design) -> Evidence:
    table = bounded_table(paired.differences)
    counted = table.worth(worth.effect)
    wide = tango_interval(counted, 0.95, worth.dof, HALF_A_FLIP / worth.effect)
    return Evidence(
        n_items=paired.baseline.size,
        delta=table.delta,
        stderr=_stderr(wide),
        wide=wide,
        narrow=tango_interval(counted, 0.90, worth.dof),
        pvalue=_two_sided(tango_statistic(counted, 0.0), worth.dof),
        method=f"Tango on bounded differences (few items differ){_worth(worth)}",
        lost=None,
        gained=None,
        flip_rate=_flip_rate(paired),
        spread=table.flips,
        opinions=_sandwich(paired, worth),
        data=table,
        design=worth,
    )


def _of_means(paired: Paired, worth: Design, rng: np.random.Generator) -> Evidence:
    d = paired.differences
    wide, narrow = (widened(paired_mean(d, confidence), worth, confidence) for confidence in (0.95, 0.90))
    opinions: list[Opinion] = []
    if d.size <= _BOOTSTRAP_ITEMS and not worth.groups:
        opinions.append(Opinion("BCa bootstrap", bca_interval(d, 0.95, rng), bca_interval(d, 0.90, rng)))
    return Evidence(
        n_items=paired.baseline.size,
        delta=wide.delta,
        stderr=wide.stderr,
        wide=_possible(wide.low, wide.high),
        narrow=_possible(narrow.low, narrow.high),
        pvalue=_two_sided(wide.delta / wide.stderr, wide.dof),
        method=wide.method + _worth(worth),
        lost=None,
        gained=None,
        flip_rate=_flip_rate(paired),
        spread=float(np.mean(d**2)),
        opinions=(*opinions, *_sandwich(paired, worth)),
        data=d,
        design=worth,
    )


def _sandwich(paired: Paired, worth: Design) -> tuple[Opinion, ...]:
    """The cluster-robust t limits without prior or floor, where enough items differ to see a spread over clusters."""
    d = paired.differences
    if worth.groups < 2 or np.count_nonzero(d) < _FLIPS_TO_CLUSTER:
        return ()
    found = paired_mean(d, 0.95, clusters=paired.clusters)
    half = quantile(0.90, found.dof) * found.stderr
    narrow = Interval(found.delta - half, found.delta + half)
    return (Opinion("cluster-robust t", Interval(found.low, found.high), narrow),)


def _worth(worth: Design) -> str:
    """How items in clusters were counted, for the name of the method."""
    return f" ({worth.groups} templates, design effect {worth.effect:.1f})" if worth.groups else ""


def _possible(low: float, high: float) -> Interval:
    return Interval(max(low, -1.0), min(high, 1.0))


def _flip_rate(paired: Paired) -> float:
    return float(np.mean(paired.differences != 0))


def _stderr(wide: Interval) -> float:
    """Standard error that an interval of this width stands for; unlike the plain one it is never 0."""
    return (wide.high - wide.low) / (2 * quantile(0.95))


def _two_sided(statistic: float, dof: float) -> float:
    from scipy.special import stdtr

    return float(2 * stdtr(dof, -abs(statistic)))
