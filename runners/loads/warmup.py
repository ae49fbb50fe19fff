"""When an engine has warmed up: once the last requests of the measured shape take the same time."""

from statistics import median

from harness.core.record import RequestTrace
from runners.loads.readings import tpot, ttft

LAST, TOLERANCE = 3, 0.1
"""The last three requests agree if they lie within a tenth of their median of one another."""


class WarmUp:
    """Counts the warm-up of one step. `least` 0: none was asked for, and nothing is said about it."""

    def __init__(self, least: int, users: int) -> None:
        self.least = max(least, users, LAST) if least else 0
        self.most = self.least + 2 * max(LAST, users) if least else 0
        self._sent = 0
        self._seconds: list[float] = []

    def send(self) -> bool:
        """Whether one more is to be sent; it then counts as sent."""
        wanted = self._sent < (self.most if not self.settled else self.least)
        self._sent += wanted
        return wanted

    def saw(self, trace: RequestTrace) -> None:
        """A request has ended: what counts is its time per token, of single tokens its first."""
        each = tpot(trace)
        self._seconds.append(ttft(trace) if each is None else each)

    @property
    def settled(self) -> bool:
        """Whether the last ones agree."""
        last = self._seconds[-LAST:]
        return not self.least or (len(last) == LAST and max(last) - min(last) <= TOLERANCE * median(last))

    @property
    def spread(self) -> float:
        """How far the last ones lie apart, as a share of their median."""
        last = self._seconds[-LAST:]
        return (max(last) - min(last)) / median(last) if last and median(last) else 0.0
