"""A million items a task: how long comparing them takes, how long reading them, and how much memory.

    python -m benchmarks.analyse [ITEMS [TASKS]]

Two arms, 0/1 scores, items in clusters of ten, made in memory as the store's columns; the texts of item ids are shared
between tasks, as numbers from 0 would be. Reading: one task of that size, written as Parquet and split into columns.
"""

import dataclasses
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.console import Console

from harness.compare.analyse import analyse
from harness.core.cell import Cell, Prepared, QualityWork
from harness.core.config import Artifact, Protocol
from harness.core.plan import Pair, Plan
from harness.core.record import Completed, Machine, Outcome, Run, Source
from harness.core.runtime import Facts
from harness.core.suite import Suite, Task
from harness.stats.tango import tango_limits
from harness.store.items import ItemTable, LoadedRun, Text, split

ITEMS, TASKS, FLIPS, CLUSTER = 1_000_000, 20, 0.02, 10
MACHINE = Machine("cpu", 2, 1 << 33, (), "linux", "unknown", (0.0,), "3.11", "d", "box")


def _cell(suite: Suite, quant: str) -> Cell:
    work = QualityWork(suite.name, suite.digest, tuple(task.task for task in suite.tasks), None, 1)
    return Cell("cpu", "made-up", quant, "none", "none", Artifact("path", "m"), "", {}, work)


def _run(cell: Cell, items: tuple[ItemTable, ...]) -> LoadedRun:
    run = Run("r", "p", cell, MACHINE, (), Source("0", "", False), "2025-01-01T00:00:00Z", 1.0)
    facts = Facts("none", "0", "cpu", None, None, 0, 0)
    record = Completed(run, Prepared("m", 1, cell.quant, "s", "as is"), Outcome(facts, ()))
    return dataclasses.replace(LoadedRun.of(record, cell.id, "", None), items=items)


def _same(text: str, n: int) -> Text:
    return np.broadcast_to(np.array(text, dtype=object), (n,))


def made_up(n: int, tasks: int) -> tuple[Plan, list[LoadedRun]]:
    """A plan of two arms and their items."""
    rng = np.random.default_rng(1)
    suite = Suite("made-up", "", "", tuple(Task(f"t{k}", "", "acc", "choice") for k in range(tasks)), digest="0" * 16)
    cells = _cell(suite, "f16"), _cell(suite, "q4")
    ids = np.array([f"{number:07d}" for number in range(n)], dtype=object)
    clusters = np.array([f"c{number // CLUSTER}" for number in range(n)], dtype=object)

    def table(task: Task, scores: NDArray[np.float64]) -> ItemTable:
        stop, none = _same("stop", n), _same("", n)
        columns = (ids, np.zeros(1, dtype=np.int64).repeat(n), {"acc": scores}, ids, stop, none, clusters, none)
        return ItemTable(task.task, *columns)

    before = [(rng.random(n) < 0.8).astype(np.float64) for _ in suite.tasks]
    after = [np.where(rng.random(n) < FLIPS, 1 - one, one) for one in before]
    arms = [tuple(table(*pair) for pair in zip(suite.tasks, scores, strict=True)) for scores in (before, after)]
    pair = Pair("quality", cells[1].id, cells[0].id, cells[1].arm, cells[0].arm)
    plan = Plan("cpu", cells, (pair,), (), suite, Protocol())
    return plan, [_run(cell, items) for cell, items in zip(cells, arms, strict=True)]


def read(n: int) -> float:
    """Seconds of CPU that reading one task of n items from Parquet takes."""
    frame = pd.DataFrame({
        "task": "t", "item_id": [f"{number:07d}" for number in range(n)], "sample": 0, "metric": "acc", "score": 1.0,
        "prompt_hash": [f"{number:016x}" for number in range(n)], "finish_reason": "stop", "first_tokens": "1,7",
        "cluster": [f"c{number // CLUSTER}" for number in range(n)], "level": "",
    })
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "items.parquet"
        frame.to_parquet(path)
        del frame
        started = time.process_time()
        split(pd.read_parquet(path))
        return time.process_time() - started


def main(arguments: list[str]) -> int:
    """Print seconds of CPU and gigabytes; 1 where comparing took 10 s or 2 GB, or 10,000 intervals took 2 s."""
    console = Console()
    n, tasks = (*map(int, arguments), *(ITEMS, TASKS)[len(arguments):])
    plan, runs = made_up(n, tasks)
    wall, started = time.perf_counter(), time.process_time()
    analysis = analyse(plan, runs)
    cpu, wall = time.process_time() - started, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    rng, started = np.random.default_rng(2), time.process_time()
    tango_limits(rng.integers(0, 100, 10_000), rng.integers(0, 100, 10_000), 1_000, 0.95)
    intervals = time.process_time() - started
    console.print(f"{len(analysis.comparisons)} tasks of {n:,} paired items compared: {cpu:.1f} s of CPU, {wall:.1f} s "
                  f"on the clock, {peak:.2f} GB at most, data included", markup=False)
    console.print(f"10,000 Tango intervals: {intervals:.2f} s of CPU", markup=False)
    console.print(f"reading {n:,} items of one arm from Parquet: {read(n):.1f} s of CPU", markup=False)
    return int(cpu >= 10 or peak >= 2 or intervals >= 2)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
