"""Latencies of many requests: percentiles that enough of them stand behind, the curve, and what lies far outside.

How many are enough: the smallest number of requests of which two or more lie beyond the percentile with at least 99 %
probability, that is n with (1 - p)^n + n p (1 - p)^(n - 1) <= 1 % where p is the share beyond. These are the least
numbers of queries in MLPerf Inference's early stopping (64 at the 90th percentile, 662 at the 99th).

What is a stall: a value whose modified z-score, 0.6745 (x - median) / MAD, is above 3.5 (Iglewicz and Hoaglin 1993,
"How to detect and handle outliers") and that is also several times the median. The second condition is ours: times
between tokens agree so closely that the first alone calls a delay nobody can notice an outlier.
"""

import numpy as np
from numpy.typing import NDArray

Sample = NDArray[np.floating]

ENOUGH = {0.5: 11, 0.9: 64, 0.95: 130, 0.99: 662, 0.999: 6_636}
"""Share at or below the percentile -> requests needed."""
_MODIFIED_Z, _NORMAL = 3.5, 0.6745


def quantiles(values: Sample, requests: int) -> tuple[tuple[float, float], ...]:
    """(share, value) of each percentile that `requests` are enough for; linear between order statistics."""
    shares = [share for share, needed in ENOUGH.items() if requests >= needed and values.size]
    return tuple(zip(shares, map(float, np.quantile(values, shares)), strict=True)) if shares else ()


def curve(values: Sample, points: int = 200) -> tuple[tuple[float, float], ...]:
    """(share, value) of the empirical distribution, its ends among them, at most `points`; () of nothing."""
    if not values.size:
        return ()
    ordered = np.sort(values)
    picked = np.unique(np.linspace(0, ordered.size - 1, min(points, ordered.size)).round().astype(np.int64))
    return tuple((float((index + 1) / ordered.size), float(ordered[index])) for index in picked)


def stalls(values: Sample, times_median: float) -> NDArray[np.intp]:
    """Indices (ascending) of values that are outlying and at least `times_median` times the median."""
    if values.size < 3:
        return np.empty(0, dtype=np.intp)
    centre = float(np.median(values))
    spread = float(np.median(np.abs(values - centre)))
    limit = max(times_median * centre, centre + _MODIFIED_Z * spread / _NORMAL)
    return np.flatnonzero(values > limit)
