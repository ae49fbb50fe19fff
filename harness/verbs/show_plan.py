"""A stored plan: what it found in one sentence for each candidate, then its cells with their results."""

import shlex
from pathlib import Path

import msgspec
from rich.console import Console

from harness.core.events import Figure
from harness.core.plan import Plan
from harness.core.record import Completed, Failed, RunRecord
from harness.live.words import short
from harness.report.wording import public, quantity
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
    """Files of the plans of a night, newest first."""
    found = ((path, msgspec.json.decode(path.read_bytes(), type=_Night)) for path in reversed(read.plans(layout)))
    return [path for path, plan in found if night and plan.night == night]


def show(path: Path, layout: Layout, console: Console, everything: bool) -> None:
    """Print it; with `everything` all cells."""
    from harness.compare.analyse import analyse

    plan = msgspec.json.decode(path.read_bytes(), type=Plan)
    analysis = analyse(plan, stored.records_of(plan, layout))
    night = f", night {plan.night}" if plan.night else ""
    when = read.stamp(path.name)
    console.print(f"Plan {plan.id} on {plan.hw}, {when[:10]} {when[11:16]} UTC{night}", style="bold")
    for claim in analysis.claims:
        console.print(public(claim.sentence), style="bold")
    if not analysis.claims:
        console.print("No quality comparison could be made, so there is no claim.")
    for one in analysis.repeats:
        console.print(f"{one.model} under {one.load}: {one.reading or 'speed'} {one.words}", style="dim")
    found = {record.run.cell.id: record for record in analysis.records}
    rows = [_row(plan, number, found.get(cell.id), layout) for number, cell in enumerate(plan.cells)]
    shown = rows if everything else rows[:_FOLDED]
    console.print()
    hidden = fitted.show(_COLUMNS, shown, console)
    if len(shown) < len(rows) or hidden:
        console.print(f"{len(shown)} of {len(rows)} cells; --all shows all", style="dim")
    for record in found.values():
        if isinstance(record, Failed):
            console.print(f"failed {public(record.run.cell.label)}: {public(record.reason)}", style="red")
    for skip in plan.skips:
        console.print(f"skipped {public(skip.what)}: {public(skip.reason)}", style="yellow")
    console.print(f"\nagain:  python -m harness run {shlex.join(plan.overrides)}".rstrip(), soft_wrap=True)
    console.print(f"next:   python -m harness compare {plan.id}   or   report {plan.id}\n", soft_wrap=True)


def _row(plan: Plan, number: int, record: RunRecord | None, layout: Layout) -> list[str]:
    """A cell's row; the newest record that counts for this plan."""
    from harness.compare import headline

    cell = plan.cells[number]
    labels = short([one.label.partition(" (")[0] for one in plan.cells], " ")
    what = labels[cell.label.partition(" (")[0]]
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
