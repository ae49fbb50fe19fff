"""What two arms' paired scores say about their difference, before any verdict: limits, p-values, second opinions.

Where items come in clusters (templates, passages) the headline itself counts what they are worth: `stats.clusters`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from harness.compare.match import Paired
from harness.core.verdict import Interval
from harness.stats.clusters import Design, design, sign_flip, widened
from harness.stats.equivalence import tost
from harness.stats.means import bounded_table, few_differences, paired_mean
from harness.stats.paired import PairedTable, dirichlet_interval, mcnemar, newcombe_interval, tango_interval
from harness.stats.planning import smallest_margin
from harness.stats.resample import bca_interval
from harness.stats.sequential import WHOLE, Look
from harness.stats.table import Array
from harness.stats.tango import quantile, tango_statistic

L = TypeVar("L")
SMALL = 100  # items below which a posterior is asked as well
_BOOTSTRAP_ITEMS = 20_000  # above, the mean is as normal as it gets
HALF_A_FLIP = 0.5  # continuity correction of the 95 % limits: benchmarks/coverage.py shows why
ENOUGH_CLUSTERS = 10  # with a net change; below, flipping their signs cannot reject in a family of tests
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

    Limits and p-values hold over all looks that the task may have had; `look` says at which of them it stands.
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
    spread: float
    opinions: tuple[Opinion, ...]
    data: PairedTable | Array
    design: Design
    look: Look

    @property
    def planned(self) -> int:
        """Items of the task, answered or not: what its margin hangs on."""
        return self.look.planned or self.n_items

    @property
    def smallest_margin(self) -> float:
        """The least that these items can decide, at what they are worth."""
        return smallest_margin(self.n_items / self.design.effect, self.spread)

    def equivalence_pvalue(self, margin: float) -> float:
        """TOST, agreeing with the 90 % limits."""
        return self.look.one_sided(tost(self.data, margin, design=self.design).pvalue)


def gather(paired: Paired, rng: np.random.Generator, look: Look = WHOLE) -> Evidence:
    """All evidence on one task. 0/1 scores go by Tango and McNemar; others by paired t, or bounded where few differ."""
    d = paired.differences
    worth = design(d, paired.clusters)
    if paired.binary:
        return _of_table(PairedTable.of(paired.baseline, paired.candidate), paired, worth, look, rng)
    if few_differences(d):
        return _of_bounded(paired, worth, look)
    return _of_means(paired, worth, look, rng)


def _of_table(
    table: PairedTable, paired: Paired, worth: Design, look: Look, rng: np.random.Generator
) -> Evidence:
    counted = table.worth(worth.effect)
    opinions = [Opinion("Newcombe", *_both(lambda level: newcombe_interval(counted, level), look))]
    if table.n < SMALL:
        opinions.append(Opinion("Dirichlet", *_both(lambda level: dirichlet_interval(counted, level, rng), look)))
    wide, narrow = _tango(counted, worth, look)
    pvalue, test = _changed(table, paired, worth)
    return Evidence(
        n_items=paired.baseline.size,
        delta=table.delta,
        stderr=_stderr(counted, worth),
        wide=wide,
        narrow=narrow,
        pvalue=look.two_sided(pvalue),
        method=f"Tango score, {test}{_worth(worth)}",
        spread=table.flips,
        opinions=(*opinions, *_sandwich(paired, worth, look)),
        data=table,
        design=worth,
        look=look,
    )


def _changed(table: PairedTable, paired: Paired, worth: Design) -> tuple[float, str]:
    """Test of any change and its name. With few templates all signs alike are no rarity, so the limits' own test."""
    if paired.clusters is None or not worth.groups:
        return mcnemar(table).exact, "exact McNemar"
    nets = np.bincount(paired.clusters, paired.differences)
    if np.count_nonzero(nets) >= ENOUGH_CLUSTERS:
        return sign_flip(paired.differences, paired.clusters), "exact sign-flip test by template"
    return _two_sided(tango_statistic(table.worth(worth.effect), 0.0), worth.dof), "score t test"


def _of_bounded(paired: Paired, worth: Design, look: Look) -> Evidence:
    table = bounded_table(paired.differences)
    counted = table.worth(worth.effect)
    wide, narrow = _tango(counted, worth, look)
    return Evidence(
        n_items=paired.baseline.size,
        delta=table.delta,
        stderr=_stderr(counted, worth),
        wide=wide,
        narrow=narrow,
        pvalue=look.two_sided(_two_sided(tango_statistic(counted, 0.0), worth.dof)),
        method=f"Tango on bounded differences (few items differ){_worth(worth)}",
        spread=table.flips,
        opinions=_sandwich(paired, worth, look),
        data=table,
        design=worth,
        look=look,
    )


def _of_means(paired: Paired, worth: Design, look: Look, rng: np.random.Generator) -> Evidence:
    d = paired.differences
    wide, narrow = _both(lambda level: widened(paired_mean(d, level), worth, level), look)
    opinions: list[Opinion] = []
    if d.size <= _BOOTSTRAP_ITEMS and not worth.groups:
        opinions.append(Opinion("BCa bootstrap", *_both(lambda level: bca_interval(d, level, rng), look)))
    return Evidence(
        n_items=paired.baseline.size,
        delta=wide.delta,
        stderr=wide.stderr,
        wide=_possible(wide.low, wide.high),
        narrow=_possible(narrow.low, narrow.high),
        pvalue=look.two_sided(_two_sided(wide.delta / wide.stderr, wide.dof)),
        method=wide.method + _worth(worth),
        spread=float(np.mean(d**2)),
        opinions=(*opinions, *_sandwich(paired, worth, look)),
        data=d,
        design=worth,
        look=look,
    )


def _tango(counted: PairedTable, worth: Design, look: Look) -> tuple[Interval, Interval]:
    """The headline's limits from counts divided by the design effect."""
    wide = tango_interval(counted, look.interval(0.95), worth.dof, HALF_A_FLIP / worth.effect)
    return wide, tango_interval(counted, look.inner(0.90), worth.dof)


def _sandwich(paired: Paired, worth: Design, look: Look) -> tuple[Opinion, ...]:
    """The cluster-robust t limits without prior or floor, where enough items differ to see a spread over clusters."""
    d = paired.differences
    if worth.groups < 2 or np.count_nonzero(d) < _FLIPS_TO_CLUSTER:
        return ()
    found = paired_mean(d, 0.95, clusters=paired.clusters)

    def limits(level: float) -> Interval:
        half = quantile(level, found.dof) * found.stderr
        return Interval(found.delta - half, found.delta + half)

    return (Opinion("cluster-robust t", *_both(limits, look)),)


def _both(limits: Callable[[float], L], look: Look) -> tuple[L, L]:
    """A method's 95 % and 90 % limits, as wide as the look demands."""
    return limits(look.interval(0.95)), limits(look.inner(0.90))


def _worth(worth: Design) -> str:
    """How items in clusters were counted, for the name of the method."""
    return f" ({worth.groups} templates, design effect {worth.effect:.1f})" if worth.groups else ""


def _possible(low: float, high: float) -> Interval:
    return Interval(max(low, -1.0), min(high, 1.0))


def _stderr(counted: PairedTable, worth: Design) -> float:
    """Standard error that Tango's 95 % interval stands for; unlike the plain one it is never 0."""
    limits = tango_interval(counted, 0.95, worth.dof)
    return (limits.high - limits.low) / (2 * quantile(0.95))


def _two_sided(statistic: float, dof: float) -> float:
    from scipy.special import stdtr

    return float(2 * stdtr(dof, -abs(statistic)))
