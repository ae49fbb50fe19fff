"""From panels to figures: SVG for the page, SVG and PNG files, byte for byte the same from the same analysis.

No dates and fixed ids; text stays text. Ink and paper are sentinel colours that the page replaces by its own, so that a
figure reads in light and in dark.
"""

import io
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from harness.report.bars import energy_panels, memory_panels, roofline_panels
from harness.report.curves import depth_panels, distribution_panels, load_panels, round_panels
from harness.report.labels import Box, place
from harness.report.panels import (
    BAR,
    BAR_BASELINE,
    INK,
    MARKS,
    MUTED,
    PAPER,
    WIDTH,
    Panel,
    shortened,
)
from harness.report.pareto import pareto_panels
from harness.report.strokes import LINES
from harness.report.task_panels import key_of, margins_said, task_panel
from harness.report.vector import embedded
from harness.report.view import View
from harness.report.wording import public

_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "harness",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 9,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "none",
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "figure.facecolor": PAPER,
    "figure.dpi": 72,
}
_LEFT, _RIGHT, _TOP, _BOTTOM, _LETTER = 0.16, 0.2, 0.3, 0.5, 0.084  # inches; the last per letter of a label
_COLUMNS = 3
_PNG_DPI = {1: 320, 2: 240, 3: 200}  # by columns: wide enough for a slide
_NEAR = 9  # pixels between a point and its label that need no line
_PAGE_COLOURS = {INK: "currentColor", PAPER: "var(--paper)", MUTED: "var(--axis)"} | {
    colour: f"var(--c{colour[1:]})" for colour in (BAR, BAR_BASELINE, *dict(MARKS.values()), *LINES)
}
_PARETO = (
    "Mean change over the tasks in points, up is better; lines are 95 % intervals. Broken line: the front, where no "
    "other arm is both better and cheaper by the estimates alone. Hollow: inconclusive on at least half of the tasks; "
    "a cross: the cost is invalid; diamond: the baseline. Grey band: the widest margin of a task, for orientation."
)
_MARKED = "Open markers: flagged, a cross: invalid; the flags say why."
_LOAD = (
    "A point for each load; lines follow rising concurrency or rate, whose first and last value stand beside the first "
    f"curve. Means over rounds; vertical lines are 95 % intervals. {_MARKED}"
)
_LATENCY = (
    "How many requests of the valid rounds were at least as fast; further left is better. Markers: the percentiles "
    "that enough requests stand behind. Outlying requests are in it; arms with ✕ have no valid round and are not drawn."
)
_ROUNDS = f"Each round is a fresh process; shown is how far it lies from its arm's mean. {_MARKED}"
_MEMORY = "Parts as the engine tells them; the rest is what was measured in all, less the parts. Means over rounds."
_ROOFLINE = (
    "Bytes read per token times tokens per second, over the bandwidth. Below 40 % (dashed) a dense model of 7B or more "
    "is worth a look, below 15 % something else than the memory is the limit."
)


@dataclass(frozen=True)
class Picture:
    """One figure: `panels` are SVGs for the page, `svg` and `png` the whole for the files, `drawn` its numbers."""

    key: str
    title: str
    alt: str
    caption: str
    panels: tuple[Markup, ...]
    svg: bytes
    png: bytes
    drawn: tuple[Panel, ...] = ()

    @property
    def width(self) -> int:
        """At which it reads well among text, in CSS pixels."""
        return round(96 * WIDTH * min(_COLUMNS, len(self.panels)) * (1 if len(self.panels) > 1 else 1.4))


def pictures(view: View) -> tuple[Picture, ...]:
    """Every figure the analysis has data for, in reading order."""
    drafts = (
        *_of_tasks(view),
        ("pareto", "Quality against speed and memory", pareto_panels(view), _PARETO),
        *_of_speed(view),
    )
    with mpl.rc_context():
        _ours()
        return tuple(_picture(key, title, panels, caption) for key, title, panels, caption in drafts if panels)


def _of_tasks(view: View) -> Iterator[tuple[str, str, list[Panel], str]]:
    """A picture for each task."""
    for task in view.tasks:
        if panel := task_panel(view, task):
            yield key_of(view, task), f"Change on {view.task_labels[task]}", [panel], margins_said(view, task)


def picture(key: str, title: str, panels: Sequence[Panel], caption: str) -> Picture:
    """One figure alone."""
    with mpl.rc_context():
        _ours()
        return _picture(key, title, panels, caption)


def _ours() -> None:
    """Our own settings, and nobody's matplotlibrc."""
    mpl.rcdefaults()
    mpl.rcParams.update(_STYLE)


def _of_speed(view: View) -> Iterator[tuple[str, str, list[Panel], str]]:
    """Key, title, panels and caption of what was measured under load."""
    yield "load", "Latency against throughput", load_panels(view), _LOAD
    yield "latency", "Latencies over requests", distribution_panels(view), _LATENCY
    yield "depth", "Decode speed against depth", depth_panels(view), f"Mean over rounds, 95 % intervals. {_MARKED}"
    yield "rounds", "Round by round", round_panels(view), _ROUNDS
    yield "memory", "Where the memory goes", memory_panels(view), _MEMORY
    yield "energy", "Energy per token", energy_panels(view), f"Mean over rounds, 95 % intervals. {_MARKED}"
    yield "roofline", "Decode against the memory's bandwidth", roofline_panels(view), _ROOFLINE


