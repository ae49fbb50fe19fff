"""A source as a cell of the store: nothing is written before all of it was checked, and the same content only once."""

import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from harness.core.cell import IMPORTED, Cell, Prepared, QualityWork
from harness.core.config import Artifact, Protocol, Scalar
from harness.core.digest import file_digest, text_digest
from harness.core.errors import UserError
from harness.core.plan import Plan
from harness.core.record import Completed, ItemResult, ItemText, Machine, Outcome, Run
from harness.core.record import Source as Code
from harness.core.runtime import Facts
from harness.core.suite import Suite
from harness.exchange.source import Source, Wanted
from harness.store import read, write
from harness.store.layout import Layout

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_ELSEWHERE = Machine("unknown", 0, 0, (), "unknown", "", (), "unknown", "", IMPORTED)


@dataclass(frozen=True)
class Kept:
    """Where a source lies in the store; `fresh` False where the same content was there before."""

    cell: Cell
    fresh: bool


def cells(layout: Layout) -> Iterator[tuple[Cell, Plan]]:
    """Every imported cell with its plan, oldest first."""
    for path in sorted(layout.plans(IMPORTED).glob("*.json")):
        plan = read.plan_file(path)
        yield from ((cell, plan) for cell in plan.cells if read.attempts(layout, cell))


@dataclass(frozen=True)
class Stamp:
    """Which code imports, and when."""

    code: Code
    now: datetime


def keep(source: Source, wanted: Wanted, of: Cell | None, layout: Layout, stamp: Stamp) -> Kept:
    """Store a source, as the fidelity figures of the arm `of` if one is given.

    Raises UserError for a name that is taken or cannot be one.
    """
    cell, plan = cell_of(source, wanted, of)
    for known, _ in cells(layout):
        if (known.artifact.sha256, known.work) == (cell.artifact.sha256, cell.work) and _of(known) == _of(cell):
            return Kept(known, fresh=False)
        if wanted.name and wanted.name == known.name:
            raise UserError(f"the name {wanted.name} is taken by {known.id}", "choose another with name=")
    now = stamp.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    write.plan(layout, plan, now)
    run = Run(
        run_id=os.urandom(4).hex(),
        plan_id=plan.id,
        cell=cell,
        machine=_ELSEWHERE,
        packages=source.packages,
        source=stamp.code,
        started=source.measured or now,
        seconds=0.0,
    )
    artifact = cell.artifact
    prepared = Prepared(artifact.location, 0, "", "", "as is", maker=source.format)
    facts = Facts(source.backend or "unknown", "", "unknown", None, None, 0, 0)
    texts = source.texts if wanted.texts else ()
    told: Literal["", "kept", "declined"] = "kept" if texts else "declined" if source.texts else ""
    outcome = Outcome(facts, source.figures, answered=len(source.items), texts=told)
    with tempfile.TemporaryDirectory(prefix="quantharness-import-") as folder:
        _write("items", source.items, Path(folder))
        _write("texts", texts, Path(folder))
        write.attempt(layout, Completed(run, prepared, outcome), Path(folder))
    return Kept(cell, fresh=True)


def cell_of(source: Source, wanted: Wanted, of: Cell | None) -> tuple[Cell, Plan]:
    """The cell and the plan that holds it; the cell names no module, so nothing can run it."""
    if wanted.name and not _NAME.fullmatch(wanted.name):
        raise UserError(f"{wanted.name!r} cannot be a name", "use letters, digits and . _ -")
    content = text_digest(" ".join(sorted(file_digest(path) for path in source.files)))
    names = tuple(task.task for task in source.tasks)
    digest = text_digest(" ".join([content, *(f"{task.task}:{task.metric}" for task in source.tasks)]))
    title = f"{source.format} {source.files[0].name}"
    options: dict[str, Scalar] = {"name": wanted.name, "format": source.format, "of": of.id if of else ""}
    cell = Cell(
        hw=IMPORTED,
        model=of.model if of else wanted.model or source.model,
        quant=of.quant if of else wanted.quant or wanted.name or content[:6],
        runtime=of.runtime if of else f"{IMPORTED} {wanted.runtime or source.backend}".strip(),
        module="",
        artifact=Artifact("path", source.files[0].name, sha256=content),
        scheme="",
        options={key: value for key, value in options.items() if value},
        work=QualityWork(title, digest, names, source.limit, 0),
    )
    suite = Suite(title, "imported results", "see the source", source.tasks, digest=digest)
    return cell, Plan(IMPORTED, (cell,), (), (), suite, Protocol())


def _of(cell: Cell) -> Scalar:
    return cell.options.get("of")


def _write(name: str, found: Sequence[ItemResult | ItemText], folder: Path) -> None:
    if not found:
        return
    encoder = msgspec.json.Encoder()
    with (folder / f"{name}.jsonl").open("wb") as stream:
        stream.writelines(encoder.encode(one) + b"\n" for one in found)
