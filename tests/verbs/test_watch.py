"""What is written while cells are measured: plain lines for a log, one line drawn anew at a terminal."""

import io
from pathlib import Path

import msgspec
from rich.console import Console

from harness.core.cell import Cell
from harness.core.plan import Plan
from harness.core.record import Completed, Flag
from harness.core.repetition import Repetition
from harness.verbs.pace import Left, Pace
from harness.verbs.watch import ConsoleWatcher
from tests.compare.arms import choice, failed, load_cell, measured, plan_of, quality_cell, suite

SUITE = suite(choice("triage"))
QUALITY = [quality_cell(SUITE, quant) for quant in ("f16", "q4_0")]
LOADS = [load_cell(quant, number) for number in range(4) for quant in ("f16", "q4_0")]
RULE = Repetition(rounds=2, max_rounds=4, precision=0.03, budget_minutes=0)
PLAN = msgspec.structs.replace(plan_of(SUITE, [*QUALITY, *LOADS], []), repetition=RULE)


class Clock:
    """Time that stands still until it is told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def done(cell: Cell, seconds: float, *flags: Flag) -> Completed:
    record = measured(cell, flags=flags).record
    assert isinstance(record, Completed)
    return msgspec.structs.replace(record, run=msgspec.structs.replace(record.run, seconds=seconds))


def watcher(terminal: bool, plan: Plan = PLAN) -> tuple[ConsoleWatcher, io.StringIO, Clock]:
    out, clock = io.StringIO(), Clock()
    console = Console(file=out, force_terminal=terminal, width=100, highlight=False, color_system=None)
    return ConsoleWatcher(console, plan, clock), out, clock


def test_a_log_gets_plain_lines(tmp_path: Path) -> None:
    watch, out, clock = watcher(terminal=False)
    watch.started(QUALITY[0], 1, 10)
    for seconds in range(5):
        clock.now = float(seconds)
        watch.progress(10 * seconds, 60)
    assert out.getvalue().strip() == "1/10  pocket f16 llama_cpp quality", "what runs is known, and nothing is redrawn"
    watch.ended(done(QUALITY[0], 12))
    watch.reused(QUALITY[1], 2, 10, tmp_path / "20260102T030405Z-abcd1234")
    watch.started(LOADS[0], 3, 10)
    watch.ended(done(LOADS[0], 3, Flag("invalid", "lag")))
    watch.started(LOADS[1], 4, 10)
    watch.ended(failed(LOADS[1]).record)
    lines = [line.split(maxsplit=1)[1] for line in out.getvalue().splitlines()]
    assert lines == [
        "pocket f16 llama_cpp quality done 12.0 s",
        "pocket q4_0 llama_cpp quality measured 2026-01-02 03:04 UTC",
        "pocket f16 llama_cpp speed round 1 done 3.0 s, invalid: see show",
        "pocket q4_0 llama_cpp speed round 1 failed after 1.0 s: killed",
    ]
    assert not {"\x1b", "\r"} & set(out.getvalue())


def test_answers_come_with_their_rate_and_what_is_left_of_them() -> None:
    watch, out, clock = watcher(terminal=True)
    watch.started(QUALITY[0], 1, 10)
    watch.progress(20, 100)  # of an earlier attempt
    clock.now = 1.0
    watch.progress(21, 100)
    assert "/s" not in out.getvalue()
    clock.now = 4.0
    watch.progress(60, 100)
    assert out.getvalue().endswith("60 of 100 answers, 10/s, 4.0 s to go")


def test_a_load_is_drawn_when_it_starts_and_when_it_ends_only() -> None:
    watch, out, _ = watcher(terminal=True)
    watch.started(LOADS[0], 3, 10)
    begun = out.getvalue()
    assert begun.endswith("speed round 1 1 at once")
    watch.ended(done(LOADS[0], 8))
    watch.started(LOADS[2], 5, 10)
    assert out.getvalue().removeprefix(begun).endswith("speed round 2 1 at once, takes about 8.0 s")


def test_a_line_never_outgrows_the_terminal() -> None:
    watch, out, clock = watcher(terminal=True)
    watch.started(QUALITY[0], 1, 10)
    for clock.now in range(60):
        watch.progress(1_000_000 + int(clock.now), 9_000_000_000)
    drawn = out.getvalue().replace("\x1b[2K", "").split("\r")
    assert max(map(len, drawn)) <= 100


def test_what_is_left_spans_the_rounds_that_may_not_be_needed() -> None:
    pace = Pace(PLAN)
    assert pace.left() is None, "nothing has ended yet"
    for cell in QUALITY:
        pace.ended(cell, 60)
    assert pace.left() is None, "of loads nothing is known"
    pace.ended(LOADS[0], 10)
    assert pace.left() == Left(3 * 10, 7 * 10)
    assert pace.left(LOADS[1], 4) == Left(24, 64)
    for cell in LOADS[1:4]:
        pace.ended(cell, 20)
    assert pace.left() == Left(0, 2 * 15 + 2 * 20)
    pace.dropped(tuple(cell.id for cell in LOADS[4:]))
    found = pace.left()
    assert found == Left(0, 0)


def test_a_span_is_said_as_one() -> None:
    assert Left(30, 30).words == "about 30.0 s left"
    assert Left(30, 300).words == "30.0 s to 5.0 min left"
