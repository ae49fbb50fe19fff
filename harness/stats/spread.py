"""Intervals over rounds of fresh processes, of ratios of arms by round, and of a corpus figure's ratio."""

import math

import numpy as np
from numpy.typing import ArrayLike

from harness.core.errors import InvalidScores
from harness.core.verdict import Scored
from harness.stats.table import Array


def mean_interval(values: ArrayLike, confidence: float = 0.95) -> Scored:
    """Mean over rounds (R,) with its t interval (ddof 1); the limits are NaN with fewer than two rounds."""
    found = _finite(values)
    mean = float(found.mean())
    if found.size < 2:
        return Scored(mean, math.nan, math.nan)
    half = _half(float(found.std(ddof=1)) / math.sqrt(found.size), found.size - 1, confidence)
    return Scored(mean, mean - half, mean + half)


def relative_half_width(values: ArrayLike, confidence: float = 0.95) -> float:
    """Half the t interval of the mean over rounds (R,), as a share of the mean.

    NaN with fewer than two rounds, a mean of 0, or rounds without any spread, which say nothing of how sure they are.
    """
    found = mean_interval(values, confidence)
    if found.score == 0 or not found.high > found.low:
        return math.nan
    return (found.high - found.score) / abs(found.score)


def ratio_interval(candidate: ArrayLike, baseline: ArrayLike, confidence: float = 0.95) -> Scored:
    """Geometric mean over rounds of candidate/baseline, with the t interval of its logarithm.

    Arrays (R,) of positive readings paired by round; the limits are NaN with fewer than two rounds.
    """
    above, below = _finite(candidate), _finite(baseline)
    if above.shape != below.shape or not ((above > 0) & (below > 0)).all():
        raise InvalidScores("a ratio by round needs positive readings of both arms in every round")
    logs = mean_interval(np.log(above / below), confidence)
    return Scored(math.exp(logs.score), math.exp(logs.low), math.exp(logs.high))


def corpus_ratio(baseline: ArrayLike, candidate: ArrayLike, sizes: ArrayLike, confidence: float = 0.95) -> Scored:
    """Ratio of two perplexities over the same documents, by the paired delta method on the ratio of sums.

    Log-likelihoods in nats (n,) of both arms and the documents' sizes (n,) in the unit of the perplexity:
    log ratio R = sum(baseline - candidate) / sum(sizes), its variance n/(n-1) sum (d_i - R w_i)^2 / (sum w)^2.
    The limits are NaN where there is no spread to take them from: one document, or arms equal to the last digit.
    """
    first, second, size = _finite(baseline), _finite(candidate), _finite(sizes)
    if not (first.shape == second.shape == size.shape and (size > 0).all()):
        raise InvalidScores("perplexities need both log-likelihoods and a positive size of every document")
    gap, total, n = first - second, float(size.sum()), size.size
    log = float(gap.sum()) / total
    squares = float(((gap - log * size) ** 2).sum())
    if n < 2 or squares == 0:
        return Scored(math.exp(log), math.nan, math.nan)
    half = _half(math.sqrt(n / (n - 1) * squares) / total, n - 1, confidence)
    return Scored(math.exp(log), math.exp(log - half), math.exp(log + half))


def _half(stderr: float, dof: int, confidence: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(dof, (1 + confidence) / 2)) * stderr


def _finite(values: ArrayLike) -> Array:
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 1 or found.size == 0 or not np.isfinite(found).all():
        raise InvalidScores("a row of at least one finite number is needed")
    return found
