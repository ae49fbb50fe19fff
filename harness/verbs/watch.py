"""What a person sees while cells are measured: a line each; at a terminal also how fast it goes and what is left.

Nothing is drawn while a load is timed: its line is written when it starts and when it ends, and nothing wakes up in
between. Where the output is no terminal (a nightly log) there are whole plain lines only.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.control import Control
from rich.markup import escape
from rich.segment import ControlType

from harness.core.cell import Cell, LoadWork
from harness.core.config import Load
from harness.core.look import LAST
from harness.core.plan import Plan
from harness.core.record import Completed, Failed, RunRecord
from harness.core.repetition import Repeated
from harness.core.units import in_seconds
from harness.verbs.pace import Pace

_SETTLED_SECONDS = 2.0  # below, a rate is one of the first few answers


class ConsoleWatcher:
    """Writes to a rich console; `clock` gives seconds."""

    def __init__(self, console: Console, plan: Plan, clock: Callable[[], float] = time.monotonic) -> None:
        self._console, self._plan, self._clock = console, plan, clock
        self._pace = Pace(plan)
        self._open = ""
        self._running: Cell | None = None
        self._first: tuple[float, int] | None = None

    def preparing(self, cell: Cell) -> None:
        """The weights of this cell are being fetched or made."""
        doing = "quantizing to" if cell.scheme else "fetching"
        self._console.print(f"[dim]weights[/]  {escape(cell.model)}: {doing} {escape(cell.quant)}")

    def started(self, cell: Cell, number: int, total: int) -> None:
        """A cell begins."""
        self._open, self._running, self._first = _line(cell, number, total), cell, None
        if isinstance(cell.work, LoadWork):
            self._draw(", ".join(filter(None, [_steps(cell.work.load), self._usual(cell), self._left(None)])))
        else:
            self._draw(self._left(None))

    def progress(self, done: int, total: int) -> None:
        """So many replies of the running cell are in."""
        now = self._clock()
        self._first = self._first or (now, done)
        since, before = self._first
        words = f"{done:,} of {total:,} answers"
        if now - since >= _SETTLED_SECONDS and done > before:
            rate = (done - before) / (now - since)
            rest = (total - done) / rate
            words += f", {rate:.3g}/s, {in_seconds(rest)} to go"
            words = ", ".join(filter(None, [words, self._left(rest)]))
        self._draw(words)

    def reused(self, cell: Cell, number: int, total: int, folder: Path) -> None:
        """A cell was measured before and is not measured again."""
        self._pace.ended(cell, None)
        when = folder.name.partition("-")[0]
        stamp = f"{when[:4]}-{when[4:6]}-{when[6:8]} {when[9:11]}:{when[11:13]}"
        self._console.print(f"{_line(cell, number, total)}[dim]measured {stamp} UTC[/]", soft_wrap=True)

    def ended(self, record: RunRecord) -> None:
        """A cell ended, well or not."""
        self._pace.ended(record.run.cell, record.run.seconds if isinstance(record, Completed) else None)
        self._running = None
        self._erase()
        self._console.print(f"{self._open}{_result(record)}", soft_wrap=True)

    def looked(self, number: int, ended: Sequence[str], going_on: Sequence[str]) -> None:
        """At look `number` these tasks ended, settled or with all items in, and these go on."""
        done = ("all items in: " if number == LAST else "settled: ") + (", ".join(ended) or "none")
        rest = f"; to look {number + 1}: {', '.join(going_on)}" if going_on else ""
        self._console.print(f"[dim]look {number}/{LAST}[/]  {escape(done + rest)}", soft_wrap=True)

    def repeated(self, outcome: Repeated) -> None:
        """The rounds of a model under one load ended."""
        self._pace.dropped(outcome.not_needed)
        what = f"{outcome.model} {outcome.load}: {outcome.reading or 'speed'} {outcome.words}"
        self._console.print(f"[dim]rounds[/]   {escape(what)}", soft_wrap=True)

    def _usual(self, cell: Cell) -> str:
        seconds = self._pace.of(cell)
        return "" if seconds is None else f"takes about {in_seconds(seconds)}"

    def _left(self, running_left: float | None) -> str:
        left = self._pace.left(self._running, running_left)
        return f"plan: {left.words}" if left else ""

    def _draw(self, words: str) -> None:
        """The running cell's line anew, cut at the terminal's width; nothing where there is no terminal."""
        if self._console.is_terminal:
            self._erase()
            line = f"{self._open}[dim]{escape(words)}[/]"
            self._console.print(line, end="", no_wrap=True, overflow="ellipsis", crop=True)

    def _erase(self) -> None:
        if self._console.is_terminal:
            self._console.control(Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2)))


def _line(cell: Cell, number: int, total: int) -> str:
    """Place and name; what a replicate varies is told by the report, here one cell is one line."""
    name = cell.label.partition(" (")[0]
    return f"[dim]{number:>3}/{total}[/]  {escape(name)} "


def _steps(load: Load) -> str:
    """What a load runs through, in a few words."""
    if load.rates:
        return f"{' '.join(f'{rate:g}' for rate in load.rates)} requests/s"
    at_once = " ".join(map(str, load.concurrency))
    return f"{at_once} at once" if load.concurrency else load.arrivals


def _result(record: RunRecord) -> str:
    took = in_seconds(record.run.seconds)
    if isinstance(record, Completed):
        outcome = record.outcome
        resumed = f", {outcome.resumed:,} answers were there already" if outcome.resumed else ""
        flags = {flag.verdict for flag in outcome.flags}
        flagged = f", [yellow]{'invalid' if 'invalid' in flags else 'degraded'}[/]: see show" if flags else ""
        return f"[green]done[/] {took}{resumed}{flagged}"
    if isinstance(record, Failed):
        return f"[red]failed[/] after {took}: {escape(record.reason)}"
    return f"[yellow]skipped[/]: {escape(record.reason)}"
