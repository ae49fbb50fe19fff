"""Measure a plan: first its weights, then its cells in order, each in a fresh child; one failure stops nothing else."""

import math
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import msgspec

from harness.compare import repeat
from harness.core.cell import Cell, Job, Prepared
from harness.core.config import Hardware, Metering
from harness.core.digest import short_id
from harness.core.errors import HarnessError
from harness.core.plan import Plan
from harness.core.record import Completed, Failed, Machine, Run, RunRecord, Skipped, Source
from harness.core.repetition import Repeated
from harness.environment import Interpreter
from harness.execute import child, collect
from harness.execute.looks import Listener, answer_by_looks, groups
from harness.store import read, write
from harness.store.attempts import Attempts
from harness.store.items import LoadedRun
from harness.store.layout import Layout
from harness.store.lock import alone


class Watcher(Listener, Protocol):
    """Whoever shows what happens; called between measurements, and while a cell is measured as often as it asks to."""

    def preparing(self, cell: Cell) -> None:
        """The weights of this cell are being fetched or made."""

    def started(self, cell: Cell, number: int, total: int) -> None:
        """A cell begins."""

    def every_seconds(self, cell: Cell) -> float | None:
        """How often to call `ticked` while the cell is measured, None: not at all, so that nothing wakes up."""

    def ticked(self, scratch: Path) -> None:
        """The running cell goes on; what its child has left so far lies in `scratch`."""

    def reused(self, cell: Cell, number: int, total: int, folder: Path) -> None:
        """A cell was measured before and is not measured again."""

    def ended(self, record: RunRecord, folder: Path) -> None:
        """A cell ended, well or not; its record lies in `folder`."""

    def repeated(self, outcome: Repeated) -> None:
        """The rounds of a model under one load ended."""


@dataclass(frozen=True)
class Context:
    """What measuring needs beside the plan; all paths absolute. `interpreters` has one for each runtime's key.

    No cell begins once `is_over` says so; what was begun is measured to its end.
    """

    layout: Layout
    assets: Path
    cache: Path
    machine: Machine
    interpreters: Mapping[str, Interpreter]
    source: Source
    timeout_seconds: float
    rerun: bool
    hw_matches: bool
    hardware: Hardware | None = None
    metering: Metering = Metering()
    texts: bool = True
    is_over: Callable[[], bool] = lambda: False


def measure(plan: Plan, context: Context, watcher: Watcher) -> None:
    """Measure what is not yet measured; records go to the store as they come.

    Raises UserError where another run holds the results folder. KeyboardInterrupt ends the running child and leaves
    everything finished in place.
    """
    with alone(context.layout):
        write.plan(context.layout, plan, _now())
        write.sweep_journals(context.layout, plan)
        _Measurement(plan, context, watcher).run()


