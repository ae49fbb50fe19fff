"""Panels with a row for each arm: memory in its parts, energy per token, decode as a share of bandwidth."""

from collections.abc import Iterable
from functools import partial

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from harness.core.verdict import Arm
from harness.report.curves import sign
from harness.report.drawn import Axis, Drawn, exactly
from harness.report.measured import Measured
from harness.report.objections import SIGNS
from harness.report.panels import FRAME, INK, MUTED, PAPER, ROW, Panel, named_rows, scale_of, shortened
from harness.report.readings import heading
from harness.report.steps import words
from harness.report.strokes import room, strokes, write_legend
from harness.report.view import View
from harness.report.wording import percent, quantity

_PARTS = {  # reading -> colour and hatch of its part of the stack
    "weights_memory": ("#0072b2", ""),
    "kv_memory": ("#e69f00", "///"),
    "activation_memory": ("#8fc7ea", "\\\\\\"),
}
_REST = ("#b4bac0", "")
_TOTALS = ("device_memory", "peak_memory")
_ENERGIES = ("energy", "energy_prefill", "energy_decode")
_GATES = (0.15, 0.40)  # of the bandwidth: below, a failure and a warning (docs/measuring.md)


def memory_panels(view: View) -> list[Panel]:
    """One panel: the known parts of each arm's memory end to end, and the rest up to what was measured in all."""
    stacks = {arm.arm: _stack(view, arm) for arm in view.arms}
    stacks = {arm: stack for arm, stack in stacks.items() if stack}
    if not stacks:
        return []
    said = "; ".join(
        f"{view.label(arm)} " + ", ".join(f"{name} {quantity(size, 'B')}" for name, size in stack.items())
        for arm, stack in stacks.items()
    )
    names = list(dict.fromkeys(name for stack in stacks.values() for name in stack))
    below = room(names)
    draw = partial(_draw_stacks, view=view, stacks=stacks)
    drawn = tuple(
        Drawn(arm, exactly(size), part=name) for arm, stack in stacks.items() for name, size in stack.items()
    )
    height, axis = ROW * len(stacks) + FRAME + below, Axis("memory", "B")
    return [Panel("Memory", f"Memory: {said}.", height, _letters(view, stacks), draw, below, drawn, axis)]


def _stack(view: View, arm: Arm) -> dict[str, float]:
    """Part -> bytes, in the order drawn; empty where no part is known or the figures are invalid."""
    found = {name: one for name in (*_PARTS, *_TOTALS) if (one := view.speeds.get(arm.arm, name, view.speeds.lightest))}
    sizes = {name: one.usable.score for name, one in found.items() if one.usable}
    parts = {heading(name): sizes[name] for name in _PARTS if name in sizes}
    total = next((sizes[name] for name in _TOTALS if name in sizes), 0.0)
    rest = total - sum(parts.values())
    return parts | ({"rest of the process": rest} if rest > 0 else {}) if parts else {}


def _draw_stacks(axes: Axes, view: View, stacks: dict[str, dict[str, float]]) -> None:
    looks = {heading(name): look for name, look in _PARTS.items()}
    largest = max(sum(stack.values()) for stack in stacks.values())
    scale, unit = scale_of(largest)
    used: dict[str, Patch] = {}
    for y, stack in enumerate(stacks.values()):
        left = 0.0
        for name, size in stack.items():
            colour, hatch = looks.get(name, _REST)
            style = {"facecolor": colour, "hatch": hatch, "edgecolor": PAPER, "linewidth": 0.5}
            axes.barh(y, size / scale, left=left / scale, height=0.66, **style)
            used.setdefault(name, Patch(label=name, **style))
            left += size
        axes.text(left / scale + 0.015 * largest / scale, y, f"{left / scale:.3g}", va="center", ha="left")
    axes.set_xlim(0, 1.16 * largest / scale)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    named_rows(axes, [view.label(arm) for arm in stacks])
    axes.set_xlabel(unit)
    write_legend(axes, list(used.values()))


