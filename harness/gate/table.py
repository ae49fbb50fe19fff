"""The gate on a terminal: what changed first, one row each; what is fine in counts; the outcome last."""

from rich import box as borders
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.core.gate import Finding, Gate, NightGate, Status
from harness.gate.words import SYMBOLS, amount, called, change, folded, headline, held_against, open_findings, plain
from harness.gate.words import what, why

_STYLES: dict[Status, str] = {"worse": "red", "broken": "magenta", "undecided": "yellow", "invalid": "yellow",
                              "better": "green"}
_MOST = 40  # rows; the JSON has all


def show(gate: Gate, console: Console) -> None:
    """Print at the console's width."""
    for night in gate.nights:
        _night(night, console)
    styles = {"passed": "bold green", "worse": "bold red", "undecided": "bold yellow", "broken": "bold magenta"}
    console.print(Text(headline(gate), style=styles[gate.outcome]))


def _night(night: NightGate, console: Console) -> None:
    console.print(Text(f"{plain(night.hw)} {called(night)} (plan {night.plan}) against {held_against(night)}",
                       style="bold"))
    for one in night.changed:
        console.print(Text(f"  since then {plain(one)}", style="dim"))
    rows = open_findings(night)
    if rows:
        console.print(_table(rows[:_MOST]))
    if len(rows) > _MOST:
        console.print(f"... and {len(rows) - _MOST} more: --json FILE has all")
    for text in folded(night):
        console.print(Text(f"  {text}"))
    console.print()


def _table(rows: list[Finding]) -> Table:
    table = Table(box=borders.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True)
    table.add_column("what", overflow="fold", ratio=3)
    table.add_column("reference -> now", overflow="fold", ratio=2)
    table.add_column("change (95 %)", overflow="fold", ratio=3)
    for one in rows:
        moved = "\n-> ".join(filter(None, (amount(one.before, one), amount(one.after, one))))
        told = Text("\n".join(filter(None, (change(one), why(one)))))
        name = Text(plain(one.arm), style="dim").append("\n" if one.arm else "").append(what(one), style="not dim")
        table.add_row(Text(f"{SYMBOLS[one.status]} {one.status}", style=_STYLES.get(one.status, "")), name,
                      Text(moved), told)
    return table
