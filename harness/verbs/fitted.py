"""A table that fits: the least important columns are left out where the terminal is too narrow, and that is said."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rich.console import Console

_GAP = 2
_STYLES = {"failed": "red", "invalid": "magenta", "degraded": "yellow", "skipped": "yellow", "open": "yellow"}


class Column(NamedTuple):
    """A heading; the larger its `weight` the longer it stays. Numbers stand to the right."""

    title: str
    weight: int
    number: bool = False


def show(columns: Sequence[Column], rows: Sequence[Sequence[str]], console: "Console") -> list[str]:
    """Print the table at the console's width, in full where the output is no terminal; returns the titles left out.

    Fields are foreign until here.
    """
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    from harness.report.wording import visible

    rows = [[visible(" ".join(field.split())) for field in row] for row in rows]
    natural = [max([cell_len(one.title), *(cell_len(row[at]) for row in rows)]) for at, one in enumerate(columns)]
    if not console.is_terminal:  # whoever reads a pipe wants all of it
        console.width = sum(natural) + _GAP * len(natural)
    width = console.width
    kept = _kept(columns, natural, width)
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for at in kept:
        table.add_column(columns[at].title, justify="right" if columns[at].number else "left", no_wrap=True,
                         overflow="ellipsis")
    for row in rows:
        table.add_row(*(Text(row[at], _STYLES.get(row[at], "")) for at in kept))
    console.print(table)
    return [column.title for at, column in enumerate(columns) if at not in kept]


def _kept(columns: Sequence[Column], natural: Sequence[int], width: int) -> list[int]:
    """Places of the columns that stay, in order; the weightiest stays in any case."""
    kept = list(range(len(columns)))
    while len(kept) > 1 and sum(natural[at] for at in kept) + _GAP * (len(kept) - 1) > width:
        kept.remove(min(kept, key=lambda at: (columns[at].weight, -at)))
    return kept
