"""Panels of curves: latency against throughput, latencies over requests, decode against depth, readings over rounds."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from harness.core.verdict import Latency, RoundValue, Scored
from harness.report.drawn import Axis, Drawn, exactly
from harness.report.measured import Measured
from harness.report.panels import MUTED, SQUARE, TICK_LETTERS, Panel
from harness.report.readings import heading
from harness.report.steps import At, lightness, rows, words
from harness.report.strokes import legend, room, strokes
from harness.report.view import View
from harness.report.wording import quantity, significant

LEAST_LOADS, LEAST_DEPTHS, LEAST_ROUNDS = 3, 2, 2
_SHAPES = 2  # groups of steps drawn; the tables hold all
_WIDE = 20  # ratio from which an axis is logarithmic
_LEVELS = (0, 50, 90, 99)  # ticks of a distribution, %


@dataclass(frozen=True)
class Point:
    """One point of an arm's curve; `sign` says what speaks against it: "", "flagged" or "invalid"."""

    x: float
    y: Scored
    at: At
    sign: str


def load_panels(view: View) -> list[Panel]:
    """TTFT and TPOT against throughput, and throughput against what drives it, for each group of steps."""
    panels = []
    groups = rows(view.speeds.steps, ("concurrency", "rate"), LEAST_LOADS)[:_SHAPES]
    for steps in groups:
        which = words(steps[0], view.speeds.steps).partition(", ")[2] if len(groups) > 1 else ""
        drives = "rate, req/s" if steps[0].step.rate else "concurrent requests"
        through = partial(_throughput, view)
        for name in ("ttft", "tpot"):
            panels += _panel(view, f"{heading(name)} {which}".strip(), name, steps, through, "throughput, tok/s")
        panels += _panel(view, f"Throughput {which}".strip(), "throughput", steps, _pressure, drives)
    return panels


def depth_panels(view: View) -> list[Panel]:
    """Decode speed against the tokens that stand in the context."""
    found = rows(view.speeds.steps, ("depth",), LEAST_DEPTHS)[:_SHAPES]
    panels = []
    for steps in found:
        title = f"Decode, {words(steps[0]).partition(',')[0]}"
        panels += _panel(view, title, "decode", steps, lambda _, at: float(at.step.depth), "depth, tokens in context")
    return panels


def _throughput(view: View, arm: str, at: At) -> float | None:
    one = view.speeds.all.get((arm, "throughput", at))
    return one.scored.score if one and one.scored else None


def _pressure(_: str, at: At) -> float | None:
    return at.pressure


def _panel(
    view: View, title: str, name: str, steps: Sequence[At], across: Callable[[str, At], float | None], label: str
) -> list[Panel]:
    """A panel of one reading along steps, none where fewer than two points of any arm are known."""
    curves = {arm.arm: _points(view, arm.arm, name, steps, across) for arm in view.arms}
    curves = {arm: points for arm, points in curves.items() if points}
    if not any(sum(one.sign != "invalid" for one in points) > 1 for points in curves.values()):
        return []
    unit = next(one.unit for (_, reading, _), one in view.speeds.all.items() if reading == name)
    said = "; ".join(f"{view.label(arm)} {_told(points, unit)}" for arm, points in curves.items())
    below = room(curves)
    draw = partial(_draw, view=view, curves=curves, unit=unit, label=label)
    across_name, _, across_unit = label.partition(", ")
    alt = f"{title} against {across_name}: {said}."
    drawn = tuple(
        Drawn(arm, exactly(one.x), one.y, words(one.at, view.speeds.steps), one.sign)
        for arm, points in curves.items()
        for one in points
    )
    axes = Axis(across_name, across_unit), Axis(name, unit)
    return [Panel(title, alt, SQUARE + below, TICK_LETTERS, draw, below, drawn, *axes)]


def _points(
    view: View, arm: str, name: str, steps: Sequence[At], across: Callable[[str, At], float | None]
) -> list[Point]:
    found = []
    for at in steps:
        one, x = view.speeds.all.get((arm, name, at)), across(arm, at)
        if one and one.scored and x is not None:
            found.append(Point(x, one.scored, at, sign(one)))
    return found


def sign(one: Measured) -> str:
    """What speaks against a figure, in a word, "" for nothing."""
    if one.unusable:
        return "invalid"
    return "flagged" if one.objections else ""


