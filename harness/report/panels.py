"""What each pair of axes shows: forest plot with the margin band, scores, quality against speed and memory.

Colours are Okabe and Ito's, which colour-blind readers can tell apart, and each verdict has a marker of its own.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from harness.core.verdict import Comparison, Scored
from harness.report.steps import words
from harness.report.view import View, mean_delta
from harness.report.wording import margin, percent, points, public, tone

INK, PAPER, MUTED = "#1f2429", "#fffffe", "#6b7278"
BAR, BAR_BASELINE = "#8fc7ea", "#b4bac0"
MARKS = {
    "equivalent": ("#0072b2", "o"),
    "degraded": ("#d55e00", "v"),
    "improved": ("#009e73", "^"),
    "inconclusive": ("#85898e", "D"),
    "broken": ("#cc79a7", "X"),
    "no information": ("#85898e", "s"),
}
ROW, FRAME, SQUARE = 0.25, 0.8, 3.0  # inches
_LETTERS, TICK_LETTERS = 20, 5
_CLIP = 5  # margins; what lies further out is drawn at the edge with its value


@dataclass(frozen=True)
class Panel:
    """One pair of axes: `height` in inches, of which `below` are for a legend; `letters` of the longest row label."""

    title: str
    alt: str
    height: float
    letters: int
    draw: Callable[[Axes], None]
    below: float = 0.0


def shortened(text: str, letters: int = _LETTERS) -> str:
    """A foreign name as a label."""
    shown = public(text).replace("\n", " ")
    return shown if len(shown) <= letters else shown[: letters - 1] + "…"


def forest_panels(view: View) -> list[Panel]:
    """One panel per task, all on one scale."""
    found = list(view.quality.values())
    if not found:
        return []
    limits = _limits([(one.low, one.high) for one in found], max(one.margin for one in found))
    panels = []
    for task in view.tasks:
        rows = [one for arm in view.candidates if (one := view.quality.get((arm.arm, task)))]
        said = "; ".join(f"{view.label(one.candidate_arm)} {points(one.delta)} {tone(one)}" for one in rows)
        letters = max((len(shortened(view.label(one.candidate_arm))) for one in rows), default=0)
        draw = partial(_forest, view=view, rows=rows, limits=limits)
        panels += (
            [Panel(view.task_labels[task], f"{task}: {said}.", ROW * len(rows) + FRAME, letters, draw)]
            if rows
            else []
        )
    return panels


def _limits(intervals: Sequence[tuple[float, float]], band: float) -> tuple[float, float]:
    """The range of an axis of changes, in shares: the data, at least 1.5 margins and at most 5."""
    known = [(low, high) for low, high in intervals if math.isfinite(low + high)]
    low = max(min((low for low, _ in known), default=0.0), -_CLIP * band)
    high = min(max((high for _, high in known), default=0.0), _CLIP * band)
    return min(low, -1.5 * band) - 0.3 * band, max(high, 1.5 * band) + 0.3 * band


def _forest(axes: Axes, view: View, rows: Sequence[Comparison], limits: tuple[float, float]) -> None:
    low, high = (100 * limit for limit in limits)
    axes.axvspan(-100 * rows[0].margin, 100 * rows[0].margin, color=MUTED, alpha=0.16, linewidth=0)
    axes.axvline(0, color=MUTED, linewidth=0.8)
    for y, one in enumerate(rows):
        colour, marker = MARKS[tone(one)]
        x = 100 * one.delta
        if tone(one) == "broken":
            axes.text(0, y, "✕ broken", color=colour, va="center", ha="center", clip_on=True)
        elif low <= x <= high:
            axes.plot((100 * one.low, 100 * one.high), (y, y), color=colour, linewidth=1.1)
            axes.plot((100 * one.low90, 100 * one.high90), (y, y), color=colour, linewidth=3.4, solid_capstyle="butt")
            axes.plot(x, y, marker=marker, color=colour, markersize=7, markeredgecolor=PAPER, markeredgewidth=0.7)
        else:
            edge, side, arrow = (low, "left", "◀ {}") if x < low else (high, "right", "{} ▶")
            axes.text(edge, y, arrow.format(points(one.delta)), color=colour, va="center", ha=side)
    axes.set_xlim(low, high)
    axes.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
    named_rows(axes, [view.label(one.candidate_arm) for one in rows])
    axes.set_xlabel(f"points (band: ±{margin(rows[0].margin)})")


def named_rows(axes: Axes, names: Sequence[str]) -> None:
    """Rows from the top, each with its name."""
    axes.set_yticks(range(len(names)), [shortened(name) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)


def score_panels(view: View) -> list[Panel]:
    """One panel per task: every arm's score."""
    chance = {task.task: task.chance for task in view.analysis.plan.suite.tasks}
    panels = []
    for task in view.tasks:
        rows = [
            (view.label(arm.arm), arm.is_baseline, dict(arm.scores)[task])
            for arm in view.arms
            if task in dict(arm.scores)
        ]
        said = "; ".join(f"{name} {percent(score.score)}" for name, _, score in rows)
        letters = max((len(shortened(name)) for name, *_ in rows), default=0)
        draw = partial(_bars, rows=rows, chance=chance.get(task, 0.0))
        panels += (
            [Panel(view.task_labels[task], f"{task}: {said}.", ROW * len(rows) + FRAME, letters, draw)]
            if rows
            else []
        )
    return panels


