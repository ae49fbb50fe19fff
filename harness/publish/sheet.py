"""A page before it has a form: text, tables, charts and lists of links, with addresses below the site's root."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Link:
    """A text that leads to `to`; `more` stands behind it."""

    text: str
    to: str
    more: str = ""


@dataclass(frozen=True)
class Field:
    """One field of a table: text over smaller lines, with a tone (a key of wording.SYMBOLS) and a link if it has one.

    `value` is what it is sorted by, "" the number that its text begins with.
    """

    text: str
    detail: str = ""
    tone: str = ""
    to: str = ""
    value: str = ""


@dataclass(frozen=True)
class Grid:
    """A table; columns in `words` are text. `folded`: shown on demand. `find`: its rows are searched on the front."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Field, ...], ...]
    words: tuple[int, ...] = (0,)
    note: str = ""
    folded: bool = False
    find: bool = False
    kind: Literal["grid"] = "grid"


@dataclass(frozen=True)
class Links:
    """A list of links; `find`: searched on the front page."""

    items: tuple[Link, ...]
    find: bool = False
    kind: Literal["links"] = "links"


@dataclass(frozen=True)
class Prose:
    """A paragraph; `code` marks a command to copy."""

    text: str
    code: bool = False
    kind: Literal["prose"] = "prose"


@dataclass(frozen=True)
class Mark:
    """A run drawn by itself, and what is said of it when it is pointed at."""

    x: float
    y: float
    kind: Literal["valid", "degraded", "invalid"]
    text: str
    to: str


@dataclass(frozen=True)
class StepMark:
    """A vertical line where a step is, with its size."""

    x: float
    text: str
    tone: Literal["degraded", "improved"]
    anchor: Literal["start", "end"]


@dataclass(frozen=True)
class Tick:
    """A place on an axis and its label."""

    at: float
    text: str


@dataclass(frozen=True)
class Chart:
    """A history as paths of SVG in a frame of `width` x `height`: interval band, line, levels between steps."""

    key: str
    title: str
    said: str
    alt: str
    width: int
    height: int
    band: str
    line: str
    levels: str
    ticks: tuple[Tick, ...]
    dates: tuple[Tick, ...]
    steps: tuple[StepMark, ...] = ()
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class Whisker:
    """One figure with its interval in an interval plot: places on the x axis, row number from 0."""

    row: int
    x: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Whiskers:
    """Figures side by side on one axis: rows with a name and what is written at their end."""

    title: str
    alt: str
    width: int
    height: int
    names: tuple[tuple[str, str], ...]
    whiskers: tuple[Whisker, ...]
    ticks: tuple[Tick, ...]


@dataclass(frozen=True)
class Charts:
    """Small charts side by side."""

    items: tuple[Chart, ...] = ()
    plots: tuple[Whiskers, ...] = ()
    kind: Literal["charts"] = "charts"


Block = Grid | Links | Prose | Charts


@dataclass(frozen=True)
class Section:
    """A chapter with its anchor."""

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Sheet:
    """A page at `path`; `trail` are the pages above it. `search`: it has the box that filters what is marked `find`."""

    path: str
    title: str
    lead: str
    facts: tuple[str, ...]
    sections: tuple[Section, ...]
    trail: tuple[Link, ...] = ()
    warnings: tuple[str, ...] = ()
    more: tuple[Link, ...] = ()
    search: bool = False
