"""One measured arm on its way out, and the folder it is written to: all of it appears, or nothing."""

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from harness.core.cell import Cell
from harness.core.errors import UserError
from harness.core.record import Completed
from harness.core.suite import Suite, Task
from harness.store.items import ItemTable, LoadedRun


@dataclass(frozen=True, eq=False)
class Outgoing:
    """A completed quality cell with its suite and its items."""

    suite: Suite
    record: Completed
    items: tuple[ItemTable, ...]
    path: Path

    @property
    def cell(self) -> Cell:
        """What was measured."""
        return self.record.run.cell

    @property
    def loaded(self) -> LoadedRun:
        """As the comparison takes it."""
        return LoadedRun(self.record, str(self.path), "", self.items)

    @cached_property
    def slug(self) -> str:
        """A folder name that no other cell has."""
        words = re.sub(r"[^A-Za-z0-9.]+", "-", f"{self.cell.model} {self.cell.quant}").strip("-.")
        return f"{words[:80]}-{self.cell.id}"

    def task_of(self, table: ItemTable) -> Task | None:
        """The suite's task that a table belongs to, itself or as a member of a group; None for a stray one."""
        exact = [task for task in self.suite.tasks if task.task == table.task]
        group = [task for task in self.suite.tasks if table.task.startswith(f"{task.task}_")]
        return next(iter([*exact, *group]), None)


def settle(target: Path, fill: Callable[[Path], None]) -> Path:
    """Let `fill` write a folder that then appears as `target`; raises UserError where that is taken or refused."""
    if target.exists():
        raise UserError(f"{target} is there already", "choose another folder with to=")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".export-", dir=target.parent) as scratch:
            draft = Path(scratch) / "draft"
            draft.mkdir()
            fill(draft)
            return draft.rename(target)
    except OSError as error:
        raise UserError(f"cannot write {target}: {error.strerror}", "choose another folder with to=") from error
