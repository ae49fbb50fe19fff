"""The picture of one task: every candidate's change, and the baseline's own replicates, against all margins shown."""

import math
import re
from collections.abc import Sequence
from functools import partial

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from harness.core.tones import tone
from harness.core.verdict import Comparison
from harness.report.drawn import CHANGE, changed
from harness.report.panels import (
    FRAME,
    INK,
    MARKS,
    MUTED,
    PAPER,
    ROW,
    Panel,
    limits_of,
    named_rows,
    shortened,
)
from harness.report.view import View
from harness.report.wording import points

_FURTHEST = 2.0  # of the largest margin; what lies further out is drawn at the edge with its value
_LETTERS = 12  # of a row's name, since the interval needs the room


def key_of(view: View, task: str) -> str:
    """The name of a task's picture and of its place in the page: "task-passage-qa"; numbered where two would agree."""
    keys = [re.sub(r"[^a-z0-9]+", "-", one.lower()).strip("-") for one in view.tasks]
    at = view.tasks.index(task)
    return f"task-{keys[at]}" + (f"-{at + 1}" if keys.count(keys[at]) > 1 or not keys[at] else "")


def rows_of(view: View, task: str) -> list[Comparison]:
    """The candidates' comparisons on a task, then those of the baseline with its own replicates."""
    found = [one for arm in view.candidates if (one := view.quality.get((arm.arm, task)))]
    return [*found, *(one for one in view.noise if one.task == task)]


def name_of(view: View, one: Comparison) -> str:
    """The row's name: a candidate, or what a replicate of the baseline changed."""
    if one.kind != "aa":
        return view.label(one.candidate_arm)
    return f"A/A {changed_in(view, one)}".strip()


def changed_in(view: View, one: Comparison) -> str:
    """What a replicate changed, without the values: "batch size and order"."""
    return next((run.cell.variation for run in view.runs if run.cell.id == one.candidate_cell), "").partition(": ")[0]


def task_panel(view: View, task: str) -> Panel | None:
    """One panel on a scale of its own; None of a task that nothing was compared on."""
    rows = rows_of(view, task)
    if not rows:
        return None
    said = "; ".join(f"{name_of(view, one)} {points(one.delta)} {tone(one)}" for one in rows)
    alt = f"Change on {task}, in points: {said}."
    letters = max(len(shortened(name_of(view, one), _LETTERS)) for one in rows)
    drawn = tuple(changed(one, name_of(view, one)) for one in rows)
    draw = partial(_draw, view=view, rows=rows)
    title = view.task_labels[task]
    return Panel(title, alt, ROW * len(rows) + FRAME, letters, draw, drawn=drawn, x=CHANGE)


def _margins(rows: Sequence[Comparison]) -> list[float]:
    """Every margin that a verdict was taken at, the one set before the run among them."""
    return sorted({entry.margin for one in rows for entry in one.margins} | {rows[0].margin})


def margins_said(view: View, task: str) -> str:
    """The bands of a task's panel in words."""
    rows = rows_of(view, task)
    return f"Bands at ±{', '.join(f'{100 * share:g}' for share in _margins(rows))} points."


def _draw(axes: Axes, view: View, rows: Sequence[Comparison]) -> None:
    shown = _margins(rows)
    limits = limits_of([(one.low, one.high) for one in rows], max(shown), _FURTHEST)
    for share in shown:
        axes.axvspan(-100 * share, 100 * share, color=MUTED, alpha=0.09, linewidth=0)
    for side in (-100, 100):
        axes.axvline(side * rows[0].margin, color=INK, linewidth=0.8, linestyle=(0, (3, 2)))
    axes.axvline(0, color=MUTED, linewidth=0.8)
    for y, one in enumerate(rows):
        _draw_row(axes, y, one, (100 * limits[0], 100 * limits[1]))
    axes.set_xlim(100 * limits[0], 100 * limits[1])
    axes.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
    named_rows(axes, [shortened(name_of(view, one), _LETTERS) for one in rows])
    axes.set_xlabel(f"points (dashed: ±{100 * rows[0].margin:g})")


def _draw_row(axes: Axes, y: float, one: Comparison, limits: tuple[float, float]) -> None:
    colour, marker = MARKS[tone(one)]
    x = 100 * one.delta
    if tone(one) == "broken" or not math.isfinite(x):
        axes.text(0, y, "✕ broken", color=colour, va="center", ha="center", clip_on=True)
        return
    if not limits[0] <= x <= limits[1]:
        edge, side, arrow = (limits[0], "left", "◀ {}") if x < limits[0] else (limits[1], "right", "{} ▶")
        axes.text(edge, y, arrow.format(points(one.delta)), color=colour, va="center", ha=side)
        return
    hollow = one.kind == "aa" or tone(one) == "inconclusive"
    axes.plot((100 * one.low, 100 * one.high), (y, y), color=colour, linewidth=1.1, clip_on=True)
    axes.plot((100 * one.low90, 100 * one.high90), (y, y), color=colour, linewidth=3.4, solid_capstyle="butt")
    face = {"markerfacecolor": PAPER, "markeredgecolor": colour} if hollow else {"markeredgecolor": PAPER}
    axes.plot(x, y, marker=marker, color=colour, markersize=7, markeredgewidth=1.2 if hollow else 0.7, **face)
