"""Is a ratio of two speeds the same as 1, or another one? Two one-sided tests (Schuirmann 1987) on its logarithm.

The limits 1/(1 + x) and 1 + x are alike for "candidate over baseline" and "baseline over candidate", so that exchanging
the arms exchanges "faster" and "slower" and changes nothing else.
"""

import math
from typing import Literal

from numpy.typing import ArrayLike

from harness.stats.spread import ratio_interval

Answer = Literal["faster", "slower", "same", "inconclusive"]


def speed_verdict(
    candidate: ArrayLike, baseline: ArrayLike, better: Literal["higher", "lower"], margin: float, alpha: float = 0.05
) -> Answer:
    """The verdict on positive readings (R,) of two arms, paired by round; raises InvalidScores for any others.

    "same" where the 1 - 2 alpha interval of the ratio lies within 1/(1 + margin) .. 1 + margin; else "faster" or
    "slower" where its 1 - alpha interval excludes 1. Fewer than two rounds, and rounds without any spread, are
    inconclusive: an interval of width 0 would claim a certainty that nothing shows.
    """
    inner = ratio_interval(candidate, baseline, 1 - 2 * alpha)
    outer = ratio_interval(candidate, baseline, 1 - alpha)
    if not outer.high > outer.low:
        return "inconclusive"
    if 1 / (1 + margin) < inner.low and inner.high < 1 + margin:
        return "same"
    if outer.low <= 1 <= outer.high:
        return "inconclusive"
    return _direction(outer.score, better)


def exact_verdict(ratio: float, better: Literal["higher", "lower"], margin: float) -> Answer:
    """The verdict on a ratio that is known exactly: sizes that repeat to the byte in every process."""
    return "same" if abs(math.log(ratio)) < math.log1p(margin) else _direction(ratio, better)


def _direction(ratio: float, better: Literal["higher", "lower"]) -> Answer:
    return "faster" if (ratio > 1) == (better == "higher") else "slower"
