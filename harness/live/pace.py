"""How long the rest of a plan will take, from how long its cells took so far. Pure: whoever asks brings the times."""

from harness.compare import repeat
from harness.core.cell import Cell, LoadWork
from harness.core.events import Left
from harness.core.plan import Plan


class Pace:
    """Cells that ended, and what they say of those that did not.

    A load cell takes as long as those of its arm took under the same load, else as others under that load did; a
    quality cell as long as other quality cells did. Where no cell of a kind has ended, it is counted as unknown.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._took: dict[tuple[str, str], list[float]] = {}
        self._done: set[str] = set()
        self.optional = _optional(plan)

    def ended(self, cell: Cell, seconds: float | None) -> None:
        """A cell is done; `seconds` it took, None where that says nothing (it was there in part, or failed)."""
        self._done.add(cell.id)
        if seconds is not None:
            self._took.setdefault((_kind(cell), cell.arm), []).append(seconds)

    def dropped(self, cells: tuple[str, ...]) -> None:
        """Cells of these ids will not run."""
        self._done |= set(cells)

    def of(self, cell: Cell) -> float | None:
        """What a cell is expected to take in seconds, None where nothing like it has ended."""
        kind = _kind(cell)
        own = self._took.get((kind, cell.arm))
        found = own or [one for (other, _), times in self._took.items() if other == kind for one in times]
        return sum(found) / len(found) if found else None

    def left(self, running: Cell | None = None, running_left: float | None = None, gone: float = 0.0) -> Left:
        """What is left; of the `running` cell `running_left` seconds, where known, `gone` of which are over.

        A cell like the running one will take as long as that, where none of its kind has ended.
        """
        whole = None if running is None or running_left is None else gone + running_left
        soonest = latest = 0.0
        unknown = 0
        for cell in self._plan.cells:
            if cell.id in self._done:
                continue
            seconds = self.of(cell)
            if running is not None and cell.id == running.id:
                seconds = running_left if running_left is not None else seconds
            elif seconds is None and running is not None and _kind(cell) == _kind(running):
                seconds = whole
            unknown += seconds is None
            latest += seconds or 0.0
            soonest += 0.0 if cell.id in self.optional else seconds or 0.0
        return Left(soonest, latest, unknown)


def _optional(plan: Plan) -> set[str]:
    """Cells of rounds that come after the least number of them."""
    if plan.repetition is None:
        return set()
    least = plan.repetition.rounds
    return {cell.id for group in repeat.groups(plan) for cells in group.rounds[least:] for cell in cells}


def _kind(cell: Cell) -> str:
    return f"load {cell.work.load.key}" if isinstance(cell.work, LoadWork) else "quality"
