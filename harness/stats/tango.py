"""Tango's score statistic and interval for a paired difference of proportions (Tango 1998, Statistics in Medicine).

For delta = (gained - lost)/n and a hypothetical d:
  T(d) = (x - y - n d) / sqrt(n (2q + d (1 - d))), x = gained, y = lost,
  q = [sqrt(B^2 - 8 n C) - B] / (4 n), B = -x - y + (2n - x + y) d, C = -y d (1 - d);
the interval is {d: |T(d)| <= z}. T falls with d. Everything is computed for d >= 0 and mirrored below 0, where the
formula as printed loses digits; so swapping the arms mirrors the result exactly.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from harness.core.errors import InvalidScores
from harness.core.verdict import Interval
from harness.stats.table import Array, PairedTable

_INSIDE = 1e-13  # keeps the bracket off the estimate itself, where the variance can be 0
_BISECTIONS = 54  # of an interval no longer than 2: double precision


def tango_interval(table: PairedTable, confidence: float, dof: float = math.inf, correction: float = 0.0) -> Interval:
    """Two-sided score interval of `table.delta`; contains it, is never empty or of width 0.

    `dof` below infinity takes the quantile of t, for counts scaled by an estimated design effect. `correction` is the
    continuity correction in items (a half, as in Wilson's corrected interval), 0 for the interval as published.
    """
    z, n = quantile(confidence, dof), table.n
    lost, gained = (table.lost, table.gained, n, z), (table.gained, table.lost, n, z)
    return Interval(-_upper(*lost, correction), _upper(*gained, correction))


def tango_statistic(table: PairedTable, delta: float) -> float:
    """T(delta): standard normal if `delta` is the true difference; infinite where the data exclude it."""
    excess = table.gained - table.lost - table.n * delta
    variance = table.n * _variance(table.gained, table.lost, table.n, delta)
    if excess == 0:
        return 0.0
    return excess / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, excess)


def tango_limits(
    lost: ArrayLike,
    gained: ArrayLike,
    n: ArrayLike,
    confidence: float,
    dof: ArrayLike = math.inf,
    correction: ArrayLike = 0.0,
) -> tuple[Array, Array]:
    """Lower and upper limits for arrays of tables at once (broadcast together); by bisection."""
    from scipy.special import stdtrit

    parts = (np.asarray(part, dtype=np.float64) for part in (lost, gained, n, dof, correction))
    y, x, size, freedom, extra = np.broadcast_arrays(*parts)
    if not ((x >= 0) & (y >= 0) & (size > 0) & (x + y <= size)).all():
        raise InvalidScores("every table needs items, and flips that are not more than its items")
    quantile(confidence)
    z = stdtrit(freedom, (1 + confidence) / 2)
    return -_uppers(y, x, size, z, extra), _uppers(x, y, size, z, extra)


def quantile(confidence: float, dof: float = math.inf) -> float:
    """The t (or normal) quantile of a two-sided interval; raises InvalidScores unless 0 < confidence < 1."""
    from scipy.special import stdtrit

    if not 0 < confidence < 1:
        raise InvalidScores(f"a confidence lies between 0 and 1 (0.95), not {confidence:g}")
    return float(stdtrit(dof, (1 + confidence) / 2))


def _upper(x: float, y: float, n: float, z: float, correction: float) -> float:
    """The root of T(d) = -z between the estimate and 1, without the division that fails at d = 1."""
    from scipy.optimize import brentq

    estimate = (x - y) / n
    if x - y + correction >= n:
        return 1.0

    def excess(d: float) -> float:
        return x - y + correction - n * d + z * math.sqrt(n * _variance(x, y, n, d))

    start = estimate + _INSIDE * (1 - estimate)
    return float(brentq(excess, start, 1.0, xtol=1e-14, rtol=1e-14))


def _variance(x: float, y: float, n: float, d: float) -> float:
    """2q + d (1 - d), n times the variance of the estimated difference where d is the truth."""
    if d < 0:
        x, y, d = y, x, -d
    b = -x - y + (2 * n - x + y) * d
    c = -y * d * (1 - d)
    root = math.sqrt(max(b * b - 8 * n * c, 0.0))
    q = -2 * c / (root + b) if b > 0 else (root - b) / (4 * n)
    return max(2 * q + d * (1 - d), 0.0)


def _uppers(x: Array, y: Array, n: Array, z: Array, correction: Array) -> Array:
    """`_upper` for arrays."""
    low, high = (x - y) / n, np.ones_like(x)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        inside = x - y + correction - n * middle + z * np.sqrt(n * _variances(x, y, n, middle)) > 0
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return high


def _variances(x: Array, y: Array, n: Array, d: Array) -> Array:
    """`_variance` for arrays."""
    first, second, size = np.where(d < 0, y, x), np.where(d < 0, x, y), np.abs(d)
    b = -first - second + (2 * n - first + second) * size
    c = -second * size * (1 - size)
    root = np.sqrt(np.maximum(b * b - 8 * n * c, 0.0))
    positive = b > 0
    q = np.where(positive, -2 * c / np.where(positive, root + b, 1.0), (root - b) / (4 * n))
    return np.asarray(np.maximum(2 * q + size * (1 - size), 0.0), dtype=np.float64)
