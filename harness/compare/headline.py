"""What one record says in one line: the score of its tasks, or the speeds at its lowest step."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow.parquet as pq

from harness.core.events import Figure
from harness.core.record import Completed, Reading
from harness.core.suite import Suite

SPEEDS = ("goodput", "decode", "ttft", "throughput", "peak_memory", "energy")
"""Readings of a load worth a line, in this order."""


def scores(folder: Path, suite: Suite) -> tuple[Figure, ...]:
    """Of an attempt's items: the plain mean over its tasks, then each; () where none can be scored.

    A task's is the mean over items and samples of its metric, higher better, those of a group's members ("mmlu") all
    together. One that gets no verdict (rolling), or whose scores are none, is left out. Reads three columns, no more.
    """
    path = folder / "items.parquet"
    found = tuple(_scores(path, suite)) if path.exists() else ()
    mean = (Figure("score", "share", sum(one.value for one in found) / len(found)),) if found else ()
    return (*mean, *found)


def _scores(path: Path, suite: Suite) -> Iterator[Figure]:
    table = pq.read_table(path, columns=["task", "metric", "score"])
    names, numbers = (table.column(name).combine_chunks().dictionary_encode() for name in ("task", "metric"))
    tasks, metrics = names.dictionary.to_pylist(), numbers.dictionary.to_pylist()
    of_task, of_metric = names.indices.to_numpy(), numbers.indices.to_numpy()
    values = table.column("score").to_numpy()
    known = {task.task for task in suite.tasks}
    for task in suite.tasks:
        alone = task.task in tasks
        own = [at for at, name in enumerate(tasks)
               if name == task.task or (not alone and name not in known and name.startswith(f"{task.task}_"))]
        if task.output == "rolling" or not own or task.metric not in metrics:
            continue
        picked = values[np.isin(of_task, own) & (of_metric == metrics.index(task.metric))]
        if picked.size and bool(((picked >= 0) & (picked <= 1)).all()):
            mean = float(picked.mean())
            yield Figure("score", "share", mean if task.higher_is_better else 1 - mean, task.task)


def speeds(record: Completed) -> tuple[Figure, ...]:
    """The median of each headline reading at its lowest step, as in the report; one that is not valid is none.

    Flags are not looked at: whoever shows the figure shows them beside it.
    """
    found = ((name, _lowest(record, name)) for name in SPEEDS)
    return tuple(Figure(name, one.unit, float(median(one.samples))) for name, one in found if one is not None)


def _lowest(record: Completed, name: str) -> Reading | None:
    known = [one for one in record.outcome.readings if one.name == name and one.samples]
    lowest = min(known, key=lambda one: one.at, default=None)
    return lowest if lowest and lowest.valid else None
