"""A run's watcher: turns what happens into events, and hands each to a view."""

import math
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from harness import __version__
from harness.compare import headline
from harness.compare.summarize import summarize
from harness.core.cell import Cell, LoadWork
from harness.core.events import (
    CellEnded,
    CellStarted,
    Event,
    Figure,
    Left,
    Looked,
    PlanEvent,
    PlannedCell,
    ProgressEvent,
    ReportEvent,
    RoundsEnded,
    WeightsEvent,
)
from harness.core.load import describe
from harness.core.look import LAST
from harness.core.plan import Plan
from harness.core.progress import FILE, Progress
from harness.core.record import Completed, Failed, Flag, Outcome, RunRecord, Skipped
from harness.core.repetition import Repeated
from harness.core.verdict import Analysis
from harness.live import box
from harness.live.pace import Pace
from harness.live.rate import Rate, Rates
from harness.live.verdicts import Verdicts, final
from harness.store import read
from harness.store.layout import Layout


class View(Protocol):
    """A form that events take; `shows_box`: whether the box's temperature and memory are wanted all the time."""

    shows_box: bool

    def every_seconds(self, kind: Literal["quality", "load"]) -> float | None:
        """How often progress is wanted of a cell of that kind, None: never."""

    def take(self, event: Event) -> None:
        """Show it."""