def _picture(key: str, title: str, panels: Sequence[Panel], caption: str) -> Picture:
    single = [_svg(_figure([panel])) for panel in panels]
    png = io.BytesIO()
    _figure(panels).savefig(png, format="png", dpi=_PNG_DPI[_size(panels)[2]], metadata={"Software": None})
    alt = f"{title}. " + " ".join(panel.alt for panel in panels)
    page = tuple(
        embedded(svg, f"{key}{at}", (panel.title, panel.alt), _PAGE_COLOURS)
        for at, (svg, panel) in enumerate(zip(single, panels, strict=True))
    )
    return Picture(key, title, alt, caption, page, _sheet(single, panels, alt), png.getvalue(), tuple(panels))


def _size(panels: Sequence[Panel]) -> tuple[float, float, int]:
    """Width and height in inches of panels in rows of three, and their columns."""
    columns = min(_COLUMNS, len(panels))
    return WIDTH * columns, max(panel.height for panel in panels) * -(-len(panels) // columns), columns


def _figure(panels: Sequence[Panel]) -> Figure:
    """Panels on a sheet; margins in inches by the longest label, which is far quicker than a layout engine."""
    width, height, columns = _size(panels)
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    tall = max(panel.height for panel in panels)
    for index, panel in enumerate(panels):
        left = WIDTH * (index % columns) + _LEFT + _LETTER * panel.letters
        bottom = height - tall * (index // columns) - panel.height + _BOTTOM + panel.below
        right = WIDTH * (index % columns + 1) - _RIGHT
        inside = panel.height - _TOP - _BOTTOM - panel.below
        axes = figure.add_axes((left / width, bottom / height, (right - left) / width, inside / height))
        axes.set_title(shortened(panel.title, 32))
        axes.tick_params(length=3)
        panel.draw(axes)
        _place_labels(axes)
    return figure


def _sheet(svgs: Sequence[bytes], panels: Sequence[Panel], alt: str) -> bytes:
    """The same arrangement as one SVG file, made of the panels already drawn."""
    inches_wide, inches_high, columns = _size(panels)
    width, height, tall = 72 * inches_wide, 72 * inches_high, 72 * max(panel.height for panel in panels)
    parts = []
    for index, svg in enumerate(svgs):
        place_at = f'<svg x="{72 * WIDTH * (index % columns):g}" y="{tall * (index // columns):g}" '
        parts.append(_own_ids(svg, f"panel{index}").replace("<svg ", place_at, 1).replace('pt"', '"', 2))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}pt" height="{height:g}pt"'
    head += f' viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(public(alt), quote=True)}">'
    paper = f'<rect width="100%" height="100%" style="fill: {PAPER}"/>'
    return "\n".join((head, paper, *parts, "</svg>\n")).encode()


def _svg(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return buffer.getvalue()


def _own_ids(svg: bytes, key: str) -> str:
    """The SVG element without prologue, its ids and the references to them prefixed, to stand beside others."""
    text = svg.decode()[svg.decode().index("<svg") :]
    return re.sub(r"(?<= id=\")|(?<=url\(#)|(?<=xlink:href=\"#)", f"{key}-", text)


def _place_labels(axes: Axes) -> None:
    """Name every labelled point of `axes`; runs last, since it works in pixels."""
    axes.autoscale_view()  # limits are otherwise settled only when drawn
    named = [line for line in axes.lines if not str(line.get_label()).startswith("_")]
    spots = [tuple(axes.transData.transform((line.get_xdata()[0], line.get_ydata()[0]))) for line in named]
    texts = [axes.annotate(str(line.get_label()), (0, 0), xycoords="figure pixels") for line in named]
    renderer = axes.figure.canvas.get_renderer()
    sizes = [(box.width, box.height) for box in (text.get_window_extent(renderer) for text in texts)]
    frame = axes.get_window_extent(renderer)
    bounds = (frame.x0 + 4, frame.y0 + 4, frame.x1, frame.y1)
    boxes = place(spots, sizes, [_drawn(line) for line in axes.lines], bounds)
    for text, line, spot, box in zip(texts, named, spots, boxes, strict=True):
        text.remove()
        anchor = (line.get_xdata()[0], line.get_ydata()[0])
        offset = (box[0] - spot[0], box[1] - spot[1])
        axes.annotate(str(line.get_label()), anchor, offset, textcoords="offset points")
        _lead(axes, anchor, spot, box)


def _lead(axes: Axes, anchor: tuple[float, float], spot: tuple[float, float], box: Box) -> None:
    """A thin line from a point to a label that had to go further away."""
    end = tuple(min(max(at, low), high) - at for at, low, high in zip(spot, box[:2], box[2:], strict=True))
    if math.hypot(*end) > _NEAR:
        line = {"arrowstyle": "-", "color": MUTED, "linewidth": 0.7, "shrinkA": 0, "shrinkB": 3}
        axes.annotate("", anchor, end, textcoords="offset points", arrowprops=line)


def _drawn(line: Line2D) -> Box:
    """A point or an interval as a box in pixels, a little larger than drawn."""
    corners = line.get_transform().transform(line.get_xydata())
    (left, bottom), (right, top) = corners.min(axis=0) - 3, corners.max(axis=0) + 3
    return (float(left), float(bottom), float(right), float(top))
