"""What a plan can decide: margins within reach and items needed, at the flip rate assumed and at those seen before."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from harness.core.cell import QualityWork
from harness.core.errors import SchemaError
from harness.core.plan import Pair, Plan
from harness.core.suite import Task
from harness.stats.planning import items_needed, margin_for, smallest_margin
from harness.store.layout import Layout
from harness.verbs.ruled import ruled_table

if TYPE_CHECKING:
    from harness.compare.flips import FlipRate

_SHORT = 6  # letters of a cell's id, as `show` takes them


def show_reach(plan: Plan, layout: Layout, console: Console) -> None:
    """Write the tables; the second one only where this plan's arms have met before in the results folder."""
    console.print("", _assumed(plan), sep="\n")
    note = "  reaches: smallest margin decided; needs: items to decide the plan's margin\n  -: no verdict"
    console.print(note, style="dim", soft_wrap=True)
    if plan.staged:
        console.print(_looks(), style="dim", soft_wrap=True)
    if any(layout.root.glob("*/plans/*.json")) and (rates := flip_rates_seen(plan, layout)):
        console.print("", _seen(plan, rates), sep="\n")
        console.print(f"  from the newest records of these cells under {layout.root}", style="dim", soft_wrap=True)


def flip_rates_seen(plan: Plan, layout: Layout) -> "list[FlipRate]":
    """Of each candidate and task of the plan the flip rate over the most items; a later plan wins among equals.

    Arms count by name and suite, so that a short run tells how long the next one should be. Items are read only of
    plans that asked more of them than what is known: in a folder of many equal nights, of the last one.
    """
    from harness.compare.flips import flip_rates
    from harness.compare.runs import Runs
    from harness.store import read
    from harness.store.attempts import Attempts
    from harness.verbs.stored import records_of

    wanted = {(pair.candidate_arm, pair.baseline_arm) for pair in plan.pairs if pair.kind == "quality"}
    tasks = {task.task: task for task in plan.suite.tasks if task.output != "rolling"}
    best: dict[tuple[str, str], FlipRate] = {}
    attempts = Attempts(layout, damaged=lambda _: None)
    for path in reversed(read.plans(layout)):
        try:
            stored = read.plan_file(path)
        except SchemaError:  # a plan of another version tells nothing
            continue
        if stored.suite.digest != plan.suite.digest:
            continue
        cells = frozenset(
            cell
            for pair in stored.pairs
            if pair.kind == "quality" and (pair.candidate_arm, pair.baseline_arm) in wanted
            if any(_tells_more(stored, pair, one, best.get((pair.candidate_arm, one.task))) for one in tasks.values())
            for cell in (pair.baseline, pair.candidate)
        )
        for rate in flip_rates(stored, Runs(stored, records_of(stored, layout, cells, attempts))):
            known = best.get((rate.candidate_arm, rate.task))
            if rate.task in tasks and (known is None or rate.n_items > known.n_items):
                best[rate.candidate_arm, rate.task] = rate
    return sorted(best.values(), key=lambda rate: list(tasks).index(rate.task))


def _tells_more(stored: Plan, pair: Pair, task: Task, known: "FlipRate | None") -> bool:
    """Whether a stored plan asked for more items of a task than a known rate rests on, and of other cells."""
    if known is None:
        return True
    most = min((count for count in (task.items, _limit(stored)) if count is not None), default=None)
    same = (pair.baseline, pair.candidate) == (known.baseline_cell, known.candidate_cell)
    return not same and (most is None or most > known.n_items)


def _assumed(plan: Plan) -> Table:
    flips = plan.protocol.flip_rate_assumed
    title = f"What can it decide? (if {100 * flips:g} % of the answers flip)"
    table = ruled_table(title, 2, "task", "kind", "items", "chance", "reaches", "margin", "needs")
    for task in plan.suite.tasks:
        items = planned_items(plan, task)
        shown = "?" if items is None else f"{items:,}"
        table.add_row(task.task, task.kind, shown, _chance(task), *_reach(plan, task, flips))
    return table


def _seen(plan: Plan, rates: Sequence["FlipRate"]) -> Table:
    tasks = {task.task: task for task in plan.suite.tasks}
    several = len({(cell.model, cell.runtime) for cell in plan.cells}) > 1
    title = "The same at the flip rates measured before"
    table = ruled_table(title, 2, "task", "arm", "flips", "of", "reaches", "margin", "needs", "cells")
    for one in rates:
        cells = f"{one.baseline_cell[:_SHORT]} {one.candidate_cell[:_SHORT]}"
        reach = _reach(plan, tasks[one.task], one.spread)
        arm = one.candidate_arm if several else one.candidate_arm.split()[1]
        table.add_row(one.task, arm, f"{100 * one.spread:.1f} %", f"{one.n_items:,}", *reach, cells)
    return table


def _reach(plan: Plan, task: Task, flips: float) -> tuple[str, str, str]:
    """Smallest margin the task's items decide, the plan's margin for it, and the items that margin needs."""
    items = planned_items(plan, task)
    if task.output == "rolling":
        return "-", "", ""
    if items is None and plan.protocol.margin is None:
        return "?", "?", "?"
    margin = margin_for(plan.protocol, items or 0)
    reached = f"{100 * smallest_margin(items, flips):.1f} pt" if items else "?"
    return reached, f"{100 * margin:g} pt", f"{items_needed(flips, margin):,}"


def planned_items(plan: Plan, task: Task) -> int | None:
    """Items that the plan's cells ask of a task; None where that is known only once lm_eval has loaded it."""
    limit = _limit(plan)
    return task.items if limit is None or task.items is None else min(limit, task.items)


def _limit(plan: Plan) -> int | None:
    return next((cell.work.limit for cell in plan.cells if isinstance(cell.work, QualityWork)), None)


def _chance(task: Task) -> str:
    if task.output == "rolling":
        return "-"
    unknown = task.output == "choice" and not task.chance
    return "?" if unknown else f"{100 * task.chance:.3g} %"


def _looks() -> str:
    """When answers are looked at, and the boundary."""
    from harness.stats.sequential import boundary

    change, equivalence = (", ".join(f"{z:.2f}" for z in boundary(0.05, sides)) for sides in (2, 1))
    return f"  looks at 1/4, 1/2 and all items\n  a change needs z {change}, equivalence {equivalence}"
