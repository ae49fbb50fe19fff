"""What a sensor gave over time, and arithmetic on it; pure.

Times are perf_counter_ns, which the processes of one machine share (CLOCK_MONOTONIC, mach_absolute_time).
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from runners.sensor import SensorFacts

LONGEST_GAP_SECONDS = 3.0
_SECOND = 1e9


class Unknown(Exception):
    """A figure that this series cannot give; the message says why."""


@dataclass(frozen=True, eq=False)
class Series:
    """Values of one sensor in order of time; a counter's are unwrapped: they only rise."""

    facts: SensorFacts
    at_ns: tuple[int, ...]
    values: tuple[float, ...]

    @classmethod
    def of(cls, facts: SensorFacts, samples: list[tuple[int, float]]) -> "Series":
        """From (time, value) as read; a counter that fell has wrapped round once, or began anew."""
        at_ns = tuple(at for at, _ in samples)
        values = tuple(value for _, value in samples)
        return cls(facts, at_ns, unwrapped(values, facts.wraps_at) if facts.counter else values)

    def times(self, start_ns: int, end_ns: int) -> tuple[int, ...]:
        """When it was read strictly between two moments."""
        return self.at_ns[bisect_right(self.at_ns, start_ns) : bisect_left(self.at_ns, end_ns)]

    def within(self, start_ns: int, end_ns: int) -> tuple[float, ...]:
        """Values of the shortest stretch of readings that covers a window: never empty unless the series is."""
        first = max(bisect_right(self.at_ns, start_ns) - 1, 0)
        return self.values[first : bisect_left(self.at_ns, end_ns) + 1]

    def rate(self, start_ns: int, end_ns: int) -> float:
        """Rise per second of a counter over the readings around a window; raises Unknown.

        For what happens beside the window too, and so needs no exact edges: a counter of whole clock ticks would
        give nothing over a window of a few of them.
        """
        first = max(bisect_right(self.at_ns, start_ns) - 1, 0)
        last = min(bisect_left(self.at_ns, end_ns), len(self.at_ns) - 1)
        if last <= first:
            raise Unknown(self.facts.reason or f"{self.facts.name} was read fewer than two times")
        return (self.values[last] - self.values[first]) / (self.at_ns[last] - self.at_ns[first]) * _SECOND

    def rise(self, start_ns: int, end_ns: int) -> float:
        """How much a counter rose from `start_ns` to `end_ns`, on a straight line between readings; raises Unknown.

        A gap within the window does no harm, as the counter went on counting; one at an edge does.
        """
        self._check_edges(start_ns, end_ns)
        return self._at(end_ns) - self._at(start_ns)

    def integral(self, start_ns: int, end_ns: int) -> float:
        """Of a rate (W) over the window by the trapezoid rule: J; raises Unknown, also for a gap over 3 s."""
        self._check_edges(start_ns, end_ns)
        inside = slice(bisect_right(self.at_ns, start_ns), bisect_left(self.at_ns, end_ns))
        times = (start_ns, *self.at_ns[inside], end_ns)
        around = self.at_ns[max(inside.start - 1, 0) : inside.stop + 1]
        gap = max((b - a for a, b in zip(around, around[1:], strict=False)), default=0) / _SECOND
        if gap > LONGEST_GAP_SECONDS:
            raise Unknown(f"{self.facts.name} was not read for {gap:.1f} s of the window")
        values = (self._at(start_ns), *self.values[inside], self._at(end_ns))
        slices = zip(times, times[1:], values, values[1:], strict=False)
        return sum((later - at) * (value + after) / 2 for at, later, value, after in slices) / _SECOND

    def _at(self, when_ns: int) -> float:
        """The value on the straight line between the readings around `when_ns`."""
        after = bisect_left(self.at_ns, when_ns)
        if self.at_ns[after] == when_ns:
            return self.values[after]
        (at, later), (value, then) = self.at_ns[after - 1 : after + 1], self.values[after - 1 : after + 1]
        return value + (then - value) * (when_ns - at) / (later - at)

    def _check_edges(self, start_ns: int, end_ns: int) -> None:
        """Readings lie on both sides of both edges, close enough to draw a line between."""
        if not self.at_ns:
            raise Unknown(self.facts.reason or f"{self.facts.name} was never read")
        for edge in (start_ns, end_ns):
            at = bisect_left(self.at_ns, edge)
            if at == len(self.at_ns) or (at == 0 and self.at_ns[0] != edge):
                raise Unknown(self.facts.reason or f"{self.facts.name} was not read over the whole window")
            if at and self.at_ns[at] != edge and self.at_ns[at] - self.at_ns[at - 1] > LONGEST_GAP_SECONDS * _SECOND:
                raise Unknown(f"{self.facts.name} was not read within 3 s of the window's edge")


def unwrapped(values: tuple[float, ...], wraps_at: float) -> tuple[float, ...]:
    """A counter without its returns to 0; one without a known range that fell began anew, and what it says is added.

    Two wraps between two readings cannot be seen.
    """
    total, out = 0.0, []
    for n, value in enumerate(values):
        if n and value < values[n - 1]:
            total += wraps_at or values[n - 1]
        out.append(total + value)
    return tuple(out)
