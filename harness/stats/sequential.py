"""Looking before all answers are in, without paying for it in false verdicts: O'Brien and Fleming's boundary (1979).

With a share t of the items in, z(t) sqrt(t) moves like Brownian motion B(t). The boundary is flat in B: a look rejects
where |z| >= c / sqrt(t), and c is such that all looks together reject in `alpha` of the cases where there is nothing to
find. For looks at 1/4, 1/2 and 1: two-sided at 5 % c = 1.98 (z 3.96, 2.80, 1.98); one-sided at 5 %, as each half of
TOST is, c = 1.68 (z 3.36, 2.37, 1.68).

Limits at those z are repeated confidence intervals (Jennison and Turnbull 1989), and p-values are turned into the
smallest alpha at which the boundary was met. Both hold at whatever look a task ends and for whatever reason: because
its other candidates were settled, or because somebody stopped the run.
"""

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from harness.core.errors import InvalidScores
from harness.core.look import LAST, SHARES, items_at

Sides = Literal[1, 2]
_FAR = 8.0  # standard deviations beyond which nothing lies
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(160)


@dataclass(frozen=True)
class Look:
    """The look at which two arms are compared: 1 to 3, or 0 where all items are answered before anybody looks.

    `planned` is how many items the task has; 0 as many as were answered.
    """

    number: int = 0
    planned: int = 0

    def interval(self, level: float) -> float:
        """Confidence at which a two-sided interval is computed, so that over all looks it holds at `level`."""
        return self._confidence(level, 2, 1 - level)

    def inner(self, level: float) -> float:
        """The same for limits that are two one-sided tests at (1 - level) / 2, as those of TOST."""
        return self._confidence(level, 1, (1 - level) / 2)

    def two_sided(self, pvalue: float) -> float:
        """The two-sided p-value of this look as one that holds over all looks."""
        return overall(pvalue, self.number, 2) if self.number else pvalue

    def one_sided(self, pvalue: float) -> float:
        """The same for a one-sided p-value."""
        return overall(pvalue, self.number, 1) if self.number else pvalue

    def _confidence(self, level: float, sides: Sides, alpha: float) -> float:
        from scipy.special import ndtr

        return float(1 - 2 * ndtr(-boundary(alpha, sides)[self.number - 1])) if self.number else level


WHOLE = Look()


def looks(n: int) -> tuple[int, ...]:
    """Items that are in at each look at a task of `n`."""
    return tuple(items_at(number, n) for number in range(1, LAST + 1))


@cache
def boundary(alpha: float, sides: Sides) -> tuple[float, ...]:
    """z of each look at which a test with error `alpha` over all looks rejects.

    Raises InvalidScores for an alpha outside (0, 0.5).
    """
    from scipy.optimize import brentq

    if not 0 < alpha < 0.5:
        raise InvalidScores(f"alpha lies between 0 and 0.5, not {alpha:g}")
    level = float(brentq(lambda c: crossing(c, sides) - alpha, 0.0, _FAR, xtol=1e-12))
    return tuple(level / share**0.5 for share in SHARES)


def overall(pvalue: float, look: int, sides: Sides) -> float:
    """The smallest alpha whose boundary this look's p-value meets: itself or more. NaN stays NaN."""
    from scipy.special import ndtri

    if not 0 < pvalue < 1:
        return pvalue
    level = -float(ndtri(pvalue / sides)) * SHARES[look - 1] ** 0.5
    return max(pvalue, min(crossing(level, sides), 1.0))


def crossing(level: float, sides: Sides) -> float:
    """Chance that B(t) reaches `level` (either way with two sides) at one of the looks, by quadrature.

    Given B(1/2) = b, B(1/4) is normal about b/2 and B(1) about b, independently: one integral over b is left.
    """
    from scipy.special import ndtr

    first, middle, last = SHARES
    spread = middle**0.5, (first * (middle - first) / middle) ** 0.5, (last - middle) ** 0.5
    low, high = (-level if sides == 2 else -_FAR * spread[0]), min(level, _FAR * spread[0])
    low = max(low, -_FAR * spread[0])
    if high <= low:
        return 1.0
    b = (high + low) / 2 + (high - low) / 2 * _NODES
    before, after = (first / middle * b, spread[1]), (b, spread[2])
    inside = np.exp(-0.5 * (b / spread[0]) ** 2) / (spread[0] * (2 * np.pi) ** 0.5)
    for centre, sd in (before, after):
        below = ndtr((-level - centre) / sd) if sides == 2 else 0.0
        inside = inside * (ndtr((level - centre) / sd) - below)
    return 1 - float((high - low) / 2 * (_WEIGHTS @ inside))
