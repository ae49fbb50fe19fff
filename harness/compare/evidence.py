"""What two arms' paired scores say about their difference, before any verdict: limits, p-values, second opinions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from harness.compare.match import Paired
from harness.core.verdict import Interval
from harness.stats.equivalence import tost
from harness.stats.means import bounded_table, few_differences, paired_mean
from harness.stats.paired import PairedTable, dirichlet_interval, mcnemar, newcombe_interval, tango_interval
from harness.stats.resample import bca_interval
from harness.stats.sequential import WHOLE, Look
from harness.stats.table import Array
from harness.stats.tango import quantile, tango_statistic

L = TypeVar("L")
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

    Limits and p-values hold over all looks that the task may have had; `look` says at which of them it stands.
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
    look: Look

    @property
    def planned(self) -> int:
        """Items of the task, answered or not: what its margin hangs on."""
        return self.look.planned or self.n_items

    def equivalence_pvalue(self, margin: float) -> float:
        """TOST, agreeing with the 90 % limits."""
        return self.look.one_sided(tost(self.data, margin).pvalue)


def gather(paired: Paired, rng: np.random.Generator, look: Look = WHOLE) -> Evidence:
    """All evidence on one task. 0/1 scores go by Tango and McNemar; others by paired t, or bounded where few differ."""
    d = paired.differences
    if paired.binary:
        return _of_table(PairedTable.of(paired.baseline, paired.candidate), paired, rng, look)
    if few_differences(d):
        return _of_bounded(paired, look)
    return _of_means(paired, rng, look)


def _of_table(table: PairedTable, paired: Paired, rng: np.random.Generator, look: Look) -> Evidence:
    opinions = [Opinion("Newcombe", *_both(lambda level: newcombe_interval(table, level), look))]
    if table.n < SMALL:
        opinions.append(Opinion("Dirichlet", *_both(lambda level: dirichlet_interval(table, level, rng), look)))
    wide, narrow = _both(lambda level: tango_interval(table, level), look)
    return Evidence(
        n_items=paired.baseline.size,
        delta=table.delta,
        stderr=_stderr(table),
        wide=wide,
        narrow=narrow,
        pvalue=look.two_sided(mcnemar(table).exact),
        method="Tango score, exact McNemar",
        lost=int(table.lost),
        gained=int(table.gained),
        flip_rate=table.flips,
        spread=table.flips,
        opinions=(*opinions, *_clustered(paired, _stderr(table), look)),
        data=table,
        look=look,
    )


def _of_bounded(paired: Paired, look: Look) -> Evidence:
    from scipy.special import ndtr

    table = bounded_table(paired.differences)
    wide, narrow = _both(lambda level: tango_interval(table, level), look)
    return Evidence(
        n_items=paired.baseline.size,
        delta=table.delta,
        stderr=_stderr(table),
        wide=wide,
        narrow=narrow,
        pvalue=look.two_sided(float(2 * ndtr(-abs(tango_statistic(table, 0.0))))),
        method="Tango on bounded differences (few items differ)",
        lost=None,
        gained=None,
        flip_rate=_flip_rate(paired),
        spread=table.flips,
        opinions=_clustered(paired, _stderr(table), look),
        data=table,
        look=look,
    )


def _of_means(paired: Paired, rng: np.random.Generator, look: Look) -> Evidence:
    d = paired.differences
    wide, narrow = _both(lambda level: paired_mean(d, level), look)
    opinions: list[Opinion] = []
    if d.size <= _BOOTSTRAP_ITEMS:
        opinions.append(Opinion("BCa bootstrap", *_both(lambda level: bca_interval(d, level, rng), look)))
    return Evidence(
        n_items=paired.baseline.size,
        delta=wide.delta,
        stderr=wide.stderr,
        wide=Interval(wide.low, wide.high),
        narrow=Interval(narrow.low, narrow.high),
        pvalue=look.two_sided(_two_sided(wide.delta / wide.stderr, wide.dof)),
        method=wide.method,
        lost=None,
        gained=None,
        flip_rate=_flip_rate(paired),
        spread=float(np.mean(d**2)),
        opinions=(*opinions, *_clustered(paired, wide.stderr, look)),
        data=d,
        look=look,
    )


def _clustered(paired: Paired, stderr: float, look: Look) -> tuple[Opinion, ...]:
    """The clustered t limits, where items come in groups and differ more between groups than chance would have it."""
    d = paired.differences
    if paired.clusters is None or np.count_nonzero(d) < _FLIPS_TO_CLUSTER:
        return ()
    groups = np.unique(paired.clusters).size
    if not 2 <= groups < d.size:
        return ()
    wide, narrow = _both(lambda level: paired_mean(d, level, clusters=paired.clusters), look)
    if wide.stderr <= stderr:
        return ()
    effect = (wide.stderr / stderr) ** 2
    name = f"clustered by template (G = {groups}, design effect {effect:.1f})"
    pvalue = look.two_sided(_two_sided(wide.delta / wide.stderr, wide.dof))
    return (Opinion(name, Interval(wide.low, wide.high), Interval(narrow.low, narrow.high), pvalue),)


def _flip_rate(paired: Paired) -> float:
    return float(np.mean(paired.differences != 0))


def _both(limits: Callable[[float], L], look: Look) -> tuple[L, L]:
    """A method's 95 % and 90 % limits, as wide as the look demands."""
    return limits(look.interval(0.95)), limits(look.inner(0.90))


def _stderr(table: PairedTable) -> float:
    """Standard error that Tango's 95 % interval stands for; unlike the plain one it is never 0."""
    limits = tango_interval(table, 0.95)
    return (limits.high - limits.low) / (2 * quantile(0.95))


def _two_sided(statistic: float, dof: float) -> float:
    from scipy.special import stdtr

    return float(2 * stdtr(dof, -abs(statistic)))
