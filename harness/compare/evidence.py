"""What two arms' paired scores say about their difference, before any verdict: limits, p-values, second opinions."""

from dataclasses import dataclass

import numpy as np

from harness.compare.match import Paired
from harness.core.verdict import Interval
from harness.stats.equivalence import Equivalence, tost
from harness.stats.means import bounded_table, few_differences, paired_mean
from harness.stats.paired import PairedTable, dirichlet_interval, mcnemar, newcombe_interval, tango_interval
from harness.stats.resample import bca_interval
from harness.stats.table import Array
from harness.stats.tango import quantile, tango_statistic

SMALL = 100  # items below which a posterior is asked as well
_BOOTSTRAP_ITEMS = 20_000  # above, the mean is as normal as it gets
_FLIPS_TO_CLUSTER = 10  # items that differ, below which a spread over clusters cannot be seen


@dataclass(frozen=True)
class Opinion:
    """Another method's limits at 95 % and 90 %; `pvalue` None where it shares the headline's test."""

    name: str
    wide: Interval
    narrow: Interval
    pvalue: float | None = None


@dataclass(frozen=True, eq=False)
class Evidence:
    """The headline: delta with its 95 % (`wide`) and 90 % (`narrow`) limits and the test of any change.

    `spread` is the mean squared difference by item (the flip rate of 0/1 scores), which sample sizes hang on.
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

    def tost(self, margin: float) -> Equivalence:
        """The equivalence test that agrees with the 90 % limits."""
        return tost(self.data, margin)


def gather(paired: Paired, rng: np.random.Generator) -> Evidence:
    """All evidence on one task. 0/1 scores go by Tango and McNemar; others by paired t, or bounded where few differ."""
    d = paired.differences
    if paired.binary:
        return _of_table(PairedTable.of(paired.baseline, paired.candidate), paired, rng)
    if few_differences(d):
        return _of_bounded(paired)
    return _of_means(paired, rng)


def _of_table(table: PairedTable, paired: Paired, rng: np.random.Generator) -> Evidence:
    opinions = [Opinion("Newcombe", newcombe_interval(table, 0.95), newcombe_interval(table, 0.90))]
    if table.n < SMALL:
        posterior = Opinion("Dirichlet", dirichlet_interval(table, 0.95, rng), dirichlet_interval(table, 0.90, rng))
        opinions.append(posterior)
    wide = tango_interval(table, 0.95)
    return Evidence(
        n_items=paired.baseline.size,
        delta=table.delta,
        stderr=_stderr(wide),
        wide=wide,
        narrow=tango_interval(table, 0.90),
        pvalue=mcnemar(table).exact,
        method="Tango score, exact McNemar",
        lost=int(table.lost),
        gained=int(table.gained),
        flip_rate=table.flips,
        spread=table.flips,
        opinions=(*opinions, *_clustered(paired, _stderr(wide))),
        data=table,
    )


def _of_bounded(paired: Paired) -> Evidence:
    from scipy.special import ndtr

    table = bounded_table(paired.differences)
    wide = tango_interval(table, 0.95)
    return Evidence(
        n_items=paired.baseline.size,
        delta=table.delta,
        stderr=_stderr(wide),
        wide=wide,
        narrow=tango_interval(table, 0.90),
        pvalue=float(2 * ndtr(-abs(tango_statistic(table, 0.0)))),
        method="Tango on bounded differences (few items differ)",
        lost=None,
        gained=None,
        flip_rate=_flip_rate(paired),
        spread=table.flips,
        opinions=_clustered(paired, _stderr(wide)),
        data=table,
    )


def _of_means(paired: Paired, rng: np.random.Generator) -> Evidence:
    d = paired.differences
    wide, narrow = paired_mean(d, 0.95), paired_mean(d, 0.90)
    opinions: list[Opinion] = []
    if d.size <= _BOOTSTRAP_ITEMS:
        opinions.append(Opinion("BCa bootstrap", bca_interval(d, 0.95, rng), bca_interval(d, 0.90, rng)))
    return Evidence(
        n_items=paired.baseline.size,
        delta=wide.delta,
        stderr=wide.stderr,
        wide=Interval(wide.low, wide.high),
        narrow=Interval(narrow.low, narrow.high),
        pvalue=_two_sided(wide.delta / wide.stderr, wide.dof),
        method=wide.method,
        lost=None,
        gained=None,
        flip_rate=_flip_rate(paired),
        spread=float(np.mean(d**2)),
        opinions=(*opinions, *_clustered(paired, wide.stderr)),
        data=d,
    )


def _clustered(paired: Paired, stderr: float) -> tuple[Opinion, ...]:
    """The clustered t limits, where items come in groups and differ more between groups than chance would have it."""
    d = paired.differences
    if paired.clusters is None or np.count_nonzero(d) < _FLIPS_TO_CLUSTER:
        return ()
    groups = np.unique(paired.clusters).size
    if not 2 <= groups < d.size:
        return ()
    wide = paired_mean(d, 0.95, clusters=paired.clusters)
    if wide.stderr <= stderr:
        return ()
    narrow = paired_mean(d, 0.90, clusters=paired.clusters)
    effect = (wide.stderr / stderr) ** 2
    name = f"clustered by template (G = {groups}, design effect {effect:.1f})"
    pvalue = _two_sided(wide.delta / wide.stderr, wide.dof)
    return (Opinion(name, Interval(wide.low, wide.high), Interval(narrow.low, narrow.high), pvalue),)


def _flip_rate(paired: Paired) -> float:
    return float(np.mean(paired.differences != 0))


def _stderr(wide: Interval) -> float:
    """Standard error that an interval of this width stands for; unlike the plain one it is never 0."""
    return (wide.high - wide.low) / (2 * quantile(0.95))


def _two_sided(statistic: float, dof: float) -> float:
    from scipy.special import stdtr

    return float(2 * stdtr(dof, -abs(statistic)))
