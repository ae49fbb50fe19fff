"""When each cell was last tried and how long it took, of all plans: what a night's budget is planned from."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import NamedTuple

from harness.core.cell import Cell
from harness.core.errors import SchemaError
from harness.core.record import Completed, Skipped
from harness.store import read
from harness.store.layout import Layout

_NEWEST = 5


class Tried(NamedTuple):
    """One attempt at a cell: when it began (ISO 8601, UTC), how many seconds it took, whether it was measured."""

    started: str
    seconds: float
    completed: bool


def tries(layout: Layout, cells: Sequence[Cell]) -> dict[str, tuple[Tried, ...]]:
    """The newest attempts at each cell, newest first, by the cell's id.

    Those put off to another night do not count, nor what this version cannot read.
    """
    found = {cell.id: tuple(islice(_tried(layout, cell), _NEWEST)) for cell in cells}
    return {cell_id: attempts for cell_id, attempts in found.items() if attempts}


def _tried(layout: Layout, cell: Cell) -> Iterator[Tried]:
    for folder in reversed(read.attempts(layout, cell)):
        with suppress(SchemaError):
            record = read.record(folder)
            if not (isinstance(record, Skipped) and record.later):
                yield Tried(record.run.started, record.run.seconds, isinstance(record, Completed))
