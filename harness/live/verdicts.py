"""Verdicts between cells: what the candidates that are already measured would get if the run ended now.

Taken with the correction of the whole planned family, in which what is not measured yet counts as unchanged (p = 1):
of a verdict so found only "inconclusive" can change when more candidates come, since Holm's correction can only grow
kinder. A replicate that is measured later can move it all, so nothing here is final.
"""

import time
from collections.abc import Callable, Iterator

import numpy as np

from harness.compare import quality
from harness.compare.runs import Runs
from harness.compare.summarize import task_verdict
from harness.core.events import VerdictEvent
from harness.core.plan import Plan
from harness.core.record import Completed
from harness.core.verdict import Analysis
from harness.store.items import LoadedRun

_SHARE = 0.02
"""Of the time that measuring has taken: where judging takes more, it waits until the end."""


class Verdicts:
    """Keeps the quality records of a run; `clock` gives seconds."""

    def __init__(self, plan: Plan, clock: Callable[[], float] = time.monotonic) -> None:
        self._plan, self._clock = plan, clock
        self._runs: dict[str, LoadedRun] = {}
        self._begun, self._took = clock(), 0.0

    def add(self, run: LoadedRun, at: str) -> Iterator[VerdictEvent]:
        """A record came; the verdicts on all tasks of the candidates that it makes comparable."""
        if not isinstance(run.record, Completed):
            return
        cell = run.record.run.cell.id
        self._runs[cell] = run
        pairs = [one for one in self._plan.pairs if one.kind == "quality" and cell in (one.candidate, one.baseline)]
        ready = [one for one in pairs if {one.candidate, one.baseline} <= self._runs.keys()]
        if not ready or self._took > _SHARE * (self._clock() - self._begun):
            return
        started = self._clock()
        rng = np.random.default_rng(int(self._plan.id, 16))
        found = quality.compare(self._plan, Runs(self._plan, list(self._runs.values())), "quality", rng)
        self._took = self._clock() - started
        for pair in ready:
            own = tuple(task_verdict(one) for one in found if one.candidate_cell == pair.candidate)
            yield VerdictEvent(at, pair.candidate_arm, pair.baseline_arm, own, final=False)


def final(analysis: Analysis, at: str) -> Iterator[VerdictEvent]:
    """What the report says of each candidate, with its sentence."""
    for claim in analysis.claims:
        arm = claim.candidate_arm
        own = (one for one in analysis.comparisons if (one.kind, one.candidate_arm) == ("quality", arm))
        yield VerdictEvent(at, arm, claim.baseline_arm, tuple(map(task_verdict, own)), True, claim.sentence)
