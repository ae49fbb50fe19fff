"""The product's verdict and what others would say, on many data sets at once.

`ours` is harness.compare.evidence and verdict written for arrays; a test holds it to them, item by item. The others:
the difference of two scores with the standard errors that lm-eval prints (unpaired), Wald's paired interval, the paired
percentile bootstrap (its limit for infinitely many resamples, from the characteristic function), and Tango's interval
alone, as published, with clusters ignored.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, ndtri, stdtr, stdtrit

from benchmarks.coverage_truth import BASELINE, Data, Truth
from harness.compare.evidence import ENOUGH_CLUSTERS, HALF_A_FLIP
from harness.stats.clusters import sign_flip_of
from harness.stats.means import FEW
from harness.stats.table import Array
from harness.stats.tango import tango_limits

ALPHA = 0.05
Pair = tuple[Array, Array]
_EXACT_ROWS = 2_000  # of random data sets, on which the exact test by cluster (a loop) is made where most are changed
_BOOTSTRAP_ROWS = 2_000
_SPREAD_SD = 7.0


@dataclass(frozen=True, eq=False)
class Limits:
    """95 % and 90 % limits (R,) and whether any change is shown (R,)."""

    wide: tuple[Array, Array]
    narrow: tuple[Array, Array]
    shown: NDArray[np.bool_]


@dataclass(frozen=True)
class Rates:
    """How often the 95 % interval misses the truth, the data are called equivalent, changed, and a loss."""

    miss: float
    equivalent: float
    changed: float
    degraded: float


@dataclass(frozen=True)
class Row:
    """One method on one truth."""

    truth: Truth
    method: str
    rates: Rates

    def errors(self) -> dict[str, float]:
        """The rates that should be 5 % at most, by name."""
        found = {"interval misses": self.rates.miss}
        if self.truth.delta == 0:
            found["false change"] = self.rates.changed
        elif abs(self.truth.delta) >= self.truth.margin:
            found["false equivalent"] = self.rates.equivalent
        return found


def rates(truth: Truth, found: Data, limits: Limits) -> Rates:
    """Shares of the probability of the data sets that `limits` covers (the first ones, where it is a part)."""
    rows = limits.shown.size
    weight = found.weight[:rows] / found.weight[:rows].sum()
    low, high = limits.wide
    miss = np.asarray((low > truth.delta) | (high < truth.delta), dtype=np.bool_)
    equivalent = (limits.narrow[0] > -truth.margin) & (limits.narrow[1] < truth.margin)
    changed = limits.shown & ((high < 0) | (low > 0))
    parts = (miss, equivalent, changed, changed & (high < 0))
    return Rates(*(float(weight @ part) for part in parts))


def ours(truth: Truth, found: Data) -> Limits:
    """The headline method as the product applies it."""
    table = _tango(found, found.effect, found.dof, HALF_A_FLIP)
    if truth.samples == 1:
        return Limits(*table, _exact(found, table[0]))
    delta, stderr = found.total / found.n, _stderr(found) * np.sqrt(found.effect)
    dof = np.minimum(found.n - 1.0, found.dof)
    few = (found.changed < min(FEW, found.n / 2)) | (stderr == 0)
    wide, narrow = (
        tuple(np.where(few, bounded, delta + side * stdtrit(dof, level) * stderr)
              for bounded, side in zip(limits, (-1, 1), strict=True))
        for limits, level in zip(table, (0.975, 0.95), strict=True)
    )
    flips = found.gained + found.lost
    score = np.where(flips > 0, found.total / np.sqrt(np.where(flips > 0, flips, 1) * found.effect), 0.0)
    t = delta / np.where(stderr > 0, stderr, 1.0)
    pvalue = 2 * np.where(few, stdtr(found.dof, -np.abs(score)), stdtr(dof, -np.abs(t)))
    return Limits((wide[0], wide[1]), (narrow[0], narrow[1]), pvalue < ALPHA)


def tango_alone(_: Truth, found: Data) -> Limits:
    """Tango as published and McNemar, as if items in clusters were independent."""
    table = _tango(found, np.ones(found.total.size), np.full(found.total.size, np.inf), 0.0)
    return Limits(*table, _mcnemar(found))


def wald(_: Truth, found: Data) -> Limits:
    """Mean difference plus or minus z standard errors."""
    return _normal(found.total / found.n, _stderr(found) * (1 - 1 / found.n) ** 0.5)


def unpaired(truth: Truth, found: Data) -> Limits:
    """Two scores, each with its own standard error, taken as independent."""
    after = BASELINE + truth.delta
    variance = BASELINE * (1 - BASELINE) + after * (1 - after)
    if truth.samples > 1:  # of means over samples: Beta(0.8, 0.4) between items, one eighth of the rest within
        mean, within = 2 / 3, 0.8 * 0.4 / (1.2 * 2.2)
        variance = 2 * (mean * (1 - mean) - within + within / 8)
    return _normal(found.total / found.n, np.full(found.total.size, (variance / found.n) ** 0.5))


def bootstrap(_: Truth, found: Data) -> Limits:
    """Percentiles of the mean over items drawn with replacement."""
    assert found.histogram is not None
    rows = found.total.size if found.nets is None and _is_binary(found) else min(_BOOTSTRAP_ROWS, found.total.size)
    counts = found.histogram[:rows]
    unique, back = np.unique(counts, axis=0, return_inverse=True)
    low, narrow_low, narrow_high, high = (part[back.ravel()] for part in _percentiles(unique, found.n))
    return Limits((low, high), (narrow_low, narrow_high), np.ones(rows, dtype=np.bool_))


METHODS: dict[str, Callable[[Truth, Data], Limits]] = {
    "ours": ours,
    "Tango alone": tango_alone,
    "Wald": wald,
    "bootstrap": bootstrap,
    "unpaired z": unpaired,
}


def _tango(found: Data, effect: Array, dof: Array, correction: float) -> tuple[Pair, Pair]:
    counts = found.lost / effect, found.gained / effect, found.n / effect
    wide = tango_limits(*counts, 0.95, dof, correction / effect)
    return wide, tango_limits(*counts, 0.90, dof)


def _exact(found: Data, wide: tuple[Array, Array]) -> NDArray[np.bool_]:
    """Whether the exact test rejects; by cluster only where the interval leaves 0 out, as both are asked for."""
    if found.nets is None:
        return _mcnemar(found)
    shown = (wide[1] < 0) | (wide[0] > 0)  # where few clusters changed, the limits decide alone
    rows = np.flatnonzero(shown & (np.count_nonzero(found.nets, axis=1) >= ENOUGH_CLUSTERS))
    tested = rows[:_EXACT_ROWS]
    rejected = np.array([sign_flip_of(found.nets[row]) < ALPHA for row in tested], dtype=np.bool_)
    shown[tested] = rejected
    if rows.size > tested.size:  # the rest in the same proportion: drawn alike, so the first rows stand for all
        shown[rows[tested.size :]] = np.arange(rows.size - tested.size) < rejected.mean() * (rows.size - tested.size)
    return np.asarray(shown, dtype=np.bool_)


def _mcnemar(found: Data) -> NDArray[np.bool_]:
    flips, fewer = np.rint(found.changed), np.rint(np.minimum(found.lost, found.gained))
    pvalue = np.where(flips > 0, 2 * bdtr(fewer, np.maximum(flips, 1).astype(np.int64), 0.5), 1.0)
    return np.asarray(pvalue < ALPHA, dtype=np.bool_)


def _is_binary(found: Data) -> bool:
    return bool((found.changed == found.gained + found.lost).all())


def _stderr(found: Data) -> Array:
    spread = np.maximum(found.squares - found.total**2 / found.n, 0.0)
    return np.asarray(np.sqrt(spread / (found.n - 1) / found.n))


def _normal(delta: Array, stderr: Array) -> Limits:
    wide, narrow = (float(ndtri(level)) * stderr for level in (0.975, 0.95))
    return Limits((delta - wide, delta + wide), (delta - narrow, delta + narrow), np.ones(delta.size, dtype=np.bool_))


def _percentiles(counts: Array, n: int) -> list[Array]:
    """2.5, 5, 95 and 97.5 % points (R,) of the mean of n draws from each histogram (R, 17)."""
    step = 8 if not counts[:, 1:8].any() and not counts[:, 9:16].any() else 1
    value = np.arange(-8, 9) // step if step == 1 else np.array([-1] * 8 + [0] + [1] * 8)
    share = counts / n
    mean = share @ value
    spread = np.sqrt(n * np.maximum(share @ value**2 - mean**2, 0)).max()
    period = 1 << int(2 * _SPREAD_SD * spread + 8).bit_length()
    centre = np.rint(n * mean)
    found = []
    for part in np.array_split(np.arange(len(counts)), max(1, len(counts) * period // 2_000_000)):
        angles = 2 * np.pi * np.arange(period // 2 + 1) / period
        one = share[part] @ np.exp(-1j * np.outer(value, angles))
        shift = np.exp(1j * angles * (centre[part, None] + period // 2))
        weights = np.fft.irfft(one**n * shift, period)
        upto = np.cumsum(weights, axis=1)
        points = [np.argmax(upto >= level - 1e-9, axis=1) for level in (0.025, 0.05, 0.95, 0.975)]
        found.append(np.stack(points) - period // 2 + centre[part])
    return list(np.concatenate(found, axis=1) * step / 8 / n)
