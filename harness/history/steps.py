"""Where a series has a step: change points by PELT, and what the step amounts to. Pure.

PELT (Killick, Fearnhead and Eckley 2012, doi:10.1080/01621459.2012.737745) in the package ruptures finds the best
piecewise constant fit under a penalty for each step. The noise is learned from the series itself: the root mean square
of the differences of neighbours without the largest fifth of them, where steps and outliers are, and no less than what
the rounds within a run say. A lone outlier is no step: values are first drawn to within three noise widths of their
running median of five (Hampel 1974), which leaves a step where it is. `PENALTY` and `SHORTEST` were chosen by
simulation: python -m benchmarks.false_steps.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.history.series import Point, Series

PENALTY = 30.0
"""What a step must gain, in noise variances: three runs after many must lie three and a half noise widths off."""
SHORTEST = 3
"""Runs on either side of a step; a shift is known from the third run on."""
FEWEST = 8
"""Runs below which no step is looked for: the noise is not known."""
_FLOOR = 0.001  # a thousandth, or 0.1 points: no series is taken to be quieter than that
_WINDOW, _WIDTHS = 5, 3.0
_KEPT, _OF_NORMAL = 0.8, 0.4377  # share of differences, and the mean square of a standard normal's central part


@dataclass(frozen=True)
class Change:
    """A step: `since` is the first run after it, `until` the last before it; levels are means over each side's runs.

    `change` is after / before - 1 of a reading, after - before of a score (a share), with its 95 % interval (pooled t
    over runs, of logarithms for readings); limits are None where no run differs from the others of its side. They hold
    for a step at a known place; that this one was searched for makes them a little too narrow. `runs`: on either side.
    """

    series: Series
    since: Point
    until: Point
    before: float
    after: float
    change: float
    low: float | None
    high: float | None
    runs: tuple[int, int]

    @property
    def worse(self) -> bool:
        """Whether the figure moved to the bad side."""
        return (self.change < 0) == (self.series.better == "higher")

    @property
    def engines(self) -> tuple[str, str]:
        """The engine before and after."""
        return self.until.engine, self.since.engine


def changes(series: Series) -> list[Change]:
    """The steps of a series, oldest first; none with fewer than `FEWEST` usable runs, or readings that reach 0."""
    points = series.usable
    relative = series.place.kind == "reading"
    if len(points) < FEWEST or (relative and min(one.value for one in points) <= 0):
        return []
    raw = np.array([one.value for one in points])
    values = np.log(raw) if relative else raw
    inner = float(np.median([one.stderr / one.value for one in points])) if relative else 0.0
    found = breaks(values, inner)
    kept = [at for at, effect in zip(found, _effects(values, found), strict=True) if _real(effect)]
    edges = [0, *kept, len(points)]
    made = []
    for at, effect in enumerate(_effects(values, kept), 1):
        sides = raw[edges[at - 1] : edges[at]], raw[edges[at] : edges[at + 1]]
        levels = [float(np.exp(np.log(side).mean()) if relative else side.mean()) for side in sides]
        shown = [one if one is None or not relative else math.expm1(one) for one in effect]
        assert shown[0] is not None
        made.append(Change(series, points[edges[at]], points[edges[at] - 1], levels[0], levels[1], shown[0], shown[1],
                           shown[2], (sides[0].size, sides[1].size)))
    return made


def breaks(values: NDArray[np.float64], inner: float = 0.0) -> list[int]:
    """Indices (of values (n,), in order) at which a new level begins; `inner` is the noise within a value, if known."""
    from ruptures import KernelCPD

    noise = max(_noise(values), inner, _FLOOR)
    middle = _running_median(values)
    drawn = np.clip(values, middle - _WIDTHS * noise, middle + _WIDTHS * noise)
    signal = ((drawn - np.median(drawn)) / noise).reshape(-1, 1)
    ends = KernelCPD(kernel="linear", min_size=SHORTEST).fit(signal).predict(pen=PENALTY)
    edges = [0, *map(int, ends)]
    levels = [float(drawn[start:end].mean()) for start, end in zip(edges[:-1], edges[1:], strict=True)]
    return [at for at, *pair in zip(edges[1:-1], levels[:-1], levels[1:], strict=True) if _begins(drawn, at, *pair)]


def _begins(values: NDArray[np.float64], at: int, before: float, after: float) -> bool:
    """Whether the runs on both sides of a step are nearer to their own level: the last two of many make no third."""
    middle, last, first = (before + after) / 2, float(values[at - 1]), float(values[at])
    return last < middle < first if after > before else last > middle > first


def _noise(values: NDArray[np.float64]) -> float:
    """Standard deviation of a value about its level."""
    squares = np.sort(np.diff(values) ** 2)
    return math.sqrt(float(squares[: math.ceil(_KEPT * squares.size)].mean()) / 2 / _OF_NORMAL)


def _running_median(values: NDArray[np.float64]) -> NDArray[np.float64]:
    half = _WINDOW // 2
    padded = np.pad(values, half, mode="edge")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, _WINDOW), axis=1))


def _effects(
    values: NDArray[np.float64], found: Sequence[int]
) -> list[tuple[float, float | None, float | None]]:
    """Of each step the difference of the levels on its sides, with its 95 % limits."""
    edges = [0, *found, values.size]
    sides = [values[start:end] for start, end in zip(edges[:-1], edges[1:], strict=True)]
    return [_difference(*pair) for pair in zip(sides[:-1], sides[1:], strict=True)]


def _difference(
    before: NDArray[np.float64], after: NDArray[np.float64]
) -> tuple[float, float | None, float | None]:
    from scipy.special import stdtrit

    gap = float(after.mean() - before.mean())
    dof = before.size + after.size - 2
    variance = (((before - before.mean()) ** 2).sum() + ((after - after.mean()) ** 2).sum()) / dof
    if variance == 0:
        return gap, None, None
    half = float(stdtrit(dof, 0.975)) * math.sqrt(variance * (1 / before.size + 1 / after.size))
    return gap, gap - half, gap + half


def _real(effect: tuple[float, float | None, float | None]) -> bool:
    _, low, high = effect
    return low is None or high is None or low > 0 or high < 0
