"""Sample sizes before any item is run; needs no numpy, so that `plan` starts fast.

Paired normal-theory formulas at 5 % error and 80 % power. The variance of an item's difference is its flip rate less
delta squared. Where flips are so rare that normal theory would promise too much, the zero-flip Tango limit
z^2 / (n + z^2) takes over: without a single flip, that is still how far a 90 % interval reaches.
"""

import math
from statistics import NormalDist

from harness.core.config import Protocol
from harness.core.errors import InvalidScores

BIG_SUITE, BIG_MARGIN, SMALL_MARGIN = 4_000, 0.01, 0.02
Z90 = NormalDist().inv_cdf(0.95)
Z95 = NormalDist().inv_cdf(0.975)
_POWER_80 = NormalDist().inv_cdf(0.80)
_POWER_80_BOTH_SIDES = NormalDist().inv_cdf(0.90)
EQUIVALENCE = (Z90 + _POWER_80_BOTH_SIDES) ** 2  # 8.56
ONE_SIDED = (Z90 + _POWER_80) ** 2  # 6.18
SMALLEST_DELTA = 1e-6


def margin_for(protocol: Protocol, n_items: int) -> float:
    """The margin fixed before the run: the protocol's own, else 1 point for 4,000 items or more, else 2."""
    if protocol.margin is not None:
        return protocol.margin
    return BIG_MARGIN if n_items >= BIG_SUITE else SMALL_MARGIN


def items_needed(flips: float, margin: float) -> int:
    """Items that show equivalence within `margin` with 80 % power, truth 0, at flip rate `flips` (both shares)."""
    _check(flips, margin)
    return math.ceil(max(EQUIVALENCE * flips / margin**2, Z90**2 * (1 - margin) / margin))


def items_for_noninferiority(flips: float, margin: float) -> int:
    """Items that show "not worse by more than `margin`" with 80 % power, truth 0."""
    _check(flips, margin)
    return math.ceil(max(ONE_SIDED * flips / margin**2, Z90**2 * (1 - margin) / margin))


def detection(alpha: float = 0.05) -> float:
    """The factor of a two-sided test: 7.85 at 5 %."""
    return (NormalDist().inv_cdf(1 - alpha / 2) + _POWER_80) ** 2


def items_to_detect(flips: float, delta: float, alpha: float = 0.05) -> int:
    """Items that detect a true difference `delta` (a share, not 0) two-sided at `alpha` with 80 % power."""
    _check(flips, abs(delta))
    if abs(delta) < SMALLEST_DELTA:
        raise InvalidScores(
            f"a difference of {delta:g} is too small to plan for; name one of {SMALLEST_DELTA:g} or more"
        )
    if flips < abs(delta):
        raise InvalidScores(f"a difference of {delta:g} needs a flip rate of at least {abs(delta):g}, not {flips:g}")
    # With every flip in one direction the normal formula goes to 0; McNemar's exact test still needs 6 flips for 5 %.
    fewest = math.ceil(math.log2(2 / alpha))
    return math.ceil(max(detection(alpha) * (flips - delta**2) / delta**2, fewest / flips))


def smallest_margin(n: float, flips: float) -> float:
    """The smallest margin (a share) that `n` items decide with 80 % power at flip rate `flips`, truth 0."""
    _check(flips, 0.5)
    if n < 1:
        raise InvalidScores(f"a margin needs at least one item, not {n:g}")
    return max(math.sqrt(EQUIVALENCE * flips / n), Z90**2 / (n + Z90**2))


def items_to_decide(n: int, flips: float, delta: float, margin: float, alpha: float = 0.05) -> int:
    """Items for a verdict if the difference seen after `n` items is the true one: shown equivalent, or shown different.

    A difference is tested at `alpha`, what Holm leaves of 5 % to this test; equivalence needs no correction. At least
    n + 1: it is asked only where n items left the matter open.
    """
    flips = max(flips, abs(delta))
    ways = []
    if abs(delta) < margin:
        near = ONE_SIDED * (flips - delta**2) / (margin - abs(delta)) ** 2
        ways.append(max(items_needed(flips, margin), math.ceil(near)))
    if abs(delta) >= SMALLEST_DELTA:
        ways.append(items_to_detect(flips, delta, alpha))
    return max(n + 1, min(ways))


def _check(flips: float, margin: float) -> None:
    if not 0 <= flips <= 1:
        raise InvalidScores(f"a flip rate is a share from 0 to 1, not {flips:g}")
    if not 0 < margin < 1:
        raise InvalidScores(f"a margin is a share between 0 and 1 (0.02 = 2 points), not {margin:g}")
