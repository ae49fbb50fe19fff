"""Which attempts count for a plan, without decoding one record more than once: an index of a results folder.

An attempt is written once and never changed, so what is known of it holds as long as its file has that size and time.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct

from harness.core.cell import Cell
from harness.core.errors import SchemaError
from harness.core.plan import Plan
from harness.store.layout import Layout
from harness.store.read import decode


class _Run(Struct):
    plan_id: str


class _Head(Struct):
    type: str
    run: _Run


class Brief(Struct, frozen=True, array_like=True):
    """What is known of an attempt: its file's size and time, the sha256 of it, its plan, and how it ended."""

    size: int
    mtime_ns: int
    sha256: str
    plan_id: str
    kind: str


class Attempts:
    """The finished attempts of a results folder by cell; `known` says of paths below it what is known already.

    A record that is none raises SchemaError, or goes to `damaged` and counts for nobody.
    """

    def __init__(
        self,
        layout: Layout,
        known: dict[str, Brief] | None = None,
        damaged: Callable[[SchemaError], None] | None = None,
    ) -> None:
        self._layout, self._known, self._damaged = layout, known or {}, damaged
        self._cells: dict[Path, dict[str, list[Path]]] = {}
        self.found: dict[str, Brief] = {}
        """Path of every attempt that was looked at, below the results folder -> what is known of it."""

    def completions(self, cell: Cell, plan_id: str | None = None) -> Iterator[Path]:
        """The completed attempts at a cell (of that plan, if one is named), newest first."""
        found = reversed(self._of(cell).get(plan_id or "", []))
        return (one for one in found if self.brief(one).kind == "completed")

    def completed(self, cell: Cell, plan_id: str | None = None) -> Path | None:
        """The newest of `completions`, or None."""
        return next(self.completions(cell, plan_id), None)

    def latest(self, cell: Cell, plan_id: str | None = None) -> Path | None:
        """The newest attempt of any kind (of that plan, if one is named), or None."""
        found = self._of(cell).get(plan_id or "", [])
        return found[-1] if found else None

    def forget(self, cell: Cell) -> None:
        """Look for attempts at a cell anew when next asked: one was written."""
        self._cells.pop(self._layout.cell(cell), None)

    def brief(self, folder: Path) -> Brief:
        """What is known of an attempt that `completed` or `latest` named."""
        return self.found[self.name(folder)]

    def name(self, folder: Path) -> str:
        """An attempt's path below the results folder."""
        return folder.relative_to(self._layout.root).as_posix()

    def _of(self, cell: Cell) -> dict[str, list[Path]]:
        """Plan -> its attempts at the cell, oldest first; those of all plans under ""."""
        folder = self._layout.cell(cell)
        if folder not in self._cells:
            known = [(path, brief) for path in sorted(_folders(folder)) if (brief := self._look(path))]
            self._cells[folder] = {"": [path for path, _ in known]}
            for path, brief in known:
                self._cells[folder].setdefault(brief.plan_id, []).append(path)
        return self._cells[folder]

    def _look(self, folder: Path) -> Brief | None:
        path, name = folder / "record.json", self.name(folder)
        try:
            stat = path.stat()
        except FileNotFoundError:
            return None
        brief = self.found.get(name) or self._known.get(name)
        if brief is None or (brief.size, brief.mtime_ns) != (stat.st_size, stat.st_mtime_ns):
            data = path.read_bytes()
            try:
                head: _Head = decode(data, _Head, path)
            except SchemaError as error:
                if self._damaged is None:
                    raise
                self._damaged(error)
                return None
            brief = Brief(stat.st_size, stat.st_mtime_ns, hashlib.sha256(data).hexdigest(), head.run.plan_id, head.type)
        self.found[name] = brief
        return brief


def _folders(cell: Path) -> Iterator[Path]:
    if cell.is_dir():
        with os.scandir(cell) as entries:
            yield from (Path(entry.path) for entry in entries if entry.name[:1].isdigit() and entry.is_dir())


def chosen(plan: Plan, attempts: Attempts, cells: frozenset[str] | None = None) -> list[Path]:
    """Of each cell the newest completed attempt, else the newest; speeds only from this plan's own rounds, if any.

    A plan's own answers go before anybody's, so that what is measured later does not change what was reported. Of
    staged work the newest attempt of the plan, completed or not: it is the one that went furthest. Of a night its own.
    `cells` picks some of the plan's by their ids.
    """
    found = []
    own_rounds = any(cell.kind == "load" and attempts.latest(cell, plan.id) for cell in plan.cells)
    for cell in plan.cells:
        if cells is not None and cell.id not in cells:
            continue
        own = plan.owner_of(cell)
        newest = attempts.latest if cell.staged else attempts.completed
        alone = plan.night or (cell.kind == "load" and own_rounds)
        others = None if alone else attempts.latest(cell)
        if folder := newest(cell, plan.id) or newest(cell, own) or attempts.latest(cell, own) or others:
            found.append(folder)
    return found
