"""What re-running alone does: flips between runs of one arm, the band its score moves in, and tests against both.

Runs are columns: (n, m) holds the scores of n items in m runs (replicates times samples) of one arm. The permutation
test asks whether the candidate could be one more run of the baseline: within each item, which of the answers are the
candidate's is drawn anew. "This benchmark" is the estimand with the items fixed: only sampling and numeric noise are
random, so its variance is that within items alone.
"""

import math

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from harness.core.errors import InvalidScores
from harness.stats.means import Estimate
from harness.stats.table import Array
from harness.stats.tango import quantile

RELABELINGS = 9_999
BAND = 1.96
_NUMBERS_AT_ONCE = 4_000_000
_MANY = 1_000  # items whose answers vary, above which the relabelled sum is as normal as it gets
_MOST_VARIANCE = 0.25  # of a score in [0, 1]
_SAME = 1e-9


class NoiseFloor(Struct, frozen=True):
    """Of `runs` runs of one arm: mean share of items that differ from the first run, the largest |difference| of a
    run's score from the first's, and `band` = 1.96 SD of the scores; NaN where there are too few runs.
    """

    runs: int
    flip_rate: float
    largest: float
    band: float


def noise_floor(runs: Array) -> NoiseFloor:
    """The noise floor of (n, m) scores; flip rate and largest need two runs, the band three."""
    scores = _checked(runs)
    if scores.shape[1] < 2:
        return NoiseFloor(scores.shape[1], math.nan, math.nan, math.nan)
    means = scores.mean(axis=0)
    band = BAND * float(means.std(ddof=1)) if means.size > 2 else math.nan
    return NoiseFloor(means.size, flip_rate(scores[:, :1], scores[:, 1:]), float(abs(means[1:] - means[0]).max()), band)


def flip_rate(first: Array, second: Array) -> float:
    """Mean share of items whose score differs between a run of `first` (n, m) and a run of `second` (n, k)."""
    pairs = [(one, two) for one in first.T for two in second.T]
    return float(np.mean([np.mean(np.abs(one - two) > _SAME) for one, two in pairs]))


def one_more_run(candidate: Array, baseline: Array, rng: np.random.Generator, relabelings: int = RELABELINGS) -> float:
    """Two-sided p-value of "the candidate (n, k) is one more run of the baseline (n, m)": relabelling within items."""
    first, second = _checked(candidate), _checked(baseline)
    both = np.concatenate([first, second], axis=1)
    k, total = first.shape[1], both.shape[1]
    varied = both[np.ptp(both, axis=1) > _SAME]
    if not varied.size:
        return 1.0
    seen = abs(float(first.sum() - both.sum() * k / total))
    binary = bool(((varied == 0) | (varied == 1)).all())
    if varied.shape[0] > _MANY and not (binary and k == 1):
        variance = k * (total - k) / total * float(varied.var(axis=1, ddof=1).sum())
        return math.erfc(seen / math.sqrt(2 * variance))
    drawn = (_drawn_binary if binary else _drawn)(varied, k, rng, relabelings) - varied.sum() * k / total
    return float((1 + np.count_nonzero(np.abs(drawn) >= seen - _SAME)) / (relabelings + 1))


def this_benchmark(candidate: Array, baseline: Array, confidence: float) -> Estimate | None:
    """Difference with the items fixed, from runs (n, k) and (n, m); None where no item was answered twice.

    Variance (1/n^2) sum_i s_i^2 (1/k + 1/m) with s^2 pooled over both arms' repeated answers. The number of items whose
    answers vary enters by its one-sided 95 % Poisson limit: noise that n items did not show is not taken to be none.
    """
    from scipy.special import chdtri

    first, second = _checked(candidate), _checked(baseline)
    k, m, n = first.shape[1], second.shape[1], first.shape[0]
    freedom = (k - 1) + (m - 1)
    if not freedom:
        return None
    squares = sum(one.var(axis=1) * one.shape[1] for one in (first, second) if one.shape[1] > 1)
    within = np.asarray(squares) / freedom
    varied = int(np.count_nonzero(within > _SAME))
    typical = float(within[within > _SAME].mean()) if varied else _MOST_VARIANCE
    most = float(chdtri(2 * (varied + 1), 0.05)) / 2
    stderr = math.sqrt(most * typical * (1 / k + 1 / m)) / n
    delta = float(first.mean() - second.mean())
    half = quantile(confidence) * stderr
    return Estimate(delta, stderr, delta - half, delta + half, math.inf, "items fixed")


def _drawn_binary(varied: Array, k: int, rng: np.random.Generator, relabelings: int) -> Array:
    """Sums of the candidate's scores under relabelling (relabelings,); items with equal counts are drawn together."""
    total = varied.shape[1]
    drawn = np.zeros(relabelings)
    for right, items in zip(*np.unique(varied.sum(axis=1).astype(int), return_counts=True), strict=True):
        if k == 1:
            drawn += rng.binomial(items, right / total, size=relabelings)
            continue
        drawn += rng.hypergeometric(right, total - right, k, size=(relabelings, items)).sum(axis=1)
    return drawn


def _drawn(varied: Array, k: int, rng: np.random.Generator, relabelings: int) -> Array:
    """As above for scores that are not 0/1: whole relabellings of all items, some at a time to bound the memory."""
    at_once = max(1, _NUMBERS_AT_ONCE // varied.size)
    found: list[Array] = []
    for start in range(0, relabelings, at_once):
        count = min(at_once, relabelings - start)
        order = rng.permuted(np.broadcast_to(np.arange(varied.shape[1]), (count, *varied.shape)), axis=-1)[..., :k]
        picked: NDArray[np.float64] = np.take_along_axis(varied[None], order, axis=-1)
        found.append(picked.sum(axis=(1, 2)))
    return np.concatenate(found)


def _checked(runs: Array) -> Array:
    scores = np.asarray(runs, dtype=np.float64)
    if scores.ndim != 2 or not scores.size:
        raise InvalidScores(f"runs come as (items, runs), not with shape {scores.shape}")
    if not ((scores >= 0) & (scores <= 1)).all():  # also for NaN
        raise InvalidScores("scores of runs lie between 0 and 1")
    return scores
