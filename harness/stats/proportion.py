"""One arm's score with its interval."""

import math

from harness.core.errors import InvalidScores
from harness.core.verdict import Interval
from harness.stats.tango import quantile


def wilson(share: float, n: float, confidence: float) -> Interval:
    """Wilson's score interval of a mean of `n` scores in [0, 1].

    Exact in spirit for 0/1 scores; for partial scores it is conservative, since their variance is at most p (1 - p).
    """
    if not (0 <= share <= 1 and n > 0):
        raise InvalidScores(f"a score between 0 and 1 over at least one item is needed, not {share:g} over {n:g}")
    z = quantile(confidence)
    scale = 1 + z * z / n
    centre = (share + z * z / (2 * n)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Interval(max(min(centre - half, share), 0.0), min(max(centre + half, share), 1.0))