def energy_panels(view: View) -> list[Panel]:
    """One panel for each kind of energy per token, at the lightest step; the whole also at the heaviest."""
    steps = view.speeds.steps
    ends = dict.fromkeys((*steps[:1], *steps[-1:]))
    wanted = [(name, at) for name in _ENERGIES for at in (ends if name == "energy" else steps[:1])]
    panels = []
    for name, at in wanted:
        found = {arm.arm: one for arm in view.arms if (one := view.speeds.get(arm.arm, name, at)) and one.scored}
        if found:
            title = f"{heading(name)}, {words(at, steps)}"
            said = "; ".join(f"{view.label(arm)} {_told(one)}" for arm, one in found.items())
            draw = partial(_draw_dots, view=view, found=found)
            drawn = tuple(
                Drawn(arm, one.scored, state=sign(one)) for arm, one in found.items() if one.scored is not None
            )
            height, axis = ROW * len(found) + FRAME, Axis(name, next(iter(found.values())).unit)
            letters = _letters(view, found)
            panels.append(Panel(title, f"{title}: {said}.", height, letters, draw, drawn=drawn, x=axis))
    return panels


def _told(one: Measured) -> str:
    return quantity(one.usable.score, one.unit) if one.usable else "invalid"


def _draw_dots(axes: Axes, view: View, found: dict[str, Measured]) -> None:
    drawn = strokes(view)
    known = [one.usable for one in found.values() if one.usable]
    for y, (arm, one) in enumerate(found.items()):
        if one.usable is None:
            _say_invalid(axes, y)
            continue
        axes.plot((one.usable.low, one.usable.high), (y, y), color=drawn[arm].colour, linewidth=1.2)
        drawn[arm].dot(axes, one.usable.score, y, sign(one))
    axes.set_xlim(0, 1.15 * max((max(one.score, one.high if one.high == one.high else 0) for one in known), default=1))
    axes.xaxis.set_major_locator(MaxNLocator(5))
    named_rows(axes, [view.label(arm) for arm in found])
    axes.set_xlabel(next(iter(found.values())).unit)


def roofline_panels(view: View) -> list[Panel]:
    """One panel: decode of each arm as a share of the bandwidth measured on the box, and of the one on paper."""
    at = view.speeds.lightest
    found = {}
    for arm in view.arms:
        two = [view.speeds.get(arm.arm, name, at) for name in ("bandwidth_share", "bandwidth_share_nominal")]
        if any(one and one.scored for one in two):
            found[arm.arm] = two
    if not found:
        return []
    said = "; ".join(f"{view.label(arm)} {' and '.join(map(_share, two))}" for arm, two in found.items())
    title = f"Bandwidth, {words(at)}"
    alt = f"Decode as a share of the measured and of the nominal memory bandwidth: {said}."
    below = room(("measured", "nominal"))
    draw = partial(_draw_roofline, view=view, found=found)
    drawn = tuple(
        Drawn(arm, one.scored, part=part, state=sign(one))
        for arm, two in found.items()
        for part, one in zip(("measured", "nominal"), two, strict=True)
        if one and one.scored
    )
    height, axis = ROW * len(found) + FRAME + below, Axis("share of the bandwidth", "share")
    return [Panel(title, alt, height, _letters(view, found), draw, below, drawn, axis)]


def _share(one: Measured | None) -> str:
    if one is None or one.scored is None:
        return "unknown"
    return percent(one.usable.score, 0) if one.usable else "invalid"


def _draw_roofline(axes: Axes, view: View, found: dict[str, list[Measured | None]]) -> None:
    looks = (("of measured", {"marker": "o", "color": "#0072b2"}),
             ("of nominal", {"marker": "D", "color": "#d55e00", "markerfacecolor": PAPER}))
    for gate in _GATES:
        axes.axvline(100 * gate, color=MUTED, linewidth=0.8, linestyle=(0, (3, 2)))
    axes.axvline(100, color=INK, linewidth=1.2)
    top = 100.0
    samples = [Line2D([], [], label=name, linestyle="none", **style) for name, style in looks]
    for y, two in enumerate(found.values()):
        if any(one is not None and one.unusable for one in two):
            _say_invalid(axes, y)
            continue
        for (_, style), one in zip(looks, two, strict=True):
            if one and one.usable:
                x = 100 * one.usable.score
                axes.plot((100 * one.usable.low, 100 * one.usable.high), (y, y), color=style["color"], linewidth=1)
                axes.plot(x, y, linestyle="none", markersize=6, **style)
                top = max(top, x)
    axes.set_xlim(0, 1.08 * top)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    named_rows(axes, [view.label(arm) for arm in found])
    axes.set_xlabel("share of the bandwidth, %")
    write_legend(axes, samples)


def _say_invalid(axes: Axes, y: float) -> None:
    axes.annotate(f"{SIGNS['invalid']} invalid", (0.02, y), xycoords=("axes fraction", "data"), color=INK, va="center")


def _letters(view: View, arms: Iterable[str]) -> int:
    return max(len(shortened(view.label(arm))) for arm in arms)
