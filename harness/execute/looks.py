"""Quality by looks: all arms of a group answer the same part of each task, are compared, and settled tasks end there.

A group is a baseline with everything that is compared with it. A task ends when it is settled for all candidates of its
group, so that all arms always have the same items. What is decided hangs on the answers alone: a run that was killed
finds its finished parts in the store, the replies of the broken-off one in the journal, and comes to the same end.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from harness.compare import quality
from harness.compare.runs import Runs
from harness.compare.settled import settled
from harness.core.cell import Cell, QualityWork
from harness.core.look import LAST
from harness.core.plan import Plan
from harness.core.record import Completed
from harness.store.items import LoadedRun

Answer = Callable[[Cell, tuple[int, ...]], LoadedRun]


class Listener(Protocol):
    """Whoever is told how the looks go."""

    def looked(self, number: int, ended: Sequence[str], going_on: Sequence[str]) -> None:
        """At look `number` these tasks ended, settled or with all items in, and these go on."""


def groups(plan: Plan) -> list[list[Cell]]:
    """The plan's staged cells, those that are compared with one another together, in the plan's order."""
    found: dict[str, list[Cell]] = {cell.id: [cell] for cell in plan.cells if cell.staged}
    for pair in plan.pairs:
        one, other = found.get(pair.baseline), found.get(pair.candidate)
        if one is not None and other is not None and one is not other:
            one += other
            found |= {cell.id: one for cell in other}
    return [sorted(group, key=plan.cells.index) for group in {id(group): group for group in found.values()}.values()]


def answer_by_looks(plan: Plan, group: Sequence[Cell], answer: Answer, listener: Listener) -> None:
    """Let `answer` bring each cell's record up to a look, look by look, until no task of the group is open.

    An arm that failed is not asked again: its comparisons are BROKEN, and the others go on without it.
    """
    open_tasks = _judged_tasks(plan, group)
    ended: dict[str, int] = {}
    runs: dict[str, LoadedRun] = {}
    for number in range(1 if open_tasks else LAST, LAST + 1):
        for cell in group:
            if cell.id not in runs or isinstance(runs[cell.id].record, Completed):
                runs[cell.id] = answer(cell, looks_of(cell, ended, open_tasks, number))
        now = open_tasks if number == LAST else _settled(plan, list(runs.values()), open_tasks)
        ended |= dict.fromkeys(now, number)
        open_tasks = [task for task in open_tasks if task not in ended]
        if now or open_tasks:
            listener.looked(number, now, open_tasks)
        if not open_tasks:
            return


def looks_of(cell: Cell, ended: dict[str, int], open_tasks: Sequence[str], number: int) -> tuple[int, ...]:
    """The look of each of the cell's tasks: its last one, this one, or all items where nothing is to be decided."""
    tasks = cell.work.tasks if isinstance(cell.work, QualityWork) else ()
    return tuple(number if task in open_tasks else ended.get(task, LAST) for task in tasks)


def _judged_tasks(plan: Plan, group: Sequence[Cell]) -> list[str]:
    """Tasks on which somebody waits for a verdict."""
    runs = Runs(plan, [])
    own = {cell.id for cell in group}
    found = [task.task for pair, task in quality.pairs_and_tasks(plan, runs, "quality") if pair.candidate in own]
    return list(dict.fromkeys(found))


def _settled(plan: Plan, runs: Sequence[LoadedRun], open_tasks: Sequence[str]) -> list[str]:
    """Only the group's own records are looked at, so that the order of groups decides nothing."""
    comparisons = quality.compare(plan, Runs(plan, runs), "quality", np.random.default_rng(int(plan.id, 16)))
    done = settled(comparisons, frozenset(one.record.run.cell.id for one in runs), plan.protocol.alpha)
    return [task for task in open_tasks if task in done]
