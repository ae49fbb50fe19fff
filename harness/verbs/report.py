"""`report [PLAN]` or `report BASELINE CANDIDATE`: the report folder from results/ alone, now or years later."""

from pathlib import Path

from rich.console import Console

from harness.core.plan import Plan
from harness.core.record import Completed
from harness.store.layout import Layout
from harness.verbs import Arguments, stored


def main(args: Arguments) -> int:
    """0 if the plan is fully measured, else 1; raises NotFound for an unknown plan or cell."""
    words = stored.parse(args.overrides, most=2)
    layout = Layout(words.results)
    plan = stored.plan_of(layout, words.ids)
    return publish(plan, layout, words.reports, Console(highlight=False))


def publish(plan: Plan, layout: Layout, reports: Path, console: Console) -> int:
    """Compare, write the report folder, show its tables and its path; 0 if every cell was measured, else 1."""
    from harness.compare.analyse import analyse
    from harness.report import render, terminal

    analysis = analyse(plan, stored.records_of(plan, layout))
    folder = render.write(analysis, reports)
    console.print()
    terminal.show(analysis, console)
    console.print(f"\nreport: {_short(folder)}/index.html   records: {_short(layout.root)}", soft_wrap=True)
    measured = sum(isinstance(record, Completed) for record in analysis.records)
    not_needed = sum(len(one.not_needed) for one in analysis.repeats)
    return 0 if measured + not_needed == len(plan.cells) else 1


def _short(path: Path) -> Path:
    """Relative to the working folder where it lies inside."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