def _bars(axes: Axes, rows: Sequence[tuple[str, bool, Scored]], chance: float) -> None:
    for y, (_, is_baseline, one) in enumerate(rows):
        axes.barh(y, 100 * one.score, height=0.66, color=BAR_BASELINE if is_baseline else BAR)
        axes.plot((100 * one.low, 100 * one.high), (y, y), color=INK, linewidth=1.2)
        axes.text(101.5, y, f"{100 * one.score:.1f}", va="center", ha="left")
    if chance:
        axes.axvline(100 * chance, color=INK, linewidth=0.9, linestyle=(0, (3, 2)))
    axes.set_xlim(0, 116)
    axes.set_xticks(range(0, 101, 25))
    axes.spines["bottom"].set_bounds(0, 100)
    named_rows(axes, [name for name, *_ in rows])
    axes.set_xlabel("score, %")


def tradeoff_panels(view: View) -> list[Panel]:
    """Mean change against decode speed, peak memory and weights, where measured."""
    at = words(view.speeds.lightest)
    drafts = (
        ("Decode speed", _speeds(view, "decode"), f"tok/s, {at}"),
        ("Peak memory", _speeds(view, "peak_memory"), "bytes"),
        ("Weights", {a.arm: Scored(w, w, w) for a in view.arms if (w := a.weights_bytes)}, "bytes"),
    )
    changes = {arm.arm: mean[0] for arm in view.candidates if (mean := mean_delta(view, arm.arm))}
    panels = []
    for title, costs, unit in drafts:
        shared = [arm for arm in changes if arm in costs]
        if shared:
            said = "; ".join(f"{view.label(arm)} {points(changes[arm].score)} points" for arm in shared)
            draw = partial(_tradeoff, view=view, costs=costs, changes={arm: changes[arm] for arm in shared}, unit=unit)
            panels.append(Panel(title, f"Mean change against {title.lower()}: {said}.", SQUARE, TICK_LETTERS, draw))
    return panels


def _speeds(view: View, name: str) -> dict[str, Scored]:
    """Arm -> a reading at the lightest step; invalid ones are not drawn."""
    found = ((arm.arm, view.speeds.get(arm.arm, name, view.speeds.lightest)) for arm in view.arms)
    return {arm: scored for arm, one in found if one and (scored := one.usable)}


def _tradeoff(axes: Axes, view: View, costs: dict[str, Scored], changes: dict[str, Scored], unit: str) -> None:
    band = max(one.margin for one in view.quality.values())
    limits = _limits([(one.low, one.high) for one in changes.values()], band)
    scale, shown = scale_of(max(one.score for one in costs.values())) if unit == "bytes" else (1.0, unit)
    axes.axhspan(-100 * band, 100 * band, color=MUTED, alpha=0.16, linewidth=0)
    axes.axhline(0, color=MUTED, linewidth=0.8)
    spots = {arm.arm: Scored(0, 0, 0) for arm in view.baselines if arm.arm in costs} | changes
    for arm, change in spots.items():
        cost, out = costs[arm], change.score < limits[0]
        y = 100 * (limits[0] + 0.25 * band if out else change.score)
        colour, marker = (INK, "D") if arm not in changes else ("#0072b2", "v" if out else "o")
        if not out:
            axes.plot((cost.score / scale,) * 2, (100 * change.low, 100 * change.high), color=colour, linewidth=1)
        axes.plot((cost.low / scale, cost.high / scale), (y, y), color=colour, linewidth=1)
        text = shortened(view.label(arm), 14) + (f" ({points(change.score)})" if out else "")
        axes.plot(cost.score / scale, y, marker=marker, color=colour, markersize=5.5, label=text, linestyle="none")
    axes.set_ylim(100 * limits[0], 100 * limits[1])
    axes.margins(x=0.25)  # room for labels
    axes.set_xlabel(shown)
    axes.set_ylabel("mean change, points")


def scale_of(largest: float) -> tuple[float, str]:
    """(bytes, unit) in which a size is drawn."""
    power = 3 if largest >= 1 << 30 else 2
    return float(1 << (10 * power)), "GiB" if power == 3 else "MiB"
