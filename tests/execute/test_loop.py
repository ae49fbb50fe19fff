"""The loop over a plan's cells when the night is over."""

import platform
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from harness.compare import repeat
from harness.core.cell import Cell
from harness.core.config import Artifact, Metering, Protocol
from harness.core.plan import Plan
from harness.core.record import Completed, Machine, RunRecord, Skipped, Source
from harness.core.repetition import Repeated
from harness.core.suite import Suite
from harness.environment import Interpreter
from harness.execute.loop import Context, measure
from harness.store.attempts import Attempts
from harness.store.layout import Layout
from tests.cells import load_cell

_MACHINE = Machine("a cpu", 2, 1 << 30, (), "Linux", "", (0.0, 0.0, 0.0), "3.11", "x", "y")


class _Seen:
    """A watcher that keeps the records."""

    def __init__(self) -> None:
        self.records: list[RunRecord] = []

    def preparing(self, cell: Cell) -> None:
        pass

    def started(self, cell: Cell, number: int, total: int) -> None:
        pass

    def every_seconds(self, cell: Cell) -> float | None:
        return None

    def ticked(self, scratch: Path) -> None:
        pass

    def reused(self, cell: Cell, number: int, total: int, folder: Path) -> None:
        pass

    def ended(self, record: RunRecord, folder: Path) -> None:
        self.records.append(record)

    def repeated(self, outcome: Repeated) -> None:
        pass

    def looked(self, number: int, ended: Sequence[str], going_on: Sequence[str]) -> None:
        pass


def test_no_cell_begins_when_the_night_is_over_and_the_next_run_goes_on_past_what_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "echo.gguf").write_bytes(b"GGUF")
    weights = Artifact("path", str(tmp_path / "echo.gguf"))
    cells = tuple(msgspec.structs.replace(load_cell(number), artifact=weights) for number in range(3))
    suite = Suite("tiny", "", "CC0-1.0", (), digest="0" * 16)
    plan = Plan("cpu", cells, (), (), suite, Protocol(), night="n1")
    layout, seen = Layout(tmp_path / "results"), _Seen()

    def context(cells_in_the_night: int) -> Context:
        return Context(
            layout=layout,
            assets=tmp_path,
            cache=tmp_path / "cache",
            machine=_MACHINE,
            interpreters={"fake": Interpreter(sys.executable, platform.python_version(), "", ())},
            source=Source("0", "", False),
            timeout_seconds=60,
            rerun=False,
            hw_matches=True,
            metering=Metering(period_seconds=0, cold_load=False),
            is_over=lambda: len(seen.records) >= cells_in_the_night,
        )

    measure(plan, context(1), seen)
    assert [type(record) for record in seen.records] == [Completed, Skipped, Skipped]
    assert [record.reason for record in seen.records if isinstance(record, Skipped) and record.later] == [
        "not tonight: the night's time was over before it could begin"] * 2
    state = repeat.repeats(plan, {record.run.cell.id: record for record in seen.records}.get)[0]
    assert (state.rounds, state.ended) == (1, "open"), "a round that was not begun is no round"
    broken = layout.attempt(cells[1], "2026-01-01T00:00:00Z", "abcd0000")
    broken.mkdir()
    (broken / "record.json").write_text("{}")
    measure(plan, context(99), seen)
    assert [type(record) for record in seen.records[3:]] == [Completed, Completed]
    there = Attempts(layout, damaged=lambda _: None)
    assert all(there.completed(cell, plan.id) for cell in cells)