def _told(points: Sequence[Point], unit: str) -> str:
    """The first and the last point of a curve in words, and how many are invalid."""
    good = [one for one in points if one.sign != "invalid"]
    bad = len(points) - len(good)
    ends = [f"{quantity(one.y.score, unit)} at {words(one.at)}" for one in dict.fromkeys((*good[:1], *good[-1:]))]
    return " to ".join(ends) + (f" ({bad} invalid)" if bad else "")


def _draw(axes: Axes, view: View, curves: dict[str, list[Point]], unit: str, label: str) -> None:
    drawn = strokes(view)
    factor, shown = _unit([one.y.score for points in curves.values() for one in points], unit)
    for arm, points in curves.items():
        good = [one for one in points if one.sign != "invalid"]
        for one in good:
            if math.isfinite(one.y.low + one.y.high):
                limits = (factor * max(one.y.low, 0.02 * one.y.score), factor * one.y.high)
                axes.plot((one.x, one.x), limits, color=drawn[arm].colour, linewidth=0.8)
        drawn[arm].line(axes, [one.x for one in good], [factor * one.y.score for one in good])
        for one in points:
            drawn[arm].dot(axes, one.x, factor * one.y.score, one.sign)
    values = [factor * one.y.score for points in curves.values() for one in points]
    _scale_axis(axes, values)
    _name_ends(axes, next(iter(curves.values())), factor)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(FuncFormatter(_plain))
    axes.set_xlabel(label)
    axes.set_ylabel(shown)
    legend(axes, view, dict.fromkeys(curves, ""))


def _name_ends(axes: Axes, points: Sequence[Point], factor: float) -> None:
    """The load at both ends of the first curve, where the axis does not say it."""
    if len({one.x for one in points}) < 2 or points[0].x in (points[0].at.pressure, points[0].at.step.depth):
        return
    for one in (points[0], points[-1]):
        where = {"xytext": (0, 6), "textcoords": "offset points", "ha": "center", "fontsize": 8, "color": MUTED}
        axes.annotate(f"{one.at.pressure:g}", (one.x, factor * one.y.score), **where)


def _unit(values: Sequence[float], unit: str) -> tuple[float, str]:
    """Factor and name of the unit on an axis: milliseconds where all values stay below a second."""
    return (1000.0, "ms") if unit == "s" and max(values) < 1 else (1.0, unit)


def _scale_axis(axes: Axes, values: Sequence[float]) -> None:
    """From zero, or logarithmic where values span more than a factor of 20."""
    if min(values) > 0 and max(values) > _WIDE * min(values):
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(FuncFormatter(_plain))


def _plain(value: float, _: int) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:g}"


def distribution_panels(view: View) -> list[Panel]:
    """Cumulative curves of TTFT and TPOT at the lightest and the heaviest step."""
    drawn = {(one.arm, one.name, At(one.load, one.step)): one for one in view.analysis.latencies if one.curve}
    places = sorted({at for _, _, at in drawn}, key=lightness)
    panels = []
    for at in dict.fromkeys((*places[:1], *places[-1:])):
        for name in ("ttft", "tpot"):
            found = {arm.arm: one for arm in view.arms if (one := drawn.get((arm.arm, name, at)))}
            if not all(_unusable(view, one) for one in found.values()):
                panels.append(_distribution(view, f"{heading(name)}, {words(at, places)}", found))
    return panels


def _distribution(view: View, title: str, found: dict[str, Latency]) -> Panel:
    bad = {arm: "✕ invalid" for arm, one in found.items() if _unusable(view, one)}
    said = "; ".join(
        f"{view.label(arm)} " + bad.get(arm, f"half of {one.n:,} requests within {quantity(_middle(one), 's')}")
        for arm, one in found.items()
    )
    below = room(found)
    draw = partial(_draw_distribution, view=view, found=found, bad=bad)
    shown = {arm: one for arm, one in found.items() if arm not in bad}
    drawn = [
        Drawn(arm, exactly(seconds), exactly(share), part)
        for arm, one in shown.items()
        for part, pairs in (("curve", one.curve), ("percentile", one.quantiles))
        for share, seconds in pairs
    ]
    axes = Axis(next(iter(found.values())).name, "s"), Axis("requests", "share")
    return Panel(title, f"{title}: {said}.", SQUARE + below, TICK_LETTERS, draw, below, tuple(drawn), *axes)


