"""How long the rest of a plan will take, from how long its cells took so far. Pure: whoever asks brings the times."""

from typing import NamedTuple

from harness.compare import repeat
from harness.core.cell import Cell, LoadWork
from harness.core.plan import Plan
from harness.core.units import in_seconds


class Left(NamedTuple):
    """Seconds until the plan is done if every load ends at the first occasion, and if it takes all of its rounds."""

    soonest: float
    latest: float

    @property
    def words(self) -> str:
        """As people say it."""
        if round(self.soonest) == round(self.latest):
            return f"about {in_seconds(self.latest)} left"
        return f"{in_seconds(self.soonest)} to {in_seconds(self.latest)} left"


class Pace:
    """Cells that ended, and what they say of those that did not.

    A load cell takes as long as those of its arm took under the same load, else as others under that load did; a
    quality cell as long as other quality cells did. Where no cell of a kind has ended, nothing is said.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._took: dict[tuple[str, str], list[float]] = {}
        self._done: set[str] = set()
        self._groups = repeat.groups(plan)

    def ended(self, cell: Cell, seconds: float | None) -> None:
        """A cell is done; `seconds` it took, None where that says nothing (it was there already, or failed)."""
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

    def left(self, running: Cell | None = None, running_left: float | None = None) -> Left | None:
        """What is left, None where it cannot be told; of the `running` cell `running_left` seconds, where known."""
        optional = self._optional()
        soonest = latest = 0.0
        for cell in self._plan.cells:
            if cell.id in self._done:
                continue
            known = running_left if running is not None and cell.id == running.id else None
            seconds = self.of(cell) if known is None else known
            if seconds is None:
                return None
            latest += seconds
            soonest += 0.0 if cell.id in optional else seconds
        return Left(soonest, latest)

    def _optional(self) -> set[str]:
        """Cells of rounds that come after the least number of them."""
        if self._plan.repetition is None:
            return set()
        least = self._plan.repetition.rounds
        return {cell.id for group in self._groups for cells in group.rounds[least:] for cell in cells}


def _kind(cell: Cell) -> str:
    return f"load {cell.work.load.key}" if isinstance(cell.work, LoadWork) else "quality"
