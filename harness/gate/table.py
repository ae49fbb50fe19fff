"""The gate on a terminal: what changed first, one row each; what is fine in counts; the outcome last."""

from collections.abc import Iterable

from rich import box as borders
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.core.gate import Finding, Gate, NightGate, Status
from harness.gate.words import called, cells, folded, headline, held_against, open_findings, plain

_STYLES: dict[Status, str] = {"worse": "red", "broken": "magenta", "undecided": "yellow", "invalid": "yellow",
                              "better": "green"}
_MOST = 40  # rows; the JSON has all


def show(gate: Gate, console: Console) -> None:
    """Print at the console's width."""
    for night in gate.nights:
        _night(night, console)
    styles = {"passed": "bold green", "worse": "bold red", "undecided": "bold yellow", "broken": "bold magenta"}
    console.print(Text(headline(gate), style=styles[gate.outcome]))


def short_names(arms: Iterable[str]) -> dict[str, str]:
    """Arms without the words that all of them begin or end with: "q4_k_m" of several of one model and runtime."""
    words = {arm: arm.split() for arm in arms if arm}
    for end in (0, -1):
        while len(words) > 1 and min(map(len, words.values())) > 1 and len({one[end] for one in words.values()}) == 1:
            for one in words.values():
                one.pop(end)
    return {arm: " ".join(one) for arm, one in words.items()}


def _night(night: NightGate, console: Console) -> None:
    console.print(Text(f"{plain(night.hw)} {called(night)} (plan {night.plan}) against {held_against(night)}",
                       style="bold"))
    for one in night.changed:
        console.print(Text(f"  since then {plain(one)}", style="dim"))
    rows = open_findings(night)
    if rows:
        console.print(_table(rows[:_MOST], short_names({one.arm for one in night.findings})))
    if len(rows) > _MOST:
        console.print(f"... and {len(rows) - _MOST} more: --json FILE has all")
    for text in folded(night):
        console.print(Text(f"  {text}"))
    console.print()


def _table(rows: list[Finding], names: dict[str, str]) -> Table:
    table = Table(box=borders.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True)
    table.add_column("what", overflow="fold", ratio=3)
    table.add_column("reference -> now", overflow="fold", ratio=2)
    table.add_column("change (95 %)", overflow="fold", ratio=3)
    for one in rows:
        status, name, before, after, *told = cells(one, names.get(one.arm, ""))
        moved, said = "\n-> ".join(filter(None, (before, after))), "\n".join(filter(None, told))
        table.add_row(Text(status, style=_STYLES.get(one.status, "")), Text(name), Text(moved), Text(said))
    return table
