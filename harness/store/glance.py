"""Records at a glance: only what a list shows is decoded."""

from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from harness.core.errors import SchemaError


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


def record(folder: Path) -> Record:
    """One record; raises SchemaError where this version cannot read it."""
    path = folder / "record.json"
    try:
        return _DECODER.decode(path.read_bytes())
    except msgspec.DecodeError as error:
        raise SchemaError(f"{path} is unreadable by this version: {error}", "move it away or restore it") from error
