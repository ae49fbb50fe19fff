"""What a person sees while cells are measured: one line each, and a count while answers come in.

Nothing is drawn while a load is timed: a spinner's thread would take part in the measurement.
"""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from harness.core.cell import Cell
from harness.core.look import LAST
from harness.core.record import Completed, Failed, RunRecord
from harness.core.units import in_seconds


class ConsoleWatcher:
    """Writes to a rich console; the running count only where it is a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._open = ""

    def preparing(self, cell: Cell) -> None:
        """The weights of this cell are being fetched or made."""
        doing = "quantizing to" if cell.scheme else "fetching"
        self._console.print(f"[dim]weights[/]  {escape(cell.model)}: {doing} {escape(cell.quant)}")

    def started(self, cell: Cell, number: int, total: int) -> None:
        """A cell begins."""
        self._open = _line(cell, number, total)
        self._console.print(self._open, end="", soft_wrap=True)

    def progress(self, done: int, total: int) -> None:
        """So many replies of the running cell are in."""
        if self._console.is_terminal:
            self._console.print(f"\r{self._open}[dim]{done:,} of {total:,} answers[/] ", end="", soft_wrap=True)

    def reused(self, cell: Cell, number: int, total: int, folder: Path) -> None:
        """A cell was measured before and is not measured again."""
        when = folder.name.partition("-")[0]
        stamp = f"{when[:4]}-{when[4:6]}-{when[6:8]} {when[9:11]}:{when[11:13]}"
        self._console.print(f"{_line(cell, number, total)}[dim]measured {stamp} UTC[/]", soft_wrap=True)

    def ended(self, record: RunRecord) -> None:
        """A cell ended, well or not."""
        erase = f"\r{self._open}" if self._console.is_terminal else ""
        padding = " " * 20 if erase else ""
        self._console.print(f"{erase}{_result(record)}{padding}", soft_wrap=True)


    def looked(self, number: int, ended: Sequence[str], going_on: Sequence[str]) -> None:
        """At look `number` these tasks ended, settled or with all items in, and these go on."""
        done = ("all items in: " if number == LAST else "settled: ") + (", ".join(ended) or "none")
        rest = f"; to look {number + 1}: {', '.join(going_on)}" if going_on else ""
        self._console.print(f"[dim]look {number}/{LAST}[/]  {escape(done + rest)}", soft_wrap=True)


def _line(cell: Cell, number: int, total: int) -> str:
    """Place and name; what a replicate varies is told by the report, here one cell is one line."""
    name = cell.label.partition(" (")[0]
    return f"[dim]{number:>3}/{total}[/]  {escape(name)} "


def _result(record: RunRecord) -> str:
    took = in_seconds(record.run.seconds)
    if isinstance(record, Completed):
        outcome = record.outcome
        resumed = f", {outcome.resumed:,} answers were there already" if outcome.resumed else ""
        return f"[green]done[/] {took}{resumed}"
    if isinstance(record, Failed):
        return f"[red]failed[/] after {took}: {escape(record.reason)}"
    return f"[yellow]skipped[/]: {escape(record.reason)}"
