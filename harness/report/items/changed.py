"""Which items changed their score between a candidate and its baseline: the same laying side by side as the verdicts.

Compared with the baseline's first run, as flips are counted; its replicates are a matter of the noise floor.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from harness.compare.match import Mismatch, items_of, lay_side_by_side
from harness.core.suite import Suite, Task
from harness.core.verdict import Comparison
from harness.report.view import View
from harness.store.items import ItemTable, LoadedRun, Text

Reader = Callable[[str], LoadedRun | None]
"""The record of a cell's id with its items, and its texts on demand; None where there is none."""

Kind = Literal["lost", "gained", "worse", "better"]
KINDS: tuple[Kind, ...] = ("lost", "gained", "worse", "better")
_SMALLEST = 1e-9


@dataclass(frozen=True, eq=False)
class Changed:
    """The changed items of one comparison, in the order of their ids; all columns (n,).

    `before` and `after` are the task's metric, means over the item's samples. `kind` numbers KINDS: right in one arm
    only (lost, gained), or another change of a score that is not just right or wrong (worse, better).
    """

    comparison: Comparison
    names: Text
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    kind: NDArray[np.int64]
    sides: tuple[LoadedRun, LoadedRun]
    finish: tuple[dict[tuple[str, int], str], dict[tuple[str, int], str]]


def find(view: View, reader: Reader) -> list[Changed]:
    """Those of all comparisons but the baseline's with itself: tasks in their order, then candidates in theirs."""
    arms = {arm.arm: place for place, arm in enumerate(view.arms)}
    tasks = {name: place for place, name in enumerate(view.tasks)}
    compared = [one for one in view.analysis.comparisons if one.kind != "aa"]
    compared.sort(key=lambda one: (tasks[one.task], arms.get(one.candidate_arm, len(arms)), one.kind))
    return list(_changed(compared, view.analysis.plan.suite, reader))


def _changed(compared: list[Comparison], suite: Suite, reader: Reader) -> Iterator[Changed]:
    known = {task.task: task for task in suite.tasks}
    for one in compared:
        sides = reader(one.baseline_cell), reader(one.candidate_cell)
        if sides[0] is None or sides[1] is None or one.task not in known:
            continue
        task = known[one.task]
        tables = items_of(sides[0], task, suite), items_of(sides[1], task, suite)
        if tables[0] is None or tables[1] is None:
            continue
        found = _between(one, task, (tables[0], tables[1]), (sides[0], sides[1]))
        if found is not None and found.names.size:
            yield found


def _between(
    one: Comparison, task: Task, tables: tuple[ItemTable, ItemTable], sides: tuple[LoadedRun, LoadedRun]
) -> Changed | None:
    paired = lay_side_by_side(*tables, task)
    if isinstance(paired, Mismatch):
        return None
    at = np.flatnonzero(np.abs(paired.differences) > _SMALLEST)
    first, second = paired.baseline[at], paired.candidate[at]
    flipped = np.isin(first, (0, 1)) & np.isin(second, (0, 1))
    names = tables[0].by_item("item_id")[at]
    better = task.higher_is_better
    return Changed(
        comparison=one,
        names=names,
        before=first if better else 1 - first,
        after=second if better else 1 - second,
        kind=np.where(flipped, 0, 2) + (second > first),
        sides=sides,
        finish=(_finish(tables[0], names), _finish(tables[1], names)),
    )


def _finish(table: ItemTable, names: Text) -> dict[tuple[str, int], str]:
    """How each sample of these items ended, where that is known."""
    rows = np.flatnonzero(np.isin(table.item_id, names) & (table.finish_reason != ""))
    keys = zip(table.item_id[rows], table.sample[rows].tolist(), strict=True)
    return dict(zip(keys, table.finish_reason[rows], strict=True))
