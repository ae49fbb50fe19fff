"""Does a figure move over the rounds? Least squares on the round's number, and the t-test of no slope."""

import math

import numpy as np
from numpy.typing import ArrayLike

from harness.core.errors import InvalidScores
from harness.core.verdict import Scored


def slope(rounds: ArrayLike, values: ArrayLike, confidence: float = 0.95) -> tuple[Scored, float] | None:
    """(slope per round as a share of the mean, with its interval; p-value of no slope).

    `rounds` and `values` are (R,), the former all different. None with fewer than three rounds, no spread or a mean of
    0: nothing can be tested then. A fit without any remainder has p-value 0 and an interval of width 0.
    """
    x, y = np.asarray(rounds, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if x.shape != y.shape or np.unique(x).size != x.size or not np.isfinite(y).all():
        raise InvalidScores("a slope needs one finite value for each of several rounds")
    if x.size < 3 or np.ptp(y) == 0 or y.mean() == 0:
        return None
    from scipy.special import stdtr, stdtrit

    away = x - x.mean()
    fitted = float(away @ y / (away @ away))
    rest = y - y.mean() - fitted * away
    dof = x.size - 2
    stderr = math.sqrt(float(rest @ rest) / dof / float(away @ away))
    statistic = abs(fitted) / stderr if stderr else math.inf
    half, mean = float(stdtrit(dof, (1 + confidence) / 2)) * stderr, float(y.mean())
    limits = sorted(((fitted - half) / mean, (fitted + half) / mean))
    return Scored(fitted / mean, *limits), 2 * float(stdtr(dof, -statistic))
