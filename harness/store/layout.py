"""Where everything of a results folder lies."""

from dataclasses import dataclass
from pathlib import Path

from harness.core.cell import Cell
from harness.core.digest import short_id


@dataclass(frozen=True)
class Layout:
    """`root` is the results folder."""

    root: Path

    def cell(self, cell: Cell) -> Path:
        """All attempts at a cell."""
        return self.root / cell.hw / cell.id

    def journal(self, cell: Cell, night: str = "") -> Path:
        """Replies of a quality cell of which not all items are answered; gone once they are.

        Each night has its own, and deletes those of other nights (harness.store.write.sweep_journals).
        """
        name = f"journal-{short_id(night)}.jsonl" if night else "journal.jsonl"
        return self.cell(cell.whole) / name

    def attempt(self, cell: Cell, started: str, run_id: str) -> Path:
        """One attempt; `started` is an ISO 8601 time in UTC."""
        return self.cell(cell) / f"{_stamp(started)}-{run_id}"

    def calibration(self, hw: str, started: str, name: str) -> Path:
        """One calibration of the load generator on a box."""
        return self.root / hw / "calibrations" / f"{_stamp(started)}-{name}.json"

    def reference(self, hw: str, when: str, name: str) -> Path:
        """One accepted night of a box."""
        return self.root / hw / "references" / f"{_stamp(when)}-{name}.json"

    def plans(self, hw: str) -> Path:
        """The plans that were run on a box."""
        return self.root / hw / "plans"

    def plan(self, hw: str, started: str, plan_id: str) -> Path:
        """One start of a plan."""
        return self.plans(hw) / f"{_stamp(started)}-{plan_id}.json"

    @property
    def scratch(self) -> Path:
        """Where children work; on the same disk, so that finished files can be renamed into place."""
        return self.root / ".scratch"

    @property
    def lock(self) -> Path:
        """Held while this box is measuring."""
        return self.root / ".lock"


def _stamp(started: str) -> str:
    return started.replace("-", "").replace(":", "").split(".")[0].removesuffix("Z") + "Z"
