"""One figure of one arm over all runs that measured it: what a history draws, and what a step is looked for in.

Figures are kept apart wherever something else was measured: another box or another hardware under the same name,
another load or step, another suite.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from harness.core.record import Step
from harness.core.summary import ArmSummary, Metric, Summary

HEADLINE = (
    "decode", "ttft", "throughput", "prefill", "goodput", "energy", "peak_memory", "device_memory", "load_time",
)
"""Readings that have a history, in the order they are shown."""


class Point(NamedTuple):
    """One run: its plan, when it was (ISO 8601, UTC), the figure with its 95 % interval, and the engine that ran.

    `stderr` is that of the mean over rounds, 0 where it is not known. A score's interval is over items instead; these
    are the same in every run, so it says nothing of how runs differ.
    """

    plan: str
    when: str
    value: float
    low: float | None
    high: float | None
    stderr: float
    validity: Literal["valid", "degraded", "invalid"]
    engine: str


class Place(NamedTuple):
    """What makes figures comparable: an arm on one hardware, and the figure's name and circumstances.

    `kind` "score": `name` is a task, `of` the suite's digest. "reading": `of` names the load.
    """

    hw: str
    fingerprint: str
    model: str
    quant: str
    runtime: str
    kind: Literal["score", "reading"]
    name: str
    of: str
    step: Step = Step()


@dataclass(frozen=True)
class Series:
    """Points in the order of time."""

    place: Place
    unit: str
    better: Literal["higher", "lower"]
    points: tuple[Point, ...]

    @property
    def usable(self) -> tuple[Point, ...]:
        """The points that are not invalid."""
        return tuple(one for one in self.points if one.validity != "invalid")


def series(summaries: Iterable[Summary]) -> list[Series]:
    """All series of these runs: scores first, then readings in the order of HEADLINE, at the ends of their loads.

    A run without a night may show a record that another run made; of such runs a score counts once, at the first.
    """
    found: dict[Place, tuple[str, Literal["higher", "lower"], list[Point]]] = {}
    seen: set[tuple[Place, str]] = set()
    for summary in summaries:
        for place, unit, better, point, cell in _figures(summary):
            if cell and not summary.night and (place, cell) in seen:
                continue
            seen.add((place, cell))
            found.setdefault(place, (unit, better, []))[2].append(point)
    made = [Series(place, unit, better, tuple(sorted(points, key=lambda one: (one.when, one.plan))))
            for place, (unit, better, points) in found.items()]
    return sorted(_ends(made), key=_order)


def _figures(summary: Summary) -> Iterator[tuple[Place, str, Literal["higher", "lower"], Point, str]]:
    for arm in summary.arms:
        own = (summary.hw, summary.fingerprint, arm.model, arm.quant, arm.runtime)
        for score in arm.scores:
            place = Place(*own, "score", score.task, summary.suite_digest)
            point = _point(summary, arm, score.score, (score.low, score.high))
            yield place, "share", "higher", point, arm.cell
        for one in arm.metrics:
            if one.name in HEADLINE:
                point = _point(summary, arm, one.value, (one.low, one.high))
                point = point._replace(stderr=_stderr(one), validity=one.validity)
                yield Place(*own, "reading", one.name, one.load, one.step), one.unit, one.better, point, ""


def _point(summary: Summary, arm: ArmSummary, value: float, limits: tuple[float | None, float | None]) -> Point:
    return Point(summary.plan, summary.started, value, *limits, 0.0, "valid", arm.engine)


def _stderr(one: Metric) -> float:
    n = len(one.values)
    if n < 2:
        return 0.0
    return math.sqrt(sum((value - one.value) ** 2 for value in one.values) / (n - 1) / n)


def _ends(found: Sequence[Series]) -> Iterator[Series]:
    """Of a reading at many steps of a load the first and the last one."""
    steps: dict[tuple[object, ...], list[Step]] = {}
    for one in found:
        steps.setdefault(one.place[:-1], []).append(one.place.step)
    for one in found:
        if one.place.step in (min(steps[one.place[:-1]]), max(steps[one.place[:-1]])):
            yield one


def _order(one: Series) -> tuple[object, ...]:
    place = one.place
    rank = HEADLINE.index(place.name) if place.kind == "reading" else 0
    return (place.hw, place.model, place.quant, place.runtime, place.kind == "reading", rank, *place)
