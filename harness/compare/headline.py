"""What one record says in one line: the score of its tasks, or the speeds at its lowest step."""

from collections.abc import Iterator

from harness.compare.match import items_of, scored_tasks, single
from harness.core.events import Figure
from harness.core.record import Completed, Reading
from harness.core.suite import Suite
from harness.store.items import LoadedRun

SPEEDS = ("goodput", "decode", "ttft", "throughput", "peak_memory", "energy")
"""Readings of a load worth a line, in this order."""


def of(run: LoadedRun, suite: Suite) -> tuple[Figure, ...]:
    """A completed record's headline; () for any other."""
    if not isinstance(run.record, Completed):
        return ()
    if run.record.run.cell.kind == "load":
        return speeds(run.record)
    found = tuple(scores(run, suite))
    mean = (Figure("score", "share", sum(one.value for one in found) / len(found)),) if found else ()
    return (*mean, *found)


def scores(run: LoadedRun, suite: Suite) -> Iterator[Figure]:
    """The mean over items of each task that gets a verdict, higher better; one that cannot be scored is left out."""
    for task in scored_tasks(suite, run.record.run.cell):
        table = items_of(run, task, suite)
        values = None if table is None else single(table, task)
        if values is not None:
            yield Figure("score", "share", float(values.mean()), task.task)


def speeds(record: Completed) -> tuple[Figure, ...]:
    """The mean of each headline reading at its lowest step."""
    found = ((name, _lowest(record, name)) for name in SPEEDS)
    return tuple(
        Figure(name, one.unit, sum(one.samples) / len(one.samples)) for name, one in found if one is not None
    )


def _lowest(record: Completed, name: str) -> Reading | None:
    known = [one for one in record.outcome.readings if one.name == name and one.samples]
    return min(known, key=lambda one: one.at, default=None)
