"""What the verbs over stored results share: which folder, which plan, its records. Needs no Hydra and no engine.

A cell is named by the first letters of its id; an imported one also by the name it was given.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from harness.core.cell import Cell
from harness.core.errors import ConfigError, NotFound, UserError
from harness.core.plan import Pair, Plan
from harness.store import read
from harness.store.attempts import Attempts, chosen
from harness.store.items import LoadedRun
from harness.store.layout import Layout


@dataclass(frozen=True)
class Words:
    """Ids as given, and the folders; relative folders start where the command was given."""

    ids: tuple[str, ...]
    results: Path
    reports: Path


def parse(words: Sequence[str], most: int) -> Words:
    """Split ids from `results=DIR` and `reports=DIR`; raises ConfigError for anything else or more than `most` ids."""
    ids, folders = [], {"results": Path("results"), "reports": Path("reports")}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            ids.append(word)
        elif key in folders:
            folders[key] = Path(value)
        else:
            raise ConfigError(f"{word!r} means nothing here", "give ids, results=DIR or reports=DIR")
    if len(ids) > most:
        raise ConfigError(f"{len(ids)} ids given, {most} at most", "see python -m harness list results")
    results, reports = (folder.expanduser().resolve() for folder in folders.values())
    return Words(tuple(ids), results, reports)


def records_of(
    plan: Plan, layout: Layout, cells: frozenset[str] | None = None, attempts: Attempts | None = None
) -> list[LoadedRun]:
    """The records that count for a plan (harness.store.attempts.chosen); `cells` picks some of its by their ids.

    What cannot be read is said, and costs the cell that it lies with; `attempts` are those looked up before.
    """
    attempts = attempts or Attempts(layout, damaged=lambda error: say(f"left out: {error}"))
    return [read.loaded(layout, folder) for folder in chosen(plan, attempts, cells)]


def say(problem: str) -> None:
    """What is left out, where it is in no output's way."""
    sys.stderr.write(f"{problem}\n")


def plan_of(layout: Layout, ids: Sequence[str]) -> Plan:
    """The newest plan (no id), the plan of that id, or a plan of one pair: baseline and candidate cell.

    Of a pair, suite and protocol are those of the candidate. Fidelity figures of the candidate are cells of the plan.
    """
    if len(ids) < 2:
        return read.plan(layout, *ids)
    base, _ = find_cell(layout, ids[0])
    cell, plan = find_cell(layout, ids[1])
    if base.id == cell.id:
        raise UserError(f"baseline and candidate are one cell, {cell.id}", "name two")
    kind = "quality" if cell.kind == "quality" else "speed"
    pair = Pair(kind, cell.id, base.id, cell.arm, base.arm)  # type: ignore[arg-type]
    found = {one.id: one for one in (base, cell, *_fidelity_of(layout, cell))}
    return msgspec.structs.replace(plan, cells=tuple(found.values()), pairs=(pair,), skips=())


def find_cell(layout: Layout, word: str) -> tuple[Cell, Plan]:
    """The cell called so, else the newest plan's cell whose id begins so, with its plan; raises NotFound."""
    known = list(cells(layout))
    for cell, plan in known:
        if cell.name == word:
            return cell, plan
    for cell, plan in known:
        if cell.id.startswith(word):
            return cell, plan
    raise NotFound(f"no cell {word!r} under {layout.root}", "see python -m harness list results")


def cells(layout: Layout) -> Iterator[tuple[Cell, Plan]]:
    """Every planned cell with its plan, newest plan first; an imported one only if its results came with it."""
    for path in reversed(read.plans(layout)):
        plan = read.plan_file(path)
        for cell in plan.cells:
            if not cell.imported or read.attempts(layout, cell):
                yield cell, plan


def _fidelity_of(layout: Layout, candidate: Cell) -> list[Cell]:
    return [cell for cell, _ in cells(layout) if cell.imported and cell.options.get("of") == candidate.id]
