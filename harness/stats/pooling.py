"""Many tasks seen together: the posterior share of tasks whose true difference lies within a margin.

D_t ~ N(theta_t, SE_t^2), theta_t ~ N(mu, tau^2), mu flat, tau half-normal with scale 2 points. Given tau and mu the
theta_t are independent normals, so everything is closed form on a grid over tau and over quantiles of mu.
"""

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike, NDArray

from harness.core.errors import InvalidScores
from harness.stats.table import Array

TAU_SCALE = 0.02
_TAU_POINTS, _MU_POINTS, _TAU_REACH = 80, 201, 5.0


class Share(Struct, frozen=True):
    """`share`: posterior mean share of tasks within the margin; `most`: P(more than half of the tasks lie within)."""

    share: float
    most: float


def share_within(deltas: ArrayLike, stderrs: ArrayLike, margin: ArrayLike) -> Share:
    """Posterior for K tasks with differences (K,) and standard errors (K,) > 0; `margin` is one share or (K,).

    Raises InvalidScores unless all are finite, stderrs and margins positive, and K at least 2.
    """
    delta, se = np.asarray(deltas, dtype=np.float64), np.asarray(stderrs, dtype=np.float64)
    if delta.ndim != 1 or delta.size < 2 or delta.shape != se.shape:
        raise InvalidScores("pooling needs two tasks or more, each with a difference and a standard error")
    limit = np.broadcast_to(np.asarray(margin, dtype=np.float64), delta.shape)
    if not (np.isfinite(delta) & np.isfinite(se) & (se > 0) & (limit > 0)).all():
        raise InvalidScores("pooling needs finite differences, and standard errors and margins above 0")
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
