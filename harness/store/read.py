"""Read attempts and plans back; a record of another schema is refused by name, never half understood.

Names of folders and files tell box, cell, time, run and plan: what is sought among many thousand is found without
opening one. Tables need pandas and pyarrow, which are imported where a table is read: most verbs read none.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from harness.core.cell import IMPORTED, Cell
from harness.core.digest import file_digest
from harness.core.errors import NotFound, SchemaError
from harness.core.plan import Plan
from harness.core.record import RECORD_SCHEMA, RunRecord
from harness.store.layout import Layout

if TYPE_CHECKING:
    import pandas as pd

    from harness.store.items import LoadedRun


class _Schema(msgspec.Struct):
    schema: int


class _Versioned(msgspec.Struct):
    run: _Schema


def record(folder: Path) -> RunRecord:
    """The record of one attempt; raises SchemaError where this version cannot read it."""
    path = folder / "record.json"
    data = path.read_bytes()
    found: int = decode(data, _Versioned, path).run.schema
    what = f"{path} has schema {found}; this version reads {RECORD_SCHEMA}"
    if found > RECORD_SCHEMA:
        raise SchemaError(f"{what}: too new", "upgrade the harness")
    if found < RECORD_SCHEMA:
        raise SchemaError(f"{what}: too old", "measure it again")
    read: RunRecord = decode(data, RunRecord, path)
    return read


def decode(data: bytes, kind: Any, path: Path) -> Any:
    """JSON as `kind`; raises SchemaError naming `path` where it is none."""
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.DecodeError as error:
        raise SchemaError(f"{path} is not a record: {error}", "move it away or restore it") from error


def attempts(layout: Layout, cell: Cell | None = None) -> list[Path]:
    """Folders of all finished attempts (at a cell, if one is named), oldest first."""
    found = layout.cell(cell).glob("[0-9]*/record.json") if cell else layout.root.glob("*/*/[0-9]*/record.json")
    return sorted((path.parent for path in found), key=lambda folder: (folder.name, folder.parent.name))


def loaded(layout: Layout, folder: Path) -> LoadedRun:
    """An attempt with its items, as comparisons take it; its requests and texts are read when they are asked for."""
    from harness.store import requests, texts
    from harness.store.items import LoadedRun

    path = str(folder.relative_to(layout.root))
    kept = folder / "requests.parquet"
    later = partial(requests.read, kept) if kept.exists() else None
    said = folder / texts.NAME
    run = LoadedRun.of(record(folder), path, file_digest(folder / "record.json"), items(folder), later)
    return replace(run, texts=partial(texts.read, said)) if said.exists() else run


def items(folder: Path) -> pd.DataFrame | None:
    """The attempt's items, one row per item and metric, or None where it has none."""
    path = folder / "items.parquet"
    if not path.exists():
        return None
    import pandas as pd

    return pd.read_parquet(path)


def plans(layout: Layout) -> dict[Path, str]:
    """The newest file of each plan, started last at the end, and the stamp of its oldest: each start writes a file."""
    starts: dict[str, list[Path]] = {}
    for path in sorted(layout.root.glob("*/plans/*.json"), key=lambda path: path.name, reverse=True):
        starts.setdefault(path.stem.partition("-")[2], []).append(path)
    return {files[0]: files[-1].stem.partition("-")[0] for files in reversed(starts.values())}


def plan(layout: Layout, prefix: str = "") -> Plan:
    """The newest plan whose id begins with `prefix`, of those made here if it is ""; raises NotFound."""
    for path in reversed(plans(layout)):
        if not prefix and path.parent.parent.name == IMPORTED:
            continue
        if path.stem.split("-", 1)[1].startswith(prefix):
            return plan_file(path)
    what = f"no plan {prefix!r}" if prefix else "no plan"
    raise NotFound(f"{what} under {layout.root}", "python -m harness run")


def begun(layout: Layout, whole: Plan, budget_hours: float) -> Plan | None:
    """What was chosen of `whole` when this night began, None where it did not: a night goes on with what it began."""
    for path in sorted(layout.plans(whole.hw).glob("*.json"), reverse=True):
        data = path.read_bytes()
        if whole.id.encode() not in data:
            continue
        found: Plan = decode(data, Plan, path)
        if (found.whole, found.budget_hours) == (whole.id, budget_hours):
            return found
    return None


def plan_file(path: Path) -> Plan:
    """One stored plan; raises SchemaError where this version cannot read it."""
    found: Plan = decode(path.read_bytes(), Plan, path)
    return found


def stamp(name: str) -> str:
    """The time at the head of a folder's or file's name, as ISO 8601."""
    found = name.partition("-")[0].rstrip("Z")
    return f"{found[:4]}-{found[4:6]}-{found[6:11]}:{found[11:13]}:{found[13:15]}Z"
