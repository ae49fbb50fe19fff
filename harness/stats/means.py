"""Mean paired difference of scores in [0, 1], with independent, clustered or stratified items.

Clusters: SE^2 = G/(G-1) sum_g (sum of residuals in g)^2 / n^2, t with G - 1 degrees of freedom. Strata (fixed, such as
subjects): SE^2 = sum_s w_s^2 SE_s^2, degrees of freedom after Satterthwaite. Both together: clusters within strata.

Few non-zero differences: a t interval over 1,000 items of which two differ promises too much, and over none of which
differ has width 0. Then the bounded table takes over: replace each score by a coin of that probability, both arms on
the same throw; the expected paired table has the same delta and at least the same variance, so Tango's interval on its
(fractional) counts is a conservative one. For 0/1 scores it is Tango's interval itself.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike, NDArray

from harness.core.errors import InvalidScores
from harness.stats.table import Array, PairedTable, differences
from harness.stats.tango import quantile, tango_interval

FEW = 25  # non-zero differences below which neither t nor a bootstrap is to be trusted
_NO_SPREAD = 1e-12
Codes = NDArray[np.int64]


class Estimate(Struct, frozen=True):
    """Mean difference with its standard error and two-sided limits; `dof` is infinite where the limits are not t."""

    delta: float
    stderr: float
    low: float
    high: float
    dof: float
    method: str


class _Design(Struct, frozen=True):
    """Items -> strata (n,), items -> units of independent draws (n,), units -> strata (G,), weights of strata (S,)."""

    stratum: Codes
    unit: Codes
    unit_stratum: Codes
    weights: Array
    clustered: bool


def paired_mean(
    values: ArrayLike,
    confidence: float,
    clusters: Sequence[object] | NDArray[np.generic] | None = None,
    strata: Sequence[object] | NDArray[np.generic] | None = None,
    weights: Literal["micro", "macro"] | Sequence[float] | None = None,
) -> Estimate:
    """Mean of paired differences (n,) in [-1, 1]; `clusters` and `strata` name the group of each item (n,).

    `weights` of the strata: "micro" (by size, the default), "macro" (equal), or one per stratum in sorted order.
    Raises InvalidScores for NaN, differences outside [-1, 1], or groups that do not fit.
    """
    d = differences(values)
    design = _design(d.size, clusters, strata, weights)
    delta, stderr, dof = _moments(d, design)
    if _few(d, design) or stderr == 0:
        return _bounded(d, design, confidence)
    from scipy.special import stdtrit

    half = float(stdtrit(dof, (1 + confidence) / 2)) * stderr
    kind = "cluster-robust " if design.clustered else ""
    kind += "stratified " if strata is not None else ""
    return Estimate(delta, stderr, delta - half, delta + half, dof, f"{kind}paired t")


def bounded_table(values: ArrayLike, shares: Array | None = None, effective_n: float | None = None) -> PairedTable:
    """The table of fractional counts whose Tango interval is conservative for these differences in [-1, 1].

    `shares` (n,) are the items' weights in the mean, summing to 1; `effective_n` is what the design is worth in items.
    """
    d = differences(values)
    weight = np.full(d.size, 1 / d.size) if shares is None else shares
    n = float(d.size if effective_n is None else effective_n)
    gained, lost = n * float(np.maximum(d, 0) @ weight), n * float(np.maximum(-d, 0) @ weight)
    return PairedTable(max(n - gained - lost, 0.0), lost, gained, 0.0)


def few_differences(values: ArrayLike) -> bool:
    """Whether so few independent items differ that the bounded table must take over from t."""
    d = differences(values)
    return _few(d, _design(d.size, None, None, None)) or float(d.std()) <= _NO_SPREAD


def _few(d: Array, design: _Design) -> bool:
    units = design.unit_stratum.size
    if design.clustered:
        return units - design.weights.size < 1
    return units < 2 or bool(np.count_nonzero(d) < min(FEW, units / 2))


def _design(
    n: int,
    clusters: Sequence[object] | NDArray[np.generic] | None,
    strata: Sequence[object] | NDArray[np.generic] | None,
    weights: Literal["micro", "macro"] | Sequence[float] | None,
) -> _Design:
    stratum = np.zeros(n, dtype=np.int64) if strata is None else _codes(strata, n, "strata")
    sizes = np.bincount(stratum)
    unit = np.arange(n, dtype=np.int64)
    if clusters is not None:
        # A cluster that reaches into two strata is two units: strata are fixed, draws happen within them.
        unit = _codes(_codes(clusters, n, "clusters") * sizes.size + stratum, n, "clusters")
    unit_stratum = np.zeros(unit.max() + 1, dtype=np.int64)
    unit_stratum[unit] = stratum
    return _Design(stratum, unit, unit_stratum, _weights(weights, sizes), clusters is not None)


def _codes(names: Sequence[object] | NDArray[np.generic], n: int, what: str) -> Codes:
    if len(names) != n:
        raise InvalidScores(f"{what} name the group of each of {n} items, but {len(names)} were given")
    found = np.asarray(names)
    if np.issubdtype(found.dtype, np.integer) and found.min() >= 0 and found.max() < 4 * n:  # without sorting
        numbers: Codes = np.cumsum(np.bincount(found) > 0) - 1
        return np.asarray(numbers[found], dtype=np.int64)
    return np.unique(found, return_inverse=True)[1].astype(np.int64).ravel()


def _weights(weights: Literal["micro", "macro"] | Sequence[float] | None, sizes: Codes) -> Array:
    if weights is None or weights == "micro":
        return np.asarray(sizes / sizes.sum(), dtype=np.float64)
    if weights == "macro":
        return np.full(sizes.size, 1 / sizes.size)
    given = np.asarray(weights, dtype=np.float64)
    if given.shape != sizes.shape or not (given > 0).all():
        raise InvalidScores(f"{sizes.size} strata need as many positive weights, or 'micro' or 'macro'")
    return np.asarray(given / given.sum(), dtype=np.float64)


def _moments(d: Array, design: _Design) -> tuple[float, float, float]:
    """Delta, standard error and degrees of freedom; a stratum with a single unit has none and gives infinity."""
    sizes = np.bincount(design.stratum)
    means = np.bincount(design.stratum, d) / sizes
    sums = np.bincount(design.unit, d - means[design.stratum])
    units = np.bincount(design.unit_stratum)
    if (units < 2).any():
        if design.weights.size > 1:
            raise InvalidScores("every stratum needs at least two independent items or clusters; merge the small ones")
        return float(design.weights @ means), float("inf"), 0.0
    parts = design.weights**2 * units / (units - 1) * np.bincount(design.unit_stratum, sums**2) / sizes**2
    variance = float(parts.sum())
    if variance <= _NO_SPREAD**2:  # rounding, not spread
        return float(design.weights @ means), 0.0, float((units - 1).sum())
    dof = variance**2 / float((parts**2 / (units - 1)).sum())
    return float(design.weights @ means), variance**0.5, dof


def _bounded(d: Array, design: _Design, confidence: float) -> Estimate:
    """Tango on expected counts, over as many items as the design is worth if clusters hold together completely."""
    shares = design.weights[design.stratum] / np.bincount(design.stratum)[design.stratum]
    effective = 1 / float((np.bincount(design.unit, shares) ** 2).sum())
    table = bounded_table(d, shares, effective)
    limits = tango_interval(table, confidence)
    stderr = (limits.high - limits.low) / (2 * quantile(confidence))
    return Estimate(table.delta, stderr, limits.low, limits.high, float("inf"), "Tango on bounded differences")
