"""Every figure over the nights before tonight, and what they teach of the box's noise."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from harness.core.record import Step
from harness.core.summary import Metric, Summary
from harness.stats.floor import Floor, learn, new_era, nothing


class Key(NamedTuple):
    """What makes two figures the same quantity, apart from time; the load's own content is compared besides."""

    arm: str
    load: str
    name: str
    unit: str
    step: Step

    @classmethod
    def of(cls, arm: str, metric: Metric) -> "Key":
        """That of an arm's metric."""
        return cls(arm, metric.load, metric.name, metric.unit, metric.step)


class Point(NamedTuple):
    """A figure in one night: its plan, what is known of the circumstances, its logarithm (NaN: not to be used)."""

    plan: str
    circumstances: tuple[str, ...]
    log: float


@dataclass(frozen=True)
class Past:
    """The figures of all nights before, in order, and the plans that were accepted: each may begin another level."""

    points: Mapping[Key, Sequence[Point]]
    accepted: frozenset[str] = frozenset()


class Taught(NamedTuple):
    """What the nights taught: the floor, and the reference's level (a logarithm) with the nights behind it."""

    floor: Floor
    level: float
    level_nights: int


def past(summaries: Iterable[Summary], accepted: frozenset[str] = frozenset()) -> Past:
    """Of summaries in the order of time."""
    found: dict[Key, list[Point]] = {}
    for summary in summaries:
        for arm in summary.arms:
            cells = dict(arm.loads)
            for metric in arm.metrics:
                known = summary.fingerprint, summary.system, arm.engine, cells.get(metric.load, "")
                usable = metric.validity == "valid" and metric.value > 0
                log = math.log(metric.value) if usable else math.nan
                found.setdefault(Key.of(arm.arm, metric), []).append(Point(summary.plan, known, log))
    return Past(found, accepted)


def taught(key: Key, before: Past, reference: str) -> Taught:
    """What the nights teach of a figure.

    An era begins where circumstances change (hardware, system and driver, engine, what the load's cell asks), with each
    accepted plan, and with the reference; a flagged figure teaches nothing.
    """
    floor, known, level, ours = nothing(), None, (math.nan, 0), False
    for point in before.points.get(key, ()):
        if point.circumstances != known or point.plan == reference or point.plan in before.accepted:
            floor, known, ours = new_era(floor), point.circumstances, point.plan == reference
        floor = learn(floor, point.log)
        if ours:
            level = float(floor.level), int(floor.level_nights)
    return Taught(floor, *level)
