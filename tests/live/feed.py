"""A plan with its records in a store, a clock that stands still, and a view that keeps what it gets."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from harness.core.cell import Cell, Prepared
from harness.core.events import Event
from harness.core.plan import Plan
from harness.core.record import Completed, Failed, Flag, ItemResult, Outcome, Reading, RunRecord
from harness.core.repetition import Repetition
from harness.core.runtime import Facts
from harness.live.tell import Teller
from harness.store import write
from harness.store.layout import Layout
from tests.compare.arms import choice, load_cell, pair, plan_of, quality_cell, run_of, suite

SUITE = suite(choice("tiny_triage"), choice("tiny_passage"))


def stored(plan: Plan) -> Plan:
    """As it comes back from a store, where a number has the type of its field; so it is named by the same id."""
    return msgspec.json.decode(msgspec.json.encode(plan), type=Plan)


_QUALITY = [quality_cell(SUITE, quant) for quant in ("f16", "q4_0")]
_LOADS = [load_cell(quant, number) for number in range(4) for quant in ("f16", "q4_0")]
RULE = Repetition(rounds=2, max_rounds=4, precision=0.03, budget_minutes=0)
_PAIRS = [pair("quality", _QUALITY[1], _QUALITY[0])]
PLAN = stored(msgspec.structs.replace(plan_of(SUITE, [*_QUALITY, *_LOADS], _PAIRS), repetition=RULE))
QUALITY, LOADS = list(PLAN.cells[:2]), list(PLAN.cells[2:])
FACTS = Facts("llama.cpp", "b1", "cpu", 900, 64.0, 512, 4096)


class Clock:
    """Time that stands still until it is told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Kept:
    """A view that keeps events."""

    shows_box: bool = False
    events: list[Event] = field(default_factory=list)

    def every_seconds(self, kind: Literal["quality", "load"]) -> float | None:
        """Seldom in a load."""
        return 1.0 if kind == "quality" else None

    def take(self, event: Event) -> None:
        """Keep it."""
        self.events.append(event)


@dataclass
class Scene:
    """A teller over a store in a folder."""

    folder: Path
    plan: Plan = PLAN
    view: Kept = field(default_factory=Kept)
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.layout = Layout(self.folder / "results")
        self.teller = Teller(self.plan, self.layout, self.view, self.clock, lambda: "2026-01-02T03:04:05Z")

    def keep(self, record: RunRecord, *items: ItemResult) -> Path:
        """Store a record as a run does."""
        scratch = self.folder / f"scratch-{record.run.run_id}-{record.run.cell.id}"
        scratch.mkdir(exist_ok=True)
        (scratch / "items.jsonl").unlink(missing_ok=True)
        if items:
            (scratch / "items.jsonl").write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in items))
        return write.attempt(self.layout, record, scratch)

    def end(self, record: RunRecord, *items: ItemResult) -> None:
        """A cell ends with this."""
        self.teller.ended(record, self.keep(record, *items))


def completed(cell: Cell, seconds: float = 12.0, readings: tuple[Reading, ...] = (), *flags: Flag) -> Completed:
    """A measured cell."""
    run = msgspec.structs.replace(run_of(cell), seconds=seconds)
    return Completed(run, Prepared("m", 1, "a", "a", "as is"), Outcome(FACTS, readings, flags=flags, answered=80))


def failure(cell: Cell, reason: str = "killed") -> Failed:
    """One that ended badly."""
    return Failed(run_of(cell), "memory", reason, -9, "last words")


def items(task: str, right: int, of: int = 40) -> list[ItemResult]:
    """The first `right` of so many items answered rightly, in an order of their own."""
    order = np.random.default_rng(7).permutation(of)
    return [ItemResult(task, f"i{n}", {"acc": float(order[n] < right)}, f"p{n}", "r", 5, 1, "", ()) for n in range(of)]
