"""A plan with a baseline, its replicate and candidates, and the records of their cells: real types, made-up numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.core.cell import Cell, LoadWork, Prepared, QualityWork
from harness.core.config import Artifact, Load, Protocol
from harness.core.plan import Pair, Plan
from harness.core.record import Completed, Failed, FailureKind, Flag, Machine, Outcome, Reading, Run, Skipped, Source
from harness.core.runtime import Facts
from harness.core.suite import Suite, Task
from harness.store.items import LoadedRun

MACHINE = Machine("cpu", 2, 1 << 33, (), "linux", "unknown", (0.1,), "3.11", "d", "box-a")
LOAD = Load("tiny", (1,), 8, 8, 4, 1)
Scores = NDArray[np.float64]


def suite(*tasks: Task) -> Suite:
    """A suite of these tasks."""
    return Suite("tiny", "tiny", "CC0-1.0", tasks, digest="ab" * 8)


def choice(name: str, **changes: object) -> Task:
    """A four-choice task."""
    return msgspec.structs.replace(Task(name, "classification", "acc", "choice", chance=0.25), **changes)


def quality_cell(suite_: Suite, quant: str, replicate: int = 0, runtime: str = "llama_cpp", **changes: object) -> Cell:
    """A quality cell over the whole suite; `changes` go to its work."""
    work = QualityWork(suite_.name, suite_.digest, tuple(task.task for task in suite_.tasks), None, 1)
    work = msgspec.structs.replace(work, order_seed=replicate, **changes)
    artifact = Artifact("path", "pocket.gguf")
    return Cell("cpu", "pocket", quant, runtime, "runners.x", artifact, "", {}, work, replicate, "order" * replicate)


def load_cell(quant: str, round_: int) -> Cell:
    """A load cell."""
    artifact = Artifact("path", "pocket.gguf")
    return Cell("cpu", "pocket", quant, "llama_cpp", "runners.x", artifact, "", {}, LoadWork(LOAD, 1, round_))


@dataclass(frozen=True)
class Arms:
    """f16 as baseline with one replicate, and candidates; `plan` pairs them."""

    suite: Suite
    quants: tuple[str, ...] = ("q4_k_m",)
    replicate: bool = True
    protocol: Protocol = Protocol()

    @property
    def baseline(self) -> Cell:
        return quality_cell(self.suite, "f16")

    @property
    def noise(self) -> Cell:
        return quality_cell(self.suite, "f16", replicate=1)

    def candidate(self, quant: str = "q4_k_m") -> Cell:
        return quality_cell(self.suite, quant)

    @property
    def plan(self) -> Plan:
        candidates = [self.candidate(quant) for quant in self.quants]
        pairs = [pair("quality", one, self.baseline) for one in candidates]
        pairs += [pair("aa", self.noise, self.baseline)] if self.replicate else []
        cells = (self.baseline, *([self.noise] if self.replicate else []), *candidates)
        return plan_of(self.suite, cells, pairs, self.protocol)


def pair(kind: str, candidate: Cell, baseline: Cell) -> Pair:
    """Candidate and baseline as the plan names them."""
    return msgspec.convert(
        {
            "kind": kind,
            "candidate": candidate.id,
            "baseline": baseline.id,
            "candidate_arm": candidate.arm,
            "baseline_arm": baseline.arm,
        },
        Pair,
    )


def plan_of(suite_: Suite, cells: Sequence[Cell], pairs: Sequence[Pair], protocol: Protocol | None = None) -> Plan:
    """A plan of these cells and pairs."""
    return Plan("cpu", tuple(cells), tuple(pairs), (), suite_, protocol or Protocol())


def frame(task: str, scores: Mapping[str, Sequence[float] | Scores], **columns: object) -> pd.DataFrame:
    """Items of one task in the store's long form; `columns` replace the plain ones, one value or one per item."""
    parts = []
    for metric, values in scores.items():
        n = len(values)
        plain: dict[str, object] = {
            "task": task,
            "item_id": [f"i{number:05d}" for number in range(n)],
            "sample": 0,
            "metric": metric,
            "score": np.asarray(values, dtype=float),
            "prompt_hash": [f"p{number}" for number in range(n)],
            "reply_hash": "r",
            "prompt_tokens": 10,
            "output_tokens": 1,
            "finish_reason": "stop",
            "first_tokens": "1,7,9",
            "cluster": "",
            "level": "",
        }
        parts.append(pd.DataFrame({**plain, **columns}, index=range(n)))
    return pd.concat(parts, ignore_index=True)


def run_of(cell: Cell, started: str = "2025-01-01T00:00:00Z", machine: Machine = MACHINE) -> Run:
    """What a record of the cell has."""
    return Run("r1", "p1", cell, machine, (), Source("0.1", "c", False), started, 1.0)


def measured(
    cell: Cell,
    *frames: pd.DataFrame,
    readings: tuple[Reading, ...] = (),
    machine: Machine = MACHINE,
    prepared: Prepared | None = None,
    flags: tuple[Flag, ...] = (),
) -> LoadedRun:
    """A completed record with these items."""
    weights = prepared or Prepared("m.gguf", 1_000, cell.quant, "f16", "as is")
    facts = Facts("llama.cpp", "b1", "cpu", 900, 64.0, 512, 4096)
    record = Completed(run_of(cell, machine=machine), weights, Outcome(facts, readings, flags=flags))
    items = pd.concat(frames, ignore_index=True) if frames else None
    return LoadedRun.of(record, f"results/{cell.id}", "ab" * 32, items)


def failed(cell: Cell, kind: FailureKind = "memory", started: str = "2025-01-01T00:00:00Z") -> LoadedRun:
    """A record of a cell that ended badly."""
    return LoadedRun.of(Failed(run_of(cell, started), kind, "killed", -9, ""), "results/x", "cd" * 32, None)


def put_off(cell: Cell, started: str = "2025-01-01T00:00:00Z") -> LoadedRun:
    """A record of a cell for which the night was too short."""
    return LoadedRun.of(Skipped(run_of(cell, started), "not tonight: over", later=True), "results/x", "cd" * 32, None)


def answers(rng: np.random.Generator, n: int, accuracy: float = 0.8) -> Scores:
    """0/1 scores of an arm."""
    return (rng.random(n) < accuracy).astype(float)


def flipped(rng: np.random.Generator, before: Scores, lost: float, gained: float) -> Scores:
    """`before` with these shares of right answers lost and of wrong answers gained."""
    draw = rng.random(before.size)
    return np.where(before == 1, draw >= lost, draw < gained).astype(float)
