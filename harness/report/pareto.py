"""The pareto picture: mean change of the answers against speed, memory, size and energy, with the front marked.

The front is that of the estimates: no other arm of the model is both closer to full precision (or above it) and
cheaper. What lies on it by less than the intervals is no finding, which is why they are drawn.
"""

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.ticker import MaxNLocator

from harness.core.tones import tone
from harness.core.verdict import Scored, Verdict
from harness.report.curves import sign
from harness.report.drawn import CHANGE, Axis, Drawn, exactly
from harness.report.panels import INK, MUTED, SQUARE, TICK_LETTERS, Panel, limits_of, scale_of, shortened
from harness.report.readings import heading
from harness.report.steps import words
from harness.report.view import View, mean_delta
from harness.report.wording import points, quantity

_COSTS = (("decode", True), ("peak_memory", False), ("device_memory", False), ("energy", False))
_SETTLED = (Verdict.EQUIVALENT.value, Verdict.DEGRADED.value, Verdict.IMPROVED.value)
_COLOUR = "#0072b2"


@dataclass(frozen=True)
class Spot:
    """An arm: what it costs (unit of the reading) and how far its answers changed (shares; a baseline: 0).

    `state`: "baseline"; else "invalid" (the cost is not to be used), "inconclusive" (half of the tasks are), or "".
    """

    arm: str
    model: str
    cost: Scored
    change: Scored
    state: str
    front: bool = False

    @property
    def flat(self) -> bool:
        """Whether it counts for the front."""
        return self.state != "invalid" and math.isfinite(self.cost.score + self.change.score)


def pareto_panels(view: View) -> list[Panel]:
    """Mean change against decode speed, peak memory, energy and the size of the weights, where measured."""
    at = view.speeds.lightest
    panels = []
    for name, more in _COSTS:
        found = {arm.arm: one for arm in view.arms if (one := view.speeds.get(arm.arm, name, at)) and one.scored}
        if found:
            unit = next(iter(found.values())).unit
            costs = {arm: (one.scored, sign(one)) for arm, one in found.items() if one.scored}
            where = f", {words(at)}" if name in ("decode", "energy") and not at.whole else ""
            panels += _panel(view, heading(name) + where, Axis(name, unit), costs, more)
    weights = {arm.arm: (exactly(float(arm.weights_bytes)), "") for arm in view.arms if arm.weights_bytes}
    return panels + _panel(view, "Weights", Axis("weights", "B"), weights, False)


def _panel(
    view: View, title: str, axis: Axis, costs: Mapping[str, tuple[Scored, str]], more: bool
) -> list[Panel]:
    spots = marked_front(_spots(view, costs), more)
    if not any(one.state != "baseline" for one in spots):
        return []
    said = "; ".join(_told(view, one, axis.unit) for one in spots)
    alt = f"Mean change against {title[0].lower() + title[1:]}: {said}."
    draw = partial(_draw, view=view, spots=spots, unit=axis.unit, more=more)
    drawn = tuple(Drawn(one.arm, one.cost, one.change, "front" * one.front, one.state) for one in spots)
    mean = Axis(f"mean {CHANGE.name}", CHANGE.unit)
    return [Panel(title, alt, SQUARE, TICK_LETTERS, draw, drawn=drawn, x=axis, y=mean)]


def _spots(view: View, costs: Mapping[str, tuple[Scored, str]]) -> list[Spot]:
    found = []
    for arm in view.arms:
        mean = mean_delta(view, arm.arm)
        if arm.arm not in costs or not (arm.is_baseline or mean):
            continue
        cost, against = costs[arm.arm]
        change = exactly(0.0) if mean is None else mean[0]
        state = "invalid" if against == "invalid" else "baseline" if mean is None else _settled(view, arm.arm)
        found.append(Spot(arm.arm, arm.model, cost, change, state))
    return found


def _settled(view: View, arm: str) -> str:
    """ "inconclusive" unless more than half of the arm's tasks have a verdict."""
    tones = [tone(one) for (name, _), one in view.quality.items() if name == arm]
    return "" if 2 * sum(one in _SETTLED for one in tones) > len(tones) else "inconclusive"


def marked_front(spots: list[Spot], more: bool) -> list[Spot]:
    """The spots, with those on their model's front marked; `more` says that a higher cost is the better one."""
    side = 1 if more else -1

    def dominated(one: Spot) -> bool:
        others = (other for other in spots if other.flat and other.model == one.model)
        mine = side * one.cost.score, one.change.score
        pairs = ((side * other.cost.score, other.change.score) for other in others)
        return any(a >= mine[0] and b >= mine[1] and (a, b) != mine for a, b in pairs)

    return [
        Spot(one.arm, one.model, one.cost, one.change, one.state, one.flat and not dominated(one)) for one in spots
    ]


def _told(view: View, one: Spot, unit: str) -> str:
    change = "baseline" if one.state == "baseline" else f"{points(one.change.score)} points"
    more = ", ".join(word for word in ("on the front" * one.front, one.state) if word not in ("", "baseline"))
    return f"{view.label(one.arm)} {change} at {quantity(one.cost.score, unit)}" + (f" ({more})" if more else "")


def _draw(axes: Axes, view: View, spots: list[Spot], unit: str, more: bool) -> None:
    band = max(one.margin for one in view.quality.values())
    limits = limits_of([(one.change.low, one.change.high) for one in spots], band)
    scale, shown = scale_of(max(one.cost.score for one in spots)) if unit == "B" else (1.0, unit)
    axes.axhspan(-100 * band, 100 * band, color=MUTED, alpha=0.16, linewidth=0)
    axes.axhline(0, color=MUTED, linewidth=0.8)
    _draw_front(axes, spots, scale, limits[0])
    for one in spots:
        out = one.change.score < limits[0]
        x, y = one.cost.score / scale, 100 * (limits[0] + 0.25 * band if out else one.change.score)
        colour = INK if one.state in ("baseline", "invalid") else _COLOUR
        if not out:
            axes.plot((x, x), (100 * one.change.low, 100 * one.change.high), color=colour, linewidth=1)
        axes.plot((one.cost.low / scale, one.cost.high / scale), (y, y), color=colour, linewidth=1)
        text = shortened(view.label(one.arm), 14) + (f" ({points(one.change.score)})" if out else "")
        axes.plot(x, y, label=text, linestyle="none", color=colour, **_look(one.state, out))
    axes.set_ylim(100 * limits[0], 100 * limits[1])
    axes.margins(x=0.25)  # room for labels
    axes.set_xlim(left=max(0.0, axes.get_xlim()[0]))  # a wide interval may reach below what can be
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.set_xlabel(f"{shown}, {'more' if more else 'less'} is better")
    axes.set_ylabel("mean change, points")


def _look(state: str, out: bool) -> dict[str, object]:
    if state == "invalid":
        return {"marker": "x", "markersize": 7}
    filled = {"marker": "D" if state == "baseline" else "v" if out else "o", "markersize": 5.5}
    hollow = {"markerfacecolor": "none", "markersize": 6.5, "markeredgewidth": 1.3}
    return filled | (hollow if state == "inconclusive" else {})


def _draw_front(axes: Axes, spots: list[Spot], scale: float, low: float) -> None:
    """A broken line through each model's front; no line of the axes, since labels need not keep clear of it."""
    by: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for one in spots:
        if one.front:
            by[one.model].append((one.cost.score / scale, 100 * max(one.change.score, low)))
    steps = [sorted(found) for found in by.values() if len(found) > 1]
    axes.add_collection(LineCollection(steps, colors=MUTED, linewidths=1, linestyles=[(0, (4, 2))]), autolim=False)
