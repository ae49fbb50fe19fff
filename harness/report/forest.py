"""The one plot of the first screen: every change with its interval against the margin, drawn to fit.

Where there are too many tasks for a row each, a row is a group's task that reaches lowest, else a candidate's; what is
drawn is then the worst, never an average that hides it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from harness.core.tones import tone
from harness.core.units import margin
from harness.core.verdict import Comparison, Scored
from harness.report.drawn import CHANGE, Axis, Drawn, changed
from harness.report.glance import Group, groups
from harness.report.measured import Measured
from harness.report.panels import FRAME, INK, MARKS, MUTED, PAPER, Panel, named_rows, shortened
from harness.report.readings import heading
from harness.report.steps import words
from harness.report.view import View, foremost, usable
from harness.report.wording import points

_LINES = 28  # of a plot that stays on the first screen
_LINE, _LETTERS, _NAME = 0.175, 15, 30  # inches; letters of a label, of a name above others
_CLIP = 4  # margins; what lies further out is drawn at the edge with its value
_TICKS = 5


@dataclass(frozen=True)
class Line:
    """A row of the plot: a candidate's name alone, or a comparison under its label."""

    label: str
    one: Comparison | None = None


@dataclass(frozen=True)
class Forest:
    """What is drawn and how it has to be read."""

    panel: Panel
    caption: str


def forest(view: View) -> Forest | None:
    """The plot of the verdicts, else of the ratios of decode speed, else None."""
    return _changes(view) if view.verdicts else _ratios(view)


def lines(view: View) -> tuple[list[Line], str]:
    """The rows and what one stands for; the finest division that fits."""
    tasks = [Group(view.task_labels[task], (task,)) for group in groups(view) for task in group.tasks]
    everything = [Group("", tuple(task for group in tasks for task in group.tasks))]
    divisions = ((tasks, ""), (groups(view), "the group's task that reaches lowest"))
    for division, what in divisions:
        found = _divided(view, division)
        if len(found) <= _LINES:
            return found, what
    found = [one for one in _divided(view, everything) if one.one]
    what = "the candidate's task that reaches lowest"
    kept = foremost(found, _LINES, lambda line: tone(line.one) if line.one else "inconclusive")
    return kept, what + (f"; {_LINES} of {len(found)}, those that lost among them" if len(found) > _LINES else "")


def _divided(view: View, division: Sequence[Group]) -> list[Line]:
    """For each candidate its name, then a row for each part; a single part stands beside the name."""
    found = []
    for arm in view.arms:
        rows = [(group.title, _lowest(view, arm.arm, group)) for group in division]
        known = [(title, one) for title, one in rows if one]
        if len(division) == 1:
            found += [Line(view.label(arm.arm), one) for _, one in known]
        elif known:
            found += [Line(view.label(arm.arm)), *(Line(title, one) for title, one in known)]
    return found


def _lowest(view: View, arm: str, group: Group) -> Comparison | None:
    """The comparison whose interval reaches lowest; what tells nothing, broken or at chance, hides none that does."""
    rows = [one for task in group.tasks if (one := view.verdicts.get((arm, task)))]
    return min(usable(rows) or rows, key=lambda one: one.low90 if math.isfinite(one.low90) else -math.inf, default=None)


def _changes(view: View) -> Forest | None:
    rows, what = lines(view)
    if not rows:
        return None
    margins = sorted({one.one.margin for one in rows if one.one})
    said = "; ".join(_said(view, one.one) for one in rows if one.one)
    letters = max(len(shortened(one.label, _LETTERS)) for one in rows if one.one)
    draw = partial(_draw_changes, rows=rows, most=margins[-1])
    drawn = tuple(changed(one.one, view.task_labels[one.one.task]) for one in rows if one.one)
    panel = Panel("Change in points", f"{said}.", _height(rows), letters, draw, drawn=drawn, x=CHANGE)
    whose = "the grey band" if len(margins) == 1 else "its task's grey band"
    caption = (
        "Dot: change against the baseline; thick line: 90 % interval, thin: 95 %. Equivalent: the thick line inside "
        f"{whose}, ± {_either(margins)}. Hollow: inconclusive."
    )
    return Forest(panel, f"{caption} Each row: {what}." if what else caption)


def _either(margins: Sequence[float]) -> str:
    """ "1 or 2 points"."""
    return " or ".join([*(f"{100 * one:g}" for one in margins[:-1]), margin(margins[-1])])


def _height(rows: Sequence[object]) -> float:
    """Inches; few rows stand further apart."""
    return max(_LINE, min(0.28, 3.4 / len(rows))) * len(rows) + FRAME


def _said(view: View, one: Comparison) -> str:
    change = "" if tone(one) == "broken" else f" {points(one.delta)}"
    return f"{view.label(one.candidate_arm)} on {view.task_labels[one.task]}:{change} {tone(one)}"


def _draw_changes(axes: Axes, rows: Sequence[Line], most: float) -> None:
    known = [one.one for one in rows if one.one and math.isfinite(one.one.low + one.one.high)]
    low = max(min([-1.6 * most, *(one.low for one in known)]), -_CLIP * most) - 0.2 * most
    high = min(max([1.6 * most, *(one.high for one in known)]), _CLIP * most) + 0.2 * most
    _draw_bands(axes, rows)
    axes.axvline(0, color=MUTED, linewidth=0.8)
    for y, line in enumerate(rows):
        if line.one:
            _draw_change(axes, y, line.one, (100 * low, 100 * high))
    axes.set_xlim(100 * low, 100 * high)
    axes.xaxis.set_major_locator(MaxNLocator(_TICKS, steps=[1, 2, 5, 10]))
    _label_rows(axes, rows)
    axes.set_xlabel("← worse · points · better →")


