"""`report [PLAN]` or `report BASELINE CANDIDATE`: the report folder from results/ alone, now or years later."""

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from harness.core.plan import Plan
from harness.core.record import Completed, Skipped
from harness.core.verdict import Analysis
from harness.store.layout import Layout
from harness.verbs import Arguments, stored


def main(args: Arguments) -> int:
    """0 if the plan is fully measured, else 1; raises NotFound for an unknown plan or cell."""
    words = stored.parse(args.overrides, most=2)
    layout = Layout(words.results)
    plan = stored.plan_of(layout, words.ids)
    return publish(plan, layout, words.reports, Console(highlight=False))


@dataclass(frozen=True)
class Rendered:
    """A report that was written; `exit_code` 0 if every cell was measured that was needed, else 1.

    What a night has no time left for is not held against it, as long as it measured something.
    """

    analysis: Analysis
    folder: Path
    exit_code: int


def render(plan: Plan, layout: Layout, reports: Path) -> Rendered:
    """Compare, and write the report folder."""
    from harness.compare.analyse import analyse
    from harness.report import render

    analysis = analyse(plan, stored.records_of(plan, layout))
    folder = render.write(analysis, reports)
    measured = sum(isinstance(record, Completed) for record in analysis.records)
    not_needed = sum(len(one.not_needed) for one in analysis.repeats)
    later = sum(isinstance(record, Skipped) and record.later for record in analysis.records)
    whole = bool(measured) and measured + not_needed + later == len(plan.cells)
    return Rendered(analysis, folder, 0 if whole else 1)


def publish(plan: Plan, layout: Layout, reports: Path, console: Console) -> int:
    """`render`, then show its tables and its path; returns the exit code."""
    done = render(plan, layout, reports)
    show(done, layout, console)
    return done.exit_code


def show(done: Rendered, layout: Layout, console: Console) -> None:
    """The report's tables, its verdicts, and where it lies."""
    from harness.report import terminal

    console.print()
    terminal.show(done.analysis, console)
    console.print(f"\nreport: {short(done.folder)}/index.html   records: {short(layout.root)}", soft_wrap=True)


def short(path: Path) -> Path:
    """Relative to the working folder where it lies inside."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
