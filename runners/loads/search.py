"""How a sweep ends and how a search for the highest rate goes on. Pure: decisions from what was measured so far.

Goodput is the highest rate at which enough requests keep their limits (Zhong et al., DistServe, OSDI 2024).
"""

import math
from collections.abc import Sequence

from runners.loads.readings import Part, seconds, typical

GAIN = 0.05
CLOSE = 1.05
_IN_A_ROW = 2
_DOUBLINGS, _HALVINGS = 10, 6


def throughput(part: Part) -> float:
    """Output tokens per second of its window."""
    length = seconds(part.window)
    return part.window.output_tokens / length if length > 0 else 0.0


def saturated(parts: Sequence[Part]) -> bool:
    """Whether the last two steps both gave less than 5 % more throughput than the best before them, and longer replies.

    Two, because one may be a hiccup; and the second shows what over-saturation looks like.
    """
    return len(parts) > _IN_A_ROW and all(_flat(parts[: len(parts) - back]) for back in range(_IN_A_ROW))


def _flat(parts: Sequence[Part]) -> bool:
    *before, last = parts
    slower = typical(last.steady) > typical(before[-1].steady)
    return throughput(last) < (1 + GAIN) * max(map(throughput, before)) and slower


class RateSearch:
    """The highest rate that holds: doubled or halved until it lies between two, then closed in on to 5 %."""

    def __init__(self, start: float) -> None:
        self._start = start
        self.holds, self.fails = 0.0, math.inf

    def tell(self, rate: float, held: bool) -> None:
        """What a rate turned out to do."""
        if held:
            self.holds = max(self.holds, rate)
        else:
            self.fails = min(self.fails, rate)

    def next(self) -> float | None:
        """The rate to try, None where the search is over."""
        if self.fails <= self.holds:  # chance: a lower rate failed
            return None
        if self.holds and self.fails < math.inf:
            between = float(f"{math.sqrt(self.holds * self.fails):.3g}")
            return between if self.fails > CLOSE * self.holds and self.holds < between < self.fails else None
        if self.holds:
            return 2 * self.holds if self.holds < 2**_DOUBLINGS * self._start else None
        if self.fails < math.inf:
            return self.fails / 2 if self.fails > self._start / 2**_HALVINGS else None
        return self._start

    @property
    def bounded(self) -> bool:
        """Whether a rate was found that does not hold."""
        return self.fails < math.inf