def _draw_bands(axes: Axes, rows: Sequence[Line]) -> None:
    """Each row's own margin, as one shape; a name has the margin of the row below it."""
    edges: list[tuple[float, float]] = []
    for y, line in enumerate(rows):
        one = line.one or next(later.one for later in rows[y:] if later.one)
        edges += [(100 * one.margin, y - 0.5), (100 * one.margin, y + 0.5)]
    edges[0], edges[-1] = (edges[0][0], -0.6), (edges[-1][0], len(rows) - 0.4)
    left = [(-x, y) for x, y in reversed(edges)]
    axes.fill(*zip(*edges, *left, strict=True), color=MUTED, alpha=0.16, linewidth=0)


def _draw_change(axes: Axes, y: float, one: Comparison, limits: tuple[float, float]) -> None:
    """A comparison as a row; inconclusive ones are hollow, so that they never look like a result."""
    kind, x = tone(one), 100 * one.delta
    colour, marker = MARKS[kind]
    if kind == "broken":
        axes.text(0, y, "✕ broken", color=colour, va="center", ha="center", fontsize=8)
    elif limits[0] <= x <= limits[1]:
        face = PAPER if kind in ("inconclusive", "no information") else colour
        edge = colour if face == PAPER else PAPER
        axes.plot((100 * one.low, 100 * one.high), (y, y), color=colour, linewidth=1)
        axes.plot((100 * one.low90, 100 * one.high90), (y, y), color=colour, linewidth=2.8, solid_capstyle="butt")
        axes.plot(x, y, marker=marker, color=face, markersize=6, markeredgecolor=edge, markeredgewidth=1)
    else:
        at, side, text = (limits[0], "left", "◀ {}") if x < limits[0] else (limits[1], "right", "{} ▶")
        axes.text(at, y, text.format(points(one.delta)), color=colour, va="center", ha=side, fontsize=8)


def _label_rows(axes: Axes, rows: Sequence[Line]) -> None:
    """Rows from the top; the name of a candidate stands above those of its tasks, from the panel's left edge."""
    axes.set_yticks(range(len(rows)), [shortened(one.label, _LETTERS) if one.one else "" for one in rows], fontsize=8.5)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    place = axes.get_position()
    left = 0.04 / axes.figure.get_figwidth() - place.x0
    for y, one in enumerate(rows):
        if not one.one:
            spot = (left / place.width, y)
            name = shortened(one.label, _NAME)
            axes.annotate(name, spot, xycoords=("axes fraction", "data"), va="center", weight="bold", fontsize=8.5)


def _ratios(view: View) -> Forest | None:
    at = view.speeds.lightest
    measured = [one for arm in view.candidates if (one := view.speeds.get(arm.arm, "decode", at)) and one.against]
    found = [one for one in measured if one.against and one.against.ratio and not one.unusable][:_LINES]
    if not found:
        return None
    said = "; ".join(f"{view.label(one.arm)} {_ratio(one).score:.2f}" for one in found)
    names = [view.label(one.arm) for one in found]
    letters = max(len(shortened(name)) for name in names)
    draw = partial(_draw_ratios, found=found, names=names, within=view.speed_margin)
    title = f"{heading('decode')}, ratio to the baseline"
    drawn = tuple(Drawn(one.arm, _ratio(one), state=one.against.verdict if one.against else "") for one in found)
    axis = Axis("ratio of decode to the baseline's", "1")
    panel = Panel(title, f"{said}.", _height(names), letters, draw, drawn=drawn, x=axis)
    caption = (
        f"{words(at).capitalize()}. Dot: mean over rounds; line: 95 % interval, right is faster. Grey band: the same "
        f"within {100 * view.speed_margin:g} %. Invalid figures are not drawn."
    )
    return Forest(panel, caption)


def _ratio(one: Measured) -> Scored:
    """The ratio that `_ratios` has made sure of."""
    return one.against.ratio if one.against and one.against.ratio else Scored(math.nan, math.nan, math.nan)


def _draw_ratios(axes: Axes, found: Sequence[Measured], names: Sequence[str], within: float) -> None:
    axes.axvspan(1 / (1 + within), 1 + within, color=MUTED, alpha=0.16, linewidth=0)
    axes.axvline(1, color=MUTED, linewidth=0.8)
    points_at = [_ratio(one).score for one in found]
    low, high = min([*points_at, 1.0]), max([*points_at, 1.0])
    room = max(high - low, 0.2)
    for y, one in enumerate(found):
        ratio, sure = _ratio(one), one.against is not None and one.against.verdict in ("faster", "slower", "same")
        if math.isfinite(ratio.low + ratio.high):
            axes.plot((ratio.low, ratio.high), (y, y), color=INK, linewidth=1.4)
        axes.plot(ratio.score, y, marker="o", color=INK if sure else PAPER, markersize=6, markeredgecolor=INK)
    axes.set_xlim(low - 0.5 * room, high + 0.5 * room)
    axes.xaxis.set_major_locator(MaxNLocator(_TICKS))
    named_rows(axes, names)
    axes.set_xlabel("× (1 = as fast)")
