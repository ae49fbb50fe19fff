"""A history as a chart: the line of runs, the band of their intervals, levels between steps. Geometry, no markup."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby

from harness.history.series import Point, Series
from harness.history.steps import Change
from harness.publish import places
from harness.publish.axis import Axis, around, readable
from harness.publish.said import day, direction, name_of, size
from harness.publish.sheet import Chart, Mark, StepMark, Tick
from harness.report.wording import points, quantity

WIDTH, HEIGHT = 420, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 8, 20, 22
_DRAWN = 60  # newest runs that are drawn by themselves; all are in the line
_LEAST = 0.04  # of the middle that an axis spans at least: small noise must not look like an event


def chart(one: Series, changes: Sequence[Change]) -> Chart:
    """The chart of a series and of its steps among `changes` (newest first); `key` is its anchor in the page."""
    factor, unit = readable(one.unit, max(point.value for point in one.points))
    drawn = [_scaled(point, factor) for point in one.points]
    own = [change for change in changes if change.series is one]
    inside = [value for point in drawn for value in (point.low, point.value, point.high) if value is not None]
    y = Axis(*around(inside, _LEAST), HEIGHT - _BOTTOM, _TOP)
    x = _time(one.points)
    usable = [point for point in drawn if point.validity != "invalid"]
    span = f"{len(drawn)} runs from {day(one.points[0].when)} to {day(one.points[-1].when)}"
    said = _said(one, own)
    return Chart(
        key=places.slug(f"{one.place.name}-{one.place.of[:12]}-{_step(one)}"),
        title=f"{name_of(one.place)}, {unit}",
        said=said,
        alt=f"{name_of(one.place)} in {span}. {said}",
        width=WIDTH,
        height=HEIGHT,
        band=_band(usable, x, y),
        line=_line([(x.at(_seconds(point.when)), y.at(point.value)) for point in usable]),
        levels=_levels(one, own[::-1], factor, x, y),
        ticks=y.ticks(5),
        dates=_dates(one.points, x),
        steps=tuple(_step_mark(change, x) for change in own),
        marks=tuple(_marks(one, drawn, x, y)),
    )


def _step(one: Series) -> str:
    step = one.place.step
    return f"{step.concurrency}-{step.rate:g}-{step.prompt_tokens}-{step.output_tokens}-{step.depth}"


def _scaled(point: Point, factor: float) -> Point:
    low, high = (None if limit is None else limit * factor for limit in (point.low, point.high))
    return point._replace(value=point.value * factor, low=low, high=high)


def _time(found: Sequence[Point]) -> Axis:
    first, last = _seconds(found[0].when), _seconds(found[-1].when)
    return Axis(first, max(last, first + 1), _LEFT + 4, WIDTH - _RIGHT - 4)


def _seconds(when: str) -> float:
    return datetime.fromisoformat(when).timestamp()


def _said(one: Series, changes: Sequence[Change]) -> str:
    newest = one.points[-1]
    text = f"Newest {quantity(newest.value, one.unit)}" + (" (invalid)" if newest.validity == "invalid" else "")
    steps = (f"since {day(each.since.when)}: {size(each)} {direction(each)}" for each in changes)
    return "; ".join([text, *steps]) + "."


def _line(at: Iterable[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in at) if (at := list(at)) else ""


def _band(found: Sequence[Point], x: Axis, y: Axis) -> str:
    """One closed path per stretch of runs that have an interval."""
    parts = []
    for known, stretch in groupby(found, key=lambda point: point.low is not None and point.high is not None):
        if known:
            rows = [(x.at(_seconds(one.when)), one.low, one.high) for one in stretch]
            there = [(at, y.at(high)) for at, _, high in rows if high is not None]
            back = [(at, y.at(low)) for at, low, _ in reversed(rows) if low is not None]
            parts.append(_line([*there, *back]) + "Z")
    return "".join(parts)


def _levels(one: Series, changes: Sequence[Change], factor: float, x: Axis, y: Axis) -> str:
    """The mean of each stretch between steps (oldest first), none where there is no step."""
    if not changes:
        return ""
    edges = [one.usable[0], *(point for each in changes for point in (each.until, each.since)), one.usable[-1]]
    means = [changes[0].before, *(each.after for each in changes)]
    return "".join(
        _line([(x.at(_seconds(start.when)), y.at(mean * factor)), (x.at(_seconds(end.when)), y.at(mean * factor))])
        for start, end, mean in zip(edges[::2], edges[1::2], means, strict=True)
    )


def _dates(found: Sequence[Point], x: Axis) -> tuple[Tick, ...]:
    ends = [found[0].when] if len(found) == 1 else [found[0].when, found[-1].when]
    return tuple(Tick(x.at(_seconds(when)), day(when)) for when in ends)


def _step_mark(one: Change, x: Axis) -> StepMark:
    at = x.at(_seconds(one.since.when))
    unit = "points" if one.series.place.kind == "score" else "%"
    text = f"{points(one.change)} {unit}, {direction(one)}"
    return StepMark(at, text, "degraded" if one.worse else "improved", "end" if at > WIDTH / 2 else "start")


def _marks(one: Series, drawn: Sequence[Point], x: Axis, y: Axis) -> Iterable[Mark]:
    """The newest runs, and all that something speaks against."""
    for at, point in enumerate(drawn):
        if at >= len(drawn) - _DRAWN or point.validity != "valid":
            flag = "" if point.validity == "valid" else f", {point.validity}"
            text = f"{day(point.when)}: {quantity(one.points[at].value, one.unit)}{flag}; {point.engine}"
            place = x.at(_seconds(point.when)), y.at(point.value)
            yield Mark(*place, point.validity, text, places.run(point.plan))