class _Measurement:
    """One pass over a plan's cells."""

    def __init__(self, plan: Plan, context: Context, watcher: Watcher) -> None:
        self._plan, self._context, self._watcher = plan, context, watcher
        self._weights: dict[tuple[str, ...], Prepared | Failed] = {}
        self._failed_arms: set[tuple[str, str]] = set()
        self._begun: set[str] = set()
        self._afresh = {cell.id for cell in plan.cells} if context.rerun else set()
        self._attempts = Attempts(context.layout, damaged=lambda _: None)  # it counts for nobody; the report says so

    def run(self) -> None:
        # All weights are made before the first measurement, so that none is made between timed rounds.
        done = {one for group in repeat.repeats(self._plan, self._stored) for one in group.not_needed}
        for cell in self._plan.cells:
            if cell.id not in done and self._reusable(cell) is None and not self._too_late(cell):
                self._prepared(cell)
        for group in groups(self._plan):
            answer_by_looks(self._plan, group, self._answer_up_to, self._watcher)
        for cell in self._plan.cells:
            if cell.kind == "quality" and not cell.staged:
                self._answer(cell)
        for rounds in repeat.groups(self._plan):
            self._repeat(rounds)

    def _repeat(self, group: repeat.Group) -> None:
        """Rounds in order until no further one is needed; what finished ones said is all that is looked at."""
        found: dict[str, RunRecord] = {}
        for cells in group.rounds:
            found |= {cell.id: read.record(self._answer(cell)) for cell in cells}
            now = repeat.state(group, self._plan.repetition, found.get)
            if now.ended != "open":
                self._watcher.repeated(now)
                return

    def _stored(self, cell_id: str) -> RunRecord | None:
        """What need not be measured again."""
        folder = self._reusable(next(cell for cell in self._plan.cells if cell.id == cell_id))
        return read.record(folder) if folder else None

    def _answer_up_to(self, cell: Cell, looks: tuple[int, ...]) -> LoadedRun:
        return read.loaded(self._context.layout, self._answer(cell, looks))

    def _answer(self, cell: Cell, looks: tuple[int, ...] | None = None) -> Path:
        """The folder of the cell's record, measured now if it is not there."""
        number, total = self._plan.cells.index(cell) + 1, len(self._plan.cells)
        folder = self._reusable(cell, looks)
        if folder is not None:
            self._watcher.reused(cell, number, total, folder)
            return folder
        self._watcher.started(cell, number, total)
        record, folder = self._measure(cell, looks or ())
        self._watcher.ended(record, folder)
        return folder

    def _reusable(self, cell: Cell, looks: tuple[int, ...] | None = None) -> Path | None:
        """Answers stay valid, the plan's own before others'; what means something within a plan only is this one's."""
        if self._context.rerun:
            return None
        owners = dict.fromkeys((self._plan.id, self._plan.owner_of(cell)))
        found = (folder for owner in owners for folder in self._attempts.completions(cell, owner))
        return next((folder for folder in found if looks is None or looks == _looks(read.record(folder))), None)

    def _prepared(self, cell: Cell) -> Prepared | Failed:
        """The cell's weights, made once for all cells that use them."""
        if _weights_key(cell) not in self._weights:
            self._watcher.preparing(cell)
            self._weights[_weights_key(cell)] = self._prepare(cell)
        return self._weights[_weights_key(cell)]

    def _prepare(self, cell: Cell) -> Prepared | Failed:
        run = self._new_run(cell)
        with self._scratch(run) as scratch:
            self._write_job(cell, scratch)
            # A download takes as long as it takes: the timeout is for measurements.
            ended = child.run("runners.prepare", scratch, math.inf, python=self._python(cell))
            done = scratch / "prepared.json"
            if ended.exit_code == 0 and done.exists():
                return msgspec.json.decode(done.read_bytes(), type=Prepared)
            return msgspec.structs.replace(collect.failure(run, scratch, ended), kind="prepare")

    def _measure(self, cell: Cell, looks: tuple[int, ...]) -> tuple[RunRecord, Path]:
        run, clock = self._new_run(cell), time.monotonic()
        with self._scratch(run) as scratch:
            record = self._attempt(run, scratch, looks)
            timed = msgspec.structs.replace(run, seconds=time.monotonic() - clock)
            record = msgspec.structs.replace(record, run=timed)
            folder = write.attempt(self._context.layout, record, scratch)
            self._attempts.forget(cell)
        if isinstance(record, Failed):
            self._failed_arms.add((cell.arm, cell.kind))
        return record, folder

    def _attempt(self, run: Run, scratch: Path, looks: tuple[int, ...]) -> RunRecord:
        cell = run.cell
        if self._too_late(cell):
            return Skipped(run, "not tonight: the night's time was over before it could begin", later=True)
        self._begun.add(cell.id)
        prepared = self._prepared(cell)
        if isinstance(prepared, Failed):
            return Failed(run, "prepare", prepared.reason, prepared.exit_code, prepared.log_tail)
        if cell.kind == "load" and (cell.arm, cell.kind) in self._failed_arms:
            return Skipped(run, "an earlier round of this arm failed")
        if cell.id in self._afresh:  # once: a later look builds on the replies of the one before
            self._afresh.remove(cell.id)
            self._journal(cell).unlink(missing_ok=True)
        self._write_job(cell, scratch, prepared, looks)
        every = self._watcher.every_seconds(cell)
        tick = None if every is None else child.Tick(every, lambda: self._watcher.ticked(scratch))
        ended = child.run("runners.worker", scratch, self._context.timeout_seconds, tick, self._python(cell))
        return collect.record(run, prepared, scratch, ended)

    def _too_late(self, cell: Cell) -> bool:
        """Whether the cell cannot begin any more; staged work that has begun goes on to its end."""
        return cell.id not in self._begun and self._context.is_over()

    def _python(self, cell: Cell) -> str:
        return self._context.interpreters[cell.runtime].python

    def _new_run(self, cell: Cell) -> Run:
        found, used = self._context.machine, self._context.interpreters[cell.runtime]
        return Run(
            run_id=os.urandom(4).hex(),
            plan_id=self._plan.id,
            cell=cell,
            machine=msgspec.structs.replace(found, load_average=os.getloadavg(), python=used.version),
            packages=used.packages,
            source=self._context.source,
            started=_now(),
            seconds=0.0,
            hw_matches=self._context.hw_matches,
            environment=used.environment,
            night=self._plan.night,
        )

    def _journal(self, cell: Cell) -> Path:
        return self._context.layout.journal(cell, self._plan.night)

    def _write_job(
        self, cell: Cell, scratch: Path, prepared: Prepared | None = None, looks: tuple[int, ...] = ()
    ) -> None:
        job = Job(
            cell=cell,
            scratch=str(scratch),
            assets=str(self._context.assets),
            cache=str(self._context.cache),
            journal=str(self._journal(cell)),
            suite=self._plan.suite if cell.kind == "quality" else None,
            prepared=prepared,
            looks=looks,
            hardware=self._context.hardware,
            metering=self._context.metering,
            texts=self._context.texts,
        )
        (scratch / "job.json").write_bytes(msgspec.json.encode(job))

    @contextmanager
    def _scratch(self, run: Run) -> Iterator[Path]:
        folder = self._context.layout.scratch / run.run_id
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            hint = "free some space or choose another folder with results=DIR"
            raise HarnessError(f"cannot create {folder}: {error.strerror}", hint) from error
        yield folder
        shutil.rmtree(folder, ignore_errors=True)


def _looks(record: RunRecord) -> tuple[int, ...]:
    """Up to which looks the tasks of staged work were asked."""
    return tuple(one.look for one in record.outcome.asked) if isinstance(record, Completed) else ()


def _weights_key(cell: Cell) -> tuple[str, ...]:
    return cell.module, cell.scheme, short_id(cell.artifact)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
