"""Records and plans at a glance: only what a list shows is decoded, and only of the files that it shows.

An attempt's folder tells box, cell, time and run by its name, a plan's file time and id; so the newest of many
thousand are found without opening one.
"""

from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from harness.core.errors import SchemaError
from harness.store.layout import Layout


class _Work(Struct, frozen=True):
    type: Literal["quality", "load"]


class _Cell(Struct, frozen=True):
    hw: str
    model: str
    quant: str
    runtime: str
    work: _Work
    replicate: int = 0


class _Run(Struct, frozen=True):
    run_id: str
    plan_id: str
    started: str
    seconds: float
    cell: _Cell


class _Flag(Struct, frozen=True):
    verdict: str


class _Outcome(Struct, frozen=True):
    flags: tuple[_Flag, ...] = ()


class Record(Struct, frozen=True):
    """A record without its readings."""

    type: Literal["completed", "failed", "skipped"]
    run: _Run
    outcome: _Outcome = _Outcome()

    @property
    def state(self) -> str:
        """How it ended, and the worst that speaks against it."""
        if self.type != "completed":
            return self.type
        verdicts = {flag.verdict for flag in self.outcome.flags}
        return next((word for word in ("invalid", "degraded") if word in verdicts), "ok")


_DECODER = msgspec.json.Decoder(Record)


def attempts(layout: Layout) -> list[Path]:
    """Folders of all attempts, newest first."""
    return sorted((path.parent for path in layout.root.glob("*/*/[0-9]*/record.json")), key=_newest, reverse=True)


def plans(layout: Layout) -> dict[Path, str]:
    """The newest file of each plan, started last first, and the stamp of its oldest one: each start writes a file."""
    starts: dict[str, list[Path]] = {}
    for path in sorted(layout.root.glob("*/plans/*.json"), key=lambda path: path.name, reverse=True):
        starts.setdefault(path.stem.partition("-")[2], []).append(path)
    return {files[0]: files[-1].stem.partition("-")[0] for files in starts.values()}


def _newest(folder: Path) -> tuple[str, str]:
    return folder.name, folder.parent.name


def record(folder: Path) -> Record:
    """One record; raises SchemaError where this version cannot read it."""
    path = folder / "record.json"
    try:
        return _DECODER.decode(path.read_bytes())
    except msgspec.DecodeError as error:
        raise SchemaError(f"{path} is unreadable by this version: {error}", "move it away or restore it") from error


def stamp(name: str) -> str:
    """The time at the head of a folder's or file's name, as ISO 8601."""
    found = name.partition("-")[0].rstrip("Z")
    return f"{found[:4]}-{found[4:6]}-{found[6:11]}:{found[11:13]}:{found[13:15]}Z"

