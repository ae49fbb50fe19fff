"""How an arm is drawn wherever several share axes: colour, marker and dashes of its own, and the legend.

Colours are Okabe and Ito's; no two arms share a marker and a dash pattern, so that none is told by colour alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from harness.report.panels import INK, PAPER, WIDTH, shortened
from harness.report.view import View

LINES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_MARKERS = ("o", "v", "^", "s", "P", "X", "h", "<")
_DASHES = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (7, 2, 1.5, 2)))
_EDGE = 0.06  # inches between a panel's left edge and its legend
_COLUMNS, _LETTERS, _LINE, _GAP = 2, 17, 0.185, 0.06  # of a legend: letters of a name, inches of a line


@dataclass(frozen=True)
class Stroke:
    """Colour, marker and dash pattern."""

    colour: str
    marker: str
    dashes: object

    def line(self, axes: Axes, x: Sequence[float], y: Sequence[float], **more: object) -> None:
        """A curve without markers."""
        axes.plot(x, y, **(self._style() | {"marker": ""} | more))

    def dot(self, axes: Axes, x: float, y: float, sign: str = "") -> None:
        """A point: filled; open where it is "flagged"; a cross in ink where it is "invalid"."""
        filled = {"marker": self.marker, "color": self.colour, "markersize": 5.5}
        looks = {"flagged": filled | {"markerfacecolor": "none", "markersize": 6.5, "markeredgewidth": 1.3},
                 "invalid": {"marker": "x", "color": INK, "markersize": 7}}
        axes.plot(x, y, linestyle="none", zorder=4, clip_on=False, **looks.get(sign, filled))

    def sample(self, name: str) -> Line2D:
        """For the legend."""
        return Line2D([], [], label=name, **self._style())

    def _style(self) -> dict[str, object]:
        return {"color": self.colour, "linestyle": self.dashes, "linewidth": 1.4, "marker": self.marker,
                "markersize": 5, "markeredgecolor": PAPER, "markeredgewidth": 0.6}


def strokes(view: View) -> dict[str, Stroke]:
    """Arm -> how it is drawn: baselines in ink, candidates in colours, the same in every figure."""
    found = {arm.arm: Stroke(INK, "D", _DASHES[at % len(_DASHES)]) for at, arm in enumerate(view.baselines)}
    for at, arm in enumerate(view.candidates):
        dashes = _DASHES[(at // len(LINES) + at) % len(_DASHES)]
        found[arm.arm] = Stroke(LINES[at % len(LINES)], _MARKERS[at % len(_MARKERS)], dashes)
    return found


def room(names: Iterable[str]) -> float:
    """Inches that a legend of these names needs below its axes."""
    return _GAP + _LINE * -(-len(list(names)) // _COLUMNS)


def legend(axes: Axes, view: View, names: dict[str, str]) -> None:
    """Name the arms below the axes' labels; `names` maps an arm to what stands before its label ("" nothing)."""
    drawn = strokes(view)
    named = {arm: shortened(f"{more} {view.label(arm)}".strip(), _LETTERS) for arm, more in names.items()}
    write_legend(axes, [drawn[arm].sample(name) for arm, name in named.items()])


def write_legend(axes: Axes, samples: Sequence[object]) -> None:
    """Samples in columns at the panel's left edge, below the label of the x axis."""
    width, height = axes.figure.get_size_inches()
    place = axes.get_position()
    left = (_EDGE - place.x0 * width % WIDTH) / (place.width * width)
    axes.legend(
        handles=samples, loc="upper left", bbox_to_anchor=(left, -0.47 / (place.height * height)), ncols=_COLUMNS,
        frameon=False, fontsize=8.5, handlelength=2.6, columnspacing=1.0, borderpad=0.0, borderaxespad=0.0,
        labelspacing=0.25,
    )
