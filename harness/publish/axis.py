"""Axes: from values to places, round labels, units that people read. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.publish.said import number
from harness.publish.sheet import Tick


@dataclass(frozen=True)
class Axis:
    """Values from `low` to `high` over places from `start` to `end`; `log` spaces ratios alike."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def at(self, value: float) -> float:
        """The place of a value, no further out than the axis."""
        low, high, here = self.low, self.high, min(max(value, self.low), self.high)
        if self.log:
            low, high, here = math.log(low), math.log(high), math.log(here)
        return round(self.start + (here - low) / (high - low) * (self.end - self.start), 1)

    def ticks(self, wanted: int) -> tuple[Tick, ...]:
        """About so many labels at round values."""
        if self.log:
            found = [base * 10.0**power for power in range(-9, 13) for base in (1, 2, 5)]
            inside = [one for one in found if self.low <= one <= self.high]
            kept = inside[:: max(1, math.ceil(len(inside) / wanted))]
            return tuple(Tick(self.at(one), number(one, one)) for one in kept)
        step = round_step((self.high - self.low) / wanted)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return tuple(Tick(self.at(at * step), number(at * step, step)) for at in range(first, last + 1))


def round_step(rough: float) -> float:
    """1, 2 or 5 times a power of ten, no smaller than `rough` > 0."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))


def around(values: Sequence[float], least: float) -> tuple[float, float]:
    """Limits that hold all values with a little room, at least `least` (a share of the middle) wide."""
    low, high = min(values), max(values)
    room = max((high - low) * 0.08, (least * abs(low + high) / 2 - (high - low)) / 2) or 1.0
    return low - room, high + room


def readable(unit: str, largest: float) -> tuple[float, str]:
    """(factor, unit) in which values up to `largest` are drawn."""
    if unit == "share":
        return 100.0, "%"
    if unit == "s":
        return (1000.0, "ms") if largest < 1 else (1.0, "s")
    if unit == "B":
        return (1 / (1 << 30), "GiB") if largest >= 1 << 30 else (1 / (1 << 20), "MiB")
    return 1.0, unit
