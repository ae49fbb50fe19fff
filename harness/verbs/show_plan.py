"""A stored plan: what it found in one sentence for each candidate, then its cells with their results."""

from pathlib import Path

import msgspec
from rich.console import Console

from harness.core.cell import Cell
from harness.core.events import Figure
from harness.core.plan import Plan
from harness.core.record import Completed, Failed, RunRecord
from harness.live.words import short
from harness.report.provenance import command
from harness.report.wording import quantity
from harness.store import read
from harness.store.layout import Layout
from harness.verbs import fitted, stored
from harness.verbs.fitted import Column

_COLUMNS = (Column("cell", 9), Column("what", 10), Column("quant", 8), Column("result", 7, True),
            Column("seconds", 3, True), Column("state", 6), Column("run", 2))
_FOLDED = 20


class _Night(msgspec.Struct):
    night: str = ""


def of_night(night: str, layout: Layout) -> list[Path]:
    """Files of the plans of a night, newest first; one that this version cannot read is of no night."""
    return [path for path in reversed(read.plans(layout)) if night and _night(path) == night]


def _night(path: Path) -> str:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Night).night
    except msgspec.DecodeError:
        return ""


def show(path: Path, layout: Layout, console: Console, everything: bool) -> None:
    """Print it; with `everything` all cells. Raises SchemaError for a plan that this version cannot read."""
    from harness.compare.analyse import analyse

    plan = read.plan_file(path)
    analysis = analyse(plan, stored.records_of(plan, layout))
    night = f", night {plan.night}" if plan.night else ""
    when = read.stamp(path.name)
    console.print(f"Plan {plan.id} on {plan.hw}, {when[:10]} {when[11:16]} UTC{night}", style="bold")
    for claim in analysis.claims:
        console.print(claim.sentence, style="bold")
    if not analysis.claims:
        console.print("No quality comparison could be made, so there is no claim.")
    for one in analysis.repeats:
        console.print(f"{one.model} under {one.load}: {one.reading or 'speed'} {one.words}", style="dim")
    found = {record.run.cell.id: record for record in analysis.records}
    cells = plan.cells if everything else plan.cells[:_FOLDED]
    labels = short([_label(cell) for cell in plan.cells], " ")
    rows = [_row(plan, cell, labels[_label(cell)], found.get(cell.id), layout) for cell in cells]
    console.print()
    hidden = fitted.show(_COLUMNS, rows, console)
    if len(rows) < len(plan.cells) or hidden:
        console.print(f"{len(rows)} of {len(plan.cells)} cells; --all shows all", style="dim")
    for record in found.values():
        if isinstance(record, Failed):
            console.print(f"failed {record.run.cell.label}: {record.reason}", style="red")
    for skip in plan.skips:
        console.print(f"skipped {skip.what}: {skip.reason}", style="yellow")
    again = command(plan)
    console.print(f"\nagain:  {again}" if again else "", soft_wrap=True)
    console.print(f"next:   python -m harness compare {plan.id}   or   report {plan.id}\n", soft_wrap=True)


def _label(cell: Cell) -> str:
    return cell.label.partition(" (")[0]


def _row(plan: Plan, cell: Cell, what: str, record: RunRecord | None, layout: Layout) -> list[str]:
    """A cell's row; the newest record that counts for this plan."""
    from harness.compare import headline

    if record is None:
        return [cell.id, what, cell.quant, "", "", "not measured", ""]
    figures: tuple[Figure, ...] = ()
    if isinstance(record, Completed):
        folder = layout.attempt(cell, record.run.started, record.run.run_id)
        figures = headline.speeds(record) if cell.kind == "load" else headline.scores(folder, plan.suite)
    state = type(record).__name__.lower()
    if isinstance(record, Completed):
        verdicts = {flag.verdict for flag in record.outcome.flags}
        state = next((word for word in ("invalid", "degraded") if word in verdicts), "ok")
    result = quantity(figures[0].value, figures[0].unit) if figures else ""
    return [cell.id, what, cell.quant, result, f"{record.run.seconds:,.1f}", state, record.run.run_id]