class Teller:
    """The watcher of one run; `clock` gives seconds, `now` the time in UTC as ISO 8601. `close` ends what it started.

    Records lie in `layout`: they are read as they come, between cells, for their headlines and the verdicts so far.
    """

    def __init__(self, plan: Plan, layout: Layout, view: View, clock: Callable[[], float] = time.monotonic,
                 now: Callable[[], str] = lambda: f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}") -> None:
        self._plan, self._layout, self._view, self._clock, self.now = plan, layout, view, clock, now
        self._pace, self._verdicts = Pace(plan), Verdicts(plan, clock)
        self._sampling = box.Sampling()
        self._running: Cell | None = None
        self._since, self._rate = clock(), Rate()
        self._measured: set[str] = set()
        self._begun: set[str] = set()  # staged cells of which a look is in, and not yet the last

    @property
    def done(self) -> int:
        """Cells that are measured."""
        return len(self._measured)

    def begin(self) -> None:
        """Say what is about to be measured."""
        plan = self._plan
        skipped = tuple(f"{one.what}: {one.reason}" for one in plan.skips)
        optional = tuple(cell.id for cell in plan.cells if cell.id in self._pace.optional)
        cells = tuple(map(named, plan.cells))
        self._view.take(PlanEvent(self.now(), plan.id, plan.hw, cells, optional, skipped, plan.protocol.margin,
                                  __version__, plan.night))

    def close(self) -> None:
        """End the sampler that may run."""
        self._sampling.stop()

    def finish(self, analysis: Analysis, folder: str, results: str, exit_code: int) -> None:
        """Say what the report in `folder` says."""
        for event in final(analysis, self.now()):
            self._view.take(event)
        summary = summarize(analysis)
        self._view.take(ReportEvent(
            self.now(), self._plan.id, folder, results, summary.measured, summary.planned, summary.not_needed,
            exit_code, tuple(claim.sentence for claim in analysis.claims),
        ))

    def preparing(self, cell: Cell) -> None:
        """The weights of this cell are being fetched or made."""
        self._view.take(WeightsEvent(self.now(), cell.model, cell.quant, cell.scheme))

    def started(self, cell: Cell, number: int, total: int) -> None:
        """A cell begins; nothing of ours runs beside a load."""
        self._running, self._since, self._rate = cell, self._clock(), Rate()
        if cell.kind == "load":
            self._sampling.stop()
        elif self._view.shows_box:
            self._sampling.start()
        doing = describe(cell.work.load) if isinstance(cell.work, LoadWork) else ""
        expected = self._pace.of(cell)
        self._view.take(CellStarted(self.now(), number, total, named(cell), expected, self._left(expected), doing))

    def every_seconds(self, cell: Cell) -> float | None:
        """As the view wants it."""
        return self._view.every_seconds(cell.kind)

    def ticked(self, scratch: Path) -> None:
        """The running cell goes on: what its child wrote, and the box."""
        cell = self._running
        if cell is None:
            return
        now = self._clock()
        progress = _progress(scratch) if cell.kind == "quality" else None
        rates = self._rate.tell(now, progress) if progress else Rates()
        samples = self._sampling.samples if cell.kind == "quality" else scratch / box.SAMPLES
        left = self._cell_left(cell, now - self._since, progress, rates)
        self._view.take(ProgressEvent(
            at=self.now(), cell=named(cell), seconds=now - self._since,
            done=progress.done if progress else 0, planned=progress.planned if progress else 0,
            per_second=rates.items, cell_left=left, left=self._left(left),
            task=progress.task if progress else "", tasks=progress.tasks if progress else (),
            prompt_tokens_per_second=rates.prompt_tokens, output_tokens_per_second=rates.output_tokens,
            box=box.last(samples), number=self._plan.cells.index(cell) + 1, total=len(self._plan.cells),
        ))

    def reused(self, cell: Cell, number: int, total: int, folder: Path) -> None:
        """A cell was measured before and is not measured again."""
        self._end(cell, read.record(folder), folder, reused=True)

    def ended(self, record: RunRecord, folder: Path) -> None:
        """A cell ended, well or not."""
        self._running = None
        self._end(record.run.cell, record, folder, reused=False)

    def looked(self, number: int, ended: Sequence[str], going_on: Sequence[str]) -> None:
        """At look `number` these tasks ended, settled or with all items in, and these go on."""
        if not going_on:
            self._pace.dropped(tuple(self._begun))
            self._measured |= self._begun
            self._begun.clear()
        self._view.take(Looked(self.now(), number, tuple(ended), tuple(going_on)))

    def repeated(self, outcome: Repeated) -> None:
        """The rounds of a model under one load ended."""
        self._pace.dropped(outcome.not_needed)
        precision = outcome.precision if math.isfinite(outcome.precision) else None
        self._view.take(RoundsEnded(self.now(), outcome.model, outcome.load, outcome.reading, outcome.rounds,
                                    precision, outcome.ended, outcome.words, outcome.not_needed))

    def _end(self, cell: Cell, record: RunRecord, folder: Path, reused: bool) -> None:
        outcome = record.outcome if isinstance(record, Completed) else None
        self._count(cell, outcome, None if reused else record.run.seconds)
        flags = outcome.flags if outcome else ()
        self._view.take(CellEnded(
            at=self.now(), number=self._plan.cells.index(cell) + 1, total=len(self._plan.cells), cell=named(cell),
            state="reused" if reused else "completed" if outcome else "failed" if isinstance(record, Failed)
            else "skipped",
            seconds=record.run.seconds, run=record.run.run_id, folder=str(folder),
            answered=outcome.answered if outcome else 0, resumed=outcome.resumed if outcome else 0,
            figures=self._figures(record, folder),
            invalid=_reasons(flags, "invalid"), degraded=_reasons(flags, "degraded"),
            warnings=outcome.warnings if outcome else (),
            reason=record.reason if isinstance(record, Failed | Skipped) else "",
            measured=record.run.started if reused else "",
            log_tail=record.log_tail if isinstance(record, Failed) else "", left=self._left(None),
        ))
        if cell.kind == "quality":
            for event in self._verdicts.add(read.loaded(self._layout, folder), self.now()):
                self._view.take(event)

    def _count(self, cell: Cell, outcome: Outcome | None, seconds: float | None) -> None:
        """A cell is over, but for one of which only a look is in; what was resumed says nothing of others' time."""
        if outcome and any(one.look < LAST for one in outcome.asked):
            self._begun.add(cell.id)
            return
        self._begun.discard(cell.id)
        self._measured |= {cell.id} if outcome else set()
        self._pace.ended(cell, seconds if outcome and not outcome.resumed and not cell.staged else None)

    def _figures(self, record: RunRecord, folder: Path) -> tuple[Figure, ...]:
        if not isinstance(record, Completed):
            return ()
        load = record.run.cell.kind == "load"
        return headline.speeds(record) if load else headline.scores(folder, self._plan.suite)

    def _left(self, running_left: float | None) -> Left:
        return self._pace.left(self._running, running_left, self._clock() - self._since)

    def _cell_left(self, cell: Cell, seconds: float, progress: Progress | None, rates: Rates) -> float | None:
        """Until half of its items are in, others like it tell more than its own pace: tasks differ in theirs."""
        expected = self._pace.of(cell)
        others = None if expected is None else max(expected - seconds, 0.0)
        own_rate = rates.items or (progress and (progress.done - progress.resumed) / max(seconds, 1.0))
        if progress is None or not own_rate:
            return others
        own = max(progress.planned - progress.done, 0) / own_rate
        early = 2 * progress.done < progress.planned and not progress.resumed
        return others if early and others else own


def named(cell: Cell) -> PlannedCell:
    """A cell as events name it; what a replicate varies is told by the report."""
    return PlannedCell(cell.id, cell.label.partition(" (")[0], cell.arm, cell.kind)


def _progress(scratch: Path) -> Progress | None:
    """What the child said last; None before it said anything, or while it is saying it."""
    path = scratch / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Progress) if path.exists() else None
    except msgspec.DecodeError:
        return None


def _reasons(flags: Sequence[Flag], verdict: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(flag.reason for flag in flags if flag.verdict == verdict))
