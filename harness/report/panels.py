"""A pair of axes before it is drawn, and what all of them share: colours, sizes, names of rows, ranges.

Colours are Okabe and Ito's, which colour-blind readers can tell apart, and each verdict has a marker of its own.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from harness.report.drawn import Axis, Drawn
from harness.report.wording import public

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
ROW, FRAME, SQUARE, WIDTH = 0.25, 0.8, 3.0, 3.4  # inches; a panel of that width fits a phone
_LETTERS, TICK_LETTERS = 20, 5
CHANGE = Axis("change", "share")
_CLIP = 3  # margins; what lies further out is drawn at the edge with its value


@dataclass(frozen=True)
class Panel:
    """One pair of axes: `height` in inches, of which `below` are for a legend; `letters` of the longest row label.

    `drawn` holds every number that `draw` shows, on the axes `x` and `y`.
    """

    title: str
    alt: str
    height: float
    letters: int
    draw: Callable[[Axes], None]
    below: float = 0.0
    drawn: tuple[Drawn, ...] = ()
    x: Axis = Axis()
    y: Axis = Axis()


def shortened(text: str, letters: int = _LETTERS) -> str:
    """A foreign name as a label."""
    shown = public(text).replace("\n", " ")
    return shown if len(shown) <= letters else shown[: letters - 1] + "…"


def limits_of(intervals: Sequence[tuple[float, float]], band: float, most: float = _CLIP) -> tuple[float, float]:
    """The range of an axis of changes, in shares: the data, at least 1.5 margins and at most `most` of them."""
    known = [(low, high) for low, high in intervals if math.isfinite(low + high)]
    low = max(min((low for low, _ in known), default=0.0), -most * band)
    high = min(max((high for _, high in known), default=0.0), most * band)
    return min(low, -1.5 * band) - 0.3 * band, max(high, 1.5 * band) + 0.3 * band


def named_rows(axes: Axes, names: Sequence[str]) -> None:
    """Rows from the top, each with its name."""
    axes.set_yticks(range(len(names)), [shortened(name) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)


def scale_of(largest: float) -> tuple[float, str]:
    """(bytes, unit) in which a size is drawn."""
    power = 3 if largest >= 1 << 30 else 2
    return float(1 << (10 * power)), "GiB" if power == 3 else "MiB"
