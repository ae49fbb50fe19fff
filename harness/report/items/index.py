"""The list itself, items/index.js: every changed item in columns, without its texts but for a line of the prompt."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.report.items.changed import KINDS, Changed
from harness.report.items.shards import Row
from harness.report.items.shown import literal
from harness.report.view import View

_DIGITS = 6


class Arms:
    """Candidates as the list names them: by the baseline too where one has several."""

    def __init__(self, view: View, changed: Sequence[Changed]) -> None:
        found = dict.fromkeys(_key(one) for one in changed)
        order = {arm.arm: place for place, arm in enumerate(view.arms)}
        self._keys = sorted(found, key=lambda key: (order.get(key[0], len(order)), key[1:]))
        baselines = [key[0] for key in self._keys]
        self.labels = [
            [view.label(arm) + (f" vs {view.label(base)}" if baselines.count(arm) > 1 else ""), view.label(base)]
            for arm, base, _ in self._keys
        ]

    def number(self, one: Changed) -> int:
        """Its place in `labels`, pairs of candidate and baseline."""
        return self._keys.index(_key(one))


def _key(one: Changed) -> tuple[str, str, str]:
    return one.comparison.candidate_arm, one.comparison.baseline_arm, one.comparison.kind


class Index:
    """Columns that grow row by row; rows of one item have to come one after another."""

    def __init__(self, view: View, changed: Sequence[Changed]) -> None:
        self._arms = Arms(view, changed)
        metrics = {one.comparison.task: one.comparison.metric for one in changed}
        self._tasks = {task: number for number, task in enumerate(metrics)}
        self._heads = [[task, view.task_labels[task], metric] for task, metric in metrics.items()]
        self._items: dict[str, list[Any]] = {name: [] for name in ("task", "id", "text")}
        self._rows: dict[str, list[Any]] = {name: [] for name in ("item", "arm", "kind", "before", "after")}

    def add(self, row: Row, text: str) -> None:
        """The next row; `text` is a line of the item's prompt."""
        task = self._tasks[row.changed.comparison.task]
        if not self._items["id"] or (self._items["task"][-1], self._items["id"][-1]) != (task, row.name):
            self._append(self._items, task, row.name, text)
        one = row.changed
        scores = (_rounded(float(one.before[row.place])), _rounded(float(one.after[row.place])))
        kind = int(one.kind[row.place])
        self._append(self._rows, len(self._items["id"]) - 1, self._arms.number(one), kind, *scores)

    @staticmethod
    def _append(columns: dict[str, list[Any]], *values: Any) -> None:
        for column, value in zip(columns.values(), values, strict=True):
            column.append(value)

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self._rows["item"])

    def write(self, path: Path, starts: Sequence[int]) -> None:
        """One call with everything; `starts` are the rows at which the shards begin."""
        content = {"tasks": self._heads, "arms": self._arms.labels, "kinds": KINDS, "items": self._items,
                   "rows": self._rows, "starts": starts}
        path.write_text(f"itemsIndex({literal(content)});\n", encoding="ascii")


def _rounded(score: float) -> float | int:
    return int(score) if score.is_integer() else round(score, _DIGITS)