def _unusable(view: View, one: Latency) -> bool:
    return view.speeds.of_requests(one.arm, one.name, At(one.load, one.step))[1]


def _middle(one: Latency) -> float:
    """The median as the table has it; of too few requests for one, where the curve passes the middle."""
    return dict(one.quantiles).get(0.5) or next(seconds for share, seconds in one.curve if share >= 0.5)


def _draw_distribution(axes: Axes, view: View, found: dict[str, Latency], bad: dict[str, str]) -> None:
    drawn = strokes(view)
    factor, shown = _unit([_middle(one) for one in found.values()], "s")
    for arm, one in found.items():
        if arm not in bad:
            x = [factor * seconds for _, seconds in one.curve]
            y = [100 * share for share, _ in one.curve]
            drawn[arm].line(axes, [x[0], *x], [0, *y], drawstyle="steps-post")
            for share, seconds in one.quantiles:
                drawn[arm].dot(axes, factor * seconds, 100 * share)
    times = [value for arm, one in found.items() if arm not in bad for _, value in one.curve]
    if times and min(times) > 0 and max(times) > _WIDE / 2 * min(times):
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(FuncFormatter(_plain))
    axes.set_yticks(_LEVELS)
    axes.set_ylim(0, 101)
    axes.grid(axis="y", color=MUTED, linewidth=0.4, alpha=0.5)
    axes.set_xlabel(shown)
    axes.set_ylabel("requests up to there, %")
    legend(axes, view, {arm: "✕" * (arm in bad) for arm in found})


def round_panels(view: View) -> list[Panel]:
    """A reading in every round as a share of its arm's mean: what drifts, what jumps, what was flagged."""
    steps = view.speeds.steps
    wanted = [(name, view.speeds.lightest) for name in ("decode", "ttft")]
    wanted += [("throughput", max(steps, key=lightness))] if steps else []
    panels = []
    for name, at in wanted:
        by: dict[str, list[RoundValue]] = {}
        for one in sorted(view.analysis.rounds, key=lambda one: one.round):
            if (one.name, one.load, one.step) == (name, *at):
                by.setdefault(one.arm, []).append(one)
        found = {arm.arm: by[arm.arm] for arm in view.arms if len(by.get(arm.arm, ())) >= LEAST_ROUNDS}
        panels += [_rounds(view, f"{heading(name)}, {words(at, steps)}", found)] if found else []
    return panels


def _rounds(view: View, title: str, found: dict[str, list[RoundValue]]) -> Panel:
    said = "; ".join(
        f"{view.label(arm)} {', '.join(significant(one.value) for one in values)} {values[0].unit}"
        + "".join(f", round {one.round} flagged" for one in values if one.flag)
        for arm, values in found.items()
    )
    below = room(found)
    draw = partial(_draw_rounds, view=view, found=found)
    drawn = tuple(
        Drawn(arm, exactly(one.round), exactly(share), state=one.flag)
        for arm, values in found.items()
        for one, share in zip(values, _from_mean(values), strict=True)
    )
    axes = Axis("round"), Axis("distance from the arm's mean", "share")
    return Panel(title, f"{title}, round by round: {said}.", SQUARE + below, TICK_LETTERS, draw, below, drawn, *axes)


def _from_mean(values: Sequence[RoundValue]) -> list[float]:
    """How far each round lies from the mean of the valid ones, as a share of it."""
    valid = [one.value for one in values if not one.flag.startswith("invalid")] or [one.value for one in values]
    mean = sum(valid) / len(valid)
    return [one.value / mean - 1 if mean else 0.0 for one in values]


def _sign(flag: str) -> str:
    """As `sign`, of a round's flag."""
    return "invalid" if flag.startswith("invalid") else "flagged" * bool(flag)


def _draw_rounds(axes: Axes, view: View, found: dict[str, list[RoundValue]]) -> None:
    drawn = strokes(view)
    axes.axhline(0, color=MUTED, linewidth=0.8)
    for arm, values in found.items():
        x, y = [one.round for one in values], [100 * share for share in _from_mean(values)]
        drawn[arm].line(axes, x, y)
        for one, at in zip(values, y, strict=True):
            drawn[arm].dot(axes, one.round, at, _sign(one.flag))
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.margins(y=0.15)
    axes.set_xlabel("round")
    axes.set_ylabel("from the arm's mean, %")
    legend(axes, view, dict.fromkeys(found, ""))
