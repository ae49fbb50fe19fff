"""When each cell was last tried and how long it took, of all plans: what a night's budget is planned from."""

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from harness.core.cell import Cell
from harness.core.record import Completed, RunRecord, Skipped
from harness.store import read
from harness.store.layout import Layout

_NEWEST = 5


class Tried(NamedTuple):
    """One attempt at a cell: when it began (ISO 8601, UTC), how many seconds it took, whether it was measured."""

    started: str
    seconds: float
    completed: bool


def tries(layout: Layout, cells: Sequence[Cell]) -> dict[str, tuple[Tried, ...]]:
    """The newest attempts at each cell, newest first, by the cell's id; those put off to another night do not count.

    Raises SchemaError for a record this version cannot read.
    """
    found = {}
    for cell in cells:
        newest = islice(reversed(read.attempts(layout, cell)), _NEWEST)
        records = [read.record(folder) for folder in newest]
        found[cell.id] = tuple(_tried(record) for record in records if not _put_off(record))
    return {cell_id: attempts for cell_id, attempts in found.items() if attempts}


def _put_off(record: RunRecord) -> bool:
    return isinstance(record, Skipped) and record.later


def _tried(record: RunRecord) -> Tried:
    return Tried(record.run.started, record.run.seconds, isinstance(record, Completed))
