"""Many tasks seen together: a random-effects mean, and the posterior share of tasks that truly lie within a margin.

Mean: tau by Paule and Mandel (1982), t limits by Hartung and Knapp (2001) whose scale is not let below 1, prediction
interval by Higgins, Thompson and Spiegelhalter (2009). statsmodels' `combine_effects(..., "iterated")` agrees and has
no prediction interval.

Share: D_t ~ N(theta_t, SE_t^2), theta_t ~ N(mu, tau^2), mu flat, tau half-normal with scale 2 points. Given tau and mu
the theta_t are independent normals, so everything is closed form on a grid over tau and over quantiles of mu.
"""

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike, NDArray

from harness.core.errors import InvalidScores
from harness.stats.table import Array

TAU_SCALE = 0.02
POOLED = 5  # tasks below which the spread between tasks cannot be seen
_CONFIDENCE = 0.95
_TAU_POINTS, _MU_POINTS, _TAU_REACH = 80, 201, 5.0


class Share(Struct, frozen=True):
    """`share`: posterior mean share of tasks within the margin; `most`: P(more than half of the tasks lie within)."""

    share: float
    most: float


class Pooled(Struct, frozen=True):
    """Mean difference over tasks with 95 % limits, and limits for the true difference of one more such task.

    `tau` is the standard deviation of true differences between tasks.
    """

    estimate: float
    stderr: float
    low: float
    high: float
    prediction_low: float
    prediction_high: float
    tau: float


def random_effects(deltas: ArrayLike, stderrs: ArrayLike) -> Pooled:
    """Pool K >= 5 tasks with differences (K,) and standard errors (K,) > 0; raises InvalidScores for fewer."""
    from scipy.special import stdtrit

    delta, se = _tasks(deltas, stderrs)
    count = delta.size
    if count < POOLED:
        raise InvalidScores(f"list {count} tasks, don't pool them: fewer than {POOLED} do not show how tasks vary")
    variance = _between(delta, se**2)
    weights = 1 / (se**2 + variance)
    estimate = float(weights @ delta / weights.sum())
    scale = max(1.0, float(weights @ (delta - estimate) ** 2) / (count - 1))
    stderr = float(np.sqrt(scale / weights.sum()))
    half = float(stdtrit(count - 1, (1 + _CONFIDENCE) / 2)) * stderr
    reach = float(stdtrit(count - 2, (1 + _CONFIDENCE) / 2) * np.sqrt(variance + stderr**2))
    limits = (estimate - half, estimate + half, estimate - reach, estimate + reach)
    return Pooled(estimate, stderr, *limits, float(np.sqrt(variance)))


def _between(delta: Array, within: Array) -> float:
    """Variance between tasks that makes the weighted sum of squares what K - 1 degrees of freedom expect, or 0."""
    from scipy.optimize import brentq

    def excess(variance: float) -> float:
        weights = 1 / (within + variance)
        return float(weights @ (delta - weights @ delta / weights.sum()) ** 2) - (delta.size - 1)

    if excess(0.0) <= 0:
        return 0.0
    return float(brentq(excess, 0.0, float(np.sum((delta - delta.mean()) ** 2)), xtol=1e-15))


def _tasks(deltas: ArrayLike, stderrs: ArrayLike) -> tuple[Array, Array]:
    delta, se = np.asarray(deltas, dtype=np.float64), np.asarray(stderrs, dtype=np.float64)
    if delta.ndim != 1 or delta.size < 2 or delta.shape != se.shape:
        raise InvalidScores("pooling needs two tasks or more, each with a difference and a standard error")
    if not (np.isfinite(delta) & np.isfinite(se) & (se > 0)).all():
        raise InvalidScores("pooling needs finite differences and standard errors above 0")
    return delta, se


def share_within(deltas: ArrayLike, stderrs: ArrayLike, margin: ArrayLike) -> Share:
    """Posterior for K tasks with differences (K,) and standard errors (K,) > 0; `margin` is one share or (K,).

    Raises InvalidScores unless all are finite, stderrs and margins positive, and K at least 2.
    """
    delta, se = _tasks(deltas, stderrs)
    limit = np.asarray(margin, dtype=np.float64)
    if limit.shape not in ((), delta.shape) or not (limit > 0).all():
        raise InvalidScores("pooling needs one margin above 0, or one for each task")
    limit = np.broadcast_to(limit, delta.shape)
    inside, weight = _inside(delta, se, limit)
    most = (_counts(inside)[..., delta.size // 2 + 1 :]).sum(axis=-1)
    share = float(weight @ inside.mean(axis=(-2, -1)))
    return Share(min(share, 1.0), min(float(weight @ most.mean(axis=-1)), 1.0))


def _inside(delta: Array, se: Array, limit: NDArray[np.float64]) -> tuple[Array, Array]:
    """P(|theta_t| < limit_t | tau, mu) as (tau, mu, K), and the posterior weight of each tau."""
    from scipy.special import ndtr, ndtri

    tau = (np.arange(_TAU_POINTS) + 0.5) / _TAU_POINTS * _TAU_REACH * TAU_SCALE
    spread = se**2 + tau[:, None] ** 2
    precision = (1 / spread).sum(axis=1)
    centre = (delta / spread).sum(axis=1) / precision
    log = -(tau**2) / (2 * TAU_SCALE**2) - np.log(precision) / 2
    log = log - (np.log(spread) / 2 + (delta - centre[:, None]) ** 2 / (2 * spread)).sum(axis=1)
    weight = np.exp(log - log.max())
    quantiles = ndtri((np.arange(_MU_POINTS) + 0.5) / _MU_POINTS)
    mu = centre[:, None] + quantiles / np.sqrt(precision)[:, None]
    pull = (tau[:, None] ** 2 / spread)[:, None, :]  # how far a task's own data outweigh mu
    mean = pull * delta + (1 - pull) * mu[:, :, None]
    sd = np.sqrt(pull) * se
    return np.asarray(ndtr((limit - mean) / sd) - ndtr((-limit - mean) / sd), dtype=np.float64), weight / weight.sum()


def _counts(inside: Array) -> Array:
    """Distribution of the number of tasks inside (..., K + 1): independent, unequal probabilities."""
    counts = np.zeros((*inside.shape[:-1], inside.shape[-1] + 1))
    counts[..., 0] = 1
    for task in range(inside.shape[-1]):
        p = inside[..., task, None]
        shifted = np.concatenate([np.zeros_like(p), counts[..., :-1]], axis=-1)
        counts = counts * (1 - p) + shifted * p
    return counts
